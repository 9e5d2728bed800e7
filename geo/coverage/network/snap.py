"""The nearest place on a street for any number of points, by a grid of cells over the segments."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from geo.coverage.compiled import compiled, in_threads
from geo.coverage.network.arrays import Floats, Ints, Longs, Mask
from geo.coverage.network.graph import Graph
from geo.coverage.network.links import moved
from geo.coverage.network.search import Places
from geo.coverage.streets import Edges

__all__ = ["Snapped", "Snapper", "places_of"]

Snapped = tuple[Ints, Floats, Floats]
"""Of each point the nearest edge (-1: none), how far along it, and the way to it (m)."""

_CELL_M: Final = 40.0
_MAX_CELLS_PER_SEGMENT: Final = 16
_EDGE: Final = 1e-6

_CHUNK: Final = 50_000
"""Points that one thread looks at before it takes more."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapper:
    """The segments of the open edges in cells.

    `segments` (s, 4): x, y of both ends. `edge`, `along_m`: the edge of each segment and how far
    from the edge's start it begins. `first`, `members`: the segments that meet each cell, CSR.
    """

    segments: Floats
    edge: Ints
    along_m: Floats
    origin: Floats
    shape: tuple[int, int]
    cell_m: float
    first: Longs
    members: Ints

    @classmethod
    def of(cls, edges: Edges, is_open: Mask) -> "Snapper":
        """Return the snapper onto the edges that are open. O(segments)."""
        chosen = np.flatnonzero(is_open)
        count = edges.last[chosen] - edges.first[chosen]
        edge = np.repeat(chosen, count).astype(np.int32)
        begin = np.cumsum(count) - count
        at = np.repeat(edges.first[chosen] - begin, count) + np.arange(count.sum())
        segments = np.hstack([edges.xy[at], edges.xy[at + 1]])
        step = np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1])
        total = np.cumsum(step) - step
        along = total - np.repeat(total[begin] if len(begin) else total[:0], count)
        low = segments.reshape(-1, 2).min(axis=0) if len(segments) else np.zeros(2)
        high = segments.reshape(-1, 2).max(axis=0) if len(segments) else np.zeros(2)
        most = max(_MAX_CELLS_PER_SEGMENT * len(segments), 1)
        cell_m = max(_CELL_M, float(np.sqrt(np.prod(np.maximum(high - low, 1.0)) / most)))
        columns, rows = (np.floor((high - low) / cell_m) + 1).astype(int).tolist()
        first, members = _fill(segments, low, (columns, rows), cell_m)
        return cls(
            segments=segments,
            edge=edge,
            along_m=along,
            origin=low,
            shape=(columns, rows),
            cell_m=cell_m,
            first=first,
            members=members,
        )

    def nearest(self, xy: Floats, *, within_m: float) -> Snapped:
        """Return for each of k points the nearest edge, how far along it, and the way to it (m).

        Where no edge lies within `within_m` (inclusive) the edge is -1. Of several equally near
        edges it is the first.
        """
        grid = (self.segments, self.edge, self.along_m, self.origin, self.first, self.members)
        places = np.ascontiguousarray(xy, dtype=np.float64)
        parts = in_threads(
            lambda start, stop: _nearest(
                places[start:stop], grid, self.shape, self.cell_m, within_m
            ),
            len(places),
            chunk=_CHUNK,
        )
        if not parts:
            return np.zeros(0, dtype=np.int32), np.zeros(0), np.zeros(0)
        edge, along, away = (np.concatenate(values) for values in zip(*parts, strict=True))
        return edge, along, away


def places_of(graph: Graph, snapped: Snapped, *, access_ms_per_m: float) -> Places:
    """Return what `Snapper.nearest` found as places on the network, in whole milliseconds.

    Along the street the street's speed holds, on the straight way to it `access_ms_per_m`.
    """
    edges = (graph.edge_chain, graph.edge_from_ms, graph.edge_ms, graph.edge_flipped)
    return moved(Places(*_placed(snapped, edges, graph.ms_per_m, access_ms_per_m)), graph.cuts)


@compiled
def _placed(
    snapped: Snapped,
    edges: tuple[Ints, Ints, Ints, Mask],
    ms_per_m: Floats,
    access_ms_per_m: float,
) -> tuple[Ints, Ints, Ints]:
    """Return chain, time from its start and time of the way to it of each point."""
    edge_at, along_m, away_m = snapped
    edge_chain, from_ms, edge_ms, flipped = edges
    chain = np.full(len(edge_at), -1, np.int32)
    at_ms, access_ms = np.zeros(len(edge_at), np.int32), np.zeros(len(edge_at), np.int32)
    for p in range(len(edge_at)):
        edge = edge_at[p]
        if edge < 0:
            continue
        ride = min(np.rint(along_m[p] * ms_per_m[edge]), float(edge_ms[edge]))
        if flipped[edge]:
            ride = edge_ms[edge] - ride
        chain[p] = edge_chain[edge]
        at_ms[p] = from_ms[edge] + np.int32(ride)
        access_ms[p] = np.int32(np.rint(away_m[p] * access_ms_per_m))
    return chain, at_ms, access_ms


def _fill(
    segments: Floats, origin: Floats, shape: tuple[int, int], cell_m: float
) -> tuple[Longs, Ints]:
    """Return the segments in each cell, CSR, each in the order of the segments."""
    n_columns, n_rows = shape
    first = np.zeros(n_columns * n_rows + 1, dtype=np.int64)
    _visit(segments, origin, (n_columns, cell_m), first[1:], np.zeros(0, dtype=np.int32))
    np.cumsum(first, out=first)
    members = np.empty(first[-1], dtype=np.int32)
    _visit(segments, origin, (n_columns, cell_m), first[:-1].copy(), members)
    return first, members


@compiled
def _visit(
    segments: Floats, origin: Floats, grid: tuple[int, float], at: Longs, members: Ints
) -> None:
    """Count the segments of each cell in `at`, or with `members` write them from there on."""
    n_columns, cell = grid
    for s in range(len(segments)):
        x1, y1 = (segments[s, 0] - origin[0]) / cell, (segments[s, 1] - origin[1]) / cell
        x2, y2 = (segments[s, 2] - origin[0]) / cell, (segments[s, 3] - origin[1]) / cell
        if y1 > y2:
            x1, y1, x2, y2 = x2, y2, x1, y1
        for row in range(int(y1), int(y2) + 1):
            a, b = x1, x2
            if y2 - y1 > 0:
                a = x1 + (x2 - x1) * min(max((row - y1) / (y2 - y1), 0.0), 1.0)
                b = x1 + (x2 - x1) * min(max((row + 1 - y1) / (y2 - y1), 0.0), 1.0)
            low, high = max(min(a, b) - _EDGE, 0.0), min(max(a, b) + _EDGE, n_columns - _EDGE)
            for column in range(int(low), int(high) + 1):
                cell_at = row * n_columns + column
                if len(members) > 0:
                    members[at[cell_at]] = s
                at[cell_at] += 1


@compiled
def _nearest(
    xy: Floats,
    grid: tuple[Floats, Ints, Floats, Floats, Longs, Ints],
    shape: tuple[int, int],
    cell: float,
    within: float,
) -> tuple[Ints, Floats, Floats]:
    segments, edge_of, along_m, origin, first, members = grid
    n_columns, n_rows = shape
    edge = np.full(len(xy), -1, np.int32)
    along, away = np.zeros(len(xy)), np.full(len(xy), np.inf)
    if len(segments) == 0:
        return edge, along, away
    for p in range(len(xy)):
        x, y = xy[p, 0], xy[p, 1]
        u, v = (x - origin[0]) / cell, (y - origin[1]) / cell
        column, row = int(np.floor(u)), int(np.floor(v))
        border = min(u - column, column + 1 - u, v - row, row + 1 - v) * cell
        best, ring = within * within, 0
        while ring == 0 or ((ring - 1) * cell + border) ** 2 <= best:
            for r in range(max(row - ring, 0), min(row + ring, n_rows - 1) + 1):
                step = 1 if abs(r - row) == ring else max(2 * ring, 1)
                for c in range(column - ring, column + ring + 1, step):
                    if c < 0 or c >= n_columns:
                        continue
                    for m in range(first[r * n_columns + c], first[r * n_columns + c + 1]):
                        s = members[m]
                        square, share = _away(segments, s, x, y)
                        if square < best or (
                            square == best and (edge[p] < 0 or edge_of[s] < edge[p])
                        ):
                            best = square
                            edge[p] = edge_of[s]
                            along[p] = along_m[s] + share
                            away[p] = np.sqrt(square)
            ring += 1
    return edge, along, away


@compiled
def _away(segments: Floats, s: int, x: float, y: float) -> tuple[float, float]:
    """Return the square of the distance to segment s, and how far along it the nearest place is."""
    ax, ay = segments[s, 0], segments[s, 1]
    dx, dy = segments[s, 2] - ax, segments[s, 3] - ay
    square = dx * dx + dy * dy
    t = 0.0
    if square > 0:
        t = min(max(((x - ax) * dx + (y - ay) * dy) / square, 0.0), 1.0)
    ex, ey = x - (ax + t * dx), y - (ay + t * dy)
    return ex * ex + ey * ey, t * np.sqrt(square)
