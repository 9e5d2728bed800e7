"""Whose grid is this? Point to grid, the units above it, and its team by role."""

from typing import Any

import geopandas as gpd
import pandas as pd

from geo.layers import Layers, ancestors
from geo.membership import assign_to_grids

__all__ = ["locate"]


def locate(points: gpd.GeoDataFrame, layers: Layers) -> pd.DataFrame:
    """Return what governs each of n points.

    Parameters
    ----------
    points
        n points in the working CRS (m), unique index.
    layers
        The city; base grids only are looked at.

    Returns
    -------
    found
        On the index of `points`: `grid_id` (None in no grid), `name`, `units` (a list of
        `{unit_id, level, name}` from the lowest up), `team` (role to number of people; no
        person's data).

    Raises
    ------
    CRSError
        If the points are in another CRS.
    LayerError
        If a geometry is not a point.

    Notes
    -----
    O((n + g) log n) for g grids.
    """
    grid_ids = assign_to_grids(points, layers.grids)
    places = {grid: _place(grid, layers) for grid in grid_ids.dropna().unique()}
    nowhere: dict[str, Any] = {"name": None, "units": [], "team": {}}
    rows = [{"grid_id": grid, **places.get(grid, nowhere)} for grid in grid_ids]
    return pd.DataFrame(rows, index=points.index, columns=["grid_id", *nowhere])


def _place(grid: str, layers: Layers) -> dict[str, Any]:
    """Return name, units and team of one grid."""
    return {
        "name": _value(layers.grids, grid, "name"),
        "units": _units(grid, layers),
        "team": _team(grid, layers),
    }


def _units(grid: str, layers: Layers) -> list[dict[str, Any]]:
    units = layers.units
    if units is None:
        return []
    above = ancestors(layers.grids.loc[[grid]], units)["unit_id"]
    return [
        {
            "unit_id": unit,
            "level": _value(units, unit, "level"),
            "name": _value(units, unit, "name"),
        }
        for unit in above
    ]


def _team(grid: str, layers: Layers) -> dict[str, int]:
    staff = layers.staff
    if staff is None or not {"role", "grid_id"} <= set(staff.columns):
        return {}
    roles = staff.loc[staff["grid_id"] == grid, "role"].value_counts()
    return {str(role): int(n) for role, n in roles.items()}


def _value(frame: pd.DataFrame, row: str, column: str) -> str | None:
    if column not in frame:
        return None
    value: Any = frame.at[row, column]  # noqa: PD008
    return None if pd.isna(value) else str(value)
