"""A city prepared once, to be asked what if as often as one likes."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from geo.audit import Audit
from geo.audit.surfaces import Surface, surfaces
from geo.coverage import (
    NETWORK,
    RADIUS,
    CoverageRules,
    NetworkKernel,
    circles,
    grid_demand,
)
from geo.errors import LayerError
from geo.planning.whatif.along import AlongStreets
from geo.planning.whatif.edits import Edits, Sites, edited
from geo.planning.whatif.straight import StraightLines
from geo.planning.whatif.verdicts import Ground, Judged
from geo.standards import Tier

__all__ = ["ChangedGrid", "Outcome", "TierOutcome", "WhatIf"]

_COUNTED = ("blank", "thin", "crowded", "unknown")


class ChangedGrid(NamedTuple):
    """What edits make of one grid; a share is None where nothing can be judged."""

    grid_id: str
    class_before: str
    class_after: str
    share_before: float | None
    share_after: float | None
    n_sites_before: int
    n_sites_after: int
    gained: float
    lost: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TierOutcome:
    """What edits make of one tier.

    `before`, `after`: `share` (0 to 1, None where nothing can be judged), `n_blank`, `n_thin`,
    `n_crowded`, `n_unknown` over the base grids. `gained`, `lost`: who is inside only afterwards,
    only before, counted by `basis`. `changed`: on grid id, the grids whose class, share or number
    of sites changes, or where somebody gains or loses.
    """

    tier: Tier
    basis: str
    before: Mapping[str, float | int | None]
    after: Mapping[str, float | int | None]
    gained: float
    lost: float
    changed: tuple[ChangedGrid, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """What edits make of a city: by tier, and the new circles of the sites added or moved."""

    model: str
    tiers: Mapping[str, TierOutcome]
    circles: gpd.GeoDataFrame


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WhatIf:
    """A city prepared to be asked what if. Memory O(places + pairs of a site and a place)."""

    sites: Sites
    crs: CRS
    tiers: Mapping[str, Tier]
    models: tuple[AlongStreets | StraightLines, ...]
    model: str

    @classmethod
    def prepare(cls, audit: Audit) -> "WhatIf":
        """Return the city of `audit`, by the model that gives its verdicts.

        Raises
        ------
        LayerError
            If the audit has no sites, or its standard no tiers.
        """
        layers, tiers = audit.layers, audit.standard.tiers
        if layers.sites is None or not tiers:
            raise LayerError("planning.nothing_to_try")
        rules = CoverageRules.from_standard(audit.standard)
        demand = grid_demand(
            layers.grids, layers.buildings, has_all_buildings=layers.has_all_buildings
        )
        network = None
        if audit.verdict_model == NETWORK and layers.streets is not None:
            network = NetworkKernel.prepare(
                layers.grids,
                layers.sites,
                layers.streets,
                demand=demand,
                tiers=tiers,
                rules=rules,
            )
        return cls(
            sites=Sites.of(layers.sites),
            crs=layers.crs,
            tiers=tiers,
            models=tuple(
                _model(layers.grids, layers.sites, each, rules=rules)
                for each in surfaces(demand, tiers, network)
                if each.tiers
            ),
            model=RADIUS if network is None else NETWORK,
        )

    def gained(self, edits: Edits, tier: str) -> float:
        """Return how many more are inside `tier` with `edits` made, counted by its basis."""
        change = edited(self.sites, edits)
        model = next(model for model in self.models if tier in model.tiers)
        after = model.after(change, edits.links)[tier]
        gained, lost = model.ground.gains(model.before[tier], after)
        return float(gained.sum() - lost.sum())

    def ask(self, edits: Edits) -> Outcome:
        """Return what `edits` make of the city.

        Raises
        ------
        NotFoundError
            If a site is not there, or an end of a link is far from every street.

        Notes
        -----
        Along streets O(circles of the touched sites + places + arcs), by radius O(size of the
        touched grids × log s). Equal to a measurement of the edited city from scratch.
        """
        change = edited(self.sites, edits)
        fresh = change.sites.take(change.is_fresh).frame(self.crs)
        found: dict[str, TierOutcome] = {}
        drawn = []
        for model in self.models:
            after = model.after(change, edits.links)
            for name, tier in model.tiers.items():
                before = model.before[name]
                found[name] = _outcome(tier, model.ground, before=before, after=after[name])
            if len(fresh):
                drawn.append(model.drawn(fresh, edits.links))
        return Outcome(
            model=self.model,
            tiers=MappingProxyType({name: found[name] for name in self.tiers}),
            circles=gpd.GeoDataFrame(pd.concat(drawn, ignore_index=True), crs=self.crs)
            if drawn
            else circles(None, tiers={}, crs=self.crs),
        )


def _model(
    grids: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    surface: Surface,
    *,
    rules: CoverageRules,
) -> AlongStreets | StraightLines:
    demand = surface.demand
    if surface.network is None:
        return StraightLines.prepare(grids, sites, demand, tiers=surface.tiers, rules=rules)
    return AlongStreets.prepare(surface.network, sites, demand, tiers=surface.tiers, rules=rules)


def _outcome(tier: Tier, ground: Ground, *, before: Judged, after: Judged) -> TierOutcome:
    gained, lost = ground.gains(before, after)
    same_share = (before.share == after.share) | (np.isnan(before.share) & np.isnan(after.share))
    at = np.flatnonzero(
        (before.classes != after.classes)
        | ~same_share
        | (before.n_sites != after.n_sites)
        | (gained > 0)
        | (lost > 0)
    )
    ids = ground.grid_ids
    changed = tuple(
        ChangedGrid(
            grid_id=str(ids[row]),
            class_before=str(before.classes[row]),
            class_after=str(after.classes[row]),
            share_before=_share(before.share[row]),
            share_after=_share(after.share[row]),
            n_sites_before=int(before.n_sites[row]),
            n_sites_after=int(after.n_sites[row]),
            gained=float(gained[row]),
            lost=float(lost[row]),
        )
        for row in at
    )
    return TierOutcome(
        tier=tier,
        basis=ground.demand.totals_basis,
        before=_totals(ground, before),
        after=_totals(ground, after),
        gained=float(gained.sum()),
        lost=float(lost.sum()),
        changed=changed,
    )


def _share(share: float) -> float | None:
    return None if np.isnan(share) else float(share)


def _totals(ground: Ground, judged: Judged) -> dict[str, float | int | None]:
    classes = judged.classes[ground.demand.is_base]
    return {
        "share": ground.total_share(judged),
        **{f"n_{name}": int((classes == name).sum()) for name in _COUNTED},
    }
