"""What one model (radius, network) measured for one tier and set of sites, before a verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from geo.coverage.services import service_sets
from geo.layers import require_columns
from geo.standards import Tier

__all__ = ["ALL_CATEGORIES", "Measures", "judged_sets", "site_sets"]

ALL_CATEGORIES: Final = "all"
"""`category` of the rows that judge a tier as a whole: every site that counts in it."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measures:
    """Measures of n grids (or units), each array of length n; NaN where nothing can be measured.

    `n_sites`: sites whose circle holds some demand. `nearest_m`, `nearest_minutes`: weighted mean
    over the demand of the way to the nearest site. `area_share`, `residents_share` (by the demand
    basis), `households_share`: 0 to 1.

    `metres_share`: the share of the demand within the tier's metres where the verdict is by its
    minutes. `judged`: by name of a share (`area`, `residents`, `households`) the part of its weight
    that could be judged; None where all of it could. `served`: positions (grid, site) of every grid
    with each site that serves it. `band`: the least and the greatest share of the verdict (of the
    demand basis, `area`: of the area) within the uncertainty.
    """

    n_sites: npt.NDArray[np.int64]
    nearest_m: Floats
    nearest_minutes: Floats
    area_share: Floats
    residents_share: Floats
    households_share: Floats
    metres_share: Floats | None = None
    judged: Mapping[str, Floats] | None = None
    served: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]] | None = None
    band: tuple[Floats, Floats] | None = None


def site_sets(tier: Tier, sites: gpd.GeoDataFrame) -> Mapping[str, npt.NDArray[np.bool_]]:
    """Return which sites count: `all` for the whole tier, then each category that it names.

    Raises
    ------
    LayerError
        If the tier names categories and the sites have none.
    """
    if tier.categories is None:
        return {ALL_CATEGORIES: np.ones(len(sites), dtype=bool)}
    require_columns(sites, ["category"], "sites")
    found = sites["category"].to_numpy(dtype=object)
    each = {name: np.asarray(found == name, dtype=bool) for name in tier.categories}
    whole = np.zeros(len(sites), dtype=bool)
    for mask in each.values():
        whole |= mask
    return {ALL_CATEGORIES: whole, **each}


def judged_sets(
    tier: Tier, sites: gpd.GeoDataFrame, *, n_grids: int = 0
) -> Mapping[str, npt.NDArray[np.bool_]]:
    """Return the sets of sites that the long table has rows for: `site_sets`, then services.

    Above `MAX_GRIDS` grids of services that nobody asks for only their classes.

    Raises
    ------
    LayerError
        If the tier names categories and the sites have none.
    """
    sets = site_sets(tier, sites)
    return {**sets, **service_sets(tier, sites, sets[ALL_CATEGORIES], n_grids=n_grids)}
