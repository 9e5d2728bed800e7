"""Grids that lie inside their parent for certain, by matching alone.

Three certificates. A parent whose fingerprint is the sum of those of its base grids is tiled by
them. A grid reaches out of its parent only where the parent's border runs through its inside,
unless the whole grid lies outside: that border is either a segment that no grid has, or it is the
border of another grid that then shares an area with this one. Last, what lies in a grid inside its
parent is inside as well.
"""

import numpy as np
import shapely

from geo.grids.kernel import Rings
from geo.grids.kernel.inner import inner_points
from geo.grids.pairs import Mask, Positions, overlapping_pairs
from geo.grids.tiling import Tiling

__all__ = ["is_surely_inside"]


def is_surely_inside(tiling: Tiling, grid: Positions, outline: Positions, *, is_base: Mask) -> Mask:
    """Return True for each pair of a grid and its parent where the grid is inside for certain.

    Parameters
    ----------
    tiling
        Grids matched with outlines.
    grid, outline
        Positions of each grid and its parent; -1 where the parent is no outline of `tiling`.
    is_base
        Of each pair, whether the grid is a base grid.
    """
    sure = np.zeros(len(grid), dtype=bool)
    known = np.flatnonzero(outline >= 0)
    if tiling.outlines is None or not len(known):
        return sure
    sure[known] = _is_tiled(tiling, grid[known], outline[known], is_base=is_base[known])
    rest = known[~sure[known]]
    if not tiling.is_noisy and tiling.faces is not None:
        sure[rest] = _is_uncut(tiling, grid[rest], outline[rest])
        sure |= _is_nested(tiling, grid, outline, sure=sure)
    return sure


def _is_tiled(tiling: Tiling, grid: Positions, outline: Positions, *, is_base: Mask) -> Mask:
    n = len(tiling.geometry)
    fingerprint = tiling.residue.fingerprint
    total = np.zeros(len(fingerprint) - n, dtype=np.uint64)
    np.add.at(total, outline[is_base], fingerprint[grid[is_base]])
    tiled: Mask = (total == fingerprint[n:])[outline] & is_base
    return tiled


def _is_nested(tiling: Tiling, grid: Positions, outline: Positions, *, sure: Mask) -> Mask:
    """Return True where the grid lies in another one that is inside the same outline."""
    n = len(tiling.geometry)
    inner, outer = tiling.nested
    parent = np.full(n, -1, dtype=np.intp)
    parent[grid] = outline
    is_inside = np.zeros(n, dtype=bool)
    is_inside[grid[sure]] = True
    nested = np.zeros(n, dtype=bool)
    nested[inner[is_inside[outer] & (parent[inner] == parent[outer])]] = True
    found: Mask = nested[grid] & (outline >= 0)
    return found


def _is_uncut(tiling: Tiling, grid: Positions, outline: Positions) -> Mask:
    """Return True where no border of outlines can run through the grid and it lies in its own."""
    if tiling.outlines is None:
        return np.zeros(len(grid), dtype=bool)
    is_cut = np.zeros(len(tiling.geometry), dtype=bool)
    i, j = overlapping_pairs(tiling)
    on_outline = tiling.residue.is_on_outline
    is_cut[i[on_outline[j]]] = True
    is_cut[j[on_outline[i]]] = True
    lines = tiling.residue.open_outline
    boxes = shapely.box(
        np.minimum(lines[:, 0], lines[:, 2]),
        np.minimum(lines[:, 1], lines[:, 3]),
        np.maximum(lines[:, 0], lines[:, 2]),
        np.maximum(lines[:, 1], lines[:, 3]),
    )
    is_cut[tiling.tree.query(boxes)[1]] = True
    is_cut |= shapely.get_num_geometries(tiling.geometry) > 1
    uncut = ~is_cut[grid]
    at = np.flatnonzero(uncut)
    points = inner_points(Rings.of(tiling.geometry[grid[at]]), n_lines=1)
    parents = tiling.outlines[outline[at]]
    shapely.prepare(parents)
    uncut[at] = shapely.contains_xy(parents, points[:, 0], points[:, 1])
    return uncut
