"""A proposal of one net: each face goes to the grid that most nets put it with.

Every net has one voice, the base grids have one. A net speaks for a grid where that grid's main
polygon in it (the one with most of the grid's weight) is the polygon that the face is in. A face
moves only to a grid beside it, under the same parent, that more voices speak for than for its own;
moves that would tear a grid apart are taken back.
"""

from collections.abc import Sequence
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.grids.borders import neighbours
from geo.grids.nets.refinement import BASE_NET, net_column

__all__ = ["propose_one_net"]

_MIN_BORDER_M: Final = 1.0
_ROUNDS: Final = 50

Texts = npt.NDArray[np.object_]


def propose_one_net(
    faces: gpd.GeoDataFrame,
    grids: gpd.GeoDataFrame,
    weight: pd.Series,
    *,
    nets: Sequence[str],
) -> tuple[pd.Series, gpd.GeoDataFrame]:
    """Return the grid that each face is proposed for, and the net that comes of it.

    Parameters
    ----------
    faces
        From `refinement`; slivers stay where they are.
    grids
        Base grids, `parent_id` where known.
    weight
        How much each face counts, on its index.
    nets
        Names, the base grids (`grids`) among them.

    Returns
    -------
    proposed, net
        `proposed_grid_id` on the index of `faces`, None outside of all base grids; the base grids
        as proposed, id as index: `name`, `parent_id` where known, `area_m2`, `old_area_m2`,
        `weight`, `old_weight`, `status` (`changed`, or `unchanged` with its geometry to the last
        digit).
    """
    own = faces["grid_id"].to_numpy(dtype=object)
    edges = _edges(faces)
    wanted = _wanted(faces, grids, weight, nets=nets, edges=edges)
    proposed = _held_together(own, wanted, edges)
    column = pd.Series(proposed, index=faces.index, name="proposed_grid_id", dtype=object)
    return column, _net(faces, grids, weight, proposed=column)


def _edges(faces: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return pairs of faces with a common border, both ways round: `face, other, border_m`."""
    if len(faces) == 0:
        return pd.DataFrame({"face": [], "other": [], "border_m": []}, dtype=int)
    borders = neighbours(faces, sliver_width_m=0.0, min_border_m=_MIN_BORDER_M)
    left, right = borders["left_at"].to_numpy(), borders["right_at"].to_numpy()
    return pd.DataFrame(
        {
            "face": np.concatenate([left, right]),
            "other": np.concatenate([right, left]),
            "border_m": np.tile(borders["border_m"].to_numpy(float), 2),
        }
    )


def _wanted(
    faces: gpd.GeoDataFrame,
    grids: gpd.GeoDataFrame,
    weight: pd.Series,
    *,
    nets: Sequence[str],
    edges: pd.DataFrame,
) -> Texts:
    """Return the grid that most nets put each face with; its own where voices are equal."""
    own = faces["grid_id"].to_numpy(dtype=object)
    offers = edges.assign(grid=own[edges["other"]], own=own[edges["face"]])
    offers = offers[offers["grid"].notna() & offers["own"].notna()]
    offers = offers[~faces["is_sliver"].to_numpy()[offers["face"]]]
    offers = offers[offers["grid"] != offers["own"]]
    if "parent_id" in grids:
        parent = grids["parent_id"].to_dict()
        same = offers["grid"].map(parent) == offers["own"].map(parent)
        offers = offers[same | offers["own"].map(parent).isna()]
    border_m = offers.groupby(["face", "grid", "own"], as_index=False)["border_m"].sum()
    gain = np.full(len(border_m), -1)
    for net in nets:
        if net == BASE_NET:
            continue
        main = _main_polygons(faces, weight, net)
        here = faces[net_column(net)].to_numpy(dtype=object)[border_m["face"]]
        gain += _speaks(border_m["grid"], main, here) - _speaks(border_m["own"], main, here)
    better = border_m.assign(gain=gain)[gain > 0]
    better = better.sort_values(
        ["face", "gain", "border_m", "grid"], ascending=[True, False, False, True]
    ).drop_duplicates("face")
    wanted: Texts = own.copy()
    wanted[better["face"].to_numpy(dtype=int)] = better["grid"]
    return wanted


def _speaks(grid: pd.Series, main: pd.Series, here: Texts) -> npt.NDArray[np.int_]:
    """Return 1 where the main polygon of `grid` is the one that the face is in, else 0."""
    polygon = grid.map(main.to_dict()).to_numpy(dtype=object)
    return np.array(
        [int(a is not None and a == b) for a, b in zip(polygon, here, strict=True)], dtype=int
    )


def _main_polygons(faces: gpd.GeoDataFrame, weight: pd.Series, net: str) -> pd.Series:
    """Return for each base grid the polygon of `net` with most of its weight, then of its area."""
    column = net_column(net)
    table = faces[["grid_id", column, "area_m2"]].assign(weight=weight)
    sums = table.dropna().groupby(["grid_id", column], as_index=False)[["weight", "area_m2"]].sum()
    order = sums.sort_values(
        ["grid_id", "weight", "area_m2", column], ascending=[True, False, False, True]
    )
    main: pd.Series = order.drop_duplicates("grid_id").set_index("grid_id")[column]
    return main


def _held_together(own: Texts, wanted: Texts, edges: pd.DataFrame) -> Texts:
    """Return `wanted` with the moves taken back that leave a grid in more parts than before."""
    before = _n_parts(own, edges)
    now = wanted.copy()
    for _ in range(_ROUNDS):
        after = _n_parts(now, edges)
        torn = {grid for grid, n in after.items() if n > before.get(grid, 0)}
        gone = set(before) - set(after)
        is_moved = now != own
        back = is_moved & (np.isin(now, list(torn)) | np.isin(own, list(torn | gone)))
        if not back.any():
            return now
        now[back] = own[back]
    return own.copy()


def _n_parts(owner: Texts, edges: pd.DataFrame) -> dict[str, int]:
    """Return in how many connected parts each grid is."""
    same = edges[owner[edges["face"]] == owner[edges["other"]]]
    graph = coo_array(
        (np.ones(len(same)), (same["face"].to_numpy(int), same["other"].to_numpy(int))),
        shape=(len(owner), len(owner)),
    )
    part = connected_components(graph, directed=False)[1]
    table = pd.DataFrame({"grid": owner, "part": part}).dropna()
    counts = table.groupby("grid")["part"].nunique()
    return {str(grid): int(n) for grid, n in counts.items()}


def _net(
    faces: gpd.GeoDataFrame, grids: gpd.GeoDataFrame, weight: pd.Series, *, proposed: pd.Series
) -> gpd.GeoDataFrame:
    own = faces["grid_id"]
    is_moved = proposed.notna() & (proposed != own)
    changed = sorted(set(own[is_moved]) | set(proposed[is_moved]))
    geometry = grids.geometry.copy()
    for grid in changed:
        drawn = shapely.union_all(faces.geometry.array[(proposed == grid).to_numpy()])
        geometry.loc[grid] = drawn
    kept = [name for name in ("name", "parent_id") if name in grids]
    net = gpd.GeoDataFrame(grids[kept].copy(), geometry=geometry, crs=grids.crs)
    net["old_area_m2"] = grids.geometry.area
    net["area_m2"] = net.geometry.area
    net["old_weight"] = weight.groupby(own).sum().reindex(net.index, fill_value=0.0)
    net["weight"] = weight.groupby(proposed).sum().reindex(net.index, fill_value=0.0)
    net["status"] = np.where(net.index.isin(changed), "changed", "unchanged")
    order = [*kept, "area_m2", "old_area_m2", "weight", "old_weight", "status", "geometry"]
    return net[order]
