"""Shared borders, isolated grids and detached parts (G208, G206)."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.grids import find_detached_parts, find_isolated, n_parts, neighbours
from tests.builders import grids


def pairs(frame: gpd.GeoDataFrame, **limits: float) -> dict[tuple[str, str], float]:
    table = neighbours(frame, sliver_width_m=1.0, **limits)
    return {(r.left_id, r.right_id): r.border_m for r in table.itertuples()}


def test_four_squares_have_four_borders_and_no_diagonal() -> None:
    # ┌ g2 ┬ g3 ┐
    # ├────┼────┤   meeting in a corner is no border
    # └ g0 ┴ g1 ┘
    frame = grids((0, 0, 10, 10), (10, 0, 20, 10), (0, 10, 10, 20), (10, 10, 20, 20))

    assert pairs(frame) == {
        ("g0", "g1"): 10.0,
        ("g0", "g2"): 10.0,
        ("g1", "g3"): 10.0,
        ("g2", "g3"): 10.0,
    }


def test_borders_with_other_vertices_are_measured_too() -> None:
    # g0's right border is one segment of 20 m, beside it stand g1 (12 m) and g2 (8 m)
    frame = grids((0, 0, 10, 20), (10, 0, 20, 12), (10, 12, 20, 20))

    found = pairs(frame)
    assert found[("g1", "g2")] == 10.0
    assert found[("g0", "g1")] == pytest.approx(12.0, abs=1.0)
    assert found[("g0", "g2")] == pytest.approx(8.0, abs=1.0)


@pytest.mark.parametrize(("gap_m", "is_neighbour"), [(0.3, True), (0.9, True), (1.1, False)])
def test_borders_within_the_sliver_width_are_shared(gap_m: float, *, is_neighbour: bool) -> None:
    frame = grids((0, 0, 10, 10), (10 + gap_m, 0, 20, 10))

    assert (len(pairs(frame)) == 1) is is_neighbour


@pytest.mark.parametrize(("border_m", "is_neighbour"), [(1.0, True), (0.9, False)])
def test_a_border_counts_from_one_metre(border_m: float, *, is_neighbour: bool) -> None:
    # g0 and g1 meet along a short segment that both have as vertices
    left = shapely.Polygon([(0, 0), (10, 0), (10, border_m), (0, 10)])
    right = shapely.Polygon([(10, 0), (20, 0), (20, 10), (10, border_m)])

    assert (len(pairs(grids(left, right))) == 1) is is_neighbour


def test_a_longer_minimum_can_be_asked_for() -> None:
    assert pairs(grids((0, 0, 10, 10), (10, 0, 20, 10)), min_border_m=10.5) == {}


def test_a_grid_in_the_hole_of_another_shares_its_border() -> None:
    hole = shapely.box(10, 10, 20, 20)
    ring = shapely.difference(shapely.box(0, 0, 30, 30), hole)

    assert pairs(grids(ring, hole)) == {("g0", "g1"): 40.0}


def test_duplicates_share_their_whole_border_with_each_other_and_with_the_neighbour() -> None:
    frame = grids((0, 0, 10, 10), (0, 0, 10, 10), (10, 0, 20, 10))

    assert pairs(frame) == {("g0", "g1"): 40.0, ("g0", "g2"): 10.0, ("g1", "g2"): 10.0}


def test_a_layer_of_one_or_of_none_has_no_borders() -> None:
    assert pairs(grids((0, 0, 10, 10))) == {}
    assert pairs(grids()) == {}


def test_an_overlay_is_no_neighbour_of_a_base_grid() -> None:
    # g1 lies in the corner of g0 and shares 5 m of its border; g2 stands alone, too
    frame = grids(
        (0, 0, 10, 10), (5, 5, 10, 10), (50, 0, 60, 10), kind=["base", "dedicated", "base"]
    )
    borders = neighbours(frame, sliver_width_m=1.0)
    report = find_isolated(frame, borders)

    assert list(report.findings["grid_ids"]) == [("g0",), ("g2",)]
    assert set(report.findings["rule"]) == {"G208"}
    assert report.findings.geometry.iloc[1].equals(shapely.box(50, 0, 60, 10))


def test_a_grid_beside_another_is_not_isolated() -> None:
    frame = grids((0, 0, 10, 10), (10.5, 0, 20, 10))

    assert find_isolated(frame, neighbours(frame, sliver_width_m=1.0)).ok


def test_detached_parts_are_counted_also_when_they_touch_in_a_point() -> None:
    apart = shapely.MultiPolygon([shapely.box(0, 0, 10, 10), shapely.box(20, 0, 25, 4)])
    touching = shapely.MultiPolygon(
        [shapely.box(50, 0, 60, 10), shapely.box(60, 10, 70, 20), shapely.box(70, 20, 80, 30)]
    )
    frame = grids(apart, touching, (100, 0, 110, 10))
    report = find_detached_parts(frame)

    assert list(report.findings["grid_ids"]) == [("g0",), ("g1",)]
    assert list(report.findings["measure"]) == [2.0, 3.0]
    assert report.findings["details"].iloc[0] == {"smallest_m2": 20.0, "detached_m2": 20.0}
    pd.testing.assert_series_equal(
        n_parts(frame),
        pd.Series([2, 3, 1], index=frame.index, name="n_parts"),
        check_dtype=False,
    )


def test_a_single_part_in_a_multipolygon_is_one_part() -> None:
    assert find_detached_parts(grids(shapely.MultiPolygon([shapely.box(0, 0, 1, 1)]))).ok


def test_rows_ring_direction_and_start_do_not_matter() -> None:
    rng = np.random.default_rng(7)
    boxes = [(x, y, x + 10, y + 10) for x in range(0, 50, 10) for y in range(0, 50, 10)]
    frame = grids(*boxes)
    turned = frame.copy()
    turned.geometry = [
        shapely.Polygon(np.roll(np.asarray(g.exterior.coords)[:-1], k, axis=0)[:: (-1) ** k])
        for k, g in enumerate(frame.geometry)
    ]

    assert pairs(turned.iloc[rng.permutation(25)]) == pairs(frame)
    assert len(pairs(frame)) == 40
