"""The schemas of the OpenAPI document: self-contained, OpenAPI 3.0."""

from typing import Any, Final

__all__ = ["SCHEMAS", "array_of", "object_of", "schema_ref"]


def schema_ref(name: str) -> dict[str, str]:
    """Return a reference to one of `SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def array_of(items: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an array."""
    return {"type": "array", "items": items}


def object_of(required: str, **properties: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an object; `required` are names with spaces between."""
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

_FEATURE: Final = object_of(
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

_HELD: Final = object_of("id properties", id=_TEXT, properties=_OPEN, links=_LINKS)

SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "link": object_of("href rel", href=_TEXT, rel=_TEXT, type=_TEXT, title=_TEXT),
    "landingPage": object_of(
        "links", title=_TEXT, description=_TEXT, attribution=_TEXT, links=_LINKS
    ),
    "confClasses": object_of("conformsTo", conformsTo=array_of(_URI), links=_LINKS),
    "collection": object_of(
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
    "collections": object_of(
        "links collections", links=_LINKS, collections=array_of(schema_ref("collection"))
    ),
    "queryables": object_of("type properties", type=_TEXT, title=_TEXT, properties=_OPEN),
    "geometryGeoJSON": _GEOMETRY,
    "featureGeoJSON": _FEATURE,
    "featureCollectionGeoJSON": object_of(
        "type features",
        type={"type": "string", "enum": ["FeatureCollection"]},
        features=array_of(schema_ref("featureGeoJSON")),
        links=_LINKS,
        timeStamp={"type": "string", "format": "date-time"},
        numberMatched=_COUNT,
        numberReturned=_COUNT,
    ),
    "held": _HELD,
    "whatIf": object_of("model tiers circles", model=_TEXT, tiers=_OPEN, circles=_OPEN),
    "place": object_of(
        "lon lat grid grids units",
        lon=_NUMBER,
        lat=_NUMBER,
        grid={"nullable": True, "allOf": [schema_ref("held")]},
        grids=array_of(schema_ref("held")),
        units=array_of(schema_ref("held")),
        links=_LINKS,
    ),
    "projects": object_of(
        "projects links",
        projects=array_of(
            object_of("id links", id=_TEXT, title=_TEXT, default={"type": "boolean"}, links=_LINKS)
        ),
        links=_LINKS,
    ),
    "tilesets": object_of("tilesets links", tilesets=array_of(schema_ref("tileset")), links=_LINKS),
    "tileset": object_of(
        "dataType crs links",
        title=_TEXT,
        dataType={"type": "string", "enum": ["vector"]},
        crs=_URI,
        tileMatrixSetURI=_URI,
        layers=array_of({"type": "object"}),
        boundingBox={"type": "object"},
        links=_LINKS,
    ),
    "tileJson": object_of(
        "tilejson tiles",
        tilejson=_TEXT,
        tiles=array_of(_TEXT),
        vector_layers=array_of({"type": "object"}),
        bounds=array_of(_NUMBER),
    ),
    "tileMatrixSets": object_of(
        "tileMatrixSets", tileMatrixSets=array_of({"type": "object"}), links=_LINKS
    ),
    "tileMatrixSet": object_of(
        "id crs tileMatrices", id=_TEXT, crs=_URI, tileMatrices=array_of({"type": "object"})
    ),
    "versions": object_of(
        "project versions links",
        project=_TEXT,
        versions=array_of(
            object_of(
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
    "files": object_of("links", links=_LINKS),
    "health": object_of("status", status=_TEXT),
    "exception": object_of(
        "title status",
        type=_TEXT,
        title=_TEXT,
        status={"type": "integer"},
        detail=_TEXT,
        code=_TEXT,
    ),
}
