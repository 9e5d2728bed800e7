"""Shapefiles in UTF-8 whose names of columns, or whose cells, were cut within a character."""

import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from geo.io.formats.raw import Note

__all__ = ["Mended", "mended_copy"]

_HEADER_BYTES: Final = 32
_FIELD_BYTES: Final = 32
_NAME_BYTES: Final = 11
_END: Final = 0x0D
_CHUNK_ROWS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """A copy that can be read, and what was cut off in it."""

    path: Path
    notes: tuple[Note, ...]


@contextmanager
def mended_copy(path: Path) -> Iterator[Mended]:
    """Give a copy of a `.shp` or `.dbf` without broken characters, while it is used.

    A name of a column has room for ten bytes: three characters of UTF-8 and a third of the next,
    which no reader can decode. Programs that count bytes cut cells in the same way.

    Raises
    ------
    OSError
        If the file cannot be read or copied.
    """
    prefix = {"prefix": "gridcircle-", "ignore_cleanup_errors": True}
    with tempfile.TemporaryDirectory(**prefix) as name:  # type: ignore[call-overload]
        folder = Path(name)
        notes: tuple[Note, ...] = ()
        for part in path.parent.glob(f"{glob.escape(path.stem)}.*"):
            if part.suffix.casefold() == ".dbf":
                with part.open("rb") as source, (folder / part.name).open("wb") as target:
                    notes = _mended(source, target)
            elif part.is_file():
                _shared(part, folder / part.name)
        yield Mended(path=folder / path.name, notes=notes)


def _mended(source: BinaryIO, target: BinaryIO) -> tuple[Note, ...]:
    """Write a table anew with whole characters, and return what was cut."""
    head = source.read(_HEADER_BYTES)
    target.write(head)
    names: list[str] = []
    columns: list[tuple[int, int]] = []
    at = 1  # the mark of a row that was deleted comes first
    rest = b""
    while len(rest := source.read(_FIELD_BYTES)) == _FIELD_BYTES and rest[0] != _END:
        name = rest[:_NAME_BYTES].split(b"\0", 1)[0]
        whole = _whole(name)
        if whole != name:
            names.append(whole.decode("utf-8"))
        if rest[11:12] == b"C":
            columns.append((at, at + rest[16] + 256 * rest[17]))
        at += rest[16] + (256 * rest[17] if rest[11:12] == b"C" else 0)
        target.write(whole.ljust(_NAME_BYTES, b"\0") + rest[_NAME_BYTES:])
    target.write(rest)
    body = int.from_bytes(head[8:10], "little") - source.tell()
    target.write(source.read(max(0, body)))
    n = _mend_rows(source, target, columns, size=int.from_bytes(head[10:12], "little"))
    notes: list[Note] = [("io.names_cut", {"names": ", ".join(names)})] if names else []
    return (*notes, *((("io.cells_cut", {"n": n}),) if n else ()))


def _mend_rows(
    source: BinaryIO, target: BinaryIO, columns: list[tuple[int, int]], *, size: int
) -> int:
    """Copy the rows, of `size` bytes each, and return how many cells were cut."""
    n = 0
    while size and (chunk := source.read(size * _CHUNK_ROWS)):
        rows = bytearray(chunk)
        for start in range(0, len(rows), size):
            for first, last in columns:
                cell = bytes(rows[start + first : start + last])
                whole = cell if cell.isascii() else _whole(cell)
                if whole != cell:
                    rows[start + first : start + last] = whole.ljust(len(cell), b" ")
                    n += 1
        target.write(rows)
    shutil.copyfileobj(source, target)
    return n


def _whole(text: bytes) -> bytes:
    """Return `text` without bytes that are no characters of UTF-8."""
    return text.decode("utf-8", errors="ignore").encode("utf-8")


def _shared(source: Path, target: Path) -> None:
    """Let `target` be the same file as `source`; a copy where the system cannot."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
