"""What the parents of the old grids are called in the new version."""

from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.layers import Layers
from geo.planning.lookback.matching import Side, match
from geo.planning.lookback.overlay import Shares, overlay, shares

__all__ = ["parents_by_grids", "successor_units", "texts"]

_MAJORITY: Final = 0.5


def successor_units(old: Layers, new: Layers) -> dict[str, str]:
    """Return the unit that continues each old unit, by id; those without one are left out.

    Matched level by level from the top, each by id, by name below the same parent, and by ground;
    levels are those of the same name, else of the same place in the chain.
    """
    found: dict[str, str] = {}
    if old.units is None or new.units is None:
        return found
    for before, after in _levels(old, new):
        left = old.units[old.units["level"] == before]
        right = new.units[new.units["level"] == after]
        thread = match(_side(left, found), _side(right, None), _area_shares(left, right))
        found |= {
            str(left.index[i]): str(right.index[j]) for i, j in enumerate(thread.heir) if j >= 0
        }
    return found


def parents_by_grids(
    old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, shared: Shares, *, known: Mapping[str, str]
) -> dict[str, str]:
    """Return the new code of each old parent code, where no layer of units tells it.

    A code that both versions use is itself; any other is the code that the majority of its grids
    has now, if the majority of that one's grids comes from it.
    """
    before, after = texts(old, "parent_id"), texts(new, "parent_id")
    still = set(after) - {None}
    found = dict(known)
    found |= {code: code for code in before if code and code in still and code not in known}
    mutual = (shared.of_old > _MAJORITY) & (shared.of_new > _MAJORITY)
    votes = pd.DataFrame(
        {
            "before": [before[i] for i in shared.old[mutual]],
            "after": [after[j] for j in shared.new[mutual]],
        },
        dtype=object,
    ).dropna()
    votes = votes[~votes["before"].isin(found)]
    counts = votes.value_counts().rename("n").reset_index()
    counts["of_before"] = counts["n"] / counts.groupby("before")["n"].transform("sum")
    counts["of_after"] = counts["n"] / counts.groupby("after")["n"].transform("sum")
    sure = counts[(counts["of_before"] > _MAJORITY) & (counts["of_after"] > _MAJORITY)]
    return found | dict(zip(sure["before"], sure["after"], strict=True))


def texts(frame: pd.DataFrame, column: str) -> list[str | None]:
    """Return a column as stripped text; None where it is missing, empty, or no column at all."""
    if column not in frame:
        return [None] * len(frame)
    values = [
        None if gone else str(value).strip()
        for value, gone in zip(frame[column], frame[column].isna(), strict=True)
    ]
    return [value or None for value in values]


def _levels(old: Layers, new: Layers) -> list[tuple[str, str]]:
    if set(old.levels) & set(new.levels):
        return [(level, level) for level in old.levels if level in new.levels]
    return list(zip(old.levels[::-1], new.levels[::-1], strict=False))[::-1]


def _side(units: gpd.GeoDataFrame, above: Mapping[str, str] | None) -> Side:
    """Return the names of `units`; `above` translates their parents."""
    parents = texts(units, "parent_id")
    if above is not None:
        parents = [None if code is None else above.get(code, code) for code in parents]
    ids = [str(label) for label in units.index]
    return Side(ids=ids, names=texts(units, "name"), parents=parents)


def _area_shares(left: gpd.GeoDataFrame, right: gpd.GeoDataFrame) -> Shares:
    areas = tuple(
        np.nan_to_num(shapely.area(np.asarray(frame.geometry.array, dtype=object)))
        for frame in (left, right)
    )
    return shares(overlay(left, right), (areas[0], areas[1]))
