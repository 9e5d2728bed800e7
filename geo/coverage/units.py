"""Coverage rolled up from base grids to the units above them, each building counted once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.coverage.certainty import grid_certainty
from geo.coverage.classes import classify
from geo.coverage.demand import Demand
from geo.coverage.limits import CoverageRules
from geo.coverage.measures import judged_sets
from geo.coverage.need import need_weight
from geo.coverage.network import NetworkKernel
from geo.coverage.radius import RADIUS, Pairs, demand_pairs
from geo.coverage.table import LONG_COLUMNS, empty_long
from geo.layers import Layers, require_columns, require_points, require_same_crs, require_unique_ids
from geo.standards import Tier

__all__ = ["unit_coverage"]

_BAND: Final = ("residents_share_low", "residents_share_high")
_BY_BASIS: Final = ("nearest_m", "nearest_minutes", "metres_share", *_BAND)
_WEIGHTS: Final = ("area", "buildings", "households", "residents", "workers")
_JUDGED: Final = ("area", "residents", "households")

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]


def unit_coverage(
    long: pd.DataFrame,
    layers: Layers,
    demand: Demand,
    *,
    tiers: Mapping[str, Tier],
    rules: CoverageRules,
    network: NetworkKernel | None = None,
) -> pd.DataFrame:
    """Return the long rows of every unit, from the rows of its base grids, by each model.

    A base grid is in the unit that its `parent_id` names and in all units above that one; a grid
    whose parent is not known is in none. Shares are weight inside ÷ weight judged over the unit's
    grids, by the unit's basis (residents, else households, else buildings, else area); `n_sites`
    counts each site once.

    Parameters
    ----------
    long
        What `radius_coverage` and `network_coverage` gave for the grids.
    layers
        Grids, units and sites; a layer without `parent_id` has no parents. Rows come by `levels`
        from the top down, units of other levels last.
    demand, tiers, rules
        As for `radius_coverage`.
    network
        The kernel that the rows along streets came from; needed where there are any.

    Returns
    -------
    long
        `LONG_COLUMNS`, subject `unit`, empty where there are no units or sites. Units are compared
        with those of their own level in what is crowded. A unit without base grids is `unknown`.

    Raises
    ------
    CRSError
        If the CRS of grids and sites differ.
    LayerError
        If ids repeat, sites are not points, or units have no level.

    Notes
    -----
    O(n·h + p log p) for n grids, h levels and p pairs of a grid and a site in reach.
    """
    grids, units, sites = layers.grids, layers.units, layers.sites
    if units is None or sites is None or long.empty or len(units) == 0:
        return empty_long()
    require_columns(units, ["level"], "units")
    require_unique_ids(units, "units")
    require_points(sites, "sites")
    require_same_crs({"grids": grids, "sites": sites})
    tree = _Tree.of(grids, units, demand)
    limit_m = max(tier.distance_m for tier in tiers.values())
    pairs = demand_pairs(grids, sites, demand, limit_m=limit_m)
    order = _by_level(units, layers.levels)
    sets = {name: judged_sets(tier, sites) for name, tier in tiers.items()}
    blocks = []
    for (model, tier_id, category), rows in long[long["subject"] == "grid"].groupby(
        ["model", "tier", "category"], sort=False
    ):
        tier = tiers[str(tier_id)]
        chosen = sets[str(tier_id)][str(category)]
        if model == RADIUS:
            served = pairs.within(tier.distance_m, chosen)
        elif network is not None:
            served = network.served(tier, chosen)
        else:
            continue
        by_grid = rows.set_index("id").reindex(demand.grid_ids)
        block = tree.shares(by_grid)
        block["n_sites"] = tree.count_sites(served)
        share = np.where(tree.basis == "area", block["area_share"], block["residents_share"])
        block["class"] = classify(
            share, block["n_sites"], rules=rules, peers=units["level"].to_numpy()
        )
        block["certainty"] = grid_certainty(
            block[_BAND[0]].to_numpy(), block[_BAND[1]].to_numpy(), rules
        )
        block["demand_basis"] = tree.basis
        block["demand_per_site"], block["location_quotient"] = tree.need(
            by_grid, need_weight(demand, by_grid)
        )
        labels = {
            "subject": "unit",
            "tier": str(tier_id),
            "model": str(model),
            "category": str(category),
        }
        block = block.assign(**labels, id=units.index.to_numpy(dtype=object))
        blocks.append(block[list(LONG_COLUMNS)].iloc[order])
    return pd.concat(blocks, ignore_index=True)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Tree:
    """Which base grid is in which unit (memberships by position), and what each weighs."""

    n_units: int
    unit_of: tuple[Positions, ...]
    weights: Mapping[str, Floats]
    basis: npt.NDArray[np.object_]
    grid_basis: npt.NDArray[np.object_]

    @classmethod
    def of(cls, grids: gpd.GeoDataFrame, units: gpd.GeoDataFrame, demand: Demand) -> "_Tree":
        weights = {name: demand.weight(name) for name in _WEIGHTS}
        steps = tuple(_ancestors(grids, units, demand.is_base))
        grid_basis = demand.basis.to_numpy()
        basis = np.full(len(units), None, dtype=object)
        for name in weights:
            has = np.zeros(len(units), dtype=bool)
            for step in steps:
                mine = (step >= 0) & (grid_basis == name)
                has[step[mine]] = True
            basis[has] = name
        return cls(
            n_units=len(units),
            unit_of=steps,
            weights=weights,
            basis=basis,
            grid_basis=grid_basis,
        )

    def shares(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the shares, mean ways and judged parts of each unit."""
        judged = {
            name: rows[f"judged_{name}"].fillna(0.0).to_numpy(dtype=float) for name in _JUDGED
        }
        nothing = np.full(self.n_units, np.nan)
        result = {name: nothing.copy() for name in ("residents_share", *_BY_BASIS)}
        for name, weight in self.weights.items():
            mine = self.basis == name
            part = judged["area" if name == "area" else "residents"]
            counted = np.where(self.grid_basis == name, weight, 0.0)
            for column in _BY_BASIS:
                result[column][mine] = self._mean(rows[column], counted * part)[mine]
            if name != "area":
                share = self._mean(rows["residents_share"], counted * part)
                result["residents_share"][mine] = share[mine]
                result["judged_residents"] = np.where(
                    mine, self._mean(part, counted), result.get("judged_residents", nothing)
                )
        for name in ("area", "households"):
            weight = self.weights[name]
            result[f"{name}_share"] = self._mean(rows[f"{name}_share"], weight * judged[name])
            result[f"judged_{name}"] = self._mean(judged[name], weight)
        return pd.DataFrame(result)

    def need(self, rows: pd.DataFrame, weight: Floats) -> tuple[Floats, Floats]:
        """Return the demand for each site and the location quotient of each unit."""
        shared = rows["demand_per_site"].to_numpy(dtype=float)
        has = np.divide(1.0, shared, out=np.zeros(len(shared)), where=np.isfinite(shared))
        mean = self._mean(has, weight)
        each = np.divide(1.0, mean, out=np.full(self.n_units, np.nan), where=mean > 0)
        return each, self._mean(rows["location_quotient"], weight)

    def count_sites(self, served: Pairs) -> npt.NDArray[np.int64]:
        """Return how many different sites serve each unit."""
        width = int(served.site_at.max(initial=0)) + 1
        keys = []
        for step in self.unit_of:
            unit = step[served.place_at]
            keys.append((unit * width + served.site_at)[unit >= 0])
        distinct = np.unique(np.concatenate(keys)) if keys else np.zeros(0, dtype=np.intp)
        return np.bincount(distinct // width, minlength=self.n_units)

    def _mean(self, values: pd.Series | Floats, weight: Floats) -> Floats:
        """Return the weighted mean of the grids' `values` in each unit; NaN without weight."""
        known = np.where(weight > 0, np.asarray(values, dtype=float), 0.0)
        total, part = np.zeros(self.n_units), np.zeros(self.n_units)
        for step in self.unit_of:
            at = step >= 0
            total += np.bincount(step[at], weights=weight[at], minlength=self.n_units)
            part += np.bincount(step[at], weights=(known * weight)[at], minlength=self.n_units)
        mean: Floats = np.divide(part, total, out=np.full(self.n_units, np.nan), where=total > 0)
        return mean


def _ancestors(
    grids: gpd.GeoDataFrame, units: gpd.GeoDataFrame, is_base: npt.NDArray[np.bool_]
) -> list[Positions]:
    """Return, step by step up, the unit of each grid by position, else -1.

    Dedicated grids are in no unit.

    No chain is longer than there are levels, which also ends a chain that runs in a circle.
    """
    if "parent_id" not in grids.columns:
        return []
    unit = np.where(is_base, _positions(grids["parent_id"], units.index), -1)
    above = np.full(len(units), -1, dtype=np.intp)
    if "parent_id" in units.columns:
        above = _positions(units["parent_id"], units.index)
    above = np.append(above, -1)
    steps: list[Positions] = []
    for _ in range(units["level"].nunique()):
        seen = np.zeros(len(unit), dtype=bool)
        for earlier in steps:
            seen |= earlier == unit
        unit = np.where(seen, -1, unit)
        steps.append(unit)
        unit = above[unit]
    return steps


def _positions(ids: pd.Series, index: pd.Index) -> Positions:
    return np.where(ids.isna(), -1, index.get_indexer(pd.Index(ids)))


def _by_level(units: gpd.GeoDataFrame, levels: Sequence[str]) -> Positions:
    """Return the positions of the units in order of `levels`, other levels last."""
    rank = {level: i for i, level in enumerate(levels)}
    return np.argsort([rank.get(level, len(rank)) for level in units["level"]], kind="stable")
