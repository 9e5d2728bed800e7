"""The searches from the sites outwards, against the direction of travel, and what they reach.

Chunks of sites run in threads: the compiled loops release the interpreter's lock, each has scratch
of its own, and the graph is shared.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from geo.coverage.compiled import compiled
from geo.coverage.network.arrays import NEVER_MS, Buckets, Ints, Longs, Places, Scratch
from geo.coverage.network.graph import Graph
from geo.coverage.network.loops import arrive, nearest, reach

__all__ = [
    "CHUNK",
    "Places",
    "Reached",
    "Targets",
    "arrival_ms",
    "buckets_for",
    "by_chain",
    "longest_ms",
    "nearest_ms",
    "reached",
    "scratch_for",
    "take",
    "targets_of",
]

CHUNK: Final = 64


class Reached(NamedTuple):
    """r pairs of a site and an owner (a grid, a point) within reach, in order of sites.

    `time_ms` is the least time from what the owner owns to the site.
    """

    site_at: Ints
    owner_at: Ints
    time_ms: Ints


def take(places: Places, some: Ints | Longs | slice) -> Places:
    """Return the places at the positions `some`."""
    chain, at_ms, access_ms = (values[some] for values in places)
    return Places(chain=chain, at_ms=at_ms, access_ms=access_ms)


def by_chain(places: Places, n_chains: int) -> tuple[Places, Ints, Ints]:
    """Return the places on a chain in order of chains, where each chain's begin, their positions.

    `first` has n_chains + 1 entries: the places of chain c are first[c] to first[c + 1].
    """
    first, order = ordered(places.chain, n_chains)
    return take(places, order), first, order


@compiled
def ordered(chain: Ints, n_chains: int) -> tuple[Ints, Ints]:
    """Return where the places of each chain begin (n_chains + 1), and the places in that order.

    Places on no chain (-1) are left out; those of one chain stay in order. O(places + chains).
    """
    first = np.zeros(n_chains + 1, np.int32)
    for place in range(len(chain)):
        if chain[place] >= 0:
            first[chain[place] + 1] += 1
    for each in range(n_chains):
        first[each + 1] += first[each]
    order, free = np.empty(first[n_chains], np.int32), first.copy()
    for place in range(len(chain)):
        if chain[place] >= 0:
            order[free[chain[place]]] = place
            free[chain[place]] += 1
    return first, order


def longest_ms(graph: Graph, sites: Places) -> int:
    """Return by how much (ms) waiting times of a search can differ."""
    longest = int(graph.chains.time_ms.max(initial=0))
    return longest + int(sites.access_ms.max(initial=0))


def nearest_ms(graph: Graph, sites: Places) -> Ints:
    """Return the time (ms) from each junction to the nearest of `sites`; NEVER_MS without a way.

    Notes
    -----
    One search from all sites: O(arcs), a little more where a bucket is looked at twice.
    """
    times = np.full(graph.n_nodes, NEVER_MS, dtype=np.int32)
    buckets = buckets_for(graph, longest_ms(graph, sites))
    graph.arcs.ways.max(initial=0)  # in order it is faster read than here and there
    nearest(graph.chains, graph.arcs, sites, times, buckets)
    return times


def arrival_ms(graph: Graph, times: Ints, points: Places, sites: Places) -> Ints:
    """Return the time (ms) from each point to the nearest of `sites`; NEVER_MS without a way.

    Parameters
    ----------
    times
        What `nearest_ms` gave for the same sites.
    """
    placed, first, _ = by_chain(sites, len(graph.chains.start))
    return arrive(graph.chains, times, points, placed, first)


class Targets(NamedTuple):
    """k places in order of their chains, and what owns each (a grid, a point, a cell).

    `first`: where the places of each chain begin, one entry more than chains. `size`: owners are
    numbered from 0 to size - 1.
    """

    places: Places
    first: Ints
    owner_at: Ints
    size: int


def targets_of(graph: Graph, places: Places, owner_at: npt.ArrayLike) -> Targets:
    """Return `places` (k) owned by `owner_at` (k, from 0), ready for `reached`. O(k log k)."""
    owners = np.asarray(owner_at, dtype=np.int32)
    placed, first, order = by_chain(places, len(graph.chains.start))
    size = int(owners.max(initial=-1)) + 1
    return Targets(places=placed, first=first, owner_at=owners[order], size=size)


def reached(graph: Graph, sites: Places, targets: Targets, *, limit_ms: int) -> Reached:
    """Return every owner that each site reaches within `limit_ms` (equal counts).

    Parameters
    ----------
    sites
        s sites; one that is on no street reaches nothing.

    Notes
    -----
    O(Σ size of the circles), in as many threads as there are cores.
    """
    longest = min(longest_ms(graph, sites), limit_ms)
    arrays = (targets.places, targets.first, targets.owner_at)

    def search(start: int) -> tuple[Ints, Ints, Ints]:
        some = take(sites, slice(start, start + CHUNK))
        tools = (scratch_for(graph, targets.size), buckets_for(graph, longest))
        return reach(graph.chains, graph.arcs, some, arrays, limit_ms, tools)

    starts = range(0, len(sites.chain), CHUNK)
    if len(starts) <= 1:  # a thread would cost more than the search
        parts = [search(start) for start in starts]
    else:
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            parts = list(pool.map(search, starts))
    if not parts:
        none = np.zeros(0, dtype=np.int32)
        return Reached(none, none, none)
    site_at = [site + start for start, (site, _, _) in zip(starts, parts, strict=True)]
    return Reached(
        site_at=np.concatenate(site_at).astype(np.int32),
        owner_at=np.concatenate([owner for _, owner, _ in parts]),
        time_ms=np.concatenate([time for _, _, time in parts]),
    )


def scratch_for(graph: Graph, n_owners: int) -> Scratch:
    """Return what one thread writes to while it searches from sites one by one."""
    n_chains = len(graph.chains.start)
    return Scratch(
        times=np.full(graph.n_nodes, NEVER_MS, dtype=np.int32),
        nodes=np.empty(graph.n_nodes + 1, dtype=np.int32),
        is_seen=np.full(n_chains, -1, dtype=np.int32),
        chains=np.empty(n_chains, dtype=np.int32),
        best=np.full(n_owners, NEVER_MS, dtype=np.int32),
        owners=np.empty(n_owners, dtype=np.int32),
    )


def buckets_for(graph: Graph, longest_ms: int) -> Buckets:
    """Return empty buckets for searches where no two waiting times differ by more than that."""
    n = (longest_ms >> graph.arcs.bucket_bits) + 3
    return np.zeros(1 << n.bit_length(), dtype=np.uint32)
