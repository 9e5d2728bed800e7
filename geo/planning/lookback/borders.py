"""How far apart the old and the new border of a grid are."""

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["SAME_BORDER_M", "border_distance_m", "is_within"]

SAME_BORDER_M = 0.1
"""Borders no further apart than this are equal (contract, unchanged)."""

_SLACK_M = 1e-3
_SLACK_SHARE = 1e-3


def border_distance_m(
    old: npt.NDArray[np.object_], new: npt.NDArray[np.object_]
) -> npt.NDArray[np.float64]:
    """Return the Hausdorff distance (m) between the borders of each pair, shape (k,).

    Measured at the vertices of both: from each to the nearest place on the other border. Equal
    polygons cost nothing, others O(v²) for v vertices.
    """
    distance = np.zeros(len(old))
    other = np.flatnonzero(~shapely.equals_identical(old, new))
    borders = [shapely.boundary(side[other]) for side in (old, new)]
    distance[other] = shapely.hausdorff_distance(*borders)
    return distance


def is_within(distance_m: npt.NDArray[np.float64], limit_m: float) -> npt.NDArray[np.bool_]:
    """Return which distances are at most `limit_m`.

    With 1 mm and 0.1 % to spare: a working CRS is no truer than that.
    """
    within: npt.NDArray[np.bool_] = distance_m <= limit_m * (1 + _SLACK_SHARE) + _SLACK_M
    return within
