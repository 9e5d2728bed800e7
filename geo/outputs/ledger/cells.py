"""The cells of a sheet as SpreadsheetML, written as text: a tenth of the time of cell objects.

Text is inline text always, so nothing in it can run as a formula. Numbers have the 15 digits that
spreadsheets keep, so that they come back as they went.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple
from xml.sax.saxutils import escape

from openpyxl.utils import get_column_letter

from geo.outputs.ledger.sheets import Row, Sheet, row_height

__all__ = ["Look", "row_texts"]

_MAX_TEXT: Final = 32_767
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "#")
_ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Look(NamedTuple):
    """How a cell looks: its column's form, tint, weight, and whether its text may be a formula."""

    form: str
    tint: str
    is_bold: bool
    is_risky: bool


def row_texts(
    sheet: Sheet, widths: Sequence[float], style_of: Callable[[Look], int]
) -> Iterator[str]:
    """Yield the `<row>` elements of `sheet` below its header, in order.

    Parameters
    ----------
    sheet
        n rows, no more than a sheet can hold.
    widths
        Width of each column: how high a row must be, since no program finds out by itself.
    style_of
        Gives the number of a look's style in the workbook.
    """
    wrapped = [at for at, column in enumerate(sheet.columns) if column.form == "wrap"]
    letters = [get_column_letter(at + 1) for at in range(len(sheet.columns))]
    forms = [column.form for column in sheet.columns]
    styles: dict[Look, int] = {}
    for number, row in enumerate(sheet.rows, start=2):
        values = [_plain(value) for value in row.values]
        looks = _looks(row, values, forms)
        cells = []
        for letter, value, look in zip(letters, values, looks, strict=True):
            if look not in styles:
                styles[look] = style_of(look)
            cells.append(_cell(f'{letter}{number}" s="{styles[look]}', value))
        height = row_height(values, wrapped, widths)
        yield f'<row r="{number}" ht="{height:g}" customHeight="1">{"".join(cells)}</row>'


def _looks(row: Row, values: Iterable[Any], forms: Iterable[str]) -> Iterator[Look]:
    tint = "total" if row.is_total else ""
    for place, (form, value) in enumerate(zip(forms, values, strict=True)):
        is_risky = isinstance(value, str) and value.startswith(_FORMULA_STARTS)
        yield Look(form, row.tints.get(place, tint), row.is_total, is_risky)


def _cell(head: str, value: str | float | None) -> str:
    if value is None:
        return f'<c r="{head}"/>'
    if isinstance(value, str):
        text = f'<t xml:space="preserve">{escape(value)}</t>'
        return f'<c r="{head}" t="inlineStr"><is>{text}</is></c>'
    return f'<c r="{head}"><v>{value:.15g}</v></c>'


def _plain(value: Any) -> str | float | None:  # noqa: ANN401
    """Return what a cell can hold: numbers, legal text, lists 、-joined."""
    if value is None or isinstance(value, (int, float)):
        return int(value) if isinstance(value, bool) else value
    is_list = isinstance(value, (list, tuple))
    text = "、".join(str(item) for item in value) if is_list else str(value)
    return _ILLEGAL.sub("", text)[:_MAX_TEXT] or None
