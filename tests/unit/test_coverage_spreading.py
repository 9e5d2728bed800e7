"""Totals of grids and units spread over buildings: worked by hand, and conserved."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.coverage.spreading import can_spread, spread, spread_totals
from geo.layers import OUTLINE, Layers
from tests.audited import audited
from tests.builders import buildings, grids, units

# ┌─── g0 ───┬─── g1 ───┐   b0: 10 m × 10 m, 3 floors; b1: 10 m × 20 m, 1 floor; b2 in g1
# │ b0    b1 │    b2    │
# └──────────┴──────────┘
POINTS = ((10, 50), (60, 50), (150, 50))
SHAPES = (shapely.box(5, 45, 15, 55), shapely.box(55, 40, 65, 60), shapely.box(140, 40, 160, 60))


def _layers(building: dict[str, object] | None = None, **grid: object) -> Layers:
    homes = buildings(*POINTS).assign(**(building or {}))
    cells = grids((0, 0, 100, 100), (100, 0, 200, 100), parent_id=["u0", "u0"]).assign(**grid)
    above = units((0, 0, 200, 100), residents=[100.0])
    return Layers(grids=cells, units=above, buildings=homes, levels=("community",))


def _residents(layers: Layers, *, by_count: bool = False) -> list[float]:
    found, _ = spread_totals(layers, by_count=by_count)
    assert found.buildings is not None
    return [float(value) for value in found.buildings["residents"]]


def test_by_floor_space_where_footprint_and_floors_are_known() -> None:
    known = {OUTLINE: SHAPES, "floors": [3, 1, 1]}
    layers = _layers(known, residents=[50, 8])
    assert _residents(layers) == pytest.approx([30.0, 20.0, 8.0])  # 300 m² and 200 m²
    assert _residents(layers, by_count=True) == pytest.approx([25.0, 25.0, 8.0])


def test_by_footprint_where_a_floor_is_missing_and_by_count_where_a_footprint_is() -> None:
    layers = _layers({OUTLINE: SHAPES, "floors": [3, np.nan, 1]}, residents=[60, 8])
    assert _residents(layers) == pytest.approx([20.0, 40.0, 8.0])  # 100 m² and 200 m²
    layers = _layers({OUTLINE: [None, *SHAPES[1:]]}, residents=[60, 8])
    assert _residents(layers) == pytest.approx([30.0, 30.0, 8.0])


def test_what_a_building_tells_itself_stays() -> None:
    layers = _layers({"residents": [45.0, np.nan, np.nan]}, residents=[60, 8])
    assert _residents(layers) == pytest.approx([45.0, 15.0, 8.0])


def test_a_unit_shares_out_what_its_grids_left() -> None:
    layers = _layers(residents=[40, np.nan])
    assert _residents(layers) == pytest.approx([20.0, 20.0, 60.0])
    layers = _layers()  # no figure of any grid: 100 over three buildings
    assert _residents(layers) == pytest.approx([100 / 3] * 3)


def test_those_without_a_building_are_told_and_given_to_nobody_else() -> None:
    layers = _layers(residents=[np.nan, 70])
    alone = Layers(
        grids=layers.grids,
        units=layers.units,
        buildings=layers.buildings.iloc[:2],  # type: ignore[union-attr]
        levels=layers.levels,
    )
    found, (note,) = spread_totals(alone)
    assert found.buildings is not None
    assert found.buildings["residents"].tolist() == pytest.approx([15.0, 15.0])
    assert note["en"].startswith("residents: 30 were spread")
    assert "70 more live where no building is known" in note["en"]


def test_nothing_to_spread_changes_nothing() -> None:
    layers = Layers(grids=grids((0, 0, 100, 100)), buildings=buildings((1, 1)))
    found, notes = spread_totals(layers)
    assert notes == ()
    pd.testing.assert_frame_equal(found.buildings, layers.buildings)
    assert not can_spread(layers)
    assert can_spread(_layers())
    assert not can_spread(_layers({"households": [1, 1, 1]}))


@given(st.integers(0, 2**32 - 1))
def test_totals_are_conserved(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(1, 8)), int(rng.integers(1, 60))
    totals = rng.uniform(0, 1e5, n)
    area_at = rng.integers(-1, n, k)
    size = rng.uniform(0, 1e4, k) * (rng.random(k) < 0.7)
    part = spread(totals, area_at, size)
    for area in range(n):
        mine = area_at == area
        if mine.any():
            assert part[mine].sum() == pytest.approx(totals[area], rel=1e-12)
    assert (part[area_at < 0] == 0).all()
    assert (part >= 0).all()


def test_an_audit_spreads_when_the_project_says_so(tmp_path: Path) -> None:
    layers = _layers(residents=[50, 8])
    drawn = {"grids": layers.grids.drop(columns="parent_id"), "buildings": layers.buildings}
    plain = audited(tmp_path, **drawn)
    assert "spread_totals" in " ".join(note["en"] for note in plain.messages)
    assert plain.layers.buildings is not None
    assert "residents" not in plain.layers.buildings
    audit = audited(tmp_path, tail="[thresholds]\nspread_totals = 1", **drawn)
    assert audit.layers.buildings is not None
    assert audit.layers.buildings["residents"].tolist() == pytest.approx([25.0, 25.0, 8.0])
    assert "58 were spread" in " ".join(note["en"] for note in audit.messages)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_tobler_gives_the_same_where_every_building_lies_in_one_grid() -> None:
    tobler = pytest.importorskip("tobler.area_weighted")
    layers = _layers({OUTLINE: SHAPES}, residents=[60, 8])
    homes = gpd.GeoDataFrame(geometry=list(SHAPES), crs=layers.crs)
    cells = layers.grids.reset_index(drop=True)
    found = tobler.area_interpolate(cells, homes, extensive_variables=["residents"])
    assert _residents(layers) == pytest.approx(found["residents"].tolist(), abs=1e-3)
