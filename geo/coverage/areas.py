"""How much of each grid lies inside circles: exact, from the border of what is left (Green)."""

from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from geo.coverage.compiled import in_threads
from geo.coverage.discs import (
    Cells,
    Rings,
    cells_of,
    exposed_arcs,
    pairs_of_rings,
    uncovered_areas,
)

__all__ = ["covered_area_share", "pairs_of_polygons", "rings_of"]

_ROUNDING: Final = 1e-9
"""Share that is rounding: with less uncovered a grid is wholly covered."""

_CHUNK: Final = 1024

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
Polygons = npt.NDArray[np.object_]


def rings_of(polygons: Polygons) -> Rings:
    """Return the rings of n (multi)polygons, shells first in each part. O(vertices)."""
    parts, polygon_at = shapely.get_parts(polygons, return_index=True)
    rings, part_at = shapely.get_rings(parts, return_index=True)
    xy = shapely.get_coordinates(rings)
    start = np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(rings))]).astype(np.int64)
    is_shell = np.append(True, part_at[1:] != part_at[:-1])[: len(rings)]
    ring_at = polygon_at[part_at]
    first = np.searchsorted(ring_at, np.arange(len(polygons) + 1)).astype(np.int64)
    sign = np.where(shapely.is_ccw(rings) == is_shell, 1.0, -1.0)
    return Rings(np.ascontiguousarray(xy), start, first, sign)


def pairs_of_polygons(rings: Rings, cells: Cells, *, limit_m: float) -> Floats:
    """Return polygon, site, distance to the polygon's nearest and farthest place (m) of each pair.

    Those at most `limit_m` apart, shape (pairs, 4), in order of polygons.
    """
    every = np.arange(len(rings.first) - 1)
    found = in_threads(
        lambda start, stop: pairs_of_rings(rings, every[start:stop], cells, limit_m),
        len(every),
        chunk=_CHUNK,
    )
    return np.vstack([np.empty((0, 4)), *found])


def covered_area_share(
    rings: Rings,
    centres: Floats,
    pairs: tuple[Positions, Positions],
    *,
    radius_m: float,
    is_inside: npt.NDArray[np.bool_],
) -> Floats:
    """Return area(polygon ∩ union of the circles) ÷ area(polygon).

    Parameters
    ----------
    rings
        n polygons, metres.
    centres
        Centres of all s circles, shape (s, 2).
    pairs
        Positions (polygon, circle) of every circle that reaches into a polygon (more than a touch),
        in order of polygons.
    is_inside
        For each pair: the circle holds the whole polygon.

    Returns
    -------
    share
        Length n: above 0 exactly where a circle reaches into the polygon, exactly 1 where circles
        hold all of it.

    Notes
    -----
    Exact but for rounding. The arcs of each circle that no other circle holds are found once, O(s k
    log k) for k circles that meet a circle; then O(edges × circles) for each polygon on a rim.
    """
    n = len(rings.first) - 1
    share = np.zeros(n)
    at, circle = pairs
    share[at[is_inside]] = 1.0
    rim = share[at] < 1.0
    at, circle = at[rim], np.ascontiguousarray(circle[rim], dtype=np.int64)
    targets, begin = np.unique(at, return_index=True)
    if len(targets) == 0:
        return share
    first = np.append(begin, len(at)).astype(np.int64)
    cells = cells_of(centres, at_least_m=radius_m)
    arcs = exposed_arcs(centres, cells, radius_m)
    left = in_threads(
        lambda start, stop: uncovered_areas(
            rings, targets[start:stop], (first[start : stop + 1], circle), centres, radius_m, arcs
        ),
        len(targets),
        chunk=_CHUNK,
    )
    uncovered = np.concatenate(left) / _areas(rings)[targets]
    uncovered[uncovered < _ROUNDING] = 0.0
    share[targets] = np.maximum(1.0 - uncovered, _ROUNDING)
    return share


def _areas(rings: Rings) -> Floats:
    """Return the area of each polygon."""
    shift = rings.xy - np.repeat(rings.xy[rings.start[:-1]], np.diff(rings.start), axis=0)
    cross = shift[:-1, 0] * shift[1:, 1] - shift[1:, 0] * shift[:-1, 1]
    by_ring = rings.sign * np.add.reduceat(np.append(cross, 0.0), rings.start[:-1]) / 2.0
    area: Floats = np.add.reduceat(by_ring, rings.first[:-1])
    return area
