"""Ledgers that come back: what is read, what is merged, and what is told instead of taken."""

import zipfile
from collections.abc import Mapping
from datetime import date, datetime
from itertools import product
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from geo.errors import LoadError, NotFoundError
from geo.outputs.ledger import OFFICE_COLUMNS, LedgerRow, Office, read_ledger, write_ledger
from geo.outputs.ledger.office import office_cells
from geo.store import LedgerImport, Store, open_store
from geo.store.importing import Merge, State
from tests.fake_audit import fake_audit
from tests.ledger_cases import content_of, edited, rows_of, through_office

TITLES = {
    "duty_unit": "责任单位",
    "duty_person": "责任人",
    "deadline": "整改时限",
    "progress": "整改情况",
    "closed": "销号",
}


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "ledger.xlsx"
    write_ledger(fake_audit(language="en"), path)
    return path


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published") / "ws"
    open_store(folder, create=True).publish(fake_audit())
    return folder


@pytest.fixture
def store(published: Path, tmp_path: Path) -> Store:
    """Return a store of one version, the notes of other tests not in it."""
    folder = tmp_path / "ws"
    (folder / "versions" / "drawn-1").mkdir(parents=True)
    for name in ("store.gpkg", "versions/drawn-1/ledger.xlsx", "versions/drawn-1/audit.gpkg"):
        (folder / name).write_bytes((published / name).read_bytes())
    return open_store(folder)


def _import(store: Store, folder: Path, cells: Mapping[tuple[str, str], Any]) -> LedgerImport:
    """Import the ledger of the first version with `cells` edited."""
    path = edited(store.folder("drawn-1") / "ledger.xlsx", folder / "back.xlsx", cells)
    return store.import_ledger(path, actor="王")


def _cells(store: Store, finding_id: str) -> dict[str, str]:
    table = store.findings("drawn").set_index("finding_id")
    return {name: table.loc[finding_id, name] for name in OFFICE_COLUMNS}


# Reading


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, ""),
        (date(2026, 12, 31), "2026-12-31"),
        (datetime(2026, 12, 31, 8), "2026-12-31"),  # noqa: DTZ001
        ("2026-12-31", "2026-12-31"),
        ("2026/1/5", "2026-01-05"),
        ("2026.1.5", "2026-01-05"),
        ("2026年1月5日", "2026-01-05"),
        (46_387, "2026-12-31"),
    ],
)
def test_a_deadline_in_any_usual_form(
    ledger: Path, tmp_path: Path, given: object, expected: str
) -> None:
    path = edited(ledger, tmp_path / "l.xlsx", {("f2", "整改时限"): given})
    (row,) = (row for row in read_ledger(path) if row.finding_id == "f2")
    assert (row.cells["deadline"], row.reason) == (expected, {})
    (number,) = [cell for cell in office_cells(row.cells) if cell is not None] or [None]
    assert number == (
        None if not expected else (date.fromisoformat(expected) - date(1899, 12, 30)).days
    )


@pytest.mark.parametrize(
    ("title", "given", "reason"),
    [
        ("整改时限", "年底前", "is no date: 年底前"),
        ("整改时限", "2026-02-30", "is no date"),
        ("整改时限", 12, "is no date: 1900"),
        ("销号", "基本完成", "takes 是 or 否, got 基本完成"),
        ("整改情况", "字" * 2001, "more than 2000"),
        ("问题编号", None, "问题编号 is empty"),
    ],
)
def test_a_cell_that_cannot_be_is_told_with_its_row(
    ledger: Path, tmp_path: Path, title: str, given: object, reason: str
) -> None:
    cells = {("f3", "责任单位"): "民政局", ("f3", title): given}
    rows = read_ledger(edited(ledger, tmp_path / "l.xlsx", cells))
    assert [row.row for row in rows] == [2, 3, 4, 5]
    assert [bool(row.reason) for row in rows] == [False, False, True, False]
    assert reason in rows[2].reason["en"]
    assert rows[2].reason["zh"]


def test_rows_are_known_wherever_they_stand(tmp_path: Path) -> None:
    """A title above, columns turned round, a column gone, blank rows, text as Excel leaves it."""
    path = tmp_path / "l.xlsx"
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = "一街报来"
    page.append(["一街 2026 年整改台账"])
    page.append(["问题编号", "备注", "销号", "责任单位"])
    page.append(["f1", "x", "√", "  城管局 \n"])
    page.append([None, None, None, None])
    page.append([None, None, None, "没有编号"])
    book.create_sheet("别的").append(["责任单位"])
    book.save(path)
    first, second = read_ledger(path)
    assert (first.sheet, first.row, first.finding_id, first.stamp) == ("一街报来", 3, "f1", "")
    assert first.cells == {"closed": "是", "duty_unit": "城管局"}
    assert (second.row, bool(second.reason)) == (5, True)


def test_what_is_no_ledger_is_refused_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LoadError, match="is not there"):
        read_ledger(tmp_path / "none.xlsx")
    macro = tmp_path / "l.xlsm"
    macro.write_bytes(b"PK")
    with pytest.raises(LoadError, match="without macros"):
        read_ledger(macro)
    text = tmp_path / "l.xlsx"
    text.write_text("no workbook", encoding="utf-8")
    with pytest.raises(LoadError, match="cannot be read"):
        read_ledger(text)
    with zipfile.ZipFile(text, "w") as packed:
        packed.writestr("x", "")
    with pytest.raises(LoadError, match="cannot be read"):
        read_ledger(text)
    openpyxl.Workbook().save(text)
    with pytest.raises(LoadError, match="问题编号"):
        read_ledger(text)
    monkeypatch.setattr("geo.outputs.ledger.reading.MAX_BYTES", 100_000)
    with zipfile.ZipFile(text, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 1_000_000)
    assert text.stat().st_size < 10_000
    with pytest.raises(LoadError, match="when unpacked"):
        read_ledger(text)


def test_a_cell_far_out_costs_no_memory(ledger: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(ledger)
    book["问题清单"]["XFD1000000"] = "x"
    path = tmp_path / "far.xlsx"
    book.save(path)
    assert read_ledger(path) == read_ledger(ledger)


# Round trips


def _filled(folder: Path) -> Path:
    """Return a ledger with notes in every column of the office, and one sheet of earlier ones."""
    cells = {
        "duty_unit": "=民政局",
        "duty_person": "王 & <李>",
        "deadline": "2026-12-31",
        "progress": "第一行\n第二行",
        "closed": "否",
    }
    past = {"finding_id": "f9", "rule": "G201", "street": "一街", "community": "", "grids": "g0"}
    past |= {"message_en": "gone", "status_title": {"en": "closed"}, **cells}
    office = Office(stamp="drawn@7/0a1b2c3d", cells={"f1": cells}, earlier=[past])
    path = folder / "ledger.xlsx"
    write_ledger(fake_audit(language="en"), path, office=office)
    return path


def test_a_ledger_comes_back_from_openpyxl_as_it_went(tmp_path: Path) -> None:
    path = _filled(tmp_path)
    back = edited(path, tmp_path / "back.xlsx", {})
    assert content_of(back) == content_of(path)
    assert read_ledger(back) == read_ledger(path)


def test_a_ledger_comes_back_from_libreoffice_as_it_went(tmp_path: Path) -> None:
    path = _filled(tmp_path)
    back = through_office(path, tmp_path / "back")
    before, after = content_of(path), content_of(back)
    assert list(after) == list(before)
    for name, sheet in before.items():
        assert after[name] == sheet, name
    rows = read_ledger(back)
    assert rows == read_ledger(path)
    assert rows[0].cells == {
        "duty_unit": "=民政局",
        "duty_person": "王 & <李>",
        "deadline": "2026-12-31",
        "progress": "第一行\n第二行",
        "closed": "否",
    }
    assert rows[0].stamp == "drawn@7/0a1b2c3d"
    assert rows[-1].finding_id == "f9"


def test_more_rows_than_a_sheet_holds_go_on_in_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geo.outputs.ledger.sheets.MAX_ROWS", 3)
    path = tmp_path / "ledger.xlsx"
    write_ledger(fake_audit(), path)
    book = openpyxl.load_workbook(path)
    assert [name for name in book.sheetnames if name.startswith("问题")] == [
        "问题清单",
        "问题清单（2）",
    ]
    assert book["问题清单（2）"].auto_filter.ref == "A1:Q2"
    assert book["问题清单（2）"]["P2"].value == "f4"
    assert [row.finding_id for row in read_ledger(path)] == ["f1", "f2", "f3", "f4"]
    assert sum(book[n].max_row - 1 for n in book.sheetnames if n.startswith("网格")) == 4


# Merging


@pytest.mark.parametrize(("base", "stored", "given"), list(product(("", "甲", "乙"), repeat=3)))
def test_a_cell_is_merged_three_ways(base: str, stored: str, given: str) -> None:
    """Both sides may change a cell; a change of one side wins, two different ones are told."""
    state = State(
        findings={"p:f": {**dict.fromkeys(OFFICE_COLUMNS, ""), "progress": stored}},
        history={("p:f", "progress"): ((2, 5), (base, stored))},
        projects=("p",),
        revision=6,
        store="s",
    )
    merge = Merge(state, None)
    row = LedgerRow(
        sheet="问题清单", row=2, finding_id="f", stamp="p@3/s", cells={"progress": given}
    )
    merge.take([row])
    result = merge.edits[0].after if merge.edits else stored
    if given == base:
        assert result == stored
        assert not merge.conflicts
    elif stored in (base, given):
        assert result == given
        assert not merge.conflicts
    else:
        assert not merge.edits
        (conflict,) = merge.conflicts
        assert (conflict.base, conflict.stored, conflict.given) == (base, stored, given)
    assert not merge.refusals
    assert merge.n_unchanged + len(merge.edits) + len(merge.conflicts) == 1


def test_a_conflicting_edit_is_told_and_the_store_s_stays(store: Store, tmp_path: Path) -> None:
    _import(store, tmp_path, {("f1", "整改情况"): "甲说", ("f2", "责任人"): "李"})
    found = _import(store, tmp_path, {("f1", "整改情况"): "乙说", ("f1", "责任单位"): "民政局"})
    assert [(edit.column, edit.after) for edit in found.applied] == [("duty_unit", "民政局")]
    (conflict,) = found.conflicts
    assert (conflict.sheet, conflict.row, conflict.column) == ("问题清单", 2, "progress")
    assert (conflict.base, conflict.stored, conflict.given) == ("", "甲说", "乙说")
    assert _cells(store, "f1")["progress"] == "甲说"
    assert _cells(store, "f2")["duty_person"] == "李"  # empty in the second ledger, not unmade


def test_a_ledger_that_went_out_later_may_change_what_came_in_before(
    store: Store, tmp_path: Path
) -> None:
    _import(store, tmp_path, {("f1", "整改情况"): "甲说", ("f1", "销号"): "是"})
    now = tmp_path / "now.xlsx"
    store.export_ledger(now)
    cells = {("f1", "整改情况"): None, ("f1", "销号"): "否", ("f1", "整改时限"): "2027-01-01"}
    found = store.import_ledger(edited(now, now, cells), actor="李")
    assert not found.conflicts
    assert _cells(store, "f1") == {
        "duty_unit": "",
        "duty_person": "",
        "deadline": "2027-01-01",
        "progress": "",
        "closed": "否",
    }
    events = store.events("drawn:f1")
    edits = events[events["column"] == "progress"]
    told = list(zip(edits["actor"], edits["before"], edits["after"], strict=True))
    assert told == [("王", "", "甲说"), ("李", "甲说", "")]
    assert list(events["to_status"].dropna()) == ["new", "reported", "new"]


def test_the_same_ledger_twice_changes_nothing(store: Store, tmp_path: Path) -> None:
    cells = {("f1", "整改情况"): "约谈"}
    first = _import(store, tmp_path, cells)
    again = _import(store, tmp_path, cells)
    assert (len(first.applied), first.unchanged, first.revision) == (1, 3, 2)
    assert (len(again.applied), again.unchanged, again.revision) == (0, 4, 2)


def test_rows_that_nobody_can_place_are_refused(store: Store, tmp_path: Path) -> None:
    other = open_store(tmp_path / "other", create=True)
    path = tmp_path / "rows.xlsx"
    stamp = rows_of(store.folder("drawn-1") / "ledger.xlsx")["f1"]["台账版本"]
    store_id = stamp.rpartition("/")[2]
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["问题编号", "台账版本", "责任单位"])
    page.append(["f1", "drawn@1/ffffffff", "别处"])
    page.append(["f1", f"drawn@99/{store_id}", "将来"])
    page.append(["nobody", stamp, "无此问题"])
    page.append(["f2", f"elsewhere@1/{store_id}", "无此项目"])
    page.append(["f2", stamp, "甲"])
    page.append(["f2", stamp, "乙"])
    page.append(["f3", stamp, "丙"])
    page.append(["f3", stamp, "丙"])
    page.append(["f4", None, "没有版本"])
    book.save(path)
    found = store.import_ledger(path, actor="王")
    assert {edit.after for edit in found.applied} == {"丙", "没有版本"}
    reasons = {each.row: each.reason["en"] for each in found.refused}
    assert sorted(reasons) == [2, 3, 4, 5, 6, 7]
    words = ("another workspace", "is at 1", "no finding nobody", "project elsewhere", "row 7")
    for row, word in zip(sorted(reasons), words, strict=False):
        assert word in reasons[row]
    assert "row 6" in reasons[7]
    apart = store.import_ledger(path, actor="王", project_id="elsewhere")
    assert not apart.applied
    assert [each.row for each in apart.refused if "project drawn" in each.reason["en"]][:1] == [3]
    with pytest.raises(NotFoundError, match="several projects"):
        other.export_ledger(tmp_path / "x.xlsx")
    rest = other.import_ledger(path, actor="王")
    assert not rest.applied
    assert len(rest.refused) == 9


def test_an_import_that_fails_takes_nothing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("geo.store.importing.after_office", fail)
        with pytest.raises(KeyboardInterrupt):
            _import(store, tmp_path, {("f1", "整改情况"): "约谈"})
    assert _cells(store, "f1")["progress"] == ""
    assert len(store.events("drawn:f1")) == 1
