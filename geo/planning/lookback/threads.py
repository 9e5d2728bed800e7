"""Heirs and sources of all grids: kind by kind, then those that changed their kind."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from geo.planning.lookback.matching import BY_AREA, BY_ID, Side, Thread, match
from geo.planning.lookback.overlay import Overlay, Positions, Shares

__all__ = ["Grounds", "weave"]

_MAJORITY = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grounds:
    """What n old and m new grids share: all `pairs`, shares by area, shares by people or area."""

    pairs: Overlay
    by_area: Shares
    shared: Shares


def weave(
    old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, sides: tuple[Side, Side], *, grounds: Grounds
) -> Thread:
    """Return heirs and sources of all grids.

    A grid is continued by one of its own kind. By one of another kind only where each covers the
    majority of the other, and the id is the same or nothing else continues either.
    """
    kinds = (old["kind"].to_numpy(dtype=object), new["kind"].to_numpy(dtype=object))
    heir = np.full(len(old), -1, dtype=np.intp)
    source = np.full(len(new), -1, dtype=np.intp)
    how = np.full(len(old), "", dtype=object)

    area = grounds.by_area
    across = kinds[0][area.old] != kinds[1][area.new]
    mutual = across & (area.of_old > _MAJORITY) & (area.of_new > _MAJORITY)
    ids = [np.asarray(side.ids, dtype=object) for side in sides]
    for row in np.flatnonzero(mutual & (ids[0][area.old] == ids[1][area.new])):
        i, j = area.old[row], area.new[row]
        heir[i], source[j], how[i] = j, i, BY_ID
    for kind in sorted(set(kinds[0]) | set(kinds[1])):
        at = (
            np.flatnonzero((kinds[0] == kind) & (heir < 0)),
            np.flatnonzero((kinds[1] == kind) & (source < 0)),
        )
        part = match(_some(sides[0], at[0]), _some(sides[1], at[1]), _within(grounds.shared, at))
        heir[at[0]] = np.where(part.heir >= 0, np.append(at[1], -1)[part.heir], -1)
        source[at[1]] = np.where(part.source >= 0, np.append(at[0], -1)[part.source], -1)
        how[at[0]] = part.how
    for row in np.flatnonzero(mutual):
        i, j = area.old[row], area.new[row]
        if heir[i] < 0 and source[j] < 0 and not (source == i).any() and not (heir == j).any():
            heir[i], source[j], how[i] = j, i, BY_AREA
    return Thread(heir=heir, source=source, how=how)


def _some(side: Side, at: Positions) -> Side:
    return Side(
        ids=[side.ids[i] for i in at],
        names=[side.names[i] for i in at],
        parents=[side.parents[i] for i in at],
    )


def _within(shared: Shares, at: tuple[Positions, Positions]) -> Shares:
    """Return the shares between the things at two lists of positions, counted within these."""
    n_old, n_new = len(shared.by_people_old), int(shared.new.max(initial=-1)) + 1
    place_old = _places(at[0], n_old)
    place_new = _places(at[1], max(n_new, int(at[1].max(initial=-1)) + 1))
    keep = (place_old[shared.old] >= 0) & (place_new[shared.new] >= 0)
    return Shares(
        old=place_old[shared.old[keep]],
        new=place_new[shared.new[keep]],
        of_old=shared.of_old[keep],
        of_new=shared.of_new[keep],
        by_people_old=shared.by_people_old[at[0]],
    )


def _places(at: Positions, n: int) -> npt.NDArray[np.intp]:
    place = np.full(n, -1, dtype=np.intp)
    place[at] = np.arange(len(at))
    return place
