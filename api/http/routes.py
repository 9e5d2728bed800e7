"""The routes: the same tree under every API root, and what belongs to the server."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from isal import igzip
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.http import documents, pages, tilesets
from api.http.assets import assets_document, find_asset
from api.http.basemaps import map_over_basemap
from api.http.calls import Answer, Call, Service, json_answer
from api.http.codes import qr_answer
from api.http.datasets import MAP_FILE
from api.http.features import FeatureTable
from api.http.files import file_response, is_unchanged, map_response
from api.http.guards import ALLOWED
from api.http.items import find_page, item_answer, items_answer, row_of_item
from api.http.negotiation import accepts_gzip
from api.http.openapi import openapi_document
from api.http.places import LOCATE_PARAMETERS, locate_document
from api.http.queries import ITEM_PARAMETERS
from api.http.reading import COMMON, options, read_call
from api.http.roots import ROOTS
from api.http.tryouts import coverage_response
from api.http.watching import METRICS_TYPE
from api.http.whatif import WHATIF_PARAMETERS

__all__ = ["root_routes", "server_routes"]

Endpoint = Callable[[Request], Awaitable[Response]]
Handler = Callable[[Call], Answer]

_TILES_PATH: Final = "/collections/{collection}/tiles"
_TILE_PATH: Final = f"{_TILES_PATH}/{{matrix_set}}/{{zoom}}/{{row}}/{{column}}"


def root_routes() -> list[Route]:
    """Return the routes of all API roots, those that are asked most first."""
    return (
        [
            Route(f"{root}{path}" or "/", _endpoint(handler, own), methods=list(ALLOWED))
            for handler, path, own in _TREE
            for root in ROOTS
        ]
        + [
            Route(f"{root}{path}", endpoint, methods=list(ALLOWED))
            for path, endpoint in (("/map", _map), ("/files/{file}", _file), (_TILE_PATH, _tile))
            for root in ROOTS
        ]
        + [Route(f"{root}/coverage", _coverage, methods=[*ALLOWED, "POST"]) for root in ROOTS]
    )


def server_routes() -> list[Route]:
    """Return the routes of the server itself."""
    return [
        Route("/projects", _endpoint(_projects), methods=list(ALLOWED)),
        Route("/projects/{project}/versions", _endpoint(_versions), methods=list(ALLOWED)),
        Route("/assets", _endpoint(_assets), methods=list(ALLOWED)),
        Route("/assets/{tag}/{name:path}", _asset, methods=list(ALLOWED)),
        Route("/metrics", _metrics, methods=list(ALLOWED)),
        Route("/healthz", _endpoint(_health), methods=list(ALLOWED)),
    ]


def _endpoint(handler: Handler, own: Iterable[str] | None = ()) -> Endpoint:
    """Return `handler` as an endpoint; `own` are its parameters, None: those of items."""
    known = None if own is None else (*own, *COMMON)

    async def endpoint(request: Request) -> Response:
        if request.method == "OPTIONS":
            return options()
        call = await read_call(request, known)
        answer = handler(call)
        headers = {
            "ETag": call.etag(answer),
            "Cache-Control": "no-cache",
            "Vary": "Accept, Accept-Encoding, Accept-Language, Accept-Crs",
            "Content-Language": call.language,
            **answer.headers,
        }
        if is_unchanged(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        settings = call.service.settings
        body = answer.body
        if len(body) >= settings.min_gzip_bytes and accepts_gzip(request):
            body = igzip.compress(body, compresslevel=settings.gzip_level)
            headers["Content-Encoding"] = "gzip"
        return Response(body, media_type=answer.media_type, headers=headers)

    return endpoint


def _table(call: Call) -> FeatureTable:
    return call.dataset.table(call.names["collection"])


def _landing(call: Call) -> Answer:
    if call.form == "html":
        return pages.landing_page(call)
    return json_answer(documents.landing_document(call))


def _conformance(call: Call) -> Answer:
    if call.form == "html":
        return pages.conformance_page(call, documents.conformance_of(call))
    return json_answer(documents.conformance_document(call))


def _openapi(call: Call) -> Answer:
    document = openapi_document(call)
    if call.form == "html":
        return pages.docs_page(call, document)
    state = call.service.catalogue.revision
    return json_answer(document, documents.OPENAPI_TYPE, state=state)


def _docs(call: Call) -> Answer:
    if call.values.get("f") == "json":
        return _openapi(call)
    return pages.docs_page(call, openapi_document(call))


def _collections(call: Call) -> Answer:
    if call.form == "html":
        return pages.collections_page(call)
    return json_answer(documents.collections_document(call))


def _collection(call: Call) -> Answer:
    table = _table(call)
    if call.form == "html":
        return pages.collection_page(call, table)
    return json_answer(documents.collection_document(call, table))


def _queryables(call: Call) -> Answer:
    table = _table(call)
    document = documents.queryables_document(call, table)
    if call.form == "html":
        return pages.queryables_page(call, table, document)
    return json_answer(document, documents.SCHEMA_TYPE)


def _items(call: Call) -> Answer:
    table = _table(call)
    if call.form == "html":
        return pages.items_page(call, table, find_page(call, table))
    return items_answer(call, table)


def _item(call: Call) -> Answer:
    table = _table(call)
    if call.form == "html":
        return pages.item_page(call, table, row_of_item(call, table))
    return item_answer(call, table)


def _tilesets(call: Call) -> Answer:
    return _document(call, "tiles", tilesets.tilesets_document(call, _table(call)))


def _tileset(call: Call) -> Answer:
    return _document(call, "tiles", tilesets.tileset_document(call, _table(call)))


def _tilejson(call: Call) -> Answer:
    return json_answer(tilesets.tilejson_document(call, _table(call)))


def _matrix_sets(call: Call) -> Answer:
    return _document(call, "matrix_sets", tilesets.matrix_sets_document(call))


def _matrix_set(call: Call) -> Answer:
    return _document(call, "matrix_sets", tilesets.matrix_set_document(call))


def _document(call: Call, word: str, document: dict[str, Any]) -> Answer:
    """Return a document that has no page of its own."""
    if call.form == "html":
        return pages.document_page(call, call.word(word), document)
    return json_answer(document)


def _locate(call: Call) -> Answer:
    document = locate_document(call)
    if call.form == "html":
        return pages.locate_page(call, document)
    return json_answer(document)


def _files(call: Call) -> Answer:
    if call.form == "html":
        return pages.files_page(call)
    return json_answer(documents.files_document(call))


def _projects(call: Call) -> Answer:
    if call.form == "html":
        return pages.projects_page(call)
    document = documents.projects_document(call)
    return json_answer(document, state=call.service.catalogue.revision)


def _versions(call: Call) -> Answer:
    if call.form == "html":
        return pages.versions_page(call)
    document = documents.versions_document(call)
    return json_answer(document, state=call.service.catalogue.revision)


def _assets(call: Call) -> Answer:
    return _document(call, "files", dict(assets_document(call)))


async def _asset(request: Request) -> Response:
    if request.method == "OPTIONS":
        return options()
    body, media_type = find_asset(request.path_params["tag"], request.path_params["name"])
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(body, media_type=media_type, headers=headers)


def _health(call: Call) -> Answer:
    n_features = sum(len(table) for table in call.dataset.tables.values())
    return json_answer({"status": "ok", "n_features": n_features})


async def _metrics(request: Request) -> Response:
    if request.method == "OPTIONS":
        return options()
    service: Service = request.app.state.service
    tables = service.catalogue.find().tables
    gauges: dict[str, float] = {
        f'gridcircle_features{{collection="{name}"}}': len(table) for name, table in tables.items()
    }
    gauges["gridcircle_tile_cache_bytes"] = service.tiles.n_bytes
    return Response(service.metrics.text(gauges), headers={"Content-Type": METRICS_TYPE})


async def _map(request: Request) -> Response:
    if request.method == "OPTIONS":
        return options()
    call = await read_call(request, COMMON)
    basemap = call.service.settings.basemap
    if basemap is not None and MAP_FILE in call.dataset.files:
        return await run_in_threadpool(map_over_basemap, call, request, basemap)
    return map_response(call, request)


async def _tile(request: Request) -> Response:
    if request.method == "OPTIONS":
        return options()
    return await tilesets.tile_response(await read_call(request, ()), request)


async def _coverage(request: Request) -> Response:
    if request.method == "OPTIONS":
        return options(*ALLOWED, "POST")
    return await coverage_response(await read_call(request, (*WHATIF_PARAMETERS, *COMMON)), request)


async def _file(request: Request) -> Response:
    if request.method == "OPTIONS":
        return options()
    call = await read_call(request, COMMON)
    return await run_in_threadpool(file_response, call, request, call.names["file"])


_TREE: Final[tuple[tuple[Handler, str, tuple[str, ...] | None], ...]] = (
    (_items, "/collections/{collection}/items", None),
    (_item, "/collections/{collection}/items/{item:path}", ITEM_PARAMETERS),
    (_locate, "/locate", LOCATE_PARAMETERS),
    (_landing, "", ()),
    (_conformance, "/conformance", ()),
    (_openapi, "/openapi", ()),
    (_docs, "/docs", ()),
    (_collections, "/collections", ()),
    (_collection, "/collections/{collection}", ()),
    (_queryables, "/collections/{collection}/queryables", ()),
    (_files, "/files", ()),
    (qr_answer, "/qr/{collection}/{item:path}", ()),
    (_tilesets, _TILES_PATH, ()),
    (_tileset, f"{_TILES_PATH}/{{matrix_set}}", ()),
    (_tilejson, f"{_TILES_PATH}/{{matrix_set}}/tilejson.json", ()),
    (_matrix_sets, "/tileMatrixSets", ()),
    (_matrix_set, "/tileMatrixSets/{matrix_set}", ()),
)
"""Handler, path under a root, parameters besides `f` and `lang` (None: those of items)."""
