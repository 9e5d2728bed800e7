"""Raster tiles on this machine: MBTiles, PMTiles, or a folder `z/x/y.png`."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Protocol

from geo.errors import LoadError, MissingExtraError

__all__ = ["TileFiles", "open_tiles", "raster_type"]

_ENDINGS: Final = ("png", "jpg", "jpeg", "webp")
_SIGNATURES: Final[Mapping[bytes, str]] = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
}
_MAX_ZOOM: Final = 22


class TileFiles(Protocol):
    """Where tiles are read from; places are those of XYZ, y from the north."""

    def tile(self, z: int, x: int, y: int) -> bytes | None:
        """Return a tile as it is kept, None where there is none."""

    def zooms(self) -> tuple[int, int]:
        """Return the least and the greatest zoom that has tiles."""


def raster_type(tile: bytes) -> str | None:
    """Return the media type of a picture by its first bytes, None for anything else."""
    if tile[:4] == b"RIFF" and tile[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _SIGNATURES.items() if tile.startswith(start)), None)


def open_tiles(path: Path) -> TileFiles:
    """Return the tiles at `path`.

    Raises
    ------
    LoadError
        If it is none of the three, or broken.
    MissingExtraError
        If it is a PMTiles archive and the extra `pmtiles` is not installed.
    """
    try:
        if path.is_dir():
            return _Folder(path)
        if path.suffix.lower() == ".mbtiles" and path.is_file():
            return _MBTiles(path)
        if path.suffix.lower() == ".pmtiles" and path.is_file():
            return _PMTiles(path)
    except (OSError, sqlite3.Error, ValueError, KeyError) as error:
        raise LoadError("maps.bad_tiles", path=path, reason=str(error)) from error
    raise LoadError("maps.no_tiles", path=path)


class _MBTiles:
    """Tiles in SQLite, rows from the south; opened anew for each tile, so any thread may ask."""

    def __init__(self, path: Path) -> None:
        self._uri = f"{path.resolve().as_uri()}?mode=ro"
        least, most = self._ask("SELECT min(zoom_level), max(zoom_level) FROM tiles", ())
        if least is None:
            message = "no tiles"
            raise ValueError(message)
        self._zooms = int(least), int(most)

    def tile(self, z: int, x: int, y: int) -> bytes | None:
        row = self._ask(
            "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?",
            (z, x, 2**z - 1 - y),
        )
        return None if row is None or row[0] is None else bytes(row[0])

    def zooms(self) -> tuple[int, int]:
        return self._zooms

    def _ask(self, query: str, values: tuple[int, ...]) -> Any:  # noqa: ANN401
        with closing(sqlite3.connect(self._uri, uri=True)) as database:
            return database.execute(query, values).fetchone()


class _PMTiles:
    """Tiles in one archive, read in part by the library."""

    def __init__(self, path: Path) -> None:
        if find_spec("pmtiles") is None:
            raise MissingExtraError(
                "layers.missing_extra", what="PMTiles", package="pmtiles", extra="pmtiles"
            )
        from pmtiles.tile import (  # noqa: PLC0415 an extra
            MagicNumberNotFound,
            SpecVersionUnsupported,
        )

        self._path = path
        try:
            header = self._reader_of(self._bytes).header()
        except (MagicNumberNotFound, SpecVersionUnsupported) as error:
            raise ValueError(type(error).__name__) from error
        self._zooms = int(header["min_zoom"]), int(header["max_zoom"])

    def tile(self, z: int, x: int, y: int) -> bytes | None:
        found: bytes | None = self._reader_of(self._bytes).get(z, x, y)
        return found

    def zooms(self) -> tuple[int, int]:
        return self._zooms

    @staticmethod
    def _reader_of(read: Any) -> Any:  # noqa: ANN401
        from pmtiles.reader import Reader  # noqa: PLC0415 an extra

        opened: Any = Reader
        return opened(read)

    def _bytes(self, offset: int, length: int) -> bytes:
        with self._path.open("rb") as file:
            file.seek(offset)
            return file.read(length)


class _Folder:
    """Tiles in folders `z/x/y.ending`."""

    def __init__(self, path: Path) -> None:
        levels = [int(one.name) for one in path.iterdir() if one.name.isdecimal() and one.is_dir()]
        levels = [level for level in levels if level <= _MAX_ZOOM]
        if not levels:
            message = "no folder of a zoom"
            raise ValueError(message)
        self._path, self._zooms = path, (min(levels), max(levels))

    def tile(self, z: int, x: int, y: int) -> bytes | None:
        for ending in _ENDINGS:
            file = self._path / str(z) / str(x) / f"{y}.{ending}"
            if file.is_file():
                return file.read_bytes()
        return None

    def zooms(self) -> tuple[int, int]:
        return self._zooms
