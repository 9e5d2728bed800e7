"""What floating point can say for certain of segments: apart, or inside."""

from typing import Final

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.grids.kernel.rings import Floats

__all__ = ["surely_within"]

Longs = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_SAME: Final = 2
_APART: Final = 1
_DOUBTFUL: Final = 0
_CLEAR_M: Final = 1e-8
"""A point this far from a line (m) is on one side of it, whatever the rounding."""


@compiled
def surely_within(
    mine: Floats, start: Longs, rings: Floats, ring_start: Longs, ring: Longs
) -> Mask:
    """Return True for each shape that lies in its ring for certain; False says nothing.

    Parameters
    ----------
    mine, start
        Segments (x0, y0, x1, y1) of all shapes (m), and where those of each begin.
    rings, ring_start
        Segments of simple rings, and where those of each begin.
    ring
        The ring of each shape.

    Notes
    -----
    Each segment of the shape is one of the ring, or meets the ring in common vertices alone and has
    its middle inside; a region without holes that holds the border of a shape holds the shape.
    O(a · b) for segments a and b.
    """
    found = np.ones(len(ring), np.bool_)
    boxes = _boxes(rings)
    near = np.empty(len(rings), np.int64)
    for k in range(len(ring)):
        first, last = ring_start[ring[k]], ring_start[ring[k] + 1]
        n_near = _near(boxes, first, last, mine, start[k], start[k + 1], near)
        for s in range(start[k], start[k + 1]):
            meets = _meets(mine, s, rings, boxes, near, n_near)
            if meets == _SAME or (meets == _APART and _is_in(mine, s, rings, first, last)):
                continue
            found[k] = False
            break
    return found


@compiled
def _boxes(segments: Floats) -> Floats:
    boxes = np.empty_like(segments)
    for s in range(len(segments)):
        boxes[s, 0] = min(segments[s, 0], segments[s, 2])
        boxes[s, 1] = min(segments[s, 1], segments[s, 3])
        boxes[s, 2] = max(segments[s, 0], segments[s, 2])
        boxes[s, 3] = max(segments[s, 1], segments[s, 3])
    return boxes


@compiled
def _near(
    boxes: Floats, first: int, last: int, mine: Floats, begin: int, end: int, near: Longs
) -> int:
    """Write the rows first to last whose box meets that of segments begin to end; how many."""
    x0, y0, x1, y1 = np.inf, np.inf, -np.inf, -np.inf
    for s in range(begin, end):
        x0, x1 = min(x0, mine[s, 0]), max(x1, mine[s, 0])
        y0, y1 = min(y0, mine[s, 1]), max(y1, mine[s, 1])
        x0, x1 = min(x0, mine[s, 2]), max(x1, mine[s, 2])
        y0, y1 = min(y0, mine[s, 3]), max(y1, mine[s, 3])
    count = 0
    for t in range(first, last):
        if boxes[t, 0] <= x1 and boxes[t, 2] >= x0 and boxes[t, 1] <= y1 and boxes[t, 3] >= y0:
            near[count] = t
            count += 1
    return count


@compiled
def _meets(mine: Floats, s: int, rings: Floats, boxes: Floats, near: Longs, n_near: int) -> int:
    """Return `_SAME` where segment s is one of the near ones, `_APART` where it meets none."""
    left, right = mine[s, 0], mine[s, 2]
    if left > right:
        left, right = right, left
    low, high = mine[s, 1], mine[s, 3]
    if low > high:
        low, high = high, low
    found = _APART
    for k in range(n_near):
        t = near[k]
        if boxes[t, 0] > right or boxes[t, 2] < left or boxes[t, 1] > high or boxes[t, 3] < low:
            continue
        if rings[t, 0] == rings[t, 2] and rings[t, 1] == rings[t, 3]:
            continue  # a repeated vertex is no segment
        if _is_end(mine, s, rings[t, 0], rings[t, 1]) and _is_end(
            mine, s, rings[t, 2], rings[t, 3]
        ):
            return _SAME
        if not _is_apart(mine, s, rings, t):
            found = _DOUBTFUL
    return found


@compiled
def _is_in(mine: Floats, s: int, rings: Floats, first: int, last: int) -> bool:
    """Return True where the middle of segment s is inside the ring of the rows first to last."""
    x, y = (mine[s, 0] + mine[s, 2]) / 2.0, (mine[s, 1] + mine[s, 3]) / 2.0
    is_in = False
    for t in range(first, last):
        if (rings[t, 1] > y) != (rings[t, 3] > y):
            share = (y - rings[t, 1]) / (rings[t, 3] - rings[t, 1])
            if x < rings[t, 0] + share * (rings[t, 2] - rings[t, 0]):
                is_in = not is_in
    return is_in


@compiled
def _is_end(a: Floats, s: int, x: float, y: float) -> bool:
    return bool((a[s, 0] == x and a[s, 1] == y) or (a[s, 2] == x and a[s, 3] == y))


@compiled
def _is_apart(a: Floats, s: int, b: Floats, t: int) -> bool:
    """Return True where two segments share nothing, or one end alone, for certain."""
    first, last = _side(a, s, b[t, 0], b[t, 1]), _side(a, s, b[t, 2], b[t, 3])
    if _is_end(a, s, b[t, 0], b[t, 1]):
        return last != 0
    if _is_end(a, s, b[t, 2], b[t, 3]):
        return first != 0
    others = _side(b, t, a[s, 0], a[s, 1]) * _side(b, t, a[s, 2], a[s, 3])
    return first * last > 0 or others > 0


@compiled
def _side(line: Floats, s: int, x: float, y: float) -> int:
    """Return 1 at the left of a line, -1 at the right, 0 where it is not certain."""
    dx, dy = line[s, 2] - line[s, 0], line[s, 3] - line[s, 1]
    cross = dx * (y - line[s, 1]) - dy * (x - line[s, 0])
    clear = _CLEAR_M * np.hypot(dx, dy)
    if cross > clear:
        return 1
    return -1 if cross < -clear else 0
