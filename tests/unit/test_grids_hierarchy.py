"""Grids and the units above them (H301, H302, H303, H305, G210, outside all units)."""

from unittest import mock

import geopandas as gpd
import pytest
import shapely

from geo.errors import LayerError
from geo.findings import Report
from geo.grids import find_hierarchy_faults, find_outside_parent, is_outside_units
from geo.grids import tiling as tilings
from tests.builders import grids, units

LEVELS = ("street", "community")


def faults(frame: gpd.GeoDataFrame, above: gpd.GeoDataFrame | None) -> Report:
    return find_hierarchy_faults(frame, above, LEVELS)


def told(report: Report) -> list[tuple[object, ...]]:
    table = report.findings
    return list(zip(table["rule"], table["grid_ids"], table["unit_ids"], strict=True))


def test_grids_in_the_units_that_they_name_are_clean() -> None:
    report = faults(
        grids((0, 0, 10, 10), (10, 0, 20, 10), parent_id=["u0", "u1"]),
        units((0, 0, 10, 10), (10, 0, 20, 10)),
    )

    assert report.ok
    assert report.skipped == {}


def test_missing_and_unknown_parents_are_told_apart() -> None:
    report = faults(
        grids(*[(x, 0, x + 10, 10) for x in range(0, 50, 10)],
              parent_id=[None, "", " ", "u9", "u0"],
              kind=["base", "dedicated", "base", "base", "base"]),
        units((0, 0, 50, 10)),
    )  # fmt: skip

    assert told(report) == [
        ("H301", ("g0",), ()),
        ("H301", ("g1",), ()),
        ("H301", ("g2",), ()),
        ("H302", ("g3",), ()),
    ]
    assert report.findings["details"].iloc[3] == {"parent_id": "u9"}


def test_the_unit_with_the_largest_shared_area_is_the_parent_by_place() -> None:
    # ┌── u0 ──┬── u1 ──┐
    # │    [ g0│    ]   │    4 m of g0 in u0, which it names, 6 m in u1
    # └────────┴────────┘
    report = faults(
        grids((6, 0, 16, 10), (0, 0, 6, 10), parent_id=["u0", "u0"]),
        units((0, 0, 10, 10), (10, 0, 20, 10), name=["甲社区", "乙社区"]),
    )

    assert told(report) == [("H303", ("g0",), ("u0", "u1"))]
    row = report.findings.iloc[0]
    assert row["measure"] == pytest.approx(0.4)
    assert row["details"]["place"] == "乙社区（u1）"
    assert row["details"]["place_share"] == pytest.approx(0.6)


def test_a_tie_is_no_finding() -> None:
    report = faults(grids((5, 0, 15, 10), parent_id=["u1"]), units((0, 0, 10, 10), (10, 0, 20, 10)))

    assert "H303" not in set(report.findings["rule"])


def test_the_place_is_judged_at_the_level_of_the_parent() -> None:
    # g0 names the street u1 directly; that a community covers it as well is no contradiction
    above = units(
        (0, 0, 10, 10),
        (0, 0, 20, 10),
        (20, 0, 40, 10),
        level=["community", "street", "street"],
        parent_id=["u1", None, None],
    )
    report = faults(grids((0, 0, 10, 10), (22, 0, 30, 10), parent_id=["u1", "u1"]), above)

    assert [row for row in told(report) if row[0] == "H303"] == [("H303", ("g1",), ("u1", "u2"))]


def test_a_parent_without_a_polygon_or_a_grid_outside_all_units_is_not_judged() -> None:
    above = units((0, 0, 10, 10), (10, 0, 20, 10), (20, 0, 30, 10))
    above.loc["u1", "geometry"] = None
    frame = grids((0, 0, 10, 10), (90, 0, 99, 10), parent_id=["u1", "u0"])
    report = faults(frame, above)

    assert [row[0] for row in told(report)] == ["H305"]
    assert list(is_outside_units(frame, above, LEVELS)) == [False, True]


def test_a_unit_that_no_grid_names_or_lies_in_has_no_grids() -> None:
    # g0 lies in u0 and names u1: both have a grid, u2 has none
    report = faults(
        grids((0, 0, 10, 10), parent_id=["u1"]),
        units((0, 0, 10, 10), (10, 0, 20, 10), (20, 0, 30, 10)),
    )

    assert told(report) == [("H303", ("g0",), ("u0", "u1")), ("H305", (), ("u2",))]
    assert report.findings["layer"].iloc[1] == "units"


def test_a_street_without_communities_and_grids_is_told_and_one_with_communities_is_not() -> None:
    above = units(
        (0, 0, 10, 10),
        (0, 0, 10, 10),
        (50, 0, 60, 10),
        level=["community", "street", "street"],
        parent_id=["u1", None, None],
    )

    assert told(faults(grids((0, 0, 10, 10), parent_id=["u0"]), above)) == [("H305", (), ("u2",))]


def test_what_cannot_be_judged_is_skipped_with_its_reason() -> None:
    bare = grids((0, 0, 10, 10))
    coded = grids((0, 0, 10, 10), parent_id=["u0"])
    drawn = units((0, 0, 10, 10), (10, 0, 20, 10))
    undrawn = drawn.copy()
    undrawn.geometry = [None, None]

    assert set(faults(bare, None).skipped) == {"H301", "H302", "H303", "H305"}
    assert set(faults(coded, None).skipped) == {"H302", "H303", "H305"}
    assert set(faults(coded, undrawn).skipped) == {"H303"}
    assert set(faults(bare, drawn).skipped) == {"H301", "H302", "H303"}
    assert set(faults(bare, undrawn).skipped) == {"H301", "H302", "H303", "H305"}
    assert told(faults(coded, undrawn)) == [("H305", (), ("u1",))]


def test_units_whose_ids_repeat_are_refused() -> None:
    frame, above = grids((0, 0, 10, 10), parent_id=["u0"]), units((0, 0, 9, 9), (0, 0, 9, 9))
    above.index = ["u0", "u0"]

    with pytest.raises(LayerError, match="units repeat"):
        faults(frame, above)
    with pytest.raises(LayerError, match="units repeat"):
        find_outside_parent(frame, above, noise_width_m=0.05)


def test_a_grid_that_touches_a_unit_from_outside_is_outside() -> None:
    above = units((0, 0, 10, 10), (0, 0, 10, 10), level=["community", "street"])
    frame = grids((10, 0, 20, 10), (9, 0, 19, 10))

    assert list(is_outside_units(frame, above, LEVELS)) == [True, False]
    assert list(is_outside_units(frame, None, LEVELS)) == [False, False]


def test_a_grid_that_reaches_outside_its_parent_is_measured_there() -> None:
    # ┌── u0 ──┐
    # │    [ g0│  ]     2 m × 10 m of g0 outside u0
    # └────────┘
    frame = grids((5, 0, 12, 10), (0, 0, 5, 10), parent_id=["u0", "u0"])
    report = find_outside_parent(frame, units((0, 0, 10, 10)), noise_width_m=0.05)

    assert told(report) == [("G210", ("g0",), ("u0",))]
    row = report.findings.iloc[0]
    assert row["measure"] == pytest.approx(20.0)
    assert row["width_m"] == pytest.approx(40 / 24)
    assert row.geometry.equals(shapely.box(10, 0, 12, 10))
    assert row["details"]["share"] == pytest.approx(2 / 7)


def test_noise_outside_the_parent_is_left_out_and_counted() -> None:
    frame = grids(
        (0, 0, 10.02, 1000), (0, 1000, 13, 1010), kind=["base", "dedicated"], parent_id=["u0"] * 2
    )
    report = find_outside_parent(frame, units((0, 0, 10, 1010)), noise_width_m=0.05)

    assert told(report) == [("G210", ("g1",), ("u0",))]
    assert report.findings["measure"].iloc[0] == pytest.approx(30.0)
    assert report.counts == {"n_judged": 2, "n_noise": 1}


def test_parts_that_are_noise_do_not_add_to_the_area_outside() -> None:
    # g0 sticks out of u0 by 1 cm on the left and by 2 m on the right
    report = find_outside_parent(
        grids((-0.01, 0, 12, 100), parent_id=["u0"]),
        units((0, 0, 10, 100)),
        noise_width_m=0.05,
    )

    assert report.findings["measure"].iloc[0] == pytest.approx(200.0)
    assert report.findings.geometry.iloc[0].equals(shapely.box(10, 0, 12, 100))


def test_grids_without_a_known_drawn_parent_are_not_judged() -> None:
    above = units((0, 0, 10, 10), (10, 0, 20, 10))
    above.loc["u1", "geometry"] = None
    frame = grids(*[(30, 0, 40, 10)] * 3, parent_id=[None, "u9", "u1"])
    report = find_outside_parent(frame, above, noise_width_m=0.05)

    assert report.ok
    assert report.counts["n_judged"] == 0
    assert "G210" in find_outside_parent(grids((0, 0, 1, 1)), above, noise_width_m=0.05).skipped
    assert "G210" in find_outside_parent(frame, None, noise_width_m=0.05).skipped


def test_a_vertex_that_comes_twice_in_the_parent_hides_nothing() -> None:
    # \      /   the parent is open at the top; the grid is closed there, from corner to corner,
    # │\____/│   60 m² beyond; the parent's upper right vertex is stored twice
    parent = shapely.Polygon([(0, 0), (20, 0), (20, 10), (20, 10), (10, 4), (0, 10)])
    frame = grids((0, 0, 20, 10), parent_id=["u0"])
    (row,) = find_outside_parent(frame, units(parent), noise_width_m=0.05).findings.itertuples()
    assert row.measure == pytest.approx(60.0)


@pytest.mark.parametrize("few", [0, 20_000])
def test_a_bay_behind_a_mouth_narrower_than_noise_is_outside(few: int) -> None:
    # ┌───┐┌───┐  the parent's outline goes through a mouth of 2 cm into a bay of 10 × 10 m, which
    # │  ┌┘└┐  │  the grid fills; vertices that near are made one on a layer full of noise
    # │  └──┘  │
    # └────────┘
    bay = [(10.01, 30), (10.01, 20), (15, 20), (15, 10), (5, 10), (5, 20), (9.99, 20), (9.99, 30)]
    parent = shapely.Polygon([(0, 0), (20, 0), (20, 30), *bay, (0, 30)])
    frame = grids(shapely.Polygon([(0, 0), (20, 0), (20, 30), bay[0], (0, 30)]))
    frame["parent_id"] = "u0"
    with mock.patch.multiple(tilings, _FEW=few, _MAX_FACES_SHARE=1.0):
        tiling = tilings.tile(frame, units(parent), noise_width_m=0.05)
        report = find_outside_parent(frame, units(parent), noise_width_m=0.05, tiling=tiling)
    assert tiling.is_noisy == (few == 0)
    (row,) = report.findings.itertuples()
    assert row.measure == pytest.approx(100 + 0.2)
