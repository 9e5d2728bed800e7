"""A store whose writers are killed with -9: it opens, its last version is whole, nothing is half.

Children publish and import ledgers without end; each is killed at a moment of chance. Half of them
write folders with all files, the other half next to none, so that the kills fall into the
transaction as well as into the writing of files.
"""

import json
import multiprocessing
import random
import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest

from geo.audit import Audit
from geo.outputs import read_audit
from geo.outputs.ledger import Office, write_ledger
from geo.store import Store, open_store, publishing
from tests.fake_audit import fake_audit

pytestmark = pytest.mark.full

_KILLS = 200
_N = 120
_FILES = {"audit.gpkg", "coverage.csv", "findings.geojson", "grids.geojson", "ledger.xlsx"}


def _audit(k: int) -> Audit:
    """Return the k-th audit: of `_N` findings it lists those whose number has the parity of k."""
    row = fake_audit().findings.iloc[[0]]
    ids = _listed(k)
    many = pd.concat([row] * len(ids), ignore_index=True).assign(finding_id=ids)
    return fake_audit(findings=gpd.GeoDataFrame(many, geometry="geometry", crs=row.crs))


def _listed(k: int) -> list[str]:
    return [f"f{number}" for number in range(_N) if (number + k) % 2 or number < 20]


def _ledger_only(audit: Audit, folder: Path, *, office: Office, progress: object) -> None:
    assert progress is None
    folder.mkdir()
    write_ledger(audit, folder / "ledger.xlsx", office=office)


def _work(workspace: Path, seed: int, told: Path) -> None:
    """Publish and import by turns, and note down what is done."""
    store, dice = open_store(workspace, create=True), random.Random(seed)  # noqa: S311
    is_full = seed % 2 == 0
    if not is_full:
        publishing.write_outputs = _ledger_only  # type: ignore[assignment]
    while True:
        if dice.random() < 0.6 or not store.published():
            k = store.published() + 1
            store.publish(_audit(k), name="full" if is_full else "light")
            with told.open("a", encoding="ascii") as notes:
                notes.write(f"publish {k}\n")
        else:
            mark = f"mark {seed} {time.monotonic_ns()}"
            _import(store, workspace.parent / "back.xlsx", mark)
            with told.open("a", encoding="ascii") as notes:
                notes.write(f"{mark}\n")


def _import(store: Store, path: Path, mark: str) -> None:
    """Bring a ledger in that says `mark` of every finding that ever was."""
    with closing(sqlite3.connect(store.workspace / "store.gpkg")) as line:
        (store_id,) = line.execute("SELECT value FROM store WHERE name = 'id'").fetchone()
        (revision,) = line.execute("SELECT max(revision) FROM revision").fetchone()
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["问题编号", "台账版本", "整改情况"])
    for finding in store.findings("drawn")["finding_id"]:
        page.append([finding, f"drawn@{revision}/{store_id}", mark])
    book.save(path)
    found = store.import_ledger(path, actor="王")
    assert not found.conflicts
    assert not found.refused


def _killed(workspace: Path, seed: int, told: Path) -> None:
    """Start a writer and kill it: no clean-up, no goodbye."""
    process = multiprocessing.get_context("fork").Process(
        target=_work, args=(workspace, seed, told), daemon=True
    )
    process.start()
    process.join(timeout=random.Random(seed).uniform(0.02, 1.3))  # noqa: S311
    assert process.exitcode is None, "the writer ended by itself"
    process.kill()
    process.join()


def _rows(workspace: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(workspace / "store.gpkg")) as line:
        return line.execute(query).fetchall()


def _check(workspace: Path, told: Path) -> None:
    """Require that the store is whole, and has all that its writers said was done."""
    store = open_store(workspace)
    versions = store.versions()
    n = len(versions)
    done = told.read_text(encoding="ascii").splitlines() if told.exists() else []
    assert [each.version_id for each in versions] == [f"drawn-{k}" for k in range(1, n + 1)]
    published = [int(note.split()[1]) for note in done if note.startswith("publish")]
    assert max(published, default=0) <= n <= max(published, default=0) + 1
    assert _rows(workspace, "PRAGMA integrity_check") == [("ok",)]
    assert _rows(workspace, "SELECT count(*) FROM audit_run") == [(n,)]
    acts = "SELECT count(*) FROM revision WHERE action LIKE 'publish %'"
    assert _rows(workspace, acts) == [(n,)]
    if not n:
        return
    of_layer = "SELECT version_id, count(*) FROM grids_32650 GROUP BY version_id"
    assert dict(_rows(workspace, of_layer)) == {each.version_id: 4 for each in versions}
    _check_folder(store.folder(versions[-1].version_id), n, is_full=versions[-1].name == "full")
    _check_findings(store, n)
    marks = _rows(workspace, "SELECT DISTINCT after FROM finding_event WHERE after LIKE 'mark%'")
    assert {note for note in done if note.startswith("mark")} <= {mark for (mark,) in marks}


def _check_folder(folder: Path, n: int, *, is_full: bool) -> None:
    page = openpyxl.load_workbook(folder / "ledger.xlsx", read_only=True)["问题清单"]
    rows = list(page.iter_rows(min_row=2, values_only=True))
    page.parent.close()
    assert [row[-2] for row in rows] == _listed(n)
    if is_full:
        assert {path.name for path in folder.iterdir()} >= _FILES
        with closing(sqlite3.connect(folder / "audit.gpkg")) as line:
            assert line.execute("PRAGMA quick_check").fetchone() == ("ok",)
        told = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        assert told["findings"] == {"G201": len(_listed(n))}
        findings = json.loads((folder / "findings.geojson").read_text(encoding="utf-8"))
        assert len(findings["features"]) == len(_listed(n))


def _check_findings(store: Store, n: int) -> None:
    """Require states as the versions make them, each the last of its events, and whole imports."""
    table = store.findings("drawn").set_index("finding_id")
    listed = set(_listed(n))
    assert {key for key, status in table["status"].items() if status != "closed"} == listed
    assert set(table.loc[sorted(listed), "last_run"]) == {n}
    last = (
        "SELECT finding_key, {0} FROM finding_event WHERE {0} IS NOT NULL AND {1}"
        " GROUP BY finding_key HAVING event_id = max(event_id)"
    )
    states = dict(_rows(store.workspace, last.format("to_status", 1)))
    assert states == dict(zip(table["finding_key"], table["status"], strict=True))
    cells = dict(_rows(store.workspace, last.format("after", "\"column\" = 'progress'")))
    progress = dict(zip(table["finding_key"], table["progress"], strict=True))
    assert {key: text for key, text in progress.items() if text} == cells
    whole = (
        "SELECT count(*), (SELECT count(*) FROM finding_event AS first"
        " WHERE first.to_status = 'new' AND first.revision < edit.revision)"
        " FROM finding_event AS edit WHERE after LIKE 'mark%' GROUP BY revision"
    )
    for n_marked, n_known in _rows(store.workspace, whole):
        assert n_marked == n_known


def test_200_kills_and_the_last_good_version_is_always_whole(tmp_path: Path) -> None:
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("needs a system that can fork")
    workspace, told = tmp_path / "ws", tmp_path / "told.txt"
    stages: Counter[str] = Counter()
    started = time.perf_counter()
    for seed in range(_KILLS):
        _killed(workspace, seed, told)
        if not (workspace / "store.gpkg").is_file():
            stages["before there was a store"] += 1
            continue
        names = {path.name for path in (workspace / "versions").iterdir()}
        half = any(name.startswith(".publishing-") for name in names)
        _check(workspace, told)
        known = {each.version_id for each in open_store(workspace).versions()}
        orphan = any(not name.startswith(".") and name not in known for name in names)
        stage = "with a folder in place, rows not" if orphan else "with files half written"
        stages[stage if half or orphan else "elsewhere"] += 1
    store = open_store(workspace)
    print(f"{dict(stages)} in {time.perf_counter() - started:.0f} s")  # noqa: T201
    assert stages["with files half written"] >= 10

    last = store.publish(_audit(store.published() + 1), name="full")
    known = {each.version_id for each in store.versions()}
    assert {path.name for path in (workspace / "versions").iterdir()} == known
    assert len(read_audit(store.folder(last.version_id) / "audit.gpkg").findings)
