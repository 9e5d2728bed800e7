"""The workbook that sheets become. openpyxl makes all but the cells, which are written as text."""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.comments import Comment
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from geo.outputs.ledger.cells import Look, row_texts
from geo.outputs.ledger.sheets import Sheet, column_widths, row_height, split_sheet

__all__ = ["write_workbook"]

_FONT: Final = "Microsoft YaHei"
_PAPERS: Final = MappingProxyType({"A3": 8, "A4": 9})
_FORMATS: Final = MappingProxyType(
    {
        "count": "#,##0",
        "plain": "#,##0.####",
        "number": "#,##0.0",
        "fine": "0.00",
        "share": "0.0%",
        "date": "yyyy-mm-dd",
    }
)
_TINTS: Final = MappingProxyType(
    {
        "error": "F8CBAD",
        "warning": "FFE699",
        "info": "DDEBF7",
        "good": "E2EFDA",
        "doubt": "EDEDED",
        "total": "D9E1F2",
    }
)
_LINE: Final = Side(style="thin", color="BFBFBF")
_CHUNK: Final = 1000
_DIMENSION: Final = re.compile(rb'(<dimension ref="A1:[A-Z]+)1')
_MODIFIED: Final = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")


def write_workbook(
    sheets: Iterable[Sheet], path: Path, *, title: str, created: str, footer: str
) -> None:
    """Write `sheets` to `path`: filters, widths, number formats and print set-up included.

    The same sheets give the same bytes; `created` (ISO) is the time that the file tells.
    """
    made = datetime.fromisoformat(created).replace(tzinfo=None)
    book = Workbook()
    book.remove(book.active)
    book.properties.title, book.properties.creator = title, "GridCircle"
    book.properties.created = made
    rows: dict[str, list[str]] = {}
    pages = (page for sheet in sheets for page in split_sheet(sheet))
    for number, sheet in enumerate(pages, start=1):
        page = book.create_sheet(sheet.name)
        widths = column_widths(sheet)
        _set_up(page, sheet, widths, texts=(title, footer))
        _add_header(page, sheet, widths)
        texts = row_texts(sheet, widths, lambda look, page=page: _style(page, look))  # type: ignore[misc]
        rows[f"xl/worksheets/sheet{number}.xml"] = list(texts)
    shell = io.BytesIO()
    book.save(shell)
    with ZipFile(shell) as source, ZipFile(path, "w", ZIP_DEFLATED) as target:
        _fill(source, target, rows=rows, made=made)


def _fill(
    source: ZipFile, target: ZipFile, *, rows: Mapping[str, Sequence[str]], made: datetime
) -> None:
    """Copy the workbook, with `rows` below the header of each sheet and `made` for every time."""
    for name in source.namelist():
        content = source.read(name)
        if name == "docProps/core.xml":
            content = _MODIFIED.sub(rf"\g<1>{made:%Y-%m-%dT%H:%M:%SZ}".encode(), content)
        info = ZipInfo(name, made.timetuple()[:6])
        info.compress_type = ZIP_DEFLATED
        with target.open(info, "w") as stream:
            if name not in rows:
                stream.write(content)
                continue
            head, foot = content.split(b"</sheetData>", 1)
            stream.write(_DIMENSION.sub(rf"\g<1>{len(rows[name]) + 1}".encode(), head, count=1))
            for start in range(0, len(rows[name]), _CHUNK):
                stream.write("".join(rows[name][start : start + _CHUNK]).encode())
            stream.write(b"</sheetData>" + foot)


def _set_up(page: Any, sheet: Sheet, widths: Sequence[float], *, texts: tuple[str, str]) -> None:  # noqa: ANN401
    """Set widths, panes, filter and print; `texts` are the title of the workbook and the footer."""
    title, footer = texts
    for place, width in enumerate(widths):
        dimension = page.column_dimensions[get_column_letter(place + 1)]
        dimension.width, dimension.hidden = width, sheet.columns[place].is_hidden
    last = get_column_letter(len(sheet.columns))
    n_rows = len(sheet.rows) + 1
    page.freeze_panes = f"{get_column_letter(sheet.n_frozen + 1)}2"
    page.auto_filter.ref = f"A1:{last}{n_rows}"
    page.print_title_rows = "1:1"
    page.page_setup.orientation = "landscape"
    page.page_setup.paperSize = _PAPERS[sheet.paper]
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.page_margins.left = page.page_margins.right = 0.4
    page.oddHeader.center.text = f"{title}　{sheet.name}".replace("&", "&&")
    page.oddFooter.center.text = footer
    _add_choices(page, sheet, n_rows)


def _add_choices(page: Any, sheet: Sheet, n_rows: int) -> None:  # noqa: ANN401
    for place, column in enumerate(sheet.columns):
        if column.choices and n_rows > 1:
            letter = get_column_letter(place + 1)
            choices = f'"{",".join(column.choices)}"'
            validation = DataValidation(type="list", formula1=choices, allow_blank=True)
            validation.add(f"{letter}2:{letter}{n_rows}")
            page.add_data_validation(validation)
    if sheet.done_column is not None and n_rows > 1:
        letter = get_column_letter(sheet.done_column + 1)
        done = sheet.columns[sheet.done_column].choices[0]
        grey = FormulaRule(formula=[f'${letter}2="{done}"'], font=Font(color="A6A6A6"))
        last = get_column_letter(len(sheet.columns))
        page.conditional_formatting.add(f"A2:{last}{n_rows}", grey)


def _add_header(page: Any, sheet: Sheet, widths: Sequence[float]) -> None:  # noqa: ANN401
    titles = [column.title for column in sheet.columns]
    page.row_dimensions[1].height = row_height(titles, range(len(titles)), widths) + 8.0
    for place, column in enumerate(sheet.columns, start=1):
        cell = page.cell(row=1, column=place, value=column.title)
        cell.font = Font(name=_FONT, size=10, bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="2F5597")
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        cell.border = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
        if column.note:
            cell.comment = Comment(column.note, "GridCircle")


def _style(page: Any, look: Look) -> int:  # noqa: ANN401
    """Return the number of the style of `look` in the workbook of `page`."""
    cell = Cell(page, row=1, column=1)
    cell.font = Font(name=_FONT, size=10, bold=look.is_bold)
    side = "center" if look.form in ("label", "date") else None
    is_wrapped = look.form == "wrap"
    cell.alignment = Alignment(horizontal=side, vertical="center", wrap_text=is_wrapped)
    cell.border = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
    cell.number_format = _FORMATS.get(look.form, "@")
    if look.tint:
        cell.fill = PatternFill("solid", fgColor=_TINTS[look.tint])
    if look.is_risky:
        cell.quotePrefix = True
    return int(cell.style_id)
