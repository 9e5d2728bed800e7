"""The circles (服务圈) as polygons to draw; shares never come from them."""

from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from geo.coverage.compiled import in_threads
from geo.coverage.measures import ALL_CATEGORIES, site_sets
from geo.coverage.radius import RADIUS
from geo.layers import require_metric, require_points
from geo.standards import Tier

__all__ = ["QUAD_SEGS", "circles"]

QUAD_SEGS: Final = 64
"""Segments of a quarter circle: the edge is within 0.08 mm per metre of radius of the circle."""

_CHUNK: Final = 1024


def circles(
    sites: gpd.GeoDataFrame | None, *, tiers: Mapping[str, Tier], crs: CRS | None = None
) -> gpd.GeoDataFrame:
    """Return one circle for each tier and each site that counts in it.

    Parameters
    ----------
    sites
        s points, projected CRS in metres; `category` where a tier names categories.
    tiers
        Tier id to `Tier`.
    crs
        CRS of the empty result where there is no layer of sites.

    Returns
    -------
    circles
        `site_id, tier, model, minutes, distance_m, geometry`, in order of tiers and sites, CRS of
        the sites; corners of the polygons lie on the circle.

    Raises
    ------
    CRSError
        If the sites are not in metres.
    LayerError
        If a site is not a point, ids repeat, or categories are needed and not there.
    """
    columns = ["site_id", "tier", "model", "minutes", "distance_m", "geometry"]
    parts = []
    if sites is None:
        return gpd.GeoDataFrame(columns=columns, geometry="geometry", crs=crs)
    require_metric(sites, "sites")
    require_points(sites, "sites")
    for tier_id, tier in tiers.items():
        at = np.flatnonzero(site_sets(tier, sites)[ALL_CATEGORIES])
        parts.append(
            pd.DataFrame(
                {
                    "site_id": sites.index.to_numpy(dtype=object)[at],
                    "tier": tier_id,
                    "model": RADIUS,
                    "minutes": float(tier.minutes),
                    "distance_m": float(tier.distance_m),
                    "geometry": _around(sites.geometry.array.to_numpy()[at], tier.distance_m),
                }
            )
        )
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    return gpd.GeoDataFrame(table, geometry="geometry", crs=sites.crs)


def _around(points: npt.NDArray[np.object_], radius_m: float) -> npt.NDArray[np.object_]:
    """Return the circle around each point."""
    circles = np.empty(len(points), dtype=object)

    def draw(start: int, stop: int) -> None:
        some = shapely.buffer(points[start:stop], radius_m, quad_segs=QUAD_SEGS)
        circles[start:stop] = some

    in_threads(draw, len(points), chunk=_CHUNK)
    return circles
