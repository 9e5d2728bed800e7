"""Spikes without width, which an overlay leaves where a vertex lies on a segment up to rounding.

They have no area but a length, so that a mean width judged with them is too small.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from geo.compiled import compiled
from geo.grids.kernel.rings import Floats, Rings

__all__ = ["without_spikes"]

_HAIR_M: Final = 1e-7
"""A spike narrower than this at its tip (m) has no width."""
_MIN_CORNERS: Final = 3


def without_spikes(polygons: Any) -> npt.NDArray[np.object_]:  # noqa: ANN401
    """Return polygons less the spikes of their rings; empty where nothing else is left. O(V)."""
    given: npt.NDArray[np.object_] = np.asarray(polygons, dtype=object)
    rings = Rings.of(given)
    keep = _kept(rings.xy, rings.start, _HAIR_M)
    spiky = np.unique(np.repeat(rings.owner, np.diff(rings.start))[~keep])
    if not len(spiky):
        return given
    out = given.copy()
    for p in spiky:
        first, last = np.searchsorted(rings.owner, [p, p + 1])
        out[p] = _rebuilt([_closed(rings, r, keep) for r in range(first, last)])
    return out


def _closed(rings: Rings, ring: int, keep: npt.NDArray[np.bool_]) -> Floats:
    start, end = rings.start[ring], rings.start[ring + 1] - 1
    xy = rings.xy[start:end][keep[start:end]]
    return np.vstack([xy, xy[:1]])


def _rebuilt(rings: list[Floats]) -> shapely.Polygon:
    shell, *holes = rings
    if len(shell) <= _MIN_CORNERS:
        return shapely.Polygon()
    return shapely.Polygon(shell, [hole for hole in holes if len(hole) > _MIN_CORNERS])


@compiled
def _kept(xy: Floats, start: npt.NDArray[np.int64], hair: float) -> npt.NDArray[np.bool_]:
    """Return False for each vertex that is the tip of a spike, once earlier tips are gone."""
    keep = np.ones(len(xy), np.bool_)
    for r in range(len(start) - 1):
        n = start[r + 1] - start[r] - 1
        before = start[r] + (np.arange(n) - 1) % n
        after = start[r] + (np.arange(n) + 1) % n
        v, seen = 0, 0
        while seen < n and n >= _MIN_CORNERS:
            here = start[r] + v
            a, b = before[v], after[v]
            if _is_tip(xy, a, here, b, hair):
                keep[here] = False
                after[a - start[r]], before[b - start[r]] = b, a
                n -= 1
                v, seen = a - start[r], 0
            else:
                v, seen = b - start[r], seen + 1
    return keep


@compiled
def _is_tip(xy: Floats, a: int, tip: int, b: int, hair: float) -> bool:
    ax, ay = xy[a, 0] - xy[tip, 0], xy[a, 1] - xy[tip, 1]
    bx, by = xy[b, 0] - xy[tip, 0], xy[b, 1] - xy[tip, 1]
    if ax * bx + ay * by <= 0.0:
        return False
    longer = max(np.hypot(ax, ay), np.hypot(bx, by))
    return bool(abs(ax * by - ay * bx) <= hair * longer)
