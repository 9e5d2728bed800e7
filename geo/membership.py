"""Which grid a point belongs to: one rule for buildings, sites, cases and questions.

A point belongs to the base grid that covers it, its border included; where several do (a shared
border, an overlap), to the one with the smallest id in text order.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.layers import require_points, require_same_crs

__all__ = ["assign_to_grids", "first_cover", "owner_ids", "shared_areas"]

_BASE: Final = "base"
_CHUNK: Final = 2048
_AREA_SHARED: Final = "2********"


def assign_to_grids(points: gpd.GeoDataFrame, grids: gpd.GeoDataFrame) -> pd.Series:
    """Return the id of the base grid that covers each point (its border included), else None.

    Parameters
    ----------
    points
        k points, projected CRS in metres.
    grids
        Grids with `kind`; those of other kinds are passed over. Same CRS.

    Returns
    -------
    grid_id
        On the index of `points`. Where several base grids cover a point (a border, an overlap): the
        smallest id in text order.

    Notes
    -----
    O((k + n) log k) for n grids, and a prepared point-in-polygon test for each candidate.
    """
    require_points(points, "points")
    require_same_crs({"points": points, "grids": grids})
    chosen = first_cover(points, grids, (grids["kind"] == _BASE).to_numpy())
    return owner_ids(chosen, points, grids)


def first_cover(
    points: gpd.GeoDataFrame, grids: gpd.GeoDataFrame, chosen: npt.NDArray[np.bool_]
) -> npt.NDArray[np.intp]:
    """Return for each point the covering chosen grid with the smallest id, else -1 (positions)."""
    result = np.full(len(points), -1, dtype=np.intp)
    positions = np.flatnonzero(chosen)
    if len(positions) == 0 or len(points) == 0:
        return result
    positions = positions[np.argsort(grids.index.to_numpy(dtype=str)[positions], kind="stable")]
    tree = shapely.STRtree(points.geometry.array)
    rank, member = _covered(tree, grids.geometry.array.to_numpy()[positions])
    best = np.full(len(points), len(positions), dtype=np.intp)
    np.minimum.at(best, member, rank)
    found = best < len(positions)
    result[found] = positions[best[found]]
    return result


def _covered(
    tree: shapely.STRtree, polygons: npt.NDArray[np.object_]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return polygon and point of each pair of a polygon and a point of `tree` that it covers.

    Many polygons are shared out to threads: GEOS releases the interpreter's lock.
    """
    starts = range(0, len(polygons), _CHUNK)
    if len(starts) <= 1:
        rank, member = tree.query(polygons, predicate="covers")
        return rank, member

    def search(start: int) -> npt.NDArray[np.intp]:
        found = tree.query(polygons[start : start + _CHUNK], predicate="covers")
        return np.asarray(found + np.array([[start], [0]]), dtype=np.intp)

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        rank, member = np.hstack(list(pool.map(search, starts)))
    return rank, member


def owner_ids(
    position: npt.NDArray[np.intp], points: gpd.GeoDataFrame, grids: gpd.GeoDataFrame
) -> pd.Series:
    """Return the grid id at each position (None at -1) on the index of `points`."""
    ids = np.full(len(points), None, dtype=object)
    found = position >= 0
    ids[found] = grids.index.to_numpy(dtype=object)[position[found]]
    return pd.Series(ids, index=points.index, name="grid_id", dtype=object)


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
