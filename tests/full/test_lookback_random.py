"""A hundred random pairs: the look-back recovers every planted edit."""

from dataclasses import replace

import numpy as np
import pytest

from geo.planning.lookback import look_back
from geo.synth import build_city
from tests.edits import EDITS, audit_of, city_layers, disagreements, edit

pytestmark = pytest.mark.full


@pytest.mark.parametrize("seed", range(1000, 1100))
def test_every_planted_edit_is_recovered(seed: int) -> None:
    rng = np.random.default_rng(seed)
    share = float(rng.choice([0.0, 0.1, 0.18, 0.25]))
    layers = city_layers(
        build_city(int(rng.integers(8, 31)), seed=seed, defect_share=share, at=_place(rng))
    )
    made = edit(layers, EDITS, seed=seed, times=int(rng.integers(1, 5)))
    after = replace(layers, grids=made.grids, units=made.units, buildings=made.buildings)
    assert disagreements(look_back(audit_of(layers), audit_of(after)), made) == []
    assert len(made.done) >= 8


@pytest.mark.parametrize("seed", range(1200, 1220))
def test_simplified_by_five_metres_nothing_is_adjusted(seed: int) -> None:
    layers = city_layers(build_city(15, seed=seed, defect_share=0.18 * (seed % 2)))
    grids = layers.grids.set_geometry(layers.grids.simplify(5))
    after = audit_of(replace(layers, grids=grids))
    assert look_back(audit_of(layers), after, border_tolerance_m=5).n_adjusted == 0


def _place(rng: np.random.Generator) -> tuple[float, float]:
    places = ((105.06, 29.58), (116.4, 39.9), (25.0, 60.2), (-58.4, -34.6))
    return places[int(rng.integers(len(places)))]
