"""Sheets as data, and the workbook they become: openpyxl is known here only."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import ceil
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

__all__ = ["Column", "Row", "Sheet", "write_workbook"]

_FONT: Final = "Microsoft YaHei"
_MAX_TEXT: Final = 32_767
_MAX_ROWS: Final = 1_048_575
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
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "#")
_WIDE: Final = re.compile("[\u2e80-\uffff\U00010000-\U0010ffff]")
_LINE_POINTS: Final = 14.0
_MAX_POINTS: Final = 400.0
_LINE: Final = Side(style="thin", color="BFBFBF")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column.

    `form` is `text`, `label` (short, centred), `wrap`, `count`, `plain`, `number`, `fine`, `share`
    or `date`.

    `note` is told in a comment on the header; `choices` are the only values that a hand may enter.
    """

    title: str
    form: str = "text"
    width: float | None = None
    note: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: a value a column, and the tints of cells by place; `is_total` makes it bold."""

    values: Sequence[Any]
    tints: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    is_total: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet: its header is row 1, frozen with the first `n_frozen` columns.

    `done_column` is the place of the column whose first choice greys a row.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    n_frozen: int = 1
    paper: str = "A4"
    done_column: int | None = None


def write_workbook(
    sheets: Iterable[Sheet], path: Path, *, title: str, created: str, footer: str
) -> None:
    """Write `sheets` to `path`: filters, widths, number formats and print set-up included."""
    book = Workbook(write_only=True)
    book.properties.title = title
    book.properties.creator = "GridCircle"
    book.properties.created = datetime.fromisoformat(created).replace(tzinfo=None)
    for sheet in sheets:
        page = book.create_sheet(sheet.name)
        widths = [
            column.width or _fitting_width(sheet, place)
            for place, column in enumerate(sheet.columns)
        ]
        _set_up(page, sheet, widths, texts=(title, footer))
        _write_rows(page, sheet, widths)
    book.save(path)


def _write_rows(page: Any, sheet: Sheet, widths: Sequence[float]) -> None:  # noqa: ANN401
    """Write header and rows, each as high as its wrapped text needs: no program does it for us."""
    wrapped = [at for at, column in enumerate(sheet.columns) if column.form == "wrap"]
    titles = [column.title for column in sheet.columns]
    page.row_dimensions[1].height = _height(titles, range(len(titles)), widths) + 8.0
    page.append(list(_header(page, sheet)))
    styles = _Styles(page, sheet)
    for number, given in enumerate(sheet.rows[:_MAX_ROWS], start=2):
        row = replace(given, values=[_plain(value) for value in given.values])
        page.row_dimensions[number].height = _height(row.values, wrapped, widths)
        page.append(styles.cells(row))


def _plain(value: Any) -> str | float | None:  # noqa: ANN401
    """Return what a cell can hold: numbers, legal text, lists 、-joined."""
    if value is None or isinstance(value, (int, float)):
        return value
    is_list = isinstance(value, (list, tuple))
    text = "、".join(str(item) for item in value) if is_list else str(value)
    return str(ILLEGAL_CHARACTERS_RE.sub("", text))[:_MAX_TEXT] or None


def _height(values: Sequence[Any], wrapped: Iterable[int], widths: Sequence[float]) -> float:
    """Return the height (points) of a row whose `wrapped` cells break their lines."""
    n_lines = 1
    for at in wrapped:
        if isinstance(values[at], str):
            space = max(widths[at] - 1.5, 1.0)
            lines = values[at].split("\n")
            n_lines = max(n_lines, sum(ceil(_line_width(line) / space) or 1 for line in lines))
    return min(_LINE_POINTS * n_lines + 4.0, _MAX_POINTS)


def _set_up(page: Any, sheet: Sheet, widths: Sequence[float], *, texts: tuple[str, str]) -> None:  # noqa: ANN401
    """Set widths, panes, filter and print; `texts` are the title of the workbook and the footer."""
    title, footer = texts
    for place, width in enumerate(widths):
        page.column_dimensions[get_column_letter(place + 1)].width = width
    last = get_column_letter(len(sheet.columns))
    n_rows = min(len(sheet.rows), _MAX_ROWS) + 1
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
            page.data_validations.append(validation)
    if sheet.done_column is not None and n_rows > 1:
        letter = get_column_letter(sheet.done_column + 1)
        done = sheet.columns[sheet.done_column].choices[0]
        grey = FormulaRule(formula=[f'${letter}2="{done}"'], font=Font(color="A6A6A6"))
        last = get_column_letter(len(sheet.columns))
        page.conditional_formatting.add(f"A2:{last}{n_rows}", grey)


def _header(page: Any, sheet: Sheet) -> Iterator[WriteOnlyCell]:  # noqa: ANN401
    for column in sheet.columns:
        cell = WriteOnlyCell(page, value=column.title)
        cell.font = Font(name=_FONT, size=10, bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="2F5597")
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        cell.border = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
        if column.note:
            cell.comment = Comment(column.note, "GridCircle")
        yield cell


class _Styles:
    """One cell a column, tint and kind of text: styled once, filled and appended for each row.

    A write-only sheet writes a row at once, so its cells can be used again; a style set on every
    cell would cost ten times as much.
    """

    def __init__(self, page: Any, sheet: Sheet) -> None:  # noqa: ANN401
        self._page = page
        self._columns = sheet.columns
        self._cells: dict[_Look, WriteOnlyCell] = {}

    def cells(self, row: Row) -> list[WriteOnlyCell]:
        """Return the cells of `row`, valid until the next call."""
        return [self._cell(row, place) for place in range(len(row.values))]

    def _cell(self, row: Row, place: int) -> WriteOnlyCell:
        value = row.values[place]
        look = _Look(
            place=place,
            tint=row.tints.get(place, "total" if row.is_total else ""),
            is_bold=row.is_total,
            is_risky=isinstance(value, str) and value.startswith(_FORMULA_STARTS),
        )
        cell = self._cells.get(look)
        if cell is None:
            cell = self._cells[look] = self._styled(look)
        cell.value = value
        if isinstance(value, str):
            cell.data_type = "s"
        return cell

    def _styled(self, look: "_Look") -> WriteOnlyCell:
        form = self._columns[look.place].form
        cell = WriteOnlyCell(self._page)
        cell.font = Font(name=_FONT, size=10, bold=look.is_bold)
        side = "center" if form == "label" else None
        cell.alignment = Alignment(horizontal=side, vertical="center", wrap_text=form == "wrap")
        cell.border = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
        cell.number_format = _FORMATS.get(form, "@")
        if look.tint:
            cell.fill = PatternFill("solid", fgColor=_TINTS[look.tint])
        if look.is_risky:
            cell.quotePrefix = True
        return cell


class _Look(NamedTuple):
    """How a cell looks: its column's place, tint, weight, and whether its text may be a formula."""

    place: int
    tint: str
    is_bold: bool
    is_risky: bool


def _fitting_width(sheet: Sheet, place: int) -> float:
    """Return a width that shows most values of a column, in characters (a Chinese one is two)."""
    column = sheet.columns[place]
    if column.form == "date":
        return 12.0
    head = _shown_width(column.title)
    if column.form not in ("text", "label", "wrap"):
        return min(max(9.0, min(head, 14.0) + 3.0), 17.0)
    sample = sheet.rows[:: max(1, len(sheet.rows) // 300)]
    widths = sorted(_shown_width(str(row.values[place] or "")) for row in sample) or [0.0]
    usual = widths[int(0.98 * (len(widths) - 1))]
    most = 48.0 if column.form == "wrap" else 34.0
    return min(max(usual + 2.0, min(head, 14.0) + 3.0, 6.0), most)


def _shown_width(text: str) -> float:
    return max(_line_width(line) for line in text.split("\n"))


def _line_width(line: str) -> float:
    """Return the width of a line in characters; Chinese and full-width signs take two."""
    return 1.05 * len(line) + 0.95 * len(_WIDE.findall(line))
