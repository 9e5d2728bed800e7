"""Valid polygons: most are told by comparing their segments, the rest asked of GEOS."""

from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from geo.compiled import compiled
from geo.sorting import sort_order

__all__ = ["is_valid"]

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_POLYGON: Final = 3
_CLEAR: Final = 1e-8
"""A point this far from a line (in units of the coordinates) is on one side of it, for certain."""
_MAX_SPAN: Final = 1e7
"""Up to this size of a ring rounding stays below `_CLEAR`."""
_MIN_RING: Final = 4
_MAX_TRIES: Final = 64
"""Pairs of segments looked at for each vertex, at most; GEOS is asked beyond."""
_MAX_CHAINS: Final = 32
"""A ring of more chains that run one way is swept segment by segment."""
_MAX_CHAIN_TRIES: Final = 16
"""As `_MAX_TRIES`, of the segments of chains; beyond, the ring is swept."""


def is_valid(geometry: npt.NDArray[np.object_]) -> Mask:
    """Return what `shapely.is_valid` returns, sooner where geometries are plain polygons.

    Notes
    -----
    A polygon of one ring is valid where no two of its segments meet but in the vertex between them.
    Floating point can say so for certain of nearly all; O(v log v) for v vertices whose segments
    are short. What it cannot say goes to GEOS: holes, several parts, points near a line.
    """
    geometry = np.asarray(geometry, dtype=object)
    is_plain = (shapely.get_type_id(geometry) == _POLYGON) & ~shapely.is_empty(geometry)
    at = np.flatnonzero(is_plain & (shapely.get_num_interior_rings(geometry) == 0))
    valid = np.zeros(len(geometry), dtype=bool)
    if len(at):
        start = np.zeros(len(at) + 1, dtype=np.int64)
        np.cumsum(shapely.get_num_coordinates(geometry[at]), out=start[1:])
        valid[at] = _surely_simple(shapely.get_coordinates(geometry[at]), start)
    rest = np.flatnonzero(~valid)
    valid[rest] = shapely.is_valid(geometry[rest])
    return valid


@compiled
def _surely_simple(xy: Floats, start: Longs) -> Mask:
    """Return True for each ring that is simple for certain; False says nothing."""
    simple = np.zeros(len(start) - 1, np.bool_)
    largest = 0
    for r in range(len(simple)):
        largest = max(largest, start[r + 1] - start[r])
    low, order = np.empty(largest), np.empty(largest, np.int64)
    first, box = np.empty(_MAX_CHAINS + 1, np.int64), np.empty((_MAX_CHAINS, 4))
    for r in range(len(simple)):
        ring = xy[start[r] : start[r + 1]]
        if len(ring) >= _MIN_RING and _turns_on(ring):
            chains = first[: _cut_into_chains(ring, first, box) + 1]
            simple[r] = _are_chains_apart(ring, chains, box)
            simple[r] = simple[r] or _is_apart_throughout(ring, low, order)
    return simple


@compiled
def _turns_on(ring: Floats) -> bool:
    """Return True where no segment is empty and none runs back over the one before, for certain."""
    n = len(ring) - 1
    for v in range(n):
        before = n - 1 if v == 0 else v - 1
        ax, ay = ring[before, 0] - ring[v, 0], ring[before, 1] - ring[v, 1]
        bx, by = ring[v + 1, 0] - ring[v, 0], ring[v + 1, 1] - ring[v, 1]
        if not (abs(ax) + abs(ay) > 0.0 and abs(ax) + abs(ay) < _MAX_SPAN):
            return False
        if ax * bx + ay * by > 0.0 and not (
            abs(ax * by - ay * bx) > _CLEAR * max(np.hypot(ax, ay), np.hypot(bx, by))
        ):
            return False
    return True


@compiled
def _cut_into_chains(ring: Floats, first: Longs, box: Floats) -> int:
    """Cut a ring into chains that run one way in x or in y; return how many, 0 for too many.

    No such chain meets itself. `first`: the segment each starts with, and the end; `box` of each.
    """
    n, count = len(ring) - 1, 0
    along_x, along_y, right, up = False, False, False, False
    for s in range(n):
        x0, y0, x1, y1 = ring[s, 0], ring[s, 1], ring[s + 1, 0], ring[s + 1, 1]
        along_x = along_x and x0 != x1 and (x1 > x0) == right
        along_y = along_y and y0 != y1 and (y1 > y0) == up
        if not (along_x or along_y):
            if count == _MAX_CHAINS:
                return 0
            along_x, along_y, right, up = x0 != x1, y0 != y1, x1 > x0, y1 > y0
            first[count] = s
            box[count, 0], box[count, 1], box[count, 2], box[count, 3] = x0, y0, x0, y0
            count += 1
        mine = box[count - 1]
        mine[0], mine[1] = min(mine[0], x1), min(mine[1], y1)
        mine[2], mine[3] = max(mine[2], x1), max(mine[3], y1)
    first[count] = n
    return count


@compiled
def _are_chains_apart(ring: Floats, first: Longs, box: Floats) -> bool:
    """Return True where segments of different chains meet none but their neighbours, for certain.

    Only those are compared that lie where the boxes of their chains meet.
    """
    left = _MAX_CHAIN_TRIES * len(ring)
    for a in range(len(first) - 1):
        for b in range(a):
            x0, y0 = max(box[a, 0], box[b, 0]), max(box[a, 1], box[b, 1])
            x1, y1 = min(box[a, 2], box[b, 2]), min(box[a, 3], box[b, 3])
            if x0 > x1 or y0 > y1:
                continue
            if not _are_within(_MAX_SPAN, box[a], box[b]):
                return False
            for s in range(first[a], first[a + 1]):
                if _is_in_box(ring, s, (x0, y0, x1, y1)):
                    left -= first[b + 1] - first[b]
                    if left < 0 or not _is_apart_from(ring, s, (first[b], first[b + 1])):
                        return False
    return len(first) > 1


@compiled
def _is_apart_from(ring: Floats, s: int, chain: tuple[int, int]) -> bool:
    """Return True where a segment meets none of a chain but its neighbours, for certain."""
    x0, x1 = min(ring[s, 0], ring[s + 1, 0]), max(ring[s, 0], ring[s + 1, 0])
    y0, y1 = min(ring[s, 1], ring[s + 1, 1]), max(ring[s, 1], ring[s + 1, 1])
    for t in range(chain[0], chain[1]):
        if not _is_in_box(ring, t, (x0, y0, x1, y1)):
            continue
        if s - t not in (1, len(ring) - 2) and not _is_apart(ring, s, t):
            return False
    return True


@compiled
def _are_within(span: float, a: Floats, b: Floats) -> bool:
    return bool(max(a[2] - b[0], b[2] - a[0], a[3] - b[1], b[3] - a[1]) < span)


@compiled
def _is_in_box(ring: Floats, s: int, box: tuple[float, float, float, float]) -> bool:
    return bool(
        min(ring[s, 0], ring[s + 1, 0]) <= box[2]
        and max(ring[s, 0], ring[s + 1, 0]) >= box[0]
        and min(ring[s, 1], ring[s + 1, 1]) <= box[3]
        and max(ring[s, 1], ring[s + 1, 1]) >= box[1]
    )


@compiled
def _long_axis(ring: Floats) -> int:
    x0, y0, x1, y1 = ring[0, 0], ring[0, 1], ring[0, 0], ring[0, 1]
    for v in range(len(ring)):
        x0, x1 = min(x0, ring[v, 0]), max(x1, ring[v, 0])
        y0, y1 = min(y0, ring[v, 1]), max(y1, ring[v, 1])
    return 0 if x1 - x0 >= y1 - y0 else 1


@compiled
def _is_apart_throughout(ring: Floats, low: Floats, order: Longs) -> bool:
    """Return True where segments meet none but their neighbours; `low`, `order`: room."""
    n = len(ring) - 1
    axis = _long_axis(ring)
    other = 1 - axis
    for s in range(n):
        low[s], order[s] = min(ring[s, axis], ring[s + 1, axis]), s
    sort_order(low, order, n)
    left = _MAX_TRIES * n
    if not low[order[n - 1]] - low[order[0]] < _MAX_SPAN:
        return False
    for i in range(n):
        s = order[i]
        end = max(ring[s, axis], ring[s + 1, axis])
        a, b = ring[s, other], ring[s + 1, other]
        if a > b:
            a, b = b, a
        for j in range(i + 1, n):
            t = order[j]
            if low[t] > end:
                break
            left -= 1
            c, d = ring[t, other], ring[t + 1, other]
            if (c < a and d < a) or (c > b and d > b):
                continue
            between = abs(s - t)
            if between in (1, n - 1):
                continue
            if left < 0 or not _is_apart(ring, s, t):
                return False
    return left >= 0


@compiled
def _is_apart(ring: Floats, s: int, t: int) -> bool:
    """Return True where one of two segments is on one side of the other, for certain."""
    return bool(
        _side(ring, s, t) * _side(ring, s, t + 1) > 0
        or _side(ring, t, s) * _side(ring, t, s + 1) > 0
    )


@compiled
def _side(ring: Floats, s: int, v: int) -> int:
    """Return 1 at the left of segment s, -1 at its right, 0 where it is not certain."""
    dx, dy = ring[s + 1, 0] - ring[s, 0], ring[s + 1, 1] - ring[s, 1]
    cross = dx * (ring[v, 1] - ring[s, 1]) - dy * (ring[v, 0] - ring[s, 0])
    clear = _CLEAR * np.hypot(dx, dy)
    if cross > clear:
        return 1
    return -1 if cross < -clear else 0
