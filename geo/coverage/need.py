"""Sites against need (相对需求): how many people share a site, where that is much or little.

A site is shared by all the demand of the grids that it serves. What a grid has is the sum over its
sites of 1 ÷ demand of the site; over the city these add up to the number of sites that serve
anybody. What a grid has ÷ what the city has on average is its *location quotient* (区位商): 1 is as
much as everybody, 2 twice as much, 0 nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.coverage.demand import Demand
from geo.coverage.measures import ALL_CATEGORIES, judged_sets
from geo.coverage.radius import Pairs
from geo.coverage.services import asked_of
from geo.standards import Tier

__all__ = ["Need", "lorenz", "need_of", "need_summary", "need_weight", "weighted_gini"]

_MAX_CATEGORIES: Final = 50
_DECILES: Final = 10

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Need:
    """What n grids have of one set of sites, relative to the demand that shares them.

    `sites_per_demand`
        Sites for each unit of demand (a resident, a household, a building, a m²): the sum over the
        grid's sites of 1 ÷ demand that the site serves. 0 without a site.
    `location_quotient`
        That ÷ the mean of the city, by demand. NaN where no site serves any demand.
    `n_used`
        Sites that serve some demand.
    """

    sites_per_demand: Floats
    location_quotient: Floats
    n_used: int


def need_weight(demand: Demand, rows: pd.DataFrame) -> Floats:
    """Return the demand of each base grid by the basis of the totals, as far as it was judged.

    `rows` are the grids' rows of the long table for one tier and model, in their order: what the
    streets cannot judge is neither served nor not. 0 for all other grids.
    """
    is_counted = demand.is_base & (demand.basis.to_numpy() == demand.totals_basis)
    judged = rows["judged_area" if demand.totals_basis == "area" else "judged_residents"]
    weight = demand.weight(demand.totals_basis) * judged.fillna(0.0).to_numpy(dtype=float)
    return np.where(is_counted, weight, 0.0)


def need_of(served: tuple[Positions, Positions], weight: Floats) -> Need:
    """Return what each grid has of the sites that serve it.

    Parameters
    ----------
    served
        Positions (grid, site) of every grid with each site that serves it, each pair once.
    weight
        Demand of the n grids (`need_weight`).

    Notes
    -----
    O(n + pairs). Σ weight × `sites_per_demand` = `n_used`, up to rounding.
    """
    place_at, site_at = served
    shared = np.bincount(site_at, weights=weight[place_at], minlength=1)
    each = np.divide(1.0, shared, out=np.zeros(len(shared)), where=shared > 0)
    has = np.bincount(place_at, weights=each[site_at], minlength=len(weight)).astype(float)
    n_used, total = int((shared > 0).sum()), weight.sum()
    quotient = has * (total / n_used) if n_used else np.full(len(weight), np.nan)
    return Need(sites_per_demand=has, location_quotient=quotient, n_used=n_used)


def lorenz(values: npt.ArrayLike, weight: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return the Lorenz curve: shares of weight and of value × weight, the least values first.

    Both start at 0 and end at 1, one point for each subject that has weight.
    """
    x, w = np.asarray(values, dtype=float), np.asarray(weight, dtype=float)
    x, w = x[w > 0], w[w > 0]
    order = np.argsort(x, kind="stable")
    people = np.concatenate([[0.0], np.cumsum(w[order])])
    held = np.concatenate([[0.0], np.cumsum((w * x)[order])])
    return people / people[-1], held / held[-1]


def weighted_gini(values: npt.ArrayLike, weight: npt.ArrayLike) -> float:
    """Return the Gini coefficient of `values` (≥ 0), each held by `weight`; NaN without any.

    0 where all have the same, near 1 where few have all: 1 less twice the area under the Lorenz
    curve.
    """
    x, w = np.asarray(values, dtype=float), np.asarray(weight, dtype=float)
    if not (x * w).sum() > 0:
        return float("nan")
    people, held = lorenz(x, w)
    return float(1.0 - np.sum(np.diff(people) * (held[1:] + held[:-1])))


def need_summary(
    sites: gpd.GeoDataFrame | None,
    demand: Demand,
    *,
    tiers: Mapping[str, Tier],
    weights: Mapping[str, Floats],
    served: Callable[[Tier, Mask], Pairs],
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return tier → category → how evenly the sites are spread over those who need them.

    Parameters
    ----------
    sites
        The sites; None gives nothing.
    demand
        The demand of the grids; base grids count.
    tiers
        Tier id to `Tier`.
    weights
        Tier id to the demand of the n grids (`need_weight`).
    served
        The grids with each of the chosen sites that serves them in a tier, by the verdict's model.

    Returns
    -------
    need
        For `all`, for what the tier names, for services, and for every category of the sites that
        count (the 50 most frequent): `demand_basis`, `n_sites`, `n_used` (that serve somebody),
        `demand_per_site` (mean), `unserved_share` (demand with no site in reach), `gini`, `lorenz`
        (share of the service that the least served 10, 20, … 100 % of the demand hold),
        `max_location_quotient`, `is_asked` (the tier names it). None where nothing is known.

    Notes
    -----
    O(categories × (pairs + n log n)) a tier.
    """
    if sites is None:
        return {}
    summary = {}
    for tier_id, tier in tiers.items():
        weight = weights[tier_id]
        sets = dict(judged_sets(tier, sites))
        counting = sets[ALL_CATEGORIES]
        pairs = served(tier, counting)
        for category, mask in _found(sites).items():
            if (mask & counting).any():
                sets.setdefault(category, mask & counting)
        summary[tier_id] = {
            category: {
                **_evenness(_only(pairs, chosen), weight),
                "demand_basis": demand.totals_basis,
                "n_sites": int(chosen.sum()),
                "is_asked": category in asked_of(tier),
            }
            for category, chosen in sets.items()
        }
    return summary


def _only(pairs: Pairs, chosen: Mask) -> tuple[Positions, Positions]:
    keep = chosen[pairs.site_at]
    return pairs.place_at[keep], pairs.site_at[keep]


def _found(sites: gpd.GeoDataFrame) -> dict[str, Mask]:
    """Return the sites of every category that they have, the most frequent first."""
    if "category" not in sites.columns:
        return {}
    words: pd.Series = sites["category"].astype(object)
    counts = words.value_counts()
    frequent = sorted(counts.index, key=lambda word: (-counts[word], str(word)))[:_MAX_CATEGORIES]
    return {str(word): np.asarray(words == word, dtype=bool) for word in frequent}


def _evenness(served: tuple[Positions, Positions], weight: Floats) -> dict[str, Any]:
    need, total = need_of(served, weight), float(weight.sum())
    if total <= 0 or need.n_used == 0:
        nothing = ("demand_per_site", "gini", "lorenz", "max_location_quotient")
        unserved = {"unserved_share": 1.0 if total > 0 else None}
        return {"n_used": need.n_used, **unserved, **dict.fromkeys(nothing)}
    people, held = lorenz(need.sites_per_demand, weight)
    tenths = np.interp(np.arange(1, _DECILES + 1) / _DECILES, people, held)
    return {
        "n_used": need.n_used,
        "unserved_share": float(weight[need.sites_per_demand == 0].sum() / total),
        "demand_per_site": total / need.n_used,
        "gini": weighted_gini(need.sites_per_demand, weight),
        "lorenz": [round(float(share), 6) for share in tenths],
        "max_location_quotient": float(need.location_quotient[weight > 0].max()),
    }
