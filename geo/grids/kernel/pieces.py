"""The segments of chosen polygons as plain rows."""

import numpy as np
import numpy.typing as npt

from geo.grids.kernel.rings import Floats, Rings

__all__ = ["segments_of"]


def segments_of(rings: Rings, which: npt.NDArray[np.intp]) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return the segments (x0, y0, x1, y1) of the polygons `which`, in order along their rings.

    Second, where those of each polygon start (len(which) + 1).
    """
    first_ring = np.searchsorted(rings.owner, which)
    after_ring = np.searchsorted(rings.owner, which, side="right")
    first, after = rings.start[first_ring], rings.start[after_ring]
    size = after - first
    offset = np.zeros(len(which) + 1, dtype=np.int64)
    np.cumsum(size, out=offset[1:])
    vertex = np.arange(offset[-1]) + np.repeat(first - offset[:-1], size)
    is_last = np.zeros(len(rings.xy) + 1, dtype=bool)
    is_last[rings.start[1:] - 1] = True
    keep = ~is_last[vertex]
    vertex = vertex[keep]
    start = np.concatenate([[0], np.cumsum(size - (after_ring - first_ring))])
    return np.hstack([rings.xy[vertex], rings.xy[vertex + 1]]), start
