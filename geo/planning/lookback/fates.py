"""What became of every grid (contract.md: unchanged, resurveyed, redrawn, split, merged, …)."""

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from geo.planning.lookback.borders import SAME_BORDER_M, border_distance_m, is_within
from geo.planning.lookback.matching import Thread
from geo.planning.lookback.overlay import Floats, Overlay, Positions, Shares

__all__ = [
    "ADJUSTED",
    "FLAGS",
    "NEW_FATES",
    "OLD_FATES",
    "Kin",
    "fates_of",
    "kinship",
    "origins_of",
]

OLD_FATES: Final = ("unchanged", "resurveyed", "redrawn", "split", "merged", "abolished")
"""What becomes of an old grid."""

NEW_FATES: Final = ("new", "carved")
"""What a new grid is that continues no old one."""

ADJUSTED: Final = ("redrawn", "split", "merged", "abolished", *NEW_FATES)
"""The fates that count as adjusted."""

FLAGS: Final = ("recoded", "renamed", "reparented", "rekinded")
"""What else changed of a grid that is one still."""

_MAJORITY: Final = 0.5
_BASE: Final = "base"

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kin:
    """Which new grids continue which old ones.

    `old`, `new`
        The r relations, sorted; each pair once.
    `successor`
        The new grid that stands for an old one: its heir, else the one with most of it; -1: none.
    `is_alone`
        Old grids that are one still: one new grid continues them, and nothing else.
    `n_new`, `n_old`
        How many new grids continue each old one; how many old ones each new one continues.
    """

    old: Positions
    new: Positions
    successor: Positions
    is_alone: Flags
    n_new: npt.NDArray[np.int64]
    n_old: npt.NDArray[np.int64]


def kinship(thread: Thread, shared: Shares) -> Kin:
    """Return the relations that heirs and sources make. O((n + k) log k)."""
    heir, source = thread.heir, thread.source.copy()
    heirs = np.flatnonzero(heir >= 0)
    claims = np.bincount(heir[heirs], minlength=len(source))
    lone = heirs[(claims[heir[heirs]] == 1) & (source[heir[heirs]] < 0)]
    source[heir[lone]] = lone
    sourced = np.flatnonzero(source >= 0)
    pairs = np.unique(
        np.concatenate(
            [
                np.column_stack([heirs, heir[heirs]]),
                np.column_stack([source[sourced], sourced]),
            ]
        ),
        axis=0,
    ).astype(np.intp)
    old, new = pairs[:, 0], pairs[:, 1]
    n_new = np.bincount(old, minlength=len(heir))
    n_old = np.bincount(new, minlength=len(source))
    is_alone = np.zeros(len(heir), dtype=bool)
    is_alone[old[(n_new[old] == 1) & (n_old[new] == 1)]] = True
    return Kin(
        old=old,
        new=new,
        successor=_successors(heir, old, new, shared=shared),
        is_alone=is_alone,
        n_new=n_new,
        n_old=n_old,
    )


def _successors(heir: Positions, old: Positions, new: Positions, *, shared: Shares) -> Positions:
    """Return the heir, else the relation with the largest share."""
    successor = heir.copy()
    open_ = heir[old] < 0
    if not open_.any():
        return successor
    held = dict(
        zip(
            zip(shared.old.tolist(), shared.new.tolist(), strict=True),
            shared.of_old.tolist(),
            strict=True,
        )
    )
    best: dict[int, float] = {}
    for i, j in zip(old[open_].tolist(), new[open_].tolist(), strict=True):
        share = held.get((i, j), 0.0)
        if share > best.get(i, -1.0):
            best[i], successor[i] = share, j
    return successor


def fates_of(
    frames: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame],
    kin: Kin,
    *,
    has_moved: Flags,
    tolerance_m: float,
) -> tuple[npt.NDArray[np.object_], Floats]:
    """Return the fate of each old grid, and how far its border moved (m; missing unless alone).

    Parameters
    ----------
    frames
        n old and m new grids, one CRS in metres.
    has_moved
        Old grids that a building left, or whose successor a building came to, length n.
    tolerance_m
        Borders no further apart are the same, surveyed again.
    """
    old, new = (np.asarray(frame.geometry.array, dtype=object) for frame in frames)
    alone = np.flatnonzero(kin.is_alone)
    moved_m = np.full(len(old), np.nan)
    moved_m[alone] = border_distance_m(old[alone], new[kin.successor[alone]])
    fate = np.full(len(old), "merged", dtype=object)
    fate[kin.n_new == 0] = "abolished"
    fate[kin.n_new > 1] = "split"
    fate[alone] = "redrawn"
    still = kin.is_alone & ~has_moved
    near = np.nan_to_num(moved_m, nan=np.inf)
    fate[still & is_within(near, tolerance_m)] = "resurveyed"
    fate[still & is_within(near, SAME_BORDER_M)] = "unchanged"
    return fate, moved_m


def origins_of(
    frames: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame],
    kin: Kin,
    fate: npt.NDArray[np.object_],
    *,
    pairs: Overlay,
) -> npt.NDArray[np.object_]:
    """Return the origin of each new grid: the fate of what it continues, else `new` or `carved`.

    Carved: a dedicated grid that continues nothing, most of it on ground of old base grids.
    """
    old, new = frames
    origin = np.full(len(new), "new", dtype=object)
    on_base = (old["kind"] == _BASE).to_numpy()[pairs.old]
    ground_m2 = np.bincount(pairs.new[on_base], weights=pairs.area_m2[on_base], minlength=len(new))
    is_dedicated = (new["kind"] != _BASE).to_numpy()
    origin[is_dedicated & (ground_m2 > _MAJORITY * new.area.to_numpy())] = "carved"
    order = np.argsort([OLD_FATES.index(fate[i]) for i in kin.old], kind="stable")
    origin[kin.new[order]] = fate[kin.old[order]]
    return origin
