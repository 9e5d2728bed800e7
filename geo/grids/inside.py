"""Grids that lie inside their parent for certain, by matching alone.

Four certificates. A parent whose fingerprint is the sum of those of its base grids is tiled by
them. A grid reaches out of its parent only where the parent's border runs through its inside,
unless the whole grid lies outside: that border is either a segment that no grid has, or it is the
border of another grid that then shares an area with this one. Where that leaves a doubt, the grid's
segments are held against its parent's. Last, what lies in a grid inside its parent is inside too.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from geo.grids.kernel import Rings, segments_of, surely_within
from geo.grids.kernel.inner import inner_points
from geo.grids.kernel.loops import is_clear
from geo.grids.kernel.winding import is_around
from geo.grids.pairs import Mask, Positions, overlapping_pairs
from geo.grids.tiling import Tiling

__all__ = ["is_surely_inside"]

_ODD: Final = np.uint64(0x9E3779B97F4A7C15)


def is_surely_inside(tiling: Tiling, grid: Positions, outline: Positions) -> Mask:
    """Return True for each pair of a grid and its parent where the grid is inside for certain.

    On a noisy layer: inside up to noise. A grid that tiles its parent, or lies in it, once vertices
    nearer than half the noise width are one has no part outside that holds a disc of that radius.

    Parameters
    ----------
    tiling
        Grids matched with outlines.
    grid, outline
        Positions of each grid and its parent; -1 where the parent is no outline of `tiling`.
    """
    sure = np.zeros(len(grid), dtype=bool)
    known = np.flatnonzero(outline >= 0)
    if tiling.outlines is None or not len(known):
        return sure
    sure[known] = _is_tiled(tiling, grid[known], outline[known])
    if tiling.faces is None:
        return sure
    if not tiling.is_noisy:
        rest = known[~sure[known]]
        sure[rest] = _is_uncut(tiling, grid[rest], outline[rest])
        sure |= _is_nested(tiling, grid, outline, sure=sure)
    rest = known[~sure[known]]
    sure[rest] = _is_within(tiling, grid[rest], outline[rest])
    return sure | _is_nested(tiling, grid, outline, sure=sure)


def _is_tiled(tiling: Tiling, grid: Positions, outline: Positions) -> Mask:
    n, is_base = len(tiling.geometry), tiling.is_base[grid]
    fingerprint = tiling.matched.fingerprint
    total = np.zeros(len(fingerprint) - n, dtype=np.uint64)
    np.add.at(total, outline[is_base], fingerprint[grid[is_base]])
    tiled: Mask = (total == fingerprint[n:])[outline] & is_base
    return tiled


def _is_within(tiling: Tiling, grid: Positions, outline: Positions) -> Mask:
    """Return True where no segment of the grid leaves its parent, for certain.

    Parents with holes are left open; so are those of which vertices were made one, for a narrow
    mouth may be closed then and what it leads to be lost.
    """
    rings = tiling.matched.both
    used, parent = np.unique(outline + len(tiling.geometry), return_inverse=True)
    is_simple = np.bincount(rings.owner, minlength=rings.n_polygons)[used] == 1
    if tiling.is_noisy:
        is_simple &= _has_all_vertices(rings, tiling.residue.both, used)
    outer, outer_start = segments_of(rings, used)
    at = np.flatnonzero(is_simple[parent])
    mine, start = segments_of(rings, grid[at])
    within = np.zeros(len(grid), dtype=bool)
    pairs = np.arange(len(at)), parent[at].astype(np.int64)
    within[at] = surely_within(mine, start, outer, outer_start, pairs)
    return within


def _has_all_vertices(moved: Rings, rings: Rings, which: Positions) -> Mask:
    """Return True for each polygon of `which` that has as many places for vertices as before."""
    count = [_n_places(*segments_of(some, which)) for some in (moved, rings)]
    equal: Mask = count[0] == count[1]
    return equal


def _n_places(rows: npt.NDArray[np.float64], start: npt.NDArray[np.int64]) -> Positions:
    """Return how many different places the segments of each polygon start at."""
    polygon = np.repeat(np.arange(len(start) - 1), np.diff(start))
    order = np.lexsort((rows[:, 1], rows[:, 0], polygon))
    key = np.column_stack([polygon, rows[:, :2]])[order]
    is_new = np.ones(len(key), dtype=bool)
    is_new[1:] = (key[1:] != key[:-1]).any(axis=1)
    return np.bincount(polygon[order][is_new], minlength=len(start) - 1)


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
    is_cut = _may_be_cut_by_others(tiling)
    lines = tiling.residue.open_outline
    is_cut[grid] |= ~is_clear(shapely.bounds(tiling.geometry[grid]), lines)
    is_cut |= shapely.get_num_geometries(tiling.geometry) > 1
    uncut = ~is_cut[grid]
    at = np.flatnonzero(uncut)
    points = inner_points(tiling.rings, grid[at], n_lines=1)
    uncut[at] = is_around(tiling.residue.both, len(tiling.geometry) + outline[at], points)
    return uncut


def _may_be_cut_by_others(tiling: Tiling) -> Mask:
    """Return True for each grid that may hold, inside, an outline drawn along another grid.

    It shares an area with that one then. A grid nested in another, all of whose segments on
    outlines are the other's as well, is none.
    """
    n = len(tiling.geometry)
    i, j = overlapping_pairs(tiling)
    on_outline = np.zeros(n, dtype=bool)
    on_outline[tiling.residue.outline_owner] = True
    inner, outer = tiling.nested
    along = on_outline[inner]
    at = np.flatnonzero(along)
    along[at] = ~_is_bound_by(tiling, inner[at], outer[at])
    nested = np.minimum(inner, outer) * n + np.maximum(inner, outer)
    other = ~np.isin(i * n + j, nested)
    is_cut = np.zeros(n, dtype=bool)
    is_cut[i[other & on_outline[j]]] = True
    is_cut[j[other & on_outline[i]]] = True
    is_cut[outer[along]] = True
    is_cut[inner[on_outline[outer]]] = True
    return is_cut


def _is_bound_by(tiling: Tiling, inner: Positions, outer: Positions) -> Mask:
    """Return True where the outer grid has each segment that the inner one has on outlines."""
    residue = tiling.residue
    first = np.searchsorted(residue.outline_owner, inner)
    size = np.searchsorted(residue.outline_owner, inner, side="right") - first
    pair = np.repeat(np.arange(len(inner)), size)
    at = np.arange(len(pair)) + np.repeat(first - (np.cumsum(size) - size), size)
    vertex, xy = residue.outline_vertex[at], tiling.rings.xy
    mine = np.hstack([xy[vertex], xy[vertex + 1]])
    rows, start = segments_of(tiling.rings, outer)
    owner = np.repeat(np.arange(len(outer)), np.diff(start))
    has = np.isin(_hashes(mine, pair), _hashes(rows, owner))
    bound: Mask = np.bincount(pair[~has], minlength=len(inner)) == 0
    return bound


def _hashes(rows: npt.NDArray[np.float64], pair: Positions) -> npt.NDArray[np.uint64]:
    """Return a hash of each segment and its pair, the same for both directions."""
    middle = np.ascontiguousarray(rows[:, :2] + rows[:, 2:]).view(np.uint64)
    span = np.ascontiguousarray(np.abs(rows[:, :2] - rows[:, 2:])).view(np.uint64)
    hashes = pair.astype(np.uint64)
    for column in (middle[:, 0], middle[:, 1], span[:, 0], span[:, 1]):
        hashes = (hashes ^ column) * _ODD
        hashes ^= hashes >> np.uint64(29)
    return hashes
