"""The edges of the streets for a page: what follows from what is told already is not told again.

Every number is told as its difference from a value that the page reckons the same way, so nothing
is lost where the two differ: an edge's end lies where another edge of the same junction ended; its
time is its length at the speed of the mode; a chain takes as long as its edges together.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from geo.coverage.network.graph import Graph
from geo.coverage.network.kernel import Net
from maps.packing import Packer, zigzag
from maps.whatif.members import deltas

__all__ = ["add_edges", "metres_along"]

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Wholes = npt.NDArray[np.signedinteger[Any]]


class _Edges(NamedTuple):
    """The open edges: their numbers in the graph, how many vertices each has, the vertices (m)."""

    number: Longs
    n_vertices: Longs
    xy: Floats


def add_edges(packer: Packer, net: Net, *, steps_per_m: int) -> None:
    """Add chains, and the open edges with their vertices and where they lie on chains.

    Vertices are rounded to a part of a metre, `steps_per_m` parts. O(n log n) for n vertices.
    """
    graph, chains = net.graph, net.graph.chains
    edges = _open_edges(net)
    steps = np.rint(edges.xy * steps_per_m).astype(np.int64)
    chain, edge_ms = graph.edge_chain[edges.number], graph.edge_ms[edges.number].astype(np.int64)
    rode = np.rint(metres_along(steps / steps_per_m, edges.n_vertices) * net.ms_per_m)
    together = np.bincount(chain, weights=edge_ms, minlength=len(chains.start))
    packer.add("chain.start", deltas(chains.start))
    packer.add("chain.end", _less(chains.end, chains.start))
    packer.add("chain.ms", _less(chains.time_ms, together))
    packer.add("edge.size", (edges.n_vertices - 1).astype(np.uint64))
    packer.add("edge.chain", deltas(chain))
    packer.add("edge.from_ms", graph.edge_from_ms[edges.number].astype(np.uint64))
    packer.add("edge.ms", _less(edge_ms, rode))
    packer.add("edge.flipped", graph.edge_flipped[edges.number].astype(np.uint64))
    last = np.cumsum(edges.n_vertices) - 1
    at = np.column_stack([last - edges.n_vertices + 1, last])
    from_at = _told_before(_junctions(graph, edges.number), at, n=len(steps))
    before = np.roll(steps, 1, axis=0)
    before[:1] = 0
    before = np.where((from_at >= 0)[:, None], steps[from_at], before)
    packer.add("edge.xy", _less(steps, before).ravel())


def _less(values: Wholes, reckoned: Wholes | Floats) -> npt.NDArray[np.uint64]:
    return zigzag(values.astype(np.int64) - reckoned.astype(np.int64))


def metres_along(xy: Floats, n_vertices: Longs) -> Floats:
    """Return the length of each line (m), summed vertex by vertex as the page does it."""
    step = np.diff(xy, axis=0, append=xy[-1:])
    long_m = np.sqrt(step[:, 0] * step[:, 0] + step[:, 1] * step[:, 1])
    first = np.cumsum(n_vertices) - n_vertices
    total = np.zeros(len(n_vertices))
    here = np.arange(len(n_vertices))
    for k in range(int(n_vertices.max(initial=1)) - 1):
        here = here[n_vertices[here] > k + 1]
        total[here] += long_m[first[here] + k]
    return total


def _open_edges(net: Net) -> _Edges:
    # The snapper's segments come edge by edge: their first ends, then the last end of the edge.
    snapper = net.snapper
    number, first, n = np.unique(snapper.edge, return_index=True, return_counts=True)
    is_last = np.zeros(len(snapper.edge) + len(number), dtype=bool)
    is_last[np.cumsum(n + 1) - 1] = True
    xy = np.empty((len(is_last), 2))
    xy[~is_last] = snapper.segments[:, :2]
    xy[is_last] = snapper.segments[first + n - 1, 2:]
    return _Edges(number=number.astype(np.int64), n_vertices=n + 1, xy=xy)


def _junctions(graph: Graph, edges: Longs) -> Longs:
    """Return the number of the junction at both ends of each edge (m, 2); inside a chain a new one.

    On a chain edges follow each other by the time at which they begin.
    """
    chain, begin = graph.edge_chain[edges], graph.edge_from_ms[edges]
    order = np.lexsort((begin, chain))
    place = np.empty(len(edges), dtype=np.int64)
    place[order] = np.arange(len(edges))
    is_first = np.append(True, np.diff(chain[order]) != 0)[: len(edges)][place]
    is_last = np.append(np.diff(chain[order]) != 0, True)[: len(edges)][place]
    low = np.where(is_first, graph.chains.start[chain], graph.n_nodes + place)
    high = np.where(is_last, graph.chains.end[chain], graph.n_nodes + place + 1)
    flipped = graph.edge_flipped[edges]
    return np.column_stack([np.where(flipped, high, low), np.where(flipped, low, high)])


def _told_before(junction: Longs, at: Longs, *, n: int) -> Longs:
    """Return of n vertices where that of the same junction was told first, -1 where nowhere."""
    _, first, which = np.unique(junction.ravel(), return_index=True, return_inverse=True)
    source = first[which.ravel()]
    found = np.full(n, -1, dtype=np.int64)
    is_again = source < np.arange(junction.size)
    found[at.ravel()[is_again]] = at.ravel()[source[is_again]]
    return found
