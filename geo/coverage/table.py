"""The long table: subject × tier × model × category; wide columns and totals are views of it."""

from collections.abc import Mapping
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.coverage.certainty import grid_certainty
from geo.coverage.classes import classify
from geo.coverage.demand import Demand
from geo.coverage.limits import CoverageRules
from geo.coverage.measures import ALL_CATEGORIES, Measures, judged_sets, site_sets
from geo.coverage.need import need_of, need_weight
from geo.coverage.radius import RADIUS, RadiusKernel
from geo.layers import (
    Layers,
    require_metric,
    require_points,
    require_polygons,
    require_same_crs,
)
from geo.standards import Tier

__all__ = [
    "LONG_COLUMNS",
    "coverage_columns",
    "coverage_rows",
    "coverage_summary",
    "radius_coverage",
]

LONG_COLUMNS: Final = (
    "subject",
    "id",
    "tier",
    "model",
    "category",
    "n_sites",
    "nearest_m",
    "nearest_minutes",
    "area_share",
    "residents_share",
    "households_share",
    "class",
    "demand_basis",
    "metres_share",
    "judged_area",
    "judged_residents",
    "judged_households",
    "demand_per_site",
    "location_quotient",
    "residents_share_low",
    "residents_share_high",
    "certainty",
)
"""Columns of the long table, in order (contract, `coverage.csv`, and what roll-ups need).

`residents_share` is the share by the demand basis of the subject (residents, else households, else
buildings) and is missing where that is the area. `metres_share` is the share of the demand within
the tier's metres, which is the verdict by radius and stands beside it along streets. `judged_…` is
the part of the weight behind each share that could be judged. `demand_per_site`: how much demand
shares each site that serves the subject, missing without a site; `location_quotient`: how many
times the sites per demand of the whole city that is (`geo.coverage.need`), both by the basis of the
totals. `residents_share_low`, `residents_share_high`: the least and the greatest share that decides
the class (`area`: of the area) within the uncertainty; `certainty`: `sure`, or `doubtful` where
the class differs between them (`geo.coverage.certainty`).
"""

_WIDE: Final = {
    "nearest_m": "nearest_m",
    "nearest_minutes": "nearest_minutes",
    "n_sites": "n_sites",
    "area_share": "covered_area_share",
    "residents_share": "covered_residents_share",
    "households_share": "covered_households_share",
    "class": "class",
    "demand_basis": "demand_basis",
    "residents_share_low": "covered_residents_share_{}_low",
    "residents_share_high": "covered_residents_share_{}_high",
    "certainty": "certainty",
    "location_quotient": "location_quotient",
}
_WIDE_NETWORK: Final = {"metres_share": "covered_share_by_metres"}


def radius_coverage(
    grids: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame | None,
    demand: Demand,
    *,
    tiers: Mapping[str, Tier],
    rules: CoverageRules,
) -> pd.DataFrame:
    """Return the long table of the grids by radius, a row a grid, tier and category.

    Parameters
    ----------
    grids
        n grids, projected CRS in metres.
    sites
        Points, same CRS; `category` where a tier names categories. None (no such layer) gives a
        table without rows; a layer without rows leaves every grid blank.
    demand
        `grid_demand` of the same grids.
    tiers
        Tier id to `Tier`. A tier that names categories has a row for each besides the row `all`.
    rules
        Limits of the verdicts.

    Returns
    -------
    long
        `LONG_COLUMNS`, subject `grid`, model `radius`, in order of tiers, categories, grids.

    Raises
    ------
    CRSError
        If the grids are not in metres, or the two CRS differ.
    LayerError
        If a geometry is of the wrong type, ids repeat, or a tier names categories that the sites do
        not have.

    Notes
    -----
    O((n + k) log s + p) for k demand points, s sites and p pairs of a grid and a site within the
    longest tier.
    """
    require_metric(grids, "grids")
    require_polygons(grids, "grids")
    if sites is None or not tiers:
        return empty_long()
    require_points(sites, "sites")
    require_same_crs({"grids": grids, "sites": sites})
    kernel = RadiusKernel.prepare(grids, sites, demand, tiers=tiers, rules=rules)
    blocks = [
        coverage_rows(
            kernel.measure(tier, chosen),
            demand,
            labels={"tier": tier_id, "model": RADIUS, "category": category},
            rules=rules,
        )
        for tier_id, tier in tiers.items()
        for category, chosen in judged_sets(tier, sites, n_grids=len(grids)).items()
    ]
    return pd.concat(blocks, ignore_index=True)


def coverage_rows(
    measures: Measures, demand: Demand, *, labels: Mapping[str, str], rules: CoverageRules
) -> pd.DataFrame:
    """Return the long rows of the grids for one tier, model, category (`labels`), with class."""
    rows = pd.DataFrame({name: getattr(measures, name) for name in LONG_COLUMNS[5:11]})
    basis = demand.basis.to_numpy()
    share = np.where(basis == "area", measures.area_share, measures.residents_share)
    rows["class"] = classify(share, measures.n_sites, rules=rules)
    rows["metres_share"] = share if measures.metres_share is None else measures.metres_share
    for name in ("area", "residents", "households"):
        rows[f"judged_{name}"] = 1.0 if measures.judged is None else measures.judged[name]
    if measures.served is not None:
        need = need_of(measures.served, need_weight(demand, rows))
        has = need.sites_per_demand
        rows["demand_per_site"] = np.divide(1.0, has, out=np.full(len(has), np.nan), where=has > 0)
        rows["location_quotient"] = np.where(np.isnan(share), np.nan, need.location_quotient)
    if measures.band is not None:
        low, high = measures.band
        rows["residents_share_low"], rows["residents_share_high"] = low, high
        rows["certainty"] = grid_certainty(low, high, rules)
    rows["demand_basis"] = basis
    rows["subject"] = "grid"
    rows["id"] = demand.grid_ids.to_numpy(dtype=object)
    for name, value in labels.items():
        rows[name] = value
    return rows.reindex(columns=list(LONG_COLUMNS))


def empty_long() -> pd.DataFrame:
    """Return a long table without rows."""
    words = (*LONG_COLUMNS[:5], "class", "demand_basis", "certainty")
    dtypes = dict.fromkeys(LONG_COLUMNS, "float64") | dict.fromkeys(words, "object")
    dtypes["n_sites"] = "int64"
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in dtypes.items()})


def coverage_columns(
    long: pd.DataFrame,
    demand: Demand,
    tiers: Mapping[str, Tier],
    *,
    subject: str = "grid",
) -> pd.DataFrame:
    """Return the wide view: by subject id, columns `…_T` of each tier T (`…_T_network`).

    Units come in the order of the long table. A table without
    rows (no sites) gives no columns.
    """
    rows = long[(long["subject"] == subject) & (long["category"] == ALL_CATEGORIES)]
    ids = demand.grid_ids if subject == "grid" else pd.Index(rows["id"].unique(), name="unit_id")
    wide: dict[str, pd.Series] = {}
    for tier in tiers:
        for model in rows["model"].unique():
            suffix = tier if model == RADIUS else f"{tier}_{model}"
            chosen = (rows["tier"] == tier) & (rows["model"] == model)
            part = rows[chosen].set_index("id").reindex(ids)
            columns = _WIDE if model == RADIUS else _WIDE | _WIDE_NETWORK
            for source, name in columns.items():
                wide[name.format(suffix) if "{}" in name else f"{name}_{suffix}"] = part[source]
    return pd.DataFrame(wide, index=ids)


def coverage_summary(
    long: pd.DataFrame,
    demand: Demand,
    layers: Layers,
    *,
    tiers: Mapping[str, Tier],
    model: str = RADIUS,
) -> dict[str, dict[str, Any]]:
    """Return per tier the totals over the base grids, plain values (None where not known).

    Shares are by one basis, `demand_basis`: weight inside ÷ weight judged; the area share is by
    area always. `n_sites` is how many sites count in the tier. Empty where there is no layer of
    sites.
    """
    if layers.sites is None:
        return {}
    rows = long[
        (long["subject"] == "grid")
        & (long["category"] == ALL_CATEGORIES)
        & (long["model"] == model)
    ]
    totals: dict[str, dict[str, Any]] = {}
    for tier_id, tier in tiers.items():
        mine = rows[rows["tier"] == tier_id].set_index("id").reindex(demand.grid_ids)
        mine = mine[demand.is_base]
        shares = total_shares(mine, demand, members=np.flatnonzero(demand.is_base))
        classes = mine["class"].value_counts()
        totals[tier_id] = {
            "model": model,
            **{name: None if np.isnan(value) else value for name, value in shares.items()},
            "n_sites": int(site_sets(tier, layers.sites)[ALL_CATEGORIES].sum()),
            **{f"n_{name}": int(classes.get(name, 0)) for name in _COUNTED},
            "demand_basis": demand.totals_basis,
        }
    return totals


_COUNTED: Final = ("blank", "thin", "crowded", "unknown")


def total_shares(
    rows: pd.DataFrame, demand: Demand, *, members: npt.NDArray[np.intp]
) -> dict[str, float]:
    """Return area, residents (by the basis of totals) and households shares of grids together."""
    by_basis = demand.totals_basis if demand.totals_basis != "area" else "buildings"
    weights = {
        "area_share": demand.area_m2,
        "residents_share": np.where(
            demand.basis.to_numpy() == demand.totals_basis, demand.weight(by_basis), 0.0
        ),
        "households_share": demand.weight("households"),
    }
    decisive = "area" if demand.totals_basis == "area" else "residents"
    judged = rows[f"judged_{decisive}"].to_numpy()
    band = weights[f"{decisive}_share"][members] * judged
    return {
        name: _mean(rows[name], band) for name in ("residents_share_low", "residents_share_high")
    } | {
        name: _mean(
            rows[name], weight[members] * rows[f"judged_{name.removesuffix('_share')}"].to_numpy()
        )
        for name, weight in weights.items()
    }


def _mean(shares: pd.Series, weight: np.ndarray) -> float:
    """Return the weighted mean of `shares`; NaN where there is no weight."""
    has = weight > 0
    if not has.any():
        return float("nan")
    return float(np.sum(shares.to_numpy(dtype=float)[has] * weight[has]) / np.sum(weight[has]))
