"""How much of each grid's area lies inside circles, taken as 256-sided ones of the same area."""

from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["QUAD_SEGS", "covered_area_share", "farthest_m"]

QUAD_SEGS: Final = 64
"""Segments of a quarter circle: the edge is within 0.05 mm per metre of radius of the circle."""

_ROUNDING: Final = 1e-9
"""Share that is rounding of the overlay: with less uncovered a grid is wholly covered."""

_MANY: Final = 48
"""From this many circles on one grid, one union is faster than taking them off one by one."""

_CHUNK: Final = 2_000_000

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
Polygons = npt.NDArray[np.object_]


def farthest_m(polygons: Polygons, points_xy: Floats, pairs: tuple[Positions, Positions]) -> Floats:
    """Return how far the farthest place of the polygon is from the point, for each pair.

    Notes
    -----
    The farthest place is a vertex of the convex hull: O(Σ hull vertices), in chunks of bounded
    memory.
    """
    hulls = shapely.convex_hull(polygons)
    xy = shapely.get_coordinates(hulls)
    counts = shapely.get_num_coordinates(hulls).astype(np.intp)
    offsets = np.cumsum(counts) - counts
    at, point = pairs
    result = np.zeros(len(at))
    ends = np.cumsum(counts[at])
    start = 0
    while start < len(at):
        done = ends[start - 1] if start else 0
        stop = max(int(np.searchsorted(ends, done + _CHUNK, side="right")), start + 1)
        n = counts[at[start:stop]]
        begin = np.cumsum(n) - n
        vertex = np.repeat(offsets[at[start:stop]] - begin, n) + np.arange(n.sum())
        delta = xy[vertex] - np.repeat(points_xy[point[start:stop]], n, axis=0)
        away = np.sqrt(delta[:, 0] ** 2 + delta[:, 1] ** 2)
        result[start:stop] = np.maximum.reduceat(away, begin)
        start = stop
    return result


def covered_area_share(
    polygons: Polygons,
    circles: Polygons,
    pairs: tuple[Positions, Positions],
    *,
    is_inside: npt.NDArray[np.bool_],
) -> Floats:
    """Return area(polygon ∩ union of its circles) ÷ area(polygon).

    Parameters
    ----------
    polygons
        n polygons, metres.
    circles
        s circles as polygons; those named by `pairs` are looked at.
    pairs
        Positions (polygon, circle) of every circle that reaches into a polygon (more than a touch),
        nearest circle of a polygon first.
    is_inside
        For each pair: the circle holds the whole polygon.

    Returns
    -------
    share
        Length n: above 0 exactly where a circle reaches into the polygon, exactly 1 where one
        circle holds all of it.

    Notes
    -----
    Circles are taken off each polygon one by one, all polygons at a time, until nothing is left or
    no circle; no union of the whole layer is ever made. O(pairs on a rim × log vertices) GEOS
    overlays.
    """
    share = np.zeros(len(polygons))
    at, circle = pairs
    share[at[is_inside]] = 1.0
    rim = share[at] < 1.0
    at, circle = at[rim], circle[rim]
    order = np.argsort(at, kind="stable")
    at, circle = at[order], circle[order]
    targets, begin, counts = np.unique(at, return_index=True, return_counts=True)

    rest = polygons[targets].copy()
    for i in np.flatnonzero(counts >= _MANY):
        mine = circle[begin[i] : begin[i] + counts[i]]
        rest[i] = shapely.difference(rest[i], shapely.union_all(circles[mine]))
    few = counts < _MANY
    for turn in range(int(counts[few].max(initial=0))):
        live = np.flatnonzero(few & (counts > turn) & ~shapely.is_empty(rest))
        rest[live] = shapely.difference(rest[live], circles[circle[begin[live] + turn]])
    uncovered = shapely.area(rest) / shapely.area(polygons[targets])
    uncovered[uncovered < _ROUNDING] = 0.0
    share[targets] = np.maximum(1.0 - uncovered, _ROUNDING)
    return share
