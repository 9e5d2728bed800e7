"""A megacity drawn in a moment: 50,176 grids, 10,000 sites, 3 million buildings, 10^6 junctions.

Half of the sites stand around the centre, where their circles overlap. A river without a ford runs
through the city, with a bridge about every two kilometres.
"""

from dataclasses import replace
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from benchmarks.meshes import ORIGIN, SIDE, STEP_M, mesh
from geo.layers import Layers
from geo.standards import Standard, load_standard

CELL_M = 250.0
STREET_M = 56.0
BRIDGE_EVERY = 36
N_SITES = 10_000
N_BUILDINGS = 3_000_000
N_GRIDS_A_SIDE = 224

Floats = npt.NDArray[np.float64]


def megacity(n: int = N_GRIDS_A_SIDE) -> Layers:
    """Return a city of n × n grids (n a multiple of 4), everything else in proportion."""
    rng = np.random.default_rng(7)
    drawn, scale = mesh(n), CELL_M / (SIDE * STEP_M)
    share = (n / N_GRIDS_A_SIDE) ** 2
    size_m = n * CELL_M
    return Layers(
        grids=_scaled(drawn.grids, scale),
        units=_scaled(drawn.units, scale),
        sites=_sites(rng, round(N_SITES * share), size_m, crs=drawn.grids.crs),
        buildings=_buildings(rng, round(N_BUILDINGS * share), size_m, crs=drawn.grids.crs),
        streets=streets(round(size_m / STREET_M), crs=drawn.grids.crs),
        levels=("community",),
    )


def four_tiers() -> Standard:
    """Return GB 50180's tiers of 5, 10 and 15 minutes on foot, and one of 15 for the elderly."""
    standard = load_standard(["gb50180-2018"])
    elder = replace(
        standard.tiers["walk_15"],
        tier_id="elder_15",
        mode="elder",
        distance_m=720.0,
        title=MappingProxyType({"zh": "老年人15分钟", "en": "15 minutes for the elderly"}),
    )
    return replace(standard, tiers=MappingProxyType({**standard.tiers, "elder_15": elder}))


def streets(side: int, *, crs: str) -> gpd.GeoDataFrame:
    """Return a jittered mesh of side × side junctions, a tenth of it missing, cut by a river."""
    rng = np.random.default_rng(0)
    x, y = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")
    xy = np.stack([x, y], axis=-1) * STREET_M + rng.uniform(-12, 12, (side, side, 2)) + ORIGIN
    ends = np.concatenate(
        [
            np.stack([xy[:-1], xy[1:]], axis=2).reshape(-1, 2, 2),
            np.stack([xy[:, :-1], xy[:, 1:]], axis=2).reshape(-1, 2, 2),
        ]
    )
    river = side // 2
    column, row = np.meshgrid(np.arange(side - 1), np.arange(side), indexing="ij")
    is_wet = np.zeros(len(ends), dtype=bool)
    is_wet[: column.size] = ((column == river) & (row % BRIDGE_EVERY > 0)).ravel()
    ends = ends[(rng.random(len(ends)) > 0.1) & ~is_wet]
    return gpd.GeoDataFrame(geometry=shapely.linestrings(ends), crs=crs).rename_axis("street_id")


def _scaled(frame: gpd.GeoDataFrame, scale: float) -> gpd.GeoDataFrame:
    shapes = shapely.transform(
        frame.geometry.array, lambda xy: np.asarray(ORIGIN) + (xy - ORIGIN) * scale
    )
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


def _sites(rng: np.random.Generator, n: int, size_m: float, *, crs: str) -> gpd.GeoDataFrame:
    around = rng.normal(0.5, 0.12, (n // 2, 2))
    spread = rng.random((n - n // 2, 2))
    xy = np.clip(np.vstack([around, spread]), 0.001, 0.999) * size_m + ORIGIN
    names = [f"s{k}" for k in range(n)]
    frame = gpd.GeoDataFrame(geometry=shapely.points(xy), crs=crs, index=names)
    return frame.rename_axis("site_id")


def _buildings(rng: np.random.Generator, n: int, size_m: float, *, crs: str) -> gpd.GeoDataFrame:
    xy = rng.random((n, 2)) * size_m + ORIGIN
    households = rng.integers(1, 13, n)
    frame = gpd.GeoDataFrame(
        {"households": households, "residents": households * 3},
        geometry=shapely.points(xy),
        crs=crs,
        index=[f"b{k}" for k in range(n)],
    )
    return frame.rename_axis("building_id")
