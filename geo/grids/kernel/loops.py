"""Residual rings that stand alone: faces that need no cutting."""

from typing import Final

import numpy as np
import numpy.typing as npt

from geo.grids.kernel.compiled import compiled
from geo.grids.kernel.matching import Ints
from geo.grids.kernel.rings import Floats

__all__ = ["lone_loops"]

Longs = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
_PER_CELL: Final = 4


def lone_loops(loops: Longs, chain: Floats, owner: Ints, more: Floats) -> Mask:
    """Return True for each loop whose box meets no segment but its own.

    Parameters
    ----------
    loops
        Polygons all segments of which are in `chain`.
    chain, owner
        Segments (k, 4) and the polygon of each, ascending.
    more
        Further segments (m, 4).

    Notes
    -----
    O(k + m) for segments that are short against the whole.
    """
    if not len(loops):
        return np.zeros(0, dtype=bool)
    segments = np.vstack([chain, more])
    boxes = np.hstack(
        [
            np.minimum(segments[:, :2], segments[:, 2:]),
            np.maximum(segments[:, :2], segments[:, 2:]),
        ]
    )
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    n_cells = max(int(np.sqrt(len(boxes) / _PER_CELL)), 1)
    size = np.maximum((high - low) / n_cells, 1e-9)
    first, last = np.searchsorted(owner, loops), np.searchsorted(owner, loops, side="right")
    alone: Mask = _alone(boxes, low, size, n_cells, first, last)
    return alone


@compiled
def _cells(boxes: Floats, s: int, low: Floats, size: Floats, n: int) -> tuple[int, int, int, int]:
    a = min(max(int((boxes[s, 0] - low[0]) / size[0]), 0), n - 1)
    b = min(max(int((boxes[s, 1] - low[1]) / size[1]), 0), n - 1)
    c = min(max(int((boxes[s, 2] - low[0]) / size[0]), 0), n - 1)
    d = min(max(int((boxes[s, 3] - low[1]) / size[1]), 0), n - 1)
    return a, b, c, d


@compiled
def _filled(boxes: Floats, low: Floats, size: Floats, n: int) -> tuple[Longs, Ints]:
    """Return the boxes that meet each cell, and where those of each cell begin."""
    bounds = np.zeros(n * n + 1, np.int64)
    for s in range(len(boxes)):
        a, b, c, d = _cells(boxes, s, low, size, n)
        for i in range(a, c + 1):
            for j in range(b, d + 1):
                bounds[i * n + j + 1] += 1
    bounds = np.cumsum(bounds)
    place = bounds[:-1].copy()
    members = np.empty(bounds[-1], np.int32)
    for s in range(len(boxes)):
        a, b, c, d = _cells(boxes, s, low, size, n)
        for i in range(a, c + 1):
            for j in range(b, d + 1):
                members[place[i * n + j]] = s
                place[i * n + j] += 1
    return bounds, members


@compiled
def _alone(boxes: Floats, low: Floats, size: Floats, n: int, first: Longs, last: Longs) -> Mask:
    bounds, members = _filled(boxes, low, size, n)
    alone = np.ones(len(first), np.bool_)
    around = np.empty((1, 4))
    for k in range(len(first)):
        around[0] = boxes[first[k]]
        for s in range(first[k], last[k]):
            around[0, 0] = min(around[0, 0], boxes[s, 0])
            around[0, 1] = min(around[0, 1], boxes[s, 1])
            around[0, 2] = max(around[0, 2], boxes[s, 2])
            around[0, 3] = max(around[0, 3], boxes[s, 3])
        a, b, c, d = _cells(around, 0, low, size, n)
        for i in range(a, c + 1):
            for j in range(b, d + 1):
                for m in range(bounds[i * n + j], bounds[i * n + j + 1]):
                    s = members[m]
                    if (s < first[k] or s >= last[k]) and _meet(around, boxes, s):
                        alone[k] = False
    return alone


@compiled
def _meet(around: Floats, boxes: Floats, s: int) -> bool:
    return bool(
        around[0, 0] <= boxes[s, 2]
        and boxes[s, 0] <= around[0, 2]
        and around[0, 1] <= boxes[s, 3]
        and boxes[s, 1] <= around[0, 3]
    )
