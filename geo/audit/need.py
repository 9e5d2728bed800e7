"""What the sites offer and how evenly they stand to need, for one audit."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from geo import coverage as circles
from geo.audit.city import City
from geo.standards import Tier

__all__ = ["need_of_city", "services_of_city"]


def need_of_city(city: City) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    """Return tier → category → evenness (`need_summary`) by the verdict's model.

    Empty without sites that can be trusted.
    """
    layers, tiers = city.layers, city.standard.tiers
    if layers.sites is None or "sites" in city.doubtful or not tiers:
        return {}
    demand, network, weights = city.demand, city.network, _weights(city)
    if network is not None:
        return circles.need_summary(
            layers.sites, demand, tiers=tiers, weights=weights, served=network.served
        )
    limit_m = max(tier.distance_m for tier in tiers.values())
    pairs = circles.demand_pairs(layers.grids, layers.sites, demand, limit_m=limit_m)

    def served(tier: Tier, chosen: npt.NDArray[np.bool_]) -> circles.Pairs:
        return pairs.within(tier.distance_m, chosen)

    return circles.need_summary(layers.sites, demand, tiers=tiers, weights=weights, served=served)


def _weights(city: City) -> dict[str, npt.NDArray[np.float64]]:
    """Return by tier the demand of the grids that the verdict's model could judge."""
    long = city.coverage
    rows = long[
        (long["subject"] == "grid")
        & (long["model"] == city.model)
        & (long["category"] == circles.ALL_CATEGORIES)
    ]
    return {
        tier: circles.need_weight(
            city.demand, rows[rows["tier"] == tier].set_index("id").reindex(city.demand.grid_ids)
        )
        for tier in city.standard.tiers
    }


def services_of_city(city: City) -> Mapping[str, Mapping[str, int]]:
    """Return `offered` and `unknown` services, each with its number of sites; empty without."""
    census = circles.service_census(city.layers.sites)
    if census is None:
        return {}
    return {"offered": census.offered, "unknown": census.unknown}
