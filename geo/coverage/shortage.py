"""C506: what sites can give, shared among all in reach, is less than a grid needs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.coverage.capacity import Shared, share_capacity
from geo.coverage.demand import Demand
from geo.coverage.faults import reach_text
from geo.coverage.limits import CoverageRules
from geo.coverage.measures import ALL_CATEGORIES, site_sets
from geo.coverage.network import NETWORK, NetworkKernel, limit_ms
from geo.coverage.radius import RADIUS, Pairs
from geo.coverage.surface import Surface, people_basis, people_surface, surface_pairs
from geo.findings import Report, findings_frame
from geo.layers import Layers
from geo.standards import Tier
from geo.words import LANGUAGES, text

__all__ = ["Capacity", "capacity_of", "find_short_capacity", "no_capacity"]

_COLUMNS: Final = ("id", "tier", "category", "access", "is_reached")

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Capacity:
    """What the sites can give, by grid and by site.

    `rows`
        `id` (of a grid), `tier`, `category`, `access` (capacity for one of its people, NaN where
        nobody lives or nothing can be judged), `is_reached` (some site is in reach).
    `loads`
        By site id `load_T` of each tier T: demand in reach ÷ capacity, NaN where it does not count.
    `basis`
        What demand counts: `residents` or `households`.
    `model`
        `radius`, or `network` along streets.
    `n_without`
        Sites without a capacity; they count as 0.
    """

    rows: pd.DataFrame
    loads: pd.DataFrame
    basis: str
    model: str
    n_without: int

    def columns(self) -> pd.DataFrame:
        """Return by grid id `access_T` of each tier T, all categories together."""
        whole = self.rows[self.rows["category"] == ALL_CATEGORIES]
        return pd.DataFrame(
            {
                f"access_{tier}": mine.set_index("id")["access"]
                for tier, mine in whole.groupby("tier", sort=False)
            }
        )

    def messages(self) -> tuple[Mapping[str, str], ...]:
        """Return what the user should know of how capacity was shared, each by language."""
        if not self.n_without:
            return ()
        key = "coverage.sites_without_capacity"
        return ({language: text(key, language, n=self.n_without) for language in LANGUAGES},)


def no_capacity(layers: Layers, demand: Demand, people: pd.DataFrame) -> str | None:
    """Return the key of the reason why capacity cannot be judged, or None."""
    if layers.sites is None or not (_capacity(layers.sites) > 0).any():
        return "coverage.no_capacity"
    if people_basis(demand, people) is None:
        return "coverage.no_people"
    return None


def capacity_of(
    layers: Layers,
    demand: Demand,
    people: pd.DataFrame,
    *,
    tiers: Mapping[str, Tier],
    rules: CoverageRules,
    network: NetworkKernel | None = None,
) -> Capacity | None:
    """Return what the sites can give in each tier, by 2SFCA; None where that cannot be judged.

    Parameters
    ----------
    layers
        Grids and sites with `capacity`.
    people
        `residents` and `households` by grid id (`grid_totals`).
    network
        With it, reach is along its streets; it has the same grids and sites.

    Notes
    -----
    O(pairs of a place and a site in reach), 24 bytes a pair.
    """
    sites = layers.sites
    if sites is None or not tiers or no_capacity(layers, demand, people) is not None:
        return None
    surface = people_surface(
        layers.grids, demand, people, lattice_m=rules.lattice_m, network=network
    )
    if surface is None:
        return None
    supply = _capacity(sites)
    found = _Sharing(surface=surface, supply=supply, demand=demand, network=network)
    rows, loads = [], {}
    for mode in dict.fromkeys(tier.mode for tier in tiers.values()):
        some = {name: tier for name, tier in tiers.items() if tier.mode == mode}
        for tier, category, shared, table in found.of_mode(some, sites):
            rows.append(table.assign(tier=tier, category=category))
            if category == ALL_CATEGORIES:
                loads[f"load_{tier}"] = pd.Series(shared.load, index=sites.index)
    names = [f"load_{name}" for name in tiers]
    return Capacity(
        rows=pd.concat(rows, ignore_index=True)[list(_COLUMNS)],
        loads=pd.DataFrame(loads, index=sites.index)[names],
        basis=surface.basis,
        model=RADIUS if network is None else NETWORK,
        n_without=int((~(supply > 0)).sum()),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sharing:
    surface: Surface
    supply: Floats
    demand: Demand
    network: NetworkKernel | None

    def of_mode(
        self, tiers: Mapping[str, Tier], sites: gpd.GeoDataFrame
    ) -> Iterator[tuple[str, str, Shared, pd.DataFrame]]:
        """Yield tier, category, sharing and rows of the grids, for tiers of one mode."""
        longest = max(tiers.values(), key=self._limit)
        xy = shapely.get_coordinates(sites.geometry.array)
        pairs = surface_pairs(self.surface, xy, longest, network=self.network)
        for name, tier in tiers.items():
            for category, chosen in site_sets(tier, sites).items():
                mine = pairs.within(self._limit(tier), chosen)
                supply = np.where(chosen, self.supply, np.nan)
                shared = share_capacity(mine, self.surface.weight, supply, limit=self._limit(tier))
                known = self._known(tier, chosen)
                yield name, category, shared, self._rows(mine, shared, known)

    def _limit(self, tier: Tier) -> float:
        return tier.distance_m if self.network is None else limit_ms(tier)

    def _known(self, tier: Tier, chosen: Mask) -> Mask:
        """Return which places can be judged: all by radius, those near streets along them."""
        if self.network is None:
            return np.ones(len(self.surface.xy), dtype=bool)
        points, lattice = self.network.times(tier, chosen)
        parts = (points.is_known[self.surface.point_at], lattice.is_known[self.surface.cell_at])
        return np.concatenate(parts)

    def _rows(self, pairs: Pairs, shared: Shared, known: Mask) -> pd.DataFrame:
        n = len(self.demand.grid_ids)
        has_site = np.bincount(pairs.place_at, minlength=len(known)) > 0
        reached = self.surface.mean_by_grid(has_site.astype(float), known, n)
        return pd.DataFrame(
            {
                "id": self.demand.grid_ids.to_numpy(dtype=object),
                "access": self.surface.mean_by_grid(shared.access, known, n),
                "is_reached": np.nan_to_num(reached) > 0,
            }
        )


def find_short_capacity(
    capacity: Capacity,
    grids: gpd.GeoDataFrame,
    *,
    tiers: Mapping[str, Tier],
    rules: CoverageRules,
) -> Report:
    """Report base grids that reach a site whose capacity, shared, is too small for them.

    Parameters
    ----------
    capacity
        From `capacity_of`.
    grids
        The grids, with `kind`.
    rules
        `min_capacity_ratio` is the limit.

    Returns
    -------
    report
        C506 (measure: capacity for one of the grid's people) for each grid and category that the
        tier names, or the tier as a whole where it names none. A grid that reaches no site at all
        is blank, which is C501 and not told again. Skipped where the limit is 0.
    """
    limit = rules.min_capacity_ratio
    if limit <= 0:
        return Report(
            findings=findings_frame([], grids.crs),
            skipped=MappingProxyType({"C506": "coverage.no_capacity_limit"}),
        )
    base = grids.index[(grids["kind"] == "base").to_numpy()]
    rows = capacity.rows[
        capacity.rows["is_reached"]
        & (capacity.rows["access"] < limit)
        & capacity.rows["id"].isin(base)
    ]
    names_some = rows["tier"].map(lambda name: tiers[name].categories is not None).astype(bool)
    rows = rows[names_some != (rows["category"] == ALL_CATEGORIES)]
    shapes = dict(zip(grids.index, grids.geometry.array, strict=True))
    found = [
        _finding(row, tiers[row["tier"]], capacity, limit=limit, shape=shapes[row["id"]])
        for row in rows.to_dict("records")
    ]
    return Report(
        findings=findings_frame(found, grids.crs),
        thresholds=MappingProxyType({"min_capacity_ratio": limit}),
    )


def _finding(
    row: Mapping[Any, Any],
    tier: Tier,
    capacity: Capacity,
    *,
    limit: float,
    shape: shapely.Geometry,
) -> dict[str, Any]:
    category = None if row["category"] == ALL_CATEGORIES else row["category"]
    details: dict[str, str] = {}
    for language in LANGUAGES:
        key = "any_site" if category is None else "sites_of"
        details |= {
            f"sites_{language}": text(f"coverage.{key}", language, category=category),
            f"reach_{language}": reach_text(tier, capacity.model, language),
            f"one_{language}": text(f"coverage.one_of_{capacity.basis}", language),
        }
    return {
        "rule": "C506",
        "layer": "grids",
        "grid_ids": (row["id"],),
        "tier": tier.tier_id,
        "model": capacity.model,
        "category": category,
        "measure": float(row["access"]),
        "limit": limit,
        "details": details,
        "geometry": shape,
    }


def _capacity(sites: gpd.GeoDataFrame) -> Floats:
    """Return the capacity of each site, NaN where it is not given."""
    if "capacity" not in sites:
        return np.full(len(sites), np.nan)
    return np.asarray(pd.to_numeric(sites["capacity"], errors="coerce"), dtype=float)
