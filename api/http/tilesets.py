"""Tiles over HTTP: the documents that describe them (OGC API – Tiles, TileJSON), and one tile."""

import gzip
from typing import Any, Final
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.http.calls import JSON, Call, segment
from api.http.features import FeatureTable
from api.http.files import is_unchanged
from api.http.negotiation import accepts_gzip
from api.http.references import CRS84_URI, WEB_MERCATOR
from api.http.tiles import MATRIX_SET, TileCache, read_tile, tile_matrix_set, tile_of
from api.http.tiles.matrices import MATRIX_SET_URI
from geo.errors import NotFoundError

__all__ = [
    "MVT",
    "TILESETS_REL",
    "matrix_set_document",
    "matrix_sets_document",
    "tile_response",
    "tilejson_document",
    "tileset_document",
    "tilesets_document",
]

MVT: Final = "application/vnd.mapbox-vector-tile"
TILESETS_REL: Final = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"

_SCHEME_REL: Final = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
_DATA_REL: Final = "http://www.opengis.net/def/rel/ogc/1.0/geodata"
_MAX_SHOWN_ZOOM: Final = 18
_QUICK_ZOOM: Final = 13
"""From here on a tile is cut in a few milliseconds: less than going to another thread is worth."""


def tilesets_document(call: Call, table: FeatureTable) -> dict[str, Any]:
    """Return the tile sets of a collection: one."""
    own = _path(table)
    entry = {**_head(call, table), "links": [call.link(own, "self"), *_ways(call, table)]}
    return {"links": call.own_links(), "tilesets": [entry]}


def tileset_document(call: Call, table: FeatureTable) -> dict[str, Any]:
    """Return the tile set WebMercatorQuad of a collection."""
    _require_matrix_set(call)
    collection = call.link(f"/collections/{segment(table.name)}", _DATA_REL)
    return {
        **_head(call, table),
        "layers": [{"id": table.name, "title": call.word(table.name), "dataType": "vector"}],
        **_bounds(table),
        "links": [*call.own_links(), collection, *_ways(call, table)],
    }


def tilejson_document(call: Call, table: FeatureTable) -> dict[str, Any]:
    """Return the TileJSON 3.0 of a collection."""
    _require_matrix_set(call)
    fields = dict.fromkeys(("id", *table.columns), "")
    found = {
        "tilejson": "3.0.0",
        "name": f"{call.title} · {call.word(table.name)}",
        "scheme": "xyz",
        "tiles": [f"{call.root}{_path(table)}/{{z}}/{{y}}/{{x}}"],
        "minzoom": 0,
        "maxzoom": _MAX_SHOWN_ZOOM,
        "vector_layers": [{"id": table.name, "fields": fields}],
    }
    return found if table.bbox_deg is None else {**found, "bounds": list(table.bbox_deg)}


def matrix_sets_document(call: Call) -> dict[str, Any]:
    """Return the tile matrix sets: one."""
    link = call.link(f"/tileMatrixSets/{MATRIX_SET}", "self")
    entry = {"id": MATRIX_SET, "title": MATRIX_SET, "uri": MATRIX_SET_URI, "links": [link]}
    return {"links": call.own_links(), "tileMatrixSets": [entry]}


def matrix_set_document(call: Call) -> dict[str, Any]:
    """Return the definition of WebMercatorQuad."""
    _require_matrix_set(call)
    return tile_matrix_set()


async def tile_response(call: Call, request: Request) -> Response:
    """Return one tile, 204 where nothing lies in it; cut aside, unless it was cut before."""
    _require_matrix_set(call)
    table = call.dataset.table(call.names["collection"])
    tile = read_tile(*(call.names[name] for name in ("zoom", "row", "column")))
    digest = call.dataset.digest
    headers = {
        "ETag": f'W/"{digest}"',
        "Cache-Control": "no-cache",
        "Vary": "Accept-Encoding",
        "Content-Crs": f"<{WEB_MERCATOR.uri}>",
    }
    if is_unchanged(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    cache: TileCache = call.service.tiles
    packed = cache.get((digest, table.name, tile))
    if packed is None:
        if tile.zoom >= _QUICK_ZOOM:
            packed = tile_of(cache, digest, table, tile=tile)
        else:
            packed = await run_in_threadpool(tile_of, cache, digest, table, tile=tile)
    if not packed:
        return Response(status_code=204, headers=headers)
    if accepts_gzip(request):
        return Response(packed, media_type=MVT, headers={**headers, "Content-Encoding": "gzip"})
    return Response(gzip.decompress(packed), media_type=MVT, headers=headers)


def _require_matrix_set(call: Call) -> None:
    name = call.names["matrix_set"]
    if name != MATRIX_SET:
        raise NotFoundError("http.no_matrix_set", name=name, known=MATRIX_SET)


def _path(table: FeatureTable) -> str:
    return f"/collections/{segment(table.name)}/tiles/{MATRIX_SET}"


def _head(call: Call, table: FeatureTable) -> dict[str, Any]:
    return {
        "title": call.word(table.name),
        "dataType": "vector",
        "crs": WEB_MERCATOR.uri,
        "tileMatrixSetURI": MATRIX_SET_URI,
    }


def _ways(call: Call, table: FeatureTable) -> list[dict[str, Any]]:
    """Return the links to the tiles, their matrix set and their TileJSON."""
    path = _path(table)
    template = quote(f"{path}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}", safe="/{}")
    return [
        {**call.link(template, "item", media_type=MVT), "templated": True},
        call.link(f"/tileMatrixSets/{MATRIX_SET}", _SCHEME_REL),
        call.link(f"{path}/tilejson.json", "describedby", media_type=JSON, title="TileJSON"),
    ]


def _bounds(table: FeatureTable) -> dict[str, Any]:
    if table.bbox_deg is None:
        return {}
    west, south, east, north = table.bbox_deg
    corners = {"lowerLeft": [west, south], "upperRight": [east, north]}
    return {"boundingBox": {**corners, "crs": CRS84_URI}}
