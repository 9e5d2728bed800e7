"""Read back what the office wrote into a ledger: every row with its cells checked."""

import re
import warnings
import zipfile
import zlib
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from openpyxl import load_workbook

from geo.errors import GridCircleError, LoadError
from geo.outputs.ledger.office import DAY_ZERO, OFFICE_COLUMNS
from geo.words import LANGUAGES, text

__all__ = ["LedgerRow", "read_ledger"]

MAX_BYTES: Final = 1 << 30
"""A workbook that is larger when unpacked is refused."""

_MAX_TEXT: Final = 2000
_HEAD_ROWS: Final = 20
_MAX_COLUMNS: Final = 200
_MAX_BLANK: Final = 10_000
"""After so many blank lines a sheet is taken to be at its end."""

_FAULTS: Final = (
    AttributeError, EOFError, LookupError, NotImplementedError, OSError, RuntimeError, SyntaxError,
    TypeError, ValueError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What openpyxl raises on a file that is damaged."""
_KEYS: Final = ("finding_id", "stamp")
_DATE: Final = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_YEARS: Final = range(2000, 2200)
_ILLEGAL: Final = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_CLOSED: Final[Mapping[str, str]] = {
    "": "", "是": "是", "否": "否", "yes": "是", "no": "否", "√": "是", "✓": "是", "已销号": "是",
    "未销号": "否",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One row: `row` as Excel counts, from 1.

    `cells`
        Column of the office (those that the sheet has) to text; a deadline is an ISO date.
    `reason`
        Why the row cannot be taken, by language; empty where it can.
    """

    sheet: str
    row: int
    finding_id: str
    stamp: str
    cells: Mapping[str, str]
    reason: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def read_ledger(path: Path) -> tuple[LedgerRow, ...]:
    """Return the rows of every sheet that has the columns of the office, blank rows left out.

    Sheets are known by their header, which may stand below a title; columns may be missing, in any
    order, hidden or not.

    Raises
    ------
    LoadError
        If the file is no workbook, too large, or has no such sheet.
    """
    if not path.is_file():
        raise LoadError("ledger.no_file", path=path)
    _require_bounded(path)
    rows: list[LedgerRow] = []
    n_sheets = 0
    try:
        with closing(_sheets(path)) as sheets:
            for name, lines in sheets:
                head = _header(lines)
                if head is not None:
                    n_sheets += 1
                    rows += _rows(name, lines, at=head[0], places=head[1])
    except _FAULTS as error:
        if isinstance(error, LoadError):
            raise
        reason = str(error).split("\n", maxsplit=1)[0]
        raise LoadError("ledger.unreadable", path=path, reason=reason) from error
    if not n_sheets:
        wanted = text("outputs.finding_id", "zh")
        raise LoadError("ledger.no_sheet", path=path, column=wanted)
    return tuple(rows)


def _sheets(path: Path) -> Generator[tuple[str, Iterator[tuple[Any, ...]]], None, None]:
    """Yield name and lines of every sheet, read as they are asked for.

    A far cell costs empty lines and no memory, unlike with readers that make room for the whole
    sheet.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = load_workbook(path, read_only=True, data_only=True)
        try:
            for sheet in book.worksheets:
                sheet.reset_dimensions()
                yield sheet.title, sheet.iter_rows(max_col=_MAX_COLUMNS, values_only=True)
        finally:
            book.close()


def _require_bounded(path: Path) -> None:
    """Refuse what is no plain workbook, or larger than any ledger is."""
    if path.suffix.casefold() != ".xlsx":
        raise LoadError("ledger.not_xlsx", path=path)
    try:
        with zipfile.ZipFile(path) as packed:
            n_bytes = sum(member.file_size for member in packed.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise LoadError("ledger.unreadable", path=path, reason=error) from error
    if n_bytes > MAX_BYTES:
        raise LoadError("ledger.too_large", path=path, limit=MAX_BYTES >> 20)


def _header(lines: Iterable[Sequence[Any]]) -> tuple[int, Mapping[str, int]] | None:
    """Return the row of the header and the place of each known column; None where there is none.

    The lines up to the header are used up.
    """
    titles = {text(f"outputs.{key}", "zh"): key for key in (*_KEYS, *OFFICE_COLUMNS)}
    for at, line in enumerate(islice(lines, _HEAD_ROWS), start=1):
        found: dict[str, int] = {}
        for place, cell in enumerate(line):
            key = titles.get(str(cell).strip())
            if key is not None:
                found.setdefault(key, place)
        if any(name in found for name in OFFICE_COLUMNS) and "finding_id" in found:
            return at, found
    return None


def _rows(
    sheet: str, lines: Iterable[Sequence[Any]], *, at: int, places: Mapping[str, int]
) -> Iterator[LedgerRow]:
    n_blank = 0
    for number, line in enumerate(lines, start=at + 1):
        given = {key: line[place] if place < len(line) else None for key, place in places.items()}
        known = [_plain(given.pop(key, "")) for key in _KEYS]
        if not known[0] and not any(_plain(value) for value in given.values()):
            n_blank += 1
            if n_blank > _MAX_BLANK:
                return
            continue
        n_blank = 0
        cells, reason = {}, {}
        try:
            if not known[0]:
                raise LoadError("ledger.no_id", column=text("outputs.finding_id", "zh"))
            cells = {name: _cell(name, value) for name, value in given.items()}
        except GridCircleError as error:
            reason = {language: error.text(language) for language in LANGUAGES}
        yield LedgerRow(
            sheet=sheet,
            row=number,
            finding_id=known[0],
            stamp=known[1],
            cells=cells,
            reason=reason,
        )


def _cell(name: str, value: Any) -> str:  # noqa: ANN401
    if name == "deadline":
        return _day(value)
    given = _plain(value)
    title = text(f"outputs.{name}", "zh")
    if name == "closed":
        if given.casefold() not in _CLOSED:
            raise LoadError("ledger.bad_closed", column=title, value=given)
        return _CLOSED[given.casefold()]
    if len(given) > _MAX_TEXT:
        raise LoadError("ledger.too_long", column=title, limit=_MAX_TEXT)
    return given


def _day(value: Any) -> str:  # noqa: ANN401
    """Return a day as ISO date, from a date cell, a number of days, or text in a usual form."""
    given = _plain(value)
    if not given:
        return ""
    day = _date_of(value, given)
    if day is None or day.year not in _YEARS:
        raise LoadError("ledger.bad_date", column=text("outputs.deadline", "zh"), value=given[:40])
    return day.isoformat()


def _date_of(value: Any, given: str) -> date | None:  # noqa: ANN401
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        if given.isdecimal():
            return DAY_ZERO + timedelta(days=int(given))
        parts = _DATE.fullmatch(given)
        return date(*map(int, parts.groups())) if parts else None
    except (ValueError, OverflowError):
        return None


def _plain(value: Any) -> str:  # noqa: ANN401
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return _ILLEGAL.sub("", str(value)).replace("\r\n", "\n").strip()
