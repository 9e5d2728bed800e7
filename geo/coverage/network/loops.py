"""The compiled loops of the searches, all in one file.

What is compiled is kept on disk as long as its own file does not change; loops that call each
other must therefore not be in different ones.
"""

from typing import Final, NamedTuple

import numpy as np

from geo.coverage.compiled import compiled
from geo.coverage.network.arrays import NEVER_MS, Ints, Longs
from geo.coverage.network.graph import Arcs, Chains

__all__ = [
    "BUCKET_BITS",
    "Places",
    "Queue",
    "Scratch",
    "arrive",
    "count",
    "nearest",
    "ordered",
    "reach",
]

BUCKET_BITS: Final = 14
"""A bucket of a queue spans 2 to the power of this many milliseconds."""

_NONE: Final = -1
_NEVER: Final = NEVER_MS
_ONE: Final = np.uint32(1)
_BITS: Final = np.uint32(BUCKET_BITS)


class Places(NamedTuple):
    """k places on the network, each array of length k.

    `chain`: -1 where no street is near enough. `at_ms`: time from the chain's start. `access_ms`:
    time of the straight way between place and street.
    """

    chain: Ints
    at_ms: Ints
    access_ms: Ints


class Queue(NamedTuple):
    """Scratch of one search over n junctions.

    `head`: first entry of each bucket, a power of two of them. `after`: the next entry of the same
    bucket. `waits`: the junction of each entry. `slot`: bucket that each junction waits in, else
    -1; its other entries are out of date. `state`: how many entries wait, how many are in use.
    """

    head: Ints
    after: Ints
    waits: Ints
    slot: Ints
    state: Ints


class Scratch(NamedTuple):
    """What one thread writes to.

    `times` of all junctions, those seen in `nodes`; chains seen in `chains` (`is_seen` 1); `best`
    time of all owners, those seen in `owners`.
    """

    times: Ints
    nodes: Ints
    is_seen: Ints
    chains: Ints
    best: Ints
    owners: Ints


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
def ordered(chain: Ints, n_chains: int) -> tuple[Ints, Longs]:
    """Return where the places of each chain begin (n_chains + 1), and the places in that order.

    Places on no chain (-1) are left out; those of one chain stay in order. O(places + chains).
    """
    first = np.zeros(n_chains + 1, np.int32)
    for place in range(len(chain)):
        if chain[place] >= 0:
            first[chain[place] + 1] += 1
    for each in range(n_chains):
        first[each + 1] += first[each]
    order, free = np.empty(first[n_chains], np.int64), first.copy()
    for place in range(len(chain)):
        if chain[place] >= 0:
            order[free[chain[place]]] = place
            free[chain[place]] += 1
    return first, order


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
    chains: Chains, arcs: Arcs, sites: Places, limits: Ints, tools: tuple[Scratch, Queue]
) -> Ints:
    """Return how many sites reach each junction within each of the limits."""
    scratch, queue = tools
    counts = np.zeros((len(limits), len(scratch.times)), np.int32)
    for site in range(len(sites.chain)):
        if sites.chain[site] < 0:
            continue
        n = _ball(chains, arcs, sites, site, limits[-1], scratch, queue)
        for at in range(n):
            node = np.uint32(scratch.nodes[at])
            time, tier = scratch.times[node], 0
            for shorter in range(len(limits) - 1):
                tier += time > limits[shorter]
            counts[np.uint32(tier), node] += 1
            scratch.times[node] = _NEVER
    for tier in range(1, len(limits)):
        counts[tier] += counts[tier - 1]
    return counts
