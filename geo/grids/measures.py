"""Measures of each grid: area, number of parts, compactness."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.layers import require_metric, require_polygons

__all__ = ["area_m2", "compactness", "n_parts"]


def area_m2(grids: gpd.GeoDataFrame) -> pd.Series:
    """Return the area (m²) of each grid, on its index."""
    return _measure(grids, shapely.area(grids.geometry.array), "area_m2")


def n_parts(grids: gpd.GeoDataFrame) -> pd.Series:
    """Return how many polygons each grid consists of; parts that touch in a point count apart."""
    return _measure(grids, shapely.get_num_geometries(grids.geometry.array), "n_parts")


def compactness(grids: gpd.GeoDataFrame) -> pd.Series:
    """Return 4π·area/perimeter² (Polsby-Popper) of each grid: 1 for a disc, near 0 for a strip.

    The perimeter counts holes and all parts [1]_.

    .. [1] Polsby & Popper (1991), Yale Law & Policy Review 9(2).
    """
    geometry = grids.geometry.array
    ratio = 4.0 * np.pi * shapely.area(geometry) / shapely.length(geometry) ** 2
    return _measure(grids, ratio, "compactness")


def _measure(grids: gpd.GeoDataFrame, values: Any, name: str) -> pd.Series:  # noqa: ANN401
    require_metric(grids, "grids")
    require_polygons(grids, "grids")
    return pd.Series(values, index=grids.index, name=name)
