"""Sorting inside compiled loops: plain loops, which compile in a tenth of the time of numpy's."""

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled

__all__ = ["sort_order", "sort_points", "sort_values"]

Floats = npt.NDArray[np.float64]


@compiled
def sort_values(values: Floats, count: int) -> None:
    """Sort the first `count` values in place (Shell's method, O(n^4/3))."""
    gap = 1
    while gap < count // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for k in range(gap, count):
            value = values[k]
            at = k
            while at >= gap and values[at - gap] > value:
                values[at] = values[at - gap]
                at -= gap
            values[at] = value
        gap //= 3


@compiled
def sort_order(values: Floats, order: npt.NDArray[np.int64], count: int) -> None:
    """Sort the first `count` places in `order` by the values at them."""
    gap = 1
    while gap < count // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for k in range(gap, count):
            place = order[k]
            at = k
            while at >= gap and values[order[at - gap]] > values[place]:
                order[at] = order[at - gap]
                at -= gap
            order[at] = place
        gap //= 3


@compiled
def sort_points(points: Floats, count: int) -> None:
    """Sort the first `count` rows (x, y) in place by x, then y."""
    gap = 1
    while gap < count // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for k in range(gap, count):
            x, y = points[k, 0], points[k, 1]
            at = k
            while at >= gap and (points[at - gap, 0], points[at - gap, 1]) > (x, y):
                points[at, 0], points[at, 1] = points[at - gap, 0], points[at - gap, 1]
                at -= gap
            points[at, 0], points[at, 1] = x, y
        gap //= 3
