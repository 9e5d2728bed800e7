"""Examples of parameters in the OpenAPI document: values that this very dataset answers."""

from collections.abc import Iterator, Mapping
from typing import Any

from api.http.calls import segment
from api.http.datasets import SUMMARY_FILE, Dataset
from api.http.references import CRS84_URI
from api.http.tiles import MATRIX_SET

__all__ = ["add_examples"]

Json = dict[str, Any]


def add_examples(document: Json, dataset: Dataset) -> None:
    """Add examples to the parameters of an OpenAPI document, in place."""
    shared = _shared(dataset)
    for name, parameter in document["components"]["parameters"].items():
        if name in shared:
            parameter["example"] = shared[name]
    first = {name: table.ids[0] for name, table in dataset.tables.items() if len(table)}
    places = {f"/collections/{segment(name)}/": feature for name, feature in first.items()}
    for path, parameter in _own(document["paths"]):
        known = dict(shared)
        for start, feature in places.items():
            if path.startswith(start):
                known["featureId"] = feature
        if path.startswith("/qr/") and first:
            known["collectionId"], known["featureId"] = next(iter(first.items()))
        if parameter["name"] in known:
            parameter["example"] = known[parameter["name"]]


def _own(paths: Mapping[str, Any]) -> Iterator[tuple[str, Json]]:
    """Yield the parameters that only one operation has and must be given."""
    for path, operations in paths.items():
        for operation in operations.values():
            for parameter in operation["parameters"]:
                if parameter.get("required"):
                    yield path, parameter


def _shared(dataset: Dataset) -> Json:
    """Return examples by name of parameter."""
    found: Json = {
        "f": "json",
        "lang": "en",
        "limit": 10,
        "crs": CRS84_URI,
        "datetime": "2026-01-01T00:00:00Z/..",
        "skipGeometry": False,
        "tileMatrixSetId": MATRIX_SET,
        "tileMatrix": "0",
        "tileRow": "0",
        "tileCol": "0",
        "name": SUMMARY_FILE,
        "projectId": dataset.dataset_id,
    }
    box = next((t.bbox_deg for t in dataset.tables.values() if t.bbox_deg is not None), None)
    if box is None:
        return found
    west, south, east, north = box
    inside = f"S_INTERSECTS(geometry, BBOX({west}, {south}, {east}, {north}))"
    return {
        **found,
        "bbox": list(box),
        "bbox-crs": CRS84_URI,
        "filter": inside,
        "filter-lang": "cql2-text",
        "filter-crs": CRS84_URI,
        "lon": (west + east) / 2,
        "lat": (south + north) / 2,
    }
