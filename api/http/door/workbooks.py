"""Workbooks before they are opened: no macros, and no larger than memory when unpacked."""

import re
import zipfile
from pathlib import Path
from typing import Final

from api.http.door.limits import Limits, TooLargeError, UploadError

__all__ = ["require_cells", "require_workbook"]

_CHUNK: Final = 1 << 20
_OVERLAP: Final = 512
_SHEET: Final = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_PLACE: Final = re.compile(rb'<(?:\w+:)?(?:c|row|dimension)\b[^>]*?\br(?:ef)?="([A-Z]*)([0-9]+)"')
_BARE_CELL: Final = re.compile(rb"<(?:\w+:)?c(?=[\s/>])(?![^>]*\br=)")
_MOST_COLUMNS: Final = 16_384
_MACRO_MARKS: Final = ("vbaproject", "macrosheets/", "dialogsheets/", "basic/")


def require_workbook(path: Path, limits: Limits) -> None:
    """Check the list of what an XLSX or ODS holds, without unpacking it.

    Raises
    ------
    UploadError
        If it is no workbook, or has macros.
    TooLargeError
        If it is larger than `workbook_bytes` when unpacked.
    """
    try:
        with zipfile.ZipFile(path) as book:
            infos = book.infolist()
            names = {info.filename.casefold() for info in infos}
            types = book.read("[Content_Types].xml") if "[content_types].xml" in names else b""
    except (zipfile.BadZipFile, OSError, KeyError, RuntimeError, ValueError) as error:
        raise UploadError("door.broken_file", name=path.name) from error
    if not names & {"xl/workbook.xml", "content.xml"}:
        raise UploadError("door.wrong_ending", name=path.name, ending=path.suffix)
    if b"macroEnabled" in types or any(mark in name for name in names for mark in _MACRO_MARKS):
        raise UploadError("door.macro_file", name=path.name)
    size = sum(info.file_size for info in infos)
    if size > limits.workbook_bytes or len(infos) > limits.members:
        raise TooLargeError(
            "door.large_workbook",
            name=path.name,
            mb=size // 10**6,
            limit=limits.workbook_bytes // 10**6,
        )


def require_cells(path: Path, limits: Limits) -> None:
    """Check that the box around the cells of each sheet of an XLSX is not too large to be read.

    A reader makes room for the whole box: two cells at opposite corners of a sheet are 17 billion.
    O(n) in the unpacked size.

    Raises
    ------
    TooLargeError
        If it is larger than `workbook_cells`.
    UploadError
        If the file is damaged.
    """
    try:
        with zipfile.ZipFile(path) as book:
            for info in book.infolist():
                if _SHEET.fullmatch(info.filename):
                    rows, columns = _box(book, info)
                    if rows * columns > limits.workbook_cells:
                        raise TooLargeError(
                            "door.large_sheet", name=path.name, rows=rows, columns=columns
                        )
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, ValueError) as error:
        if isinstance(error, UploadError):
            raise
        raise UploadError("door.broken_file", name=path.name) from error


def _box(book: zipfile.ZipFile, info: zipfile.ZipInfo) -> tuple[int, int]:
    """Return the last row and the last column that a sheet names; a cell without place is last."""
    last_row, words, n_bare = 1, {b"A"}, 0
    kept = b""
    with book.open(info) as sheet:
        while chunk := sheet.read(_CHUNK):
            text = kept + chunk
            found = _PLACE.findall(text)
            last_row = max([last_row, *(int(row[:8]) for _, row in found)])
            words |= {word for word, _ in found}
            n_bare += len(_BARE_CELL.findall(text))
            kept = text[-_OVERLAP:]
    column = max(_column(word) for word in words)
    return last_row, max(column, min(n_bare, _MOST_COLUMNS))


def _column(word: bytes) -> int:
    """Return the number of a column: A is 1, XFD 16,384."""
    number = 0
    for letter in word[:4]:
        number = number * 26 + letter - ord("A") + 1
    return number
