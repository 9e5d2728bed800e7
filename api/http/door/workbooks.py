"""Workbooks before they are opened: no macros, and no larger than memory when unpacked."""

import zipfile
from pathlib import Path
from typing import Final

from api.http.door.limits import Limits, TooLargeError, UploadError
from geo.io.formats.extents import UNREADABLE, far_sheet

__all__ = ["require_cells", "require_workbook"]

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
        far = far_sheet(path, most_cells=limits.workbook_cells)
    except UNREADABLE as error:
        raise UploadError("door.broken_file", name=path.name) from error
    if far is not None:
        raise TooLargeError("door.large_sheet", name=path.name, rows=far[0], columns=far[1])
