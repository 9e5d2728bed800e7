"""From a collection to one vector tile (Mapbox Vector Tile 2.1)."""

from typing import Final

import numpy as np
import shapely

from api.http.projected import Projected
from api.http.references import Geometries
from api.http.tiles.attributes import Attributes, field
from api.http.tiles.matrices import EXTENT, Tile
from api.http.tiles.shapes import LINE, POINT, POLYGON, Shapes, encode_shapes
from api.http.tiles.varints import Whole, varint

__all__ = ["BUFFER", "cut_tile"]

BUFFER: Final = 64
"""Units around a tile that are drawn too, so that no outline shows at its edge."""

_MAX_FEATURES: Final = 20_000
_KINDS: Final = {0: POINT, 1: LINE, 2: LINE, 3: POLYGON}
_POLYGON_TYPE: Final = 3
"""GEOS' number of a polygon."""

_VERSION: Final = b"\x78\x02"
_LAYER, _NAME, _KEY = 3, 1, 3


def cut_tile(name: str, projected: Projected, attributes: Attributes, *, tile: Tile) -> bytes:
    """Return the tile of one layer, empty where nothing lies in it.

    Parameters
    ----------
    name
        Of the layer.
    projected
        Its geometries in EPSG:3857.
    attributes
        Its properties.
    tile
        Which tile.

    Notes
    -----
    A tile that holds more than 20,000 features is drawn with the largest of them. What is smaller
    than a unit (1/4096 of the tile) is left out.
    """
    rows = _rows(projected.tree, tile)
    if not len(rows):
        return b""
    parts, part_row = _parts(projected.tree.geometries[rows], rows, tile)
    shapes = [
        encode_shapes(kind, parts[chosen], part_row[chosen])
        for kind, chosen in _by_kind(parts)
        if len(chosen)
    ]
    features = _features(shapes, attributes)
    if features is None:
        return b""
    keys = b"".join(field(_KEY, key.encode()) for key in attributes.names)
    extent = b"\x28" + varint(EXTENT)
    layer = b"%b%b%b%b%b" % (_VERSION, field(_NAME, name.encode()), features[0], keys, features[1])
    return field(_LAYER, layer + extent)


def _rows(tree: shapely.STRtree, tile: Tile) -> Whole:
    """Return the rows that may show in the tile, ascending."""
    rows = np.sort(tree.query(shapely.box(*tile.box(BUFFER))))
    if len(rows) > _MAX_FEATURES:
        bounds = shapely.bounds(tree.geometries[rows])
        size = (bounds[:, 2:] - bounds[:, :2]).sum(axis=1)
        rows = np.sort(rows[np.argsort(-size, kind="stable")[:_MAX_FEATURES]])
    return rows


def _parts(geometries: Geometries, rows: Whole, tile: Tile) -> tuple[Geometries, Whole]:
    """Return single geometries in units of the tile (y down) and the rows they belong to."""
    west, south, east, north = tile.box(BUFFER)
    bounds = shapely.bounds(geometries)
    reaches = (bounds[:, :2] < (west, south)).any(axis=1) | (bounds[:, 2:] > (east, north)).any(
        axis=1
    )
    shown = geometries.copy()
    if reaches.any():
        shown[reaches] = shapely.clip_by_rect(geometries[reaches], west, south, east, north)
    (x0, y0), units = tile.origin, EXTENT / tile.side_m
    moved = shapely.transform(shown, lambda xy: np.rint((xy - (x0, y0)) * (units, -units)))
    parts, owner = shapely.get_parts(moved, return_index=True)
    while (shapely.get_num_geometries(parts) > 1).any():  # a collection of multipolygons
        parts, inner = shapely.get_parts(parts, return_index=True)
        owner = owner[inner]
    is_there = ~shapely.is_empty(parts)
    return parts[is_there], rows[owner[is_there]]


def _by_kind(parts: Geometries) -> list[tuple[int, Whole]]:
    types = shapely.get_type_id(parts)
    if (types == _POLYGON_TYPE).all():
        return [(POLYGON, np.arange(len(parts)))]
    kinds = np.array([_KINDS.get(kind, 0) for kind in types.tolist()])
    return [(kind, np.flatnonzero(kinds == kind)) for kind in (POLYGON, LINE, POINT)]


def _features(shapes: list[Shapes], attributes: Attributes) -> tuple[bytes, bytes] | None:
    """Return features and values of a layer; of a mixed geometry what has most dimensions."""
    seen: set[int] = set()
    chosen: list[tuple[int, int, bytes]] = []
    for shape in shapes:
        for row, commands in zip(shape.features.tolist(), shape.commands, strict=True):
            if row not in seen:
                chosen.append((row, shape.kind, commands))
        seen.update(shape.features.tolist())
    if not chosen:
        return None
    tags, values = attributes.tags(np.array([row for row, _, _ in chosen]))
    written = []
    for (row, kind, commands), tag in zip(chosen, tags, strict=True):
        head = b"\x08%b\x12%b%b\x18%c\x22" % (varint(row + 1), varint(len(tag)), tag, kind)
        size = varint(len(commands))
        n_bytes = varint(len(head) + len(size) + len(commands))
        written.append(b"\x12%b%b%b%b" % (n_bytes, head, size, commands))
    return b"".join(written), values
