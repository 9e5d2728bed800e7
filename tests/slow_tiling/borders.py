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
Mask = npt.NDArray[np.bool_]
_DECIMALS: Final = 6
_CORNER_STEPS: Final = 256
"""Chords for a quarter of a circle: with the usual 8, a border that leaves at a flat angle is cut
off by decimetres; with so many by at most 3 mm."""


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
        `left_id` < `right_id` in text order, `border_m`, `left_at` and `right_at` (the positions of
        both in `grids`), sorted. `border_m` is the length of the
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
    O(V log V) for V vertices, plus an intersection for each pair that lies near without enough
    common segments; pairs of which no segment is without its match are left out, since their
    borders are those of other grids.
    """
    require_metric(grids, "grids")
    require_polygons(grids, "grids")
    order = np.argsort(grids.index.to_numpy(), kind="stable")
    geometry = np.asarray(grids.geometry.array, dtype=object)[order]
    ids = grids.index.to_numpy()[order]
    n = len(ids)
    left, right, border_m, is_ragged = _common_segments(geometry)
    is_long = border_m >= min_border_m
    near_left, near_right = _near_pairs(geometry, sliver_width_m)
    is_known = np.isin(near_left * n + near_right, (left * n + right)[is_long])
    is_open = ~is_known & (is_ragged[near_left] | is_ragged[near_right])
    near_left, near_right = near_left[is_open], near_right[is_open]
    alongside_m = _alongside_m(geometry, near_left, near_right, distance_m=sliver_width_m)
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
            "left_at": order[table["left"]],
            "right_at": order[table["right"]],
        }
    )


def _near_pairs(geometry: Geometries, distance_m: float) -> tuple[Positions, Positions]:
    """Return positions (i, j), i < j, of polygons no further apart than `distance_m`."""
    i, j = shapely.STRtree(geometry).query(geometry, predicate="dwithin", distance=distance_m)
    return i[i < j], j[i < j]


def _common_segments(geometry: Geometries) -> tuple[Positions, Positions, Lengths, Mask]:
    """Return pairs (i, j), i < j, with segments in common, and the length of these (m).

    Last, for each polygon, whether it has a segment that no other one has.
    """
    segments, owner = _segments(geometry)
    order = np.lexsort(segments.T)
    segments, owner = segments[order], owner[order]
    starts = np.ones(len(segments), dtype=bool)
    starts[1:] = (segments[1:] != segments[:-1]).any(axis=1)
    group = np.cumsum(starts) - 1
    copies = np.bincount(group, minlength=1)
    is_ragged = np.zeros(len(geometry), dtype=bool)
    is_ragged[owner[copies[group] == 1]] = True
    steps = [_equal_ahead(group, step) for step in range(1, int(copies.max()))]
    first = np.concatenate([np.zeros(0, np.intp), *(at for at, _ in steps)])
    second = np.concatenate([np.zeros(0, np.intp), *(ahead for _, ahead in steps)])
    length_m = np.hypot(*(segments[first, 2:] - segments[first, :2]).T)
    a, b = owner[first], owner[second]
    pairs = np.minimum(a, b) * len(geometry) + np.maximum(a, b)
    unique, index = np.unique(pairs[a != b], return_inverse=True)
    total = np.bincount(index, weights=length_m[a != b], minlength=len(unique))
    border_m = np.round(total.astype(float), _DECIMALS)
    return unique // len(geometry), unique % len(geometry), border_m, is_ragged


def _equal_ahead(group: Positions, step: int) -> tuple[Positions, Positions]:
    """Return the places whose group is the same `step` places on, and those places."""
    at = np.flatnonzero(group[step:] == group[:-step])
    return at, at + step


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


def _alongside_m(
    geometry: Geometries, left: Positions, right: Positions, *, distance_m: float
) -> Lengths:
    """Return the length (m) for which the borders of each pair run side by side."""
    zones, zone = np.unique(right, return_inverse=True)
    lines = shapely.boundary(geometry[zones])
    around = shapely.buffer(lines, distance_m, quad_segs=_CORNER_STEPS)
    near = shapely.intersection(shapely.boundary(geometry[left]), around[zone])
    stretches, pair = shapely.get_parts(shapely.line_merge(near), return_index=True)
    beside = np.maximum(shapely.length(stretches) - 2.0 * distance_m, 0.0)
    total = np.bincount(pair, weights=beside, minlength=len(left)).astype(float)
    return np.round(total, _DECIMALS)
