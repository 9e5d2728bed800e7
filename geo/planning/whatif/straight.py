"""What-if by straight lines: only the grids near the sites that are touched are measured again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geo.coverage import CoverageRules, Demand, circles
from geo.coverage.radius import RadiusKernel, distance_to_nearest
from geo.planning.whatif.edits import Edited, Link, Sites
from geo.planning.whatif.verdicts import Ground, Judged
from geo.standards import Tier

__all__ = ["StraightLines"]

_SLACK_M = 1.0

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StraightLines:
    """A city's tiers by radius, prepared to be asked what if."""

    grids: gpd.GeoDataFrame
    sites: Sites
    tiers: Mapping[str, Tier]
    ground: Ground
    tree: shapely.STRtree
    before: Mapping[str, Judged]

    @classmethod
    def prepare(
        cls,
        grids: gpd.GeoDataFrame,
        sites: gpd.GeoDataFrame,
        demand: Demand,
        *,
        tiers: Mapping[str, Tier],
        rules: CoverageRules,
    ) -> "StraightLines":
        """Return the city as it stands."""
        city = cls(
            grids=grids,
            sites=Sites.of(sites),
            tiers=tiers,
            ground=Ground.of(demand, rules, weight=demand.basis_weight()),
            tree=shapely.STRtree(grids.geometry.array.to_numpy()),
            before=MappingProxyType({}),
        )
        everything = np.arange(len(grids))
        return replace(city, before=MappingProxyType(city._judge(city.sites, everything)))

    def after(self, change: Edited, links: tuple[Link, ...] = ()) -> dict[str, Judged]:
        """Return each tier judged with the sites of `change`; links change no straight line."""
        del links
        old = self.sites.xy[change.is_gone]
        return self._judge(
            change.sites, self._near(np.vstack([old, change.sites.xy[change.is_fresh]]))
        )

    def drawn(self, sites: gpd.GeoDataFrame, links: tuple[Link, ...] = ()) -> gpd.GeoDataFrame:
        """Return the circles of `sites`."""
        del links
        return circles(sites, tiers=self.tiers)

    def _near(self, xy: Floats) -> Positions:
        """Return the grids that have one of the places `xy` in reach of some of their demand."""
        reach_m = max((tier.distance_m for tier in self.tiers.values()), default=0.0) + _SLACK_M
        demand = self.ground.demand
        near = distance_to_nearest(demand.points_xy, xy) <= reach_m
        _, by_place = self.tree.query(shapely.points(xy), predicate="dwithin", distance=reach_m)
        hit = np.zeros(len(demand.grid_ids), dtype=bool)
        hit[demand.grid_at[near[demand.point_at]]] = True
        hit[by_place] = True
        return np.flatnonzero(hit)

    def _judge(self, sites: Sites, at: Positions) -> dict[str, Judged]:
        demand = self.ground.demand
        some, points = _part(demand, at)
        kernel = RadiusKernel.prepare(
            self.grids.iloc[at],
            sites.frame(self.grids.crs),
            some,
            tiers=self.tiers,
            rules=self.ground.rules,
        )
        everybody = np.ones(len(demand.points_xy), dtype=bool)
        found = {}
        for name, tier in self.tiers.items():
            chosen = sites.counting(tier)
            measures = kernel.measure(tier, chosen)
            mine = np.where(
                (some.basis == "area").to_numpy(), measures.area_share, measures.residents_share
            )
            n = len(demand.grid_ids)
            before = self.before.get(name)
            share = np.full(n, np.nan) if before is None else before.share.copy()
            n_sites = np.zeros(n, dtype=np.int64) if before is None else before.n_sites.copy()
            inside = ~everybody if before is None else before.inside.copy()
            share[at], n_sites[at] = mine, measures.n_sites
            away = distance_to_nearest(demand.points_xy[points], sites.xy[chosen])
            inside[points] = away <= tier.distance_m
            found[name] = self.ground.judged(share, n_sites, places=(inside, everybody))
        return found


def _part(demand: Demand, at: Positions) -> tuple[Demand, Positions]:
    """Return the demand of the grids `at` alone, and which points it has."""
    number = np.full(len(demand.grid_ids), -1)
    number[at] = np.arange(len(at))
    keep = np.flatnonzero(number[demand.grid_at] >= 0)
    points = np.unique(demand.point_at[keep])
    weights = (demand.residents, demand.households, demand.workers)
    residents, households, workers = (None if w is None else w[points] for w in weights)
    part = replace(
        demand,
        grid_ids=demand.grid_ids[at],
        is_base=demand.is_base[at],
        area_m2=demand.area_m2[at],
        points_xy=demand.points_xy[points],
        grid_at=number[demand.grid_at[keep]],
        point_at=np.searchsorted(points, demand.point_at[keep]),
        basis=demand.basis.iloc[at],
        residents=residents,
        households=households,
        workers=workers,
    )
    return part, points
