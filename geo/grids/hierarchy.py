"""Grids and the units above them: H301, H302, H303, H305."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.findings import Report, findings_frame
from geo.grids.names import display_names
from geo.grids.parents import has_parent_id, parent_positions
from geo.grids.places import shared_areas
from geo.layers import (
    require_columns,
    require_metric,
    require_polygons,
    require_same_crs,
    require_unique_ids,
)

__all__ = ["find_hierarchy_faults"]

_TIE: Final = 1e-6
"""Two shared areas that differ by less than this share of the grid are equal."""

Rows = Iterator[Mapping[str, Any]]


def find_hierarchy_faults(
    grids: gpd.GeoDataFrame, units: gpd.GeoDataFrame | None, levels: Sequence[str]
) -> Report:
    """Report grids without a parent, with an unknown or a wrong one, and units without grids.

    Parameters
    ----------
    grids
        n polygons of both kinds, projected CRS in metres; `parent_id` where the source has it.
    units
        Units of all levels with `level`; rows without a polygon are allowed.
    levels
        Levels from the top down; the last is the lowest.

    Returns
    -------
    report
        H301: no parent id. H302: no unit has that id. H303: of the units of the parent's level
        another one shares the largest area with the grid (a tie is no finding; `measure` is the
        share of the grid inside its parent by code); grids whose parent has no polygon, or that
        lie outside all units of that level, are not judged. H305: a unit of the lowest level that
        no grid names and in which no grid lies, or one above it that has no unit below either.

    Raises
    ------
    CRSError, LayerError
        If a frame is not in metres, the two differ in CRS, `units` lacks `level`, or `grids` holds
        no polygon in a row.
    """
    require_metric(grids, "grids")
    require_polygons(grids, "grids")
    if units is not None and len(units):
        require_columns(units, ["level"], "units")
        require_same_crs({"grids": grids, "units": units})
        require_unique_ids(units, "units")
    else:
        units = None
    rows: list[Mapping[str, Any]] = []
    has_codes = "parent_id" in grids
    if has_codes:
        rows += _without_parent(grids)
    if units is not None:
        place = _parents_by_place(grids, units)
        if has_codes:
            rows += _unknown_parent(grids, units)
            rows += _wrong_parent(grids, units, place)
        rows += _units_without_grids(grids, units, place, levels=levels)
    return Report(
        findings=findings_frame(rows, grids.crs), skipped=_skipped(units, has_codes=has_codes)
    )


def _skipped(units: gpd.GeoDataFrame | None, *, has_codes: bool) -> dict[str, str]:
    skipped: dict[str, str] = {}
    if units is None:
        skipped = dict.fromkeys(("H302", "H303", "H305"), "audit.skip_no_units")
    elif not units.geometry.notna().any():
        skipped = {"H303": "audit.skip_no_unit_polygons"} | (
            {} if has_codes else {"H305": "audit.skip_no_parent_ids"}
        )
    if not has_codes:
        skipped |= dict.fromkeys(("H301", "H302", "H303"), "audit.skip_no_parent_ids")
    return skipped


def _without_parent(grids: gpd.GeoDataFrame) -> Rows:
    for at in np.flatnonzero(~has_parent_id(grids)):
        yield _grid_row("H301", grids, at)


def _unknown_parent(grids: gpd.GeoDataFrame, units: gpd.GeoDataFrame) -> Rows:
    unknown = has_parent_id(grids) & (parent_positions(grids, units) < 0)
    for at in np.flatnonzero(unknown):
        yield {
            **_grid_row("H302", grids, at),
            "details": {"parent_id": str(grids["parent_id"].iloc[at])},
        }


def _parents_by_place(grids: gpd.GeoDataFrame, units: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return `grid, unit, level, share` of all shared areas, and which is largest of its level."""
    shared = shared_areas(grids, units)
    shared["level"] = units["level"].to_numpy()[shared["unit"]]
    largest = shared.groupby(["grid", "level"])["area_m2"].transform("max")
    whole = grids.geometry.area.to_numpy()[shared["grid"]]
    shared["is_largest"] = shared["area_m2"] >= largest - _TIE * whole
    shared["share"] = shared["area_m2"] / whole
    return shared


def _wrong_parent(grids: gpd.GeoDataFrame, units: gpd.GeoDataFrame, place: pd.DataFrame) -> Rows:
    coded = parent_positions(grids, units)
    has_place = units.geometry.notna().to_numpy() & ~units.geometry.is_empty.to_numpy()
    judged = (coded >= 0) & has_place[coded]
    level = units["level"].to_numpy()
    names = display_names(units)
    rows = place[judged[place["grid"]]]
    rows = rows[rows["level"].to_numpy() == level[coded[rows["grid"]]]]
    mine = rows[rows["unit"].to_numpy() == coded[rows["grid"]]].set_index("grid")
    best = rows[rows["is_largest"]].sort_values(["grid", "unit"])
    right = set(mine.index[mine["is_largest"]])
    for row in best.drop_duplicates("grid").itertuples():
        if row.grid in right:
            continue
        parent, lies_in = units.index[coded[row.grid]], units.index[row.unit]
        yield {
            **_grid_row("H303", grids, row.grid),
            "unit_ids": (parent, lies_in),
            "measure": mine["share"].get(row.grid, 0.0),
            "details": {
                "parent": names.get(parent, parent),
                "place": names.get(lies_in, lies_in),
                "place_share": row.share,
            },
        }


def _units_without_grids(
    grids: gpd.GeoDataFrame,
    units: gpd.GeoDataFrame,
    place: pd.DataFrame,
    *,
    levels: Sequence[str],
) -> Rows:
    """Units that no grid names or lies in; above the lowest level also no unit names."""
    has_places = units.geometry.notna().any()
    if "parent_id" not in grids and not has_places:
        return
    used = np.zeros(len(units), dtype=bool)
    used[place.loc[place["is_largest"], "unit"].to_numpy(np.intp)] = True
    if "parent_id" in grids:
        coded = parent_positions(grids, units)
        used[coded[coded >= 0]] = True
    if "parent_id" in units:
        above = parent_positions(units, units)
        used[above[above >= 0]] = True
    elif len(levels):
        used |= (units["level"] != levels[-1]).to_numpy()
    for at in np.flatnonzero(~used):
        yield {
            "rule": "H305",
            "layer": "units",
            "unit_ids": (units.index[at],),
            "geometry": units.geometry.array[at],
            "details": {"level": units["level"].iloc[at]},
        }


def _grid_row(rule: str, grids: gpd.GeoDataFrame, at: np.intp) -> dict[str, Any]:
    return {
        "rule": rule,
        "layer": "grids",
        "grid_ids": (grids.index[at],),
        "geometry": grids.geometry.array[at],
    }
