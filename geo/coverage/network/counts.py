"""How many sites reach each of many places within each of several limits."""

import os
from typing import Final

import numpy as np

from geo.coverage.compiled import compiled, in_threads
from geo.coverage.network.arrays import NEVER_MS, CountedPlaces, Ints, Mask, Places, Seen
from geo.coverage.network.graph import Chains, Graph
from geo.coverage.network.loops import see
from geo.coverage.network.search import buckets_for, by_chain, longest_ms, take

__all__ = ["CountedPlaces", "counted_places", "site_counts"]

_WORTH_THREADS: Final = 1 << 18
"""As many junctions are looked at, all sites together, before threads are started."""

_NEVER: Final = NEVER_MS
_ONE: Final = np.uint32(1)


def counted_places(graph: Graph, places: Places) -> CountedPlaces:
    """Return `places` (k) ready for `site_counts`; those on no street are counted 0. O(k log k)."""
    chains = graph.chains
    on = places.chain >= 0
    is_start = on & (places.at_ms == 0)
    is_end = on & ~is_start
    is_end[is_end] = places.at_ms[is_end] == chains.time_ms[places.chain[is_end]]
    is_node: Mask = (is_start | is_end) & (places.access_ms == 0)
    rest = places._replace(chain=np.where(is_node, -1, places.chain).astype(np.int32))
    placed, first, along = by_chain(rest, len(chains.start))
    row = np.full(len(places.chain), -1, dtype=np.int32)
    chain = places.chain[is_node]
    row[is_node] = np.where(is_start[is_node], chains.start[chain], chains.end[chain])
    row[along] = graph.n_nodes + np.arange(len(along), dtype=np.int32)
    access_ms = np.zeros(len(chains.start), dtype=np.int32)
    np.maximum.at(access_ms, placed.chain, placed.access_ms)
    return CountedPlaces(row=row, placed=placed, first=first, access_ms=access_ms)


def site_counts(
    graph: Graph, sites: Places, places: CountedPlaces, *, limits_ms: tuple[int, ...]
) -> Ints:
    """Return how many sites each of the k places reaches within each limit, shape (limits, k).

    Parameters
    ----------
    limits_ms
        Ascending; equal counts.

    Notes
    -----
    One search a site, up to the longest limit: O(Σ size of the circles), in threads where that
    pays. Then each junction and each chain is looked at once, with all sites that see it; a chain
    within a limit as a whole costs one step a site, however many places are on it.
    """
    limits, n = np.array(limits_ms, dtype=np.int32), len(sites.chain)
    longest = min(longest_ms(graph, sites), int(limits[-1]))
    room = max(_WORTH_THREADS, graph.n_nodes + 1)

    def search(start: int, stop: int, sums: Ints) -> int:
        """Add what some of the sites from `start` on reach; return the first that had no room."""
        times = np.full(graph.n_nodes, NEVER_MS, dtype=np.int32)
        seen = Seen(*(np.empty(room, dtype=np.int32) for _ in range(3)))
        tools = (times, buckets_for(graph, longest), seen)
        some, placed = take(sites, slice(start, stop)), sums[:, len(times) :]
        n_done, n = see((graph.chains, graph.arcs), some, places, limits, tools, placed)
        by_node = _by_node(Seen(*(values[:n] for values in seen)), len(times))
        _count_at_junctions(by_node, limits, sums[:, : len(times)])
        _count_on_chains(graph.chains, some.chain, places, limits, by_node, placed)
        return start + n_done

    def summed(start: int, stop: int) -> Ints:
        mine = np.zeros_like(sums)
        while start < stop:
            start = search(start, stop, mine)
        return mine

    sums = np.zeros((len(limits), graph.n_nodes + len(places.placed.chain)), dtype=np.int32)
    done = search(0, n, sums)
    if done < n:
        chunk = -(-(n - done) // (os.cpu_count() or 1))
        for more in in_threads(lambda a, b: summed(done + a, done + b), n - done, chunk=chunk):
            sums += more
    return _of_places(sums, places.row)


@compiled
def _of_places(sums: Ints, row: Ints) -> Ints:
    """Return the sums of each place, a line for each limit; 0 for a place without a row."""
    counts = np.empty((len(sums), len(row)), np.int32)
    for limit in range(len(sums)):
        for place in range(len(row)):
            counts[limit, place] = sums[limit, np.uint32(row[place])] if row[place] >= 0 else 0
    return counts


@compiled
def _by_node(seen: Seen, n_nodes: int) -> tuple[Ints, Ints, Ints]:
    """Return where what was seen of each junction begins; sites (ascending) and times in order."""
    first = np.zeros(n_nodes + 1, np.int32)
    for node in seen.node:
        first[np.uint32(node) + _ONE] += 1
    first = np.cumsum(first).astype(np.int32)
    free, site, time_ms = first.copy(), np.empty_like(seen.site), np.empty_like(seen.time_ms)
    for at in range(len(seen.node)):
        to = np.uint32(free[np.uint32(seen.node[at])])
        site[to], time_ms[to] = seen.site[at], seen.time_ms[at]
        free[np.uint32(seen.node[at])] += 1
    return first, site, time_ms


@compiled
def _count_at_junctions(by_node: tuple[Ints, Ints, Ints], limits: Ints, counts: Ints) -> None:
    first, _, time_ms = by_node
    for limit in range(len(limits)):
        at = np.uint32(0)
        for node in range(np.uint32(len(first) - 1)):
            within = 0
            while at < np.uint32(first[node + _ONE]):
                within += time_ms[at] <= limits[limit]
                at += _ONE
            counts[limit, node] += within


@compiled
def _count_on_chains(
    chains: Chains,
    homes: Ints,
    places: CountedPlaces,
    limits: Ints,
    by_node: tuple[Ints, Ints, Ints],
    counts: Ints,
) -> None:
    """Count all sites that see an end of a chain at the places on it, but those at home there.

    A site is counted once for all places by the first limit that the whole chain is within; by
    shorter ones place by place.
    """
    (first, site_at, time_ms), n_limits = by_node, len(limits)
    at_ms, access_ms = places.placed.at_ms, places.placed.access_ms
    whole = np.zeros(n_limits + 1, np.int32)
    for chain in range(np.uint32(len(chains.start))):
        begin, stop = np.uint32(places.first[chain]), np.uint32(places.first[chain + _ONE])
        node, to_node = np.uint32(chains.start[chain]), np.uint32(chains.end[chain])
        at, last = np.uint32(first[node]), np.uint32(first[node + _ONE])
        to, to_last = np.uint32(first[to_node]), np.uint32(first[to_node + _ONE])
        if begin == stop or (at == last and to == to_last):
            continue
        length, access = np.int64(chains.time_ms[chain]), np.int64(places.access_ms[chain])
        while at < last or to < to_last:
            one = site_at[at] if at < last else _NEVER
            other = site_at[to] if to < to_last else _NEVER
            is_away = homes[np.uint32(min(one, other))] != np.int32(chain)
            start = np.int64(time_ms[at] if (one <= other) & is_away else _NEVER)
            end = np.int64(time_ms[to] if (other <= one) & is_away else _NEVER)
            at, to = at + np.uint32(one <= other), to + np.uint32(other <= one)
            by_start = start if chains.backward[chain] else np.int64(_NEVER)
            by_end = (end if chains.forward[chain] else np.int64(_NEVER)) + length
            latest = min(by_start + length, by_end, (by_start + by_end) >> 1) + access
            limit = np.uint32(0)
            while limit < n_limits and min(start, end) > limits[limit]:
                limit += _ONE
            while limit < n_limits and latest > limits[limit]:
                for place in range(begin, stop):
                    along = np.int64(at_ms[place])
                    time = min(by_start + along, by_end - along)
                    time = min(time, _at_an_end(along, length, start, end)) + access_ms[place]
                    counts[limit, place] += time <= limits[limit]
                limit += _ONE
            whole[limit] += 1
        within = 0
        for shortest in range(n_limits):
            within += whole[shortest]
            for place in range(begin, stop):
                counts[shortest, place] += within
        whole[:] = 0


@compiled
def _at_an_end(at_ms: np.int64, length: np.int64, start: np.int64, end: np.int64) -> np.int64:
    """Return the time of the junction that a place is at, whatever the chain's direction."""
    if at_ms == 0:
        return start
    return end if at_ms == length else np.int64(_NEVER)
