"""Base grids without a neighbour: G208."""

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.findings import Report, findings_frame
from geo.layers import require_metric, require_polygons

__all__ = ["find_isolated"]


def find_isolated(base_grids: gpd.GeoDataFrame, borders: pd.DataFrame) -> Report:
    """Report every base grid that is in no row of `borders`.

    Parameters
    ----------
    base_grids
        n polygons of kind `base`, projected CRS in metres.
    borders
        `left_id, right_id` of grids that share a border long enough (`geo.grids.neighbours`). Rows
        with a grid that is not in `base_grids` are left out: an overlay is no neighbour.

    Raises
    ------
    CRSError, LayerError
        If `base_grids` is not in metres or holds no polygon in a row.
    """
    require_metric(base_grids, "grids")
    require_polygons(base_grids, "grids")
    ids = base_grids.index
    left, right = (ids.get_indexer(borders[side]) for side in ("left_id", "right_id"))
    is_between = (left >= 0) & (right >= 0)
    is_paired = np.zeros(len(ids), dtype=bool)
    is_paired[left[is_between]] = True
    is_paired[right[is_between]] = True
    alone = np.flatnonzero(~is_paired)
    rows = [
        {
            "rule": "G208",
            "layer": "grids",
            "grid_ids": (ids[at],),
            "geometry": base_grids.geometry.array[at],
        }
        for at in alone
    ]
    return Report(
        findings=findings_frame(rows, base_grids.crs), counts={"n_grids": len(base_grids)}
    )
