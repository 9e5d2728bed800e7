"""Audits of synthetic cities against their truth tables: all that is listed, nothing else."""

import json
from collections import Counter
from pathlib import Path

import pytest

from geo.audit import run_audit
from geo.io import load, read_project
from geo.synth import build_city, write_city


def _key(rule: str, defect: object, grid_ids: object, tier: object) -> tuple[object, ...]:
    return rule, defect or None, tuple(sorted(grid_ids)), tier or None  # type: ignore[call-overload]


def _compare(folder: Path, n_communities: int, seed: int) -> None:
    path = write_city(build_city(n_communities=n_communities, seed=seed), folder)
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))["findings"]
    findings = run_audit(load(read_project(path))).findings
    judged = findings[findings["severity"] != "info"]

    told = {
        _key(row.rule, row.defect, row.grid_ids, row.tier): row.measure
        for row in judged.itertuples()
    }
    expected = {
        _key(row["rule"], row["defect"], row["grid_ids"], row["tier"]): row["measure"]
        for row in truth
    }
    assert Counter(key[0] for key in told) == Counter(key[0] for key in expected)
    assert not set(expected) - set(told)
    assert not set(told) - set(expected)
    assert len(judged) == len(truth)
    for key, measure in expected.items():
        if measure is not None:
            assert told[key] == pytest.approx(measure, rel=0.01, abs=0.5), key


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_town_of_15_communities(tmp_path: Path, seed: int) -> None:
    _compare(tmp_path, 15, seed)


def test_a_city_of_267_communities(tmp_path: Path) -> None:
    _compare(tmp_path, 267, 0)


def test_a_city_of_1112_communities(tmp_path: Path) -> None:
    _compare(tmp_path, 1112, 0)
