"""The cells of a lattice that belong together, as shapes to draw.

The border of an owner's cells is walked along with the cells to the left; where it comes back to a
corner it is cut there, so that no ring touches itself.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from geo.coverage.compiled import compiled, in_threads
from geo.coverage.network.search import ordered

__all__ = ["cell_shapes"]

_CHUNK: Final = 64

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]


def cell_shapes(
    xy: Floats, owner: Positions, *, step_m: float, n_owners: int
) -> npt.NDArray[np.object_]:
    """Return the cells of each owner as one valid (multi)polygon, empty without any.

    Parameters
    ----------
    xy
        Middles of k square cells, shape (k, 2), on one lattice of `step_m`; any point of a cell
        will do. A cell may be there twice.
    owner
        From 0 to n_owners - 1, shape (k,); -1 for nobody's.

    Notes
    -----
    O(k log k), in threads.
    """
    places = xy / step_m
    cells = np.floor(places, out=places).astype(np.int32)
    del places  # takes memory
    first, order = ordered(owner.astype(np.int32), n_owners)
    parts = in_threads(
        lambda start, stop: _outlined(cells, order, first[start : stop + 1], start),
        n_owners,
        chunk=_CHUNK,
    )
    shapes = np.full(n_owners, shapely.MultiPolygon(), dtype=object)
    for corner, ring_first, polygon_first, mine in parts:
        polygons = shapely.from_ragged_array(
            shapely.GeometryType.POLYGON, corner * step_m, (ring_first, polygon_first)
        )
        owners, at, counts = np.unique(mine, return_inverse=True, return_counts=True)
        shapes[mine] = polygons
        several = counts[at] > 1
        shapes[owners[counts > 1]] = shapely.multipolygons(
            polygons[several], indices=np.unique(at[several], return_inverse=True)[1]
        )
    return shapes


@compiled
def _outlined(
    cells: Ints, order: Ints, first: Ints, start: int
) -> tuple[Ints, Longs, Longs, Longs]:
    """Return corners, first of each ring, first ring of each polygon, owner of each polygon."""
    out, n = np.empty((1024, 2), np.int32), 0
    ring_first, polygon_first, owners = [0], [0], [0]
    for at in range(len(first) - 1):
        if first[at] == first[at + 1]:
            continue
        mine = cells[order[first[at] : first[at + 1]]]
        low_column, low_row = mine[:, 0].min() - 1, mine[:, 1].min() - 1
        width = np.int64(mine[:, 0].max()) - low_column + 2
        keys = np.unique((mine[:, 1] - low_row) * width + (mine[:, 0] - low_column))
        corner, ring, part = _rings(keys, width)
        last = np.int64(-1)
        for r in np.argsort(part, kind="mergesort"):  # each part's shell, then its holes
            if part[r] // 2 != last:
                last = part[r] // 2
                polygon_first.append(polygon_first[-1])
                owners.append(start + at)
            polygon_first[-1] += 1
            for k in range(ring[r], ring[r + 1]):
                out = _grown(out, n)
                out[n, 0] = corner[k] % width + low_column
                out[n, 1] = corner[k] // width + low_row
                n += 1
            ring_first.append(n)
    return out[:n].copy(), np.array(ring_first), np.array(polygon_first), np.array(owners[1:])


@compiled
def _grown(rows: Ints, count: int) -> Ints:
    """Return `rows` with room for more when `count` of them are in use."""
    if count < len(rows):
        return rows
    grown = np.empty((2 * len(rows), 2), np.int32)
    grown[:count] = rows
    return grown


@compiled
def _rings(keys: Longs, width: int) -> tuple[Longs, Longs, Longs]:
    """Return corners, first corner of each ring (which it ends with), and what each is part of.

    `keys`: row x width + column of the cells, ascending, none in the first or last column; the
    lower left corner of a cell has its key. A ring is of part 2 p where it is the shell of part p,
    of 2 p + 1 where it is a hole in it.
    """
    part, is_open = _parts(keys, width)
    corner, ring, of_part = [keys[0]], [0], [0]
    corner.pop()
    for cell in range(len(keys)):
        if not is_open[cell]:
            continue
        _walk(keys, width, cell, is_open, corner, ring)
        for r in range(len(of_part) - 1, len(ring) - 1):
            area = np.int64(0)
            for k in range(ring[r], ring[r + 1] - 1):
                a, b = corner[k], corner[k + 1]
                area += (a % width) * (b // width) - (b % width) * (a // width)
            of_part.append(2 * part[cell] + (1 if area < 0 else 0))
    return np.array(corner), np.array(ring), np.array(of_part[1:])


@compiled
def _parts(keys: Longs, width: int) -> tuple[Longs, Mask]:
    """Return of each cell the part that it is connected with, and whether nothing is below it."""
    part, is_open = np.arange(len(keys)), np.ones(len(keys), np.bool_)
    below = 0
    for cell in range(len(keys)):
        while keys[below] < keys[cell] - width:
            below += 1
        is_open[cell] = keys[below] != keys[cell] - width
        if cell > 0 and keys[cell - 1] == keys[cell] - 1:
            _join(part, cell - 1, cell)
        if not is_open[cell]:
            _join(part, below, cell)
    for cell in range(len(keys)):
        part[cell] = part[part[cell]]  # what is joined later always points to what is earlier
    return part, is_open


@compiled
def _join(part: Longs, a: int, b: int) -> None:
    while part[a] != a:
        part[a] = part[part[a]]
        a = part[a]
    while part[b] != b:
        part[b] = part[part[b]]
        b = part[b]
    part[max(a, b)] = min(a, b)


@compiled
def _has(keys: Longs, key: int) -> bool:
    at = np.searchsorted(keys, key)
    return bool(at < len(keys) and keys[at] == key)


@compiled
def _walk(
    keys: Longs, width: int, cell: int, is_open: Mask, corner: list[int], ring: list[int]
) -> None:
    """Add the rings of the border that begins below `cell`; what was walked is no longer open.

    Directions are 0 to 3: right, up, left, down. Two cells that meet in a corner only are kept
    apart, so that a corner comes twice where they are connected elsewhere.
    """
    steps = (1, width, -1, -width)
    left, right = (0, -1, -width - 1, -width), (-width, 0, -1, -width - 1)
    here, way, walk = keys[cell], 0, [keys[cell]]
    while True:
        if way == 0:
            is_open[np.searchsorted(keys, here)] = False
        here += steps[way]
        is_left, is_right = _has(keys, here + left[way]), _has(keys, here + right[way])
        turn = 1 if not is_left else (3 if is_right else 0)
        way = (way + turn) % 4
        if here == keys[cell] and way == 0:
            break
        if is_right and not is_left:
            for p in range(len(walk)):
                if walk[p] == here:
                    _close(walk, p, corner, ring)
                    break
        if turn > 0:
            walk.append(here)
    _close(walk, 0, corner, ring)


@compiled
def _close(walk: list[int], begin: int, corner: list[int], ring: list[int]) -> None:
    """Make a ring of the corners from `begin` on, and take them off the walk."""
    corner.extend(walk[begin:])
    corner.append(walk[begin])
    ring.append(len(corner))
    del walk[begin:]
