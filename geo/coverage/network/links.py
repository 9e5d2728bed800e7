"""Links opened in a network that is built: a gate, a bridge, a stair between two places."""

from dataclasses import replace

import numpy as np

from geo.coverage.network.arrays import Ints, Longs, Places
from geo.coverage.network.graph import Chains, Cuts, Graph, arcs_of

__all__ = ["moved", "with_links"]

_TURN = 2**32


def moved(places: Places, cuts: Cuts | None) -> Places:
    """Return `places` on the pieces of the chains that were cut; without cuts as they are.

    A place at a cut is at the end of the piece before it: at the new junction.
    """
    if cuts is None or len(cuts.chain) == 0:
        return places
    at = np.searchsorted(_keys(cuts.chain, cuts.at_ms), _keys(places.chain, places.at_ms)) - 1
    is_later = (at >= 0) & (cuts.chain[at] == places.chain)
    return Places(
        chain=np.where(is_later, cuts.piece[at], places.chain).astype(np.int32),
        at_ms=np.where(is_later, places.at_ms - cuts.at_ms[at], places.at_ms).astype(np.int32),
        access_ms=places.access_ms,
    )


def with_links(graph: Graph, starts: Places, ends: Places, link_ms: Ints) -> Graph:
    """Return `graph` with a way in both directions between each start and end.

    Parameters
    ----------
    graph
        As built, without links.
    starts, ends
        m places each, on chains of `graph`.
    link_ms
        Time of each link (ms); the ways from its ends to the streets come on top.

    Notes
    -----
    Chains are cut where links join them; times between any two places that were there stay the
    same whole milliseconds, or become less. Places are brought over by `moved`. O(arcs).
    """
    chains, n = graph.chains, len(graph.chains.start)
    chain = np.concatenate([starts.chain, ends.chain])
    at_ms = np.concatenate([starts.at_ms, ends.at_ms])
    is_inner = (at_ms > 0) & (at_ms < chains.time_ms[chain])
    keys = np.unique(_keys(chain[is_inner], at_ms[is_inner]))
    cut_chain, cut_at = (keys // _TURN).astype(np.int32), (keys % _TURN).astype(np.int32)
    node = np.where(at_ms <= 0, chains.start[chain], chains.end[chain])
    node[is_inner] = graph.n_nodes + np.searchsorted(keys, _keys(chain, at_ms)[is_inner])
    total_ms = link_ms + starts.access_ms + ends.access_ms
    cut = _cut(chains, cut_chain, cut_at, graph.n_nodes)
    open_ways = np.ones(len(link_ms), dtype=bool)
    links = Chains(
        start=node[: len(link_ms)].astype(np.int32),
        end=node[len(link_ms) :].astype(np.int32),
        time_ms=total_ms.astype(np.int32),
        forward=open_ways,
        backward=open_ways,
    )
    joined = Chains(*(np.concatenate(pair) for pair in zip(cut, links, strict=True)))
    n_nodes = graph.n_nodes + len(keys)
    piece = np.arange(n, n + len(keys), dtype=np.int32)
    return replace(
        graph,
        chains=joined,
        arcs=arcs_of(joined, n_nodes),
        n_nodes=n_nodes,
        cuts=Cuts(chain=cut_chain, at_ms=cut_at, piece=piece),
    )


def _cut(chains: Chains, chain: Ints, at_ms: Ints, n_nodes: int) -> Chains:
    """Return the chains cut at new junctions (from `n_nodes` on), the later pieces at the end."""
    node = np.arange(n_nodes, n_nodes + len(chain), dtype=np.int32)
    has_next = np.append(chain[1:] == chain[:-1], False)[: len(chain)]
    is_first = np.append(True, chain[1:] != chain[:-1])[: len(chain)]
    stop_ms = np.where(has_next, np.roll(at_ms, -1), chains.time_ms[chain])
    end, time_ms = chains.end.copy(), chains.time_ms.copy()
    end[chain[is_first]], time_ms[chain[is_first]] = node[is_first], at_ms[is_first]
    return Chains(
        start=np.concatenate([chains.start, node]),
        end=np.concatenate([end, np.where(has_next, np.roll(node, -1), chains.end[chain])]),
        time_ms=np.concatenate([time_ms, stop_ms - at_ms]).astype(np.int32),
        forward=np.concatenate([chains.forward, chains.forward[chain]]),
        backward=np.concatenate([chains.backward, chains.backward[chain]]),
    )


def _keys(chain: Ints, at_ms: Ints) -> Longs:
    """Return one number for each place, in order of chains and times."""
    return chain.astype(np.int64) * _TURN + at_ms
