"""The other way to count sites: the K nearest sites of every junction by one search.

It is exact up to K only. Kept to be measured against the searches of `site_counts`.
"""

import heapq
from typing import Final

import numpy as np

from geo.coverage.compiled import compiled
from geo.coverage.network import Graph, Places
from geo.coverage.network.arrays import NEVER_MS, Ints, Longs
from geo.coverage.network.graph import Arcs

__all__ = ["counts_by_doubling", "counts_up_to"]

_NODE_BITS: Final = 24
_SITE_BITS: Final = 16
_TAIL: Final = np.uint64(32)
_TIME: Final = np.uint64(NEVER_MS)


def counts_up_to(graph: Graph, sites: Places, k: int, *, limits_ms: tuple[int, ...]) -> Ints:
    """Return min(sites within each limit, k) of every junction, shape (limits, junctions)."""
    starts = _seeds(graph, sites, limits_ms[-1])
    times, n_labels = _labels(graph.arcs, starts, (graph.n_nodes, k, int(limits_ms[-1])))
    known = np.arange(k) < n_labels[:, None]
    return np.stack([((times <= limit) & known).sum(axis=1) for limit in limits_ms]).astype(
        np.int32
    )


def counts_by_doubling(graph: Graph, sites: Places, *, limits_ms: tuple[int, ...]) -> Ints:
    """Return the sites within each limit of every junction: k doubles until none has k."""
    k = 8
    while True:
        counts = counts_up_to(graph, sites, k, limits_ms=limits_ms)
        if k >= len(sites.chain) or counts[-1].max(initial=0) < k:
            return counts
        k *= 2


def _seeds(graph: Graph, sites: Places, limit: int) -> Longs:
    """Return time, junction and site of both ends of each site's chain, packed in one number."""
    chains, seeds = graph.chains, []
    on = np.flatnonzero(sites.chain >= 0)
    chain, at = sites.chain[on], sites.at_ms[on].astype(np.int64)
    for node, is_open, ride in (
        (chains.start[chain], chains.forward[chain], at),
        (chains.end[chain], chains.backward[chain], chains.time_ms[chain] - at),
    ):
        time = ride + sites.access_ms[on]
        can = (is_open | (ride == 0)) & (time <= limit)
        packed = ((time << _NODE_BITS) + node << _SITE_BITS) + on
        seeds.append(packed[can])
    return np.sort(np.concatenate(seeds))


@compiled
def _labels(arcs: Arcs, seeds: Longs, sizes: tuple[int, int, int]) -> tuple[Ints, Ints]:
    """Return the times of up to k nearest sites of each junction, and how many it has."""
    n_nodes, k, limit = sizes
    times = np.full((n_nodes, k), NEVER_MS, np.int32)
    sites = np.full((n_nodes, k), -1, np.int32)
    n_labels = np.zeros(n_nodes, np.int32)
    heap = [seed for seed in seeds]  # noqa: C416 numba has no list() of an array
    heapq.heapify(heap)
    while len(heap) > 0:
        packed = heapq.heappop(heap)
        site = packed & ((1 << _SITE_BITS) - 1)
        node = (packed >> _SITE_BITS) & ((1 << _NODE_BITS) - 1)
        time, n = packed >> (_SITE_BITS + _NODE_BITS), n_labels[node]
        if n == k or _has(sites[node], n, site):
            continue
        times[node, n], sites[node, n] = time, site
        n_labels[node] = n + 1
        for at in range(arcs.first[node], arcs.first[node + 1]):
            tail, time_ms = np.int64(arcs.ways[at] >> _TAIL), np.int64(arcs.ways[at] & _TIME)
            later = time + time_ms
            if later <= limit and n_labels[tail] < k:
                key = (later << _NODE_BITS) + tail << _SITE_BITS
                heapq.heappush(heap, key + site)
    return times, n_labels


@compiled
def _has(sites: Ints, n: int, site: int) -> bool:
    found = False
    for at in range(n):
        found |= sites[at] == site
    return found
