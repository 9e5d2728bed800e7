"""A basemap as the page takes it: its tiles inside the page, or the address of our own service."""

import base64
import json
import math
from typing import Any, Final

import numpy as np

from geo.errors import LoadError, ProjectError
from geo.io.datum import gcj02_to_wgs84, wgs84_to_gcj02
from maps.basemaps.describing import Basemap
from maps.basemaps.sources import raster_type

__all__ = ["BASEMAP_ID", "MAX_INLINED_BYTES", "inlined_basemap", "served_basemap", "with_basemap"]

BASEMAP_ID: Final = "gridcircle-basemap"
"""Id of the element that tells the page of its basemap."""

MAX_INLINED_BYTES: Final = 6_000_000
"""Tiles inside a page take at most this; the nearest zooms that would pass it are left out."""

_MAX_TILES: Final = 4000
_MARGIN: Final = 0.15
_WIDE_TILES: Final = 4
_SHIFT_MARGIN: Final = 0.2
_SHIFT_STEP_DEG: Final = 0.01
_MAX_SHIFTS: Final = 64

Bounds = tuple[float, float, float, float]


def inlined_basemap(basemap: Basemap, bounds: Bounds) -> str:
    """Return the tiles around `bounds` (west, south, east, north; degrees, WGS 84) as JSON.

    Whole zooms from the one that shows all of it inwards, as many as `MAX_INLINED_BYTES` hold.

    Raises
    ------
    ProjectError
        If the tiles come from another host: a page carries none of those.
    LoadError
        If no tile lies here, they are no pictures, or the first zoom is too large already.
    """
    if basemap.files is None:
        raise ProjectError("maps.remote_basemap")
    around = _around(bounds, basemap.datum)
    found: dict[str, str] = {}
    size, zooms = 0, []
    for z in range(_first_zoom(basemap, around), basemap.max_zoom + 1):
        level = _level(basemap, around, z)
        size += sum(map(len, (level or {}).values()))
        if level is None or size > MAX_INLINED_BYTES:
            break
        if level:
            found |= level
            zooms.append(z)
    if not found:
        raise LoadError("maps.no_tiles_here")
    own = {"tiles": found, "min_zoom": zooms[0], "max_zoom": zooms[-1]}
    return _json(_described(basemap, bounds) | own)


def served_basemap(basemap: Basemap, bounds: Bounds, url: str) -> str:
    """Return what the page is told of a basemap at `url` (with `{z}`, `{x}`, `{y}`), as JSON."""
    return _json(_described(basemap, bounds) | {"url": url})


def with_basemap(page: str, told: str, *, origin: str | None = None) -> str:
    """Return a page of `map_page` with a basemap.

    Parameters
    ----------
    page
        The page as it is written.
    told
        What `inlined_basemap` or `served_basemap` returns.
    origin
        The address whose pictures the page may load besides those inside it; None for none.
    """
    before, mark, after = page.rpartition("</body>")
    blob = f'<script type="application/json" id="{BASEMAP_ID}">{told}</script>\n'
    if origin is not None:
        before = before.replace("img-src data:;", f"img-src data: {origin};", 1)
    return f"{before}{blob}{mark}{after}"


def _described(basemap: Basemap, bounds: Bounds) -> dict[str, Any]:
    return {
        "attribution": basemap.attribution,
        "min_zoom": basemap.min_zoom,
        "max_zoom": basemap.max_zoom,
        "shift": _shifts(bounds) if basemap.datum == "gcj02" else None,
    }


def _json(told: dict[str, Any]) -> str:
    text = json.dumps(told, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _shifts(bounds: Bounds) -> dict[str, Any]:
    """Return how far GCJ-02 lies from WGS 84 (degrees) on a lattice of places in GCJ-02.

    Between its points the page interpolates: off by less than 0.1 m for cities of up to 0.6°.
    """
    west, south, east, north = _grown(bounds, _SHIFT_MARGIN)
    n_x, n_y = (
        min(_MAX_SHIFTS, max(2, math.ceil(span / _SHIFT_STEP_DEG) + 1))
        for span in (east - west, north - south)
    )
    lon, lat = np.meshgrid(np.linspace(west, east, n_x), np.linspace(south, north, n_y))
    places = np.column_stack([lon.ravel(), lat.ravel()])
    off = np.round(places - gcj02_to_wgs84(places), 9)
    return {
        "box": [west, south, east, north],
        "shape": [n_x, n_y],
        "lon": off[:, 0].tolist(),
        "lat": off[:, 1].tolist(),
    }


def _around(bounds: Bounds, datum: str) -> Bounds:
    """Return the bounds with a margin, in the datum of the tiles."""
    west, south, east, north = _grown(bounds, _MARGIN)
    if datum == "gcj02":
        corners = wgs84_to_gcj02(np.array([[west, south], [east, north]]))
        west, south, east, north = corners.ravel().tolist()
    return west, south, east, north


def _grown(bounds: Bounds, part: float) -> Bounds:
    west, south, east, north = bounds
    more = max(east - west, north - south, 1e-3) * part
    return west - more, max(south - more, -85.0), east + more, min(north + more, 85.0)


def _first_zoom(basemap: Basemap, around: Bounds) -> int:
    """Return the zoom at which a few tiles side by side show everything."""
    wide = (around[2] - around[0]) / 360.0
    return min(max(basemap.min_zoom, int(math.log2(_WIDE_TILES / wide))), basemap.max_zoom)


def _level(basemap: Basemap, around: Bounds, z: int) -> dict[str, str] | None:
    """Return the tiles of one zoom as data URIs by `z/x/y`; None where they are too many."""
    left, top = _tile_at(around[0], around[3], z)
    right, bottom = _tile_at(around[2], around[1], z)
    if (right - left + 1) * (bottom - top + 1) > _MAX_TILES:
        return None
    found = {}
    for x in range(left, right + 1):
        for y in range(top, bottom + 1):
            tile = basemap.files.tile(z, x, y) if basemap.files is not None else None
            if tile is None:
                continue
            kind = raster_type(tile)
            if kind is None:
                raise LoadError("maps.no_raster", place=f"{z}/{x}/{y}")
            packed = base64.b64encode(tile).decode("ascii")
            found[f"{z}/{x}/{y}"] = f"data:{kind};base64,{packed}"
    return found


def _tile_at(lon: float, lat: float, z: int) -> tuple[int, int]:
    """Return column and row of the tile of Web Mercator at a place in degrees."""
    n = 2**z
    x = (lon + 180.0) / 360.0 * n
    y = (1.0 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2.0 * n
    return min(max(int(x), 0), n - 1), min(max(int(y), 0), n - 1)
