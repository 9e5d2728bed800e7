"""Grids in several detached parts (飞地): G206."""

import geopandas as gpd
import numpy as np
import shapely

from geo.findings import Report, findings_frame
from geo.layers import require_metric, require_polygons

__all__ = ["find_detached_parts"]


def find_detached_parts(grids: gpd.GeoDataFrame) -> Report:
    """Report every grid that consists of more than one polygon.

    Parts that touch in a point only are detached, whatever their size; `measure` is the number of
    parts, and `details` tell the area of the smallest and of all but the largest.

    Raises
    ------
    CRSError, LayerError
        If `grids` is not in metres or holds no polygon in a row.
    """
    require_metric(grids, "grids")
    require_polygons(grids, "grids")
    geometry = np.asarray(grids.geometry.array, dtype=object)
    count = shapely.get_num_geometries(geometry)
    rows = []
    for at in np.flatnonzero(count > 1):
        areas = shapely.area(shapely.get_parts(geometry[at]))
        rows.append(
            {
                "rule": "G206",
                "layer": "grids",
                "grid_ids": (grids.index[at],),
                "measure": count[at],
                "geometry": geometry[at],
                "details": {
                    "smallest_m2": areas.min(),
                    "detached_m2": areas.sum() - areas.max(),
                },
            }
        )
    return Report(findings=findings_frame(rows, grids.crs), counts={"n_grids": len(grids)})
