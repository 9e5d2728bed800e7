"""Boxes that meet no segment: residual rings that stand alone, grids that nothing cuts."""

from typing import Final

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.grids.kernel.matching import Ints
from geo.grids.kernel.rings import Floats

__all__ = ["boxes_by_cell", "is_clear", "lone_loops"]

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
    segments = _boxes(np.vstack([chain, more]))
    first, last = np.searchsorted(owner, loops), np.searchsorted(owner, loops, side="right")
    own = np.concatenate([np.arange(a, b) for a, b in zip(first, last, strict=True)])
    start = np.cumsum(last - first) - (last - first)
    around = np.hstack(
        [
            np.minimum.reduceat(segments[own, :2], start),
            np.maximum.reduceat(segments[own, 2:], start),
        ]
    )
    return _clear(around, segments, first, last)


def is_clear(boxes: Floats, segments: Floats) -> Mask:
    """Return True for each box (x0, y0, x1, y1) that meets the box of no segment. O(n + k)."""
    none = np.zeros(len(boxes), dtype=np.int64)
    return _clear(boxes, _boxes(segments), none, none)


def _boxes(segments: Floats) -> Floats:
    a, b = segments[:, :2], segments[:, 2:]
    return np.hstack([np.minimum(a, b), np.maximum(a, b)])


def boxes_by_cell(segments: Floats) -> tuple[Floats, tuple[Longs, Ints]]:
    """Return the box of each segment, and those that meet each cell of a lattice with its bounds.

    At least one segment; about as many meet a cell wherever they lie evenly. O(k).
    """
    boxes = _boxes(segments)
    bounds, members = _filled(boxes, *_lattice(boxes))
    return boxes, (bounds, members)


def _lattice(boxes: Floats) -> tuple[Floats, Floats, int]:
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    n_cells = max(int(np.sqrt(len(boxes) / _PER_CELL)), 1)
    return low, np.maximum((high - low) / n_cells, 1e-9), n_cells


def _clear(around: Floats, boxes: Floats, first: Longs, last: Longs) -> Mask:
    """Return True where none of `boxes` meets `around`, those from first to last left out."""
    if not len(boxes):
        return np.ones(len(around), dtype=bool)
    low, size, n_cells = _lattice(boxes)
    clear = np.ones(len(around), dtype=bool)
    cells = _filled(boxes, low, size, n_cells)
    _mark(clear, around, boxes, cells, (first, last), low, size)
    return clear


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
def _mark(
    clear: Mask,
    around: Floats,
    boxes: Floats,
    cells: tuple[Longs, Ints],
    own: tuple[Longs, Longs],
    low: Floats,
    size: Floats,
) -> None:
    bounds, members = cells
    first, last = own
    n = int(np.sqrt(len(bounds) - 1))
    for k in range(len(around)):
        a, b, c, d = _cells(around, k, low, size, n)
        for i in range(a, c + 1):
            for j in range(b, d + 1):
                for m in range(bounds[i * n + j], bounds[i * n + j + 1]):
                    s = members[m]
                    if (s < first[k] or s >= last[k]) and _meet(around, k, boxes, s):
                        clear[k] = False


@compiled
def _meet(around: Floats, k: int, boxes: Floats, s: int) -> bool:
    return bool(
        around[k, 0] <= boxes[s, 2]
        and boxes[s, 0] <= around[k, 2]
        and around[k, 1] <= boxes[s, 3]
        and boxes[s, 1] <= around[k, 3]
    )
