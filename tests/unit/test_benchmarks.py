"""The harness of the benchmarks: interleaved, on fresh geometry, answers compared."""

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from benchmarks import __main__ as main
from benchmarks import report
from benchmarks.__main__ import outcome_of
from benchmarks.contest import Contest, Frames, MissingDataError, fresh
from benchmarks.timing import ratios
from tests.builders import grids


def area(frames: Frames) -> float:
    return float(frames["grids"].area.sum())


def contest(**changes: object) -> Contest:
    given: dict[str, Any] = {
        "name": "area",
        "load": lambda: {"grids": grids((0, 0, 10, 10), (10, 0, 20, 10))},
        "ours": {"ours": area},
        "peers": {"same": area, "other": lambda frames: area(frames) + 1},
        "difference": lambda a, b: "" if a == b else f"{b - a:g} m² more",
    }
    return Contest(**{**given, **changes})


def test_rounds_are_interleaved_after_one_run_that_compares_the_answers() -> None:
    order: list[str] = []
    runs = {name: lambda _, name=name: order.append(name) for name in ("ours", "a", "b")}
    ours = {"ours": runs["ours"]}
    peers = {"a": runs["a"], "b": runs["b"]}
    outcome_of(contest(ours=ours, peers=peers, difference=lambda *_: ""), rounds=2, memory_of=None)
    assert order == ["ours", "a", "b"] * 3


def test_a_slow_peer_runs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "SLOW_SECONDS", -1.0)
    outcome = outcome_of(contest(), rounds=3, memory_of=None)
    assert [len(row.cpu_seconds) for row in outcome.rows] == [3, 1, 1]


def test_a_peer_with_another_answer_is_told_apart() -> None:
    outcome = outcome_of(contest(), rounds=1, memory_of=None)
    assert outcome.contest == "area (2 grids)"
    assert [(row.contestant, row.is_ours, row.difference) for row in outcome.rows] == [
        ("ours", True, ""),
        ("same", False, ""),
        ("other", False, "1 m² more"),
    ]


def test_data_that_is_not_there_skips_the_contest_with_the_reason() -> None:
    def load() -> Frames:
        msg = "no such city here"
        raise MissingDataError(msg)

    outcome = outcome_of(contest(load=load), rounds=1, memory_of=None)
    assert (outcome.skipped, list(outcome.rows)) == ("no such city here", [])


def test_fresh_frames_share_no_geometry_with_the_input() -> None:
    frames = {"grids": grids((0, 0, 10, 10))}
    shapely.prepare(frames["grids"].geometry.array)
    (copy,) = fresh(frames)["grids"].geometry
    assert copy.equals(frames["grids"].geometry.iloc[0])
    assert not shapely.is_prepared(copy)


def test_ratios_are_of_medians() -> None:
    assert ratios({"ours": [1, 2, 9], "peer": [50, 6, 4]}, "ours") == {"ours": 1, "peer": 3}


def test_results_are_written_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "RESULTS", tmp_path / "results")
    path = report.write("area", [outcome_of(contest(), rounds=3, memory_of=None)])
    content = json.loads(path.read_text(encoding="utf-8"))
    (found,) = content["contests"]
    assert len(found["rows"][1]["cpu_seconds"]) == 3
    assert content["machine"]["geos"]
