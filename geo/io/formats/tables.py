"""CSV and XLSX tables, with coordinates, WKT or no place at all. All cells are read as text."""

import csv
import io
from collections.abc import Sequence
from datetime import date, time
from zipfile import BadZipFile

import pandas as pd
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from geo.errors import LoadError
from geo.io.formats.encodings import decode
from geo.io.formats.filters import filtered
from geo.io.formats.positions import with_positions
from geo.io.formats.raw import RawLayer, quiet, reason_of
from geo.io.project import LayerSpec

__all__ = ["read_csv", "read_excel"]


def read_csv(spec: LayerSpec) -> RawLayer:
    """Return a table of separated values: comma, semicolon or tab; UTF-8, GB 18030 or Big5."""
    data = spec.path.read_bytes()
    try:
        if spec.encoding:
            text, encoding = data.decode(spec.encoding), spec.encoding
        else:
            decoded = decode(data)
            text, encoding = decoded.text, decoded.encoding
    except (UnicodeDecodeError, LookupError) as error:
        raise LoadError(
            "io.bad_encoding", path=spec.shown, encoding=spec.encoding or "?"
        ) from error
    csv.field_size_limit(2**31 - 1)
    rows = list(csv.reader(io.StringIO(text.removeprefix("﻿")), delimiter=_delimiter(text)))
    return _table(spec, rows, encoding=encoding)


def read_excel(spec: LayerSpec) -> RawLayer:
    """Return one sheet of a workbook: the named one, else the first."""
    try:
        with quiet():
            book = load_workbook(spec.path, read_only=True, data_only=True)
            names = book.sheetnames
            wanted = spec.layer or names[0]
            rows = [list(row) for row in book[wanted].iter_rows(values_only=True)]
            book.close()
    except KeyError as error:
        known = ", ".join(names)
        raise LoadError("io.no_layer", path=spec.shown, layer=wanted, known=known) from error
    except (BadZipFile, InvalidFileException, OSError, ValueError) as error:
        raise LoadError("io.unreadable", path=spec.shown, reason=reason_of(error)) from error
    return _table(spec, rows, encoding=None)


def _delimiter(text: str) -> str:
    head = text.split("\n", 1)[0]
    return max((",", ";", "\t", "，"), key=head.count)


def _table(spec: LayerSpec, rows: Sequence[Sequence[object]], *, encoding: str | None) -> RawLayer:
    """Return `rows` under their header as a layer; blank rows are no rows."""
    filled = [row for row in rows if any(not _is_blank(cell) for cell in row)]
    if not filled:
        raise LoadError("io.no_rows", path=spec.shown)
    header = _header(filled[0])
    width = len(header)
    body = [[_cell(c) for c in row[:width]] + [None] * (width - len(row)) for row in filled[1:]]
    frame = filtered(pd.DataFrame(body, columns=header, dtype=object), spec)
    return with_positions(RawLayer(frame=frame, spec=spec, encoding=encoding, has_own_crs=False))


def _header(cells: Sequence[object]) -> list[str]:
    """Return the names of the columns, those without one numbered, repeated ones told apart."""
    names: list[str] = []
    for position, cell in enumerate(cells, 1):
        name = "" if cell is None else str(cell).strip()
        name = name or f"column_{position}"
        names.append(name if name not in names else f"{name}_{position}")
    return names


def _is_blank(cell: object) -> bool:
    return cell is None or not str(cell).strip()


def _cell(cell: object) -> object:
    """Return a cell without surrounding blanks; blank text is missing."""
    if isinstance(cell, str):
        return cell.strip() or None
    return cell.isoformat() if isinstance(cell, (date, time)) else cell
