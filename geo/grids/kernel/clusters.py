"""Vertices that lie near each other made one: greedy clustering.

Rounding would not do: two vertices on both sides of a cell's border do not meet. Here a vertex
joins the nearest earlier centre within the reach, or becomes a centre itself; none moves further
than the reach.
"""

from typing import Final

import numpy as np

from geo.compiled import compiled
from geo.grids.kernel.matching import Ints
from geo.grids.kernel.rings import Floats

__all__ = ["clustered"]

_CELL_X: Final = np.int64(73856093)
_CELL_Y: Final = np.int64(19349663)
_EMPTY: Final = -1


def clustered(xy: Floats, reach_m: float) -> Floats:
    """Return the vertices `xy` (V, 2), each at its centre. O(V) for reaches below the spacing."""
    size = 1 << max(int(2 * len(xy)).bit_length(), 4)
    moved: Floats = _clustered(xy, reach_m, size)
    return moved


@compiled
def _clustered(xy: Floats, reach: float, size: int) -> Floats:
    head = np.full(size, _EMPTY, np.int32)
    link = np.full(len(xy), _EMPTY, np.int32)
    moved = np.empty_like(xy)
    side = 2.0 * reach
    for v in range(len(xy)):
        x, y = xy[v, 0], xy[v, 1]
        column, row = np.int64(np.floor(x / side)), np.int64(np.floor(y / side))
        aside = 1 if x / side - column >= 0.5 else -1  # noqa: PLR2004
        above = 1 if y / side - row >= 0.5 else -1  # noqa: PLR2004
        best, nearest = _EMPTY, reach * reach
        for c in (column, column + aside):
            for r in (row, row + above):
                found, distance = _nearest(xy, x, y, head[_slot(c, r, size)], link, nearest)
                if found != _EMPTY:
                    best, nearest = found, distance
        if best == _EMPTY:
            slot = _slot(column, row, size)
            link[v], head[slot] = head[slot], v
            best = v
        moved[v] = xy[best]
    return moved


@compiled
def _slot(column: np.int64, row: np.int64, size: int) -> np.int64:
    mixed = (column * _CELL_X) ^ (row * _CELL_Y)
    return (mixed ^ (mixed >> 17)) & (size - 1)


@compiled
def _nearest(
    xy: Floats, x: float, y: float, at: int, link: Ints, limit: float
) -> tuple[int, float]:
    best = _EMPTY
    while at != _EMPTY:
        distance = (xy[at, 0] - x) ** 2 + (xy[at, 1] - y) ** 2
        if distance <= limit:
            best, limit = at, distance
        at = link[at]
    return best, limit
