"""Where people enter a building: `entrance_x`, `entrance_y` in the layer's own CRS and datum."""

from collections.abc import Callable
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.layers import ENTRANCE

__all__ = ["moved_entrances", "near_entrances", "with_entrances"]

_COLUMNS: Final = ("entrance_x", "entrance_y")

_FAR_M: Final = 500.0
"""What is further from its building than this is no entrance of it."""


def with_entrances(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return `frame` with its entrances as points in the column `entrance_point`, if it has any."""
    if not set(_COLUMNS) <= set(frame.columns):
        return frame
    x, y = (np.asarray(pd.to_numeric(frame[name], errors="coerce"), float) for name in _COLUMNS)
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return frame
    points = np.full(len(frame), None, dtype=object)
    points[known] = shapely.points(x[known], y[known])
    doors = gpd.GeoSeries(points, index=frame.index, crs=frame.crs)
    return frame.rename(columns={ENTRANCE: f"{ENTRANCE}_source"}).assign(**{ENTRANCE: doors})


def moved_entrances(
    before: gpd.GeoDataFrame,
    after: gpd.GeoDataFrame,
    move: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame],
) -> gpd.GeoDataFrame:
    """Return `after` with the entrances of `before` moved as its geometry was."""
    if not isinstance(before.get(ENTRANCE), gpd.GeoSeries):
        return after
    doors = gpd.GeoDataFrame(geometry=before[ENTRANCE], crs=before.crs)
    return after.assign(**{ENTRANCE: move(doors).geometry})


def near_entrances(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return `frame` (metres) without the entrances that lie far from their building."""
    if not isinstance(frame.get(ENTRANCE), gpd.GeoSeries):
        return frame
    doors = frame[ENTRANCE].to_numpy().copy()
    away = shapely.distance(doors, frame.geometry.to_numpy())
    doors[~(away <= _FAR_M)] = None
    return frame.assign(**{ENTRANCE: gpd.GeoSeries(doors, index=frame.index, crs=frame.crs)})
