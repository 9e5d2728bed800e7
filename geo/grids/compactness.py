"""Base grids of an unwieldy shape: S404."""

import geopandas as gpd
import numpy as np

from geo.findings import Report, findings_frame
from geo.grids.measures import compactness
from geo.layers import require_columns

__all__ = ["find_not_compact"]


def find_not_compact(grids: gpd.GeoDataFrame, *, min_compactness: float) -> Report:
    """Report every base grid whose Polsby-Popper compactness is below `min_compactness`.

    Raises
    ------
    CRSError, LayerError
        If `grids` is not in metres, holds no polygon in a row, or lacks `kind`.
    """
    require_columns(grids, ["kind"], "grids")
    base = grids[grids["kind"] == "base"]
    ratio = compactness(base).to_numpy()
    rows = [
        {
            "rule": "S404",
            "layer": "grids",
            "grid_ids": (base.index[at],),
            "measure": ratio[at],
            "limit": min_compactness,
            "geometry": base.geometry.array[at],
        }
        for at in np.flatnonzero(ratio < min_compactness)
    ]
    return Report(
        findings=findings_frame(rows, grids.crs),
        thresholds={"min_compactness": min_compactness},
        counts={"n_grids": len(base)},
    )
