"""Repair of a city of 50,000 grids."""

from pathlib import Path

import pytest

from geo.io import load, read_project
from geo.synth import build_city, write_city
from tests.repair_cases import check_repair


@pytest.mark.full
@pytest.mark.parametrize("seed", [0, 1])
def test_a_city_of_50000_grids_is_mended(tmp_path: Path, seed: int) -> None:
    path = write_city(build_city(n_communities=5556, seed=seed), tmp_path)
    layers = load(read_project(path)).layers
    repair = check_repair(
        layers.grids,
        outlines=layers.outlines,
        buildings=layers.buildings,
        units=layers.units,
    )
    assert set(repair.after["rule"]) == {"G207"}
