"""Shared borders: which grids are neighbours, and for how many metres.

Segments that two grids have in common, whichever way they run, are matched by their keys; only
pairs that share less than `min_border_m` so, while they lie within `sliver_width_m` of each other,
are measured against each other.
"""

from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.grids.kernel import Residue, alongside, segments_of
from geo.grids.pairs import distinct, in_order_of_ids
from geo.grids.tiling import Tiling, spans, tile

__all__ = ["neighbours"]

Positions = npt.NDArray[np.intp]
Lengths = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
_DECIMALS: Final = 6


def neighbours(
    grids: gpd.GeoDataFrame,
    *,
    sliver_width_m: float,
    min_border_m: float = 1.0,
    tiling: Tiling | None = None,
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
    tiling
        `grids` matched (`geo.grids.tile`), where that was done already. On a noisy layer segments
        count as common when their ends differ by noise.

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
    O(V) for V vertices, plus O(a · b) for each pair of a and b vertices that lies near without
    enough common segments; pairs of which no segment is without its match are left out, since their
    borders are those of other grids.
    """
    tiling = tile(grids, noise_width_m=0.0) if tiling is None else tiling
    matched, by_id, rank = tiling.matched, tiling.by_id, tiling.rank
    is_long = np.round(matched.border_m, _DECIMALS) >= min_border_m
    near = _open_pairs(matched, tiling, is_long=is_long, sliver_width_m=sliver_width_m)
    near_left, near_right = in_order_of_ids(tiling, *near)
    beside_m = _alongside_m(tiling, near_left, near_right, distance_m=sliver_width_m)
    is_beside = beside_m >= min_border_m
    left = np.concatenate([matched.left[is_long].astype(np.intp), near_left[is_beside]])
    right = np.concatenate([matched.right[is_long].astype(np.intp), near_right[is_beside]])
    border_m = np.concatenate([np.round(matched.border_m[is_long], _DECIMALS), beside_m[is_beside]])
    low, high = np.minimum(rank[left], rank[right]), np.maximum(rank[left], rank[right])
    order = np.argsort(low * len(rank) + high)
    ids = tiling.index.array  # as text: sooner taken from than made anew
    left, right = by_id[low[order]], by_id[high[order]]
    return pd.DataFrame(
        {
            "left_id": ids.take(left),
            "right_id": ids.take(right),
            "border_m": border_m[order],
            "left_at": left,
            "right_at": right,
        }
    )


def _open_pairs(
    matched: Residue, tiling: Tiling, *, is_long: Mask, sliver_width_m: float
) -> tuple[Positions, Positions]:
    """Return pairs (i, j), i < j, near each other without a long common border.

    At least one of the two has a segment that no other grid has; the border of all others is shared
    out among their neighbours already.
    """
    n = len(tiling.geometry)
    ragged = np.flatnonzero(matched.is_ragged)
    k, other = tiling.tree.query(spans(tiling.geometry[ragged], sliver_width_m))
    i, j = np.minimum(ragged[k], other), np.maximum(ragged[k], other)
    code = distinct((i * n + j)[i != j])
    known = matched.left[is_long].astype(np.int64) * n + matched.right[is_long]
    at = np.minimum(np.searchsorted(known, code), max(len(known) - 1, 0))
    code = code[known[at] != code] if len(known) else code
    return code // max(n, 1), code % max(n, 1)


def _alongside_m(
    tiling: Tiling, left: Positions, right: Positions, *, distance_m: float
) -> Lengths:
    """Return the length (m) for which the borders of each pair run side by side."""
    used, which = np.unique(np.concatenate([left, right]), return_inverse=True)
    rows, start = segments_of(tiling.rings, used)
    mine, other = which[: len(left)].astype(np.int64), which[len(left) :].astype(np.int64)
    _, beside_m = alongside(rows, start, mine, other, np.full(len(left), distance_m))
    return np.round(beside_m, _DECIMALS)
