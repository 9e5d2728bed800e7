"""The compiled loops of the searches, all in one file.

What is compiled is kept on disk as long as its own file does not change; loops that call each
other must therefore not be in different ones.
"""

from typing import Final

import numpy as np

from geo.coverage.compiled import compiled
from geo.coverage.network.arrays import (
    NEVER_MS,
    Buckets,
    CountedPlaces,
    Ints,
    Packed,
    Places,
    Scratch,
    Seen,
)
from geo.coverage.network.graph import Arcs, Chains

__all__ = ["arrive", "nearest", "reach", "see"]

_NEVER: Final = NEVER_MS
_ONE: Final = np.uint32(1)
_LOW: Final = np.uint64(2**32 - 1)
_HIGH: Final = np.uint64(32)
_TIME: Final = np.uint32(2**31 - 1)


@compiled
def nearest(chains: Chains, arcs: Arcs, sites: Places, times: Ints, buckets: Buckets) -> None:
    """Fill `times` (all NEVER_MS before) with the least time to any of the sites."""
    nodes, n = np.empty(len(times) + 1, np.int32), 0
    for site in range(len(sites.chain)):
        n = _sow(chains, sites, site, _NEVER - 1, times, nodes, n)
    _outwards(arcs, times, buckets, _NEVER - 1, nodes, n)


@compiled
def _sow(
    chains: Chains, sites: Places, site: int, limit: int, times: Ints, nodes: Ints, n: int
) -> int:
    """Fill the times of both ends of the site's chain, where they are within reach.

    Those that had none before are added to the `n` that `nodes` lists; returns how many it does.
    """
    chain = sites.chain[site]
    if chain < 0:
        return n
    for is_start in (True, False):
        if is_start:
            node, is_open, ride = chains.start[chain], chains.forward[chain], sites.at_ms[site]
        else:
            node, is_open = chains.end[chain], chains.backward[chain]
            ride = chains.time_ms[chain] - sites.at_ms[site]
        time = np.int64(ride) + sites.access_ms[site]
        if (is_open or ride == 0) and time <= limit and time < times[node]:
            if times[node] == _NEVER:
                nodes[n] = node
                n += 1
            times[node] = time
    return n


@compiled
def _outwards(arcs: Arcs, times: Ints, buckets: Buckets, limit: int, nodes: Ints, n: int) -> int:
    """Search from the first `n` of `nodes` on: `times` become the least ones, up to `limit`.

    A bucket is a list of entries, each a junction and the next entry (0: none); within it order
    does not matter, since a junction that gets better is looked at again. An entry is out of date
    where the junction has moved to an earlier bucket. A dead end leads nowhere but back and never
    waits. `nodes` lists the junctions that have a time and has room for one more; returns how many
    there are. An arc is followed without a branch: what it does not better is written as it was.
    Positions are unsigned, so that none is looked at for being counted from the end.
    """
    first, ways, bits = arcs.first, arcs.ways, np.uint32(arcs.bucket_bits)
    mask, bucket, most = np.uint32(len(buckets) - 1), np.uint32(0), np.uint32(limit)
    entries, unused = np.empty(max(4096, 2 * n), np.uint64), _ONE
    for at in range(n):
        node = np.uint32(nodes[at])
        to = np.uint32((np.uint32(times[node]) >> bits) & mask)
        entries[unused] = np.uint64(node) << _HIGH | np.uint64(buckets[to])
        buckets[to] = unused
        unused += _ONE
    waiting = n
    while waiting > 0:
        entry = buckets[bucket]
        if entry == 0:
            bucket = np.uint32((bucket + _ONE) & mask)
            continue
        node = np.uint32(entries[entry] >> _HIGH)
        buckets[bucket] = np.uint32(entries[entry] & _LOW)
        waiting -= 1
        so_far = np.uint32(times[node])
        if np.uint32((so_far >> bits) & mask) != bucket:
            continue
        begin, stop = np.uint32(first[node]), np.uint32(first[node + _ONE])
        if unused + (stop - begin) > len(entries):
            entries = _doubled(entries, stop - begin)
        for at in range(begin, stop):
            other, way = np.uint32(ways[at] >> _HIGH), np.uint32(ways[at] & _LOW)
            time, known = np.uint32(so_far + (way & _TIME)), np.uint32(times[other])
            is_better = (time < known) & (time <= most)
            nodes[n] = np.int32(other)
            n += int(is_better & (known == _TIME))
            times[other] = np.int32(time if is_better else known)
            is_better &= way <= _TIME
            to = np.uint32((time >> bits) & mask)
            head = buckets[to]
            entries[unused] = np.uint64(other) << _HIGH | np.uint64(head)
            buckets[to] = unused if is_better else head
            unused += np.uint32(is_better)
            waiting += int(is_better)
    return n


@compiled
def _doubled(entries: Packed, more: np.uint32) -> Packed:
    doubled = np.empty(2 * len(entries) + more, np.uint64)
    doubled[: len(entries)] = entries
    return doubled


@compiled
def _way_ms(chains: Chains, chain: int, at_ms: int, times: Ints) -> int:
    """Return the time from a place on a chain to the site by way of either end.

    A place at an end of the chain is at the junction, whatever the chain's direction.
    """
    best, rest = _NEVER, int(chains.time_ms[chain]) - at_ms
    end, start = int(times[chains.end[chain]]), int(times[chains.start[chain]])
    if (chains.forward[chain] or rest == 0) and end < _NEVER:
        best = end + rest
    if (chains.backward[chain] or at_ms == 0) and start < _NEVER:
        best = min(best, start + at_ms)
    return best


@compiled
def _along_ms(chains: Chains, chain: int, at_ms: int, site_at_ms: int) -> int:
    """Return the time from a place to a site on the same chain without leaving it."""
    ahead = site_at_ms - at_ms
    if ahead >= 0 and chains.forward[chain]:
        return ahead
    if ahead <= 0 and chains.backward[chain]:
        return -ahead
    return _NEVER


@compiled
def arrive(chains: Chains, times: Ints, points: Places, sites: Places, first: Ints) -> Ints:
    """Return the time of each point, by either end of its chain or along it.

    What is to be known of a chain is put side by side first.
    """
    result = np.empty(len(points.chain), np.int32)
    known = np.empty((len(chains.start), 4), np.int32)
    for chain in range(len(known)):
        known[chain, 0] = times[np.uint32(chains.start[chain])]
        known[chain, 1] = times[np.uint32(chains.end[chain])]
        known[chain, 2] = chains.time_ms[chain]
        known[chain, 3] = chains.forward[chain] + 2 * chains.backward[chain]
        known[chain, 3] += 4 * (first[chain] < first[chain + 1])
    for point in range(len(result)):
        chain, at_ms = points.chain[point], int(points.at_ms[point])
        if chain < 0:
            result[point] = _NEVER
            continue
        start, end, how = int(known[chain, 0]), int(known[chain, 1]), known[chain, 3]
        rest = int(known[chain, 2]) - at_ms
        best = start + at_ms if (how & 2 != 0) | (at_ms == 0) else _NEVER
        best = min(best, end + rest if (how & 1 != 0) | (rest == 0) else _NEVER)
        if how >= 4:  # noqa: PLR2004 there are sites on the chain
            for site in range(first[chain], first[chain + 1]):
                direct = _along_ms(chains, chain, at_ms, sites.at_ms[site])
                best = min(best, direct + sites.access_ms[site])
        result[point] = best + points.access_ms[point] if best < _NEVER else _NEVER
    return result


@compiled
def reach(
    chains: Chains,
    arcs: Arcs,
    sites: Places,
    targets: tuple[Places, Ints, Ints],
    limit: int,
    tools: tuple[Scratch, Buckets],
) -> tuple[Ints, Ints, Ints]:
    """Return site, owner and least time of every pair within `limit`."""
    scratch, buckets = tools
    size, count = 1024, 0
    out_site, out_owner = np.empty(size, np.int32), np.empty(size, np.int32)
    out_time = np.empty(size, np.int32)
    for site in range(len(sites.chain)):
        if sites.chain[site] < 0:
            continue
        n_nodes = _sow(chains, sites, site, limit, scratch.times, scratch.nodes, 0)
        n_nodes = _outwards(arcs, scratch.times, buckets, limit, scratch.nodes, n_nodes)
        n_owners = _hits(chains, arcs, sites, site, targets, limit, scratch, n_nodes)
        while count + n_owners > size:
            size *= 2
            out_site = _grown(out_site, size)
            out_owner = _grown(out_owner, size)
            out_time = _grown(out_time, size)
        for at in range(n_owners):
            owner = scratch.owners[at]
            out_site[count], out_owner[count] = site, owner
            out_time[count] = scratch.best[owner]
            scratch.best[owner] = _NEVER
            count += 1
        for at in range(n_nodes):
            scratch.times[scratch.nodes[at]] = _NEVER
    return out_site[:count].copy(), out_owner[:count].copy(), out_time[:count].copy()


@compiled
def _grown(values: Ints, size: int) -> Ints:
    grown = np.empty(size, np.int32)
    grown[: len(values)] = values
    return grown


@compiled
def _hits(
    chains: Chains,
    arcs: Arcs,
    sites: Places,
    site: int,
    targets: tuple[Places, Ints, Ints],
    limit: int,
    scratch: Scratch,
    n_nodes: int,
) -> int:
    """Note the least time of every owner within reach; return how many owners there are."""
    n_owners, home = 0, sites.chain[site]
    n_chains = _touched(arcs, home, scratch, n_nodes)
    placed, first, owner_at = targets
    for at in range(n_chains):
        chain = scratch.chains[at]
        scratch.is_seen[chain] = -1
        for target in range(first[chain], first[chain + 1]):
            time = _way_ms(chains, chain, placed.at_ms[target], scratch.times)
            if chain == home:
                direct = _along_ms(chains, chain, placed.at_ms[target], sites.at_ms[site])
                time = min(time, direct + sites.access_ms[site])
            time += placed.access_ms[target]
            owner = owner_at[target]
            if time <= limit and time < scratch.best[owner]:
                if scratch.best[owner] == _NEVER:
                    scratch.owners[n_owners] = owner
                    n_owners += 1
                scratch.best[owner] = time
    return n_owners


@compiled
def _touched(arcs: Arcs, home: int, scratch: Scratch, n_nodes: int) -> int:
    """List the chains that lead to a junction within reach, and the site's own, each once."""
    scratch.chains[0], scratch.is_seen[home] = home, 1
    n = 1
    for at in range(n_nodes):
        node = scratch.nodes[at]
        for arc in range(arcs.first[node], arcs.first[node + 1]):
            chain = arcs.chain[arc]
            if scratch.is_seen[chain] < 0:
                scratch.is_seen[chain] = 1
                scratch.chains[n] = chain
                n += 1
    return n


@compiled
def see(
    graph: tuple[Chains, Arcs],
    sites: Places,
    places: CountedPlaces,
    limits: Ints,
    tools: tuple[Ints, Buckets, Seen],
    counts: Ints,
) -> tuple[int, int]:
    """Search from one site after the other, as long as `seen` has room for all junctions.

    Returns how many sites had a search, and how much was seen. A site is counted at the places on
    its own chain (`counts`: a line for each limit).
    """
    (chains, arcs), (times, buckets, seen) = graph, tools
    used, site = 0, 0
    while site < len(sites.chain) and used + len(times) < len(seen.node):
        if sites.chain[site] >= 0:
            nodes = seen.node[used:]
            n = _sow(chains, sites, site, limits[-1], times, nodes, 0)
            n = _outwards(arcs, times, buckets, limits[-1], nodes, n)
            _count_at_home(chains, sites, site, places, limits, times, counts)
            for at in range(n):
                node = np.uint32(nodes[at])
                seen.site[used + at], seen.time_ms[used + at] = site, times[node]
                times[node] = _NEVER
            used += n
        site += 1
    return site, used


@compiled
def _count_at_home(
    chains: Chains,
    sites: Places,
    site: int,
    places: CountedPlaces,
    limits: Ints,
    times: Ints,
    counts: Ints,
) -> None:
    """Count a site at the places on its own chain, each by itself."""
    placed, home = places.placed, sites.chain[site]
    for place in range(places.first[home], places.first[home + 1]):
        direct = _along_ms(chains, home, placed.at_ms[place], sites.at_ms[site])
        time = _way_ms(chains, home, placed.at_ms[place], times)
        time = min(time, direct + sites.access_ms[site]) + placed.access_ms[place]
        for limit in range(len(limits)):
            counts[limit, place] += time <= limits[limit]
