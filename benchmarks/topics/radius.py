"""Coverage by radius: our long table against the area share that the usual recipe gives."""

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from benchmarks.contest import Contest, Frames
from benchmarks.places import synthetic, taipei
from geo.coverage import CoverageRules, grid_demand, radius_coverage
from geo.layers import Layers
from geo.standards import Tier, load_standard

QUAD_SEGS = 64
TOLERANCE_SHARE = 0.001


def contests() -> list[Contest]:
    """Return the contests of this topic."""
    return [
        _contest("synthetic city, 267 communities", lambda: synthetic(267)),
        _contest("Taipei, 456 villages, 578 sites", taipei),
    ]


def _contest(name: str, layers: Callable[[], Layers]) -> Contest:
    def load() -> Frames:
        found = layers()
        frames = {"grids": found.base_grids, "sites": found.sites}
        return frames if found.buildings is None else {**frames, "buildings": found.buildings}

    return Contest(
        name=f"circles of three tiers, {name}",
        load=load,
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
