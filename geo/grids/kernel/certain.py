"""What floating point can say for certain of segments: apart, or inside."""

from typing import Final

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.grids.kernel.rings import Floats

__all__ = ["surely_beside", "surely_within"]

Longs = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

Line = tuple[float, float, float, float]
Slices = tuple[Longs, Floats, Longs, Longs, Longs]

_SAME: Final = 2
_APART: Final = 1
_DOUBTFUL: Final = 0
_CLEAR_M: Final = 1e-8
"""A point this far from a line (m) is on one side of it, whatever the rounding."""
_MAX_TRIES: Final = 100_000_000
"""Pairs of segments of a shape and its ring from which on exact geometry is sooner done."""


def surely_within(
    mine: Floats, start: Longs, rings: Floats, ring_start: Longs, pairs: tuple[Longs, Longs]
) -> Mask:
    """Return True for each shape that lies in its ring for certain; False says nothing.

    Parameters
    ----------
    mine, start
        Segments (x0, y0, x1, y1) of all shapes (m), and where those of each begin.
    rings, ring_start
        Segments of simple rings, and where those of each begin.
    pairs
        Shapes and their rings.

    Notes
    -----
    Each segment of the shape runs along one of the ring, or meets the ring at its own ends alone
    and has its middle inside; a region without holes that holds the border of a shape holds the
    shape. A segment is held against those of the ring beside it, by slices across the ring's longer
    side: O(a + b) for segments a and b where these are short.
    """
    slices = _sliced(rings, ring_start)
    within: Mask = _are_on_side(mine, start, rings, *pairs, slices, True)  # noqa: FBT003
    return within


def surely_beside(
    mine: Floats, start: Longs, faces: Floats, face_start: Longs, pairs: tuple[Longs, Longs]
) -> Mask:
    """Return True for each shape whose border does not enter its face for certain.

    As `surely_within`, but each segment of the shape along none of the face has its middle
    outside; faces may have holes. Such a shape holds all of the face or nothing.
    """
    slices = _sliced(faces, face_start)
    beside: Mask = _are_on_side(mine, start, faces, *pairs, slices, False)  # noqa: FBT003
    return beside


def _sliced(rings: Floats, ring_start: Longs) -> Slices:
    """Cut each ring into slices about as wide as its segments.

    Returns the axis of each ring, its lowest value and the width of a slice (2 columns), its first
    slice, where the segments in each slice begin, and these.
    """
    axis, low_width, first = _cut(rings, ring_start)
    bounds, members = _filled(rings, ring_start, axis, low_width, first)
    return axis, low_width, first, bounds, members


@compiled
def _cut(rings: Floats, ring_start: Longs) -> tuple[Longs, Floats, Longs]:
    n = len(ring_start) - 1
    axis, low_width = np.zeros(n, np.int64), np.zeros((n, 2))
    first = np.zeros(n + 1, np.int64)
    for r in range(n):
        low, high, along = np.full(2, np.inf), np.full(2, -np.inf), np.zeros(2)
        for t in range(ring_start[r], ring_start[r + 1]):
            for c in range(2):
                low[c], high[c] = min(low[c], rings[t, c]), max(high[c], rings[t, c])
                along[c] += abs(rings[t, c + 2] - rings[t, c])
        at = 0 if high[0] - low[0] >= high[1] - low[1] else 1
        span, count = high[at] - low[at], ring_start[r + 1] - ring_start[r]
        axis[r], low_width[r, 0] = at, low[at]
        low_width[r, 1] = max(max(along[at], span) / max(count, 1), 1e-9)
        first[r + 1] = first[r] + max(int(span / low_width[r, 1]), 1)
    return axis, low_width, first


@compiled
def _filled(
    rings: Floats, ring_start: Longs, axis: Longs, low_width: Floats, first: Longs
) -> tuple[Longs, Longs]:
    lowest, highest = np.empty(len(rings), np.int64), np.empty(len(rings), np.int64)
    bounds = np.zeros(first[-1] + 1, np.int64)
    for r in range(len(axis)):
        at, n = axis[r], first[r + 1] - first[r]
        for t in range(ring_start[r], ring_start[r + 1]):
            a, b = rings[t, at], rings[t, at + 2]
            lowest[t] = first[r] + _slice(min(a, b), low_width[r], n)
            highest[t] = first[r] + _slice(max(a, b), low_width[r], n)
            for k in range(lowest[t], highest[t] + 1):
                bounds[k + 1] += 1
    bounds = np.cumsum(bounds)
    place, members = bounds[:-1].copy(), np.empty(bounds[-1], np.int64)
    for t in range(len(rings)):
        for k in range(lowest[t], highest[t] + 1):
            members[place[k]] = t
            place[k] += 1
    return bounds, members


@compiled
def _slice(value: float, low_width: Floats, n_slices: int) -> int:
    return min(max(int((value - low_width[0]) / low_width[1]), 0), n_slices - 1)


@compiled
def _are_on_side(
    mine: Floats,
    start: Longs,
    rings: Floats,
    shapes: Longs,
    ring: Longs,
    slices: Slices,
    inside: bool,  # noqa: FBT001
) -> Mask:
    axis, low_width, first, bounds, members = slices
    found = np.zeros(len(ring), np.bool_)
    for k in range(len(ring)):
        r = ring[k]
        here = bounds[first[r] : first[r + 1] + 1]
        a_slice = (here[-1] - here[0]) / max(len(here) - 1, 1)
        shape = mine[start[shapes[k]] : start[shapes[k] + 1]]
        if len(shape) * a_slice <= _MAX_TRIES:
            found[k] = _is_on_side(shape, rings, here, members, axis[r], low_width[r], inside)
    return found


@compiled
def _is_on_side(
    shape: Floats,
    rings: Floats,
    bounds: Longs,
    members: Longs,
    axis: int,
    low_width: Floats,
    inside: bool,  # noqa: FBT001
) -> bool:
    n = len(bounds) - 1
    for s in range(len(shape)):
        line = (shape[s, 0], shape[s, 1], shape[s, 2], shape[s, 3])
        low, high = min(line[axis], line[axis + 2]), max(line[axis], line[axis + 2])
        here = members[bounds[_slice(low, low_width, n)] : bounds[_slice(high, low_width, n) + 1]]
        meets = _meets(line, rings, here)
        if meets == _SAME:
            continue
        middle = (line[0] + line[2]) / 2.0, (line[1] + line[3]) / 2.0
        k = _slice(middle[axis], low_width, n)
        here = members[bounds[k] : bounds[k + 1]]
        if meets == _DOUBTFUL or _is_in(middle, rings, here, axis) != inside:
            return False
    return True


@compiled
def _meets(line: Line, rings: Floats, near: Longs) -> int:
    """Return `_SAME` for a segment along one of the near ones, `_APART` where it crosses none."""
    left, right = min(line[0], line[2]), max(line[0], line[2])
    low, high = min(line[1], line[3]), max(line[1], line[3])
    found = _APART
    for k in range(len(near)):
        t = near[k]
        other = (rings[t, 0], rings[t, 1], rings[t, 2], rings[t, 3])
        if (
            min(other[0], other[2]) > right
            or max(other[0], other[2]) < left
            or min(other[1], other[3]) > high
            or max(other[1], other[3]) < low
            or (other[0] == other[2] and other[1] == other[3])  # a repeated vertex is no segment
        ):
            continue
        is_same = _is_end(line, other[0], other[1]) and _is_end(line, other[2], other[3])
        if is_same or (_is_on(other, line[0], line[1]) and _is_on(other, line[2], line[3])):
            return _SAME
        if not _is_apart(line, other):
            found = _DOUBTFUL
    return found


@compiled
def _is_in(point: tuple[float, float], rings: Floats, near: Longs, axis: int) -> bool:
    """Return True for a point inside a ring of which the near segments are those beside it."""
    at, across = point[axis], point[1 - axis]
    is_in = False
    for k in range(len(near)):
        t = near[k]
        if (rings[t, axis] > at) != (rings[t, axis + 2] > at):
            share = (at - rings[t, axis]) / (rings[t, axis + 2] - rings[t, axis])
            if across < rings[t, 1 - axis] + share * (rings[t, 3 - axis] - rings[t, 1 - axis]):
                is_in = not is_in
    return is_in


@compiled
def _is_end(a: Line, x: float, y: float) -> bool:
    return bool((a[0] == x and a[1] == y) or (a[2] == x and a[3] == y))


@compiled
def _is_apart(a: Line, b: Line) -> bool:
    """Return True where segment a shares nothing with b, or one end of its own, for certain."""
    first, last = _side(a, b[0], b[1]), _side(a, b[2], b[3])
    if _is_end(a, b[0], b[1]):
        return last != 0
    if _is_end(a, b[2], b[3]):
        return first != 0
    begin, end = _side(b, a[0], a[1]), _side(b, a[2], a[3])
    return (
        first * last > 0
        or begin * end > 0
        or (end != 0 and _is_on(b, a[0], a[1]))
        or (begin != 0 and _is_on(b, a[2], a[3]))
    )


@compiled
def _is_on(line: Line, x: float, y: float) -> bool:
    """Return True for a point on a line that runs along x or along y: that can be told exactly."""
    if line[0] == line[2]:
        return x == line[0] and min(line[1], line[3]) <= y <= max(line[1], line[3])
    return (
        line[1] == line[3] and y == line[1] and min(line[0], line[2]) <= x <= max(line[0], line[2])
    )


@compiled
def _side(line: Line, x: float, y: float) -> int:
    """Return 1 at the left of a line, -1 at the right, 0 where it is not certain."""
    dx, dy = line[2] - line[0], line[3] - line[1]
    cross = dx * (y - line[1]) - dy * (x - line[0])
    clear = _CLEAR_M * np.hypot(dx, dy)
    if cross > clear:
        return 1
    return -1 if cross < -clear else 0
