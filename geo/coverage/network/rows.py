"""The long rows of the grids along streets."""

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd

from geo.coverage.limits import CoverageRules
from geo.coverage.measures import judged_sets
from geo.coverage.network.kernel import NETWORK, NetworkKernel
from geo.coverage.table import coverage_rows, empty_long
from geo.standards import Tier

__all__ = ["network_coverage"]


def network_coverage(
    kernel: NetworkKernel,
    sites: gpd.GeoDataFrame,
    *,
    tiers: Mapping[str, Tier],
    rules: CoverageRules,
) -> pd.DataFrame:
    """Return the long table of the grids along streets, a row a grid, tier and category.

    Parameters
    ----------
    kernel
        Prepared for the same sites and tiers.
    sites, tiers, rules
        As for `radius_coverage`.

    Returns
    -------
    long
        `LONG_COLUMNS`, subject `grid`, model `network`. The verdict is by the minutes of a tier at
        the speed of its mode; `metres_share` is the verdict by its metres along the streets.
    """
    blocks = [
        coverage_rows(
            kernel.measure(tier, chosen),
            kernel.demand,
            labels={"tier": tier_id, "model": NETWORK, "category": category},
            rules=rules,
        )
        for tier_id, tier in tiers.items()
        for category, chosen in judged_sets(
            tier, sites, n_grids=len(kernel.demand.grid_ids)
        ).items()
    ]
    return pd.concat(blocks, ignore_index=True) if blocks else empty_long()
