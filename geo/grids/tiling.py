"""The grids of a layer matched with one another: the pass that the checks of a tiling share.

`tile` matches the borders once; overlaps, gaps, neighbours and containment then look only where
something is left over (`geo.grids.kernel`). Three ways, chosen by what is left:

* *exact*: most segments have their twin, bit by bit;
* *noisy*: more than `_MAX_LEFT_SHARE` have none; vertices nearer to each other than half the noise
  width are made one on a copy, which tells where to look; what is found there is measured on the
  grids as they are. A defect wider than noise cannot vanish that way: it holds a disc of half the
  noise width;
* *plain*: even so too much is left (grids that do not tile at all): every pair of boxes is looked
  at.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.grids.kernel import (
    Faces,
    Residue,
    Rings,
    clustered,
    faces_of,
    residue_of,
    segments_of,
    surely_beside,
)
from geo.grids.kernel.segments import turns
from geo.grids.kernel.winding import is_around
from geo.grids.widths import Geometries
from geo.layers import require_metric, require_polygons, require_same_crs

__all__ = ["Tiling", "has_polygon", "is_base", "spans", "tile", "with_polygon"]

_MAX_LEFT_SHARE: Final = 0.05
_MAX_FACES_SHARE: Final = 0.5
_SEVERAL: Final = 2
_SAME_SHARE: Final = 1e-9
_SAME_M: Final = 1e-6
_AREA_SHARED: Final = "2********"
_FEW: Final = 20_000
"""Up to so many segments (exact geometry of them takes well under a second) no copy is worth it."""
_REACH_OF_NOISE: Final = 0.499
"""How far vertices may lie apart and still be one, of the noise width; must be below one half."""


Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class Tiling:
    """n grids, matched, alone or with m outlines.

    `index` and `geometry` (n); `is_base` (n): of kind `base`, all where grids have no kind;
    `outlines` (m, or None) and their ids; `rings` of the grids;
    `residue` of the matching; `moved` of the same with near vertices made one, only where the layer
    is noisy.
    """

    index: pd.Index
    geometry: Geometries
    is_base: npt.NDArray[np.bool_]
    outlines: Geometries | None
    outline_ids: pd.Index
    rings: Rings
    residue: Residue
    moved: Residue | None

    @classmethod
    def of(
        cls, grids: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame | None, noise_width_m: float
    ) -> Self:
        """Match `grids`; see `tile`."""
        geometry = np.asarray(grids.geometry.array, dtype=object)
        above = np.zeros(0, dtype=object)
        if outlines is not None:
            above = np.asarray(outlines.geometry.array, dtype=object)
        both = Rings.of(np.concatenate([geometry, above]))
        n = len(geometry)
        residue = residue_of(both, n)
        moved = None
        if _is_too_much(residue, _MAX_LEFT_SHARE) and noise_width_m > 0.0:
            xy = clustered(both.xy, _REACH_OF_NOISE * noise_width_m)
            moved = residue_of(both.moved(xy), n, turn=turns(both))
        return cls(
            index=grids.index,
            geometry=geometry,
            is_base=is_base(grids),
            outlines=above if len(above) else None,
            outline_ids=pd.Index([]) if outlines is None else outlines.index,
            rings=both.first(n),
            residue=residue,
            moved=moved,
        )

    def has(self, outlines: gpd.GeoDataFrame | None) -> bool:
        """Return True when it was matched with the polygons of `outlines`."""
        if outlines is None:
            return self.outlines is None
        return self.outline_ids.equals(outlines.index) or self.outline_ids.equals(
            outlines.index[has_polygon(outlines)]
        )

    @property
    def is_noisy(self) -> bool:
        """True where vertices had to be made one to see where to look."""
        return self.moved is not None

    @property
    def matched(self) -> Residue:
        """The residue to look by: of the copy where the layer is noisy."""
        return self.residue if self.moved is None else self.moved

    @cached_property
    def ids(self) -> npt.NDArray[np.object_]:
        """The id of each grid."""
        ids: npt.NDArray[np.object_] = self.index.to_numpy(object)
        return ids

    @cached_property
    def by_id(self) -> Positions:
        """Positions of the grids in order of their ids."""
        return np.argsort(self.ids, kind="stable")

    @cached_property
    def rank(self) -> Positions:
        """The place of each grid in order of ids."""
        rank = np.empty(len(self.ids), dtype=np.intp)
        rank[self.by_id] = np.arange(len(self.ids))
        return rank

    @cached_property
    def tree(self) -> shapely.STRtree:
        """The grids by box."""
        return shapely.STRtree(self.geometry)

    @cached_property
    def crowded(self) -> tuple[Positions, Positions] | None:
        """Grids over each face that several lie over, as (face, grid); None without faces.

        In order of faces; complete: two grids that share an area (on a noisy layer, one wider than
        noise) are over one face together.
        """
        if self.faces is None:
            return None
        is_several = self.faces.n_grids >= _SEVERAL
        several, point = self.faces.geometry[is_several], self.faces.point[is_several]
        face, grid = self.tree.query(several)
        is_over = is_around(self.rings, grid, point[face])
        rest = np.flatnonzero(~is_over)
        rest = rest[~self._are_beside(grid[rest], several, face[rest])]
        shapely.prepare(several[np.unique(face[rest])])
        is_over[rest] = shapely.relate_pattern(
            several[face[rest]], self.geometry[grid[rest]], _AREA_SHARED
        )
        return face[is_over], grid[is_over]

    def _are_beside(
        self, grid: Positions, faces: Geometries, face: Positions
    ) -> npt.NDArray[np.bool_]:
        """Return True for a grid whose border does not enter the face, for certain."""
        used, shape = np.unique(grid, return_inverse=True)
        mine, start = segments_of(self.rings, used)
        rows, face_start = segments_of(Rings.of(faces), np.arange(len(faces)))
        pairs = shape.astype(np.int64), face.astype(np.int64)
        return surely_beside(mine, start, rows, face_start, pairs)

    @cached_property
    def doubled(self) -> tuple[Positions, Geometries]:
        """The two grids (k, 2) over each face with exactly two, and the face; none where noisy."""
        if self.faces is None or self.crowded is None or self.is_noisy:
            return np.zeros((0, 2), np.intp), np.zeros(0, dtype=object)
        face, grid = self.crowded
        is_several = self.faces.n_grids >= _SEVERAL
        count = np.bincount(face, minlength=int(is_several.sum()))
        is_two = (count == _SEVERAL) & (self.faces.n_grids[is_several] == _SEVERAL)
        order = np.argsort(face, kind="stable")
        two = grid[order][is_two[face[order]]].reshape(-1, 2)
        return two, self.faces.geometry[is_several][is_two]

    @cached_property
    def nested(self) -> tuple[Positions, Positions]:
        """Pairs (inner, outer) of grids of which the inner one lies in the outer one.

        Those where exactly two grids lie over a face that is all of the inner one; there may be
        more.
        """
        two, places = self.doubled
        is_whole = np.column_stack(
            [_is_equal_place(places, self.geometry[two[:, side]]) for side in range(2)]
        )
        at = np.flatnonzero(is_whole[:, 0] != is_whole[:, 1])
        inner_side = is_whole[at, 1].astype(np.intp)
        return two[at, inner_side], two[at, 1 - inner_side]

    @cached_property
    def faces(self) -> Faces | None:
        """What the residual chain bounds; None where too much is left for that to pay."""
        if _is_too_much(self.matched, _MAX_FACES_SHARE):
            return None
        return faces_of(self.matched, self.geometry)


def tile(
    grids: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame | None = None, *, noise_width_m: float
) -> Tiling:
    """Match the borders of `grids` with one another, and with those of `outlines`.

    Parameters
    ----------
    grids
        n polygons, base and dedicated, projected CRS in metres, unique text ids.
    outlines
        Units of the level that `find_gaps` will judge; rows without a polygon are left out.
    noise_width_m
        What is narrower is noise (m); 0: nothing is.

    Raises
    ------
    CRSError, LayerError
        If a frame is not in metres, the two differ in CRS, or `grids` holds no polygon in a row.

    Notes
    -----
    O(V) time and memory for V vertices.
    """
    require_metric(grids, "grids")
    require_polygons(grids, "grids")
    drawn = None
    if outlines is not None:
        require_same_crs({"grids": grids, "units": outlines})
        drawn = with_polygon(outlines)
    return Tiling.of(grids, drawn, noise_width_m)


def is_base(grids: gpd.GeoDataFrame) -> npt.NDArray[np.bool_]:
    """Return True for each grid of kind `base`; for all where grids have no kind."""
    if "kind" not in grids:
        return np.ones(len(grids), dtype=bool)
    return np.asarray(grids["kind"].array == "base", dtype=bool)


def has_polygon(frame: gpd.GeoDataFrame) -> npt.NDArray[np.bool_]:
    """Return True for each row with a geometry."""
    geometry = np.asarray(frame.geometry.array, dtype=object)
    has: npt.NDArray[np.bool_] = ~(shapely.is_missing(geometry) | shapely.is_empty(geometry))
    return has


def with_polygon(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the rows with a geometry: the frame itself where all have one."""
    has = has_polygon(frame)
    return frame if has.all() else frame[has]


def spans(geometry: Geometries, reach_m: float) -> Geometries:
    """Return the diagonal of the box of each shape, grown by `reach_m`: to ask a tree by box."""
    bounds = shapely.bounds(geometry).reshape(-1, 4) + reach_m * np.array([-1.0, -1.0, 1.0, 1.0])
    diagonals: Geometries = shapely.linestrings(bounds.reshape(-1, 2, 2))
    return diagonals


def _is_too_much(residue: Residue, share: float) -> bool:
    return residue.n_left > max(share * residue.n_segments, _FEW)


def _is_equal_place(faces: Geometries, grids: Geometries) -> npt.NDArray[np.bool_]:
    """Return True where a face, of which the grid covers a part, is all of the grid."""
    area = shapely.area(grids)
    is_near = np.abs(shapely.bounds(faces) - shapely.bounds(grids)).max(axis=1, initial=0.0)
    equal: npt.NDArray[np.bool_] = (np.abs(shapely.area(faces) - area) <= _SAME_SHARE * area) & (
        is_near <= _SAME_M
    )
    return equal
