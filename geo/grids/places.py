"""The units in which a grid lies, whatever its `parent_id` says."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.layers import require_metric, require_polygons, require_same_crs
from geo.membership import shared_areas

__all__ = ["is_outside_units", "shared_areas"]


def is_outside_units(
    grids: gpd.GeoDataFrame, units: gpd.GeoDataFrame | None, levels: Sequence[str]
) -> pd.Series:
    """Return True for each grid that shares no interior with any unit of `levels`.

    All False where no unit has a polygon: nothing can be judged then.

    Raises
    ------
    CRSError, LayerError
        If a frame is not in metres, the two differ in CRS, or `grids` holds no polygon in a row.
    """
    require_metric(grids, "grids")
    require_polygons(grids, "grids")
    outside = pd.Series(data=False, index=grids.index, name="is_outside_units", dtype=bool)
    if units is None:
        return outside
    require_same_crs({"grids": grids, "units": units})
    chosen = units[units["level"].isin(list(levels))] if len(levels) else units
    if not chosen.geometry.notna().any():
        return outside
    outside[:] = True
    # An inner point of a grid that a unit covers settles it; few grids are left to be cut.
    inner = shapely.point_on_surface(grids.geometry.array)
    outside.iloc[chosen.sindex.query(inner, predicate="intersects")[0]] = False
    rest = np.flatnonzero(outside)
    outside.iloc[rest[shared_areas(grids.iloc[rest], chosen)["grid"].unique()]] = False
    return outside
