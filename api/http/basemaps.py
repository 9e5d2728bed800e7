"""The basemap of the served map: tiles of this machine, or of one host that was set up, by proxy.

Off unless it was set up. The address is the one of the set-up, never part of a request; a request
gives whole numbers only. The key stays here.
"""

import hashlib
import http.client
import sqlite3
import time
import urllib.error
import urllib.request
from typing import IO, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.http.calls import Call
from api.http.files import MAP_CSP, is_unchanged
from api.http.problems import problem
from api.http.tiles import TileCache
from api.http.tiles.matrices import Tile
from geo.errors import GridCircleError, NotFoundError
from maps.basemaps import Basemap, raster_type, served_basemap, with_basemap

__all__ = ["BASEMAP_PATH", "BasemapTiles", "map_over_basemap"]

BASEMAP_PATH: Final = "/basemap/{z:int}/{x:int}/{y:int}"

_MAX_TILE_BYTES: Final = 2_000_000
_MAX_CACHE_BYTES: Final = 64_000_000
_TIMEOUT_S: Final = 10.0
_CHUNK: Final = 65_536
_OK: Final = 200
_BAD_GATEWAY: Final = 502
_CACHE_CONTROL: Final = "public, max-age=86400"


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it would leave the host that was set up."""

    def redirect_request(self, *_given: object, **_named: object) -> None:
        return None


class BasemapTiles:
    """The tiles of one basemap, kept in memory for a while.

    Parameters
    ----------
    basemap
        Where they come from.
    language
        Of the problems it answers with.
    """

    def __init__(self, basemap: Basemap, *, language: str) -> None:
        self._basemap = basemap
        self._language = language
        self._cache = TileCache(_MAX_CACHE_BYTES)
        self._opener = urllib.request.build_opener(_Stay)

    async def answer(self, request: Request) -> Response:
        """Return the tile that `z`, `x`, `y` of the path name."""
        z, x, y = (int(request.path_params[name]) for name in "zxy")
        low, high = self._basemap.min_zoom, self._basemap.max_zoom
        if not (low <= z <= high and x < 2**z and y < 2**z):
            raise NotFoundError("maps.no_such_tile", place=f"{z}/{x}/{y}")
        try:
            tile = await run_in_threadpool(self._tile, z, x, y)
        except (OSError, http.client.HTTPException, sqlite3.Error, ValueError) as error:
            told = GridCircleError("maps.basemap_failed", reason=_reason(error))
            return problem(_BAD_GATEWAY, told, self._language)
        if tile is None:
            raise NotFoundError("maps.no_such_tile", place=f"{z}/{x}/{y}")
        kind = raster_type(tile)
        if kind is None:
            told = GridCircleError("maps.no_raster", place=f"{z}/{x}/{y}")
            return problem(_BAD_GATEWAY, told, self._language)
        return Response(tile, media_type=kind, headers={"Cache-Control": _CACHE_CONTROL})

    def _tile(self, z: int, x: int, y: int) -> bytes | None:
        if self._basemap.files is not None:
            return self._basemap.files.tile(z, x, y)
        key = ("basemap", "", Tile(z, y, x))
        tile = self._cache.get(key)
        if tile is None:
            tile = self._fetched(z, x, y)
            if raster_type(tile) is not None:
                self._cache.put(key, tile)
        return tile

    def _fetched(self, z: int, x: int, y: int) -> bytes:
        """Return a tile of the host that was set up, in bounded time and size."""
        url = self._basemap.url or ""
        for name, value in (("{z}", z), ("{x}", x), ("{y}", y)):
            url = url.replace(name, str(value))
        asked = urllib.request.Request(url, headers={"User-Agent": "GridCircle"})  # noqa: S310
        try:
            with self._opener.open(asked, timeout=_TIMEOUT_S) as response:
                if response.status != _OK:
                    raise OSError(response.status)
                return _bounded(response)
        except urllib.error.HTTPError as error:
            error.close()  # it holds the connection
            raise


def _bounded(response: IO[bytes]) -> bytes:
    """Return the body; `ValueError` where it is too large, `TimeoutError` where it takes long."""
    parts, size, end = [], 0, time.monotonic() + _TIMEOUT_S
    while part := response.read(_CHUNK):
        parts.append(part)
        size += len(part)
        if size > _MAX_TILE_BYTES:
            message = "too large"
            raise ValueError(message)
        if time.monotonic() > end:
            raise TimeoutError
    return b"".join(parts)


def _reason(error: Exception) -> str:
    """Return what went wrong without the address, which holds the key."""
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code}"
    return type(error).__name__


def map_over_basemap(call: Call, request: Request, basemap: Basemap) -> Response:
    """Return the map with a basemap of this server: it may load pictures from there alone."""
    bounds = call.dataset.tables["grids"].bbox_deg
    path = call.dataset.file("map.html")
    if bounds is None:
        raise NotFoundError("http.no_map")
    origin = f"{call.server}/basemap/"
    told = served_basemap(basemap, bounds, f"{origin}{{z}}/{{x}}/{{y}}")
    try:
        state, page = path.stat(), path.read_text(encoding="utf-8")
    except OSError as error:
        raise NotFoundError("http.no_map") from error
    headers = {
        "ETag": f'W/"{state.st_mtime_ns:x}-{state.st_size:x}-{_tag(told)}"',
        "Cache-Control": "no-cache",
        "Vary": "Accept-Encoding",
        "Content-Security-Policy": MAP_CSP.replace(
            "img-src data: blob:", f"img-src data: blob: {origin}"
        ),
    }
    if is_unchanged(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    body = with_basemap(page, told, origin=origin)
    return Response(body, media_type="text/html", headers=headers)


def _tag(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]
