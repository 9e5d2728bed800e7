"""The faces that residual segments cut the plane into."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from geo.grids.kernel.inner import inner_points
from geo.grids.kernel.matching import Ints
from geo.grids.kernel.rings import Floats, Rings
from geo.grids.kernel.winding import windings

__all__ = ["Faces", "faces_of"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Faces:
    """Bounded faces. `geometry` (f) polygons; `point` (f, 2) in each; `n_grids` (f) over it."""

    geometry: npt.NDArray[np.object_]
    point: Floats
    n_grids: Ints


def faces_of(chain: Floats, more: Floats) -> Faces:
    """Cut the plane along a closed chain and further lines.

    Parameters
    ----------
    chain
        Residual segments (k, 4), whatever counts at their left: the number of grids over each face
        is the winding number of this chain around its point.
    more
        Further segments (m, 4) to cut along.

    Notes
    -----
    O((k + m) log (k + m)) where segments cross rarely.
    """
    lines = _lines(np.vstack([chain, more]))
    noded = shapely.unary_union(lines) if len(lines) else shapely.GeometryCollection()
    geometry = shapely.get_parts(shapely.polygonize([noded]))
    point = inner_points(Rings.of(geometry))
    return Faces(geometry=geometry, point=point, n_grids=windings(point, chain))


def _lines(segments: Floats) -> npt.NDArray[np.object_]:
    """Return segments as lines; those that follow one another as one."""
    if len(segments) == 0:
        return np.zeros(0, dtype=object)
    follows = np.zeros(len(segments), dtype=bool)
    follows[1:] = (segments[1:, :2] == segments[:-1, 2:]).all(axis=1)
    line = np.cumsum(~follows) - 1
    xy = np.empty((len(segments) + line[-1] + 1, 2))
    index = np.empty(len(xy), dtype=np.intp)
    end = np.arange(len(segments)) + line + 1
    xy[end], index[end] = segments[:, 2:], line
    first = np.flatnonzero(~follows)
    xy[end[first] - 1], index[end[first] - 1] = segments[first, :2], line[first]
    lines: npt.NDArray[np.object_] = shapely.linestrings(xy, indices=index)
    return lines
