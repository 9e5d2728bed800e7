"""Drawn tiles of Web Mercator: PNG written by hand, in a folder, MBTiles or PMTiles."""

import math
import sqlite3
import struct
import zlib
from contextlib import closing
from pathlib import Path

import numpy as np
import numpy.typing as npt

__all__ = ["dot_tile", "png", "spot", "write_folder", "write_mbtiles", "write_pmtiles"]

Tiles = dict[tuple[int, int, int], bytes]


def png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Return an RGB picture (h, w, 3) as PNG."""
    height, width, _ = pixels.shape
    raw = b"".join(b"\0" + row.tobytes() for row in pixels)

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(raw))
        + chunk(b"IEND", b"")
    )


def dot_tile(x: int | None = None, y: int | None = None) -> bytes:
    """Return a green tile, with a red dot of 5 × 5 pixels around a pixel where one is given."""
    pixels = np.full((256, 256, 3), (40, 200, 40), dtype=np.uint8)
    if x is not None and y is not None:
        pixels[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3] = (255, 0, 0)
    return png(pixels)


def spot(lon: float, lat: float, z: int) -> tuple[int, int, int, int]:
    """Return column and row of the tile at a place, and the pixel in it."""
    x = (lon + 180) / 360 * 2**z
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**z
    return int(x), int(y), int(x % 1 * 256), int(y % 1 * 256)


def write_folder(folder: Path, tiles: Tiles) -> Path:
    for (z, x, y), tile in tiles.items():
        place = folder / str(z) / str(x)
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{y}.png").write_bytes(tile)
    return folder


def write_mbtiles(path: Path, tiles: Tiles) -> Path:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data)")
        rows = [(z, x, 2**z - 1 - y, tile) for (z, x, y), tile in tiles.items()]
        database.executemany("INSERT INTO tiles VALUES (?, ?, ?, ?)", rows)
        database.commit()
    return path


def write_pmtiles(path: Path, tiles: Tiles) -> Path:
    from pmtiles.tile import Compression, TileType, zxy_to_tileid  # noqa: PLC0415
    from pmtiles.writer import Writer  # noqa: PLC0415

    with path.open("wb") as file:
        writer = Writer(file)
        for tile_id, tile in sorted((zxy_to_tileid(*place), tile) for place, tile in tiles.items()):
            writer.write_tile(tile_id, tile)
        head = {"tile_type": TileType.PNG, "tile_compression": Compression.NONE}
        writer.finalize(head, {})
    return path
