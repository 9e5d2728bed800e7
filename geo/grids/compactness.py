"""Base grids of an unwieldy shape, by the measure that the standard names: S404."""

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.findings import Report, findings_frame
from geo.grids.measures import compactness
from geo.layers import require_columns, require_metric, require_polygons

__all__ = ["find_not_compact", "reock"]

_POLSBY_POPPER: Final = "Polsby–Popper"
_REOCK: Final = "Reock"


def reock(grids: gpd.GeoDataFrame) -> pd.Series:
    """Return area ÷ area of the smallest circle around each grid: 1 for a disc [1]_.

    .. [1] Reock (1961), Midwest Journal of Political Science 5(1).

    Raises
    ------
    CRSError, LayerError
        If `grids` is not in metres or holds no polygon in a row.
    """
    require_metric(grids, "grids")
    require_polygons(grids, "grids")
    geometry = grids.geometry.array
    circle_m2 = np.pi * shapely.minimum_bounding_radius(geometry) ** 2
    return pd.Series(shapely.area(geometry) / circle_m2, index=grids.index, name="reock")


def find_not_compact(
    grids: gpd.GeoDataFrame, *, min_compactness: float, min_reock: float = 0.0
) -> Report:
    """Report every base grid that is less compact than the limits, by the measure named.

    Parameters
    ----------
    grids
        n polygons with `kind`, projected CRS in metres.
    min_compactness
        Least Polsby-Popper compactness; 0: not judged.
    min_reock
        Least Reock compactness; 0: not judged, and not computed.

    Returns
    -------
    report
        One finding a grid: `measure` and `limit` of the measure further below its limit in
        proportion; `details`: `index`, its name.

    Raises
    ------
    CRSError, LayerError
        If `grids` is not in metres, holds no polygon in a row, or lacks `kind`.
    """
    require_columns(grids, ["kind"], "grids")
    base = grids[grids["kind"] == "base"]
    limits = {_POLSBY_POPPER: min_compactness, _REOCK: min_reock}
    ratios = {_POLSBY_POPPER: compactness(base).to_numpy()}
    if min_reock > 0:
        ratios[_REOCK] = reock(base).to_numpy()
    names = [name for name in ratios if limits[name] > 0]
    is_below = np.zeros(len(base), dtype=bool)
    for name in names:
        is_below |= ratios[name] < limits[name]
    short = np.array([ratios[name] / limits[name] for name in names])
    rows = []
    for at in np.flatnonzero(is_below):
        name = names[int(np.argmin(short[:, at]))]
        rows.append(
            {
                "rule": "S404",
                "layer": "grids",
                "grid_ids": (base.index[at],),
                "measure": ratios[name][at],
                "limit": limits[name],
                "geometry": base.geometry.array[at],
                "details": {"index": name},
            }
        )
    return Report(
        findings=findings_frame(rows, grids.crs),
        thresholds={"min_compactness": min_compactness, "min_reock": min_reock},
        counts={"n_grids": len(base)},
    )
