"""Workbooks whose cells reach further than any memory: refused before the reading library."""

import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from geo.errors import LoadError
from geo.io.formats import sheets
from geo.io.formats.extents import far_sheet

FIRST = '<row r="1"><c r="A1"><v>1</v></c></row>'
FAR = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
BARE = "<c><v>1</v></c>"
LIMIT = 50_000_000


def workbook(path: Path, rows: str, *, member: str = "xl/worksheets/sheet1.xml") -> Path:
    """Write a workbook whose first sheet has these rows; its declared extent is one cell."""
    plain = path.with_suffix(".plain")
    Workbook().save(plain)
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<worksheet xmlns="{space}"><sheetData>{rows}</sheetData></worksheet>'
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name != "xl/worksheets/sheet1.xml":
                content = old.read(name).decode("utf-8")
                new.writestr(name, content.replace("worksheets/sheet1.xml", member[3:]))
        new.writestr(member, sheet)
    return path


@pytest.mark.parametrize("limit", [LIMIT, 1_000_000])
@pytest.mark.parametrize(
    "rows",
    [
        FIRST + FAR,
        FAR,
        FIRST + FAR.replace('"', "'"),
        FIRST + FAR.replace("r=", "s='1'  r = ").replace("XFD", "xfd"),
        FIRST + FAR.replace("<c r", '<c x="a>b" r').replace("<row r", "<row y='/>' r"),
        FIRST + '<row y=">" r="1048576">' + BARE * 200 + "</row>",
        FIRST + '<row r="1048576">' + '<c x=" r=">1</c>' * 200 + "</row>",
        '<row r="1"><c r="XFD1"><v>1</v></c></row><row r="1048576">' + BARE + "</row>",
        FIRST + '<row r="4000000000"><c r="A4000000000"><v/></c></row>',
    ],
)
def test_cells_far_apart_are_told(tmp_path: Path, rows: str, limit: int) -> None:
    far = far_sheet(workbook(tmp_path / "s.xlsx", rows), most_cells=limit)
    assert far is not None
    assert far[0] >= 1_048_576


@pytest.mark.parametrize(
    "rows",
    [
        FIRST,
        FIRST + '<row r="1048576" ht="15"/>',
        FIRST + '<row r="1048576"><c r="XFD1048576" s="1"/></row>',
        FIRST + '<row r="9"><c r="XFD9"><v>1</v></c></row>',
        FIRST + '<row r="1048576"><c r="AJ1048576"><v>1</v></c></row>',
        ("<row>" + BARE * 30 + "</row>") * 100,
    ],
)
def test_sheets_that_fit_are_read(tmp_path: Path, rows: str) -> None:
    path = workbook(tmp_path / "s.xlsx", rows)
    assert far_sheet(path, most_cells=LIMIT) is None


def test_a_workbook_with_a_far_cell_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = workbook(tmp_path / "s.xlsx", FIRST + FAR, member="xl/elsewhere/a.txt")
    with (
        pytest.raises(LoadError, match="row 1048576 and column 16384") as error,
        sheets.opened_workbook(path, "s.xlsx") as book,
    ):
        book.get_sheet_by_index(0)
    assert "XFD" not in error.value.text("zh")
    assert "第 1048576 行、第 16384 列" in error.value.text("zh")


def test_an_archive_that_only_others_can_open_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "s.xlsx", FIRST + FAR)
    path.write_bytes(path.read_bytes() + b" " * 70_000)
    with pytest.raises(LoadError, match="not a zip file"), sheets.opened_workbook(path, "s.xlsx"):
        pass
