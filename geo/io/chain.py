"""The levels of the units, from the top down, and the chain of parents through them."""

from collections.abc import Sequence

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import CRS

from geo.codes import code_scheme
from geo.io.hierarchy import Branch, find_parents, tell_apart
from geo.io.project import Project

__all__ = ["level_order", "related_units", "with_geometry", "with_levels"]

_LONGEST_CHAIN = 20


def related_units(
    branches: Sequence[Branch], project: Project, crs: CRS
) -> tuple[gpd.GeoDataFrame | None, tuple[str, ...]]:
    """Return all units in one frame, keyed by unique ids, and their levels from the top down.

    Ids that repeat across levels are told apart, and `parent_id` of units and grids is filled in
    the way the project says: the branches are changed in place.
    """
    units = [branch for branch in branches if branch.spec.schema == "units"]
    schemes = {name: code_scheme(code) for name, code in project.codes.items()}
    grids = [branch for branch in branches if branch.spec.schema == "grids"]
    joined: gpd.GeoDataFrame | None = None
    levels: tuple[str, ...] = ()
    if units:
        listed = [*project.levels, *(each.spec.level for each in units if each.spec.level)]
        others = [each for each in branches if each.spec.schema in ("grids", "staff")]
        tell_apart(units, others, listed)
        joined = _joined(units, crs)
        levels = level_order(joined, project.levels, in_file=listed)
        for branch in units:
            ids = branch.ids[branch.frame.index]
            branch.frame["level"] = pd.Series(ids.map(joined["level"]), index=branch.frame.index)
    for branch in [*units, *grids]:
        find_parents(branch, joined, levels=levels, schemes=schemes)
    return (_joined(units, crs) if units else None), levels


def _joined(units: Sequence[Branch], crs: CRS) -> gpd.GeoDataFrame:
    parts = []
    for branch in units:
        index = pd.Index(branch.ids[branch.frame.index], name="unit_id", dtype=object)
        parts.append(with_geometry(branch.frame.set_axis(index), crs))
    joined = parts[0] if len(parts) == 1 else pd.concat(parts)
    frame = with_levels(gpd.GeoDataFrame(joined, geometry="geometry", crs=crs))
    frame.index.name = "unit_id"
    return frame


def with_geometry(frame: pd.DataFrame, crs: CRS) -> gpd.GeoDataFrame:
    """Return a table with a geometry column, missing throughout; a placed frame as it is."""
    if isinstance(frame, gpd.GeoDataFrame):
        return frame
    missing = gpd.GeoSeries([None] * len(frame), index=frame.index, crs=crs)
    return gpd.GeoDataFrame(frame, geometry=missing)


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


def level_order(
    units: gpd.GeoDataFrame, listed: Sequence[str], *, in_file: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the levels of `units` from the top down.

    The project's `levels` (`listed`) hold; levels that it does not list follow the chain of
    parents, then the order of the layers in the project file (`in_file`), the length of the ids,
    and size.
    """
    present = list(dict.fromkeys(units["level"]))
    depth = _depths(units).groupby(units["level"]).median()
    area = (
        pd.Series(shapely.area(units.geometry.array), index=units.index)
        .groupby(units["level"])
        .mean()
    )
    names = pd.Series(units.index.astype(str).str.len(), index=units.index)
    length = names.groupby(units["level"]).median()
    placed = {name: n for n, name in reversed(list(enumerate(in_file)))}
    chained = sorted(
        present,
        key=lambda name: (
            depth[name],
            placed.get(name, len(placed)),
            length[name],
            -area[name] if area[name] > 0 else 0.0,
        ),
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
