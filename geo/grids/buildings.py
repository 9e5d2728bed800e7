"""Buildings in no base grid or in several: H306.

A point on the border that two grids share is in both closed polygons and in neither interior: that
is no defect. So "in none" is judged by the closed grids, "in several" by their interiors. Findings
are gathered, so that a missing district does not flood the list: one for each set of grids that
hold the same buildings, and one for the buildings in no grid beside each base grid (the nearest;
equally near: the smallest id), which is the grid to ask first.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.findings import Report, findings_frame
from geo.grids.names import listed
from geo.grids.widths import Geometries
from geo.layers import (
    require_columns,
    require_metric,
    require_points,
    require_polygons,
    require_same_crs,
)

__all__ = ["find_building_faults"]

Positions = npt.NDArray[np.intp]

_SEVERAL: Final = {
    "case": "several",
    "case_zh": "同时位于多个基础网格",
    "case_en": "in several base grids",
    "beside_zh": "网格",
    "beside_en": "grids",
}
_NONE: Final = {
    "case": "none",
    "case_zh": "不在任何基础网格内",
    "case_en": "in no base grid",
    "beside_zh": "最近的网格",
    "beside_en": "nearest grid",
}


def find_building_faults(grids: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> Report:
    """Report buildings in no base grid, and buildings in the interior of several.

    Parameters
    ----------
    grids
        n polygons with `kind`, projected CRS in metres; base grids are judged.
    buildings
        m points, same CRS.

    Returns
    -------
    report
        `measure`: number of buildings; `grid_ids`: the several grids, or the nearest one;
        geometry: their points; `details`: `case_zh`, `case_en` tell which, `buildings` the first
        ids. `counts`: `n_in_none`, `n_in_several`.

    Raises
    ------
    CRSError, LayerError
        If a frame is not in metres, the two differ in CRS, or rows hold other geometries.
    """
    require_metric(grids, "grids")
    require_polygons(grids, "grids")
    require_columns(grids, ["kind"], "grids")
    require_points(buildings, "buildings")
    require_same_crs({"grids": grids, "buildings": buildings})
    base = grids[grids["kind"] == "base"].sort_index()
    polygons = np.asarray(base.geometry.array, dtype=object)
    points = np.asarray(buildings.geometry.array, dtype=object)
    grid, point = shapely.STRtree(points).query(polygons, predicate="covers")
    count = np.bincount(point, minlength=len(points))
    several = _several(polygons, points, pd.DataFrame({"grid": grid, "point": point}))
    outside = np.flatnonzero(count == 0)
    rows = [
        *_several_rows(base, buildings, several),
        *_outside_rows(base, buildings, outside),
    ]
    return Report(
        findings=findings_frame(rows, grids.crs),
        counts={
            "n_buildings": len(buildings),
            "n_in_none": len(outside),
            "n_in_several": int(several["point"].nunique()),
        },
    )


def _several(polygons: Geometries, points: Geometries, held: pd.DataFrame) -> pd.DataFrame:
    """Return the rows `grid, point` of `held` in the interior of two grids or more."""
    held = held[held["point"].duplicated(keep=False)]
    inside = shapely.contains(polygons[held["grid"]], points[held["point"]])
    held = held[inside]
    return held[held["point"].duplicated(keep=False)].sort_values(["point", "grid"])


def _several_rows(
    base: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, several: pd.DataFrame
) -> Iterator[Mapping[str, Any]]:
    if several.empty:
        return
    sets = several.groupby("point")["grid"].agg(tuple)
    for held, members in sorted(sets.groupby(sets).groups.items()):
        yield _row(
            buildings.iloc[np.asarray(members, dtype=np.intp)],
            tuple(base.index[np.asarray(held, dtype=np.intp)]),
            _SEVERAL,
        )


def _outside_rows(
    base: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, outside: Positions
) -> Iterator[Mapping[str, Any]]:
    if len(outside) == 0:
        return
    if len(base) == 0:
        yield _row(buildings.iloc[outside], (), _NONE)
        return
    points = np.asarray(buildings.geometry.array, dtype=object)[outside]
    tree = shapely.STRtree(np.asarray(base.geometry.array, dtype=object))
    point, grid = tree.query_nearest(points, all_matches=True)
    nearest = pd.DataFrame({"point": point, "grid": grid}).groupby("point")["grid"].min()
    for at, members in nearest.groupby(nearest).groups.items():
        places = outside[np.asarray(members, dtype=np.intp)]
        yield _row(buildings.iloc[places], (base.index[at],), _NONE)


def _row(
    chosen: gpd.GeoDataFrame, grid_ids: tuple[str, ...], case: Mapping[str, str]
) -> Mapping[str, Any]:
    """Return the finding of the buildings `chosen`."""
    chosen = chosen.sort_index()
    people = {
        name: float(chosen[name].sum())
        for name in ("residents", "households")
        if name in chosen and chosen[name].notna().any()
    }
    return {
        "rule": "H306",
        "layer": "buildings",
        "grid_ids": grid_ids,
        "measure": len(chosen),
        "geometry": shapely.multipoints(np.asarray(chosen.geometry.array, dtype=object)),
        "details": {**case, **listed("buildings", chosen.index)},
        **people,
    }
