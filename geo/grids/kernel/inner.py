"""A point well inside each polygon.

GEOS' point on surface may lie on the border, in the tip of a spike that has no width. Here lines of
scan run midway through the widest bands of y without a vertex, and the point is the middle of the
stretch inside with the most room.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from geo.grids.kernel.compiled import compiled
from geo.grids.kernel.rings import Floats, Rings

__all__ = ["inner_points"]

_LINES: Final = 8
"""So many bands, the widest ones, are tried where polygons may be narrow."""

Longs = npt.NDArray[np.int64]


def inner_points(rings: Rings, *, n_lines: int = _LINES) -> Floats:
    """Return a point (n, 2) inside each polygon of `rings`. O(v log v) for one of v vertices."""
    ring = np.searchsorted(rings.owner, np.arange(rings.n_polygons + 1))
    points: Floats = _inner(rings.xy, rings.start, ring, n_lines)
    return points


@compiled
def _inner(xy: Floats, start: Longs, ring: Longs, n_lines: int) -> Floats:
    points = np.empty((len(ring) - 1, 2))
    for p in range(len(points)):
        levels = np.sort(xy[start[ring[p]] : start[ring[p + 1]], 1])
        height = levels[1:] - levels[:-1]
        room = -1.0
        for k in np.argsort(-height)[:n_lines]:
            y = levels[k] + height[k] / 2.0
            x, width = _widest(xy, start[ring[p] : ring[p + 1] + 1], y)
            if min(width, height[k]) > room:
                room = min(width, height[k])
                points[p, 0], points[p, 1] = x, y
    return points


@compiled
def _widest(xy: Floats, start: Longs, y: float) -> tuple[float, float]:
    """Return the middle and the length of the longest stretch at `y` inside the rings."""
    crossings = np.empty(start[-1] - start[0])
    count = 0
    for r in range(len(start) - 1):
        for v in range(start[r], start[r + 1] - 1):
            if (xy[v, 1] > y) != (xy[v + 1, 1] > y):
                share = (y - xy[v, 1]) / (xy[v + 1, 1] - xy[v, 1])
                crossings[count] = xy[v, 0] + share * (xy[v + 1, 0] - xy[v, 0])
                count += 1
    crossings = np.sort(crossings[:count])
    middle, longest = 0.0, -1.0
    for k in range(0, count - 1, 2):
        if crossings[k + 1] - crossings[k] > longest:
            longest = crossings[k + 1] - crossings[k]
            middle = crossings[k] + longest / 2.0
    return middle, longest
