"""Coverage by radius: our long table against the area share that the usual recipe gives."""

from collections.abc import Callable
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from benchmarks.contest import Contest, Frames
from benchmarks.places import synthetic, taipei
from geo.coverage import CoverageRules, grid_demand, radius_coverage
from geo.coverage.areas import pairs_of_polygons, rings_of
from geo.coverage.discs import Rings, cells_of, uncovered_areas
from geo.coverage.radius import demand_pairs
from geo.layers import Layers
from geo.standards import Tier, load_standard

QUAD_SEGS = 64
AREA_SEGS = {"0.04 %": 32, "0.0013 %": 178}
"""Segments a quarter circle of buffers that lack so much: the fewest (a power of two) true to the
0.1 % that coverage asks, and as near to the exact area as the design compares (1.3e-5)."""

TOLERANCE_SHARE = 0.001
RADIUS_M = 500.0

_MOST_OFF_M2 = 2.0 * np.pi * RADIUS_M**2 * 0.0004
"""Twice what the coarser of the two buffers lacks of a whole circle."""


def contests() -> list[Contest]:
    """Return the contests of this topic."""
    return [
        _contest("synthetic city, 267 communities", lambda: synthetic(267)),
        _contest("Taipei, 456 villages, 578 sites", taipei),
        _areas("synthetic city, 267 communities", lambda: synthetic(267), is_found=False),
        _areas("synthetic city, 267 communities", lambda: synthetic(267), is_found=True),
        _areas("Taipei, 456 villages, 578 sites", taipei, is_found=False),
        _counts("synthetic city, 267 communities", lambda: synthetic(267)),
    ]


def _frames(layers: Callable[[], Layers]) -> Frames:
    found = layers()
    frames = {"grids": found.base_grids, "sites": found.sites}
    return frames if found.buildings is None else {**frames, "buildings": found.buildings}


def _areas(name: str, layers: Callable[[], Layers], *, is_found: bool) -> Contest:
    """Return the contest of areas, the pairs given to both sides or found by each."""
    cut = _tree_areas if is_found else _buffer_areas
    return Contest(
        name=f"area of each grid in each circle of 500 m that reaches it, {name}",
        load=lambda: _with_pairs(_frames(layers)),
        ours={"exact, by Green's theorem": _found_areas if is_found else _exact_areas},
        peers={
            f"buffer + intersection, {lack} short": partial(cut, segments=segments)
            for lack, segments in AREA_SEGS.items()
        },
        difference=_areas_differ,
        note=("finding the pairs included" if is_found else "the pairs found before")
        + " on both sides; buffers of {} and {} segments a quarter circle, made once a site".format(
            *AREA_SEGS.values()
        ),
    )


def _areas_differ(ours: np.ndarray, theirs: np.ndarray) -> str:
    off = np.abs(np.sort(ours) - np.sort(theirs)).max()
    if off < _MOST_OFF_M2 and abs(theirs.sum() / ours.sum() - 1.0) < TOLERANCE_SHARE:
        return ""
    return "areas differ by more than a buffer's error"


def _with_pairs(frames: Frames) -> Frames:
    """Add which sites' circles reach which grids."""
    at, site = _tree_pairs(frames)
    pairs = frames["sites"][["geometry"]].iloc[site].assign(grid=at, site=site)
    return {**frames, "pairs": pairs}


def _tree_pairs(frames: Frames) -> tuple[np.ndarray, np.ndarray]:
    grids, sites = (frames[name].geometry.array.to_numpy() for name in ("grids", "sites"))
    at, site = shapely.STRtree(sites).query(grids, predicate="dwithin", distance=RADIUS_M)
    return at, site


def _exact_areas(frames: Frames) -> np.ndarray:
    rings = rings_of(frames["grids"].geometry.array.to_numpy())
    return _areas_of(frames, rings, frames["pairs"][["grid", "site"]].to_numpy().T)


def _found_areas(frames: Frames) -> np.ndarray:
    rings = rings_of(frames["grids"].geometry.array.to_numpy())
    xy = shapely.get_coordinates(frames["sites"].geometry.array)
    pairs = pairs_of_polygons(rings, cells_of(xy, at_least_m=RADIUS_M), limit_m=RADIUS_M)
    return _areas_of(frames, rings, pairs[:, :2].astype(np.int64).T)


def _areas_of(frames: Frames, rings: Rings, pairs: np.ndarray) -> np.ndarray:
    at, site = np.ascontiguousarray(pairs)
    xy = shapely.get_coordinates(frames["sites"].geometry.array)
    circles = (np.arange(len(xy) + 1), np.tile([[0.0, 2 * np.pi]], (len(xy), 1)))
    each = (np.arange(len(at) + 1), site)
    area = shapely.area(frames["grids"].geometry.array)[at]
    return area - uncovered_areas(rings, at, each, xy, RADIUS_M, circles)


def _buffer_areas(frames: Frames, *, segments: int) -> np.ndarray:
    pairs = frames["pairs"]
    return _cut_areas(frames, pairs["grid"].to_numpy(), pairs["site"].to_numpy(), segments=segments)


def _tree_areas(frames: Frames, *, segments: int) -> np.ndarray:
    return _cut_areas(frames, *_tree_pairs(frames), segments=segments)


def _cut_areas(frames: Frames, at: np.ndarray, site: np.ndarray, *, segments: int) -> np.ndarray:
    grids, sites = (frames[name].geometry.array.to_numpy() for name in ("grids", "sites"))
    circles = shapely.buffer(sites, RADIUS_M, quad_segs=segments)
    return shapely.area(shapely.intersection(grids[at], circles[site]))


def _counts(name: str, layers: Callable[[], Layers]) -> Contest:
    return Contest(
        name=f"sites within 1,000 m of some building of each grid, {name}",
        load=lambda: _frames(layers),
        ours={"cell lists": _cell_counts},
        peers={"scipy KD-tree": _tree_counts},
        difference=lambda ours, theirs: "" if (ours == theirs).all() else "counts differ",
        note="the buildings' grids are found before, by the same code, on both sides",
    )


def _cell_counts(frames: Frames) -> np.ndarray:
    demand = grid_demand(frames["grids"], frames["buildings"], has_all_buildings=True)
    pairs = demand_pairs(frames["grids"], frames["sites"], demand, limit_m=2 * RADIUS_M)
    has = np.bincount(demand.grid_at, minlength=len(demand.grid_ids)) > 0
    return np.where(has, np.bincount(pairs.place_at, minlength=len(has)), 0)


def _tree_counts(frames: Frames) -> np.ndarray:
    demand = grid_demand(frames["grids"], frames["buildings"], has_all_buildings=True)
    tree = cKDTree(shapely.get_coordinates(frames["sites"].geometry.array))
    found = tree.query_ball_point(demand.points_xy[demand.point_at], 2 * RADIUS_M)
    grid = np.repeat(demand.grid_at, [len(sites) for sites in found])
    site = np.concatenate([np.asarray(sites, dtype=np.int64) for sites in found])
    pairs = np.unique(grid * tree.n + site) // tree.n
    return np.bincount(pairs, minlength=len(demand.grid_ids))


def _contest(name: str, layers: Callable[[], Layers]) -> Contest:
    return Contest(
        name=f"circles of three tiers, {name}",
        load=lambda: _frames(layers),
        ours={"geo.coverage.radius_coverage": _ours},
        peers={
            "buffer + union + overlay": _overlay,
            "buffer + union + intersection": _intersection,
        },
        difference=_difference,
        note=(
            "ours assigns the buildings and gives sites, distances, shares and classes; "
            "the peers give the area share alone, 64 segments a quarter circle"
        ),
    )


def _tiers() -> dict[str, Tier]:
    return dict(load_standard(["gb50180-2018"]).tiers)


def _ours(frames: Frames) -> pd.DataFrame:
    demand = grid_demand(frames["grids"], frames.get("buildings"))
    return radius_coverage(
        frames["grids"], frames["sites"], demand, tiers=_tiers(), rules=CoverageRules()
    )


def _overlay(frames: Frames) -> pd.DataFrame:
    grids = frames["grids"].reset_index()[["grid_id", "geometry"]]
    area_m2 = grids.set_index("grid_id").area
    shares = {}
    for tier_id, tier in _tiers().items():
        union = frames["sites"].buffer(tier.distance_m, resolution=QUAD_SEGS).union_all()
        served = gpd.GeoDataFrame(geometry=[union], crs=grids.crs)
        inside = gpd.overlay(grids, served, how="intersection", keep_geom_type=True)
        inside_m2 = inside.area.groupby(inside["grid_id"]).sum()
        shares[tier_id] = (inside_m2 / area_m2).reindex(area_m2.index).fillna(0.0)
    return pd.DataFrame(shares)


def _intersection(frames: Frames) -> pd.DataFrame:
    grids = frames["grids"]
    shares = {}
    for tier_id, tier in _tiers().items():
        circles = shapely.buffer(
            frames["sites"].geometry.array, tier.distance_m, quad_segs=QUAD_SEGS
        )
        inside = shapely.intersection(grids.geometry.array, shapely.union_all(circles))
        shares[tier_id] = shapely.area(inside) / shapely.area(grids.geometry.array)
    return pd.DataFrame(shares, index=grids.index)


def _difference(ours: pd.DataFrame, theirs: pd.DataFrame) -> str:
    mine = ours[ours["category"] == "all"].pivot_table(
        index="id", columns="tier", values="area_share"
    )
    off = np.abs(mine.loc[theirs.index, theirs.columns].to_numpy() - theirs.to_numpy())
    worst = float(off.max())
    return "" if worst < TOLERANCE_SHARE else f"area shares differ by up to {worst:.4f}"
