"""Whether segments meet at the ends of their lines only, so that no line needs to be cut."""

from typing import Final

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.grids.kernel.loops import boxes_by_cell
from geo.grids.kernel.rings import Floats

__all__ = ["is_surely_noded"]

Mask = npt.NDArray[np.bool_]
_CLEAR: Final = 1e-8
"""A point this far from a line (m) is on one side of it, for certain."""
_MAX_SPAN_M: Final = 1e7
"""Up to this size of the whole rounding stays below `_CLEAR`."""
_MAX_TRIES: Final = 64
"""Pairs of segments looked at for each segment, at most."""


def is_surely_noded(segments: Floats, follows: Mask) -> bool:
    """Return True where segments share no point but ends of lines, for certain.

    Parameters
    ----------
    segments
        (k, 4) as x0, y0, x1, y1 (m).
    follows
        Whether each (k) goes on with the line of the one before it.

    Notes
    -----
    O(k) for segments that are short against the whole. False says nothing.
    """
    if not np.ptp(segments.reshape(-1, 2), axis=0).max(initial=0.0) < _MAX_SPAN_M:
        return False
    boxes, cells = boxes_by_cell(segments)
    return bool(_are_apart(segments, follows, boxes, cells))


@compiled
def _are_apart(
    segments: Floats,
    follows: Mask,
    boxes: Floats,
    cells: tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]],
) -> bool:
    bounds, members = cells
    left = _MAX_TRIES * len(segments)
    for cell in range(len(bounds) - 1):
        here = members[bounds[cell] : bounds[cell + 1]]
        left -= len(here) * len(here) // 2
        if left < 0:
            return False
        for a in range(len(here)):
            for b in range(a):
                s, t = min(here[a], here[b]), max(here[a], here[b])
                if _do_boxes_meet(boxes[s], boxes[t]) and not _is_apart(segments, follows, s, t):
                    return False
    return True


@compiled
def _do_boxes_meet(a: Floats, b: Floats) -> bool:
    return bool(a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3])


@compiled
def _is_apart(segments: Floats, follows: Mask, s: int, t: int) -> bool:
    """Return True where two segments, s < t, share an end of lines at most, for certain."""
    mine, other = segments[s], segments[t]
    for i in range(2):
        for j in range(2):
            x, y = mine[2 * i], mine[2 * i + 1]
            if x == other[2 * j] and y == other[2 * j + 1]:
                is_next = t == s + 1 and follows[t] and i == 1 and j == 0
                may_meet = is_next or (_ends(follows, s, i) and _ends(follows, t, j))
                return may_meet and _do_part(mine, other, i, j)
    return bool(
        _side(mine, other[0], other[1]) * _side(mine, other[2], other[3]) > 0
        or _side(other, mine[0], mine[1]) * _side(other, mine[2], mine[3]) > 0
    )


@compiled
def _ends(follows: Mask, s: int, end: int) -> bool:
    """Return True where a line starts (end 0) or ends (1) with segment s at that end of it."""
    if end == 0:
        return not follows[s]
    return s + 1 == len(follows) or not follows[s + 1]


@compiled
def _do_part(a: Floats, b: Floats, i: int, j: int) -> bool:
    """Return True where segments from one point, end i of a and j of b, do not run together."""
    ax, ay = a[2 - 2 * i] - a[2 * i], a[3 - 2 * i] - a[2 * i + 1]
    bx, by = b[2 - 2 * j] - b[2 * j], b[3 - 2 * j] - b[2 * j + 1]
    size = max(np.hypot(ax, ay), np.hypot(bx, by))
    return bool(ax * bx + ay * by < 0.0 or abs(ax * by - ay * bx) > _CLEAR * size)


@compiled
def _side(line: Floats, x: float, y: float) -> int:
    """Return 1 at the left of a segment, -1 at its right, 0 where it is not certain."""
    dx, dy = line[2] - line[0], line[3] - line[1]
    cross = dx * (y - line[1]) - dy * (x - line[0])
    clear = _CLEAR * np.hypot(dx, dy)
    if cross > clear:
        return 1
    return -1 if cross < -clear else 0
