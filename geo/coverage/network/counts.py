"""How many sites reach each of many places within each of several limits."""

import os
from time import perf_counter
from typing import Final, NamedTuple

import numpy as np

from geo.coverage.compiled import compiled, in_threads
from geo.coverage.network.arrays import Ints, Longs, Mask, Places
from geo.coverage.network.graph import Graph
from geo.coverage.network.loops import count
from geo.coverage.network.search import (
    CHUNK,
    by_chain,
    longest_ms,
    queue_for,
    scratch_for,
    take,
)

__all__ = ["CountedPlaces", "counted_places", "site_counts"]

_WORTH_SECONDS: Final = 0.01
"""Work of less than this is done before threads have started."""


class _Sums(NamedTuple):
    """Counts by junction, by chain that is within a limit as a whole, and by place besides."""

    junctions: Ints
    whole: Ints
    single: Ints


class CountedPlaces(NamedTuple):
    """k places, ready for counting.

    `at_junction`, `junction`: those that are at a junction, and which. `placed`, `first`,
    `along`: the others in order of their chains, where each chain's begin, and their positions.
    `access_ms`: the longest way from a place on each chain to the chain. `size`: k.
    """

    at_junction: Longs
    junction: Ints
    placed: Places
    first: Ints
    along: Longs
    access_ms: Ints
    size: int


def counted_places(graph: Graph, places: Places) -> CountedPlaces:
    """Return `places` (k) ready for `site_counts`; those on no street are counted 0. O(k log k)."""
    chains = graph.chains
    on = places.chain >= 0
    is_start = on & (places.at_ms == 0)
    is_end = on & ~is_start
    is_end[is_end] = places.at_ms[is_end] == chains.time_ms[places.chain[is_end]]
    is_node: Mask = (is_start | is_end) & (places.access_ms == 0)
    at_junction = np.flatnonzero(is_node)
    chain = places.chain[at_junction]
    rest = places._replace(chain=np.where(is_node, -1, places.chain).astype(np.int32))
    placed, first, along = by_chain(rest, len(chains.start))
    access_ms = np.zeros(len(chains.start), dtype=np.int32)
    np.maximum.at(access_ms, placed.chain, placed.access_ms)
    return CountedPlaces(
        at_junction=at_junction,
        junction=np.where(is_start[at_junction], chains.start[chain], chains.end[chain]),
        placed=placed,
        first=first,
        along=along,
        access_ms=access_ms,
        size=len(places.chain),
    )


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
    pays. A chain within a limit as a whole costs one step, however many places are on it.
    """
    limits = np.array(limits_ms, dtype=np.int32)
    longest = min(longest_ms(graph, sites), int(limits[-1]))
    arrays = (places.placed, places.first, places.access_ms)
    lengths = (graph.n_nodes, len(graph.chains.start), len(places.along))

    def search(start: int, stop: int, sums: _Sums | None = None) -> _Sums:
        empty = (np.zeros((n, len(limits) + 1), dtype=np.int32) for n in lengths)
        mine = sums or _Sums(*empty)
        tools = (scratch_for(graph, 0), queue_for(graph, longest, 1), mine)
        count(graph.chains, graph.arcs, take(sites, slice(start, stop)), arrays, limits, tools)
        return mine

    start, left = perf_counter(), max(len(sites.chain) - CHUNK, 0)
    sums = search(0, CHUNK)
    if left * (perf_counter() - start) < _WORTH_SECONDS * CHUNK:  # threads would cost more
        search(CHUNK, CHUNK + left, sums)
    else:
        chunk = -(-left // (os.cpu_count() or 1))
        for part in in_threads(lambda a, b: search(a + CHUNK, b + CHUNK), left, chunk=chunk):
            sums = _Sums(*(total + more for total, more in zip(sums, part, strict=True)))
    counts = np.zeros((len(limits), places.size), dtype=np.int32)
    _add_up(places.at_junction, places.junction, sums.junctions, counts)
    _add_up(places.along, places.placed.chain, sums.whole, counts)
    _add_up(places.along, np.arange(len(places.along), dtype=np.int32), sums.single, counts)
    return counts


@compiled
def _add_up(places: Longs, rows: Ints, sums: Ints, counts: Ints) -> None:
    """Add to the counts of the places what the rows of `sums` hold up to each limit."""
    for place in range(len(places)):
        row, column, total = np.uint32(rows[place]), np.uint32(places[place]), 0
        for tier in range(len(counts)):
            total += sums[row, tier]
            counts[tier, column] += total
