"""The parent that a grid's `parent_id` names."""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["has_parent_id", "parent_positions"]


def has_parent_id(frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return True for each row whose `parent_id` is neither missing nor blank."""
    return _is_told(frame["parent_id"])


def parent_positions(frame: pd.DataFrame, units: gpd.GeoDataFrame) -> npt.NDArray[np.intp]:
    """Return the position in `units` of each row's parent by code, -1 where missing or unknown."""
    codes = pd.Index(frame["parent_id"].to_numpy(object), dtype=object)
    parent = np.asarray(units.index.get_indexer(codes), dtype=np.intp)
    known = np.flatnonzero(parent >= 0)
    parent[known[~_is_told(units.index.to_series())[parent[known]]]] = -1  # units are fewer
    return parent


def _is_told(ids: pd.Series) -> npt.NDArray[np.bool_]:
    return (ids.notna() & (ids.astype(str).str.strip() != "")).to_numpy(bool)
