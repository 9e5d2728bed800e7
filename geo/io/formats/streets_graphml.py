"""Streets out of GraphML, as OSMnx and networkx write it: nodes with x and y, directed edges."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from xml.etree import ElementTree as ET

import geopandas as gpd
import pandas as pd
import shapely

from geo.errors import LoadError
from geo.io.formats.raw import RawLayer, reason_of
from geo.io.project import LayerSpec

__all__ = ["read_graphml"]

_SPACE: Final = "{http://graphml.graphdrawing.org/xmlns}"
_KEPT: Final = (
    "name", "highway", "access", "bridge", "tunnel", "layer", "foot", "bicycle", "motor_vehicle",
)  # fmt: skip
_FAILURES: Final = (ET.ParseError, ValueError, KeyError, OSError, shapely.errors.ShapelyError)


def read_graphml(spec: LayerSpec) -> RawLayer:
    """Return the edges of a graph as streets: both directions of one street make one row.

    Raises
    ------
    LoadError
        If the file is no GraphML, or its nodes have no x and y.
    """
    try:
        graph = _Graph(spec)
        rows = list(graph.streets())
    except _FAILURES as error:
        raise LoadError("io.unreadable", path=spec.shown, reason=reason_of(error)) from error
    if not rows:
        raise LoadError("io.no_rows", path=spec.shown)
    frame = gpd.GeoDataFrame(pd.DataFrame(rows), geometry="geometry", crs=graph.crs)
    return RawLayer(frame=frame, spec=spec, encoding="utf-8", has_own_crs=graph.has_crs)


class _Graph:
    """What one GraphML file says, attributes by their names."""

    def __init__(self, spec: LayerSpec) -> None:
        # expat itself refuses entities that blow up; nothing outside the file is ever read.
        root = ET.parse(spec.path).getroot()  # noqa: S314
        self._names = {key.get("id"): key.get("attr.name") for key in root.iter(f"{_SPACE}key")}
        graph = root.find(f"{_SPACE}graph")
        if graph is None:
            msg = "no <graph>"
            raise ValueError(msg)
        said = self._data(graph)
        self.has_crs = "crs" in said
        self.crs = said.get("crs", "EPSG:4326")
        self._is_directed = graph.get("edgedefault") != "undirected"
        self._graph = graph

    def streets(self) -> Iterator[dict[str, Any]]:
        """Yield a row a street: `oneway` where there is no edge back."""
        places = {}
        for node in self._graph.iter(f"{_SPACE}node"):
            said = self._data(node)
            places[node.get("id")] = (float(said["x"]), float(said["y"]))
        found: dict[tuple[Any, ...], dict[str, Any]] = {}
        for edge in self._graph.iter(f"{_SPACE}edge"):
            start, end, said = edge.get("source"), edge.get("target"), self._data(edge)
            line = _line(said, (places[start], places[end]))
            back = (end, start, said.get("osmid"), _outline(line, is_back=True))
            if back in found and found[back]["oneway"] == "yes":
                found[back]["oneway"] = "no"
                continue
            key = (start, end, said.get("osmid"), _outline(line))
            found[key] = {
                "street_id": str(len(found)),
                **{name: said.get(name) for name in _KEPT},
                "speed_kmh": said.get("speed_kph", said.get("speed_kmh")),
                "oneway": "yes" if self._is_directed else "no",
                "from_node": start,
                "to_node": end,
                "geometry": line,
            }
        yield from found.values()

    def _data(self, element: ET.Element) -> Mapping[str, str]:
        said = {
            self._names.get(part.get("key")): part.text for part in element.findall(f"{_SPACE}data")
        }
        return {name: text for name, text in said.items() if name and text}


def _line(
    said: Mapping[str, str], ends: tuple[tuple[float, float], tuple[float, float]]
) -> shapely.LineString:
    shape = shapely.from_wkt(said["geometry"]) if "geometry" in said else shapely.LineString(ends)
    if shape.geom_type != "LineString":
        msg = f"an edge is a {shape.geom_type}"
        raise ValueError(msg)
    return shape


def _outline(line: shapely.LineString, *, is_back: bool = False) -> tuple[tuple[float, ...], ...]:
    places = [tuple(round(value, 7) for value in place) for place in line.coords]
    return tuple(reversed(places)) if is_back else tuple(places)
