"""Overlaps, duplicates, slivers and straddling dedicated grids (G201, G202, G204, G207)."""

import geopandas as gpd
import pytest
import shapely

from geo.errors import CRSError, LayerError
from geo.findings import Report
from geo.grids import find_overlaps
from tests.builders import grids


def overlaps(frame: gpd.GeoDataFrame) -> Report:
    return find_overlaps(frame, noise_width_m=0.05, sliver_width_m=1.0)


def told(report: Report) -> list[tuple[object, ...]]:
    table = report.findings
    return list(zip(table["rule"], table["grid_ids"], table["measure"].round(6), strict=True))


def test_an_overlap_is_told_once_with_its_whole_area_and_width() -> None:
    # ┌── g0 ──┐
    # │     ┌──┼── g1 ──┐     10 m × 10 m each, g1 moved 8 m right:
    # └─────┼──┘        │     2 m × 10 m = 20 m², mean width 2·20/24
    #       └───────────┘
    report = overlaps(grids((0, 0, 10, 10), (8, 0, 18, 10)))

    assert told(report) == [("G201", ("g0", "g1"), 20.0)]
    row = report.findings.iloc[0]
    assert row["width_m"] == pytest.approx(40 / 24)
    assert row["defect"] == "overlap"
    assert row["layer"] == "grids"
    assert row.geometry.equals(shapely.box(8, 0, 10, 10))
    assert row["details"]["share"] == pytest.approx(0.2)


def test_neighbours_that_share_a_border_or_a_corner_are_clean() -> None:
    report = overlaps(grids((0, 0, 10, 10), (10, 0, 20, 10), (10, 10, 20, 20)))

    assert report.ok
    assert report.counts == {"n_pairs": 0, "n_noise": 0}


@pytest.mark.parametrize(
    ("width_m", "rule"),
    [(0.04, None), (0.06, "G204"), (0.9, "G204"), (1.1, "G201")],
)
def test_the_width_tells_noise_sliver_and_overlap_apart(width_m: float, rule: str | None) -> None:
    # a strip of 1000 m: its mean width is that of the strip, less a thousandth
    report = overlaps(grids((0, 0, 100, 1000), (100 - width_m, 0, 200, 1000)))

    assert list(report.findings["rule"]) == ([rule] if rule else [])
    assert report.counts["n_noise"] == (0 if rule else 1)


def test_the_limits_themselves_belong_to_the_wider_class() -> None:
    # a square of 2 m has a mean width of exactly 2·4/8 = 1 m
    pair = grids((0, 0, 10, 10), (8, 8, 20, 20))

    assert list(overlaps(pair).findings["rule"]) == ["G201"]
    at_noise = find_overlaps(pair, noise_width_m=1.0, sliver_width_m=2.0)
    assert list(at_noise.findings["rule"]) == ["G204"]


def test_the_widest_part_judges_and_all_parts_are_measured() -> None:
    # g1 is a comb with a tooth 4 m wide and one 0.5 m wide reaching 10 m into g0
    comb = shapely.union_all(
        [shapely.box(0, -10, 100, 0), shapely.box(10, 0, 14, 10), shapely.box(50, 0, 50.5, 10)]
    )
    report = overlaps(grids((0, 0, 100, 50), comb))

    assert told(report) == [("G201", ("g0", "g1"), 45.0)]
    assert report.findings["width_m"].iloc[0] == pytest.approx(80 / 28)
    assert shapely.get_num_geometries(report.findings.geometry.iloc[0]) == 2


@pytest.mark.parametrize("kinds", [["base", "base"], ["dedicated"] * 2, ["base", "dedicated"]])
def test_the_same_polygon_is_g202_whatever_its_start_direction_and_kind(kinds: list[str]) -> None:
    ring = [(0, 0), (40, 0), (40, 30), (0, 30)]
    turned = [ring[2], ring[1], ring[0], ring[3]]
    report = overlaps(grids(shapely.Polygon(ring), shapely.Polygon(turned), kind=kinds))

    assert told(report) == [("G202", ("g0", "g1"), 1200.0)]


def test_the_order_of_parts_and_numeric_noise_do_not_hide_a_duplicate() -> None:
    a, b = shapely.box(0, 0, 50, 50), shapely.box(60, 0, 110, 50)
    moved = shapely.box(60.01, 0, 110.01, 50)
    report = overlaps(grids(shapely.MultiPolygon([a, b]), shapely.MultiPolygon([moved, a])))

    assert list(report.findings["rule"]) == ["G202"]


def test_a_grid_inside_another_of_its_kind_is_an_overlap_not_a_duplicate() -> None:
    report = overlaps(grids((0, 0, 10, 10), (1, 1, 9, 9)))

    assert told(report) == [("G201", ("g0", "g1"), 64.0)]


def test_a_pair_meeting_in_a_line_and_an_area_keeps_the_area_only() -> None:
    # ┌───┬──┐   g1 is an L that shares a border with g0 and reaches into its corner
    hook = shapely.union_all([shapely.box(10, 0, 20, 20), shapely.box(7, 15, 10, 20)])
    report = overlaps(grids((0, 0, 10, 20), hook))

    assert report.findings.geometry.iloc[0].geom_type == "Polygon"
    assert told(report) == [("G201", ("g0", "g1"), 15.0)]


def test_a_dedicated_grid_inside_one_base_grid_is_legal() -> None:
    # ┌───── g0 ─────┬── g1 ──┐
    # │   ┌ g2 ┐     │        │    g2 may also touch the border, and stand outside of all
    # └───┴────┴─────┴────────┘
    base = [(0, 0, 100, 100), (100, 0, 200, 100)]
    for overlay in [(20, 20, 60, 60), (60, 0, 100, 50), (300, 0, 340, 40), (-20, 0, 40, 40)]:
        report = overlaps(grids(*base, overlay, kind=["base", "base", "dedicated"]))
        assert report.ok, overlay


def test_a_dedicated_grid_over_two_base_grids_is_told_with_each_of_them() -> None:
    # ┌── g0 ──┬── g1 ──┐
    # │     ┌──┼ g2 ┐   │    30 m × 40 m of g2 in g0, 10 m × 40 m in g1
    # └─────┴──┴────┴───┘
    report = overlaps(
        grids(
            (0, 0, 100, 100),
            (100, 0, 200, 100),
            (70, 0, 110, 40),
            kind=["base", "base", "dedicated"],
        )
    )

    assert told(report) == [("G207", ("g0", "g2"), 1200.0), ("G207", ("g1", "g2"), 400.0)]
    assert set(report.findings["defect"]) == {"overlap"}
    details = report.findings["details"].iloc[1]
    assert (details["dedicated"], details["base"], details["bases_zh"]) == ("g2", "g1", "g0、g1")
    assert (details["n_bases"], details["main"]) == (2, "g0")


def test_a_dedicated_grid_that_spills_over_narrowly_is_a_sliver_of_that_pair_only() -> None:
    report = overlaps(
        grids(
            (0, 0, 100, 100),
            (100, 0, 200, 100),
            (60, 0, 100.3, 40),
            kind=["base", "base", "dedicated"],
        )
    )

    assert told(report) == [("G204", ("g1", "g2"), 12.0)]


def test_a_narrow_dedicated_grid_wholly_inside_a_base_grid_is_legal() -> None:
    report = overlaps(grids((0, 0, 100, 100), (10, 10, 10.5, 90), kind=["base", "dedicated"]))

    assert report.ok


@pytest.mark.parametrize(
    ("right", "pair"),
    [((0, 0, 100, 100), ("G202", 10_000.0)), ((80, 0, 200, 100), ("G201", 2_000.0))],
)
def test_a_dedicated_grid_inside_one_base_grid_is_legal_where_a_second_one_overlaps_that(
    right: tuple[float, ...], pair: tuple[str, float]
) -> None:
    # ┌─── g0 ───┐        g2 lies wholly in g0, and in what g1 has of g0: the defect is theirs
    # │  ┌ g1 ┌g2┼──┐
    # └──┴────┴──┴──┘
    report = overlaps(
        grids((0, 0, 100, 100), right, (60, 0, 98, 40), kind=["base", "base", "dedicated"])
    )

    assert told(report) == [(pair[0], ("g0", "g1"), pair[1])]


def test_three_base_grids_under_one_dedicated_grid_are_three_pairs() -> None:
    # g3 is 40 m wide: 10 m over g0, 25 m over g1, 5 m over g2
    report = overlaps(
        grids(
            (0, 0, 50, 100),
            (50, 0, 75, 100),
            (75, 0, 200, 100),
            (40, 0, 80, 10),
            kind=["base", "base", "base", "dedicated"],
        )
    )

    assert told(report) == [
        ("G207", ("g0", "g3"), 100.0),
        ("G207", ("g1", "g3"), 250.0),
        ("G207", ("g2", "g3"), 50.0),
    ]
    assert {d["main"] for d in report.findings["details"]} == {"g1"}
    assert {d["n_bases"] for d in report.findings["details"]} == {3}


def test_a_straddle_and_a_spill_of_one_dedicated_grid_are_told_apart() -> None:
    # g3 lies over g0 and g1, and 0.4 m over g2
    report = overlaps(
        grids(
            (0, 0, 50, 100),
            (50, 0, 75, 100),
            (75, 0, 200, 100),
            (40, 0, 75.4, 10),
            kind=["base", "base", "base", "dedicated"],
        )
    )

    assert told(report) == [
        ("G207", ("g0", "g3"), 100.0),
        ("G207", ("g1", "g3"), 250.0),
        ("G204", ("g2", "g3"), 4.0),
    ]


def test_a_dedicated_grid_outside_that_touches_a_base_grid_by_a_sliver_is_one() -> None:
    report = overlaps(grids((0, 0, 100, 100), (99.6, 0, 140, 40), kind=["base", "dedicated"]))

    assert told(report) == [("G204", ("g0", "g1"), 16.0)]


def test_equal_halves_name_the_smaller_id_as_the_main_base_grid() -> None:
    report = overlaps(
        grids(
            (80, 0, 120, 10),
            (100, 0, 200, 100),
            (0, 0, 100, 100),
            kind=["dedicated", "base", "base"],
        )
    )

    assert told(report) == [("G207", ("g0", "g1"), 200.0), ("G207", ("g0", "g2"), 200.0)]
    assert {d["main"] for d in report.findings["details"]} == {"g1"}


def test_two_dedicated_grids_that_overlap_are_of_one_kind() -> None:
    report = overlaps(
        grids(
            (0, 0, 100, 100),
            (10, 10, 50, 50),
            (40, 10, 80, 50),
            kind=["base", "dedicated", "dedicated"],
        )
    )

    assert told(report) == [("G201", ("g1", "g2"), 400.0)]


def test_a_stack_of_three_is_three_pairs_in_order_of_ids() -> None:
    frame = grids((0, 0, 10, 10), (0, 0, 10, 10), (5, 0, 15, 10)).iloc[::-1]

    assert told(overlaps(frame)) == [
        ("G202", ("g0", "g1"), 100.0),
        ("G201", ("g0", "g2"), 50.0),
        ("G201", ("g1", "g2"), 50.0),
    ]


def test_degrees_repeated_ids_and_a_missing_kind_are_refused() -> None:
    pair = grids((0, 0, 10, 10), (8, 0, 18, 10))
    with pytest.raises(CRSError, match="metres"):
        overlaps(pair.set_crs("EPSG:4326", allow_override=True))
    with pytest.raises(LayerError, match="repeat"):
        overlaps(pair.set_axis(["g0", "g0"]))
    with pytest.raises(LayerError, match="kind"):
        overlaps(pair.drop(columns="kind"))


def test_the_input_is_not_changed() -> None:
    frame = grids((0, 0, 10, 10), (8, 0, 18, 10))
    before = frame.copy()
    overlaps(frame)

    assert list(frame.index) == list(before.index)
    assert frame.equals(before)
