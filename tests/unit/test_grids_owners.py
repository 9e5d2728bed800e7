"""The owner proposed for an overlap or a gap, the border and the buildings it touches."""

from pathlib import Path

import pandas as pd
import pytest
import shapely

from geo.findings import Report
from geo.grids import find_gaps, find_overlaps
from geo.grids.owners import proposed_owners
from tests.audited import audited
from tests.builders import buildings, grids, units

_WIDTHS = {"noise_width_m": 0.05, "sliver_width_m": 1.0}


def owner(report: Report, layer: object, above: object = None) -> list[tuple[object, float]]:
    table = proposed_owners(report.findings, layer, above)  # type: ignore[arg-type]
    return list(zip(table["owner_id"], table["border_m"].round(3), strict=True))


def test_an_overlap_goes_to_the_grid_it_has_the_longer_border_with() -> None:
    # ┌── g0 ──┐            the strip x 8 to 10, y 4 to 10; with the rest of g1 it has its
    # │     ┌──┼── g1 ──┐   right side in common (6 m), with the rest of g0 its left side and
    # └─────┼──┘        │   its lower one (6 m + 2 m)
    layer = grids((0, 0, 10, 10), (8, 4, 20, 10))
    report = find_overlaps(layer, **_WIDTHS)
    assert owner(report, layer) == [("g0", 8)]


def test_a_tie_goes_to_the_smaller_id_and_a_parent_decides_before_the_border() -> None:
    layer = grids((0, 0, 10, 10), (8, 0, 20, 10), parent_id=["u0", "u1"])
    report = find_overlaps(layer, **_WIDTHS)
    assert owner(report, layer) == [("g0", 10)]
    assert owner(report, layer, units((0, 0, 8, 10), (8, 0, 20, 10))) == [("g1", 10)]


def test_a_gap_goes_to_the_grid_with_the_longest_border_along_it() -> None:
    # a hole of 10 m × 4 m: g1's ring is open to it along its long side below and both short ones
    hole = shapely.box(10, 10, 20, 14)
    upper = shapely.box(0, 14, 30, 30)
    lower = shapely.difference(shapely.box(0, 0, 30, 14), hole)
    layer = grids(upper, lower)
    report = find_gaps(layer, None, **_WIDTHS)
    assert owner(report, layer) == [("g1", 18)]


def test_a_gap_stays_within_its_parent() -> None:
    layer = grids((0, 0, 10, 10), (10, 0, 20, 8), (20, 0, 30, 10), parent_id=["u0", "u1", "u0"])
    above = units((0, 0, 10, 10), (10, 0, 20, 10)).iloc[[1]]
    report = find_gaps(layer, above, **_WIDTHS)
    assert owner(report, layer, above) == [("g1", 10)]


def test_an_overlay_is_not_given_away() -> None:
    layer = grids(
        (0, 0, 10, 10), (10, 0, 20, 10), (5, 2, 15, 8), kind=["base", "base", "dedicated"]
    )
    report = find_overlaps(layer, **_WIDTHS)
    assert len(report.findings) == 2
    assert all(pd.isna(value) for row in owner(report, layer) for value in row)


def test_findings_of_an_audit_tell_owner_border_and_buildings(tmp_path: Path) -> None:
    audit = audited(
        tmp_path,
        grids=grids((0, 0, 100, 100), (80, 40, 200, 100)),
        buildings=buildings((90, 50), (95, 60), (20, 20), residents=[3, 4, 5]),
    )
    (row,) = audit.findings[audit.findings["rule"] == "G201"].to_dict("records")
    assert (row["owner_id"], row["n_buildings"], row["residents"]) == ("g0", 2, 7)
    assert row["border_m"] == pytest.approx(80, abs=0.001)
    others = audit.findings[audit.findings["rule"] != "G201"]
    assert others["owner_id"].isna().all()


def test_what_reaches_outside_its_parent_is_proposed_to_a_grid_of_that_place(
    tmp_path: Path,
) -> None:
    # g0 of u0 reaches 40 m into u1, where g1 has 100 m of border with that part and g3 40 m;
    # g2 reaches 10 m out of everything
    audit = audited(
        tmp_path,
        grids=grids(
            (0, 0, 140, 100),
            (140, 0, 200, 100),
            (0, 100, 100, 150),
            (100, 100, 200, 140),
            parent_id=["u0", "u1", "u2", "u1"],
        ),
        units=units(
            (0, 0, 100, 100),
            (100, 0, 200, 140),
            (0, 100, 100, 140),
        ),
    )
    found = audit.findings[audit.findings["rule"] == "G210"].set_index("grid_ids")
    assert found.loc[[("g0",)], "owner_id"].tolist() == ["g1"]
    assert found.loc[[("g0",)], "border_m"].tolist() == pytest.approx([100])
    assert found.loc[[("g2",)], "owner_id"].isna().all()


def test_a_detached_part_is_proposed_to_the_grid_beside_it(tmp_path: Path) -> None:
    torn = shapely.multipolygons([shapely.box(0, 0, 100, 100), shapely.box(200, 0, 220, 30)])
    audit = audited(tmp_path, grids=grids(torn, (100, 0, 200, 100), (220, 0, 300, 100)))
    (row,) = audit.findings[audit.findings["rule"] == "G206"].to_dict("records")
    assert (row["owner_id"], row["border_m"]) == ("g1", pytest.approx(30))


def test_twins_and_straddles_tell_who_should_hold_the_place(tmp_path: Path) -> None:
    audit = audited(
        tmp_path,
        grids=grids(
            (0, 0, 100, 100),
            (0, 0, 100, 100),
            (100, 0, 200, 100),
            (70, 40, 120, 60),
            kind=["base", "base", "base", "dedicated"],
            parent_id=["u1", "u0", "u0", "u0"],
        ),
        units=units((0, 0, 200, 100), (0, 100, 200, 200)),
    )
    rows = audit.findings.set_index("rule")
    assert rows.loc["G202", "owner_id"] == "g1"  # the one whose parent holds the place
    straddles = rows.loc[["G207"]]
    assert set(straddles["owner_id"]) == {"g0"}
    assert straddles["border_m"].tolist() == pytest.approx([20] * len(straddles), abs=1e-3)
