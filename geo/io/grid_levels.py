"""Grids of several levels (基础网格, 微网格) told apart: each level is a tiling of its own."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.io.chain import level_order
from geo.io.formats.raw import Note
from geo.io.hierarchy import Branch

__all__ = ["joined_grids", "split_levels"]

_MIN_NESTED_SHARE: Final = 0.5
_SEVERAL: Final = 2


def joined_grids(frames: Sequence[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Return the grids of all files in one frame."""
    if len(frames) == 1:
        return frames[0]
    joined = pd.concat(frames)
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=frames[0].crs)


def split_levels(
    grids: gpd.GeoDataFrame, branches: Sequence[Branch]
) -> tuple[gpd.GeoDataFrame, Mapping[str, gpd.GeoDataFrame], tuple[str, ...]]:
    """Return the grids of the coarsest level, those of each finer one, and the levels' names.

    Parameters
    ----------
    grids
        All grids; `level` where the source has it.
    branches
        The files that they came from: their order tells the levels, after the chain of parents and
        before the length of ids and the size; what was found is remarked on the first.

    Returns
    -------
    main, finer, levels
        `finer` and `levels` are empty where there is one level only. A level counts where at least
        half of its grids lie in grids of the coarsest one: else the column tells something else,
        and all grids are one tiling. Grids without a level and levels of dedicated grids alone
        belong to the coarsest.

    Notes
    -----
    O(n log n) for n grids.
    """
    if "level" not in grids or len(grids["level"].dropna().unique()) < _SEVERAL:
        return grids, MappingProxyType({}), ()
    based = grids.loc[grids["kind"] == "base", "level"].dropna().unique()
    own = grids["level"].where(grids["level"].isin(based))
    named = gpd.GeoDataFrame(grids.assign(level=own)[own.notna()])
    in_file = [branch.spec.level for branch in branches if branch.spec.level]
    first, *rest = level_order(named, (), in_file=in_file) if len(named) else ("",)
    main = grids[(own == first) | own.isna()]
    finer = {level: grids[own == level] for level in rest}
    if not finer:
        return grids, MappingProxyType({}), ()
    levels = (str(first), *(str(level) for level in rest))
    strays = [
        level for level, frame in finer.items() if _nested_share(frame, main) < _MIN_NESTED_SHARE
    ]
    branches[0].remarks.append(_remark(levels, strays))
    if strays:
        return grids, MappingProxyType({}), ()
    return main, MappingProxyType(finer), levels


def _nested_share(finer: gpd.GeoDataFrame, main: gpd.GeoDataFrame) -> float:
    """Return the share of the grids of which a point inside lies in a grid of `main`."""
    points = shapely.point_on_surface(np.asarray(finer.geometry.array, dtype=object))
    tree = shapely.STRtree(np.asarray(main.geometry.array, dtype=object))
    held, _ = tree.query(points, predicate="intersects")
    return len(np.unique(held)) / len(points)


def _remark(levels: Sequence[str], strays: Sequence[str]) -> Note:
    if strays:
        return "io.grid_levels_apart", {"levels": "、".join(strays), "main": levels[0]}
    return "io.grid_levels", {"n": len(levels), "levels": " > ".join(levels)}
