"""The OpenAPI 3.0 document of an API root, made from its collections.

FastAPI would emit 3.1, which GIS tools do not read; and a tool learns here, path by path, which
properties of which collection it may filter by.
"""

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from api.http.calls import GEOJSON, HTML, Call, segment
from api.http.datasets import MAP_FILE
from api.http.documents import OPENAPI_TYPE, SCHEMA_TYPE, property_schema
from api.http.examples import add_examples
from api.http.exports import export_names
from api.http.features import FeatureTable
from api.http.operations import (
    degrees,
    file_operation,
    get_operation,
    parameter_ref,
    parameters,
    path_name,
    tile_operation,
    whatif_operation,
)
from api.http.process_operations import BEARER, PROCESS_SCHEMAS, process_paths
from api.http.queries import ITEM_PARAMETERS, ITEMS_PARAMETERS
from api.http.schemas import SCHEMAS
from api.http.tiles import MATRIX_SET

__all__ = ["openapi_document"]


def openapi_document(call: Call) -> dict[str, Any]:
    """Return the API definition of the root that `call` was sent to."""
    paths = _root_paths(call)
    for table in call.dataset.tables.values():
        paths |= _collection_paths(call, table)
    paths |= _other_paths(call)
    parts = {"parameters": parameters(call), "schemas": SCHEMAS}
    if call.service.has_desk:
        paths |= process_paths(call)
        schemas = {**SCHEMAS, **PROCESS_SCHEMAS}
        parts = {**parts, "schemas": schemas, "securitySchemes": dict(BEARER)}
    document = {
        "openapi": "3.0.3",
        "info": {
            "title": call.title,
            "description": call.word("landing_description", title=call.title),
            "version": _version(),
            "license": {
                "name": "Apache-2.0",
                "url": "https://www.apache.org/licenses/LICENSE-2.0",
            },
        },
        "servers": [{"url": call.root}],
        "tags": [{"name": name} for name in call.dataset.tables],
        "paths": paths,
        "components": parts,
    }
    add_examples(document, call.dataset)
    return document


def _root_paths(call: Call) -> dict[str, Any]:
    word = call.word
    return {
        "/": get_operation(call, "landing", call.title, schema="landingPage"),
        "/conformance": get_operation(
            call, "conformance", word("conformance"), schema="confClasses"
        ),
        "/openapi": get_operation(call, "openapi", word("openapi"), media=OPENAPI_TYPE),
        "/docs": get_operation(call, "docs", word("docs"), media=OPENAPI_TYPE),
        "/collections": get_operation(
            call, "collections", word("collections"), schema="collections"
        ),
    }


def _collection_paths(call: Call, table: FeatureTable) -> dict[str, Any]:
    base, name, title = f"/collections/{segment(table.name)}", table.name, call.word(table.name)
    filters = [
        {
            "name": column.name,
            "in": "query",
            "required": False,
            "style": "form",
            "explode": False,
            "schema": property_schema(call, table, column),
        }
        for column in table.columns.values()
    ]
    return {
        base: get_operation(call, f"collection.{name}", title, schema="collection", tag=name),
        f"{base}/items": get_operation(
            call,
            f"items.{name}",
            call.word("items_of", title=title),
            schema="featureCollectionGeoJSON",
            media=GEOJSON,
            own=[*(parameter_ref(p) for p in ITEMS_PARAMETERS), *filters],
            tag=name,
        ),
        f"{base}/items/{{featureId}}": get_operation(
            call,
            f"item.{name}",
            call.word("item_of", title=title),
            schema="featureGeoJSON",
            media=GEOJSON,
            own=[
                path_name("featureId", call.word("parameter_item")),
                *(parameter_ref(p) for p in ITEM_PARAMETERS),
            ],
            tag=name,
        ),
        **_tile_paths(call, table),
        f"{base}/queryables": get_operation(
            call,
            f"queryables.{name}",
            call.word("queryables_of", title=title),
            schema="queryables",
            media=SCHEMA_TYPE,
            tag=name,
        ),
    }


def _tile_paths(call: Call, table: FeatureTable) -> dict[str, Any]:
    base, name, word = f"/collections/{segment(table.name)}/tiles", table.name, call.word
    matrix_set = path_name("tileMatrixSetId", word("parameter_matrix_set"), (MATRIX_SET,))
    place = [
        path_name("tileMatrix", word("parameter_zoom")),
        path_name("tileRow", word("parameter_row")),
        path_name("tileCol", word("parameter_column")),
    ]
    one = f"{base}/{{tileMatrixSetId}}"
    return {
        base: get_operation(call, f"tilesets.{name}", word("tiles"), schema="tilesets", tag=name),
        one: get_operation(
            call, f"tileset.{name}", word("tiles"), schema="tileset", own=[matrix_set], tag=name
        ),
        f"{one}/tilejson.json": get_operation(
            call,
            f"tilejson.{name}",
            word("tilejson"),
            schema="tileJson",
            own=[matrix_set],
            tag=name,
        ),
        f"{one}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": tile_operation(
            call, f"tile.{name}", own=[matrix_set, *place], tag=name
        ),
    }


def _other_paths(call: Call) -> dict[str, Any]:
    word = call.word
    files = (*call.dataset.files, *export_names(call.dataset))
    point = [degrees(call, "lon", 180.0), degrees(call, "lat", 90.0)]
    name = path_name("name", call.word("parameter_file"), files)
    matrix_set = path_name("tileMatrixSetId", word("parameter_matrix_set"), (MATRIX_SET,))
    found = {
        "/tileMatrixSets": get_operation(
            call, "tileMatrixSets", word("matrix_sets"), schema="tileMatrixSets"
        ),
        "/tileMatrixSets/{tileMatrixSetId}": get_operation(
            call, "tileMatrixSet", word("matrix_sets"), schema="tileMatrixSet", own=[matrix_set]
        ),
        "/locate": get_operation(call, "locate", word("locate"), schema="place", own=point),
        "/files": get_operation(call, "files", word("files"), schema="files"),
        "/files/{name}": file_operation(
            call, "file", word("parameter_file"), media="*/*", own=[name]
        ),
    }
    for kind, media in (("svg", "image/svg+xml"), ("png", "image/png")):
        found[f"/qr/{{collectionId}}/{{featureId}}.{kind}"] = file_operation(
            call,
            f"qr.{kind}",
            word("qr"),
            media=media,
            own=[
                path_name("collectionId", word("collection"), tuple(call.dataset.tables)),
                path_name("featureId", word("parameter_item")),
            ],
        )
    if "audit.gpkg" in files:
        found["/coverage"] = whatif_operation(call)
    if MAP_FILE in files:
        found["/map"] = file_operation(call, "map", word("map"), media=HTML)
    if call.is_default:
        found["/projects"] = get_operation(call, "projects", word("projects"), schema="projects")
        project = path_name("projectId", word("project"))
        found["/projects/{projectId}/versions"] = get_operation(
            call, "versions", word("versions"), schema="versions", own=[project]
        )
        found["/assets"] = get_operation(call, "assets", word("files"), schema="files")
        found["/metrics"] = file_operation(call, "metrics", word("metrics"), media="text/plain")
        found["/healthz"] = get_operation(call, "healthz", word("healthz"), schema="health")
    return found


def _version() -> str:
    try:
        return version("gridcircle")
    except PackageNotFoundError:
        return "0"
