"""G205: shared borders whose vertices do not match."""

from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.findings import Report
from geo.grids import neighbours, tile
from geo.grids.mismatches import find_mismatches
from tests.audited import audited
from tests.builders import grids

Box = tuple[float, float, float, float]


def judged(*shapes: Box | shapely.Geometry, **columns: list[str]) -> Report:
    frame = grids(*shapes, **columns)
    return find_mismatches(frame, neighbours(frame, sliver_width_m=1.0), sliver_width_m=1.0)


def points(report: Report, at: int = 0) -> list[tuple[float, float]]:
    return [tuple(xy) for xy in shapely.get_coordinates(report.findings.geometry.iloc[at])]


def test_borders_with_the_same_vertices_are_clean() -> None:
    # ┌ g0 ┬ g1 ┐    every segment has its twin, whichever way the rings run
    # └────┴────┘
    report = judged((0, 0, 10, 10), shapely.box(10, 0, 20, 10).reverse())
    assert report.ok
    assert report.counts == {"n_pairs": 1, "n_vertices": 0}


def test_a_t_junction_without_a_vertex_is_told_once_for_each_side_of_it() -> None:
    # ┌────┬ g2 ┐
    # │ g0 ├────┤    g0's long side has no vertex at (10, 4), where g1 and g2 meet
    # └────┴ g1 ┘
    report = judged((0, 0, 10, 10), (10, 0, 20, 4), (10, 4, 20, 10))
    assert [*report.findings["grid_ids"]] == [("g0", "g1"), ("g0", "g2")]
    assert report.findings["measure"].tolist() == pytest.approx([4, 6])
    assert points(report, 0) == points(report, 1) == [(10, 4)]
    assert report.findings["details"].iloc[0] == {
        "n_vertices": 1,
        "left": "g0",
        "right": "g1",
        "n_left": 0,
        "n_right": 1,
        "border_m": pytest.approx(4),
    }


def test_only_the_stretch_that_differs_is_measured() -> None:
    # the border runs (10, 0) → (10, 30) → (10, 100); g1 has one more vertex at (10, 60)
    left = shapely.Polygon([(0, 0), (10, 0), (10, 30), (10, 100), (0, 100)])
    right = shapely.Polygon([(10, 0), (20, 0), (20, 100), (10, 100), (10, 60), (10, 30)])
    report = judged(left, right)
    assert report.findings["measure"].tolist() == pytest.approx([70])
    assert points(report) == [(10, 60)]


def test_a_border_drawn_twice_lists_the_vertices_of_both_sides() -> None:
    # g0's middle vertex at (10.3, 50), g1's at (10.1, 40): 0.2 m between the borders at most
    left = shapely.Polygon([(0, 0), (10, 0), (10.3, 50), (10, 100), (0, 100)])
    right = shapely.Polygon([(10, 0), (20, 0), (20, 100), (10, 100), (10.1, 40)])
    report = judged(left, right)
    assert points(report) == [(10.3, 50), (10.1, 40)]
    assert report.findings["measure"].iloc[0] == pytest.approx(100, abs=0.01)


def test_borders_further_apart_than_a_sliver_are_no_border() -> None:
    assert judged((0, 0, 10, 100), (11.2, 0, 20, 50), (11.2, 50, 20, 100)).ok


def test_a_border_is_measured_as_far_as_both_sides_stay_together() -> None:
    # g1's border leaves (10, 0) and is 5 m off at the top: within 1 m for the first 20 of 100 m
    right = shapely.Polygon([(10, 0), (30, 0), (30, 100), (15, 100)])
    report = judged((0, 0, 10, 100), right)
    assert report.counts["n_pairs"] == 1
    assert report.ok  # both ends of both sides have their counterpart, or lie too far off
    right = shapely.Polygon([(10, 0), (30, 0), (30, 100), (15, 100), (10.5, 10)])
    report = judged((0, 0, 10, 100), right)
    assert points(report) == [(10.5, 10)]
    assert report.findings["measure"].iloc[0] == pytest.approx(20, abs=0.2)


def test_a_vertex_a_hair_off_matches() -> None:
    left = shapely.Polygon([(0, 0), (10, 0), (10, 50), (10, 100), (0, 100)])
    right = shapely.Polygon([(10, 0), (20, 0), (20, 100), (10, 100), (10 + 1e-7, 50)])
    assert judged(left, right).ok


def test_overlays_need_not_match() -> None:
    assert judged((0, 0, 10, 10), (10, 2, 20, 8), kind=["base", "dedicated"]).ok


def test_a_ring_in_the_hole_of_another() -> None:
    hole = shapely.box(40, 40, 60, 60)
    outer = shapely.difference(shapely.box(0, 0, 100, 100), hole)
    assert judged(outer, hole).ok
    report = judged(outer, shapely.segmentize(hole, 10))
    assert report.findings["measure"].tolist() == pytest.approx([80])
    assert sorted(points(report)) == [(40, 50), (50, 40), (50, 60), (60, 50)]


@given(
    cuts=st.lists(st.integers(1, 99), min_size=1, max_size=8, unique=True),
    shift=st.integers(0, 3),
    backwards=st.booleans(),
)
def test_every_vertex_of_one_side_is_found_whatever_its_ring(
    cuts: list[int], *, shift: int, backwards: bool
) -> None:
    ring = [(10.0, 0.0), (20.0, 0.0), (20.0, 100.0), (10.0, 100.0)]
    ring += [(10.0, float(y)) for y in sorted(cuts, reverse=True)]
    ring = ring[shift:] + ring[:shift]
    right = shapely.Polygon(ring[::-1] if backwards else ring)
    report = judged((0, 0, 10, 100), right)
    assert points(report) == [(10, float(y)) for y in sorted(cuts)]
    assert report.findings["measure"].iloc[0] == pytest.approx(100)


def test_a_tiling_with_vertices_taken_out_of_one_side_lists_just_these() -> None:
    rng = np.random.default_rng(7)
    xs = np.sort(rng.uniform(0, 100, 12))
    line = [(float(x), 50 + 3 * float(np.sin(x))) for x in [0, *xs, 100]]
    upper = shapely.Polygon([*line, (100, 100), (0, 100)])
    thinned = [p for k, p in enumerate(line) if k not in {3, 7}]
    lower = shapely.Polygon([*thinned, (100, 0), (0, 0)])
    frame = grids(upper, lower)
    report = find_mismatches(frame, neighbours(frame, sliver_width_m=9.0), sliver_width_m=9.0)
    assert points(report) == [line[3], line[7]]


def test_the_sentence_of_an_audit(tmp_path: Path) -> None:
    audit = audited(tmp_path, grids=grids((0, 0, 10, 10), (10, 0, 20, 4), (10, 4, 20, 10)))
    rows = audit.findings[audit.findings["rule"] == "G205"].to_dict("records")
    assert [row["severity"] for row in rows] == ["info", "info"]
    assert any(
        "4.0 米顶点不一致：g1 缺 0 个顶点，g0 缺 1 个顶点" in row["message_zh"] for row in rows
    )


@given(seed=st.integers(0, 2**32 - 1))
def test_a_matched_layer_with_overlays_has_the_findings_of_one_that_is_not(seed: int) -> None:
    # Overlays share whole borders, parts of borders and each other's: none of it counts.
    rng = np.random.default_rng(seed)
    base = [
        (10.0 * i, 10.0 * j, 10.0 * i + 10.0, 10.0 * j + 10.0) for i in range(3) for j in (0, 1)
    ]
    base += [(0.0, 20.0, 15.0, 30.0), (15.0, 20.0, 30.0, 30.0)]
    copies = [base[k] for k in rng.integers(0, len(base), rng.integers(1, 6))]
    kinds = ["base"] * len(base) + ["dedicated"] * len(copies)
    order = rng.permutation(len(kinds))
    shapes, kind = [[*base, *copies][k] for k in order], [kinds[k] for k in order]
    frame = grids(*shapes, kind=kind)
    borders = neighbours(frame, sliver_width_m=1.0)
    alone, matched = (
        find_mismatches(frame, borders, sliver_width_m=1.0, tiling=tiling)
        for tiling in (None, tile(frame, noise_width_m=0.05))
    )
    told = [
        [(ids, x.wkt) for ids, x in zip(r.findings["grid_ids"], r.findings.geometry, strict=True)]
        for r in (alone, matched)
    ]
    assert told[0]
    assert told[0] == told[1]
    assert alone.counts == matched.counts
