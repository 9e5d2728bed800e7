"""The peers of our searches along streets, each on a network that it was given before."""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
from scipy.sparse.csgraph import dijkstra

from benchmarks.towns import LIMITS_MS, Town

__all__ = [
    "library_runs",
    "networkx_counts",
    "networkx_nearest",
    "pandana_counts",
    "pandana_nearest",
    "scipy_counts",
]

CHUNK = 64


def scipy_counts(town: Town) -> np.ndarray:
    """Search from 64 sites at a time, as far as the longest limit."""
    counts = np.zeros((len(LIMITS_MS), len(town.edges.node_xy)), dtype=np.int32)
    for start in range(0, len(town.site_nodes), CHUNK):
        some = town.site_nodes[start : start + CHUNK]
        times = dijkstra(town.matrix, indices=some, limit=LIMITS_MS[-1])
        for row, limit in enumerate(LIMITS_MS):
            counts[row] += (times <= limit + 0.5).sum(axis=0)
    return counts


_GRAPHS: dict[int, nx.Graph] = {}


def _nx(town: Town) -> nx.Graph:
    if id(town.matrix) not in _GRAPHS:
        _GRAPHS[id(town.matrix)] = nx.from_scipy_sparse_array(town.matrix)
    return _GRAPHS[id(town.matrix)]


def networkx_nearest(town: Town) -> np.ndarray:
    """Search from all sites at once."""
    found = nx.multi_source_dijkstra_path_length(_nx(town), set(town.site_nodes.tolist()))
    return _filled(found, len(town.edges.node_xy))


def networkx_counts(town: Town) -> np.ndarray:
    """Search from one site at a time, as far as the longest limit."""
    counts = np.zeros((len(LIMITS_MS), len(town.edges.node_xy)), dtype=np.int32)
    for site in town.site_nodes.tolist():
        found = nx.single_source_dijkstra_path_length(_nx(town), site, cutoff=LIMITS_MS[-1] + 0.5)
        times = _filled(found, len(town.edges.node_xy))
        for row, limit in enumerate(LIMITS_MS):
            counts[row] += times <= limit + 0.5
    return counts


def _filled(found: Mapping[int, float], n: int) -> np.ndarray:
    times = np.full(n, np.inf)
    times[np.fromiter(found, dtype=np.int64)] = np.fromiter(found.values(), dtype=float)
    return times


_LIBRARIES: dict[tuple[str, int], Any] = {}


def library_runs(what: str) -> dict[str, Callable[[Town], Any]]:
    """Return igraph and networkit where they are installed; neither can stop at a limit."""
    runs: dict[str, Callable[[Town], Any]] = {}
    if find_spec("igraph") is not None:
        runs["igraph"] = _igraph_nearest if what == "nearest" else _igraph_counts
    if find_spec("networkit") is not None:
        runs["networkit"] = _networkit_nearest if what == "nearest" else _networkit_counts
    return runs


def _with_source(town: Town) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the edges once each, and one more node that leads to all sites in no time."""
    table = town.matrix.tocoo()
    once, n = table.row < table.col, len(town.edges.node_xy)
    start = np.concatenate([table.row[once], np.full(len(town.site_nodes), n)])
    end = np.concatenate([table.col[once], town.site_nodes])
    return start, end, np.concatenate([table.data[once], np.zeros(len(town.site_nodes))])


def _igraph(town: Town, *, has_source: bool) -> Any:  # noqa: ANN401
    key = f"igraph {has_source}", id(town.matrix)
    if key not in _LIBRARIES:
        import igraph  # noqa: PLC0415

        start, end, ms = _with_source(town)
        keep = start < len(town.edges.node_xy) + has_source
        graph = igraph.Graph(
            n=len(town.edges.node_xy) + has_source, edges=np.column_stack([start, end])[keep]
        )
        graph.es["ms"] = ms[keep]
        _LIBRARIES[key] = graph
    return _LIBRARIES[key]


def _igraph_nearest(town: Town) -> np.ndarray:
    n = len(town.edges.node_xy)
    return np.array(_igraph(town, has_source=True).distances(n, weights="ms")[0][:n])


def _igraph_counts(town: Town) -> np.ndarray:
    counts = np.zeros((len(LIMITS_MS), len(town.edges.node_xy)), dtype=np.int32)
    graph = _igraph(town, has_source=False)
    for site in town.site_nodes.tolist():
        times = np.array(graph.distances(site, weights="ms")[0])
        for row, limit in enumerate(LIMITS_MS):
            counts[row] += times <= limit + 0.5
    return counts


def _networkit(town: Town, *, has_source: bool) -> Any:  # noqa: ANN401
    key = f"networkit {has_source}", id(town.matrix)
    if key not in _LIBRARIES:
        import networkit  # noqa: PLC0415

        start, end, ms = _with_source(town)
        n = len(town.edges.node_xy) + has_source
        keep = start < n
        coo = (ms[keep], (start[keep], end[keep]))
        _LIBRARIES[key] = networkit.GraphFromCoo(coo, n=n, weighted=True, directed=False)
    return _LIBRARIES[key]


def _networkit_times(graph: Any, source: int) -> np.ndarray:  # noqa: ANN401
    import networkit  # noqa: PLC0415

    search = networkit.distance.Dijkstra(graph, source, storePaths=False)
    search.run()
    times = np.asarray(search.getDistances())
    return np.where(times > 1e300, np.inf, times)


def _networkit_nearest(town: Town) -> np.ndarray:
    n = len(town.edges.node_xy)
    return _networkit_times(_networkit(town, has_source=True), n)[:n]


def _networkit_counts(town: Town) -> np.ndarray:
    counts = np.zeros((len(LIMITS_MS), len(town.edges.node_xy)), dtype=np.int32)
    for site in town.site_nodes.tolist():
        times = _networkit_times(_networkit(town, has_source=False), site)
        for row, limit in enumerate(LIMITS_MS):
            counts[row] += times <= limit + 0.5
    return counts


_PANDANA: dict[int, tuple[Any, float]] = {}


def _pandana(town: Town) -> tuple[Any, float]:
    """Return the network with its sites, and how far (s) the nearest one is at most."""
    if id(town.matrix) not in _PANDANA:
        import pandana  # noqa: PLC0415

        table = town.matrix.tocoo()
        once = table.row < table.col
        nodes = town.edges.node_xy
        network = pandana.Network(
            pd.Series(nodes[:, 0]),
            pd.Series(nodes[:, 1]),
            pd.Series(table.row[once]),
            pd.Series(table.col[once]),
            pd.DataFrame({"seconds": (table.data[once] + 0.01) / 1000}),  # it cuts to milliseconds
        )
        network.set(
            pd.Series(town.site_nodes),
            variable=pd.Series(np.ones(len(town.site_nodes))),
            name="sites",
        )
        far = dijkstra(town.matrix, indices=town.site_nodes, min_only=True)
        reach = float(far[np.isfinite(far)].max()) / 1000 + 1
        network.init_pois(1, reach, 1)
        _PANDANA[id(town.matrix)] = network, reach
    return _PANDANA[id(town.matrix)]


def pandana_nearest(town: Town) -> np.ndarray:
    """Ask for the nearest point of interest, no further than it is from any node."""
    network, reach = _pandana(town)
    nodes = network.nodes_df
    network.set_pois(
        "sites",
        reach,
        1,
        nodes["x"].iloc[town.site_nodes],
        nodes["y"].iloc[town.site_nodes],
    )
    found = network.nearest_pois(reach, "sites", num_pois=1)[1].to_numpy()
    return np.where(found < reach, found * 1000, np.inf)


def pandana_counts(town: Town) -> np.ndarray:
    """Add up the sites within each limit, without decay."""
    network, _ = _pandana(town)
    return np.stack(
        [
            network.aggregate(limit / 1000, type="sum", decay="flat", name="sites")
            for limit in LIMITS_MS
        ]
    ).astype(np.int32)
