"""The faces that residual segments cut the plane into."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from geo.grids.kernel.inner import inner_points
from geo.grids.kernel.loops import lone_loops
from geo.grids.kernel.matching import Ints
from geo.grids.kernel.noded import is_surely_noded
from geo.grids.kernel.residues import Residue
from geo.grids.kernel.rings import Floats, Rings
from geo.grids.kernel.winding import windings

__all__ = ["Faces", "faces_of"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Faces:
    """Bounded faces. `geometry` (f) polygons; `point` (f, 2) in each; `n_grids` (f) over it.

    `is_loop` (f): the face is a polygon of the layer that stands alone over others; the face around
    it has no hole there.
    """

    geometry: npt.NDArray[np.object_]
    point: Floats
    n_grids: Ints
    is_loop: npt.NDArray[np.bool_]


def faces_of(residue: Residue, geometry: npt.NDArray[np.object_]) -> Faces:
    """Cut the plane along the residual chain and the open outlines.

    Parameters
    ----------
    residue
        What is left; the number of grids over a face is the winding number of its chain.
    geometry
        The polygons it is of (n). One all of whose segments are left, far from any others, over
        another polygon (a dedicated grid inside a base grid) is a face as it is.

    Notes
    -----
    O(k log k) for k segments that cross rarely.
    """
    chain, more = residue.chain, residue.open_outline
    loops = residue.loops[lone_loops(residue.loops, chain, residue.owner, more)]
    at = inner_points(Rings.of(geometry[loops]), n_lines=1)
    without = np.ones(len(geometry), dtype=bool)
    without[loops] = False
    around = windings(at, chain[without[residue.owner]])
    loops, at, around = loops[around > 0], at[around > 0], around[around > 0]
    without[:] = True
    without[loops] = False
    chain = chain[without[residue.owner]]
    cut = _cut(np.vstack([chain, more]))
    point = inner_points(Rings.of(cut))
    return Faces(
        geometry=np.concatenate([cut, geometry[loops]]),
        point=np.vstack([point, at]),
        n_grids=np.concatenate([windings(point, chain), around + 1]).astype(np.int32),
        is_loop=np.repeat([False, True], [len(cut), len(loops)]),
    )


def _cut(segments: Floats) -> npt.NDArray[np.object_]:
    """Return the bounded faces that segments cut the plane into."""
    if len(segments) == 0:
        return np.zeros(0, dtype=object)
    follows = np.zeros(len(segments), dtype=bool)
    follows[1:] = (segments[1:, :2] == segments[:-1, 2:]).all(axis=1)
    lines = _lines(segments, follows)
    if not is_surely_noded(segments, follows):
        lines = np.array([shapely.unary_union(lines)], dtype=object)
    faces: npt.NDArray[np.object_] = shapely.get_parts(shapely.polygonize(lines))
    return faces


def _lines(segments: Floats, follows: npt.NDArray[np.bool_]) -> npt.NDArray[np.object_]:
    """Return segments as lines; those that follow one another as one."""
    line = np.cumsum(~follows) - 1
    xy = np.empty((len(segments) + line[-1] + 1, 2))
    index = np.empty(len(xy), dtype=np.intp)
    end = np.arange(len(segments)) + line + 1
    xy[end], index[end] = segments[:, 2:], line
    first = np.flatnonzero(~follows)
    xy[end[first] - 1], index[end[first] - 1] = segments[first, :2], line[first]
    lines: npt.NDArray[np.object_] = shapely.linestrings(xy, indices=index)
    return lines
