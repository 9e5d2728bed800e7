"""The segments of chosen polygons as plain rows."""

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.grids.kernel.rings import Floats, Rings

__all__ = ["segments_of"]

Longs = npt.NDArray[np.int64]


def segments_of(rings: Rings, which: npt.NDArray[np.intp]) -> tuple[Floats, Longs]:
    """Return the segments (x0, y0, x1, y1) of the polygons `which`, in order along their rings.

    Second, where those of each polygon start (len(which) + 1).
    """
    first_ring = np.searchsorted(rings.owner, which)
    after_ring = np.searchsorted(rings.owner, which, side="right")
    n_rows = rings.start[after_ring] - rings.start[first_ring] - (after_ring - first_ring)
    start = np.zeros(len(which) + 1, dtype=np.int64)
    np.cumsum(n_rows, out=start[1:])
    rows = np.empty((start[-1], 4))
    _write(rings.xy, rings.start, first_ring, after_ring, rows)
    return rows, start


@compiled
def _write(xy: Floats, start: Longs, first_ring: Longs, after_ring: Longs, rows: Floats) -> None:
    row = 0
    for p in range(len(first_ring)):
        for r in range(first_ring[p], after_ring[p]):
            for v in range(start[r], start[r + 1] - 1):
                rows[row, 0], rows[row, 1] = xy[v, 0], xy[v, 1]
                rows[row, 2], rows[row, 3] = xy[v + 1, 0], xy[v + 1, 1]
                row += 1
