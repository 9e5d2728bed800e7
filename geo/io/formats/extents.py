"""How far out the cells of an XLSX reach, told from its text before a reader makes room for them.

Readers that give a sheet as a block make room for the whole box around its cells: two cells at
opposite corners are 17 billion, and the process is gone. So places are sought in the text of every
member, wherever they stand: too many may be found (in a comment, say), never too few.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["UNREADABLE", "far_sheet"]

UNREADABLE: Final = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError,
)  # fmt: skip
"""What `far_sheet` raises on a damaged archive."""

_CHUNK: Final = 1 << 22
_MOST_COLUMNS: Final = 16_384
_OLE: Final = b"\xd0\xcf\x11\xe0"
"""How an XLS begins, which may hold zip archives as objects."""
_MEMBER: Final = b"PK\x03\x04"
_LETTERS: Final = 8
_DIGITS: Final = 20

_QUOTED: Final = rb"""(?:"[^"<>]*"|'[^'<>]*')"""
_EMPTY: Final = rb"(?:\s+[\w:]+\s*=\s*" + _QUOTED + rb")*\s*/>"
_CELL: Final = re.compile(rb"""r\s*=\s*["']([A-Za-z]+)([0-9]+)["'](?!""" + _EMPTY + rb")")
"""The place of a cell, unless its element has no content: that is only formatted."""
_FAR_CELL: Final = re.compile(
    rb"""r\s*=\s*["'](?:(?:[A-Za-z]{3,}|[Aa][K-Zk-z]|[B-Zb-z][A-Za-z])[0-9]|[A-Za-z]+[0-9]{7})"""
)
_NEAR_CELLS: Final = 36 * 999_999
"""Cells up to column AJ and row 999,999: what `_FAR_CELL` does not match lies among them."""
_UNPLACED_CELL: Final = re.compile(rb"c(?<=[<:]c)(?=[\s/>])(?!\s+r\s*=)")
_BARE_CELL: Final = re.compile(
    rb"c(?<=[<:]c)(?=[\s/>])(?!(?:\s+[\w:]+\s*=\s*" + _QUOTED + rb")*?\s+r\s*=)"
)
_ROW: Final = re.compile(rb"row(?<=[<:]row)(?=[\s/>])")
_ROW_NUMBER: Final = re.compile(rb"""r\s*=\s*["']([0-9]+)["']""")


def far_sheet(path: Path, *, most_cells: int) -> tuple[int, int] | None:
    """Return rows and columns of a sheet of more than `most_cells`, from its corner; None if none.

    Cells that are only formatted do not count. None for what is no zip archive, such as an XLS.
    O(n) in the size when unpacked.

    Raises
    ------
    Exception
        One of `UNREADABLE` if the archive is damaged.
    """
    if not zipfile.is_zipfile(path):
        _require_no_archive(path)
        return None
    with zipfile.ZipFile(path) as book:
        for info in book.infolist():
            if most_cells >= _NEAR_CELLS and not _has_far_cells(book, info):
                continue
            rows, columns = _box(book, info)
            if rows * columns > most_cells:
                return rows, columns
    return None


def _require_no_archive(path: Path) -> None:
    """Raise for an archive that Python cannot open: another reader may be less strict."""
    content = path.read_bytes()
    if not content.startswith(_OLE) and _MEMBER in content:
        msg = "not a zip file, though it has members of one"
        raise zipfile.BadZipFile(msg)


def _has_far_cells(book: zipfile.ZipFile, info: zipfile.ZipInfo) -> bool:
    return any(
        _FAR_CELL.search(text) is not None or _UNPLACED_CELL.search(text) is not None
        for text in _tags(book, info)
    )


def _box(book: zipfile.ZipFile, info: zipfile.ZipInfo) -> tuple[int, int]:
    """Return the last row and the last column of one member; cells without a place come last."""
    words, last_row, last_named, n_rows, n_bare = {b""}, 1, 1, 0, 0
    for text in _tags(book, info):
        cells = _CELL.findall(text)
        words |= {word for word, _ in cells}
        last_row = max(last_row, _largest({row for _, row in cells}))
        last_named = max(last_named, _largest(set(_ROW_NUMBER.findall(text))))
        n_rows += len(_ROW.findall(text))
        n_bare += len(_BARE_CELL.findall(text))
    column = max(1, *(_column(word) for word in words))
    if not n_bare:
        return last_row, column
    return max(last_row, last_named + n_rows), max(column, min(n_bare, _MOST_COLUMNS))


def _tags(book: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the text of a member in blocks that cut no tag in two."""
    kept = b""
    with book.open(info) as member:
        while chunk := member.read(_CHUNK):
            text = kept + chunk
            cut = max(text.rfind(b"<"), 0)
            kept = text[cut:]
            yield text[:cut]
    yield kept


def _largest(numbers: set[bytes]) -> int:
    return max((int(number[:_DIGITS]) for number in numbers), default=0)


def _column(word: bytes) -> int:
    """Return the number of a column: A is 1, XFD 16,384."""
    number = 0
    for letter in word[:_LETTERS].upper():
        number = number * 26 + letter - ord("A") + 1
    return number
