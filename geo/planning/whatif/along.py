"""What-if along streets: only the circles of the sites that are touched are searched again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from geo.coverage import CoverageRules, Demand, NetworkKernel, network_circles
from geo.coverage.network import Places, Reached, limit_ms, places_of, reached, targets_of
from geo.coverage.network.graph import Graph
from geo.coverage.network.kernel import Net
from geo.coverage.network.links import moved, with_links
from geo.coverage.network.search import Targets, take
from geo.errors import NotFoundError
from geo.planning.whatif.edits import Edited, Edits, Link, Sites, edited
from geo.planning.whatif.verdicts import Ground, Judged
from geo.standards import Tier

__all__ = ["AlongStreets"]

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Network:
    """The streets of one mode: places on them, and who reaches which site within the longest tier.

    `found`: pairs of site and place as the city stands. `n_inside` by tier: how many sites each
    place reaches.
    """

    net: Net
    places: Places
    targets: Targets
    longest_ms: int
    found: Reached
    first: Positions
    label: Ints | None
    n_inside: Mapping[str, npt.NDArray[np.int64]]
    n_sites: Mapping[str, npt.NDArray[np.int64]]

    def pairs_of(self, sites: Mask) -> Reached:
        """Return the pairs of `sites`."""
        at = np.flatnonzero(sites)
        begin, size = self.first[at], self.first[at + 1] - self.first[at]
        rows = np.repeat(begin - np.cumsum(size) + size, size) + np.arange(size.sum())
        return Reached(*(values[rows] for values in self.found))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AlongStreets:
    """A city's tiers along streets, prepared to be asked what if."""

    kernel: NetworkKernel
    sites: Sites
    tiers: Mapping[str, Tier]
    ground: Ground
    networks: Mapping[str, _Network]
    grids_of: tuple[Positions, Positions]
    before: Mapping[str, Judged]

    @classmethod
    def prepare(
        cls,
        kernel: NetworkKernel,
        sites: gpd.GeoDataFrame,
        demand: Demand,
        *,
        tiers: Mapping[str, Tier],
        rules: CoverageRules,
    ) -> "AlongStreets":
        """Return the city as it stands. O(circles of all sites), memory O(pairs)."""
        cells = kernel.cells_by_area
        cell_grid = kernel.lattice_at[cells]
        n_cells = np.bincount(kernel.lattice_at, minlength=len(demand.grid_ids))
        ground = Ground.of(
            demand,
            rules,
            weight=kernel.basis_weight,
            cells=(cell_grid, demand.area_m2[cell_grid] / n_cells[cell_grid]),
        )
        city = cls(
            kernel=kernel,
            sites=Sites.of(sites),
            tiers=tiers,
            ground=ground,
            networks=MappingProxyType({}),
            grids_of=_grids_of(ground),
            before=MappingProxyType({}),
        )
        networks = {}
        for mode in dict.fromkeys(tier.mode for tier in tiers.values()):
            mine = {name: tier for name, tier in tiers.items() if tier.mode == mode}
            longest = int(max(limit_ms(tier) for tier in mine.values()))
            network = _network(kernel, mode, longest)
            counts = {
                name: _count(network.found, city.sites.counting(tier), limit_ms(tier), city=city)
                for name, tier in mine.items()
            }
            networks[mode] = replace(
                network,
                n_inside={name: pair[0] for name, pair in counts.items()},
                n_sites={name: pair[1] for name, pair in counts.items()},
            )
        city = replace(city, networks=MappingProxyType(networks))
        before = city.after(edited(city.sites, Edits()), ())
        return replace(city, before=MappingProxyType(before))

    def after(self, change: Edited, links: tuple[Link, ...]) -> dict[str, Judged]:
        """Return each tier judged with the sites of `change` and with `links` opened.

        Raises
        ------
        NotFoundError
            If an end of a link has no street of a tier's mode near enough.
        """
        found: dict[str, Judged] = {}
        for mode, network in self.networks.items():
            judged = self._judge(network, change, links)
            found |= {name: judged[name] for name in judged if self.tiers[name].mode == mode}
        return {name: found[name] for name in self.tiers}

    def drawn(self, sites: gpd.GeoDataFrame, links: tuple[Link, ...]) -> gpd.GeoDataFrame:
        """Return the circles of `sites` with `links` opened."""
        nets = {}
        for mode, network in self.networks.items():
            net, _ = self._opened(network, links)
            places = self._snapped(net, shapely.get_coordinates(sites.geometry.array))
            nets[mode] = replace(net, sites=places)
        return network_circles(self.kernel.with_nets(nets), sites, tiers=self.tiers)

    def _snapped(self, net: Net, xy: npt.ArrayLike) -> Places:
        found = net.snapper.nearest(
            np.asarray(xy, dtype=float).reshape(-1, 2), within_m=self.kernel.rules.max_snap_m
        )
        return places_of(net.graph, found, access_ms_per_m=net.ms_per_m)

    def _opened(self, network: _Network, links: tuple[Link, ...]) -> tuple[Net, Mask]:
        """Return the streets with `links` opened, and which sites of before that may change."""
        net = network.net
        if not links:
            return net, np.zeros(len(net.sites.chain), dtype=bool)
        ends = [self._snapped(net, xy) for xy in zip(*((li.start, li.end) for li in links))]  # noqa: B905
        if any((end.chain < 0).any() for end in ends):
            within = self.kernel.rules.max_snap_m
            raise NotFoundError("planning.link_without_street", within_m=within)
        long_m = np.array([np.hypot(*np.subtract(link.start, link.end)) for link in links])
        link_ms = np.rint(long_m * net.ms_per_m).astype(np.int32)
        graph = with_links(net.graph, ends[0], ends[1], link_ms)
        total_ms = link_ms + ends[0].access_ms + ends[1].access_ms
        gains = _gaining(network, ends, total_ms)
        return replace(net, graph=graph, sites=moved(net.sites, graph.cuts)), gains

    def _judge(
        self, network: _Network, change: Edited, links: tuple[Link, ...]
    ) -> dict[str, Judged]:
        net, gains = self._opened(network, links)
        places, targets, label = network.places, network.targets, network.label
        if links:
            places = moved(places, net.graph.cuts)
            targets = targets_of(net.graph, places, np.arange(len(places.chain)))
            label = None if label is None else _labels(net.graph)
        is_kept = ~change.is_gone
        again = gains & is_kept
        fresh = self._snapped(net, change.sites.xy[change.is_fresh])
        kept = take(net.sites, np.flatnonzero(is_kept))
        searched = _joined(take(net.sites, np.flatnonzero(again)), fresh)
        balls = reached(net.graph, searched, targets, limit_ms=network.longest_ms)
        all_sites = _joined(kept, fresh)
        parts = (
            (network.pairs_of(change.is_gone | again), self.sites, -1),
            (balls, _both(self.sites, again, change), 1),
        )
        found = {}
        for name, tier in self.tiers.items():
            if name not in network.n_inside:
                continue
            n_inside, n_sites = network.n_inside[name], network.n_sites[name]
            for pairs, sites, sign in parts:
                more, met = _count(pairs, sites.counting(tier), limit_ms(tier), city=self)
                n_inside, n_sites = n_inside + sign * more, n_sites + sign * met
            chosen = change.sites.counting(tier)
            some = take(all_sites, np.flatnonzero(chosen))
            known = _known(net, label, places, sites=some, has_sites=bool(chosen.any()))
            found[name] = self.ground.judge(n_inside > 0, known, n_sites)
        return found


def _both(sites: Sites, again: Mask, change: Edited) -> Sites:
    """Return the sites whose circles are searched: those of before, then the fresh ones."""
    first, second = sites.take(again), change.sites.take(change.is_fresh)
    category = (
        None
        if first.category is None or second.category is None
        else np.concatenate([first.category, second.category])
    )
    return Sites(
        ids=np.concatenate([first.ids, second.ids]),
        xy=np.vstack([first.xy, second.xy]),
        category=category,
    )


def _joined(first: Places, second: Places) -> Places:
    return Places(*(np.concatenate(pair) for pair in zip(first, second, strict=True)))


def _gaining(network: _Network, ends: Sequence[Places], link_ms: Ints) -> Mask:
    """Return which sites may have a larger circle: all where streets are one-way.

    A link helps a site only where it is a shorter way from one end of it to the other; by
    induction that holds for any number of links together.
    """
    sites = network.net.sites
    if network.label is None:
        return np.ones(len(sites.chain), dtype=bool)
    targets = targets_of(network.net.graph, sites, np.arange(len(sites.chain)))
    n_links = len(link_ms)
    away = np.full((2, n_links, len(sites.chain)), np.inf)
    for side, places in enumerate(ends):
        bare = Places(places.chain, places.at_ms, np.zeros_like(places.access_ms))
        found = reached(network.net.graph, bare, targets, limit_ms=network.longest_ms)
        away[side, found.site_at, found.owner_at] = found.time_ms
    near, far = away.min(axis=0), away.max(axis=0)
    by_link = near + link_ms[:, None]
    return np.asarray(((by_link < far) & (by_link <= network.longest_ms)).any(axis=0))


def _network(kernel: NetworkKernel, mode: str, longest_ms: int) -> _Network:
    net = kernel.nets[mode]
    places = _joined(net.points, take(net.lattice, kernel.cells_by_area))
    targets = targets_of(net.graph, places, np.arange(len(places.chain)))
    found = reached(net.graph, net.sites, targets, limit_ms=longest_ms)
    return _Network(
        net=net,
        places=places,
        targets=targets,
        longest_ms=longest_ms,
        found=found,
        first=np.searchsorted(found.site_at, np.arange(len(net.sites.chain) + 1)),
        label=_labels(net.graph),
        n_inside={},
        n_sites={},
    )


def _grids_of(ground: Ground) -> tuple[Positions, Positions]:
    """Return the grids of each place, CSR: where each place's begin, and the grids."""
    order = np.argsort(ground.place_at, kind="stable")
    first = np.searchsorted(ground.place_at[order], np.arange(ground.n_places + 1))
    return first, ground.grid_at[order]


def _count(
    pairs: Reached, sites: Mask, limit: float, *, city: AlongStreets
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return how many of `sites` each place, and each grid by any of its places, reaches."""
    n, n_places = len(city.ground.demand.grid_ids), city.ground.n_places
    if len(pairs.site_at) == 0:
        return np.zeros(n_places, dtype=np.int64), np.zeros(n, dtype=np.int64)
    keep = np.flatnonzero(sites[pairs.site_at] & (pairs.time_ms <= limit))
    place, site = pairs.owner_at[keep], pairs.site_at[keep].astype(np.int64)
    first, grid = city.grids_of
    size = first[place + 1] - first[place]
    at = np.repeat(first[place] - np.cumsum(size) + size, size) + np.arange(size.sum())
    met = np.unique(np.repeat(site, size) * n + grid[at]) % n
    return np.bincount(place, minlength=n_places), np.bincount(met, minlength=n)


def _labels(graph: Graph) -> Ints | None:
    """Return the connected part of each junction; None where some street is one-way."""
    chains = graph.chains
    if not (chains.forward.all() and chains.backward.all()):
        return None
    n = graph.n_nodes
    ones = np.ones(len(chains.start), dtype=np.int8)
    _, label = connected_components(
        coo_matrix((ones, (chains.start, chains.end)), shape=(n, n)), directed=False
    )
    return np.asarray(label, dtype=np.int32)


def _known(net: Net, label: Ints | None, places: Places, *, sites: Places, has_sites: bool) -> Mask:
    """Return which places have a way to any of `sites`; all, where there is no site at all."""
    if not has_sites:
        return np.ones(len(places.chain), dtype=bool)
    if label is None:
        lone = replace(net, sites=sites)
        return np.isfinite(lone.arrival(np.ones(len(sites.chain), dtype=bool), places))
    of_chain = label[net.graph.chains.start]
    has_site = np.zeros(net.graph.n_nodes, dtype=bool)
    has_site[of_chain[sites.chain[sites.chain >= 0]]] = True
    known: Mask = places.chain >= 0
    known[known] = has_site[of_chain[places.chain[known]]]
    return known
