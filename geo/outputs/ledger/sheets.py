"""Sheets as data, and how wide and high their cells must be."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from types import MappingProxyType
from typing import Any, Final

__all__ = ["MAX_ROWS", "Column", "Row", "Sheet", "column_widths", "row_height", "split_sheet"]

MAX_ROWS: Final = 1_048_575
"""Rows that a sheet can have below its header."""

_WIDE: Final = re.compile("[\u2e80-\uffff\U00010000-\U0010ffff]")
_LINE_POINTS: Final = 14.0
_MAX_POINTS: Final = 400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column.

    `form` is `text`, `label` (short, centred), `wrap`, `count`, `plain`, `number`, `fine`, `share`
    or `date`.

    `note` is told in a comment on the header; `choices` are the only values that a hand may enter;
    `is_hidden` columns are for programs.
    """

    title: str
    form: str = "text"
    width: float | None = None
    note: str = ""
    choices: tuple[str, ...] = ()
    is_hidden: bool = False


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


def split_sheet(sheet: Sheet) -> Iterator[Sheet]:
    """Yield `sheet`, or where it has more than `MAX_ROWS` rows its parts: `名`, `名（2）`, …."""
    for start in range(0, max(len(sheet.rows), 1), MAX_ROWS):
        name = f"{sheet.name}（{start // MAX_ROWS + 1}）" if start else sheet.name
        yield replace(sheet, name=name, rows=sheet.rows[start : start + MAX_ROWS])


def column_widths(sheet: Sheet) -> list[float]:
    """Return the width of each column in characters."""
    return [
        column.width or _fitting_width(sheet, place) for place, column in enumerate(sheet.columns)
    ]


def row_height(values: Sequence[Any], wrapped: Iterable[int], widths: Sequence[float]) -> float:
    """Return the height (points) of a row whose `wrapped` cells break their lines."""
    n_lines = 1
    for at in wrapped:
        if isinstance(values[at], str):
            space = max(widths[at] - 1.5, 1.0)
            lines = values[at].split("\n")
            n_lines = max(n_lines, sum(ceil(_line_width(line) / space) or 1 for line in lines))
    return min(_LINE_POINTS * n_lines + 4.0, _MAX_POINTS)


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
