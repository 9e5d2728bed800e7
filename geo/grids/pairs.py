"""Pairs of grids that share an area, measured.

Where several grids lie over one place, a face of the residual chain says so; only grids that meet
such a face are related, and only pairs that share an area are intersected.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.grids.tiling import Tiling
from geo.grids.widths import Geometries, Pieces

__all__ = [
    "Mask",
    "Pairs",
    "Positions",
    "blurred_pairs",
    "distinct",
    "in_order_of_ids",
    "overlapping_pairs",
]

Positions = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
_AREA_SHARED: Final = "2********"
_HAIR_M: Final = 1e-6
"""A shared area narrower than this may be rounding: the exact predicate decides."""
_TOUCH_M: Final = 1e-3
_MANY: Final = 32
"""Grids over one face from which on only those whose boxes meet are paired."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """Pairs of grids that share an area, in order of ids.

    `left`, `right`: positions in the layer, `left` the smaller id; `shared`: what they share.
    """

    left: Positions
    right: Positions
    shared: Pieces

    @classmethod
    def of(cls, tiling: Tiling) -> Self:
        """Measure all pairs of the grids of `tiling`.

        Notes
        -----
        O(c) exact operations for the c grids over places with several.
        """
        geometry = tiling.geometry
        i, j = overlapping_pairs(tiling)
        left, right = in_order_of_ids(tiling, i, j)
        shared = Pieces.of(_intersections(tiling, left, right))
        has_area = shared.area_m2 > 0.0
        thin = np.flatnonzero(has_area & (shared.width_m < _HAIR_M))
        has_area[thin] = shapely.relate_pattern(
            geometry[left[thin]], geometry[right[thin]], _AREA_SHARED
        )
        return cls(left=left[has_area], right=right[has_area], shared=shared.take(has_area))

    def take(self, which: Mask) -> "Pairs":
        """Return the pairs in the mask `which`."""
        return Pairs(left=self.left[which], right=self.right[which], shared=self.shared.take(which))


def _intersections(tiling: Tiling, left: Positions, right: Positions) -> Geometries:
    """Return what the grids of each pair share.

    A grid inside the other one as it is; a face that no other grid lies over, where it is the only
    one of both; what else there is, by intersecting the two.
    """
    geometry, n = tiling.geometry, len(tiling.geometry)
    code = np.minimum(left, right) * n + np.maximum(left, right)
    shared = np.full(len(left), None, dtype=object)
    inner, outer = tiling.nested
    for known, shapes in (
        _sole_faces(tiling),
        (np.minimum(inner, outer) * n + np.maximum(inner, outer), geometry[inner]),
    ):
        order = np.argsort(known)
        found = np.isin(code, known)
        shared[found] = shapes[order[np.searchsorted(known[order], code[found])]]
    rest = np.flatnonzero(shapely.is_missing(shared))
    shared[rest] = shapely.intersection(geometry[left[rest]], geometry[right[rest]])
    return shared


def _sole_faces(tiling: Tiling) -> tuple[Positions, Geometries]:
    """Return the pairs, as i·n + j, that are alone over one face and over no other, and the face.

    All that the two share is bounded by the residual chain, so it is that face.
    """
    two, faces = tiling.doubled
    if tiling.crowded is None or not len(two):
        return np.zeros(0, np.intp), np.zeros(0, dtype=object)
    n = len(tiling.geometry)
    i, j = _paired(tiling.geometry, *tiling.crowded)
    code, count = np.unique(np.minimum(i, j) * n + np.maximum(i, j), return_counts=True)
    mine = two.min(axis=1) * n + two.max(axis=1)
    sole = count[np.searchsorted(code, mine)] == 1
    return mine[sole], faces[sole]


def overlapping_pairs(tiling: Tiling) -> tuple[Positions, Positions]:
    """Return positions (i, j), i < j, of polygons that may share an area; none that does lacks."""
    if tiling.crowded is None:
        return _all_pairs(tiling)
    i, j = _paired(tiling.geometry, *tiling.crowded)
    n = max(len(tiling.geometry), 1)
    code = distinct(np.minimum(i, j) * n + np.maximum(i, j))
    return code // n, code % n


def distinct(codes: Positions) -> Positions:
    """Return the different values of `codes`, ascending."""
    codes = np.sort(codes)
    keep = np.ones(len(codes), dtype=bool)
    keep[1:] = codes[1:] != codes[:-1]
    return codes[keep]


def in_order_of_ids(tiling: Tiling, i: Positions, j: Positions) -> tuple[Positions, Positions]:
    """Return the pairs with the smaller id first, in order of ids."""
    a, b = tiling.rank[i], tiling.rank[j]
    low, high = np.minimum(a, b), np.maximum(a, b)
    order = np.argsort(low * len(tiling.ids) + high, kind="stable")
    return tiling.by_id[low[order]], tiling.by_id[high[order]]


def blurred_pairs(tiling: Tiling, known: Pairs) -> npt.NDArray[np.int64]:
    """Return the pairs of a noisy layer, as i·n + j, whose common border differs by noise alone.

    Their borders meet only where near vertices are made one; `known` pairs are left out. None on a
    layer that is not noisy.
    """
    n = len(tiling.geometry)
    if tiling.moved is None:
        return np.zeros(0, np.int64)
    exact, near = tiling.residue, tiling.moved
    code = near.left.astype(np.int64) * n + near.right
    matched_m = pd.Series(exact.border_m, index=exact.left.astype(np.int64) * n + exact.right)
    rest_m = near.border_m - matched_m.reindex(code, fill_value=0.0).to_numpy()
    i, j = np.minimum(known.left, known.right), np.maximum(known.left, known.right)
    blurred: npt.NDArray[np.int64] = code[(rest_m > _TOUCH_M) & ~np.isin(code, i * n + j)]
    return blurred


def _all_pairs(tiling: Tiling) -> tuple[Positions, Positions]:
    """Return every pair of grids whose interiors meet."""
    geometry = tiling.geometry
    i, j = tiling.tree.query(geometry)
    i, j = i[i < j], j[i < j]
    shapely.prepare(geometry)
    meet = shapely.relate_pattern(geometry[i], geometry[j], _AREA_SHARED)
    return i[meet], j[meet]


def _paired(geometry: Geometries, face: Positions, grid: Positions) -> tuple[Positions, Positions]:
    """Return the pairs of grids of each face."""
    order = np.argsort(face, kind="stable")
    face, grid = face[order], grid[order]
    count = np.bincount(face, minlength=1)
    few = count[face] <= _MANY
    i, j = [np.zeros(0, np.intp)], [np.zeros(0, np.intp)]
    mine, its = face[few], grid[few]
    for step in range(1, min(int(count.max()), _MANY)):
        at = np.flatnonzero(mine[step:] == mine[:-step])
        i.append(its[at])
        j.append(its[at + step])
    for crowded in np.flatnonzero(count > _MANY):
        here = grid[face == crowded]
        a, b = shapely.STRtree(geometry[here]).query(geometry[here])
        i.append(here[a[a < b]])
        j.append(here[b[a < b]])
    return np.concatenate(i), np.concatenate(j)
