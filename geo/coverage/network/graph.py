"""The street network of one mode: chains between junctions, times in whole milliseconds.

Nodes lie in the order of a Hilbert curve. A node where exactly two edges meet that can be passed
the same ways is no junction: the edges on both sides are one *chain*. Nothing is lost, since a
place on a street is kept as chain and time from its start.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from geo.coverage.compiled import compiled
from geo.coverage.network.arrays import NEVER_MS, Floats, Ints, Longs, Mask, Packed
from geo.coverage.network.hilbert import hilbert_order
from geo.coverage.network.modes import Ways
from geo.coverage.streets import Edges

__all__ = ["Chains", "Cuts", "Graph", "arcs_of", "build_graph"]


class Chains(NamedTuple):
    """c chains, each array of length c (a tuple, so that compiled loops can take it).

    `start`, `end`: the junctions. `time_ms`: from one to the other. `forward`, `backward`:
    whether it can be passed from start to end, and back.
    """

    start: Ints
    end: Ints
    time_ms: Ints
    forward: Mask
    backward: Mask


class Arcs(NamedTuple):
    """The ways *towards* each junction, CSR by `first`; `chain`: what each runs along.

    `ways`: where each comes from in the upper 32 bits, below them whether that is a dead end, and
    the time (ms) in the lower 31; a way that is closed has the time NEVER_MS. Searches run from the
    sites outwards, against the direction of travel. `bucket_bits`: a bucket of waiting junctions
    spans 2 to the power of this many milliseconds, about a middling way.
    """

    first: Ints
    chain: Ints
    ways: Packed
    bucket_bits: int


class Cuts(NamedTuple):
    """Where chains were cut after the graph was built, in order of chains and time.

    `chain`, `at_ms`: what was cut, as it was numbered before. `piece`: the chain that begins there.
    """

    chain: Ints
    at_ms: Ints
    piece: Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Graph:
    """The network of one mode.

    `edge_chain`, `edge_from_ms`, `edge_ms`, `edge_flipped`
        Of each edge: its chain (-1: closed to the mode), the time from the chain's start to the
        edge's nearer end, its own time, and whether it runs against its chain.
    `n_nodes`
        How many junctions there are.
    `cuts`
        Where links were joined to chains (`with_links`); what is told of edges is as before them.
    """

    chains: Chains
    arcs: Arcs
    n_nodes: int
    edge_chain: Ints
    edge_from_ms: Ints
    edge_ms: Ints
    edge_flipped: Mask
    ms_per_m: Floats
    node_of: Ints
    cuts: Cuts | None = None


def build_graph(edges: Edges, ways: Ways) -> Graph:
    """Return the network that the streets `ways` (by row of the streets) allow.

    Notes
    -----
    Each edge is rounded to a whole millisecond, before chains are made. O(e log e) for e edges.
    """
    ms_per_m = ways.ms_per_m[edges.street_at]
    edge_ms = np.maximum(np.rint(edges.length_m * ms_per_m), 0).astype(np.int32)
    forward = np.ascontiguousarray(ways.forward[edges.street_at])
    backward = np.ascontiguousarray(ways.backward[edges.street_at])
    rank = np.empty(len(edges.node_xy), dtype=np.int32)
    rank[hilbert_order(edges.node_xy)] = np.arange(len(rank), dtype=np.int32)
    ends = rank[edges.nodes].astype(np.int32).reshape(-1, 2)
    first, edge_at = _incidence(ends, forward | backward, len(rank))
    is_junction = _junctions(ends, (forward, backward), first, edge_at)
    chain, from_ms, flipped, raw = _chains(ends, edge_ms, (first, edge_at), is_junction)
    used = np.zeros(len(rank), dtype=bool)
    used[raw[:, 0]] = used[raw[:, 1]] = True
    number = np.full(len(rank), -1, dtype=np.int32)
    number[used] = np.arange(int(used.sum()), dtype=np.int32)
    one = np.zeros(len(raw), dtype=np.int64)  # any edge of the chain: all allow the same
    some = np.flatnonzero(chain >= 0)
    one[chain[some]] = some
    against = flipped[one] if len(one) else np.zeros(0, dtype=bool)
    chains = Chains(
        start=number[raw[:, 0]],
        end=number[raw[:, 1]],
        time_ms=raw[:, 2].astype(np.int32),
        forward=np.where(against, backward[one], forward[one]),
        backward=np.where(against, forward[one], backward[one]),
    )
    n_nodes = int(used.sum())
    return Graph(
        chains=chains,
        arcs=arcs_of(chains, n_nodes),
        n_nodes=n_nodes,
        edge_chain=chain,
        edge_from_ms=from_ms,
        edge_ms=edge_ms,
        edge_flipped=flipped,
        ms_per_m=ms_per_m,
        node_of=number[rank],
    )


def _incidence(ends: Ints, is_open: Mask, n: int) -> tuple[Ints, Ints]:
    """Return for each node the open edges at it (a loop twice), CSR."""
    edge = np.flatnonzero(is_open).astype(np.int32)
    node = ends[edge].ravel()
    order = np.argsort(node, kind="stable")
    first = np.zeros(n + 1, dtype=np.int32)
    np.cumsum(np.bincount(node, minlength=n), out=first[1:])
    return first, np.repeat(edge, 2)[order].astype(np.int32)


def _junctions(ends: Ints, open_ways: tuple[Mask, Mask], first: Ints, edge_at: Ints) -> Mask:
    """Return the nodes where something can be chosen, or where one-way streets change."""
    degree = np.diff(first)
    is_junction: Mask = degree != 2  # noqa: PLR2004 two edges and no choice
    node = np.flatnonzero(~is_junction)
    a, b = edge_at[first[node]], edge_at[first[node] + 1]
    forward, backward = open_ways
    a_ends_here, b_starts_here = ends[a, 1] == node, ends[b, 0] == node
    a_in, a_out = _in_out(forward[a], backward[a], a_ends_here)
    b_out, b_in = _in_out(forward[b], backward[b], b_starts_here)
    is_junction[node] = (a == b) | (a_in != b_out) | (a_out != b_in)
    return is_junction


def _in_out(forward: Mask, backward: Mask, along: Mask) -> tuple[Mask, Mask]:
    return np.where(along, forward, backward), np.where(along, backward, forward)


@compiled
def _chains(
    ends: Ints, edge_ms: Ints, incidence: tuple[Ints, Ints], is_junction: Mask
) -> tuple[Ints, Ints, Mask, Longs]:
    """Return of each edge chain, time from its start, direction; of each chain ends and time."""
    first, edge_at = incidence
    n = len(first) - 1
    chain = np.full(len(ends), -1, np.int32)
    from_ms = np.zeros(len(ends), np.int32)
    flipped = np.zeros(len(ends), np.bool_)
    raw = np.empty((len(ends), 3), np.int64)
    count = 0
    for turn in range(2):  # first from junctions, then the rings that have none
        for node in range(n):
            if turn == 0 and not is_junction[node]:
                continue
            for at in range(first[node], first[node + 1]):
                edge = edge_at[at]
                if chain[edge] >= 0:
                    continue
                here, total = node, 0
                while True:
                    chain[edge] = count
                    from_ms[edge] = total
                    flipped[edge] = ends[edge, 0] != here
                    total += edge_ms[edge]
                    here = ends[edge, 0] if flipped[edge] else ends[edge, 1]
                    if is_junction[here] or here == node:
                        break
                    follow = edge_at[first[here]]
                    edge = follow if follow != edge else edge_at[first[here] + 1]
                raw[count, 0], raw[count, 1], raw[count, 2] = node, here, total
                count += 1
    return chain, from_ms, flipped, raw[:count].copy()


def arcs_of(chains: Chains, n: int) -> Arcs:
    """Return the ways towards each junction, from both directions of every chain."""
    number = np.arange(len(chains.start), dtype=np.int32)
    head = np.concatenate([chains.end, chains.start])
    tail = np.concatenate([chains.start, chains.end])
    is_open = np.concatenate([chains.forward, chains.backward])
    time_ms = np.where(is_open, np.tile(chains.time_ms, 2), NEVER_MS)
    order = np.lexsort((tail, head))
    first = np.zeros(n + 1, dtype=np.int32)
    np.cumsum(np.bincount(head, minlength=n), out=first[1:])
    is_dead_end = (np.diff(first) == 1)[tail]
    ways = tail.astype(np.uint64) << np.uint64(32) | is_dead_end.astype(np.uint64) << np.uint64(31)
    middle = int(np.median(chains.time_ms)) if len(number) else 0
    return Arcs(
        first=first,
        chain=np.tile(number, 2)[order],
        ways=(ways | time_ms.astype(np.uint64))[order],
        bucket_bits=max(middle.bit_length(), 1),
    )
