"""The store: versions that appear whole, findings that live on, a file that GIS programs open."""

import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely

from geo.audit import Audit
from geo.errors import LoadError, NotFoundError, OutputError
from geo.outputs.ledger import Office, write_ledger
from geo.store import Store, is_workspace, open_store
from geo.store.connections import writer_lock, writing
from geo.store.geopackage import blobs
from tests.fake_audit import SQUARE, fake_audit
from tests.ledger_cases import edited, rows_of


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Store:
    """Return an empty store; its folders get no more than a ledger unless `files` is marked."""
    if "files" not in request.fixturenames:
        monkeypatch.setattr("geo.store.publishing.write_outputs", _ledger_only)
    return open_store(tmp_path / "ws", create=True)


@pytest.fixture
def files() -> None:
    """Ask for folders with all their files: half a second each."""


def _ledger_only(audit: Audit, folder: Path, *, office: Office, progress: object) -> None:
    assert progress is None
    folder.mkdir()
    write_ledger(audit, folder / "ledger.xlsx", office=office)


def _listing(*ids: str) -> Audit:
    """Return the drawn audit with only these findings."""
    findings = fake_audit().findings
    return fake_audit(findings=findings[findings["finding_id"].isin(ids)])


def _states(store: Store, project: str = "drawn") -> dict[str, str]:
    table = store.findings(project)
    return dict(zip(table["finding_id"], table["status"], strict=True))


def _ledger(store: Store, version_id: str) -> Path:
    return store.folder(version_id) / "ledger.xlsx"


def test_a_workspace_is_made_when_asked_for_only(tmp_path: Path) -> None:
    assert not is_workspace(tmp_path / "ws")
    with pytest.raises(LoadError, match="no workspace"):
        open_store(tmp_path / "ws")
    store = open_store(tmp_path / "ws", create=True)
    assert is_workspace(tmp_path / "ws")
    assert store.published() == 0
    assert store.versions() == ()
    assert open_store(tmp_path / "ws", create=True).versions() == ()
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match="not a folder"):
        open_store(tmp_path / "file", create=True)


@pytest.mark.usefixtures("files")
def test_versions_follow_each_other(store: Store) -> None:
    drawn: list[Path] = []
    first = store.publish(fake_audit(), name="初版", finish=drawn.append)
    second = store.publish(fake_audit())
    other = store.publish(fake_audit(project_id="drawn-1", title="另一座"))

    assert [each.version_id for each in store.versions()] == ["drawn-1", "drawn-2", "drawn-1-1"]
    assert store.versions("drawn") == (first, second)
    assert (first.name, first.title, first.supersedes) == ("初版", "画成的城市", None)
    assert (second.supersedes, other.supersedes) == ("drawn-1", None)
    assert [each.run_id for each in store.versions()] == [1, 2, 3]
    assert first.source_sha256 == second.source_sha256
    assert store.published() == 3
    assert store.projects() == ("drawn", "drawn-1")
    assert store.version("drawn") == second
    assert store.version("drawn-1") == first
    assert len(drawn) == 1
    names = {path.name for path in store.folder("drawn-1").iterdir()}
    assert {"audit.gpkg", "ledger.xlsx", "summary.json", "findings.geojson"} <= names
    with pytest.raises(NotFoundError, match=r"no version \.\."):
        store.folder("..")


@pytest.mark.usefixtures("files")
def test_a_version_reads_as_it_was_published(store: Store) -> None:
    made = store.publish(fake_audit())
    again = store.read_audit(made.version_id)
    assert list(again.findings["finding_id"]) == ["f1", "f2", "f3", "f4"]
    assert set(again.findings["status"]) == {"new"}
    assert list(again.grids.index) == list(fake_audit().grids.index)


@pytest.mark.usefixtures("files")
def test_what_is_mended_closes_and_what_came_back_opens_again(store: Store) -> None:
    store.publish(fake_audit())
    store.publish(_listing("f2", "f3"))
    assert _states(store) == {"f1": "closed", "f2": "new", "f3": "new", "f4": "closed"}
    third = store.publish(_listing("f1", "f2"))
    assert _states(store) == {"f1": "reopened", "f2": "new", "f3": "closed", "f4": "closed"}
    told = store.read_audit(third.version_id).findings.set_index("finding_id")["status"]
    assert told.to_dict() == {"f1": "reopened", "f2": "new"}
    events = store.events("drawn:f1")
    events = events[events["column"].isna()]
    moves = list(zip(events["from_status"], events["to_status"], events["note"], strict=True))
    assert moves == [
        (None, "new", "drawn-1"),
        ("new", "closed", "drawn-2"),
        ("closed", "reopened", "drawn-3"),
    ]
    table = store.findings("drawn").set_index("finding_id")
    assert tuple(table.loc["f1", ["first_version", "last_version"]]) == ("drawn-1", "drawn-3")
    assert tuple(table.loc["f4", ["first_version", "last_version"]]) == ("drawn-1", "drawn-1")


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({"rules": ("C501", "G203", "H305")}, {"f1"}),  # G201 was not chosen
        ({"skipped": {"C501": {"zh": "…", "en": "…"}}}, {"f2"}),
        ({"coverage_summary": {}}, {"f2"}),  # another standard without that tier
        ({"verdict_model": "network"}, {"f2"}),
    ],
)
def test_what_was_not_judged_again_stays(
    store: Store, changes: dict[str, object], left: set[str]
) -> None:
    store.publish(fake_audit())
    store.publish(replace(_listing(), **changes))
    states = _states(store)
    assert {key for key, status in states.items() if status == "new"} == left


@pytest.mark.usefixtures("files")
def test_the_office_s_columns_go_from_ledger_to_ledger(store: Store, tmp_path: Path) -> None:
    first = store.publish(fake_audit())
    cells = {("f1", "责任单位"): "城管局", ("f1", "整改情况"): "约谈", ("f4", "销号"): "是"}
    cells["f4", "整改时限"] = "2026/12/31"
    path = edited(_ledger(store, first.version_id), tmp_path / "back.xlsx", cells)
    taken = store.import_ledger(path, actor="王")
    assert len(taken.applied) == 4
    assert _states(store) == {"f1": "in_progress", "f2": "new", "f3": "new", "f4": "reported"}

    second = store.publish(_listing("f2", "f4"))
    earlier = rows_of(_ledger(store, second.version_id), "往期问题")
    assert set(earlier) == {"f1", "f3"}
    assert (earlier["f1"]["责任单位"], earlier["f1"]["整改情况"]) == ("城管局", "约谈")
    assert (earlier["f1"]["状态"], earlier["f1"]["销号"]) == ("已销号", "是")
    now = rows_of(_ledger(store, second.version_id))["f4"]
    assert (now["状态"], now["销号"]) == ("再次出现", "否")  # ticked off, and found again
    assert str(now["整改时限"]).startswith("2026-12-31")

    third = store.publish(fake_audit())
    back = rows_of(_ledger(store, third.version_id))["f1"]
    assert (back["状态"], back["责任单位"], back["整改情况"]) == ("再次出现", "城管局", "约谈")
    assert back["销号"] == "否"
    store.export_ledger(tmp_path / "now" / "台账.xlsx")
    assert rows_of(tmp_path / "now" / "台账.xlsx") == rows_of(_ledger(store, third.version_id))


def test_the_summary_counts_what_is_open_reported_and_closed(store: Store, tmp_path: Path) -> None:
    first = store.publish(fake_audit())
    path = edited(_ledger(store, first.version_id), tmp_path / "l.xlsx", {("f3", "销号"): "是"})
    store.import_ledger(path, actor="王")
    second = store.publish(replace(_listing("f2"), rules=("C501", "G201", "G203")))  # no H305
    page = openpyxl.load_workbook(_ledger(store, second.version_id))["汇总"]
    head, *rows = page.iter_rows(values_only=True)
    at = [head.index(name) for name in ("社区", "编号", "待整改", "待复检", "已销号")]
    told = {row[at[1]]: tuple(row[place] for place in at[2:]) for row in rows}
    # f1 (g0, g1: c1, c2 in s1) closed, f2 (g1: c2) open, f3 (s2) reported, f4 (nowhere) closed
    assert told == {
        None: (1, 1, 2),
        "s1": (1, 0, 1),
        "c1": (0, 0, 1),
        "c2": (1, 0, 1),
        "s2": (0, 1, 0),
        "c3": (0, 0, 0),
    }


def test_a_publish_that_fails_leaves_no_trace(store: Store) -> None:
    store.publish(fake_audit())
    before = sorted(store.workspace.rglob("*"))

    def fail(_folder: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.publish(_listing(), finish=fail)
    assert sorted(store.workspace.rglob("*")) == before
    assert _states(store)["f1"] == "new"
    assert store.published() == 1


def test_rows_that_fail_leave_no_trace(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.publish(fake_audit())

    def fail(*_: object, **__: object) -> None:
        reason = "database or disk is full"
        raise sqlite3.OperationalError(reason)

    with monkeypatch.context() as patch:
        patch.setattr("geo.store.publishing.add_features", fail)
        with pytest.raises(OutputError, match="disk is full"):
            store.publish(_listing())
    assert _states(store)["f1"] == "new"
    assert [each.version_id for each in store.versions()] == ["drawn-1"]
    made = store.publish(_listing("f1"), name="后来")  # in place of the folder left behind
    assert made.version_id == "drawn-2"
    assert set(rows_of(_ledger(store, "drawn-2"))) == {"f1"}


def test_what_a_killed_process_left_is_swept(store: Store) -> None:
    half = store.workspace / "versions" / ".publishing-killed"
    (half / "new").mkdir(parents=True)
    left = store.workspace / "versions" / "drawn-1"
    left.mkdir()
    (left / "old.txt").write_text("x", encoding="utf-8")
    store.publish(fake_audit())
    assert [path.name for path in left.parent.iterdir()] == ["drawn-1"]
    assert not (left / "old.txt").exists()


def test_one_writes_while_others_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.publish(fake_audit())
    seen: list[int] = []
    store.publish(fake_audit(), finish=lambda _: seen.append(store.published()))
    assert seen == [1]
    with writing(store.workspace) as line:
        line.execute("DELETE FROM version")
        assert store.published() == 2
        line.execute("ROLLBACK")
        line.execute("BEGIN")
    monkeypatch.setattr("geo.store.connections._WAIT_SECONDS", 0.05)
    faults: list[Exception] = []

    def second() -> None:
        try:
            store.publish(fake_audit())
        except OutputError as error:
            faults.append(error)

    with writer_lock(store.workspace):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
        with pytest.raises(OutputError, match="another process"):
            store.import_ledger(_ledger(store, "drawn-1"), actor="王")
    assert "another process" in str(faults[0])
    assert store.published() == 2


@pytest.mark.parametrize("kind", ["text", "other", "form"])
def test_what_is_no_store_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "store.gpkg"
    if kind == "text":
        path.write_text("no database " * 200, encoding="utf-8")
    elif kind == "other":
        gpd.GeoDataFrame(geometry=[SQUARE], crs=32650).to_file(path, layer="x")
    else:
        open_store(tmp_path, create=True)
        with closing(sqlite3.connect(path, isolation_level=None)) as line:
            line.execute("UPDATE store SET value = '99' WHERE name = 'form'")
    with pytest.raises(LoadError, match=r"no store of GridCircle|form 99"):
        open_store(tmp_path)


@pytest.fixture
def published(store: Store) -> Path:
    store.publish(fake_audit())
    store.publish(_listing("f1"))
    return store.workspace / "store.gpkg"


def test_the_file_is_a_geopackage_that_gdal_reads(published: Path) -> None:
    with closing(sqlite3.connect(published)) as line:
        assert line.execute("PRAGMA application_id").fetchone() == (0x47504B47,)
        assert line.execute("PRAGMA user_version").fetchone() == (10300,)
        assert line.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert line.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert line.execute("PRAGMA foreign_key_check").fetchall() == []
    layers = {name for name, _ in pyogrio.list_layers(published)}
    tables = {"version", "audit_run", "finding", "finding_event", "revision", "store"}
    assert layers == {"grids_32650", "units_32650", "sites_32650", *tables}

    grids = pyogrio.read_dataframe(published, layer="grids_32650")
    assert grids.crs.to_epsg() == 32650
    assert list(grids["version_id"].value_counts()) == [4, 4]
    source = fake_audit().grids
    first = grids[grids["version_id"] == "drawn-1"].set_index("grid_id")
    assert first.geometry.geom_equals(source.geometry).all()
    assert list(first["geom_hash"]) == list(grids["geom_hash"][4:])
    in_box = pyogrio.read_dataframe(
        published, layer="grids_32650", bbox=(500_201, 3_000_070, 500_299, 3_000_090)
    )
    assert set(in_box["grid_id"]) == {"g2"}
    assert tuple(pyogrio.read_info(published, layer="sites_32650")["total_bounds"]) == (
        499_000,
        3_000_000,
        500_050,
        3_000_030,
    )
    units = pyogrio.read_dataframe(published, layer="units_32650")
    assert list(units.geometry.isna()[:3]) == [True, True, False]


def test_gdal_may_edit_what_python_wrote(published: Path) -> None:
    """The spatial index follows, since its triggers are those of the standard."""
    more = gpd.GeoDataFrame(
        {"version_id": ["by hand"], "grid_id": ["new"]},
        geometry=[shapely.box(0, 0, 1, 1)],
        crs=32650,
    )
    pyogrio.write_dataframe(more, published, layer="grids_32650", driver="GPKG", append=True)
    found = pyogrio.read_dataframe(published, layer="grids_32650", bbox=(0, 0, 1, 1))
    assert list(found["grid_id"]) == ["new"]


def test_a_second_crs_has_tables_of_its_own(store: Store) -> None:
    store.publish(fake_audit())
    own = "+proj=tmerc +lat_0=30 +lon_0=117 +datum=WGS84 +units=m"
    audit = fake_audit(project_id="second")
    frames = {
        name: getattr(audit, name).to_crs(own)
        for name in ("grids", "units", "sites", "circles", "findings")
    }
    layers = replace(audit.layers, **{name: frames[name] for name in ("grids", "units", "sites")})
    store.publish(replace(audit, layers=layers, **frames))
    store.publish(replace(audit, layers=layers, **frames))
    path = store.workspace / "store.gpkg"
    layers_now = {str(name) for name, _ in pyogrio.list_layers(path)}
    assert {"grids_32650", "grids_100000"} <= layers_now
    assert "grids_100001" not in layers_now
    assert pyogrio.read_dataframe(path, layer="grids_100000").crs == frames["grids"].crs


def test_blobs_of_nothing_and_of_empty_shapes() -> None:
    shapes = [None, shapely.Polygon(), shapely.Point(1, 2)]
    nothing, empty, point = blobs(pd.Series(shapes, dtype=object).to_numpy(), 4326)
    assert nothing is None
    assert empty is not None
    assert point is not None
    assert shapely.from_wkb(empty[8:]).is_empty
    assert shapely.from_wkb(point[40:]) == shapely.Point(1, 2)
