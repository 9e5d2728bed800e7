"""The JSON documents of the API: landing page, conformance, collections, queryables, projects."""

from typing import Any, Final

from api.http.calls import GEOJSON, HTML, JSON, Call, segment
from api.http.catalogue import Project
from api.http.columns import Column
from api.http.datasets import FILES, MAP_FILE
from api.http.exports import export_names
from api.http.features import FeatureTable
from api.http.process_list import CONFORMANCE as PROCESSES_CONFORMANCE
from api.http.references import CRS84_URI, WGS84_URI
from api.http.tilesets import TILESETS_REL
from geo.errors import NotFoundError
from geo.schema import layer_schemas
from geo.words import text

__all__ = [
    "CONFORMANCE",
    "OPENAPI_TYPE",
    "QUERYABLES_REL",
    "SCHEMA_TYPE",
    "collection_document",
    "collections_document",
    "column_title",
    "conformance_document",
    "conformance_of",
    "files_document",
    "landing_document",
    "project_of",
    "projects_document",
    "property_schema",
    "queryables_document",
    "versions_document",
]

OPENAPI_TYPE: Final = "application/vnd.oai.openapi+json;version=3.0"
SCHEMA_TYPE: Final = "application/schema+json"
_OGC_REL: Final = "http://www.opengis.net/def/rel/ogc/1.0/"
QUERYABLES_REL: Final = f"{_OGC_REL}queryables"

CONFORMANCE: Final = tuple(
    f"http://www.opengis.net/spec/{standard}/conf/{name}"
    for standard, names in (
        ("ogcapi-common-1/1.0", "core json html oas30"),
        ("ogcapi-common-2/1.0", "collections"),
        ("ogcapi-features-1/1.0", "core oas30 html geojson"),
        ("ogcapi-features-2/1.0", "crs"),
        (
            "ogcapi-features-3/1.0",
            "queryables queryables-query-parameters filter features-filter",
        ),
        ("ogcapi-tiles-1/1.0", "core tileset tilesets-list geodata-tilesets mvt oas30"),
        ("tms/2.0", "tilematrixset json-tilematrixset"),
        (
            "cql2/1.0",
            (
                "cql2-text cql2-json basic-cql2 advanced-comparison-operators "
                "case-insensitive-comparison accent-insensitive-comparison basic-spatial-functions "
                "basic-spatial-functions-plus spatial-functions array-functions property-property "
                "arithmetic"
            ),
        ),
    )
    for name in names.split()
)
"""Only what is there and tested."""

_SAME: Final = (
    *("compactness", "n_neighbours", "n_parts"),
    *("is_orphan", "orphan_reasons", "n_findings"),
)
_MADE: Final = {"area_m2": "area", **{name: name for name in _SAME}}
"""Columns that an audit makes, to their words."""

_MADE_BY_TIER: Final = {
    "nearest_m_": ("tier_metres", None),
    "nearest_minutes_": ("tier_minutes", None),
    "n_sites_": ("tier_sites", None),
    "class_": ("tier_class", None),
    "covered_area_share_": ("tier_share", "basis_area"),
    "covered_residents_share_": ("tier_share", "basis_residents"),
    "covered_households_share_": ("tier_share", "basis_households"),
}
"""How those of a tier begin, to their words and their basis."""

_TYPES: Final = {"text": "string", "list": "string"}


def landing_document(call: Call) -> dict[str, Any]:
    """Return the landing page."""
    links = [
        *call.own_links(),
        call.link("/openapi", "service-desc", media_type=OPENAPI_TYPE, title=call.word("openapi")),
        call.link("/docs", "service-doc", media_type=HTML, title=call.word("docs")),
        call.link("/conformance", "conformance", media_type=JSON, title=call.word("conformance")),
        call.link("/collections", "data", media_type=JSON, title=call.word("collections")),
    ]
    schemes = f"{_OGC_REL}tiling-schemes"
    links.append(call.link("/tileMatrixSets", schemes, title=call.word("matrix_sets")))
    if MAP_FILE in call.dataset.files:
        links.append(call.link("/map", "preview", media_type=HTML, title=call.word("map")))
    links.append(call.link("/files", "related", media_type=JSON, title=call.word("files")))
    if call.is_default:
        links.append(
            call.link("/projects", "related", media_type=JSON, title=call.word("projects"))
        )
    if call.service.has_desk:
        named = f"{_OGC_REL}processes"
        links.append(call.link("/processes", named, title=call.word("processes")))
        links.append(call.link("/jobs", f"{_OGC_REL}job-list", title=call.word("jobs")))
    if call.version is not None:
        href = f"{call.server}/projects/{segment(str(call.project))}"
        latest = {"href": href, "rel": "latest-version", "type": JSON, "title": call.title}
        links.append(latest)
    return {
        "title": call.title,
        "description": call.word("landing_description", title=call.title),
        "attribution": "GridCircle",
        "links": links,
    }


def conformance_of(call: Call) -> tuple[str, ...]:
    """Return the conformance classes of an API root; of a workspace with processes."""
    return (*CONFORMANCE, *PROCESSES_CONFORMANCE) if call.service.has_desk else CONFORMANCE


def conformance_document(call: Call) -> dict[str, Any]:
    """Return the conformance classes."""
    return {"conformsTo": list(conformance_of(call)), "links": call.own_links()}


def collections_document(call: Call) -> dict[str, Any]:
    """Return all collections."""
    return {
        "links": call.own_links(),
        "collections": [
            collection_document(call, table, is_listed=True)
            for table in call.dataset.tables.values()
        ],
    }


def collection_document(
    call: Call, table: FeatureTable, *, is_listed: bool = False
) -> dict[str, Any]:
    """Return one collection: its own document, or its place in the list."""
    path = f"/collections/{segment(table.name)}"
    title = call.word(table.name)
    own = [call.link(path, "self", media_type=JSON, title=title)] if is_listed else call.own_links()
    return {
        "id": table.name,
        "title": title,
        "description": call.word(f"{table.name}_description"),
        "itemType": "feature",
        **_extent(table),
        "crs": [reference.uri for reference in call.dataset.references],
        "storageCrs": WGS84_URI,
        "links": [
            *own,
            call.link(
                f"{path}/items",
                "items",
                media_type=GEOJSON,
                title=call.word("items_of", title=title),
            ),
            call.link(
                f"{path}/items?f=html",
                "items",
                media_type=HTML,
                title=call.word("items_of", title=title),
            ),
            call.link(
                f"{path}/queryables",
                QUERYABLES_REL,
                media_type=SCHEMA_TYPE,
                title=call.word("queryables_of", title=title),
            ),
            call.link(f"{path}/tiles", TILESETS_REL, title=call.word("tiles")),
        ],
    }


def _extent(table: FeatureTable) -> dict[str, Any]:
    """Return the extent, or nothing where no feature has a place."""
    if table.bbox_deg is None:
        return {}
    return {"extent": {"spatial": {"bbox": [list(table.bbox_deg)], "crs": CRS84_URI}}}


def queryables_document(call: Call, table: FeatureTable) -> dict[str, Any]:
    """Return the JSON Schema of what can be filtered by."""
    geometry = {
        "title": call.word("geometry"),
        "format": "geometry-any",
        "x-ogc-role": "primary-geometry",
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{call.root}/collections/{segment(table.name)}/queryables",
        "type": "object",
        "title": call.word(table.name),
        "description": call.word("queryables_of", title=call.word(table.name)),
        "properties": {
            "geometry": geometry,
            **{
                name: property_schema(call, table, column) for name, column in table.columns.items()
            },
        },
        "additionalProperties": False,
    }


def property_schema(call: Call, table: FeatureTable, column: Column) -> dict[str, str]:
    """Return the schema of the text that a property is compared with."""
    kind = _TYPES.get(column.kind, column.kind)
    schema = {"title": column_title(call, table, column.name), "type": kind}
    return {**schema, "description": call.word("list_filter")} if column.kind == "list" else schema


def column_title(call: Call, table: FeatureTable, name: str) -> str:
    """Return the meaning of a canonical column or of one that an audit makes, else its name."""
    schema = layer_schemas().get(table.name)
    column = schema.columns.get(name) if schema else None
    if column is not None:
        return column.meaning[call.language]
    if name in _MADE:
        return call.other_word(f"outputs.{_MADE[name]}")
    for start, (word, basis) in _MADE_BY_TIER.items():
        if name.startswith(start):
            told = {"basis": call.other_word(f"outputs.{basis}")} if basis else {}
            return text(f"outputs.{word}", call.language, tier=name.removeprefix(start), **told)
    return name


def projects_document(call: Call) -> dict[str, Any]:
    """Return all projects, each an API root."""
    found = call.service.catalogue.projects()
    return {
        "links": call.own_links(),
        "projects": [_project(call, each, is_default=each is found[0]) for each in found],
    }


def _project(call: Call, project: Project, *, is_default: bool) -> dict[str, Any]:
    href = f"{call.server}/projects/{segment(project.project_id)}"
    links = [{"href": href, "rel": "item", "type": JSON, "title": project.title}]
    if project.versions:
        title = call.word("versions_of", title=project.title)
        link = {"href": f"{href}/versions", "rel": "version-history", "type": JSON, "title": title}
        links.append(link)
    return {
        "id": project.project_id,
        "title": project.title,
        "default": is_default,
        "links": links,
    }


def versions_document(call: Call) -> dict[str, Any]:
    """Return the versions of a project, each an API root."""
    project = project_of(call)
    base = f"{call.server}/projects/{segment(project.project_id)}/versions"
    versions = [
        {
            "id": version.version_id,
            "title": version.title,
            "name": version.name,
            "created": version.created_at,
            "supersedes": version.supersedes,
            "latest": version is project.versions[-1],
            "links": [
                {
                    "href": f"{base}/{segment(version.version_id)}",
                    "rel": "item",
                    "type": JSON,
                    "title": version.name or version.version_id,
                }
            ],
        }
        for version in project.versions
    ]
    return {"links": call.own_links(), "project": project.project_id, "versions": versions}


def project_of(call: Call) -> Project:
    """Return the project that `call` was sent to."""
    found = {each.project_id: each for each in call.service.catalogue.projects()}
    if call.project not in found:
        raise NotFoundError("http.no_project", project=call.project)
    return found[call.project]


def files_document(call: Call) -> dict[str, Any]:
    """Return the files that can be fetched."""
    types = {**{name: FILES[name] for name in call.dataset.files}, **export_names(call.dataset)}
    return {
        "links": [
            *call.own_links(),
            *(
                call.link(f"/files/{name}", "enclosure", media_type=media, title=name)
                for name, media in types.items()
            ),
        ]
    }
