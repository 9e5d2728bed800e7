"""Random edits of a city, and what a measurement from scratch says of them."""

from dataclasses import replace

import numpy as np

from geo.audit import Audit
from geo.coverage import (
    ALL_CATEGORIES,
    NETWORK,
    CoverageRules,
    NetworkKernel,
    grid_demand,
    network_coverage,
    radius_coverage,
)
from geo.planning.whatif import Edits, NewSite, WhatIf
from geo.planning.whatif.edits import edited

__all__ = ["random_edits", "require_same"]


def random_edits(city: WhatIf, rng: np.random.Generator) -> Edits:
    """Return one to three sites added, moved or removed near where sites are."""
    order = iter(rng.permutation(len(city.sites.ids)))
    add, move, remove = [], {}, []
    for kind in rng.integers(0, 3, rng.integers(1, 4)):
        at = next(order)
        x, y = city.sites.xy[rng.integers(len(city.sites.ids))] + rng.normal(0, 500, 2)
        if kind == 0:
            category = None if city.sites.category is None else city.sites.category[at]
            add.append(NewSite(at=(x, y), category=category))
        elif kind == 1:
            move[city.sites.ids[at]] = (x, y)
        else:
            remove.append(city.sites.ids[at])
    return Edits(add=tuple(add), move=move, remove=tuple(remove))


def require_same(audit: Audit, city: WhatIf, edits: Edits) -> None:
    """Check every share, class and count of sites against a measurement of the edited city."""
    change = edited(city.sites, edits)
    layers = replace(audit.layers, sites=change.sites.frame(audit.crs))
    rules = CoverageRules.from_standard(audit.standard)
    demand = grid_demand(layers.grids, layers.buildings, has_all_buildings=layers.has_all_buildings)
    if city.model == NETWORK:
        kernel = NetworkKernel.prepare(
            layers.grids,
            layers.sites,
            layers.streets,
            demand=demand,
            tiers=city.tiers,
            rules=rules,
        )
        long = network_coverage(kernel, layers.sites, tiers=city.tiers, rules=rules)
    else:
        long = radius_coverage(layers.grids, layers.sites, demand, tiers=city.tiers, rules=rules)
    long = long[long["category"] == ALL_CATEGORIES].set_index(["tier", "id"])
    (model,) = city.models
    for name, judged in model.after(change, edits.links).items():
        rows = long.loc[name]
        share = np.where(
            rows["demand_basis"] == "area", rows["area_share"], rows["residents_share"]
        )
        np.testing.assert_array_equal(judged.share, share)
        np.testing.assert_array_equal(judged.n_sites, rows["n_sites"])
        np.testing.assert_array_equal(judged.classes, rows["class"])
