"""Overlaps of grids: our check against the usual recipes of GeoPandas."""

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import shapely

from benchmarks.contest import Contest, Frames
from benchmarks.places import synthetic, taipei
from geo.findings import Report
from geo.grids import find_overlaps
from geo.layers import Layers

NOISE_M = 0.05
SLIVER_M = 1.0
TOLERANCE_M2 = 0.01


def contests() -> list[Contest]:
    """Return the contests of this topic."""
    return [
        _contest("synthetic city, 267 communities", lambda: synthetic(267)),
        _contest("Taipei, 456 villages", taipei),
    ]


def _contest(name: str, layers: Callable[[], Layers]) -> Contest:
    return Contest(
        name=f"overlaps of base grids, {name}",
        load=lambda: {"grids": layers().base_grids},
        ours={"geo.grids.find_overlaps": _ours},
        peers={"geopandas.overlay": _overlay, "geopandas.sjoin + intersection": _sjoin},
        difference=_difference,
        note="ours also measures widths and chooses the rule of each pair",
    )


def _ours(frames: Frames) -> Report:
    return find_overlaps(frames["grids"], noise_width_m=NOISE_M, sliver_width_m=SLIVER_M)


def _overlay(frames: Frames) -> gpd.GeoDataFrame:
    grids = frames["grids"].reset_index()[["grid_id", "geometry"]]
    both = gpd.overlay(grids, grids, how="intersection", keep_geom_type=True)
    both = both[both["grid_id_1"] < both["grid_id_2"]]
    return both.rename(columns={"grid_id_1": "left", "grid_id_2": "right"})


def _sjoin(frames: Frames) -> gpd.GeoDataFrame:
    grids = frames["grids"][["geometry"]].reset_index(names="left")
    both = gpd.sjoin(grids, grids.rename(columns={"left": "right"}), predicate="intersects")
    both = both[both["left"] < both["right"]]
    other = grids.geometry.array[both["index_right"].to_numpy()]
    shared = shapely.intersection(both.geometry.array, other)
    kept = shapely.area(shared) > 0
    return both[["left", "right"]][kept].set_geometry(shared[kept])


def _difference(ours: Report, theirs: gpd.GeoDataFrame) -> str:
    told = dict(zip(ours.findings["grid_ids"], ours.findings["measure"], strict=True))
    area = dict(
        zip(zip(theirs["left"], theirs["right"], strict=True), theirs.geometry, strict=True)
    )
    missed = [key for key in told if key not in area]
    extra = [key for key in set(area) - set(told) if _width_m(area[key]) > 2 * NOISE_M]
    off = [key for key in set(told) & set(area) if abs(told[key] - area[key].area) > TOLERANCE_M2]
    named = {"missed": missed, "told by the peer only": extra, "of another area": off}
    return "; ".join(f"{len(keys)} pairs {what}" for what, keys in named.items() if keys)


def _width_m(shape: shapely.Geometry) -> float:
    parts = shapely.get_parts(shape)
    parts = parts[shapely.area(parts) > 0]
    if len(parts) == 0:
        return 0.0
    return float(np.max(2 * shapely.area(parts) / shapely.length(parts)))
