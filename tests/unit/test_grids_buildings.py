"""Buildings in no base grid or in several, sites in no grid (H306, H307)."""

import pytest
import shapely

from geo.grids import find_building_faults, find_sites_in_no_grid
from tests.builders import buildings, grids, sites


def test_buildings_inside_one_grid_or_on_a_common_border_are_right() -> None:
    # ┌ g0 ┬ g1 ┐   b1 stands exactly on the border between them, b2 on the outer one, b3 in a
    # └────┴────┘   corner of both
    frame = grids((0, 0, 10, 10), (10, 0, 20, 10))
    report = find_building_faults(frame, buildings((5, 5), (10, 5), (0, 5), (10, 10)))

    assert report.ok
    assert report.counts == {"n_buildings": 4, "n_in_none": 0, "n_in_several": 0}


def test_buildings_in_several_grids_are_gathered_by_these() -> None:
    frame = grids((0, 0, 10, 10), (5, 0, 20, 10), (8, 0, 30, 10))
    report = find_building_faults(
        frame,
        buildings((6, 5), (7, 5), (9, 5), (8, 5), residents=[3.0, 4.0, None, 1.0]),
    )

    table = report.findings
    assert list(table["grid_ids"]) == [("g0", "g1"), ("g0", "g1", "g2")]
    assert list(table["measure"]) == [3.0, 1.0]  # b3 lies on the border of g2
    assert table["residents"].iloc[0] == 8.0
    assert table["details"].iloc[0]["buildings_zh"] == "b0、b1、b3"
    assert table["details"].iloc[0]["case"] == "several"
    assert table.geometry.iloc[0].equals(shapely.MultiPoint([(6, 5), (7, 5), (8, 5)]))


def test_buildings_in_no_base_grid_are_gathered_by_the_nearest_one() -> None:
    # b2 is as near to g0 as to g1: the smaller id
    frame = grids((0, 0, 10, 10), (20, 0, 30, 10))
    report = find_building_faults(frame, buildings((12, 5), (18, 5), (15, 5), (25, 5)))

    assert list(report.findings["grid_ids"]) == [("g0",), ("g1",)]
    assert list(report.findings["measure"]) == [2.0, 1.0]
    assert report.findings["details"].iloc[0]["case"] == "none"
    assert set(report.findings["rule"]) == {"H306"}


def test_only_base_grids_count() -> None:
    frame = grids((0, 0, 10, 10), (0, 0, 8, 8), (20, 0, 30, 10), kind=["base", *["dedicated"] * 2])
    report = find_building_faults(frame, buildings((5, 5), (25, 5)))

    assert list(report.findings["grid_ids"]) == [("g0",)]
    assert report.counts == {"n_buildings": 2, "n_in_none": 1, "n_in_several": 0}


def test_without_base_grids_all_buildings_are_one_finding() -> None:
    report = find_building_faults(grids((0, 0, 9, 9), kind=["dedicated"]), buildings((1, 1)))

    assert list(report.findings["grid_ids"]) == [()]


def test_only_the_first_buildings_are_listed() -> None:
    report = find_building_faults(grids((0, 0, 10, 10)), buildings(*[(20, y) for y in range(9)]))

    assert report.findings["details"].iloc[0]["buildings_en"] == "b0, b1, b2, b3, b4…"


def test_a_site_in_no_grid_is_told_with_its_distance() -> None:
    frame = grids((0, 0, 10, 10), (20, 0, 30, 10), kind=["base", "dedicated"])
    report = find_sites_in_no_grid(frame, sites((5, 5), (25, 5), (10, 10), (14, 5)))

    assert list(report.findings["site_ids"]) == [("s3",)]
    assert report.findings["details"].iloc[0]["away_m"] == pytest.approx(4.0)
    assert report.findings["layer"].iloc[0] == "sites"
    assert report.counts == {"n_sites": 4}


def test_no_sites_and_no_buildings_are_no_findings() -> None:
    frame = grids((0, 0, 10, 10))

    assert find_sites_in_no_grid(frame, sites()).ok
    assert find_building_faults(frame, buildings()).ok
