"""Which buildings changed grid, and how many people that is."""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.planning.lookback.borders import SAME_BORDER_M
from geo.planning.lookback.fates import Flags, Kin
from geo.planning.lookback.overlay import Floats, Positions
from geo.planning.lookback.people import Places, matched_buildings, residents_of

__all__ = ["Moving", "headcount", "moving", "nobody_known"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moving:
    """m buildings that are in both versions and not in the successor of their old base grid.

    `old_at`, `new_at`
        Their positions in the two layers of buildings.
    `from_at`, `to_at`
        Positions of the old and the new base grid; -1: in none now.
    `residents`, `households`
        Who moved with them: no more than were there before and are there now.
    `has_moved`
        Old grids that a building left, or whose successor one came to, length n. Buildings belong
        to base grids alone.
    """

    old_at: Positions
    new_at: Positions
    from_at: Positions
    to_at: Positions
    residents: Floats
    households: Floats
    has_moved: Flags


def moving(
    buildings: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame],
    found: tuple[Places, Places],
    *,
    kin: Kin,
    new: gpd.GeoDataFrame,
) -> Moving:
    """Return the buildings that changed grid.

    Parameters
    ----------
    buildings, found
        The buildings of the old and the new version, and where each lies in both.
    kin
        Successors of the n old grids.
    new
        The new grids: a building no further than 0.1 m from the successor has not moved.
    """
    mate = matched_buildings(*buildings)
    old_at = np.flatnonzero(mate >= 0)
    new_at = mate[old_at]
    points = np.asarray(buildings[1].geometry.array, dtype=object)[new_at]
    grids = np.asarray(new.geometry.array, dtype=object)
    before, after = found
    has_moved = np.zeros(len(kin.successor), dtype=bool)
    from_at, to_at = before.in_old[old_at], after.in_new[new_at]
    moved = _left(from_at, to_at, kin, points=points, grids=grids)
    has_moved[from_at[moved]] = True
    gained = np.zeros(len(new) + 1, dtype=bool)
    gained[to_at[moved][to_at[moved] >= 0]] = True
    has_moved |= gained[kin.successor]
    return Moving(
        old_at=old_at[moved],
        new_at=new_at[moved],
        from_at=from_at[moved],
        to_at=to_at[moved],
        residents=np.minimum(before.residents[old_at[moved]], after.residents[new_at[moved]]),
        households=np.minimum(before.households[old_at[moved]], after.households[new_at[moved]]),
        has_moved=has_moved,
    )


def nobody_known(n_old: int) -> Moving:
    """Return that nothing is known of any building."""
    none = np.zeros(0, dtype=np.intp)
    return Moving(
        old_at=none,
        new_at=none,
        from_at=none,
        to_at=none,
        residents=np.zeros(0),
        households=np.zeros(0),
        has_moved=np.zeros(n_old, dtype=bool),
    )


def headcount(
    buildings: tuple[gpd.GeoDataFrame | None, gpd.GeoDataFrame | None],
    grids: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame],
    moved: Moving,
) -> Mapping[str, float | None]:
    """Return `before, after, moved, gone, new`: before = after + gone - new.

    Of all buildings of the two layers: what a building has more or less counts as new or gone, and
    so does one that is in one version only. Without residents of buildings, of the base grids'
    own figures: then only the difference is known, and `moved` is None. All None where nothing is.
    """
    old, new = buildings
    if old is not None and new is not None and _has_residents(old) and _has_residents(new):
        before, after = residents_of(old, "residents"), residents_of(new, "residents")
        mate = matched_buildings(old, new)
        both = np.flatnonzero(mate >= 0)
        change = after[mate[both]] - before[both]
        came = np.setdiff1d(np.arange(len(new)), mate)
        return {
            "before": _total(before),
            "after": _total(after),
            "moved": _total(moved.residents),
            "gone": _total(before[mate < 0]) + _total(-change[change < 0]),
            "new": _total(after[came]) + _total(change[change > 0]),
        }
    own = [frame[frame["kind"] == "base"] for frame in grids]
    if not all(_has_residents(frame) for frame in own):
        return dict.fromkeys(("before", "after", "moved", "gone", "new"))
    total, now = (_total(residents_of(frame, "residents")) for frame in own)
    gone, come = max(total - now, 0.0), max(now - total, 0.0)
    return {"before": total, "after": now, "moved": None, "gone": gone, "new": come}


def _left(
    from_at: Positions,
    to_at: Positions,
    kin: Kin,
    *,
    points: npt.NDArray[np.object_],
    grids: npt.NDArray[np.object_],
) -> npt.NDArray[np.intp]:
    """Return which buildings are not in the successor of their old grid, nor at its very border."""
    successor = np.where(from_at >= 0, kin.successor[from_at], -1)
    away = np.flatnonzero((from_at >= 0) & ((to_at != successor) | (to_at < 0)))
    known = successor[away] >= 0
    near = np.zeros(len(away), dtype=bool)
    near[known] = shapely.dwithin(grids[successor[away[known]]], points[away[known]], SAME_BORDER_M)
    return away[~near]


def _has_residents(frame: pd.DataFrame) -> bool:
    return "residents" in frame and bool(frame["residents"].notna().any())


def _total(values: npt.NDArray[np.float64]) -> float:
    return float(values.sum())
