"""Who moved: buildings of both versions, and the grids they were in and are in."""

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.membership import first_cover
from geo.planning.lookback.overlay import Floats, Overlay, Positions

__all__ = ["Places", "matched_buildings", "places", "residents_of", "weights_on"]

SAME_PLACE_M: Final = 1.0
"""Buildings without a common id are the same when no further apart than this."""

_BASE: Final = "base"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places:
    """b buildings of one version: `residents`, and the base grids at their place (-1: none).

    `in_old`, `in_new`
        Position of the base grid that covers the point in the old and in the new version.
    """

    residents: Floats
    households: Floats
    in_old: Positions
    in_new: Positions


def places(buildings: gpd.GeoDataFrame, old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> Places:
    """Return where the buildings of one version lie in both. O((b + n) log b)."""
    is_base = [(grids["kind"] == _BASE).to_numpy() for grids in (old, new)]
    return Places(
        residents=residents_of(buildings, "residents"),
        households=residents_of(buildings, "households"),
        in_old=first_cover(buildings, old, is_base[0]),
        in_new=first_cover(buildings, new, is_base[1]),
    )


def residents_of(frame: pd.DataFrame, column: str) -> Floats:
    """Return a column of people as numbers; what is missing, or no number, counts as 0."""
    if column not in frame:
        return np.zeros(len(frame))
    values = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    known = np.isfinite(values) & (values > 0)
    return np.asarray(np.where(known, values, 0.0), dtype=np.float64)


def weights_on(pairs: Overlay, found: Places, *, n_new: int) -> Floats:
    """Return the residents on the ground of each pair, length k."""
    both = (found.in_old >= 0) & (found.in_new >= 0)
    lived = (
        pd.Series(found.residents[both])
        .groupby(found.in_old[both].astype(np.int64) * n_new + found.in_new[both])
        .sum()
    )
    keys = pairs.old.astype(np.int64) * n_new + pairs.new
    return np.asarray(lived.reindex(keys).fillna(0.0), dtype=np.float64)


def matched_buildings(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> npt.NDArray[np.intp]:
    """Return the position in `new` of each old building, -1 where it is gone.

    By id, else by place within `SAME_PLACE_M`. An id that stands elsewhere now, while both places
    hold a building of another id in the other version, was given again: then the place decides.
    """
    at_old, at_new = (shapely.get_coordinates(frame.geometry.array) for frame in (old, new))
    chosen: npt.NDArray[np.intp] = new.index.get_indexer(old.index).astype(np.intp)
    known = np.flatnonzero(chosen >= 0)
    gap_m = np.hypot(*(at_old[known] - at_new[chosen[known]]).T)
    far = known[gap_m > SAME_PLACE_M]
    if len(far):
        taken = _near(new, old.geometry.array[far]) & _near(old, new.geometry.array[chosen[far]])
        chosen[far[taken]] = -1
    _match_by_place(old, new, chosen)
    return chosen


def _near(frame: gpd.GeoDataFrame, points: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Return which `points` have a building of `frame` at their place."""
    tree = shapely.STRtree(frame.geometry.array)
    at, _ = tree.query(points, predicate="dwithin", distance=SAME_PLACE_M)
    found = np.zeros(len(np.asarray(points, dtype=object)), dtype=bool)
    found[at] = True
    return found


def _match_by_place(
    old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, chosen: npt.NDArray[np.intp]
) -> None:
    """Match, in place, what no id matched; the nearest pairs first."""
    lone_old = np.flatnonzero(chosen < 0)
    lone_new = np.setdiff1d(np.arange(len(new)), chosen)
    if not len(lone_old) or not len(lone_new):
        return
    points = new.geometry.array[lone_new]
    i, j = shapely.STRtree(points).query(
        old.geometry.array[lone_old], predicate="dwithin", distance=SAME_PLACE_M
    )
    gap_m = shapely.distance(old.geometry.array[lone_old[i]], points[j])
    used = np.zeros(len(lone_new), dtype=bool)
    for row in np.lexsort((j, i, gap_m)):
        if chosen[lone_old[i[row]]] < 0 and not used[j[row]]:
            chosen[lone_old[i[row]]] = lone_new[j[row]]
            used[j[row]] = True
