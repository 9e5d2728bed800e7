"""Shared borders: which grids are neighbours, and for how many metres.

Segments that two grids have in common, whichever way they run, are matched by sorting; only pairs
that share less than `min_border_m` so, while they lie within `sliver_width_m` of each other, go to
exact geometry.
"""

from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.grids.widths import Geometries
from geo.layers import require_metric, require_polygons

__all__ = ["neighbours"]

Positions = npt.NDArray[np.intp]
Lengths = npt.NDArray[np.float64]
_DECIMALS: Final = 6


def neighbours(
    grids: gpd.GeoDataFrame, *, sliver_width_m: float, min_border_m: float = 1.0
) -> pd.DataFrame:
    """Return the pairs of grids that share a border, each once.

    Parameters
    ----------
    grids
        n polygons, projected CRS in metres, unique text ids.
    sliver_width_m
        Borders no further apart than this count as one.
    min_border_m
        A border shorter than this (m) makes no neighbours: a corner has none.

    Returns
    -------
    borders
        `left_id` < `right_id` in text order, `border_m`, sorted. `border_m` is the length of the
        segments that both grids have, vertex to vertex; where that is under `min_border_m`, the
        length for which their borders run side by side within `sliver_width_m`: each stretch of
        the left border within that distance of the right one, less `sliver_width_m` at both its
        ends, because past the end of a common border two grids still lie that near.

    Raises
    ------
    CRSError, LayerError
        If `grids` is not in metres or holds no polygon in a row.

    Notes
    -----
    O(V log V) for V vertices, plus an intersection for each of the pairs that meet without common
    segments.
    """
    require_metric(grids, "grids")
    require_polygons(grids, "grids")
    order = np.argsort(grids.index.to_numpy(), kind="stable")
    geometry = np.asarray(grids.geometry.array, dtype=object)[order]
    ids = grids.index.to_numpy()[order]
    n = len(ids)
    left, right, border_m = _common_segments(geometry)
    is_long = border_m >= min_border_m
    near_left, near_right = _near_pairs(geometry, sliver_width_m)
    known = np.isin(near_left * n + near_right, (left * n + right)[is_long])
    near_left, near_right = near_left[~known], near_right[~known]
    alongside_m = _alongside_m(geometry[near_left], geometry[near_right], sliver_width_m)
    table = pd.DataFrame(
        {
            "left": np.concatenate([left[is_long], near_left]),
            "right": np.concatenate([right[is_long], near_right]),
            "border_m": np.concatenate([border_m[is_long], alongside_m]),
        }
    )
    table = table[table["border_m"] >= min_border_m].sort_values(["left", "right"])
    return pd.DataFrame(
        {
            "left_id": ids[table["left"]],
            "right_id": ids[table["right"]],
            "border_m": table["border_m"].to_numpy(float),
        }
    )


def _near_pairs(geometry: Geometries, distance_m: float) -> tuple[Positions, Positions]:
    """Return positions (i, j), i < j, of polygons no further apart than `distance_m`."""
    i, j = shapely.STRtree(geometry).query(geometry, predicate="dwithin", distance=distance_m)
    return i[i < j], j[i < j]


def _common_segments(geometry: Geometries) -> tuple[Positions, Positions, Lengths]:
    """Return pairs (i, j), i < j, that have segments in common, and the length of these (m)."""
    segments, owner = _segments(geometry)
    order = np.lexsort(segments.T)
    segments, owner = segments[order], owner[order]
    length_m = np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1])
    starts = np.ones(len(segments), dtype=bool)
    starts[1:] = (segments[1:] != segments[:-1]).any(axis=1)
    group = np.cumsum(starts)
    firsts, seconds, lengths = [], [], []
    largest = int(np.bincount(group).max(initial=1))
    for step in range(1, largest):
        match = np.flatnonzero(group[step:] == group[:-step])
        a, b = owner[match], owner[match + step]
        apart = a != b
        firsts.append(np.minimum(a, b)[apart])
        seconds.append(np.maximum(a, b)[apart])
        lengths.append(length_m[match][apart])
    if not firsts:
        return np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros(0)
    pairs = np.concatenate(firsts) * len(geometry) + np.concatenate(seconds)
    unique, index = np.unique(pairs, return_inverse=True)
    total = np.bincount(index, weights=np.concatenate(lengths)).astype(float)
    return unique // len(geometry), unique % len(geometry), total


def _segments(geometry: Geometries) -> tuple[npt.NDArray[np.float64], Positions]:
    """Return every segment as `(x0, y0, x1, y1)`, smaller end first, and the polygon it is of."""
    parts, part_owner = shapely.get_parts(geometry, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    inside = ring[1:] == ring[:-1]
    start, end = xy[:-1][inside], xy[1:][inside]
    owner = part_owner[ring_part[ring[1:][inside]]]
    flip = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    first = np.where(flip[:, None], end, start)
    last = np.where(flip[:, None], start, end)
    return np.hstack([first, last]), owner


def _alongside_m(left: Geometries, right: Geometries, distance_m: float) -> Lengths:
    """Return the length (m) for which the borders of each pair run side by side."""
    near = shapely.intersection(
        shapely.boundary(left), shapely.buffer(shapely.boundary(right), distance_m)
    )
    stretches, pair = shapely.get_parts(shapely.line_merge(near), return_index=True)
    beside = np.round(shapely.length(stretches) - 2.0 * distance_m, _DECIMALS)
    beside = np.maximum(beside, 0.0)
    return np.bincount(pair, weights=beside, minlength=len(left)).astype(float)
