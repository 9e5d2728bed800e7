"""Valid polygons: most are told by a sweep over their segments, the rest asked of GEOS."""

from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from geo.compiled import compiled

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
    for r in range(len(simple)):
        ring = xy[start[r] : start[r + 1]]
        if len(ring) >= _MIN_RING and _turns_on(ring):
            simple[r] = _is_apart_throughout(ring, low, order)
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
    _sort(low, order, n)
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


@compiled
def _sort(low: Floats, order: Longs, count: int) -> None:
    """Sort the first `count` places in `order` by `low` (Shell's method)."""
    gap = 1
    while gap < count // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for k in range(gap, count):
            place = order[k]
            at = k
            while at >= gap and low[order[at - gap]] > low[place]:
                order[at] = order[at - gap]
                at -= gap
            order[at] = place
        gap //= 3
