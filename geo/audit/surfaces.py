"""Whom the tiers serve: residents, and where a tier says so those who work outdoors."""

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from geo import coverage as circles
from geo.layers import Layers
from geo.standards import Tier

__all__ = ["Surface", "covered", "surfaces"]


class Surface(NamedTuple):
    """A surface of demand, the tiers that serve it, and the network with it on."""

    demand: circles.Demand
    tiers: Mapping[str, Tier]
    network: circles.NetworkKernel | None


def surfaces(
    demand: circles.Demand, tiers: Mapping[str, Tier], network: circles.NetworkKernel | None
) -> tuple[Surface, ...]:
    """Return the surface of residents, and that of outdoor workers where a tier serves them."""
    for_workers = {name: tier for name, tier in tiers.items() if tier.demand == "workers"}
    if not for_workers:
        return (Surface(demand, tiers, network),)
    rest = {name: tier for name, tier in tiers.items() if name not in for_workers}
    workers = demand.of_workers()
    along = None if network is None else network.serving(workers)
    return (Surface(demand, rest, network), Surface(workers, for_workers, along))


def covered(
    layers: Layers,
    demand: circles.Demand,
    *,
    tiers: Mapping[str, Tier],
    rules: circles.CoverageRules,
    network: circles.NetworkKernel | None,
) -> pd.DataFrame:
    """Return the long table of grids and units for the tiers that serve `demand`."""
    table = circles.radius_coverage(layers.grids, layers.sites, demand, tiers=tiers, rules=rules)
    if network is not None and layers.sites is not None and tiers:
        rows = circles.network_coverage(network, layers.sites, tiers=tiers, rules=rules)
        table = pd.concat([table, rows], ignore_index=True)
    if layers.units is not None and tiers:
        by_unit = circles.unit_coverage(
            table, layers, demand, tiers=tiers, rules=rules, network=network
        )
        table = pd.concat([table, by_unit], ignore_index=True)
    return table
