"""Grids in several detached parts (飞地): G206."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geo.findings import Report, findings_frame
from geo.grids.tiling import Tiling
from geo.grids.widths import Geometries
from geo.layers import require_metric, require_polygons

__all__ = ["find_detached_parts"]


def find_detached_parts(grids: gpd.GeoDataFrame, *, tiling: Tiling | None = None) -> Report:
    """Report every grid that consists of more than one polygon.

    Parts that touch in a point only are detached, whatever their size; `measure` is the number of
    parts, and `details` tell the area of the smallest and of all but the largest. `tiling`: `grids`
    matched (`geo.grids.tile`), where that was done already.

    Raises
    ------
    CRSError, LayerError
        If `grids` is not in metres or holds no polygon in a row.
    """
    if tiling is None:
        require_metric(grids, "grids")
        require_polygons(grids, "grids")
        geometry = np.asarray(grids.geometry.array, dtype=object)
    else:
        geometry = tiling.geometry
    several = np.flatnonzero(shapely.get_num_geometries(geometry) > 1)
    rows = _rows(grids, geometry, several) if len(several) else []
    return Report(findings=findings_frame(rows, grids.crs), counts={"n_grids": len(grids)})


def _rows(
    grids: gpd.GeoDataFrame, geometry: Geometries, several: npt.NDArray[np.intp]
) -> list[Mapping[str, Any]]:
    parts, owner = shapely.get_parts(geometry[several], return_index=True)
    first = np.searchsorted(owner, np.arange(len(several)))
    area_m2 = shapely.area(parts)
    smallest, largest, total = (
        each.reduceat(area_m2, first) for each in (np.minimum, np.maximum, np.add)
    )
    ids = grids.index.take(several).to_numpy(object)
    return [
        {
            "rule": "G206",
            "layer": "grids",
            "grid_ids": (ids[k],),
            "measure": shapely.get_num_geometries(geometry[at]),
            "geometry": geometry[at],
            "details": {"smallest_m2": smallest[k], "detached_m2": total[k] - largest[k]},
        }
        for k, at in enumerate(several)
    ]
