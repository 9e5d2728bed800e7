"""A layer as PMTiles: one file with all its vector tiles, cut by the encoder of the tiles."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from isal import igzip

from api.http.features import FeatureTable
from api.http.references import WEB_MERCATOR
from api.http.tiles.attributes import Attributes
from api.http.tiles.cutting import cut_tile
from api.http.tiles.matrices import Tile

__all__ = ["write_pmtiles"]

_MAX_ZOOM: Final = 14
_MAX_TILES: Final = 2000
"""No zoom is begun that would make them more; clients enlarge the last one."""

_DEGREE: Final = 10_000_000
_FIELDS: Final = {"integer": "Number", "number": "Number", "boolean": "Boolean"}


def write_pmtiles(table: FeatureTable, path: Path, *, title: str) -> None:
    """Write the tiles of a layer that has places, from zoom 0 on, at most 2,000 of them."""
    from pmtiles.tile import Compression, TileType, zxy_to_tileid  # noqa: PLC0415 an extra
    from pmtiles.writer import Writer  # noqa: PLC0415

    projected, attributes = table.projected(WEB_MERCATOR), Attributes.of(table)
    bounds = shapely.total_bounds(projected.tree.geometries)
    with path.open("wb") as stream:
        writer: Any = Writer(stream)  # type: ignore[no-untyped-call]
        by_id = {zxy_to_tileid(t.zoom, t.column, t.row): t for t in _tiles(bounds)}
        for tile_id, tile in sorted(by_id.items()):
            cut = cut_tile(table.name, projected, attributes, tile=tile)
            if cut:
                writer.write_tile(tile_id, igzip.compress(cut, compresslevel=1, mtime=0))
        # a layer of areas smaller than a unit of each tile has none: the world is an empty tile
        if not writer.tile_entries:
            writer.write_tile(0, igzip.compress(b"", compresslevel=1, mtime=0))
        west, south, east, north = table.bbox_deg or (-180.0, -85.0, 180.0, 85.0)
        header = {
            "tile_type": TileType.MVT,
            "tile_compression": Compression.GZIP,
            "min_lon_e7": round(west * _DEGREE),
            "min_lat_e7": round(south * _DEGREE),
            "max_lon_e7": round(east * _DEGREE),
            "max_lat_e7": round(north * _DEGREE),
            "center_zoom": 0,
            "center_lon_e7": round((west + east) / 2 * _DEGREE),
            "center_lat_e7": round((south + north) / 2 * _DEGREE),
        }
        fields = {name: _FIELDS.get(c.kind, "String") for name, c in table.columns.items()}
        layer = {"id": table.name, "fields": {"id": "String", **fields}}
        writer.finalize(header, {"name": title, "vector_layers": [layer]})


def _tiles(bounds: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[Tile]:
    """Return the tiles over `bounds` (EPSG:3857), zoom by zoom."""
    found: list[Tile] = []
    for zoom in range(_MAX_ZOOM + 1):
        whole = Tile(zoom, 0, 0)
        (x0, y0), last = whole.origin, (1 << zoom) - 1
        west, east = ((bounds[[0, 2]] - x0) // whole.side_m).clip(0, last).astype(int).tolist()
        north, south = ((y0 - bounds[[3, 1]]) // whole.side_m).clip(0, last).astype(int).tolist()
        if len(found) + (east - west + 1) * (south - north + 1) > _MAX_TILES:
            break
        found += [
            Tile(zoom, row, column)
            for row in range(north, south + 1)
            for column in range(west, east + 1)
        ]
    return found
