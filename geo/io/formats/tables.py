"""Tables of separated values and sheets, with coordinates, WKT or no place at all."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Final

import pandas as pd

from geo.errors import LoadError
from geo.io.formats.encodings import Decoded, decode
from geo.io.formats.filters import chosen_rows
from geo.io.formats.headers import Header, find_header, is_blank
from geo.io.formats.positions import with_positions
from geo.io.formats.raw import Note, RawLayer
from geo.io.project import LayerSpec

__all__ = ["read_csv", "table"]

_DELIMITERS: Final = (",", ";", "\t", "|", "，", "；")
_QUOTED: Final = re.compile(r'"[^"\n]*"')
_SEP_LINE: Final = re.compile(r"sep=(.)\s*(\r\n|\n|\r)", re.IGNORECASE)
_HEAD_LINES: Final = 30
_MOST_UNREADABLE: Final = 0.01
"""Share of unreadable characters beyond which an encoding is wrong."""

Row = Sequence[object]


def read_csv(spec: LayerSpec) -> RawLayer:
    """Return a table of separated values: comma, semicolon, tab or bar; in any encoding of ours."""
    decoded = _decoded(spec, spec.path.read_bytes())
    rows, notes = _rows(decoded.text)
    if decoded.n_unreadable:
        unread = {"n": decoded.n_unreadable, "encoding": decoded.encoding}
        notes = (("io.unreadable_characters", unread), *notes)
    return table(spec, rows, encoding=decoded.encoding, notes=notes)


def table(
    spec: LayerSpec,
    rows: Sequence[Row],
    *,
    encoding: str | None = None,
    notes: tuple[Note, ...] = (),
) -> RawLayer:
    """Return `rows`, all lines of a table, as a layer; blank lines are no rows.

    A row with cells beyond the header is refused, for its cells may have slipped, unless most rows
    have them: then the header is what is short.

    Raises
    ------
    LoadError
        If no line is filled, or a layer that needs places has no column of them.
    """
    header = find_header(rows, spec)
    body = [row for row in rows[header.body :] if not all(map(is_blank, row))]
    if not body:
        raise LoadError("io.no_rows", path=spec.shown)
    names = list(header.names)
    lengths = [_length(row) for row in body]
    is_long = [length > len(names) for length in lengths]
    if sum(is_long) * 2 > len(body):
        names += [f"column_{n}" for n in range(len(names) + 1, max(lengths) + 1)]
    width = len(names)
    cells = [[*map(_cell, row[:width]), *[None] * (width - len(row))] for row in body]
    frame = pd.DataFrame(cells, columns=names, dtype=object)
    kept = chosen_rows(frame, spec)
    refused = {
        new: ("io.too_many_cells", {"value": str(body[old][width])[:40], "n": width})
        for new, old in enumerate(kept)
        if lengths[old] > width
    }
    raw = RawLayer(
        frame=frame.iloc[kept].reset_index(drop=True),
        spec=spec,
        encoding=encoding,
        problems=(*notes, *_header_note(rows, header)),
        has_own_crs=False,
        refused=refused,
    )
    return with_positions(raw)


def _header_note(rows: Sequence[Row], header: Header) -> tuple[Note, ...]:
    """Return a note when the header is not simply the first line."""
    n_lines = header.body - header.line
    if n_lines == 1 and all(all(map(is_blank, row)) for row in rows[: header.line]):
        return ()
    return (("io.header_line", {"line": header.line + 1, "n_lines": n_lines}),)


def _decoded(spec: LayerSpec, data: bytes) -> Decoded:
    """Return the text of a file in the encoding that the project gives, else the one that fits."""
    try:
        if spec.encoding:
            decoded = Decoded(text=data.decode(spec.encoding), encoding=spec.encoding)
        else:
            decoded = decode(data)
    except (UnicodeDecodeError, LookupError) as error:
        raise LoadError(
            "io.bad_encoding", path=spec.shown, encoding=spec.encoding or "?"
        ) from error
    if decoded.n_unreadable > max(3, _MOST_UNREADABLE * len(decoded.text)):
        raise LoadError("io.no_encoding", path=spec.shown)
    text = decoded.text.removeprefix("\ufeff").replace("\0", "")
    return Decoded(text=text, encoding=decoded.encoding, n_unreadable=decoded.n_unreadable)


def _rows(text: str) -> tuple[list[list[str]], tuple[Note, ...]]:
    """Return the cells of every line.

    Where quotes do not close, a reader would swallow all lines up to the next one; then each line
    is read by itself.
    """
    csv.field_size_limit(2**31 - 1)
    told = _SEP_LINE.match(text)
    if told is not None:
        text = text[told.end() :]
    delimiter = told.group(1) if told is not None else _delimiter(text)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)), ()
    except csv.Error:
        rows = [_line(line, delimiter) for line in text.splitlines()]
        return rows, (("io.loose_quotes", {}),)


def _line(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return [cell.strip().strip('"') for cell in line.split(delimiter)]


def _delimiter(text: str) -> str:
    """Return the separator of the first lines: in the most lines, then most often."""
    head = text[: 1 << 16].splitlines()[:_HEAD_LINES]
    lines = [_QUOTED.sub("", line) for line in head]
    return max(
        _DELIMITERS,
        key=lambda sign: (
            sum(sign in line for line in lines),
            sum(map(len, (line.split(sign) for line in lines))),
        ),
    )


def _length(row: Row) -> int:
    """Return the length of a row without the blank cells at its end."""
    return max((n for n, cell in enumerate(row, 1) if not is_blank(cell)), default=0)


def _cell(cell: object) -> object:
    """Return a cell without surrounding blanks; blank text is missing, dates are text."""
    if isinstance(cell, str):
        return cell.strip() or None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return int(cell)
    if isinstance(cell, timedelta):
        return str(cell)
    return cell.isoformat() if isinstance(cell, (date, time)) else cell
