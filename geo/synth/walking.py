"""How far it is on foot along the roads of a synthetic city, by the plainest means there are.

Every road is an edge between its ends; a place is on the nearest road within the snap limit; the
rest is Dijkstra's algorithm of scipy. Times are whole milliseconds.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from geo.synth.figures import limits
from geo.synth.plan import Floats, Ints

__all__ = ["Walks", "walks_to"]

_TINY = 1e-7  # scipy takes a weight of 0 for no arc
_MS_PER_M_AT_1_KMH = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Walks:
    """How far k points are from the nearest site, each array of length k.

    `straight_m`; `ms` and `metres` along the roads (endless: no way); `is_near`: a road is near
    enough.
    """

    straight_m: Floats
    ms: Floats
    metres: Floats
    is_near: npt.NDArray[np.bool_]


class _Roads(NamedTuple):
    """Lines with whole milliseconds and the nodes at both ends."""

    lines: npt.NDArray[np.object_]
    ms: Floats
    nodes: Ints
    n_nodes: int


class _Spots(NamedTuple):
    """Places on roads: road (-1: none near), ms from its start, ms of the way to it."""

    road: Ints
    at_ms: Floats
    access_ms: Floats


def walks_to(points: Floats, sites: Floats, lines: npt.NDArray[np.object_]) -> Walks:
    """Return how far each of the points (k, 2) is from the nearest of the sites (s, 2)."""
    if len(sites) == 0 or len(lines) == 0:
        endless = np.full(len(points), np.inf)
        return Walks(
            straight_m=endless,
            ms=endless,
            metres=endless,
            is_near=np.zeros(len(points), dtype=bool),
        )
    roads = _roads(lines)
    at_sites, at_points = _spots(sites, roads), _spots(points, roads)
    times = _times(roads, at_sites)
    on = np.maximum(at_points.road, 0)
    by_start = times[roads.nodes[on, 0]] + at_points.at_ms
    by_end = times[roads.nodes[on, 1]] + roads.ms[on] - at_points.at_ms
    ms = np.minimum(np.minimum(by_start, by_end), _direct(at_points, at_sites))
    ms = np.where(at_points.road >= 0, ms + at_points.access_ms, np.inf)
    return Walks(
        straight_m=np.asarray(cKDTree(sites).query(points, workers=-1)[0]),
        ms=ms,
        metres=ms / _ms_per_m(),
        is_near=at_points.road >= 0,
    )


def _ms_per_m() -> float:
    return _MS_PER_M_AT_1_KMH / limits()["walk_kmh"]


def _roads(lines: npt.NDArray[np.object_]) -> _Roads:
    ends = np.vstack([shapely.get_coordinates(shapely.get_point(lines, at)) for at in (0, -1)])
    _, node = np.unique(ends, axis=0, return_inverse=True)
    nodes = node.reshape(2, -1).T.astype(np.int64)
    ms = np.rint(shapely.length(lines) * _ms_per_m())
    return _Roads(lines, ms, nodes, int(nodes.max()) + 1)


def _spots(xy: Floats, roads: _Roads) -> _Spots:
    reach = limits()["max_snap_m"]
    points = shapely.points(xy)
    at, road = shapely.STRtree(roads.lines).query_nearest(
        points, max_distance=reach + 1e-6, all_matches=False
    )
    away = shapely.distance(points[at], roads.lines[road])
    at, road, away = at[away <= reach], road[away <= reach], away[away <= reach]
    found = _Spots(np.full(len(xy), -1, dtype=np.int64), np.zeros(len(xy)), np.zeros(len(xy)))
    along = shapely.line_locate_point(roads.lines[road], points[at])
    found.road[at] = road
    found.at_ms[at] = np.minimum(np.rint(along * _ms_per_m()), roads.ms[road])
    found.access_ms[at] = np.rint(away * _ms_per_m())
    return found


def _times(roads: _Roads, sites: _Spots) -> Floats:
    """Return the time from each node to the nearest site, by way of one more node for all sites."""
    on = sites.road >= 0
    road = sites.road[on]
    to_start = sites.at_ms[on] + sites.access_ms[on]
    to_end = roads.ms[road] - sites.at_ms[on] + sites.access_ms[on]
    hub = np.full(2 * len(road), roads.n_nodes)
    arcs = pd.DataFrame(
        {
            "tail": np.concatenate([roads.nodes[:, 0], roads.nodes[:, 1], hub]),
            "head": np.concatenate(
                [roads.nodes[:, 1], roads.nodes[:, 0], roads.nodes[road, 0], roads.nodes[road, 1]]
            ),
            "ms": np.concatenate([roads.ms, roads.ms, to_start, to_end]) + _TINY,
        }
    )
    arcs = arcs.sort_values("ms").drop_duplicates(["tail", "head"])
    size = roads.n_nodes + 1
    graph = csr_matrix((arcs["ms"], (arcs["tail"], arcs["head"])), shape=(size, size))
    found: Any = dijkstra(graph, indices=np.array([roads.n_nodes]))
    return np.asarray(np.rint(found[0, : roads.n_nodes]))


def _direct(points: _Spots, sites: _Spots) -> Floats:
    """Return the time from each point to the nearest site on the same road, without leaving it."""
    spots = [
        pd.DataFrame({"road": some.road, "at": some.at_ms, "access": some.access_ms})
        for some in (points, sites)
    ]
    pairs = spots[0][spots[0]["road"] >= 0].reset_index().merge(spots[1], on="road")
    ways = (pairs["at_x"] - pairs["at_y"]).abs() + pairs["access_y"]
    best = np.full(len(points.road), np.inf)
    np.minimum.at(best, pairs["index"].to_numpy(), ways.to_numpy())
    return best
