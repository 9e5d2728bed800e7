"""Order along a Hilbert curve: what is near in the plane becomes near in memory."""

from typing import Final

import numpy as np

from geo.coverage.compiled import compiled
from geo.coverage.network.arrays import Floats, Longs

__all__ = ["hilbert_order"]

_BITS: Final = 16


def hilbert_order(xy: Floats) -> Longs:
    """Return the positions of the points `xy` (n, 2) in order along the curve. O(n log n)."""
    if len(xy) == 0:
        return np.zeros(0, dtype=np.int64)
    low = xy.min(axis=0)
    size = max(float((xy.max(axis=0) - low).max()), 1e-9)
    cells = ((xy - low) / size * ((1 << _BITS) - 1)).astype(np.int64)
    return np.argsort(_keys(cells), kind="stable")


@compiled
def _keys(cells: Longs) -> Longs:
    keys = np.empty(len(cells), np.int64)
    for i in range(len(cells)):
        x, y, key = cells[i, 0], cells[i, 1], 0
        side = 1 << (_BITS - 1)
        while side > 0:
            right, up = int((x & side) > 0), int((y & side) > 0)
            key += side * side * ((3 * right) ^ up)
            if up == 0:
                if right == 1:
                    x, y = (1 << _BITS) - 1 - x, (1 << _BITS) - 1 - y
                x, y = y, x
            side >>= 1
        keys[i] = key
    return keys
