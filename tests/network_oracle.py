"""Times along streets the plain way: every place splits its edge, then scipy's Dijkstra."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import shapely
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from geo.coverage.network import Ways
from geo.coverage.streets import Edges

_TINY = 1e-5  # scipy takes a weight of 0 for no arc; it also counts the arcs of a way


class Spots(NamedTuple):
    """Places by edge (-1: none near), time from the edge's first vertex, and access time (ms)."""

    edge: np.ndarray
    at_ms: np.ndarray
    access_ms: np.ndarray


def edge_ms(edges: Edges, ways: Ways) -> np.ndarray:
    """Return the whole milliseconds of each edge."""
    return np.rint(edges.length_m * ways.ms_per_m[edges.street_at]).astype(np.int64)


def spots(
    edges: Edges, ways: Ways, xy: np.ndarray, *, within_m: float, access_ms_per_m: float
) -> Spots:
    """Return the nearest open edge of each point by shapely's tree."""
    is_open = (ways.forward | ways.backward)[edges.street_at]
    chosen = np.flatnonzero(is_open)
    lines = np.array(
        [shapely.LineString(edges.xy[edges.first[e] : edges.last[e] + 1]) for e in chosen],
        dtype=object,
    )
    points = shapely.points(xy)
    at, near = shapely.STRtree(lines).query_nearest(
        points, max_distance=within_m + 1e-6, all_matches=False
    )
    edge = np.full(len(xy), -1)
    at_ms, access = np.zeros(len(xy), dtype=np.int64), np.zeros(len(xy), dtype=np.int64)
    away = shapely.distance(points[at], lines[near])
    keep = away <= within_m
    at, near, away = at[keep], near[keep], away[keep]
    edge[at] = chosen[near]
    along = shapely.line_locate_point(lines[near], points[at])
    at_ms[at] = np.rint(along * ways.ms_per_m[edges.street_at][edge[at]])
    at_ms[at] = np.minimum(at_ms[at], edge_ms(edges, ways)[edge[at]])
    access[at] = np.rint(away * access_ms_per_m)
    return Spots(edge, at_ms, access)


def times_ms(
    edges: Edges, ways: Ways, sites: Spots, points: Spots, *, total: np.ndarray | None = None
) -> np.ndarray:
    """Return the time from every point to every site, shape (points, sites); inf without a way.

    `total` is the time of each edge, by default in whole milliseconds. The fraction of a time is
    1e-5 for each arc of the way.
    """
    n, k = len(edges.node_xy), len(sites.edge)
    total = edge_ms(edges, ways) if total is None else total
    every = Spots(*(np.concatenate(pair) for pair in zip(sites, points, strict=True)))
    rows, columns, weights = [], [], []

    def arc(a: int, b: int, ms: float) -> None:
        rows.append(a)
        columns.append(b)
        weights.append(ms + _TINY)

    on: dict[int, list[tuple[float, int]]] = {}
    for place, edge in enumerate(every.edge):
        if edge >= 0:
            on.setdefault(int(edge), []).append((every.at_ms[place], n + place))
    for edge in range(len(edges)):
        stops = [(0, int(edges.nodes[edge, 0])), *sorted(on.get(edge, []))]
        stops.append((total[edge], int(edges.nodes[edge, 1])))
        for (a_ms, a), (b_ms, b) in pairwise(stops):
            is_same = a_ms == b_ms and max(a, b) >= n  # places at one spot, or at a node
            if ways.forward[edges.street_at[edge]] or is_same:
                arc(a, b, b_ms - a_ms)
            if ways.backward[edges.street_at[edge]] or is_same:
                arc(b, a, b_ms - a_ms)
    size = n + len(every.edge)
    # Parallel arcs would be added up by scipy: keep the least.
    order = np.lexsort((weights, columns, rows))
    r, c, w = (np.array(values)[order] for values in (rows, columns, weights))
    first = np.append(True, (r[1:] != r[:-1]) | (c[1:] != c[:-1])) if len(r) else np.zeros(0, bool)
    graph = csr_matrix((w[first], (c[first], r[first])), shape=(size, size))  # turned around
    found = dijkstra(graph, indices=n + np.arange(k))[:, n + k :].T
    lost = (points.edge < 0)[:, None] | (sites.edge < 0)[None, :]
    found = np.where(lost, np.inf, found)
    return found + points.access_ms[:, None] + sites.access_ms[None, :]
