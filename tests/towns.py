"""Synthetic cities at the five towns, and their sites misread in every way the guard knows."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geo.crs import WGS84, to_crs
from geo.io.datum import from_wgs84, to_wgs84
from geo.io.guard import Area, Surroundings, find_misreading, judge_datum
from geo.synth import City

__all__ = ["READINGS", "TOWNS", "around", "draw_sites", "misread", "named", "redated"]

TOWNS = {
    "neijiang": (105.06, 29.58),
    "lusong": (113.15, 27.83),
    "huantai": (118.10, 36.96),
    "yuxi": (102.55, 24.35),
    "chenzhou": (113.01, 25.77),
}

READINGS = {
    "clean": ("ok",),
    "gcj02": ("gcj02",),
    "bd09": ("bd09",),
    "swapped": ("swapped",),
    "prefix": ("zone",),
    "zone": ("zone",),
}
"""How sites are misread, and the verdict that is right."""

_PREFIX_M = 1e6


def draw_sites(city: City, kind: str, n: int, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return n sites: `named` and `plain` as the city has them, or `built` beside buildings."""
    if kind == "built":
        houses = city.building_frame()
        xy = shapely.get_coordinates(houses.geometry.array)
        xy = xy[rng.choice(len(xy), n)] + rng.normal(0.0, 8.0, (n, 2))
        ids = pd.Index([f"s{at}" for at in range(n)], name="site_id")
        return gpd.GeoDataFrame(geometry=gpd.points_from_xy(*xy.T), index=ids, crs=city.crs)
    chosen = rng.choice(len(city.sites), min(n, len(city.sites)), replace=False)
    sites = city.sites.iloc[chosen]
    return sites if kind == "named" else sites.drop(columns="name")


def around(city: City) -> Surroundings:
    """Return what the sites of a city are held against, without its roads."""
    return Surroundings(
        grids=city.grids,
        areas={"grids": city.grids, "community": city.communities, "street": city.streets},
        buildings=city.building_frame(),
    )


def redated(frame: gpd.GeoDataFrame, datum: str, *, read_as: str = "wgs84") -> gpd.GeoDataFrame:
    """Return places of WGS 84 as a file on `datum` gives them when it is read as `read_as`."""
    lonlat = to_crs(frame, WGS84)

    def shift(xy: Any) -> Any:  # noqa: ANN401
        return to_wgs84(from_wgs84(xy, datum), read_as)

    moved = shapely.transform(np.asarray(lonlat.geometry.array, dtype=object), shift)
    places = gpd.GeoSeries(moved, index=frame.index, crs=WGS84)
    return to_crs(lonlat.set_geometry(places), frame.crs)


def misread(
    sites: gpd.GeoDataFrame, reading: str, rng: np.random.Generator
) -> tuple[gpd.GeoDataFrame, CRS]:
    """Return the sites as a file has them, coordinates and all, and the CRS they are read in."""
    crs = CRS.from_user_input(sites.crs)
    if reading in ("clean", "gcj02", "bd09"):
        datum = reading if reading != "clean" else "wgs84"
        return redated(sites, datum), crs
    if reading == "swapped" and rng.random() < 0.5:
        lonlat = to_crs(sites, WGS84)
        return _mapped(lonlat, lambda xy: xy[:, ::-1]), WGS84
    if reading == "swapped":
        return _mapped(sites, lambda xy: xy[:, ::-1]), crs
    code = crs.to_epsg() or 0
    zone = code - 4534 + 25
    if reading == "prefix":
        wrong = zone + int(rng.integers(-1, 2))
        with_prefix = _mapped(sites, lambda xy: xy + np.array([zone * _PREFIX_M, 0.0]))
        read_in = crs if wrong == zone else CRS.from_epsg(4513 + wrong - 25)
        return with_prefix, read_in
    return sites, CRS.from_epsg(code + int(rng.choice([-1, 1])))


def named(city: City, held: Surroundings, sites: gpd.GeoDataFrame, crs: CRS) -> str:
    """Return the guard's verdict on sites as a file has them: axes and zones, then the datum."""
    area = Area(crs=city.crs, bounds=tuple(city.grids.total_bounds), own_crs=city.crs)
    xy = shapely.get_coordinates(sites.geometry.array)
    found = find_misreading(xy, crs, area)
    return found.verdict if found is not None else judge_datum(sites, held).verdict


def _mapped(frame: gpd.GeoDataFrame, change: Any) -> gpd.GeoDataFrame:  # noqa: ANN401
    moved = shapely.transform(np.asarray(frame.geometry.array, dtype=object), change)
    return frame.set_geometry(gpd.GeoSeries(moved, index=frame.index))
