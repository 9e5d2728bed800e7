"""Streets out of an OpenStreetMap extract (PBF), by pyosmium.

Ways with `highway` are cut where they share a node, so that what meets in OpenStreetMap meets
here, and a bridge does not meet the road below it. A locked gate, or a barrier that is private,
joins nothing.
"""

import importlib
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from types import ModuleType
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import shapely

from geo.errors import LoadError
from geo.io.formats.gdal import read_gdal
from geo.io.formats.raw import RawLayer, reason_of
from geo.io.project import LayerSpec

__all__ = ["read_street_pbf"]

_TAGS: Final = (
    "name", "highway", "oneway", "access", "foot", "bicycle", "motor_vehicle", "oneway:bicycle",
    "bridge", "tunnel", "layer",
)  # fmt: skip
_CLOSED: Final = ("no", "private")
_OPEN: Final = ("yes", "designated", "permissive", "destination")
_MAX_SPEED: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(mph)?")
_KMH_PER_MPH: Final = 1.609344
_Way = tuple[int, Mapping[str, str], list[tuple[int, float, float]]]
_ONE_WAY: Final = ("motorway", "motorway_link")


def read_street_pbf(spec: LayerSpec) -> RawLayer:
    """Return the streets of an extract, one row a piece between two nodes that streets share.

    Columns `street_id` (way and piece), `name`, `oneway`, `speed_kmh`, `from_node`, `to_node`, and
    the tags that say who may use it. Without pyosmium (extra `osm`) GDAL reads the ways whole.

    Raises
    ------
    LoadError
        If the file is damaged or has no streets.
    """
    osmium = _osmium()
    if osmium is None or spec.where is not None or spec.layer is not None:
        return read_gdal(spec)
    try:
        ways, shut = _ways(osmium, str(spec.path))
    except (RuntimeError, ValueError, OSError) as error:
        raise LoadError("io.unreadable", path=spec.shown, reason=reason_of(error)) from error
    if not ways:
        raise LoadError("io.no_rows", path=spec.shown)
    rows = list(_pieces(ways, shut))
    frame = gpd.GeoDataFrame(pd.DataFrame(rows), geometry="geometry", crs="EPSG:4326")
    return RawLayer(frame=frame, spec=spec, encoding="utf-8")


def _osmium() -> ModuleType | None:
    try:
        return importlib.import_module("osmium")
    except ImportError:
        return None


def _ways(osmium: ModuleType, path: str) -> tuple[list[_Way], set[int]]:
    """Return id, tags and nodes (ref, lon, lat) of every street, and the nodes that are shut."""
    ways: list[_Way] = []
    shut: set[int] = set()
    for thing in osmium.FileProcessor(path).with_locations():
        if thing.is_node() and "barrier" in thing.tags and _is_shut(thing.tags):
            shut.add(thing.id)
        elif thing.is_way() and "highway" in thing.tags:
            nodes = [
                (node.ref, node.location.lon, node.location.lat)
                for node in thing.nodes
                if node.location.valid()
            ]
            if len(nodes) > 1:
                ways.append((thing.id, {tag.k: tag.v for tag in thing.tags}, nodes))
    return ways, shut


def _is_shut(tags: Any) -> bool:  # noqa: ANN401
    if tags.get("locked") == "yes":
        return True
    return tags.get("access") in _CLOSED and tags.get("foot") not in _OPEN


def _pieces(ways: list[_Way], shut: set[int]) -> Iterator[dict[str, Any]]:
    """Yield a row for every piece of a way between shared nodes (or shut ones, which part it)."""
    uses: dict[int, int] = {}
    for _, _, nodes in ways:
        for ref, _, _ in nodes:
            uses[ref] = uses.get(ref, 0) + 1
    for way, tags, nodes in ways:
        cuts = [
            at
            for at, (ref, _, _) in enumerate(nodes)
            if at in (0, len(nodes) - 1) or uses[ref] > 1 or ref in shut
        ]
        columns = _columns(tags)
        for number, (start, stop) in enumerate(pairwise(cuts)):
            part = nodes[start : stop + 1]
            names = [
                f"{ref}/{way}/{number}" if ref in shut else str(ref)
                for ref in (part[0][0], part[-1][0])
            ]
            yield {
                "street_id": f"{way}-{number}" if len(cuts) > 2 else str(way),  # noqa: PLR2004
                **columns,
                "from_node": names[0],
                "to_node": names[1],
                "geometry": shapely.LineString([(lon, lat) for _, lon, lat in part]),
            }


def _columns(tags: Mapping[str, str]) -> dict[str, Any]:
    columns: dict[str, Any] = {tag: tags.get(tag) for tag in _TAGS}
    if columns["oneway"] is None and (
        tags.get("junction") == "roundabout" or tags["highway"] in _ONE_WAY
    ):
        columns["oneway"] = "yes"
    speed = _MAX_SPEED.fullmatch(tags.get("maxspeed", ""))
    columns["speed_kmh"] = None
    if speed is not None:
        columns["speed_kmh"] = float(speed[1]) * (_KMH_PER_MPH if speed[2] else 1.0)
    return columns
