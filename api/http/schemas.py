"""The schemas of the OpenAPI document: self-contained, OpenAPI 3.0."""

from typing import Any, Final

__all__ = ["SCHEMAS", "array_of", "schema_ref"]


def schema_ref(name: str) -> dict[str, str]:
    """Return a reference to one of `SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def array_of(items: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an array."""
    return {"type": "array", "items": items}


def _object(required: str, **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": required.split(), "properties": properties}


_TEXT: Final = {"type": "string"}
_URI: Final = {"type": "string", "format": "uri"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_NUMBER: Final = {"type": "number"}
_LINKS: Final = array_of(schema_ref("link"))
_OPEN: Final = {"type": "object", "nullable": True, "additionalProperties": True}

_COORDINATES: Final = {"type": "array", "items": {}}
_GEOMETRY: Final = {
    "type": "object",
    "nullable": True,
    "required": ["type"],
    "properties": {
        "type": {
            "type": "string",
            "enum": [
                "Point",
                "MultiPoint",
                "LineString",
                "MultiLineString",
                "Polygon",
                "MultiPolygon",
                "GeometryCollection",
            ],
        },
        "coordinates": _COORDINATES,
        "geometries": {"type": "array", "items": {"type": "object"}},
    },
}

_FEATURE: Final = _object(
    "type geometry properties",
    type={"type": "string", "enum": ["Feature"]},
    id=_TEXT,
    geometry=schema_ref("geometryGeoJSON"),
    properties=_OPEN,
    links=_LINKS,
)

_EXTENT: Final = {
    "type": "object",
    "properties": {
        "spatial": {
            "type": "object",
            "properties": {
                "bbox": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "array", "minItems": 4, "maxItems": 6, "items": _NUMBER},
                },
                "crs": _URI,
            },
        }
    },
}

_HELD: Final = _object("id properties", id=_TEXT, properties=_OPEN, links=_LINKS)

SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "link": _object("href rel", href=_TEXT, rel=_TEXT, type=_TEXT, title=_TEXT),
    "landingPage": _object(
        "links", title=_TEXT, description=_TEXT, attribution=_TEXT, links=_LINKS
    ),
    "confClasses": _object("conformsTo", conformsTo=array_of(_URI), links=_LINKS),
    "collection": _object(
        "id links",
        id=_TEXT,
        title=_TEXT,
        description=_TEXT,
        itemType=_TEXT,
        extent=_EXTENT,
        crs=array_of(_URI),
        storageCrs=_URI,
        links=_LINKS,
    ),
    "collections": _object(
        "links collections", links=_LINKS, collections=array_of(schema_ref("collection"))
    ),
    "queryables": _object("type properties", type=_TEXT, title=_TEXT, properties=_OPEN),
    "geometryGeoJSON": _GEOMETRY,
    "featureGeoJSON": _FEATURE,
    "featureCollectionGeoJSON": _object(
        "type features",
        type={"type": "string", "enum": ["FeatureCollection"]},
        features=array_of(schema_ref("featureGeoJSON")),
        links=_LINKS,
        timeStamp={"type": "string", "format": "date-time"},
        numberMatched=_COUNT,
        numberReturned=_COUNT,
    ),
    "held": _HELD,
    "whatIf": _object("model tiers circles", model=_TEXT, tiers=_OPEN, circles=_OPEN),
    "place": _object(
        "lon lat grid grids units",
        lon=_NUMBER,
        lat=_NUMBER,
        grid={"nullable": True, "allOf": [schema_ref("held")]},
        grids=array_of(schema_ref("held")),
        units=array_of(schema_ref("held")),
        links=_LINKS,
    ),
    "projects": _object(
        "projects links",
        projects=array_of(
            _object("id links", id=_TEXT, title=_TEXT, default={"type": "boolean"}, links=_LINKS)
        ),
        links=_LINKS,
    ),
    "tilesets": _object("tilesets links", tilesets=array_of(schema_ref("tileset")), links=_LINKS),
    "tileset": _object(
        "dataType crs links",
        title=_TEXT,
        dataType={"type": "string", "enum": ["vector"]},
        crs=_URI,
        tileMatrixSetURI=_URI,
        layers=array_of({"type": "object"}),
        boundingBox={"type": "object"},
        links=_LINKS,
    ),
    "tileJson": _object(
        "tilejson tiles",
        tilejson=_TEXT,
        tiles=array_of(_TEXT),
        vector_layers=array_of({"type": "object"}),
        bounds=array_of(_NUMBER),
    ),
    "tileMatrixSets": _object(
        "tileMatrixSets", tileMatrixSets=array_of({"type": "object"}), links=_LINKS
    ),
    "tileMatrixSet": _object(
        "id crs tileMatrices", id=_TEXT, crs=_URI, tileMatrices=array_of({"type": "object"})
    ),
    "versions": _object(
        "project versions links",
        project=_TEXT,
        versions=array_of(
            _object(
                "id created links",
                id=_TEXT,
                title=_TEXT,
                name=_TEXT,
                created={"type": "string", "format": "date-time"},
                supersedes={"type": "string", "nullable": True},
                latest={"type": "boolean"},
                links=_LINKS,
            )
        ),
        links=_LINKS,
    ),
    "files": _object("links", links=_LINKS),
    "health": _object("status", status=_TEXT),
    "exception": _object(
        "title status",
        type=_TEXT,
        title=_TEXT,
        status={"type": "integer"},
        detail=_TEXT,
        code=_TEXT,
    ),
}
