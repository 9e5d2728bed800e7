"""Pairs of grids that share an area, measured.

Candidates come from a packed R-tree; `relate` keeps those whose interiors meet in an area, and
only those are intersected.
"""

from dataclasses import dataclass
from typing import Final, Self

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geo.grids.widths import Geometries, Pieces

__all__ = ["Mask", "Pairs", "Positions", "overlapping_pairs"]

Positions = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
_AREA_SHARED: Final = "2********"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """Pairs of grids that share an area, in order of ids.

    `left`, `right`: positions in the layer, `left` the smaller id; `shared`: what they share.
    """

    left: Positions
    right: Positions
    shared: Pieces

    @classmethod
    def of(cls, grids: gpd.GeoDataFrame) -> Self:
        """Measure all pairs of `grids`.

        Notes
        -----
        O(n log n + c) for c pairs of bounding boxes that meet.
        """
        geometry = np.asarray(grids.geometry.array, dtype=object)
        rank = np.empty(len(grids), dtype=np.intp)
        rank[np.argsort(grids.index.to_numpy(), kind="stable")] = np.arange(len(grids))
        i, j = overlapping_pairs(geometry)
        swap = rank[i] > rank[j]
        left, right = np.where(swap, j, i), np.where(swap, i, j)
        order = np.lexsort((rank[right], rank[left]))
        left, right = left[order], right[order]
        shared = Pieces.of(shapely.intersection(geometry[left], geometry[right]))
        has_area = shared.area_m2 > 0.0
        return cls(left=left[has_area], right=right[has_area], shared=shared.take(has_area))

    def take(self, which: Mask) -> "Pairs":
        """Return the pairs in the mask `which`."""
        return Pairs(left=self.left[which], right=self.right[which], shared=self.shared.take(which))


def overlapping_pairs(geometry: Geometries) -> tuple[Positions, Positions]:
    """Return positions (i, j), i < j, of polygons whose interiors meet in an area."""
    i, j = shapely.STRtree(geometry).query(geometry)
    once = i < j
    i, j = i[once], j[once]
    shapely.prepare(geometry)
    meet = shapely.relate_pattern(geometry[i], geometry[j], _AREA_SHARED)
    return i[meet], j[meet]
