"""Gaps in the outline of units, or enclosed by the grids (G203, G204)."""

import geopandas as gpd
import pytest
import shapely

from geo.errors import CRSError
from geo.findings import Report
from geo.grids import find_gaps
from tests.builders import grids, units


def gaps(frame: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame | None = None) -> Report:
    return find_gaps(frame, outlines, noise_width_m=0.05, sliver_width_m=1.0)


def told(report: Report) -> list[tuple[object, ...]]:
    table = report.findings
    return list(
        zip(
            table["rule"],
            table["unit_ids"],
            table["grid_ids"],
            table["measure"].round(6),
            strict=True,
        )
    )


RING = (
    (0, 0, 30, 10),
    (0, 10, 10, 20),
    (20, 10, 30, 20),
    (0, 20, 30, 30),
)


def test_a_hole_that_the_grids_enclose_is_a_gap() -> None:
    # ┌──── g3 ────┐
    # ├─ g1 ┬──┬ g2 ┤    10 m × 10 m in the middle belong to nobody
    # └──── g0 ────┘
    report = gaps(grids(*RING))

    assert told(report) == [("G203", (), ("g0", "g1", "g2", "g3"), 100.0)]
    row = report.findings.iloc[0]
    assert row["width_m"] == pytest.approx(5.0)
    assert row["defect"] == "gap"
    assert row.geometry.equals(shapely.box(10, 10, 20, 20))


def test_without_units_the_open_country_is_no_gap() -> None:
    assert gaps(grids((0, 0, 10, 10), (20, 0, 30, 10), (0, 20, 10, 30))).ok


def test_an_island_in_a_hole_leaves_the_ring_around_it() -> None:
    report = gaps(grids(*RING, (13, 13, 17, 17)))

    assert told(report) == [("G203", (), ("g0", "g1", "g2", "g3", "g4"), 84.0)]


def test_a_dedicated_grid_covers_like_any_other() -> None:
    assert gaps(grids(*RING, (10, 10, 20, 20), kind=["base"] * 4 + ["dedicated"])).ok


def test_each_unit_is_judged_by_itself() -> None:
    # ┌─ u0 ─┬─ u1 ─┐
    # │ g0  ┆┊┆  g1 │    the hole of 2 m × 10 m lies half in each
    # └──────┴──────┘
    report = gaps(grids((0, 0, 9, 10), (11, 0, 20, 10)), units((0, 0, 10, 10), (10, 0, 20, 10)))

    assert told(report) == [("G204", ("u0",), ("g0",), 10.0), ("G204", ("u1",), ("g1",), 10.0)]


def test_connected_parts_of_one_unit_are_gaps_of_their_own() -> None:
    report = gaps(grids((10, 0, 20, 30)), units((0, 0, 30, 30)))

    assert told(report) == [("G203", ("u0",), ("g0",), 300.0)] * 2
    assert [g.bounds[0] for g in report.findings.geometry] == [0.0, 20.0]


def test_a_unit_without_any_grid_is_one_gap_with_the_grids_beside_it() -> None:
    report = gaps(grids((0, 0, 10, 10)), units((0, 0, 10, 10), (10, 0, 20, 10), (50, 0, 60, 10)))

    assert told(report) == [("G203", ("u1",), ("g0",), 100.0), ("G203", ("u2",), (), 100.0)]


def test_a_grid_that_meets_the_gap_in_a_corner_is_not_around_it() -> None:
    # g1 touches the gap in its upper right corner only
    outline = units((0, 0, 20, 20))
    report = gaps(grids((0, 0, 10, 20), (20, 20, 40, 40), (10, 10, 20, 20)), outline)

    assert told(report) == [("G203", ("u0",), ("g0", "g2"), 100.0)]


def test_a_corner_is_no_border_of_a_small_gap_either() -> None:
    # the same with a gap of 0.5 m × 0.5 m
    outline = units((0, 0, 20, 20))
    side = shapely.difference(shapely.box(0, 0, 20, 20), shapely.box(19.5, 19.5, 20, 20))
    report = gaps(grids(side, (20, 20, 40, 40)), outline)

    assert told(report) == [("G204", ("u0",), ("g0",), 0.25)]


def test_a_layer_without_grids_leaves_the_whole_outline() -> None:
    assert told(gaps(grids(), units((0, 0, 10, 10)))) == [("G203", ("u0",), (), 100.0)]
    assert gaps(grids()).ok


@pytest.mark.parametrize(("width_m", "rule"), [(0.04, None), (0.06, "G204"), (1.1, "G203")])
def test_the_width_tells_noise_sliver_and_gap_apart(width_m: float, rule: str | None) -> None:
    report = gaps(grids((0, 0, 100, 1000), (100 + width_m, 0, 200, 1000)), units((0, 0, 200, 1000)))

    assert list(report.findings["rule"]) == ([rule] if rule else [])
    assert report.counts["n_noise"] == (0 if rule else 1)


def test_units_without_polygons_count_as_none() -> None:
    outlines = units((0, 0, 10, 10), (10, 0, 20, 10))
    outlines.geometry = [None, shapely.Polygon()]

    assert told(gaps(grids(*RING), outlines)) == told(gaps(grids(*RING)))


def test_the_sentence_names_the_unit() -> None:
    outlines = units((0, 0, 30, 30), name=["东苑社区"])
    details = gaps(grids(*RING), outlines).findings["details"].iloc[0]

    assert details["where_zh"] == "东苑社区（u0）内"
    assert gaps(grids(*RING)).findings["details"].iloc[0]["where_zh"] == "网格之间"


def test_another_crs_is_refused() -> None:
    with pytest.raises(CRSError, match="differ"):
        gaps(grids(*RING), units((0, 0, 30, 30)).set_crs("EPSG:32651", allow_override=True))
