"""The tables of a look-back: lineage, moves, ground that changed hands."""

from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.planning.lookback.fates import FLAGS, NEW_FATES, Kin
from geo.planning.lookback.moving import Moving, nobody_known
from geo.planning.lookback.overlay import Overlay, Positions

__all__ = [
    "LINEAGE_COLUMNS",
    "ids_at",
    "lineage_table",
    "moved_buildings",
    "moves_table",
    "transfers",
]

LINEAGE_COLUMNS: Final = (
    "old_id",
    "new_id",
    "fate",
    "shared_area_m2",
    "residents_moved",
    "kind",
    "matched_by",
    "border_m",
    *FLAGS,
    "from_ids",
)
"""Columns of the lineage."""

_BASE: Final = "base"
_POLYGON: Final = 3


def ids_at(grids: pd.DataFrame, at: Positions) -> npt.NDArray[np.object_]:
    """Return the id at each position, None at -1."""
    ids = np.full(len(at), None, dtype=object)
    known = at >= 0
    ids[known] = grids.index.to_numpy(dtype=object)[at[known]]
    return ids


def lineage_table(
    grids: gpd.GeoDataFrame,
    new_grids: gpd.GeoDataFrame,
    kin: Kin,
    *,
    pairs: Overlay,
    moved: Moving | None,
) -> pd.DataFrame:
    """Return one row a relation, then the new and carved grids (`Lookback.lineage`).

    People who went to a grid that does not continue theirs are told in the successor's row; None
    where nobody knows who moved.
    """
    is_known = moved is not None
    moved = moved or nobody_known(len(grids))
    n_new = len(new_grids)
    shared = pd.Series(pairs.area_m2, index=pairs.old.astype(np.int64) * n_new + pairs.new)
    keys = kin.old.astype(np.int64) * n_new + kin.new
    to_kin = moved.from_at.astype(np.int64) * n_new + moved.to_at
    is_kin = (moved.to_at >= 0) & np.isin(to_kin, keys)
    direct = pd.Series(moved.residents[is_kin]).groupby(to_kin[is_kin]).sum()
    rest = np.bincount(
        moved.from_at[~is_kin], weights=moved.residents[~is_kin], minlength=len(grids)
    )
    is_successor = kin.successor[kin.old] == kin.new
    rows = pd.DataFrame(
        {
            "old_id": grids.index.to_numpy(dtype=object)[kin.old],
            "new_id": new_grids.index.to_numpy(dtype=object)[kin.new],
            "shared_area_m2": shared.reindex(keys).fillna(0.0).to_numpy(),
            "residents_moved": direct.reindex(keys).fillna(0.0).to_numpy()
            + np.where(is_successor, rest[kin.old], 0.0),
        }
    )
    lost = np.flatnonzero(kin.n_new == 0)
    gone = pd.DataFrame(
        {"old_id": grids.index.to_numpy(dtype=object)[lost], "residents_moved": rest[lost]}
    )
    told = pd.concat([rows, gone.assign(new_id=None, shared_area_m2=0.0)], ignore_index=True)
    order = grids.index.get_indexer(told["old_id"])
    told = told.iloc[np.argsort(order, kind="stable")]
    facts = ["fate", "kind", "matched_by", "border_m", *FLAGS]
    told = told.join(pd.DataFrame(grids[facts]), on="old_id")
    came = new_grids[new_grids["origin"].isin(NEW_FATES)]
    fresh = pd.DataFrame(
        {
            "new_id": came.index.to_numpy(dtype=object),
            "fate": came["origin"].to_numpy(),
            "kind": came["kind"].to_numpy(),
            "from_ids": came["from_ids"].to_numpy(),
            "residents_moved": 0.0,
            "matched_by": "",
            **dict.fromkeys(FLAGS, False),
        }
    )
    joined = pd.concat([part for part in (told, fresh) if len(part)] or [told], ignore_index=True)
    joined = joined.reindex(columns=list(LINEAGE_COLUMNS))
    for column in ("old_id", "new_id", "from_ids"):
        joined[column] = joined[column].astype(object).where(joined[column].notna(), None)
    if not is_known:
        joined["residents_moved"] = np.nan
    return joined.astype(dict.fromkeys(FLAGS, bool))


def moves_table(grids: pd.DataFrame, new_grids: pd.DataFrame, moved: Moving) -> pd.DataFrame:
    """Return where people went, the largest group first (`Lookback.moves`)."""
    rows = pd.DataFrame(
        {
            "from": moved.from_at,
            "to": moved.to_at,
            "n_buildings": 1,
            "residents": moved.residents,
            "households": moved.households,
        }
    )
    sums = rows.groupby(["from", "to"], as_index=False).sum()
    sums = sums.sort_values(
        ["residents", "n_buildings", "from", "to"],
        ascending=[False, False, True, True],
        ignore_index=True,
    )
    sums.insert(0, "from_id", ids_at(grids, sums["from"].to_numpy()))
    sums.insert(1, "to_id", ids_at(new_grids, sums["to"].to_numpy()))
    return sums.drop(columns=["from", "to"])


def moved_buildings(
    buildings: gpd.GeoDataFrame | None,
    grids: gpd.GeoDataFrame,
    new_grids: gpd.GeoDataFrame,
    *,
    moved: Moving,
) -> gpd.GeoDataFrame:
    """Return the buildings of the new version that changed grid (`Lookback.moved_buildings`)."""
    geometry = [] if buildings is None else buildings.geometry.array[moved.new_at]
    index = [] if buildings is None else buildings.index[moved.new_at]
    return gpd.GeoDataFrame(
        {
            "from_id": ids_at(grids, moved.from_at),
            "to_id": ids_at(new_grids, moved.to_at),
            "residents": moved.residents,
            "households": moved.households,
        },
        geometry=np.asarray(geometry, dtype=object),
        index=pd.Index(index, name="building_id", dtype=object),
        crs=grids.crs,
    )


def transfers(
    frames: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame],
    kin: Kin,
    pairs: Overlay,
    *,
    min_width_m: float,
) -> gpd.GeoDataFrame:
    """Return the ground of base grids that went to a grid which does not continue them.

    Pieces whose mean width (2·area/perimeter) is below `min_width_m` are left out.
    """
    old, new = frames
    n_new = len(new)
    keys = pairs.old.astype(np.int64) * n_new + pairs.new
    is_kin = np.isin(keys, kin.old.astype(np.int64) * n_new + kin.new)
    is_base = (old["kind"] == _BASE).to_numpy()[pairs.old]
    is_base &= (new["kind"] == _BASE).to_numpy()[pairs.new]
    at = np.flatnonzero(~is_kin & is_base)
    left = np.asarray(old.geometry.array, dtype=object)[pairs.old[at]]
    right = np.asarray(new.geometry.array, dtype=object)[pairs.new[at]]
    piece = _areas(shapely.intersection(left, right))
    width_m = 2 * shapely.area(piece) / np.maximum(shapely.length(piece), 1e-9)
    wide = width_m >= min_width_m
    return gpd.GeoDataFrame(
        {
            "old_id": old.index.to_numpy(dtype=object)[pairs.old[at[wide]]],
            "new_id": new.index.to_numpy(dtype=object)[pairs.new[at[wide]]],
            "area_m2": shapely.area(piece[wide]),
        },
        geometry=piece[wide],
        crs=old.crs,
    )


def _areas(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return the polygons of each shape: lines and points where borders touch fall away."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    polygons = shapely.get_type_id(parts) == _POLYGON
    areas = np.full(len(shapes), shapely.MultiPolygon(), dtype=object)
    shapely.multipolygons(parts[polygons], indices=owner[polygons], out=areas)
    return areas
