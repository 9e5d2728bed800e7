"""The units in which a grid lies, whatever its `parent_id` says."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.layers import require_metric, require_polygons, require_same_crs

__all__ = ["is_outside_units", "shared_areas"]

_AREA_SHARED = "2********"


def shared_areas(grids: gpd.GeoDataFrame, units: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the pairs of a grid and a unit that share an area.

    Returns
    -------
    shared
        Positions `grid` and `unit`, `area_m2`; sorted by grid, then unit.

    Notes
    -----
    O((n + m) log m); only grids that no border of a unit cuts need no intersection.
    """
    inner = np.asarray(grids.geometry.array, dtype=object)
    outer = np.asarray(units.geometry.array, dtype=object)
    at = np.flatnonzero(~(shapely.is_missing(outer) | shapely.is_empty(outer)))
    grid, unit = shapely.STRtree(outer[at]).query(inner)
    unit = at[unit]
    shapely.prepare(outer)
    covered = shapely.covers(outer[unit], inner[grid])
    meets = covered.copy()
    rest = np.flatnonzero(~covered)
    meets[rest] = shapely.relate_pattern(outer[unit[rest]], inner[grid[rest]], _AREA_SHARED)
    grid, unit, covered = grid[meets], unit[meets], covered[meets]
    area_m2 = shapely.area(inner)[grid]
    cut = np.flatnonzero(~covered)
    area_m2[cut] = shapely.area(shapely.intersection(inner[grid[cut]], outer[unit[cut]]))
    table = pd.DataFrame({"grid": grid, "unit": unit, "area_m2": area_m2})
    return table.sort_values(["grid", "unit"], ignore_index=True)


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
    inside = shared_areas(grids, chosen)["grid"].unique()
    outside[:] = True
    outside.iloc[inside] = False
    return outside
