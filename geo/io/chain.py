"""The levels of the units, from the top down."""

from collections.abc import Sequence

import geopandas as gpd
import pandas as pd
import shapely

__all__ = ["level_order", "with_levels"]

_LONGEST_CHAIN = 20


def with_levels(units: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return `units` with a `level` in every row.

    Without a level column the depth in the chain of parents serves: `level_1`, `level_2`, …, or
    `unit` where no unit names another one as its parent.
    """
    if "level" in units.columns and units["level"].notna().all():
        return units
    depth = _depths(units)
    if (depth == 0).all():
        derived = pd.Series("unit", index=units.index, dtype=object)
    else:
        derived = depth.map(lambda n: f"level_{n + 1}").astype(object)
    levels = derived
    if "level" in units.columns:
        levels = units["level"].where(units["level"].notna(), derived)
    return units.assign(level=levels)


def level_order(units: gpd.GeoDataFrame, listed: Sequence[str]) -> tuple[str, ...]:
    """Return the levels of `units` from the top down.

    The order of the project (`listed`) holds; levels that it does not list follow the chain of
    parents, then size.
    """
    present = list(dict.fromkeys(units["level"]))
    depth = _depths(units).groupby(units["level"]).median()
    area = (
        pd.Series(shapely.area(units.geometry.array), index=units.index)
        .groupby(units["level"])
        .mean()
    )
    chained = sorted(
        present, key=lambda name: (depth[name], -area[name] if area[name] > 0 else 0.0)
    )
    known = [name for name in dict.fromkeys(listed) if name in present]
    return (*known, *(name for name in chained if name not in known))


def _depths(units: pd.DataFrame) -> pd.Series:
    """Return how many steps each unit is below the top of its chain of parents."""
    depth = pd.Series(0, index=units.index)
    if "parent_id" not in units.columns:
        return depth
    step = units["parent_id"].where(units["parent_id"].isin(units.index))
    step = step.where(step != units.index)
    at = step
    for _ in range(_LONGEST_CHAIN):
        if at.isna().all():
            break
        depth += at.notna().astype(int)
        at = at.map(step)
    return depth
