"""Totals of grids spread over the footprints of their buildings, against tobler."""

import warnings
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from benchmarks.contest import Contest, Contestant, Frames, MissingDataError
from benchmarks.places import SHARED
from geo.coverage.spreading import spread_totals
from geo.layers import OUTLINE, Layers

CELL_M = 300.0
N_SIDE = 40
N_BUILDINGS = 60_000
CRS = "EPSG:32628"


def contests() -> list[Contest]:
    """Return the contests of this topic."""
    return [
        _contest("buildings drawn, each within one grid", _drawn),
        _contest("buildings of Las Palmas, some across borders", _real),
    ]


def _contest(name: str, load: Callable[[], Frames]) -> Contest:
    peers: dict[str, Contestant] = {}
    if find_spec("tobler") is not None:
        peers["tobler area_interpolate"] = _tobler
    return Contest(
        name=f"residents spread over buildings, {name}",
        load=load,
        ours={"geo.coverage.spreading": _ours},
        peers=peers,
        difference=_difference,
        note="by footprint; a building across a border: ours by its point, tobler by its parts",
    )


@cache
def _drawn() -> Frames:
    """Return square grids, and small boxes that lie within them."""
    rng = np.random.default_rng(0)
    grids = _squares(np.zeros(2), (N_SIDE, N_SIDE))
    cell = rng.integers(0, len(grids), N_BUILDINGS)
    low = grids.bounds.to_numpy()[cell, :2] + rng.uniform(0, CELL_M - 30, (N_BUILDINGS, 2))
    high = low + rng.uniform(8, 30, (N_BUILDINGS, 2))
    boxes = shapely.box(*low.T, *high.T)
    return {"grids": grids, "buildings": gpd.GeoDataFrame(geometry=boxes, crs=CRS)}


@cache
def _real() -> Frames:
    """Return the buildings of Las Palmas, and square grids over them."""
    path = SHARED / "las-palmas" / "buildings.parquet"
    if not path.is_file():
        msg = "the real data (../shared/data/las-palmas/buildings.parquet) is not on this machine"
        raise MissingDataError(msg)
    shapes = shapely.from_wkb(pd.read_parquet(path, columns=["geometry"])["geometry"].to_numpy())
    buildings = gpd.GeoDataFrame(geometry=shapes, crs="EPSG:4326").to_crs(CRS)
    buildings = buildings[buildings.is_valid].reset_index(drop=True)
    west, south, east, north = buildings.total_bounds
    n = np.ceil(np.array([east - west, north - south]) / CELL_M).astype(int) + 1
    return {"grids": _squares(np.array([west, south]), (n[0], n[1])), "buildings": buildings}


def _squares(origin: np.ndarray, n: tuple[int, int]) -> gpd.GeoDataFrame:
    x, y = np.meshgrid(*(np.arange(k) * CELL_M for k in n), indexing="ij")
    x, y = x.ravel() + origin[0], y.ravel() + origin[1]
    residents = np.random.default_rng(1).integers(0, 3000, len(x)).astype(float)
    return gpd.GeoDataFrame(
        {"kind": "base", "residents": residents},
        geometry=shapely.box(x, y, x + CELL_M, y + CELL_M),
        index=pd.Index([f"g{i}" for i in range(len(x))], name="grid_id"),
        crs=CRS,
    )


def _ours(frames: Frames) -> np.ndarray:
    outlines = frames["buildings"].geometry
    homes = gpd.GeoDataFrame({OUTLINE: outlines.array}, geometry=outlines.centroid.array, crs=CRS)
    spread, _ = spread_totals(Layers(grids=frames["grids"], buildings=homes))
    assert spread.buildings is not None
    return spread.buildings["residents"].to_numpy()


def _tobler(frames: Frames) -> np.ndarray:
    from tobler.area_weighted import area_interpolate  # noqa: PLC0415 - in the extra `bench`

    grids = frames["grids"].reset_index(drop=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = area_interpolate(grids, frames["buildings"], extensive_variables=["residents"])
    return np.asarray(found["residents"])


def _difference(ours: np.ndarray, theirs: np.ndarray) -> str:
    """Return how many buildings differ by more than a thousandth of a person, and the totals."""
    n_off = int((np.abs(ours - theirs) > 1e-3).sum())
    if n_off == 0:
        return ""
    totals = f"{np.nansum(ours):,.3f} and {np.nansum(theirs):,.3f} in all"
    return f"{n_off:,} of {len(ours):,} buildings differ; {totals}"
