"""Spatial predicates: the geometry of a feature against one that a filter gives."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
import shapely

from api.http.columns import Rows
from api.http.filters.truth import Truth
from api.http.problems import RequestError
from api.http.projected import Projected, shapes_of_boxes
from api.http.references import Reference

__all__ = ["SPATIAL_PREDICATES", "Places", "spatial_truth"]

_MAX_VERTICES: Final = 5_000

_OF_TREE: Final = {
    "s_intersects": "intersects",
    "s_disjoint": "intersects",
    "s_within": "contains",
    "s_contains": "within",
    "s_touches": "touches",
    "s_overlaps": "overlaps",
    "s_crosses": "crosses",
}
"""What the tree is asked about (given, feature) where the filter says (feature, given)."""

_MIRRORED: Final = {"s_within": "s_contains", "s_contains": "s_within"}

SPATIAL_PREDICATES: Final = (*_OF_TREE, "s_equals")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places:
    """The geometries of a collection in the reference system of a filter."""

    projected: Projected
    reference: Reference


def spatial_truth(name: str, args: list[Any], places: Places) -> Truth:
    """Return where `name` holds.

    Raises
    ------
    RequestError
        Unless one of `args` is the property `geometry` and the other a usable geometry.
    """
    left, right = args
    if _is_own(right):
        left, right, name = right, left, _MIRRORED.get(name, name)
    if not _is_own(left) or not isinstance(right, dict):
        raise RequestError("http.filter_types", what=name)
    given = _geometry(right, places.reference)
    is_missing = places.projected.is_missing
    yes = np.zeros(len(is_missing), dtype=np.bool_)
    try:
        yes[_hits(name, given, places.projected.tree)] = True
    except shapely.errors.GEOSException as error:
        raise RequestError("http.filter_geometry") from error
    truth = Truth.of(yes, ~is_missing)
    return ~truth if name == "s_disjoint" else truth


def _is_own(node: object) -> bool:
    return isinstance(node, dict) and node.get("property") == "geometry"


def _hits(name: str, given: shapely.Geometry, tree: shapely.STRtree) -> Rows:
    if name != "s_equals":
        found: Rows = tree.query(given, predicate=_OF_TREE[name])
        return found
    near: Rows = np.asarray(tree.query(given))
    equal: Rows = near[shapely.equals(tree.geometries[near], given)]
    return equal


def _geometry(node: dict[str, Any], reference: Reference) -> shapely.Geometry:
    if "bbox" in node:
        numbers = node["bbox"]
        if not isinstance(numbers, list) or not all(isinstance(n, int | float) for n in numbers):
            raise RequestError("http.filter_geometry")
        return shapes_of_boxes(reference.boxes(numbers))
    try:
        given = shapely.from_geojson(orjson.dumps(node))
    except (shapely.errors.GEOSException, TypeError, ValueError) as error:
        raise RequestError("http.filter_geometry") from error
    coordinates = shapely.get_coordinates(given)
    is_bad = shapely.is_empty(given) or not np.isfinite(coordinates).all()
    if is_bad or len(coordinates) > _MAX_VERTICES or not shapely.is_valid(given):
        raise RequestError("http.filter_geometry")
    return given
