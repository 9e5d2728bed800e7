"""G209: buildings and estates that a border cuts."""

from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import CRSError
from geo.findings import Report
from geo.grids.cuts import find_cut_buildings, find_cut_estates, find_cuts
from tests.audited import audited
from tests.builders import CRS, buildings, grids, units

# ┌──── g0 ────┬──── g1 ────┐     two squares of 100 m
# └────────────┴────────────┘
_TWO = [(0, 0, 100, 100), (100, 0, 200, 100)]


def outlines(*boxes: tuple[float, float, float, float], **columns: object) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(columns, geometry=[shapely.box(*box) for box in boxes], crs=CRS)
    return frame.set_axis([f"b{i}" for i in range(len(boxes))]).rename_axis("building_id")


def cuts(layer: gpd.GeoDataFrame, drawn: gpd.GeoDataFrame) -> Report:
    return find_cut_buildings(layer, drawn, noise_width_m=0.05)


def test_a_building_over_a_border_is_reported_with_its_smaller_side() -> None:
    # b0: 10 m × 10 m, 3 m of it in g1; b1 lies in g0, its wall on the border
    drawn = outlines((93, 40, 103, 50), (80, 0, 100, 10), residents=[30, 7], households=[12, 3])
    report = cuts(grids(*_TWO), drawn)
    (row,) = report.findings.itertuples()
    assert (row.rule, row.layer, row.grid_ids) == ("G209", "buildings", ("g0", "g1"))
    assert row.measure == pytest.approx(30)
    assert row.width_m == pytest.approx(2 * 30 / 26)
    assert row.geometry.equals(shapely.box(100, 40, 103, 50))
    assert (row.residents, row.households) == (30, 12)
    assert row.details["subject_zh"] == "楼栋 b0"
    assert row.details["share"] == pytest.approx(0.3)
    assert row.details["owner_id"] == "g0"
    assert row.details["border_m"] == pytest.approx(10, abs=0.01)
    assert report.counts == {"n_buildings": 2, "n_buildings_cut": 1}


def test_a_border_that_grazes_a_wall_within_noise_is_no_cut() -> None:
    # 4 cm × 10 m in g1: mean width 2 · 0.4 / 20.08 = 0.0398 m; then 6 cm: 0.0596 m
    assert cuts(grids(*_TWO), outlines((90, 40, 100.04, 50))).ok
    assert len(cuts(grids(*_TWO), outlines((90, 40, 100.06, 50))).findings) == 1


def test_a_building_that_sticks_out_of_all_grids_is_cut_by_the_one_it_is_in() -> None:
    (row,) = cuts(grids(*_TWO), outlines((-4, 40, 6, 50))).findings.itertuples()
    assert row.grid_ids == ("g0",)
    assert row.measure == pytest.approx(40)
    (row,) = cuts(grids(*_TWO), outlines((-7, 40, 3, 50))).findings.itertuples()
    assert row.measure == pytest.approx(30)  # 70 m² lie in no grid: the smaller side is inside


def test_a_building_in_no_grid_is_no_cut() -> None:
    assert cuts(grids(*_TWO), outlines((300, 0, 310, 10))).ok


def test_a_building_whole_in_one_of_two_grids_that_overlap_is_no_cut() -> None:
    # g1 starts at 90: the overlap is the defect, not the building that lies whole in g0
    assert cuts(grids((0, 0, 100, 100), (90, 0, 200, 100)), outlines((85, 40, 95, 50))).ok


def test_dedicated_grids_cut_nothing() -> None:
    layer = grids(*_TWO, (40, 40, 60, 60), kind=["base", "base", "dedicated"])
    assert cuts(layer, outlines((55, 40, 65, 50))).ok


def test_where_four_grids_meet_all_are_named_and_the_smaller_side_is_all_but_the_largest() -> None:
    # ┌ g2 ┬ g3 ┐    a building of 10 m × 10 m with its corner parts 6×6, 4×6, 6×4, 4×4
    # ├ g0 ┼ g1 ┤
    layer = grids(*_TWO, (0, 100, 100, 200), (100, 100, 200, 200))
    (row,) = cuts(layer, outlines((94, 94, 104, 104))).findings.itertuples()
    assert row.grid_ids == ("g0", "g1", "g2", "g3")
    assert row.measure == pytest.approx(100 - 36)


def test_an_estate_is_told_by_name_with_the_residents_of_its_buildings() -> None:
    estates = gpd.GeoDataFrame(
        {"name": ["花园"]}, geometry=[shapely.box(60, 0, 120, 50)], index=["e1"], crs=CRS
    )
    points = buildings((70, 10), (110, 10), (150, 10), residents=[5, 6, 100])
    report = find_cut_estates(grids(*_TWO), estates, noise_width_m=0.05, buildings=points)
    (row,) = report.findings.itertuples()
    assert row.layer == "estates"
    assert row.measure == pytest.approx(20 * 50)
    assert row.residents == 11
    assert row.details["subject_en"] == "estate 花园（e1）"


def test_without_outlines_and_estates_the_rule_is_skipped() -> None:
    report = find_cuts(grids(*_TWO), outlines=None, estates=None, noise_width_m=0.05)
    assert report.ok
    assert set(report.skipped) == {"G209"}


def test_another_crs_is_refused() -> None:
    with pytest.raises(CRSError):
        cuts(grids(*_TWO), outlines((0, 0, 1, 1)).to_crs("EPSG:32651"))


@given(x=st.floats(60, 140), y=st.floats(10, 80), width=st.floats(2, 15), height=st.floats(2, 15))
def test_the_smaller_side_is_what_the_formula_says(
    x: float, y: float, width: float, height: float
) -> None:
    found = cuts(grids(*_TWO[::-1]), outlines((x, y, x + width, y + height))).findings
    left = min(max(100 - x, 0), width)
    side = min(left, width - left)
    is_wide = 2 * side * height / (2 * (side + height)) >= 0.05
    assert found["measure"].tolist() == (pytest.approx([side * height]) if is_wide else [])


def test_polygons_of_buildings_reach_the_audit_and_still_count_as_points(tmp_path: Path) -> None:
    audit = audited(
        tmp_path,
        grids=grids(*_TWO, parent_id=["u0", "u0"]),
        units=units((0, 0, 200, 100)),
        buildings=outlines((93, 40, 103, 50), (20, 20, 40, 40), residents=[30, 7]),
    )
    (row,) = audit.findings[audit.findings["rule"] == "G209"].to_dict("records")
    assert (row["severity"], row["measure_unit"], row["residents"]) == ("warning", "m2", 30)
    assert "楼栋 b0" in row["message_zh"]
    assert "building b0" in row["message_en"]
    assert audit.layers.buildings is not None
    assert set(audit.layers.buildings.geom_type) == {"Point"}
    assert audit.layers.building_outlines is not None
    assert audit.layers.building_outlines.area.tolist() == pytest.approx([100, 400])
