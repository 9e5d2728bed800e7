"""Size and shape of base grids (S401-S404) and the measures behind them."""

import math

import pandas as pd
import pytest
import shapely

from geo.findings import Report
from geo.grids import area_m2, compactness, find_not_compact, find_size_faults
from geo.grids.compactness import reock
from tests.builders import grids

ROW = [(x, 0, x + 10, 10) for x in range(0, 60, 10)]


def sizes(
    households: list[float | None] | None,
    residents: list[float | None] | None = None,
    has_demand: list[bool] | None = None,
    kind: list[str] | None = None,
) -> Report:
    n = len(households or residents or [])
    frame = grids(*ROW[:n], kind=kind or ["base"] * n)

    def series(values: list[float | None] | None) -> pd.Series | None:
        return None if values is None else pd.Series(values, index=frame.index, dtype=float)

    return find_size_faults(
        frame,
        households=series(households),
        residents=series(residents),
        min_households=300,
        max_households=500,
        has_demand=None if has_demand is None else pd.Series(has_demand, index=frame.index),
    )


def told(report: Report) -> list[tuple[object, ...]]:
    table = report.findings
    return list(zip(table["rule"], table["grid_ids"], table["measure"], strict=True))


def test_the_limits_themselves_are_within() -> None:
    report = sizes([299, 300, 500, 501])

    assert told(report) == [("S401", ("g3",), 501.0), ("S402", ("g0",), 299.0)]
    assert list(report.findings["limit"]) == [500.0, 300.0]


def test_an_empty_grid_is_empty_not_too_small_besides() -> None:
    assert told(sizes([0, 400])) == [("S403", ("g0",), 0.0)]
    assert told(sizes([0, 0], [0, 12])) == [("S402", ("g1",), 0.0), ("S403", ("g0",), 0.0)]


def test_unknown_numbers_are_not_judged() -> None:
    report = sizes([None, 400], [None, 0])

    assert report.ok
    assert report.counts == {"n_grids": 2, "n_unknown": 1}
    assert told(sizes([0, 0, 10], has_demand=[True, False, False])) == [("S403", ("g0",), 0.0)]


def test_without_households_only_emptiness_is_judged_and_without_both_nothing() -> None:
    by_residents = sizes(None, [0, 900])

    assert told(by_residents) == [("S403", ("g0",), 0.0)]
    assert set(by_residents.skipped) == {"S401", "S402"}
    nothing = find_size_faults(
        grids(ROW[0]), households=None, residents=None, min_households=300, max_households=500
    )
    assert nothing.ok
    assert set(nothing.skipped) == {"S401", "S402", "S403"}


def test_dedicated_grids_have_no_size_limits() -> None:
    assert told(sizes([0, 900, 1], kind=["dedicated", "dedicated", "base"])) == [
        ("S402", ("g2",), 1.0)
    ]


def test_compactness_is_one_for_a_disc_and_pi_quarter_for_a_square() -> None:
    frame = grids(shapely.Point(0, 0).buffer(100, quad_segs=256), ROW[0], (0, 0, 100, 1))

    assert list(compactness(frame)) == pytest.approx(
        [1.0, math.pi / 4, 4 * math.pi * 100 / 202**2], rel=1e-4
    )
    assert list(area_m2(frame))[1:] == [100.0, 100.0]
    assert compactness(frame).name == "compactness"
    assert area_m2(frame).index.equals(frame.index)


def test_only_base_grids_below_the_limit_are_not_compact() -> None:
    frame = grids((0, 0, 100, 1), (0, 5, 100, 6), ROW[0], kind=["base", "dedicated", "base"])
    report = find_not_compact(frame, min_compactness=0.15)

    assert list(report.findings["grid_ids"]) == [("g0",)]
    assert report.findings["limit"].iloc[0] == 0.15
    assert report.findings["measure"].iloc[0] == pytest.approx(4 * math.pi * 100 / 202**2)
    assert report.findings["details"].iloc[0] == {"index": "Polsby–Popper"}


def test_reock_is_the_share_of_the_smallest_circle_around() -> None:
    # a square has 2/π of its circle; 100 m × 1 m: 100 / (π · (100² + 1) / 4)
    frame = grids(ROW[0], (0, 20, 100, 21), shapely.Point(0, 0).buffer(50, quad_segs=200))
    assert reock(frame).tolist() == pytest.approx(
        [2 / math.pi, 400 / (math.pi * 10_001), 1.0], rel=1e-4
    )
    assert reock(frame).name == "reock"


def test_a_standard_may_judge_by_reock_and_the_worse_measure_is_named() -> None:
    # a comb: ragged but not long; a strip 4 : 1: smooth but long
    teeth = [shapely.box(x, 10, x + 1, 100) for x in range(0, 100, 2)]
    comb = shapely.union_all([shapely.box(0, 0, 100, 10), *teeth])
    frame = grids(comb, (0, 200, 40, 210))
    assert [*find_not_compact(frame, min_compactness=0.15).findings["grid_ids"]] == [("g0",)]
    by_both = find_not_compact(frame, min_compactness=0.15, min_reock=0.31).findings
    assert [details["index"] for details in by_both["details"]] == ["Polsby–Popper", "Reock"]
    assert by_both["limit"].tolist() == [0.15, 0.31]
    assert find_not_compact(frame, min_compactness=0.0).ok
