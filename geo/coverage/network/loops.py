"""The compiled loops of the searches, all in one file.

What is compiled is kept on disk as long as its own file does not change; loops that call each
other must therefore not be in different ones.
"""

from typing import Final

import numpy as np

from geo.coverage.compiled import compiled
from geo.coverage.network.arrays import NEVER_MS, Ints, Places, Queue, Scratch
from geo.coverage.network.graph import Arcs, Chains

__all__ = [
    "BUCKET_BITS",
    "arrive",
    "count",
    "nearest",
    "reach",
]

BUCKET_BITS: Final = 14
"""A bucket of a queue spans 2 to the power of this many milliseconds."""

_NONE: Final = -1
_NEVER: Final = NEVER_MS
_ONE: Final = np.uint32(1)
_BITS: Final = np.uint32(BUCKET_BITS)


@compiled
def _push(queue: Queue, node: int, time: int) -> None:
    """Put `node` into the bucket of `time`; what it had in a later one is out of date."""
    head, after, waits, slot, state = queue
    bucket = (time >> BUCKET_BITS) & (len(head) - 1)
    if slot[node] != bucket:
        entry = state[1]
        waits[entry], after[entry] = node, head[bucket]
        head[bucket], slot[node] = entry, bucket
        state += 1


@compiled
def nearest(chains: Chains, arcs: Arcs, sites: Places, times: Ints, queue: Queue) -> None:
    """Fill `times` (all NEVER_MS before) with the least time to any of the sites."""
    for site in range(len(sites.chain)):
        _sow(chains, sites, site, _NEVER - 1, times, queue)
    _outwards(arcs, times, queue, _NEVER - 1, np.empty(len(times), np.int32), 0)


@compiled
def _sow(chains: Chains, sites: Places, site: int, limit: int, times: Ints, queue: Queue) -> None:
    """Put both ends of the chain that `site` is on into the queue, where they are within reach."""
    chain = sites.chain[site]
    if chain < 0:
        return
    for is_start in (True, False):
        if is_start:
            node, is_open, ride = chains.start[chain], chains.forward[chain], sites.at_ms[site]
        else:
            node, is_open = chains.end[chain], chains.backward[chain]
            ride = chains.time_ms[chain] - sites.at_ms[site]
        time = np.int64(ride) + sites.access_ms[site]
        if (is_open or ride == 0) and time <= limit and time < times[node]:
            times[node] = time
            _push(queue, node, time)


@compiled
def _outwards(arcs: Arcs, times: Ints, queue: Queue, limit: int, nodes: Ints, n: int) -> int:
    """Search until nothing waits: `times` become the least ones, up to `limit`.

    A bucket is a list; within it order does not matter, since a junction that gets better is looked
    at again. A junction has one entry at most in a bucket, and one more for each earlier bucket
    that some arc moves it to: two entries an arc are enough. A dead end leads nowhere but back and
    never waits. `nodes` lists the junctions that have a time, `n` of them before; returns how many
    after. Positions are unsigned, so that none is looked at for being counted from the end.
    """
    first, tail, _, time_ms = arcs
    head, after, waits, slot, state = queue
    mask, bucket, most = np.uint32(len(head) - 1), np.uint32(0), np.uint32(limit)
    free, waiting, unused = np.int32(_NONE), state[0], state[1]
    while waiting > 0:
        entry = head[bucket]
        if entry == _NONE:
            bucket = np.uint32((bucket + _ONE) & mask)
            continue
        node = np.uint32(waits[np.uint32(entry)])
        head[bucket], after[np.uint32(entry)], free = after[np.uint32(entry)], free, entry
        waiting -= 1
        if slot[node] != np.int32(bucket):
            continue
        slot[node] = _NONE
        so_far = np.uint32(times[node])
        for at in range(np.uint32(first[node]), np.uint32(first[np.uint32(node + _ONE)])):
            time, other = np.uint32(so_far + np.uint32(time_ms[at])), np.uint32(tail[at])
            known = np.uint32(times[other])
            if time >= known or time > most:
                continue
            if known == np.uint32(_NEVER):
                nodes[n] = np.int32(other)
                n += 1
            times[other] = np.int32(time)
            if first[np.uint32(other + _ONE)] - first[other] == 1:
                continue
            to = np.uint32((time >> _BITS) & mask)
            if slot[other] == np.int32(to):
                continue
            entry = free
            if entry == _NONE:
                entry = unused
                unused += 1
            else:
                free = after[np.uint32(entry)]
            waits[np.uint32(entry)], after[np.uint32(entry)] = np.int32(other), head[to]
            head[to], slot[other] = entry, np.int32(to)
            waiting += 1
    state[:] = 0
    return n


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
    """Return the time of each point, by either end of its chain or along it."""
    result = np.full(len(points.chain), _NEVER, np.int32)
    for point in range(len(points.chain)):
        chain = points.chain[point]
        if chain < 0:
            continue
        best = _way_ms(chains, chain, points.at_ms[point], times)
        for site in range(first[chain], first[chain + 1]):
            direct = _along_ms(chains, chain, points.at_ms[point], sites.at_ms[site])
            best = min(best, direct + sites.access_ms[site])
        if best < _NEVER:
            result[point] = best + points.access_ms[point]
    return result


@compiled
def reach(
    chains: Chains,
    arcs: Arcs,
    sites: Places,
    targets: tuple[Places, Ints, Ints],
    limit: int,
    tools: tuple[Scratch, Queue],
) -> tuple[Ints, Ints, Ints]:
    """Return site, owner and least time of every pair within `limit`."""
    scratch, queue = tools
    size, count = 1024, 0
    out_site, out_owner = np.empty(size, np.int32), np.empty(size, np.int32)
    out_time = np.empty(size, np.int32)
    for site in range(len(sites.chain)):
        if sites.chain[site] < 0:
            continue
        n_nodes = _ball(chains, arcs, sites, site, limit, scratch, queue)
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
def _ball(
    chains: Chains,
    arcs: Arcs,
    sites: Places,
    site: int,
    limit: int,
    scratch: Scratch,
    queue: Queue,
) -> int:
    """Fill the times of the junctions within reach of one site; return how many there are."""
    times, nodes = scratch.times, scratch.nodes
    chain = sites.chain[site]
    _sow(chains, sites, site, limit, times, queue)
    n = 0
    for end in (chains.start[chain], chains.end[chain]):
        if times[end] < _NEVER and (n == 0 or nodes[0] != end):
            nodes[n] = end
            n += 1
    return _outwards(arcs, times, queue, limit, nodes, n)


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
def count(
    chains: Chains,
    arcs: Arcs,
    sites: Places,
    targets: tuple[Places, Ints, Ints],
    limits: Ints,
    tools: tuple[Scratch, Queue, tuple[Ints, Ints, Ints]],
) -> None:
    """Add how many sites reach each target within each of the limits, and not within a shorter one.

    What is added to has a column for each limit, and one for later: the junctions, the chains that
    lie within a limit as a whole, and what the places on them are to be counted by besides.
    """
    scratch, queue, (junctions, whole, single) = tools
    for site in range(len(sites.chain)):
        if sites.chain[site] < 0:
            continue
        n = _ball(chains, arcs, sites, site, limits[-1], scratch, queue)
        if len(targets[0].chain) > 0:
            _count_at_home(chains, sites, site, targets, limits, scratch.times, single)
            home = sites.chain[site]
            _count_around(chains, arcs, home, targets, limits, scratch, n, whole, single)
        for at in range(n):
            node, tier = np.uint32(scratch.nodes[at]), 0
            for shorter in range(len(limits) - 1):
                tier += scratch.times[node] > limits[shorter]
            junctions[node, np.uint32(tier)] += 1
            scratch.times[node] = _NEVER


@compiled
def _count_at_home(
    chains: Chains,
    sites: Places,
    site: int,
    targets: tuple[Places, Ints, Ints],
    limits: Ints,
    times: Ints,
    single: Ints,
) -> None:
    """Count a site at the places on its own chain, each by itself."""
    (placed, first, _), home = targets, sites.chain[site]
    for place in range(first[home], first[home + 1]):
        direct = _along_ms(chains, home, placed.at_ms[place], sites.at_ms[site])
        time = _way_ms(chains, home, placed.at_ms[place], times)
        time = min(time, direct + sites.access_ms[site]) + placed.access_ms[place]
        tier = 0
        while tier < len(limits) and time > limits[tier]:
            tier += 1
        single[place, tier] += 1


@compiled
def _count_around(
    chains: Chains,
    arcs: Arcs,
    home: int,
    targets: tuple[Places, Ints, Ints],
    limits: Ints,
    scratch: Scratch,
    n_nodes: int,
    whole: Ints,
    single: Ints,
) -> None:
    """Count one site on all other chains that end at a junction within reach.

    A chain is counted once, in the first limit that the whole of it is within; places on it that
    are nearer than that are moved to a shorter one.
    """
    (placed, first, access), times, n_limits = targets, scratch.times, len(limits)
    at_ms, access_ms = placed.at_ms, placed.access_ms
    for seen in range(n_nodes):
        node = np.uint32(scratch.nodes[seen])
        for arc in range(np.uint32(arcs.first[node]), np.uint32(arcs.first[node + _ONE])):
            chain, other = np.uint32(arcs.chain[arc]), np.uint32(arcs.tail[arc])
            if first[chain] == first[chain + _ONE] or chain == np.uint32(home):
                continue
            if times[other] != _NEVER and (other < node or _is_again(arcs, node, arc)):
                continue
            is_start = np.uint32(chains.start[chain]) == node
            start = np.int64(times[node if is_start else other])
            end = np.int64(times[other if is_start else node])
            length = np.int64(chains.time_ms[chain])
            by_start = start if chains.backward[chain] else np.int64(_NEVER)
            by_end = (end if chains.forward[chain] else np.int64(_NEVER)) + length
            latest = min(by_start + length, by_end, (by_start + by_end) >> 1) + access[chain]
            tier = 0
            for limit in range(n_limits):
                tier += latest > limits[limit]
            whole[chain, np.uint32(tier)] += 1
            if tier == 0 or (tier < n_limits and min(start, end) > limits[tier - 1]):
                continue
            for place in range(np.uint32(first[chain]), np.uint32(first[chain + _ONE])):
                at = np.int64(at_ms[place])
                time = min(by_start + at, by_end - at, _at_an_end(at, length, start, end))
                time += access_ms[place]
                nearer = 0
                for limit in range(n_limits):
                    nearer += time > limits[limit]
                single[place, np.uint32(nearer)] += 1
                single[place, np.uint32(tier)] -= 1


@compiled
def _at_an_end(at_ms: np.int64, length: np.int64, start: np.int64, end: np.int64) -> np.int64:
    """Return the time of the junction that a place is at, whatever the chain's direction."""
    if at_ms == 0:
        return start
    return end if at_ms == length else np.int64(_NEVER)


@compiled
def _is_again(arcs: Arcs, node: np.uint32, arc: int) -> bool:
    """Whether the arc belongs to a loop that an arc before it belongs to."""
    is_again = False
    if np.uint32(arcs.tail[arc]) == node:
        for before in range(np.uint32(arcs.first[node]), arc):
            is_again |= arcs.chain[before] == arcs.chain[arc]
    return is_again
