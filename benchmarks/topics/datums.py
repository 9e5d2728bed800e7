"""GCJ-02 and BD-09: our vectorised module against a scalar package."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from benchmarks.contest import Contest, Contestant, Frames
from geo.io.datum import bd09_to_wgs84, gcj02_to_wgs84, wgs84_to_bd09, wgs84_to_gcj02

POINTS = 200_000
TOLERANCE_M = 0.01
METRES_PER_DEGREE = 111_000.0


def contests() -> list[Contest]:
    """Return the contests of this topic; without the `bench` extra ours runs alone."""
    return [
        _contest("WGS 84 → GCJ-02", wgs84_to_gcj02, wgs84_to_gcj02, exact="wgs2gcj"),
        _contest("GCJ-02 → WGS 84", gcj02_to_wgs84, wgs84_to_gcj02, exact="gcj2wgs_exact"),
        _contest("BD-09 → WGS 84", bd09_to_wgs84, wgs84_to_bd09, exact="bd2wgs"),
    ]


def _contest(
    name: str, ours: Callable[[Any], Any], forward: Callable[[Any], Any], *, exact: str
) -> Contest:
    is_inverse = "→ WGS" in name

    def load() -> Frames:
        box = np.array([(100.0, 23.0), (120.0, 40.0)])
        lonlat = np.random.default_rng(0).uniform(*box, (POINTS, 2))
        given = forward(lonlat) if is_inverse else lonlat
        return {"points": gpd.GeoDataFrame(geometry=shapely.points(given), crs="EPSG:4326")}

    return Contest(
        name=name,
        load=load,
        ours={f"geo.io.datum.{ours.__name__}": lambda frames: ours(_lonlat(frames))},
        peers=_peers(exact),
        difference=_difference,
        note="a million points take five times as long; the package takes one at a time",
    )


def _peers(exact: str) -> dict[str, Contestant]:
    """Return the package of the `bench` extra where it is installed; it takes lat, lon."""
    try:
        scalar = getattr(import_module("eviltransform"), exact)
    except ImportError:
        return {}
    return {
        f"eviltransform.{exact}": lambda frames: np.array(
            [scalar(lat, lon)[::-1] for lon, lat in _lonlat(frames).tolist()]
        )
    }


def _lonlat(frames: Frames) -> np.ndarray:
    return shapely.get_coordinates(frames["points"].geometry.array)


def _difference(ours: np.ndarray, theirs: np.ndarray) -> str:
    worst_m = float(np.abs(ours - theirs).max()) * METRES_PER_DEGREE
    return "" if worst_m < TOLERANCE_M else f"up to {worst_m:.2g} m apart"
