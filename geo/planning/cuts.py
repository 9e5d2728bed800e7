"""Cut one polygon among several claimants, from vertex to vertex, so that no new vertex is made.

Needed where two grids are the same polygon: neither can have all of it.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["cut"]

Floats = npt.NDArray[np.float64]
_MAX_CORNERS: Final = 48
_LENGTH_WEIGHT: Final = 0.25
"""How much a long cut counts against an uneven one."""


def cut(
    polygon: shapely.Polygon, points: Floats, weights: Floats, *, n: int
) -> list[shapely.Polygon]:
    """Return `polygon` in `n` connected parts, from south-west to north-east.

    Parameters
    ----------
    polygon
        One polygon in metres.
    points, weights
        Where its residents live, shapes (k, 2) and (k): the parts get about equal weights. Fewer
        than two points with a weight: equal areas.
    n
        How many parts.

    Returns
    -------
    parts
        Fewer than n where no straight cut between two vertices stays inside.

    Notes
    -----
    O(c² (v + k)) for v vertices, of which at most c = 48 are tried.
    """
    if n <= 1:
        return [polygon]
    best = _best_chord(polygon, points, weights, share=(n // 2) / n)
    if best is None:
        return [polygon]
    parts: list[shapely.Polygon] = []
    for half, size in zip(best, (n // 2, n - n // 2), strict=True):
        mine = shapely.intersects_xy(half, points[:, 0], points[:, 1])
        parts += cut(half, points[mine], weights[mine], n=size)
    return sorted(parts, key=lambda part: (part.centroid.x + part.centroid.y, part.centroid.x))


def _best_chord(
    polygon: shapely.Polygon, points: Floats, weights: Floats, *, share: float
) -> tuple[shapely.Polygon, shapely.Polygon] | None:
    """Return the two sides of the chord that is fair and short."""
    ring = shapely.get_coordinates(polygon.exterior)[:-1]
    m = len(ring)
    tried = np.unique(np.linspace(0, m - 1, min(m, _MAX_CORNERS)).round().astype(int))
    i, j = (tried[k] for k in np.triu_indices(len(tried), 1))
    apart = (j - i > 1) & (j - i < m - 1)
    i, j = i[apart], j[apart]
    if not len(i):
        return None
    chords = shapely.linestrings(np.stack([ring[i], ring[j]], axis=1))
    shapely.prepare(polygon)
    inside = shapely.relate_pattern(chords, polygon, "1FFF0F***")
    i, j, chords = i[inside], j[inside], chords[inside]
    if not len(i):
        return None
    length = shapely.length(chords)
    unfair = np.abs(_side_share(polygon, ring, (i, j)) - share)
    if np.count_nonzero(weights > 0) > 1:
        by_weight = [
            _weight_share(ring, (a, b), points=points, weights=weights)
            for a, b in zip(i, j, strict=True)
        ]
        unfair = np.abs(np.array(by_weight) - share) + 0.1 * unfair
    k = int(np.argmin(unfair + _LENGTH_WEIGHT * length / length.max()))
    return _sides(polygon, ring, (int(i[k]), int(j[k])))


def _side_share(
    polygon: shapely.Polygon, ring: Floats, chord: tuple[npt.NDArray[np.intp], ...]
) -> Floats:
    """Return the share of the area on the side from vertex i to vertex j of each chord."""
    origin = ring[0]
    x, y = (ring - origin).T
    cross = np.concatenate([[0.0], np.cumsum(x[:-1] * y[1:] - x[1:] * y[:-1])])
    i, j = chord
    twice = cross[j] - cross[i] + x[j] * y[i] - x[i] * y[j]
    share: Floats = np.abs(twice) / 2.0 / polygon.area
    return share


def _weight_share(
    ring: Floats, chord: tuple[int, int], *, points: Floats, weights: Floats
) -> float:
    side = shapely.Polygon(ring[chord[0] : chord[1] + 1])
    inside = shapely.intersects_xy(side, points[:, 0], points[:, 1])
    return float(weights[inside].sum() / weights.sum())


def _sides(
    polygon: shapely.Polygon, ring: Floats, chord: tuple[int, int]
) -> tuple[shapely.Polygon, shapely.Polygon]:
    i, j = chord
    first = shapely.Polygon(ring[i : j + 1])
    holes = list(polygon.interiors)
    in_first = [first.contains(shapely.Polygon(hole)) for hole in holes]
    inner = [hole for hole, is_in in zip(holes, in_first, strict=True) if is_in]
    outer = [hole for hole, is_in in zip(holes, in_first, strict=True) if not is_in]
    return (
        shapely.Polygon(ring[i : j + 1], inner),
        shapely.Polygon(np.concatenate([ring[j:], ring[: i + 1]]), outer),
    )
