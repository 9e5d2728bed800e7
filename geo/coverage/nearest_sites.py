"""Which site is the nearest to each place, by straight lines or along streets."""

from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from geo.coverage.compiled import compiled
from geo.coverage.network import Places, nearest_ms, targets_of
from geo.coverage.network.arrays import NEVER_MS, Floats, Ints
from geo.coverage.network.graph import Arcs, Chains, Graph

__all__ = ["nearest_site_along", "nearest_site_straight"]

_NEVER: Final = NEVER_MS
_TAIL: Final = np.uint64(32)
_TIME: Final = np.uint64(NEVER_MS)


def nearest_site_straight(xy: Floats, sites_xy: Floats) -> Ints:
    """Return the position of the site nearest to each of k points, -1 where there is no site.

    Notes
    -----
    O(k log s). Of equally near sites it is any.
    """
    if len(sites_xy) == 0 or len(xy) == 0:
        return np.full(len(xy), -1, dtype=np.int32)
    _, found = cKDTree(sites_xy).query(xy, workers=-1)
    return np.asarray(found, dtype=np.int32)


def nearest_site_along(graph: Graph, sites: Places, places: Places) -> Ints:
    """Return the position of the site nearest to each place along the streets, else -1.

    -1: no street is near, or it leads to no site. Of equally near sites it is the first.

    Notes
    -----
    One search from all sites, then each street is followed back once: O(arcs + places).
    """
    times = nearest_ms(graph, sites)
    node, site = _seeds(graph.chains, sites, times)
    owner = np.full(graph.n_nodes, -1, dtype=np.int32)
    _follow(graph.arcs, times, node, site, owner)
    on_chain = targets_of(graph, sites, np.arange(len(sites.chain)))
    located = (on_chain.places, on_chain.first, on_chain.owner_at)
    return _owners(graph.chains, (times, owner), places, located)


def _seeds(chains: Chains, sites: Places, times: Ints) -> tuple[Ints, Ints]:
    """Return the junctions whose nearest site is on a chain that ends there, and which, in order.

    As the search does, a site reaches the ends of its chain that it can be reached from.
    """
    at = np.flatnonzero(sites.chain >= 0)
    chain = sites.chain[at]
    ahead = sites.at_ms[at].astype(np.int64)
    rest = chains.time_ms[chain] - ahead
    ends = (
        (chains.start[chain], chains.forward[chain], ahead),
        (chains.end[chain], chains.backward[chain], rest),
    )
    found = []
    for node, is_open, ride in ends:
        good = (is_open | (ride == 0)) & (ride + sites.access_ms[at] == times[node])
        found.append((node[good], at[good]))
    node, site = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.argsort(site, kind="stable")
    return node[order].astype(np.int32), site[order].astype(np.int32)


@compiled
def _follow(arcs: Arcs, times: Ints, seed: Ints, site: Ints, owner: Ints) -> None:
    """Fill `owner` (all -1 before) of every junction along the shortest ways from the seeds."""
    stack, waiting = np.empty(len(owner), np.int32), 0
    for s in range(len(seed)):
        if owner[seed[s]] >= 0:
            continue
        owner[seed[s]] = site[s]
        stack[0], waiting = seed[s], 1
        while waiting > 0:
            waiting -= 1
            node = stack[waiting]
            for at in range(arcs.first[node], arcs.first[node + 1]):
                other, time_ms = arcs.ways[at] >> _TAIL, np.int64(arcs.ways[at] & _TIME)
                if owner[other] >= 0:
                    continue
                if np.int64(times[node]) + time_ms == times[other] < _NEVER:
                    owner[other] = site[s]
                    stack[waiting] = other
                    waiting += 1


@compiled
def _owners(
    chains: Chains,
    known: tuple[Ints, Ints],
    places: Places,
    on_chain: tuple[Places, Ints, Ints],
) -> Ints:
    """Return the site of each place: by either end of its chain, or one on the same chain."""
    times, owner = known
    sites, first, site_at = on_chain
    result = np.full(len(places.chain), -1, np.int32)
    for p in range(len(places.chain)):
        chain = places.chain[p]
        if chain < 0:
            continue
        best, at_ms = np.int64(_NEVER), np.int64(places.at_ms[p])
        rest = chains.time_ms[chain] - at_ms
        for is_end in (True, False):
            node = chains.end[chain] if is_end else chains.start[chain]
            ride = rest if is_end else at_ms
            is_open = chains.forward[chain] if is_end else chains.backward[chain]
            if not (is_open or ride == 0) or times[node] == _NEVER:
                continue
            time = ride + times[node]
            if time < best or (time == best and owner[node] < result[p]):
                best, result[p] = time, owner[node]
        for s in range(first[chain], first[chain + 1]):
            ahead = np.int64(sites.at_ms[s]) - at_ms
            if (ahead > 0 and not chains.forward[chain]) or (
                ahead < 0 and not chains.backward[chain]
            ):
                continue
            time = abs(ahead) + sites.access_ms[s]
            if time < best or (time == best and site_at[s] < result[p]):
                best, result[p] = time, site_at[s]
    return result
