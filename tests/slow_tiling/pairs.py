"""Pairs of grids that share an area, measured: the slow way.

Candidates come from a packed R-tree; `relate` keeps those whose interiors meet in an area, and
only those are intersected.
"""

import geopandas as gpd
import numpy as np
import shapely

from geo.grids.pairs import Pairs
from geo.grids.widths import Pieces

__all__ = ["all_pairs"]

_AREA_SHARED = "2********"


def all_pairs(grids: gpd.GeoDataFrame) -> Pairs:
    """Return all pairs of `grids` that share an area, in order of ids."""
    geometry = np.asarray(grids.geometry.array, dtype=object)
    rank = np.empty(len(grids), dtype=np.intp)
    rank[np.argsort(grids.index.to_numpy(), kind="stable")] = np.arange(len(grids))
    i, j = shapely.STRtree(geometry).query(geometry)
    i, j = i[i < j], j[i < j]
    shapely.prepare(geometry)
    meet = shapely.relate_pattern(geometry[i], geometry[j], _AREA_SHARED)
    i, j = i[meet], j[meet]
    swap = rank[i] > rank[j]
    left, right = np.where(swap, j, i), np.where(swap, i, j)
    order = np.lexsort((rank[right], rank[left]))
    left, right = left[order], right[order]
    shared = Pieces.of(shapely.intersection(geometry[left], geometry[right]))
    found = Pairs(left=left, right=right, shared=shared)
    return found.take(shared.area_m2 > 0.0)
