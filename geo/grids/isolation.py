"""Base grids without a neighbour: G208."""

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.findings import Report, findings_frame
from geo.grids.tiling import Tiling, is_base
from geo.layers import require_metric, require_polygons

__all__ = ["find_isolated"]


def find_isolated(
    grids: gpd.GeoDataFrame, borders: pd.DataFrame, *, tiling: Tiling | None = None
) -> Report:
    """Report every base grid that shares no border with another base grid.

    Parameters
    ----------
    grids
        n polygons, projected CRS in metres; those of kind `base` are judged, an overlay is no
        neighbour. Without a column `kind` all are base grids.
    borders
        Pairs of `grids` that share a border long enough (`geo.grids.neighbours`).
    tiling
        `grids` matched (`geo.grids.tile`), where that was done already.

    Raises
    ------
    CRSError, LayerError
        If `grids` is not in metres or holds no polygon in a row.
    """
    if tiling is None:
        require_metric(grids, "grids")
        require_polygons(grids, "grids")
    judged = is_base(grids) if tiling is None else tiling.is_base
    left, right = (borders[side].to_numpy() for side in ("left_at", "right_at"))
    is_between = judged[left] & judged[right]
    is_alone = judged.copy()
    is_alone[left[is_between]] = False
    is_alone[right[is_between]] = False
    rows = [
        {
            "rule": "G208",
            "layer": "grids",
            "grid_ids": (grids.index[at],),
            "geometry": grids.geometry.array[at],
        }
        for at in np.flatnonzero(is_alone)
    ]
    return Report(
        findings=findings_frame(rows, grids.crs), counts={"n_grids": int(np.count_nonzero(judged))}
    )
