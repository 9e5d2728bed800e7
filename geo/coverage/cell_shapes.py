"""The cells of a lattice that belong together, as shapes to draw."""

from itertools import chain
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from geo.coverage.compiled import in_threads

__all__ = ["cell_shapes"]

_CHUNK: Final = 64

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]


class _Runs(NamedTuple):
    """Runs of neighbouring cells in a row, from column `low` up to `high`, by owner and row."""

    owner: Longs
    row: Longs
    low: Longs
    high: Longs

    def where(self, keep: Mask) -> "_Runs":
        """Return some of the runs."""
        return _Runs(*(part[keep] for part in self))


def cell_shapes(
    xy: Floats, owner: Positions, *, step_m: float, n_owners: int
) -> npt.NDArray[np.object_]:
    """Return the cells of each owner as one (multi)polygon, empty without any.

    Parameters
    ----------
    xy
        Middles of k square cells, shape (k, 2), on one lattice of `step_m`; any point of a cell
        will do.
    owner
        From 0 to n_owners - 1, shape (k,); -1 for nobody's.

    Notes
    -----
    O(k log k). An owner with one run of cells in each row, each touching the next, needs no
    geometry to be computed: its outline goes up one side and down the other. The cells of all
    other owners are joined by GEOS.
    """
    shapes = np.full(n_owners, shapely.MultiPolygon(), dtype=object)
    runs = _runs(xy, owner, step_m)
    if len(runs.owner) == 0:
        return shapes
    is_plain = _is_plain(runs, n_owners)[runs.owner]
    for some, make in ((runs.where(is_plain), _outlined), (runs.where(~is_plain), _joined)):
        if len(some.owner):
            shapes[np.unique(some.owner)] = shapely.simplify(make(some, step_m), 0.0)
    return shapes


def _runs(xy: Floats, owner: Positions, step_m: float) -> _Runs:
    has = owner >= 0
    column, row = np.floor(xy[has] / step_m).astype(np.int64).T
    order = np.lexsort((column, row, owner[has]))
    mine, row, column = owner[has][order].astype(np.int64), row[order], column[order]
    is_first = np.ones(len(mine), dtype=bool)
    # A cell may be there twice, where two grids share it.
    is_first[1:] = (np.diff(mine) != 0) | (np.diff(row) != 0) | (np.diff(column) > 1)
    first = np.flatnonzero(is_first)
    last = np.append(first[1:], len(mine)) - 1
    return _Runs(mine[first], row[first], column[first], column[last[: len(first)]] + 1)


def _is_plain(runs: _Runs, n_owners: int) -> Mask:
    """Return which owners have one run a row, no row left out, each touching the next."""
    same = runs.owner[1:] == runs.owner[:-1]
    overlap = np.minimum(runs.high[1:], runs.high[:-1]) - np.maximum(runs.low[1:], runs.low[:-1])
    broken = same & ((np.diff(runs.row) != 1) | (overlap <= 0))
    return np.asarray(np.bincount(runs.owner[1:][broken], minlength=n_owners) == 0)


def _outlined(runs: _Runs, step_m: float) -> npt.NDArray[np.object_]:
    """Return the outline of each owner: its right side upwards, then its left side downwards."""
    n = np.arange(len(runs.owner))
    right = np.column_stack([runs.high, runs.row, runs.high, runs.row + 1])
    left = np.column_stack([runs.low, runs.row + 1, runs.low, runs.row])
    side = np.repeat([0, 1], len(n))
    order = np.lexsort((np.concatenate([n, -n]), side, np.tile(runs.owner, 2)))
    corners = np.vstack([right, left])[order].reshape(-1, 2) * step_m
    _, at = np.unique(np.repeat(np.tile(runs.owner, 2)[order], 2), return_inverse=True)
    return np.asarray(shapely.polygons(shapely.linearrings(corners, indices=at)), dtype=object)


def _joined(runs: _Runs, step_m: float) -> npt.NDArray[np.object_]:
    """Return the cells of each owner joined, some owners at a time: their squares take memory."""
    first = np.append(np.flatnonzero(np.diff(runs.owner, prepend=-1)), len(runs.owner))

    def join(start: int, stop: int) -> list[shapely.Geometry]:
        some = slice(first[start], first[stop])
        return _joined_at_once(_Runs(*(part[some] for part in runs)), step_m)

    found = np.empty(len(first) - 1, dtype=object)
    found[:] = list(chain.from_iterable(in_threads(join, len(found), chunk=_CHUNK)))
    return found


def _joined_at_once(runs: _Runs, step_m: float) -> list[shapely.Geometry]:
    """Return the cells of each owner joined: squares that share whole sides join quickest."""
    count = runs.high - runs.low
    begin = np.cumsum(count) - count
    column = np.repeat(runs.low - begin, count) + np.arange(count.sum())
    row, owner = np.repeat(runs.row, count), np.repeat(runs.owner, count)
    low, bottom = column * step_m, row * step_m
    squares = shapely.box(low, bottom, (column + 1) * step_m, (row + 1) * step_m)
    parts = np.split(squares, np.flatnonzero(np.diff(owner)) + 1)
    return [shapely.coverage_union_all(some) for some in parts]
