"""A point well inside each polygon.

GEOS' point on surface may lie on the border, in the tip of a spike that has no width. Here lines of
scan run midway through the widest bands of y without a vertex, and the point is the middle of the
stretch inside with the most room.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.grids.kernel.rings import Floats, Rings
from geo.sorting import sort_values

__all__ = ["inner_points"]

_LINES: Final = 8
"""So many bands, the widest ones, are tried where polygons may be narrow."""

Longs = npt.NDArray[np.int64]


def inner_points(
    rings: Rings, which: npt.NDArray[np.intp] | None = None, *, n_lines: int = _LINES
) -> Floats:
    """Return a point (n, 2) inside each polygon of `rings`, or inside those of `which`.

    O(v log v) for one of v vertices.
    """
    which = np.arange(rings.n_polygons) if which is None else which
    first = np.searchsorted(rings.owner, which)
    after = np.searchsorted(rings.owner, which, side="right")
    points: Floats = _inner(rings.xy, rings.start, first, after, n_lines)
    return points


@compiled
def _inner(xy: Floats, start: Longs, first_ring: Longs, after_ring: Longs, n_lines: int) -> Floats:
    points = np.empty((len(first_ring), 2))
    largest = 0
    for p in range(len(points)):
        largest = max(largest, start[after_ring[p]] - start[first_ring[p]])
    levels, crossings = np.empty(largest), np.empty(largest)
    lines = np.empty(n_lines)
    for p in range(len(points)):
        first, last = start[first_ring[p]], start[after_ring[p]]
        for v in range(first, last):
            levels[v - first] = xy[v, 1]
        count = _lines(levels, last - first, lines)
        room = -1.0
        for k in range(count):
            x, width = _widest(xy, start, first_ring[p], after_ring[p], lines[k], crossings)
            if width > room:
                room = width
                points[p, 0], points[p, 1] = x, lines[k]
    return points


@compiled
def _lines(levels: Floats, count: int, lines: Floats) -> int:
    """Write the middles of the widest gaps between the levels; how many."""
    sort_values(levels, count)
    n_lines = 0
    widths = np.empty(len(lines))
    for k in range(count - 1):
        width, middle = levels[k + 1] - levels[k], (levels[k] + levels[k + 1]) / 2.0
        if n_lines < len(lines):
            at = n_lines
            n_lines += 1
        elif width > widths[n_lines - 1]:
            at = n_lines - 1
        else:
            continue
        while at > 0 and widths[at - 1] < width:
            widths[at], lines[at] = widths[at - 1], lines[at - 1]
            at -= 1
        widths[at], lines[at] = width, middle
    return n_lines


@compiled
def _widest(
    xy: Floats, start: Longs, first: int, last: int, y: float, crossings: Floats
) -> tuple[float, float]:
    """Return the middle and the length of the longest stretch at `y` inside rings first to last."""
    count = 0
    for r in range(first, last):
        for v in range(start[r], start[r + 1] - 1):
            if (xy[v, 1] > y) != (xy[v + 1, 1] > y):
                share = (y - xy[v, 1]) / (xy[v + 1, 1] - xy[v, 1])
                crossings[count] = xy[v, 0] + share * (xy[v + 1, 0] - xy[v, 0])
                count += 1
    sort_values(crossings, count)
    middle, longest = 0.0, -1.0
    for k in range(0, count - 1, 2):
        if crossings[k + 1] - crossings[k] > longest:
            longest = crossings[k + 1] - crossings[k]
            middle = crossings[k] + longest / 2.0
    return middle, longest
