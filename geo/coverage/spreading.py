"""Totals of areas spread over their buildings (dasymetric mapping), totals conserved.

A grid that tells how many live in it shares them out over its buildings that do not say so
themselves; then each unit, from the lowest level up, over what is left. By floor space (footprint ×
floors), by the footprint where some floors are not known, or by count where some footprint is not.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.layers import OUTLINE, Layers, ancestors
from geo.membership import first_cover
from geo.words import LANGUAGES, text

__all__ = ["SPREAD", "can_spread", "spread", "spread_totals", "spreading_notes"]

SPREAD: Final = ("residents", "households", "outdoor_workers")
"""The figures of grids and units that are spread."""

_SURE: Final = 1e-9

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]


def spread(totals: Floats, area_at: Positions, size: Floats) -> Floats:
    """Return each building's part of its area's total, by size.

    Parameters
    ----------
    totals
        Total of each area, shape (a,), 0 or more.
    area_at
        The area of each of k buildings, shape (k,); -1 for none, which gives 0.
    size
        Size of each building, shape (k,), 0 or more. Where all sizes of an area are 0 they count
        as equal.

    Notes
    -----
    O(k + a). The parts of an area with a building add up to its total, but for rounding.
    """
    inside = area_at >= 0
    at, n = area_at[inside], len(totals)
    mine = size[inside]
    mine = np.where(np.bincount(at, weights=mine, minlength=n)[at] > 0, mine, 1.0)
    part = np.zeros(len(area_at))
    part[inside] = totals[at] * mine / np.bincount(at, weights=mine, minlength=n)[at]
    return part


def can_spread(layers: Layers) -> bool:
    """Return True where grids or units tell people of whom the buildings tell nothing."""
    buildings = layers.buildings
    if buildings is None or len(buildings) == 0:
        return False
    told = any(name in buildings and (buildings[name] > 0).any() for name in SPREAD[:2])
    return not told and any(
        name in frame and (_numbers(frame, name) > 0).any()
        for frame in (layers.grids, layers.units)
        if frame is not None
        for name in SPREAD[:2]
    )


def spreading_notes(layers: Layers) -> tuple[dict[str, str], ...]:
    """Return the advice to spread totals where that would tell where people live."""
    if not can_spread(layers):
        return ()
    return ({language: text("coverage.can_spread", language) for language in LANGUAGES},)


def spread_totals(
    layers: Layers, *, by_count: bool = False, columns: tuple[str, ...] = SPREAD
) -> tuple[Layers, tuple[dict[str, str], ...]]:
    """Return `layers` with what grids and units tell spread over the buildings, and what to say.

    Parameters
    ----------
    layers
        Buildings may have `outline` (polygons) and `floors`. What a building tells itself stays; an
        area shares out what is left of its total.
    by_count
        Every building counts the same, whatever its size.
    columns
        The figures to spread, of `SPREAD`.

    Returns
    -------
    layers, messages
        The given layers where there is nothing to spread. Messages, each by language, tell how
        many were spread and how many could not be: their area has no building left to live in.

    Notes
    -----
    O((k + n) log k) for k buildings and n grids, once for each level.
    """
    buildings = layers.buildings
    if buildings is None or len(buildings) == 0:
        return layers, ()
    is_base = (layers.grids["kind"] == "base").to_numpy()
    grid_at = first_cover(buildings, layers.grids, is_base)
    sizes = _Sizes.of(buildings, by_count=by_count)
    changed, notes = buildings.copy(), []
    for column in columns:
        given = _numbers(buildings, column)
        levels = _areas(layers, column)
        values, spread_out, left = _filled(given, grid_at, sizes, levels=levels)
        if spread_out > 0:
            changed[column] = values
        if spread_out > 0 or left > 0:
            notes.append(_message(column, spread_out, left))
    return replace(layers, buildings=changed), tuple(notes)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sizes:
    """Floor space and footprint of each building (m²), NaN where not known."""

    floor_m2: Floats
    footprint_m2: Floats

    @classmethod
    def of(cls, buildings: gpd.GeoDataFrame, *, by_count: bool) -> "_Sizes":
        nothing = np.full(len(buildings), np.nan)
        footprint = nothing
        if OUTLINE in buildings and not by_count:
            drawn = buildings[OUTLINE].to_numpy(dtype=object)
            footprint = np.where(shapely.is_missing(drawn), np.nan, shapely.area(drawn))
        floors = _numbers(buildings, "floors") if "floors" in buildings else nothing
        floors = np.where(floors > 0, floors, np.nan)
        return cls(floor_m2=footprint * floors, footprint_m2=footprint)

    def within(self, area_at: Positions, n_areas: int) -> Floats:
        """Return the size of each building by what is known of all buildings of its area."""
        size = np.ones(len(area_at))
        inside = area_at >= 0
        for known in (self.footprint_m2, self.floor_m2):
            lacks = inside & ~(known > 0)
            has_all = np.bincount(area_at[lacks], minlength=n_areas) == 0
            use = inside & has_all[area_at]
            size[use] = known[use]
        return size


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Areas:
    """The areas of one level: the area of each grid (-1: none), and their totals (NaN: untold)."""

    of_grid: Positions
    totals: Floats


def _filled(
    given: Floats, grid_at: Positions, sizes: _Sizes, *, levels: Iterator[_Areas]
) -> tuple[Floats, float, float]:
    """Return the figure of each building, how many were spread, and how many found no building."""
    values, spread_out = given.copy(), 0.0
    homeless: Floats | None = None
    for areas in levels:
        n, totals = len(areas.totals), areas.totals
        if homeless is None:
            homeless = np.zeros(len(areas.of_grid))
        area_at = np.append(areas.of_grid, -1)[grid_at]
        known = _sums(area_at, np.nan_to_num(values), n)
        rest = totals - known - _sums(areas.of_grid, homeless, n)
        rest = np.where(rest > _SURE * np.maximum(totals, 1.0), rest, 0.0)
        open_at = np.where(np.isnan(values) & (totals >= 0)[area_at], area_at, -1)
        is_open = _sums(open_at, np.ones(len(open_at)), n) > 0
        part = spread(np.where(is_open, rest, 0.0), open_at, sizes.within(open_at, n))
        values = np.where(open_at >= 0, part, values)
        spread_out += float(rest[is_open].sum())
        lost = np.where(is_open | (known > 0), 0.0, rest)
        area, first = np.unique(areas.of_grid, return_index=True)
        homeless[first[area >= 0]] += lost[area[area >= 0]]
    return values, spread_out, 0.0 if homeless is None else float(homeless.sum())


def _sums(area_at: Positions, values: Floats, n: int) -> Floats:
    """Return the sum of `values` in each of n areas; -1 is none."""
    inside = area_at >= 0
    return np.bincount(area_at[inside], weights=values[inside], minlength=n).astype(float)


def _areas(layers: Layers, column: str) -> Iterator[_Areas]:
    """Yield the areas that tell `column`: grids, then units from the lowest level up."""
    grids, units = layers.grids, layers.units
    is_base = (grids["kind"] == "base").to_numpy()
    if column in grids:
        alone = np.where(is_base, np.arange(len(grids)), -1)
        yield _Areas(of_grid=alone, totals=_numbers(grids, column))
    if units is None or column not in units:
        return
    pairs = ancestors(grids, units)
    unit, grid = (
        frame.index.get_indexer(pd.Index(pairs[name]))
        for frame, name in ((units, "unit_id"), (grids, "grid_id"))
    )
    totals = _numbers(units, column)
    for level in reversed(layers.levels):
        mine = (units["level"] == level).to_numpy()[unit] & is_base[grid]
        of_grid = np.full(len(grids), -1, dtype=np.intp)
        of_grid[grid[mine]] = unit[mine]
        yield _Areas(of_grid=of_grid, totals=totals)


def _numbers(frame: pd.DataFrame, column: str) -> Floats:
    """Return a column as numbers of 0 or more, NaN where it has none."""
    if column not in frame:
        return np.full(len(frame), np.nan)
    values = np.asarray(pd.to_numeric(frame[column], errors="coerce"), dtype=float)
    return np.where(values >= 0, values, np.nan)


def _message(column: str, spread_out: float, left: float) -> dict[str, str]:
    said = {}
    for language in LANGUAGES:
        figure = text(f"coverage.{column}", language)
        said[language] = text("coverage.spread", language, figure=figure, n=spread_out)
        if left > 0:
            said[language] += text("coverage.not_spread", language, n=left)
    return said
