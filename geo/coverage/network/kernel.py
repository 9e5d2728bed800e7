"""Circles along streets: the network of one city prepared once, to measure any tier and sites."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geo.coverage.certainty import network_band
from geo.coverage.compiled import compiled
from geo.coverage.demand import Demand
from geo.coverage.lattice import lattice_points
from geo.coverage.limits import CoverageRules
from geo.coverage.measures import Measures
from geo.coverage.network.arrays import NEVER_MS, Floats, Mask
from geo.coverage.network.graph import Graph, build_graph
from geo.coverage.network.modes import the_mode, ways_of
from geo.coverage.network.search import Places, arrival_ms, nearest_ms, reached, take, targets_of
from geo.coverage.network.snap import Snapped, Snapper, places_of
from geo.coverage.radius import Pairs
from geo.coverage.streets import Edges, street_edges
from geo.standards import Tier
from geo.words import LANGUAGES, text

__all__ = ["NETWORK", "Net", "NetworkKernel", "Times", "limit_ms"]

NETWORK: Final = "network"
"""`model` of everything that is measured along streets."""

_MS_PER_MINUTE: Final = 60_000.0
_MM_PER_M: Final = 1000.0

_METRES: Final = " metres"

Positions = npt.NDArray[np.intp]
_Means = tuple[Floats, Floats]
_MeansOf = Callable[[Floats | Mask], _Means]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Times:
    """How far k points are from the nearest site, each array of length k.

    `ms`, `metres`: along the streets; endless where no site is reached. `is_near`: a street is
    near enough. `is_known`: and some site can be reached; without, nothing can be said.
    `lengths`: metres, where the speed differs from street to street, else one `ms_per_m` holds.
    """

    ms: Floats
    is_near: Mask
    is_known: Mask
    ms_per_m: float
    lengths: Floats | None = None

    @property
    def metres(self) -> Floats:
        """How far it is along the streets."""
        return self.ms / self.ms_per_m if self.lengths is None else self.lengths


_MeanOf = Callable[[Callable[[Times], Floats | Mask]], Floats]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Net:
    """The network of one mode with the sites, the demand points and the lattice on it."""

    ms_per_m: float
    snapper: Snapper
    graph: Graph
    sites: Places
    points: Places
    lattice: Places

    @property
    def fastest_ms_per_m(self) -> float:
        """Milliseconds for a metre on the fastest street."""
        return float(min(self.graph.ms_per_m.min(initial=np.inf), self.ms_per_m))

    def arrival(self, chosen: Mask, points: Places) -> Floats:
        """Return the time of each point to the nearest of the chosen sites (ms, or endless)."""
        sites = take(self.sites, np.flatnonzero(chosen))
        found = arrival_ms(self.graph, nearest_ms(self.graph, sites), points, sites)
        return np.where(found == NEVER_MS, np.inf, found.astype(float))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NetworkKernel:
    """The streets of one city prepared once, to measure any tier and set of sites.

    `lattice_xy`, `lattice_at`
        The lattice that stands for the area of the grids, and the grid of each of its points.
    `nets`
        By mode, and for modes whose speed differs from street to street also `<mode> metres`, where
        a "millisecond" is a millimetre.
    `reach`
        By mode the grids within reach of each site, in milliseconds.
    `basis_weight`, `households`
        Weights of each membership of a point in a grid (`Demand.basis_weight`).
    `cells_by_area`
        The lattice points of the grids that are judged by their area.
    """

    demand: Demand
    lattice_xy: Floats
    lattice_at: Positions
    nets: Mapping[str, Net]
    reach: Mapping[str, Pairs]
    rules: CoverageRules
    n_crossings: int
    basis_weight: Floats
    households: Floats
    cells_by_area: Positions
    _times: dict[tuple[str, bytes], tuple[Times, Times]] = field(default_factory=dict)

    @classmethod
    def prepare(
        cls,
        grids: gpd.GeoDataFrame,
        sites: gpd.GeoDataFrame,
        streets: gpd.GeoDataFrame,
        *,
        demand: Demand,
        tiers: Mapping[str, Tier],
        rules: CoverageRules,
    ) -> "NetworkKernel":
        """Return the kernel that can measure any of `tiers`.

        Notes
        -----
        O(v log v) for v vertices of the streets, O(k) for k demand and lattice points, and the
        circles of all sites.
        """
        edges = street_edges(streets)
        lattice_xy, lattice_at = lattice_points(
            grids.geometry.array.to_numpy(), spacing_m=rules.lattice_m
        )
        xy = (shapely.get_coordinates(sites.geometry.array), demand.points_xy, lattice_xy)
        nets: dict[str, Net] = {}
        reach: dict[str, Pairs] = {}
        ground = _Ground(edges=edges, xy=xy, within_m=rules.max_snap_m)
        for mode_id in dict.fromkeys(tier.mode for tier in tiers.values()):
            nets |= _nets(streets, ground, mode_id=mode_id)
            minutes = max(tier.minutes for tier in tiers.values() if tier.mode == mode_id)
            reach[mode_id] = _reach(nets[mode_id], demand, lattice_at, minutes=minutes)
        return cls(
            demand=demand,
            lattice_xy=lattice_xy,
            lattice_at=lattice_at,
            nets=nets,
            reach=reach,
            rules=rules,
            n_crossings=edges.n_crossings,
            **_weights(demand, lattice_at),
        )

    def serving(self, demand: Demand) -> "NetworkKernel":
        """Return the same streets, sites and points for the points' other demand."""
        return replace(self, demand=demand, **_weights(demand, self.lattice_at))

    def with_nets(self, nets: Mapping[str, Net]) -> "NetworkKernel":
        """Return this city with `nets` by mode in place of its own: to draw circles on."""
        return replace(self, nets={**self.nets, **nets}, _times={})

    def measured(self) -> "NetworkKernel":
        """Return what is needed once every tier is measured: `times` tells what it has told.

        The streets, which take most of the memory, are left out.
        """
        return replace(self, nets={}, reach={})

    def times(self, tier: Tier, sites: Mask) -> tuple[Times, Times]:
        """Return the times of the demand points and of the lattice to the nearest of `sites`."""
        key = (tier.mode, sites.tobytes())
        if key not in self._times:
            net = self.nets[tier.mode]
            self._times[key] = (
                self._times_of(tier.mode, sites, net.points, is_lattice=False),
                self._times_of(tier.mode, sites, net.lattice, is_lattice=True),
            )
        return self._times[key]

    def _times_of(self, mode: str, sites: Mask, points: Places, *, is_lattice: bool) -> Times:
        net, lengths = self.nets[mode], self.nets.get(f"{mode}{_METRES}")
        ms = net.arrival(sites, points)
        metres = None
        if lengths is not None:
            same = lengths.lattice if is_lattice else lengths.points
            metres = lengths.arrival(sites, same) / _MM_PER_M
        is_near = points.chain >= 0
        # Without any site there is nothing to reach: then all is blank, for certain.
        is_known = np.isfinite(ms) if sites.any() else np.ones(len(ms), dtype=bool)
        return Times(
            ms=ms, is_near=is_near, is_known=is_known, ms_per_m=net.ms_per_m, lengths=metres
        )

    def served(self, tier: Tier, sites: Mask) -> Pairs:
        """Return the grids with each of `sites` that some of their demand reaches in time."""
        return self.reach[tier.mode].within(limit_ms(tier), sites)

    def measure(self, tier: Tier, sites: Mask) -> Measures:
        """Return the measures of `tier` when only `sites` (by position) count."""
        points, lattice = self.times(tier, sites)
        limit, n = limit_ms(tier), len(self.demand.grid_ids)
        served = self.served(tier, sites)
        area_share, judged_area = self._by_area(lattice, lattice.ms <= limit)
        homes, judged_homes = self._by_points(self.households, points)(points.ms <= limit)
        of_points = self._by_points(self.basis_weight, points)
        share, judged = of_points(points.ms <= limit)
        mean = self._mean(of_points, points, lattice)

        return Measures(
            n_sites=np.bincount(served.place_at, minlength=n),
            nearest_m=mean(lambda times: times.metres),
            nearest_minutes=mean(lambda times: times.ms) / _MS_PER_MINUTE,
            area_share=area_share,
            residents_share=share,
            households_share=homes,
            metres_share=mean(lambda times: times.metres <= tier.distance_m),
            judged={"area": judged_area, "residents": judged, "households": judged_homes},
            served=(served.place_at, served.site_at),
            band=self._band(tier, mean),
        )

    def _mean(self, of_points: _MeansOf, points: Times, lattice: Times) -> _MeanOf:
        """Return what gives the mean by grid of a value of places.

        Over the points of a grid, or over its lattice where it is judged by its area.
        """
        is_area = (self.demand.basis == "area").to_numpy()

        def mean(value: Callable[[Times], Floats | Mask]) -> Floats:
            both, _ = of_points(value(points))
            if is_area.any():
                both = np.where(is_area, self._by_area(lattice, value(lattice))[0], both)
            return np.where(np.isfinite(both), both, np.nan)

        return mean

    def _band(self, tier: Tier, mean: _MeanOf) -> tuple[Floats, Floats]:
        """Return the least and the greatest share of the verdict within the uncertainty."""
        pace, limit = self.nets[tier.mode].ms_per_m, limit_ms(tier)
        low = mean(lambda times: network_band(times.ms, limit, self.rules, ms_per_m=pace).sure)
        high = mean(lambda times: network_band(times.ms, limit, self.rules, ms_per_m=pace).possible)
        return low, high

    def messages(self) -> tuple[dict[str, str], ...]:
        """Return what the user should know of the streets, each by language."""
        notes = []
        for mode, net in self.nets.items():
            if mode.endswith(_METRES):
                continue
            far = {
                "points": int((net.points.chain < 0).sum()),
                "sites": int((net.sites.chain < 0).sum()),
            }
            for name, count in far.items():
                if count:
                    notes.append(_message(f"far_{name}", mode=mode, n=count))
        if self.n_crossings:
            notes.append(_message("crossings_joined", n=self.n_crossings))
        return tuple(notes)

    def _by_points(self, weight: Floats, points: Times) -> _MeansOf:
        """Return what gives the mean of values over each grid's known points, and the part known.

        `weight` is that of each membership of a point in a grid.
        """
        at = self.demand.point_at
        known = weight * points.is_known[at]
        total = self.demand.sum_by_grid(known)
        part = _ratio(total, self.demand.sum_by_grid(weight))

        def means(values: Floats | Mask) -> _Means:
            counted = np.where(points.is_known, values, 0.0)
            inside = _summed(self.demand.grid_at, at, known, counted, len(total))
            return _ratio(inside, total), part

        return means

    def _by_area(self, lattice: Times, values: Floats | Mask) -> _Means:
        """Return the mean of `values` over the known lattice of each grid, and the part known."""
        n = len(self.demand.grid_ids)
        summed, total, all_of_it = (
            np.bincount(self.lattice_at, weights=part, minlength=n).astype(float)
            for part in (
                np.where(lattice.is_known, values, 0.0),
                lattice.is_known.astype(float),
                np.ones(len(self.lattice_at)),
            )
        )
        return _ratio(summed, total), _ratio(total, all_of_it)


@compiled
def _summed(
    grid_at: Positions, point_at: Positions, weight: Floats, values: Floats, n: int
) -> Floats:
    """Return the sum by grid of weight (of each membership) x value (of each point)."""
    sums = np.zeros(n)
    for i in range(len(grid_at)):
        sums[grid_at[i]] += weight[i] * values[point_at[i]]
    return sums


def _weights(demand: Demand, lattice_at: Positions) -> dict[str, Any]:
    """Return what a kernel keeps of its demand."""
    return {
        "basis_weight": demand.basis_weight(),
        "households": demand.point_weight("households")[demand.point_at],
        "cells_by_area": np.flatnonzero((demand.basis == "area").to_numpy()[lattice_at]),
    }


def limit_ms(tier: Tier) -> float:
    """Return the limit of `tier` along streets: its minutes, in milliseconds."""
    return tier.minutes * _MS_PER_MINUTE


def _ratio(part: Floats, total: Floats) -> Floats:
    """Return part ÷ total, NaN where there is no total."""
    ratio: Floats = np.divide(part, total, out=np.full(len(total), np.nan), where=total > 0)
    return ratio


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Ground:
    """Sites, points and lattice (`xy`) beside the edges, snapped once for all modes alike."""

    edges: Edges
    xy: tuple[Floats, Floats, Floats]
    within_m: float
    _found: dict[bytes, tuple[Snapper, list[Snapped]]] = field(default_factory=dict)

    def snapped(self, is_open: Mask) -> tuple[Snapper, list[Snapped]]:
        """Return the snapper onto the open edges, and what it found for each of `xy`."""
        key = np.packbits(is_open).tobytes()
        if key not in self._found:
            snapper = Snapper.of(self.edges, is_open)
            found = [snapper.nearest(part, within_m=self.within_m) for part in self.xy]
            self._found[key] = snapper, found
        return self._found[key]


def _nets(streets: gpd.GeoDataFrame, ground: _Ground, *, mode_id: str) -> dict[str, Net]:
    """Return the network of a mode with sites, points and lattice on it."""
    mode, edges = the_mode(mode_id), ground.edges
    ways = ways_of(streets, mode)
    snapper, snapped = ground.snapped((ways.forward | ways.backward)[edges.street_at])
    scales = {mode_id: (ways, mode.ms_per_m)}
    if mode.keeps_street_speed:
        even = ways._replace(ms_per_m=np.full(len(streets), _MM_PER_M))
        scales[f"{mode_id}{_METRES}"] = (even, _MM_PER_M)
    nets = {}
    for name, (scaled, ms_per_m) in scales.items():
        graph = build_graph(edges, scaled)
        sites, points, lattice = (
            places_of(graph, part, access_ms_per_m=ms_per_m) for part in snapped
        )
        nets[name] = Net(
            ms_per_m=ms_per_m,
            snapper=snapper,
            graph=graph,
            sites=sites,
            points=points,
            lattice=lattice,
        )
    return nets


def _reach(net: Net, demand: Demand, lattice_at: Positions, *, minutes: float) -> Pairs:
    """Return the grids that each site reaches: by their points, else by their lattice."""
    has_points = np.bincount(demand.grid_at, minlength=len(demand.grid_ids)) > 0
    cells = np.flatnonzero(~has_points[lattice_at])
    of_points, of_cells = take(net.points, demand.point_at), take(net.lattice, cells)
    both = Places(*(np.concatenate(pair) for pair in zip(of_points, of_cells, strict=True)))
    owner_at = np.concatenate([demand.grid_at, lattice_at[cells]])
    found = reached(
        net.graph,
        net.sites,
        targets_of(net.graph, both, owner_at),
        limit_ms=int(minutes * _MS_PER_MINUTE),
    )
    return Pairs(
        place_at=found.owner_at.astype(np.intp),
        site_at=found.site_at.astype(np.intp),
        away=found.time_ms.astype(float),
    )


def _message(key: str, *, mode: str | None = None, n: int) -> dict[str, str]:
    titles = {} if mode is None else the_mode(mode).title
    return {
        language: text(f"coverage.{key}", language, n=n, mode=titles.get(language, ""))
        for language in LANGUAGES
    }
