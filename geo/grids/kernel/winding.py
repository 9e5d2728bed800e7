"""How often a chain of directed segments runs around a point; whether a polygon is around it."""

from typing import Final

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.grids.kernel.matching import Ints
from geo.grids.kernel.rings import Floats, Rings

__all__ = ["is_around", "windings"]

_MAX_BANDS: Final = 1 << 20


def windings(points: Floats, chain: Floats) -> Ints:
    """Return the winding number of a closed chain around each point.

    Parameters
    ----------
    points
        (p, 2), none of them on a segment.
    chain
        Segments (k, 4) as x0, y0, x1, y1, whatever is left of them counting 1; where several run
        over one another, each counts. No order is needed.

    Notes
    -----
    A ray to the east crosses only segments in the point's band of y; bands are about as high as a
    segment. O(k + p · segments a band).
    """
    if len(points) == 0 or len(chain) == 0:
        return np.zeros(len(points), np.int32)
    low, high = float(chain[:, 1::2].min()), float(chain[:, 1::2].max())
    mean = float(np.abs(chain[:, 3] - chain[:, 1]).mean())
    n_bands = int(min(max((high - low) / max(mean, 1e-9), 1.0), len(chain), _MAX_BANDS))
    found: Ints = _crossings(points, chain, low, max(high - low, 1e-9) / n_bands, n_bands)
    return found


def is_around(rings: Rings, polygon: npt.NDArray[np.intp], points: Floats) -> npt.NDArray[np.bool_]:
    """Return True for each of the points (p, 2) that lies in its polygon, not near its border.

    O(v) a point for a polygon of v vertices.
    """
    first = np.searchsorted(rings.owner, polygon)
    after = np.searchsorted(rings.owner, polygon, side="right")
    found: npt.NDArray[np.bool_] = _around(rings.xy, rings.start, first, after, points)
    return found


@compiled
def _around(
    xy: Floats,
    start: npt.NDArray[np.int64],
    first: npt.NDArray[np.intp],
    after: npt.NDArray[np.intp],
    points: Floats,
) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(points), np.bool_)
    for p in range(len(points)):
        x, y = points[p, 0], points[p, 1]
        for r in range(first[p], after[p]):
            for v in range(start[r], start[r + 1] - 1):
                y0, y1 = xy[v, 1] - y, xy[v + 1, 1] - y
                if (y0 > 0.0) != (y1 > 0.0):
                    side = (xy[v, 0] - x) * y1 - (xy[v + 1, 0] - x) * y0
                    if (side > 0.0) == (y1 > y0):
                        found[p] = not found[p]
    return found


@compiled
def _band(y: float, low: float, height: float, n_bands: int) -> int:
    return min(max(int((y - low) / height), 0), n_bands - 1)


@compiled
def _crossings(points: Floats, chain: Floats, low: float, height: float, n_bands: int) -> Ints:
    bounds = np.zeros(n_bands + 1, np.int64)
    for s in range(len(chain)):
        a = _band(min(chain[s, 1], chain[s, 3]), low, height, n_bands)
        b = _band(max(chain[s, 1], chain[s, 3]), low, height, n_bands)
        for band in range(a, b + 1):
            bounds[band + 1] += 1
    bounds = np.cumsum(bounds)
    place = bounds[:-1].copy()
    members = np.empty(bounds[-1], np.int32)
    for s in range(len(chain)):
        a = _band(min(chain[s, 1], chain[s, 3]), low, height, n_bands)
        b = _band(max(chain[s, 1], chain[s, 3]), low, height, n_bands)
        for band in range(a, b + 1):
            members[place[band]] = s
            place[band] += 1
    found = np.zeros(len(points), np.int32)
    for p in range(len(points)):
        band = _band(points[p, 1], low, height, n_bands)
        for k in range(bounds[band], bounds[band + 1]):
            found[p] += _crossing(points[p, 0], points[p, 1], chain, members[k])
    return found


@compiled
def _crossing(x: float, y: float, chain: Floats, s: int) -> int:
    y0, y1 = chain[s, 1] - y, chain[s, 3] - y
    if (y0 > 0.0) == (y1 > 0.0):
        return 0
    side = (chain[s, 0] - x) * y1 - (chain[s, 2] - x) * y0
    if y1 > y0:
        return 1 if side > 0.0 else 0
    return -1 if side < 0.0 else 0
