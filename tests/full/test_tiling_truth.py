"""Synthetic cities of 50,000 and 500,000 grids against their truth tables."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from geo.findings import Report
from geo.grids import (
    find_detached_parts,
    find_gaps,
    find_isolated,
    find_outside_parent,
    find_overlaps,
    neighbours,
    tile,
)
from geo.synth import City, build_city

pytestmark = pytest.mark.full

ROOT = Path(__file__).resolve().parents[2]
WIDTHS = {"noise_width_m": 0.05, "sliver_width_m": 1.0}
AT_SIZE = """
from geo.synth import build_city
from tests.full.test_tiling_truth import check
check(build_city({n}, seed=1))
"""

Key = tuple[str, str | None, tuple[str, ...]]


def reports(city: City) -> list[Report]:
    """Return what all checks of a tiling find."""
    grids = city.grids
    units = gpd.GeoDataFrame(pd.concat([city.streets, city.communities]), crs=city.crs)
    tiling = tile(grids, city.communities, noise_width_m=WIDTHS["noise_width_m"])
    borders = neighbours(grids, sliver_width_m=WIDTHS["sliver_width_m"], tiling=tiling)
    return [
        find_overlaps(grids, **WIDTHS, tiling=tiling),
        find_gaps(grids, city.communities, **WIDTHS, tiling=tiling),
        find_detached_parts(grids),
        find_isolated(grids, borders),
        find_outside_parent(grids, units, noise_width_m=WIDTHS["noise_width_m"], tiling=tiling),
    ]


def check(city: City) -> None:
    """Compare each rule, defect, set of grids and measure with the truth table."""
    found = reports(city)
    told: dict[Key, float] = {
        (row.rule, row.defect, tuple(row.grid_ids)): row.measure
        for report in found
        for row in report.findings.itertuples()
    }
    rules = ("G201", "G202", "G203", "G204", "G206", "G207", "G208", "G210")
    expected: dict[Key, float | None] = {
        (row["rule"], row["defect"], tuple(sorted(row["grid_ids"]))): row["measure"]
        for row in city.truth
        if row["rule"] in rules
    }
    assert len(told) == sum(len(report.findings) for report in found)
    assert Counter(key[0] for key in told) == Counter(key[0] for key in expected)
    assert set(told) == set(expected)
    apart = {
        key: (told[key], measure)
        for key, measure in expected.items()
        if measure is not None and abs(told[key] - measure) > max(0.01 * measure, 0.5)
    }
    assert not apart
    noise = {"n_overlaps": found[0].counts["n_noise"], "n_gaps": found[1].counts["n_noise"]}
    assert noise == city.noise


@pytest.mark.parametrize("n_communities", [267, 5_564])
def test_every_defect_of_a_city_and_nothing_else(n_communities: int) -> None:
    check(build_city(n_communities, seed=1))


def test_every_defect_of_half_a_million_grids_and_nothing_else() -> None:
    # in a process of its own, so that the suite does not keep its memory
    subprocess.run([sys.executable, "-c", AT_SIZE.format(n=55_640)], cwd=ROOT, check=True)
