"""Who has to be served: the demand (需求) of each grid.

A grid's demand is its buildings, weighted by residents, else households, else equally; a grid
without any building point is judged by its area. Where the building points miss more than
`MAX_MISSING_SHARE` of the base grids the layer is partial and every grid is judged by its area.
"""

from dataclasses import dataclass, field, replace
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.coverage.compiled import compiled
from geo.layers import (
    ENTRANCE,
    require_metric,
    require_points,
    require_polygons,
    require_same_crs,
)
from geo.membership import first_cover, owner_ids
from geo.words import LANGUAGES, text

__all__ = ["MAX_MISSING_SHARE", "Demand", "grid_demand", "grid_totals"]

MAX_MISSING_SHARE: Final = 0.2
"""Share of base grids without a building point above which buildings are partial (contract)."""

_BASE: Final = "base"
_WEIGHTS: Final = ("residents", "households")
_WORKERS: Final = "outdoor_workers"

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Demand:
    """The demand of n grids: m memberships of k building points.

    `grid_ids`, `is_base`, `area_m2`
        The grids, in their order, length n.
    `points_xy`
        The buildings that lie in some grid, by their entrance where it is known, else by their
        point, shape (k, 2), working CRS (m). Empty where the layer is partial.
    `grid_at`, `point_at`
        Memberships, length m, sorted by grid: the point at `point_at[i]` belongs to the grid at
        `grid_at[i]`. A point belongs to one base grid, and besides to the dedicated grid that
        covers it.
    `residents`, `households`, `workers` (who work outdoors)
        Weights of the points, length k; None where the buildings have no such column. A missing
        weight counts as 0.
    `basis`
        By grid id: `residents`, `households`, `buildings` or, without any building, `area`.
    `totals_basis`
        The one basis that totals are summed by: the first of the four that some base grid has.
    `owner`
        Base grid id of every building, by building id; None where no base grid covers it.
    `is_partial`
        True where the buildings miss too many base grids and area is used instead.
    `messages`
        What the user should know, each by language (`zh`, `en`).
    """

    grid_ids: pd.Index
    is_base: npt.NDArray[np.bool_]
    area_m2: Floats
    points_xy: Floats
    grid_at: Positions
    point_at: Positions
    residents: Floats | None
    households: Floats | None
    basis: pd.Series
    totals_basis: str
    owner: pd.Series
    is_partial: bool
    has_all_buildings: bool
    messages: tuple[dict[str, str], ...]
    workers: Floats | None = None
    _weights: dict[str, Floats] = field(default_factory=dict)

    def of_workers(self) -> "Demand":
        """Return the demand of those who work outdoors: workers, else buildings, else the area.

        Where no building tells of any it is this demand.
        """
        if self.workers is None or not (self.workers > 0).any():
            return self
        return _with_basis(replace(self, messages=()), ("buildings", "workers"))

    def sum_by_grid(self, values: npt.ArrayLike) -> Floats:
        """Return the sum over each grid's points of `values` (length m), length n."""
        weights = np.asarray(values, dtype=float)
        return _sums(self.grid_at, weights, len(self.grid_ids))

    def weight(self, basis: str) -> Floats:
        """Return each grid's total weight by `basis`, length n; 0 where it has none."""
        if basis == "area":
            return self.area_m2
        if basis not in self._weights:
            self._weights[basis] = self.sum_by_grid(self.point_weight(basis)[self.point_at])
        return self._weights[basis]

    def point_weight(self, basis: str) -> Floats:
        """Return the points' weights by residents, households or buildings (equal), length k."""
        known = {
            "residents": self.residents,
            "households": self.households,
            "workers": self.workers,
        }.get(basis)
        if known is not None:
            return known
        return np.full(len(self.points_xy), 1.0 if basis == "buildings" else 0.0)

    def basis_weight(self) -> Floats:
        """Return the weight of each membership by the basis of its grid, length m."""
        basis = self.basis.to_numpy()[self.grid_at]
        weight = np.zeros(len(basis))
        for name in ("residents", "households", "buildings", "workers"):
            mine = basis == name
            weight[mine] = self.point_weight(name)[self.point_at[mine]]
        return weight

    def known_total(self, column: str) -> pd.Series:
        """Return residents or households by grid id as the buildings tell, else missing.

        A grid without a building has 0 where all buildings are given, else its total is unknown.
        """
        values = {"residents": self.residents, "households": self.households}[column]
        if values is None or self.is_partial:
            totals = np.full(len(self.grid_ids), np.nan)
        else:
            totals = self.weight(column)
            if not self.has_all_buildings:
                totals = np.where(self.weight("buildings") > 0, totals, np.nan)
        return pd.Series(totals, index=self.grid_ids, name=column)


@compiled
def _sums(grid_at: Positions, values: Floats, n: int) -> Floats:
    sums = np.zeros(n)
    for i in range(len(grid_at)):
        sums[grid_at[i]] += values[i]
    return sums


def grid_demand(
    grids: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame | None,
    *,
    has_all_buildings: bool = False,
) -> Demand:
    """Return the demand of every grid.

    Parameters
    ----------
    grids
        n grids with `kind`, projected CRS in metres, unique ids.
    buildings
        Building points with `residents` and `households` where known; None where there is no such
        layer.
    has_all_buildings
        True where the layer is complete: it is never partial, and a grid without a building has
        no residents.

    Raises
    ------
    CRSError
        If the grids are not in metres, or the two CRS differ.
    LayerError
        If ids repeat, or a geometry is not a polygon (a point).

    Notes
    -----
    O((k + n) log k) for k buildings.
    """
    require_metric(grids, "grids")
    require_polygons(grids, "grids")
    is_base = (grids["kind"] == _BASE).to_numpy()
    if buildings is None or len(buildings) == 0:
        return _by_area(grids, is_base, owner=pd.Series(dtype=object, name="grid_id"))

    require_points(buildings, "buildings")
    require_same_crs({"grids": grids, "buildings": buildings})
    at_base = first_cover(buildings, grids, is_base)
    owner = owner_ids(at_base, buildings, grids)

    judged = is_base if is_base.any() else np.ones(len(grids), dtype=bool)
    at_other = first_cover(buildings, grids, ~is_base)
    has_point = np.zeros(len(grids) + 1, dtype=bool)
    has_point[at_base] = has_point[at_other] = True
    missing = int((judged & ~has_point[:-1]).sum())
    if missing > MAX_MISSING_SHARE * judged.sum() and not has_all_buildings:
        note = _message("partial_buildings", missing=missing, grids=int(judged.sum()))
        return _by_area(grids, is_base, owner=owner, is_partial=True, messages=(note,))
    return _by_buildings(
        grids, buildings, (at_base, at_other), owner=owner, has_all_buildings=has_all_buildings
    )


def grid_totals(grids: gpd.GeoDataFrame, demand: Demand) -> pd.DataFrame:
    """Return residents and households by grid id: its own figures, else those of its buildings."""
    totals = {}
    for column in _WEIGHTS:
        total = demand.known_total(column)
        if column in grids.columns:
            total = pd.to_numeric(grids[column]).astype(float).fillna(total)
        totals[column] = total
    return pd.DataFrame(totals, index=grids.index)


def _by_area(
    grids: gpd.GeoDataFrame,
    is_base: npt.NDArray[np.bool_],
    *,
    owner: pd.Series,
    is_partial: bool = False,
    messages: tuple[dict[str, str], ...] = (),
) -> Demand:
    none = np.zeros(0, dtype=np.intp)
    return Demand(
        grid_ids=grids.index,
        is_base=is_base,
        area_m2=shapely.area(grids.geometry.array),
        points_xy=np.zeros((0, 2)),
        grid_at=none,
        point_at=none,
        residents=None,
        households=None,
        basis=pd.Series("area", index=grids.index, name="demand_basis", dtype=object),
        totals_basis="area",
        owner=owner,
        is_partial=is_partial,
        has_all_buildings=False,
        messages=messages,
    )


def _by_buildings(
    grids: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    covers: tuple[Positions, Positions],
    *,
    owner: pd.Series,
    has_all_buildings: bool,
) -> Demand:
    used = np.flatnonzero((covers[0] >= 0) | (covers[1] >= 0))
    grid_at = np.concatenate([cover[used] for cover in covers])
    point_at = np.tile(np.arange(len(used)), 2)
    keep = np.flatnonzero(grid_at >= 0)
    keep = keep[np.argsort(grid_at[keep], kind="stable")]
    weights, notes = _weights(buildings.iloc[used])
    demand = Demand(
        grid_ids=grids.index,
        is_base=(grids["kind"] == _BASE).to_numpy(),
        area_m2=shapely.area(grids.geometry.array),
        points_xy=_doors_xy(buildings.iloc[used]),
        grid_at=grid_at[keep],
        point_at=point_at[keep],
        residents=weights["residents"],
        households=weights["households"],
        basis=pd.Series(dtype=object),
        totals_basis="area",
        owner=owner,
        is_partial=False,
        has_all_buildings=has_all_buildings,
        messages=notes,
        workers=weights["outdoor_workers"],
    )
    return _with_basis(demand, ("buildings", "households", "residents"))


def _doors_xy(buildings: gpd.GeoDataFrame) -> Floats:
    """Return where people enter each building: its entrance where known, else its point."""
    points = np.asarray(buildings.geometry.array, dtype=object)
    if isinstance(buildings.get(ENTRANCE), gpd.GeoSeries):
        doors = np.asarray(buildings[ENTRANCE], dtype=object)
        points = np.where(shapely.is_missing(doors), points, doors)
    xy: Floats = shapely.get_coordinates(points)
    return xy


def _with_basis(demand: Demand, names: tuple[str, ...]) -> Demand:
    """Return `demand` with the basis of each grid and of the totals, the last name first."""
    basis = np.full(len(demand.grid_ids), "area", dtype=object)
    totals, notes = "area", demand.messages
    for name in names:
        has = demand.weight(name) > 0
        basis[has] = name
        if (has & demand.is_base).any():
            totals = name
    others = int((demand.is_base & (basis != totals) & (basis != "area")).sum())
    if others:
        notes = (*notes, _message("mixed_basis", basis=totals, others=others))
    n_empty = int((demand.is_base & (basis == "area")).sum())
    if n_empty:
        notes = (*notes, _message("grids_by_area", grids=n_empty))
    series = pd.Series(basis, index=demand.grid_ids, name="demand_basis", dtype=object)
    return replace(demand, basis=series, totals_basis=totals, messages=notes)


def _weights(
    buildings: gpd.GeoDataFrame,
) -> tuple[dict[str, Floats | None], tuple[dict[str, str], ...]]:
    """Return residents and households of `buildings` (missing: 0) and what to say of them."""
    weights: dict[str, Floats | None] = dict.fromkeys((*_WEIGHTS, _WORKERS))
    notes = []
    for column in weights:
        if column not in buildings.columns:
            continue
        values = pd.to_numeric(buildings[column]).to_numpy(dtype=float, na_value=np.nan)
        bad = ~(np.isfinite(values) & (values >= 0))
        if bad.all():
            continue
        if bad.any():
            note = _message("missing_weights", basis=column, rows=int(bad.sum()))
            notes.append(note)
        weights[column] = np.where(bad, 0.0, values)
    return weights, tuple(notes)


def _message(key: str, basis: str = "area", **values: object) -> dict[str, str]:
    """Return the sentence `key` in each language, with the name of `basis` in that language."""
    return {
        language: text(
            f"coverage.{key}", language, basis=text(f"coverage.{basis}", language), **values
        )
        for language in LANGUAGES
    }
