"""The parent that a grid's `parent_id` names."""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["has_parent_id", "parent_positions"]


def has_parent_id(frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return True for each row whose `parent_id` is neither missing nor blank."""
    given = frame["parent_id"]
    return (given.notna() & (given.astype(str).str.strip() != "")).to_numpy(bool)


def parent_positions(frame: pd.DataFrame, units: gpd.GeoDataFrame) -> npt.NDArray[np.intp]:
    """Return the position in `units` of each row's parent by code, -1 where missing or unknown."""
    number, codes = pd.factorize(frame["parent_id"])  # each code is looked up once; missing: -1
    parent = np.full(len(codes) + 1, -1, dtype=np.intp)
    parent[:-1] = units.index.get_indexer(codes)
    parent[np.flatnonzero([not str(code).strip() for code in codes])] = -1
    return parent[number]
