"""Lengths of common borders: of segments that two grids have, and of borders side by side."""

from typing import Final

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.grids.kernel.matching import MANY, Ints
from geo.grids.kernel.rings import Floats
from geo.grids.kernel.segments import Keys
from geo.sorting import sort_order

__all__ = ["alongside", "common_borders", "first_from", "merged", "shared_by_many"]

Longs = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
_TOUCH_M: Final = 1e-9
"""Stretches whose ends are nearer than this (m) are one."""


@compiled
def common_borders(xy: Floats, owner: Ints, mate: Ints, n: int) -> tuple[Ints, Ints, Floats, int]:
    """Add up the common segments of each pair of polygons.

    Parameters
    ----------
    xy, owner
        Vertices (V, 2) in order of polygons, and the polygon of each (V).
    mate
        The other segment of each segment (V); see `match`.
    n
        Number of polygons.

    Returns
    -------
    left, right, border_m
        Pairs left < right, in order of left; metres of the segments both have.
    n_false
        How many pairs of mates do not have the same ends: two segments of equal key (a chance of
        1e-6 in a layer of millions). The caller must not use the result then.
    """
    left, right = np.empty(len(mate), np.int32), np.empty(len(mate), np.int32)
    border_m = np.empty(len(mate), np.float64)
    place = np.full(n, -1, np.int64)
    count, n_false = 0, 0
    for s in range(len(mate)):
        if mate[s] < s:  # none, or told already
            continue
        t = mate[s]
        x0, y0, x1, y1 = xy[s, 0], xy[s, 1], xy[s + 1, 0], xy[s + 1, 1]
        u0, v0, u1, v1 = xy[t, 0], xy[t, 1], xy[t + 1, 0], xy[t + 1, 1]
        if not (
            (x0 == u1 and y0 == v1 and x1 == u0 and y1 == v0)
            or (x0 == u0 and y0 == v0 and x1 == u1 and y1 == v1)
        ):
            n_false += 1
        i, j = owner[s], owner[t]
        if i < j:
            at = place[j]
            if at < 0 or left[at] != i or right[at] != j:
                at = count
                place[j] = at
                left[at], right[at], border_m[at] = i, j, 0.0
                count += 1
            border_m[at] += np.hypot(x1 - x0, y1 - y0)
    return left[:count].copy(), right[:count].copy(), border_m[:count].copy(), n_false


def shared_by_many(xy: Floats, owner: Ints, mate: Ints, *, key: Keys) -> tuple[Ints, Ints, Floats]:
    """Return every pair of polygons (left < right) of segments that more than two rings have."""
    at = np.flatnonzero(mate == MANY)
    at = at[np.argsort(key[at], kind="stable")]
    first, second = [np.zeros(0, np.intp)], [np.zeros(0, np.intp)]
    step = 1
    while True:
        equal = np.flatnonzero(key[at[step:]] == key[at[:-step]]) if step < len(at) else at[:0]
        if not len(equal):
            break
        first.append(at[equal])
        second.append(at[equal + step])
        step += 1
    s, t = np.concatenate(first), np.concatenate(second)
    length_m = np.hypot(*(xy[s + 1] - xy[s]).T) if len(s) else np.zeros(0)
    i, j = np.minimum(owner[s], owner[t]), np.maximum(owner[s], owner[t])
    apart = i != j
    return i[apart], j[apart], length_m[apart]


@compiled
def alongside(
    xy: Floats, start: Longs, left: Longs, right: Longs, distance_m: Floats
) -> tuple[Floats, Floats]:
    """Measure how far the border of one shape runs beside that of another.

    Parameters
    ----------
    xy, start
        Segments as (x0, y0, x1, y1) (m) of all shapes, in order along each; first of each shape.
    left, right
        Shapes of the p pairs: the border of `left` is measured, near that of `right`.
    distance_m
        How near (p).

    Returns
    -------
    total_m, beside_m
        Length (p) of the left border within the distance of the right one; and the same with each
        connected stretch shortened by the distance at both its ends.

    Notes
    -----
    O(a · b) a pair for the segments a and b of the two near their common box.
    """
    total_m, beside_m = np.zeros(len(left)), np.zeros(len(left))
    boxes = np.empty((len(start) - 1, 4))
    for shape in range(len(boxes)):
        boxes[shape] = _box(xy[start[shape] : start[shape + 1]])
    for k in range(len(left)):
        mine = xy[start[left[k]] : start[left[k] + 1]]
        other = xy[start[right[k]] : start[right[k] + 1]]
        reach = distance_m[k]
        near = _sorted_near(boxes[left[k]], other, reach)
        if len(near):
            total_m[k], beside_m[k] = _beside(mine, near, reach)
    return total_m, beside_m


@compiled
def _box(segments: Floats) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = np.inf, np.inf, -np.inf, -np.inf
    for s in range(len(segments)):
        x0 = min(x0, segments[s, 0], segments[s, 2])
        y0 = min(y0, segments[s, 1], segments[s, 3])
        x1 = max(x1, segments[s, 0], segments[s, 2])
        y1 = max(y1, segments[s, 1], segments[s, 3])
    return x0, y0, x1, y1


@compiled
def _sorted_near(box: Floats, other: Floats, reach: float) -> Floats:
    """Return the segments of `other` within reach of a box, by their lower x."""
    x0, y0, x1, y1 = box
    keep = np.empty(len(other), np.int64)
    low = np.empty(len(other))
    count = 0
    for s in range(len(other)):
        a, b = min(other[s, 0], other[s, 2]), max(other[s, 0], other[s, 2])
        c, d = min(other[s, 1], other[s, 3]), max(other[s, 1], other[s, 3])
        low[s] = a
        if a <= x1 + reach and b >= x0 - reach and c <= y1 + reach and d >= y0 - reach:
            keep[count] = s
            count += 1
    sort_order(low, keep, count)
    near = np.empty((count, 4))
    for k in range(count):
        for c in range(4):
            near[k, c] = other[keep[k], c]
    return near


@compiled
def _beside(mine: Floats, near: Floats, reach: float) -> tuple[float, float]:
    """Add up `_ring_beside` over the rings that the rows of `mine` form."""
    total, beside, first = 0.0, 0.0, 0
    for s in range(1, len(mine) + 1):
        if s < len(mine) and mine[s, 0] == mine[s - 1, 2] and mine[s, 1] == mine[s - 1, 3]:
            continue
        more, more_beside = _ring_beside(mine[first:s], near, reach)
        total += more
        beside += more_beside
        first = s
    return total, beside


@compiled
def _ring_beside(mine: Floats, near: Floats, reach: float) -> tuple[float, float]:
    low = np.empty(len(near))
    widest = 0.0
    for s in range(len(near)):
        low[s] = min(near[s, 0], near[s, 2])
        widest = max(widest, abs(near[s, 2] - near[s, 0]))
    spans = np.empty((len(near) + 1, 2))
    total, beside = 0.0, 0.0
    around = _box(near)
    head, tail = -1.0, 0.0  # of the stretch at the start of the ring, and of that still open
    is_open = True
    for s in range(len(mine)):
        length = np.hypot(mine[s, 2] - mine[s, 0], mine[s, 3] - mine[s, 1])
        if length == 0.0:
            continue
        n_spans = 0
        if _is_by_box(mine, s, around, reach):
            n_spans = _spans(mine, s, length, near, low, widest, reach, spans)
        reached = 0.0
        for k in range(n_spans):
            a, b = spans[k, 0], spans[k, 1]
            total += b - a
            if not (is_open and k == 0 and a <= _TOUCH_M):
                head, beside = _closed(head, tail, beside, reach)
                tail = 0.0
            tail += b - a
            reached = b
        is_open = n_spans > 0 and reached >= length - _TOUCH_M
        if not is_open:
            head, beside = _closed(head, tail, beside, reach)
            tail = 0.0
    if mine[0, 0] == mine[-1, 2] and mine[0, 1] == mine[-1, 3]:
        tail += max(head, 0.0)
        head = 0.0
    return total, beside + max(tail - 2.0 * reach, 0.0) + max(head - 2.0 * reach, 0.0)


@compiled
def _is_by_box(mine: Floats, s: int, box: tuple[float, float, float, float], reach: float) -> bool:
    return bool(
        max(mine[s, 0], mine[s, 2]) + reach >= box[0]
        and min(mine[s, 0], mine[s, 2]) - reach <= box[2]
        and max(mine[s, 1], mine[s, 3]) + reach >= box[1]
        and min(mine[s, 1], mine[s, 3]) - reach <= box[3]
    )


@compiled
def _closed(head: float, tail: float, beside: float, reach: float) -> tuple[float, float]:
    """End a stretch of `tail` metres: the first of a ring is kept apart, for the last may join."""
    if head < 0.0:
        return tail, beside
    return head, beside + max(tail - 2.0 * reach, 0.0)


@compiled
def _spans(
    mine: Floats,
    at: int,
    length: float,
    near: Floats,
    low: Floats,
    widest: float,
    reach: float,
    spans: Floats,
) -> int:
    """Write the parts (from, to in m along `mine`) within reach of any of `near`; how many."""
    if length == 0.0:
        return 0
    x0, x1 = min(mine[at, 0], mine[at, 2]) - reach, max(mine[at, 0], mine[at, 2]) + reach
    y0, y1 = min(mine[at, 1], mine[at, 3]) - reach, max(mine[at, 1], mine[at, 3]) + reach
    count = 0
    for s in range(first_from(low, x0 - widest), len(low)):
        if low[s] > x1:
            break
        if max(near[s, 0], near[s, 2]) < x0:
            continue
        if max(near[s, 1], near[s, 3]) < y0 or min(near[s, 1], near[s, 3]) > y1:
            continue
        a, b = _span(mine, at, length, near, s, reach)
        if b > a:
            spans[count, 0], spans[count, 1] = a, b
            count += 1
    return merged(spans, count)


@compiled
def first_from(low: Floats, value: float) -> int:
    """Return the first place of the ascending `low` that is not below `value`."""
    a, b = 0, len(low)
    while a < b:
        middle = (a + b) // 2
        if low[middle] < value:
            a = middle + 1
        else:
            b = middle
    return a


@compiled
def merged(spans: Floats, count: int) -> int:
    """Merge the first `count` spans where they touch, in place and in order; how many remain."""
    for k in range(1, count):
        a, b = spans[k, 0], spans[k, 1]
        at = k
        while at > 0 and spans[at - 1, 0] > a:
            spans[at, 0], spans[at, 1] = spans[at - 1, 0], spans[at - 1, 1]
            at -= 1
        spans[at, 0], spans[at, 1] = a, b
    last = 0
    for k in range(1, count):
        if spans[k, 0] <= spans[last, 1] + _TOUCH_M:
            spans[last, 1] = max(spans[last, 1], spans[k, 1])
        else:
            last += 1
            spans[last, 0], spans[last, 1] = spans[k, 0], spans[k, 1]
    return min(last + 1, count)


@compiled
def _span(
    mine: Floats, at: int, length: float, near: Floats, s: int, reach: float
) -> tuple[float, float]:
    """Return the part of one segment within reach of another: one interval (m)."""
    ux, uy = (mine[at, 2] - mine[at, 0]) / length, (mine[at, 3] - mine[at, 1]) / length
    ax, ay = near[s, 0] - mine[at, 0], near[s, 1] - mine[at, 1]
    bx, by = near[s, 2] - mine[at, 0], near[s, 3] - mine[at, 1]
    a, b = np.inf, -np.inf
    for end in range(2):
        px, py = (ax, ay) if end == 0 else (bx, by)
        along, off = px * ux + py * uy, px * uy - py * ux
        if abs(off) <= reach:
            half = np.sqrt(reach * reach - off * off)
            a, b = min(a, along - half), max(b, along + half)
    low, high = _slab(ax, ay, bx, by, ux, uy, reach)
    a, b = min(a, low), max(b, high)
    return max(a, 0.0), min(b, length)


@compiled
def _slab(
    ax: float, ay: float, bx: float, by: float, ux: float, uy: float, reach: float
) -> tuple[float, float]:
    """Return where the line (0, u) is within reach of the inner of segment ab, sideways."""
    vx, vy = bx - ax, by - ay
    size = np.hypot(vx, vy)
    if size == 0.0:
        return np.inf, -np.inf
    vx, vy = vx / size, vy / size
    low, high = _between(-(ax * vx + ay * vy), ux * vx + uy * vy, 0.0, size)
    side, turn = ax * vy - ay * vx, -(ux * vy - uy * vx)
    near, far = _between(side, turn, -reach, reach)
    low, high = max(low, near), min(high, far)
    return (low, high) if low < high else (np.inf, -np.inf)


@compiled
def _between(at: float, slope: float, low: float, high: float) -> tuple[float, float]:
    """Return the interval of t for which low <= at + slope·t <= high."""
    if abs(slope) < 1e-15:  # noqa: PLR2004
        return (-np.inf, np.inf) if low <= at <= high else (np.inf, -np.inf)
    a, b = (low - at) / slope, (high - at) / slope
    return min(a, b), max(a, b)
