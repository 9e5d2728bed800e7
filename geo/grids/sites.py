"""Sites in no grid: H307."""

import geopandas as gpd
import numpy as np
import shapely

from geo.findings import Report, findings_frame
from geo.layers import require_metric, require_points, require_polygons, require_same_crs

__all__ = ["find_sites_in_no_grid"]


def find_sites_in_no_grid(grids: gpd.GeoDataFrame, sites: gpd.GeoDataFrame) -> Report:
    """Report every site that no grid, base or dedicated, covers; on a border counts as inside.

    Parameters
    ----------
    grids
        n polygons, projected CRS in metres.
    sites
        m points, same CRS.

    Returns
    -------
    report
        A finding a site, in order of ids; `details["distance_m"]`: metres to the nearest grid.

    Raises
    ------
    CRSError, LayerError
        If a frame is not in metres, the two differ in CRS, or rows hold other geometries.
    """
    require_metric(grids, "grids")
    require_polygons(grids, "grids")
    require_points(sites, "sites")
    require_same_crs({"grids": grids, "sites": sites})
    polygons = np.asarray(grids.geometry.array, dtype=object)
    points = np.asarray(sites.geometry.array, dtype=object)
    _, held = shapely.STRtree(points).query(polygons, predicate="covers")
    outside = np.setdiff1d(np.arange(len(points)), held)
    outside = outside[np.argsort(sites.index.to_numpy()[outside], kind="stable")]
    tree = shapely.STRtree(polygons)
    distance_m = shapely.distance(points[outside], polygons[tree.nearest(points[outside])])
    rows = [
        {
            "rule": "H307",
            "layer": "sites",
            "site_ids": (sites.index[at],),
            "geometry": points[at],
            "details": {"away_m": float(away_m)},
        }
        for at, away_m in zip(outside, distance_m, strict=True)
    ]
    return Report(findings=findings_frame(rows, grids.crs), counts={"n_sites": len(sites)})
