"""The smallest common refinement of several nets: the faces that all their borders make together.

A face lies in at most one polygon of each net (where polygons of one net overlap: the smallest id),
so that every net, and any net made from them, is a union of faces.
"""

from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.grids.widths import Geometries, mean_width_m
from geo.layers import require_metric, require_points, require_polygons, require_same_crs

__all__ = ["BASE_NET", "face_weights", "net_column", "refinement"]

BASE_NET: Final = "grids"
"""The net of the base grids, whose column is `grid_id`."""

_LEAST_M2: Final = 1e-6
_BASES: Final = ("residents", "households")


def net_column(net: str) -> str:
    """Return the column with the owner in `net`: `grid_id` for the base grids, else `net_…`."""
    return "grid_id" if net == BASE_NET else f"net_{net}"


def refinement(nets: Mapping[str, gpd.GeoDataFrame], *, sliver_width_m: float) -> gpd.GeoDataFrame:
    """Return the faces of the exact overlay of all `nets`.

    Parameters
    ----------
    nets
        Name to polygons, the base grids as `grids`; one projected CRS in metres, unique text ids.
        Not modified.
    sliver_width_m
        A face of a smaller mean width comes from one border drawn twice.

    Returns
    -------
    faces
        Index `face_id`, west to east; a column of `net_column` for each net with the id of the
        polygon that owns the face, None without; `area_m2`, `width_m`, `is_sliver`. Faces in no net
        are left out. The faces do not overlap, and those of each polygon make it up again.

    Raises
    ------
    CRSError, LayerError
        If a net is not in metres, two differ in CRS, or rows hold no polygon.

    Notes
    -----
    O(V log V) for V vertices and crossings of all borders.
    """
    for name, net in nets.items():
        require_metric(net, name)
        require_polygons(net, name)
    require_same_crs(nets)
    crs = next(iter(nets.values())).crs
    faces = _faces([np.asarray(net.geometry.array, dtype=object) for net in nets.values()])
    inner = shapely.point_on_surface(faces)
    owners = {
        net_column(name): pd.Series(_owners(inner, net), dtype=object) for name, net in nets.items()
    }
    width_m = mean_width_m(faces)
    table = pd.DataFrame(
        {
            **owners,
            "area_m2": shapely.area(faces),
            "width_m": width_m,
            "is_sliver": width_m < sliver_width_m,
        }
    )
    owned = table[list(owners)].notna().any(axis=1).to_numpy()
    frame = gpd.GeoDataFrame(table[owned], geometry=faces[owned], crs=crs)
    order = np.lexsort((shapely.get_y(inner[owned]), shapely.get_x(inner[owned])))
    frame = frame.iloc[order]
    index = [f"F{at:07d}" for at in range(1, len(frame) + 1)]
    return frame.set_axis(pd.Index(index, name="face_id", dtype=object))


def _faces(nets: list[Geometries]) -> Geometries:
    """Return every face that the borders of all polygons enclose."""
    borders = shapely.boundary(np.concatenate(nets))
    lines = shapely.union_all(borders)
    faces = shapely.get_parts(shapely.polygonize([lines]))
    kept: Geometries = faces[shapely.area(faces) >= _LEAST_M2]
    return kept


def _owners(points: Geometries, net: gpd.GeoDataFrame) -> npt.NDArray[np.object_]:
    """Return the smallest id of the polygons that hold each point, None without."""
    owners = np.full(len(points), None, dtype=object)
    ids = net.index.to_numpy(dtype=object)
    order = np.argsort(ids.astype(str), kind="stable")
    tree = shapely.STRtree(np.asarray(net.geometry.array, dtype=object)[order])
    point, polygon = tree.query(points, predicate="within")
    by_id = np.lexsort((-polygon, point))  # the smallest id last, so that it stays
    owners[point[by_id]] = ids[order[polygon[by_id]]]
    return owners


def face_weights(
    faces: gpd.GeoDataFrame,
    grids: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame | None,
) -> tuple[pd.Series, str]:
    """Return how much each face counts, and the basis of it.

    Residents of the buildings (points) in it, else their households; without such buildings the
    residents, else households, of its base grid shared out by area; without these its area. A
    sliver counts only by its buildings: its area says nothing.

    Parameters
    ----------
    faces
        From `refinement`.
    grids
        Base grids, `residents` and `households` where known.
    buildings
        Points of the same CRS, or None.

    Returns
    -------
    weight, basis
        On the index of `faces`; `residents`, `households` or `area`.
    """
    for basis in _BASES:
        if buildings is not None and basis in buildings and buildings[basis].notna().any():
            return _by_points(faces, buildings, basis), basis
    area_m2 = faces["area_m2"].where(~faces["is_sliver"], 0.0)
    for basis in _BASES:
        if basis in grids and grids[basis].notna().any():
            whole = area_m2.groupby(faces["grid_id"]).transform("sum")
            people = faces["grid_id"].map(grids[basis].fillna(0.0).to_dict())
            share = (area_m2 / whole.where(whole > 0)).astype(float)
            return (people.astype(float) * share).fillna(0.0).rename("weight"), basis
    return area_m2.rename("weight"), "area"


def _by_points(faces: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, basis: str) -> pd.Series:
    require_points(buildings, "buildings")
    require_same_crs({"faces": faces, "buildings": buildings})
    face, point = buildings.sindex.query(faces.geometry.array, predicate="covers")
    first = pd.DataFrame({"face": face, "point": point}).groupby("point")["face"].min()
    weight = buildings[basis].fillna(0.0).to_numpy(float)[first.index.to_numpy()]
    total = np.bincount(first.to_numpy(), weights=weight, minlength=len(faces)).astype(float)
    return pd.Series(total, index=faces.index, name="weight")
