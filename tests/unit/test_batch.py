"""`gridcircle batch`: isolation, folders, resume, kills, one table."""

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import orjson
import pytest

from api.commands import main
from geo.batch import Answer, BatchRules, Task, Work, read_manifest, run_batch
from geo.batch import running as batch_running
from geo.batch import workers as workers_room
from geo.batch.fingerprint import fingerprint
from geo.batch.folders import MARK, open_room
from geo.batch.manifest import folder_names
from geo.batch.table import table_row, totals
from geo.errors import OutputError, ProjectError
from geo.synth import build_city, write_city
from maps.offline import external_references
from tests.builders import grids

_SEVERITIES = {"error": 0, "warning": 1, "info": 0}


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDCIRCLE_LANG", "en")
    # others may edit the program while the tests run
    monkeypatch.setattr(batch_running, "code_version", lambda: "this version")


def _project(folder: Path, project_id: str = "town", **keys: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "project.toml"
    lines = [f'{name} = "{value}"' for name, value in {"id": project_id, **keys}.items()]
    body = ["[project]", *lines, "[layers.grids]", 'path = "grids.gpkg"']
    path.write_text("\n".join(body) + "\n", encoding="utf-8")
    frame = grids((0, 0, 200, 200), (200, 0, 400, 200))
    moved = frame.set_geometry(frame.translate(500_000, 3_300_000))
    moved.reset_index().to_file(folder / "grids.gpkg")
    return path


def _manifest(folder: Path, *entries: str) -> Path:
    path = folder / "all.toml"
    path.write_text(f"projects = {json.dumps(entries)}\n", encoding="utf-8")
    return path


def _run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    return int(stop.value.code or 0)


# ---- what a worker does instead of an audit: quick, in its own process


def count_up(task: Task) -> Mapping[str, Any]:
    """Write one file that counts how often this project was done, and say what was there before."""
    log = task.job.path.with_name("done.log")
    with log.open("a", encoding="utf-8") as file:
        file.write("x")
    (task.folder / "audit.gpkg").write_text(log.read_text(encoding="utf-8"), encoding="utf-8")
    (task.folder / "ledger.xlsx").write_text("as written", encoding="utf-8")
    if task.job.project_id == "raises":
        raise ZeroDivisionError(*["by\nnothing"])
    if task.job.project_id == "dies" or (task.job.project_id == "once" and _lines(log) == 1):
        (task.folder / "half written").mkdir()
        os._exit(9)
    before = task.previous.read_text(encoding="utf-8") if task.previous else None
    return {
        **dict.fromkeys(("n_grids", "n_base", "n_orphans", "n_sites"), 2),
        **dict.fromkeys(("n_dedicated", "n_units", "n_quarantined", "n_skipped"), 0),
        "severities": _SEVERITIES,
        "findings": {"S404": 1},
        "coverage": {},
        "tiers": {},
        "residents": None,
        "area_m2": 1.0,
        "compared": None,
        "before": before,
    }


def _one_process(
    tasks: Sequence[Task],
    work: Work,
    *,
    workers: int,  # noqa: ARG001
) -> Iterator[tuple[int, Answer]]:
    """Stand in for the worker processes, which take two seconds to start."""
    yield from ((place, workers_room.answer_to(task, work)) for place, task in enumerate(tasks))


def _lines(log: Path) -> int:
    return len(log.read_text(encoding="utf-8"))


def _batch(manifest: Path, out: Path, *, processes: int = 0, **rules: Any) -> dict[str, Any]:  # noqa: ANN401
    with pytest.MonkeyPatch.context() as patch:
        if not processes:
            patch.setattr(batch_running, "run_tasks", _one_process)
        chosen = BatchRules(workers=processes or 1, **rules)
        batch = run_batch(read_manifest(manifest), out, work=count_up, rules=chosen)
    return {"rows": {row["folder"]: row for row in batch.rows}, "batch": batch}


def _times_done(folder: Path) -> int:
    return _lines(folder / "done.log")


# ---- the manifest


def test_globs_come_in_order_each_file_once_and_never_the_manifest(tmp_path: Path) -> None:
    for name in ("b", "a"):
        _project(tmp_path / name, name)
    (tmp_path / "x[1].toml").write_text('[project]\nid = "x"\n', encoding="utf-8")
    manifest = _manifest(tmp_path, "b/project.toml", "**/*.toml", "x[1].toml", "nowhere/*.toml")
    jobs = read_manifest(manifest).jobs

    assert [job.shown for job in jobs] == [
        "b/project.toml",
        "a/project.toml",
        "x[1].toml",
        "nowhere/*.toml",
    ]
    assert [job.is_found for job in jobs] == [True, True, True, False]


def test_one_folder_a_project_made_unique_by_a_suffix(tmp_path: Path) -> None:
    for name, project_id in (("a", "town"), ("b", "town"), ("c", "con"), ("d", "town-2")):
        _project(tmp_path / name, project_id)
    (tmp_path / "第 3 批 Ö").mkdir()
    (tmp_path / "第 3 批 Ö" / "project.toml").write_text("[", encoding="utf-8")
    jobs = read_manifest(_manifest(tmp_path, "*/project.toml")).jobs

    assert folder_names(jobs, frozenset({"3"})) == ("town", "town-2", "con-2", "town-2-2", "3-2")


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (None, "io.no_file"),
        ("projects = [", "batch.syntax"),
        ("", "batch.no_list"),
        ("projects = []", "batch.no_list"),
        ('projects = "a.toml"', "batch.no_list"),
        ("projects = [1]", "batch.no_list"),
        ('projects = ["a"]\nworkers = 3', "batch.unknown_key"),
        ('projects = ["a"]\ntitle = 3', "batch.bad_title"),
        ('projects = ["nothing/*.toml", "all.toml"]', "batch.no_projects"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_exit_2_and_nothing_is_written(
    body: str | None, key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = tmp_path / "all.toml"
    if body is not None:
        manifest.write_text(body, encoding="utf-8")
    with pytest.raises(ProjectError) as fault:
        read_manifest(manifest)
    assert fault.value.key == key

    assert _run("batch", manifest, "-o", tmp_path / "out") == 2
    told = capsys.readouterr()
    assert (told.out, len(told.err.strip().splitlines())) == ("", 1)
    assert not (tmp_path / "out").exists()


# ---- isolation


def test_faults_and_dead_workers_cost_one_project_each(tmp_path: Path) -> None:
    for name in ("dies", "good", "once", "raises", "zz"):
        _project(tmp_path / name, name)
    _project(tmp_path / "broken", "broken", titel="x")
    told = _batch(_manifest(tmp_path, "*/project.toml", "none.toml"), tmp_path / "out", processes=1)
    rows = told["rows"]

    assert {name: row["state"] for name, row in rows.items()} == {
        "broken": "failed",
        "dies": "failed",
        "good": "ok",
        "none": "failed",
        "once": "ok",
        "raises": "failed",
        "zz": "ok",
    }
    assert "titel" in rows["broken"]["sentence_en"]
    assert "exit code 9" in rows["dies"]["sentence_en"]
    assert "ZeroDivisionError" in rows["raises"]["sentence_zh"]
    assert "nothing" not in rows["raises"]["sentence_en"]
    assert "none.toml" in rows["none"]["sentence_en"]
    assert told["batch"].exit_code == 3
    assert told["batch"].totals["n_grids"] == 6
    assert [_times_done(tmp_path / name) for name in ("dies", "once", "zz")] == [2, 2, 1]
    assert not (tmp_path / "out" / "once" / "half written").exists()


def test_a_project_that_fails_leaves_its_last_good_folder_alone(tmp_path: Path) -> None:
    path = _project(tmp_path / "a", "town")
    manifest = _manifest(tmp_path, "a/project.toml")
    _batch(manifest, tmp_path / "out")
    good = path.read_text(encoding="utf-8")
    path.write_text(good + "unknown = 1\n", encoding="utf-8")

    assert _batch(manifest, tmp_path / "out")["rows"]["town"]["state"] == "failed"
    assert (tmp_path / "out" / "town" / "audit.gpkg").read_text(encoding="utf-8") == "x"
    path.write_text(good, encoding="utf-8")
    assert _batch(manifest, tmp_path / "out", resume=True)["rows"]["town"]["state"] == "ok"


# ---- resume


def test_resume_does_what_changed_or_failed_and_nothing_else(tmp_path: Path) -> None:
    for name in ("a", "b", "raises"):
        _project(tmp_path / name, name)
    manifest, out = _manifest(tmp_path, "*/project.toml"), tmp_path / "out"
    first = _batch(manifest, out)
    assert first["batch"].n_kept == 0
    assert _batch(manifest, out, resume=True)["batch"].n_kept == 2

    _project(tmp_path / "b", "b", title="renamed")
    again = _batch(manifest, out, resume=True)
    assert [_times_done(tmp_path / name) for name in ("a", "b", "raises")] == [1, 2, 3]
    assert again["rows"]["a"] == first["rows"]["a"]
    assert again["rows"]["b"]["before"] == "x"  # the version before, to compare with

    _batch(manifest, out, resume=True, select=("G",))
    assert [_times_done(tmp_path / name) for name in ("a", "b")] == [2, 3]
    _batch(manifest, out)  # a new run does everything
    assert [_times_done(tmp_path / name) for name in ("a", "b")] == [3, 4]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch_running, "code_version", lambda: "the next version")
        _batch(manifest, out, resume=True)
    assert [_times_done(tmp_path / name) for name in ("a", "b")] == [4, 5]


def test_a_new_run_cut_short_is_not_resumed_with_what_the_run_before_has_done(
    tmp_path: Path,
) -> None:
    _project(tmp_path / "a", "town")
    manifest, out = _manifest(tmp_path, "a/project.toml"), tmp_path / "out"
    _batch(manifest, out)
    with open_room(out, resume=False):
        pass  # a new run, killed before its first project
    told = _batch(manifest, out, resume=True)
    assert (told["batch"].n_kept, told["rows"]["town"]["before"]) == (0, "x")


def test_the_fingerprint_follows_every_file_that_is_read(tmp_path: Path) -> None:
    path = _project(tmp_path, "town", standard="ours.toml")
    frame = grids((0, 0, 200, 200))
    frame.reset_index().to_file(tmp_path / "grids.shp")
    text = path.read_text(encoding="utf-8").replace("grids.gpkg", "grids.shp")
    path.write_text(text, encoding="utf-8")
    (tmp_path / "ours.toml").write_text('extends = "base.toml"\n', encoding="utf-8")
    (tmp_path / "base.toml").write_text("", encoding="utf-8")

    seen = {fingerprint(path, code="1")}
    for name in ("grids.dbf", "grids.prj", "ours.toml", "base.toml"):
        with (tmp_path / name).open("ab") as file:
            file.write(b" ")
        seen.add(fingerprint(path, code="1"))
    seen.add(fingerprint(path, code="2"))
    seen.add(fingerprint(path, code="2", ignore=("S",)))
    assert len(seen) == 7
    (tmp_path / "other.csv").write_text("not an input", encoding="utf-8")
    assert fingerprint(path, code="2", ignore=("S",)) in seen
    url = text.replace("grids.shp", "postgresql://u:p@host/db")
    path.write_text(url, encoding="utf-8")
    assert fingerprint(path, code="2") is None


# ---- what a kill leaves, and folders of other hands


def test_a_swap_cut_short_is_undone_and_the_project_done_again(tmp_path: Path) -> None:
    _project(tmp_path / "a", "town")
    manifest, out = _manifest(tmp_path, "a/project.toml"), tmp_path / "out"
    _batch(manifest, out)
    (out / ".batch" / "old").mkdir(exist_ok=True)
    (out / "town").rename(out / ".batch" / "old" / "town")  # killed between the two renames
    (out / ".batch" / "new-killed" / "town").mkdir(parents=True)
    with open_room(out, resume=True):
        assert (out / "town" / "audit.gpkg").is_file()
    assert not list((out / ".batch" / "old").iterdir())
    assert not list((out / ".batch").glob("new-*"))


def test_half_a_mark_is_no_mark(tmp_path: Path) -> None:
    _project(tmp_path / "a", "town")
    manifest, out = _manifest(tmp_path, "a/project.toml"), tmp_path / "out"
    _batch(manifest, out)
    mark = out / "town" / MARK
    mark.write_bytes(mark.read_bytes()[:40])
    assert _batch(manifest, out, resume=True)["batch"].n_kept == 0


def test_what_no_batch_has_made_is_never_touched(tmp_path: Path) -> None:
    """The output folder may be where the projects are: `town` is the user's own data."""
    _project(tmp_path / "town", "town")
    manifest = _manifest(tmp_path, "town/project.toml")
    for _ in range(2):
        rows = _batch(manifest, tmp_path)["rows"]
        assert list(rows) == ["town-2"]
    assert (tmp_path / "town" / "grids.gpkg").is_file()
    (tmp_path / "town-2" / "批注.txt").write_text("by hand", encoding="utf-8")
    _batch(manifest, tmp_path)
    assert (tmp_path / "town-2" / "批注.txt").read_text(encoding="utf-8") == "by hand"


def test_a_ledger_that_was_edited_is_kept_beside_the_new_one(tmp_path: Path) -> None:
    _project(tmp_path / "a", "town")
    manifest, out = _manifest(tmp_path, "a/project.toml"), tmp_path / "out"
    for text in ("", "first note", "second note", ""):
        _batch(manifest, out)
        if text:
            (out / "town" / "ledger.xlsx").write_text(text, encoding="utf-8")
    kept = {path.name: path.read_text(encoding="utf-8") for path in out.glob("town/*.xlsx")}
    assert kept == {
        "ledger.xlsx": "as written",
        "ledger.edited.xlsx": "first note",
        "ledger.edited-2.xlsx": "second note",
    }


def test_a_replaced_folder_that_is_half_gone_brings_nothing_back(tmp_path: Path) -> None:
    _project(tmp_path / "a", "town")
    manifest, out = _manifest(tmp_path, "a/project.toml"), tmp_path / "out"
    _batch(manifest, out)
    gone = out / ".batch" / "new-killed" / "town.old"
    gone.mkdir(parents=True)
    (gone / "quarantine.csv").write_text("of the run before", encoding="utf-8")
    _batch(manifest, out)
    assert sorted(path.name for path in (out / "town").iterdir()) == [
        "audit.gpkg",
        MARK,
        "ledger.xlsx",
    ]


def test_two_batches_do_not_write_to_one_folder(tmp_path: Path) -> None:
    (tmp_path / ".batch").mkdir()
    other = sqlite3.connect(tmp_path / ".batch" / "lock", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(OutputError, match="another batch"), open_room(tmp_path, resume=False):
            pass
    finally:
        other.close()


# ---- the table


def _row(state: str, coverage: Mapping[str, Any], **figures: Any) -> dict[str, Any]:  # noqa: ANN401
    counts = dict.fromkeys(
        ("n_grids", "n_base", "n_dedicated", "n_orphans", "n_sites", "n_units", "n_quarantined"), 1
    )
    return {
        **counts,
        "state": state,
        "severities": _SEVERITIES,
        "findings": {"G201": 2},
        "coverage": {"walk_15": {"n_blank": 1, "n_thin": 0, **coverage}} if coverage else {},
        "tiers": {"walk_15": {"zh": "十五", "en": "15"}} if coverage else {},
        "seconds": 1.5,
        **figures,
    }


def test_totals_add_up_and_shares_are_weighted() -> None:
    people = {"demand_basis": "residents", "residents_share": 0.5, "area_share": 0.2}
    more = {"demand_basis": "residents", "residents_share": 1.0, "area_share": 0.4}
    area = {"demand_basis": "area", "residents_share": 0.9, "area_share": 0.9}
    sums = totals(
        [
            _row("ok", people, residents=300.0, area_m2=10.0),
            _row("findings", more, residents=100.0, area_m2=10.0),
            _row("ok", area, residents=None, area_m2=20.0),
            _row("ok", people, residents=None, area_m2=0.0),
            _row("failed", {}, n_grids=None),
        ]
    )

    assert sums["states"] == {"ok": 3, "findings": 1, "failed": 1}
    assert (sums["n_grids"], sums["findings"], sums["seconds"]) == (4, {"G201": 8}, 7.5)
    tier = sums["coverage"]["walk_15"]
    assert tier["residents_share"] == pytest.approx((0.5 * 300 + 1.0 * 100) / 400)
    assert tier["area_share"] == pytest.approx((0.2 + 0.4 + 2 * 0.9) / 4)
    assert (tier["n_projects"], tier["n_projects_by_residents"], tier["n_blank"]) == (4, 2, 4)


@pytest.mark.parametrize(
    ("fail_on", "state"), [("error", "ok"), ("warning", "findings"), ("never", "ok")]
)
def test_state_follows_fail_on(fail_on: str, state: str, tmp_path: Path) -> None:
    (job,) = read_manifest(_manifest(tmp_path, str(_project(tmp_path / "a")))).jobs
    task = Task(job=job, folder=tmp_path)
    row = table_row(job, "a", figures=count_up(task), fault=None, seconds=1.0, fail_on=fail_on)
    assert row["state"] == state


# ---- the whole command, on real audits


@pytest.fixture(scope="module")
def cities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two cities of two communities, and one project without its file."""
    folder = tmp_path_factory.mktemp("cities")
    for seed in (1, 2):
        at = (104.5 + seed, 29.6)
        write_city(build_city(2, seed=seed, defect_share=0.1, at=at), folder / f"c{seed}")
    (folder / "broken.toml").write_text(
        '[project]\nid = "broken"\n[layers.grids]\npath = "gone.shp"\n', encoding="utf-8"
    )
    _manifest(folder, "c*/project.toml", "broken.toml")
    return folder


def test_the_command_writes_folders_table_and_map(
    cities: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert _run("batch", cities / "all.toml", "-o", out, "--workers", 1) == 3
    told = capfd.readouterr()
    assert "gone.shp" in told.out
    assert "[3/3]" in told.err
    assert "Traceback" not in told.err

    record = json.loads((out / "batch.json").read_text(encoding="utf-8"))
    rows = {row["id"]: row for row in record["projects"]}
    assert list(rows) == ["synth-2-1", "synth-2-2", "broken"]
    for row in (rows["synth-2-1"], rows["synth-2-2"]):
        summary = json.loads((out / row["folder"] / "summary.json").read_text(encoding="utf-8"))
        assert row["findings"] == summary["findings"]
        assert row["coverage"] == summary["coverage"]
        assert (row["n_grids"], row["compared"]) == (summary["counts"]["grids"], None)
        assert {path.name for path in (out / row["folder"]).iterdir()} >= {"map.html", MARK}
    assert record["totals"]["n_grids"] == 36
    assert record["exit_code"] == 3

    sheet = openpyxl.load_workbook(out / "batch.xlsx")["Projects"]
    cells = [[cell.value for cell in line] for line in sheet.iter_rows()]
    assert [line[0] for line in cells] == ["Id", *rows, "Total"]
    assert [line[3] for line in cells[1:]] == [18, 18, None, 36]
    assert [line[2] for line in cells[1:4]][2] == "failed"

    page = (out / "map.html").read_text(encoding="utf-8")
    assert not external_references(page)
    assert "synth-2-2/map.html" in page

    (cities / "one.toml").write_text('projects = ["c1/project.toml"]', encoding="utf-8")
    again = ("batch", cities / "one.toml", "-o", out, "--select", "G", "--fail-on", "never")
    assert _run(*again, "--format", "json") == 0  # the next night
    (compared,) = orjson.loads(capfd.readouterr().out)["projects"]
    assert compared["compared"]["fault"] is None
    assert compared["compared"]["n_adjusted"] == 0
    assert compared["compared"]["lineage"]["unchanged"] == 18
    assert "0 grids adjusted" in compared["sentence"]


def test_an_unknown_rule_is_told_before_anything_is_done(
    cities: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run("batch", cities / "all.toml", "-o", tmp_path / "o", "--select", "G999") == 2
    assert "G999" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()
