"""Circles along streets: our searches and snapping against their peers, on prepared networks.

Everything is built before the clock starts; a contestant only searches (or only snaps).
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec
from typing import Any, NamedTuple

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from benchmarks.contest import Contest, Frames, MissingDataError
from benchmarks.places import SHARED
from geo.coverage.network import (
    Graph,
    Places,
    Snapper,
    arrival_ms,
    build_graph,
    junction_counts,
    modes,
    nearest_ms,
    ways_of,
)
from geo.coverage.network.arrays import NEVER_MS
from geo.coverage.network.search import take
from geo.coverage.streets import Edges, street_edges

WALK = modes()["walk"]
LIMITS_MS = (300_000, 600_000, 900_000)
N_SITES = 300
N_POINTS = 200_000
CHUNK = 64
TOWNS = ("las-palmas", "wuhan", "mesh of a million nodes")


class Town(NamedTuple):
    """One network: `site_nodes` is the node of each site, the same for every contestant.

    Peers search the `matrix` of all nodes; `nodes` are the same on our chains, `junctions` those
    that ours keeps.
    """

    edges: Edges
    graph: Graph
    snapper: Snapper
    sites: Places
    nodes: Places
    site_nodes: np.ndarray
    matrix: csr_matrix
    junctions: np.ndarray
    points: np.ndarray


def contests() -> list[Contest]:
    """Return the contests of this topic."""
    return [
        contest
        for name in TOWNS
        for contest in (_nearest(name), _counts(name), _snapping(name))
        if name != TOWNS[2] or "nearest" in contest.name
    ]


@cache
def _town(name: str) -> Town:
    streets = _mesh() if name == TOWNS[2] else _read(name)
    edges = street_edges(streets)
    ways = ways_of(streets, WALK)
    graph = build_graph(edges, ways)
    rng = np.random.default_rng(0)
    flat = np.arange(len(edges)), graph.edge_from_ms, graph.edge_from_ms + graph.edge_ms
    starts = np.where(graph.edge_flipped, flat[2], flat[1]).astype(np.int32)
    ends = np.where(graph.edge_flipped, flat[1], flat[2]).astype(np.int32)
    n = len(edges.node_xy)
    chain, at_ms = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
    for side, time in ((0, starts), (1, ends)):
        chain[edges.nodes[:, side]] = graph.edge_chain
        at_ms[edges.nodes[:, side]] = time
    nodes = Places(chain, at_ms, np.zeros(n, dtype=np.int32))
    at = rng.integers(0, n, N_SITES)
    matrix = csr_matrix(_least(*edges.nodes.T, graph.edge_ms), shape=(n, n))
    some = rng.integers(0, n, N_POINTS)
    junctions = np.empty(graph.n_nodes, dtype=np.int64)
    kept = np.flatnonzero(graph.node_of >= 0)
    junctions[graph.node_of[kept]] = kept
    return Town(
        edges=edges,
        graph=graph,
        snapper=Snapper.of(edges, np.ones(len(edges), dtype=bool)),
        sites=take(nodes, at),
        nodes=nodes,
        site_nodes=at,
        matrix=matrix,
        junctions=junctions,
        points=edges.node_xy[some] + rng.uniform(-90, 90, (N_POINTS, 2)),
    )


def _least(start: np.ndarray, end: np.ndarray, time_ms: np.ndarray) -> Any:  # noqa: ANN401
    """Return both directions of every chain, the quickest of parallel ones, loops left out."""
    table = pd.DataFrame(
        {"a": np.r_[start, end], "b": np.r_[end, start], "ms": np.r_[time_ms, time_ms]}
    )
    table = table[table["a"] != table["b"]].sort_values("ms").drop_duplicates(["a", "b"])
    return np.maximum(table["ms"], 1e-6), (table["a"], table["b"])


def _read(name: str) -> gpd.GeoDataFrame:
    file, crs = {
        "las-palmas": ("las-palmas/walk_edges.parquet", "EPSG:4326"),
        "wuhan": ("wuhan-streets/wuhan_8989_roads.parquet", "EPSG:32650"),
    }[name]
    path = SHARED / file
    if not path.is_file():
        msg = f"the real data (../shared/data/{file}) is not on this machine"
        raise MissingDataError(msg)
    lines = shapely.from_wkb(pd.read_parquet(path, columns=["geometry"])["geometry"].to_numpy())
    return gpd.GeoDataFrame(geometry=lines, crs=crs).to_crs(
        "EPSG:32628" if crs[-4:] == "4326" else crs
    )


def _mesh(side: int = 1000) -> gpd.GeoDataFrame:
    """Return a jittered mesh of side × side junctions, about 60 m apart, a tenth of it missing."""
    rng = np.random.default_rng(0)
    x, y = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")
    xy = np.stack([x, y], axis=-1) * 60.0 + rng.uniform(-15, 15, (side, side, 2))
    pairs = [
        np.stack([xy[:-1], xy[1:]], axis=2).reshape(-1, 2, 2),
        np.stack([xy[:, :-1], xy[:, 1:]], axis=2).reshape(-1, 2, 2),
    ]
    ends = np.concatenate(pairs)
    ends = ends[rng.random(len(ends)) > 0.1]
    return gpd.GeoDataFrame(geometry=shapely.linestrings(ends), crs="EPSG:32650")


def _contest(
    what: str, name: str, runs: Mapping[str, Callable[[Town], Any]], *, note: str
) -> Contest:
    def with_town(run: Callable[[Town], Any]) -> Callable[[Frames], Any]:
        return lambda _frames: run(_town(name))

    def load() -> Frames:
        town = _town(name)
        nodes = gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)] * 0)
        return {f"of {len(town.edges.node_xy):,} nodes": nodes}

    (ours, run), *peers = runs.items()
    return Contest(
        name=f"{what}, {N_SITES} sites, {name}",
        load=load,
        ours={ours: with_town(run)},
        peers={peer: with_town(each) for peer, each in peers},
        difference=_difference,
        note=note,
    )


def _nearest(name: str) -> Contest:
    runs: dict[str, Callable[[Town], Any]] = {
        "ours, bucket queue": lambda town: arrival_ms(
            town.graph, nearest_ms(town.graph, town.sites), town.nodes, town.sites
        ),
        "scipy dijkstra, min_only": lambda town: dijkstra(
            town.matrix, indices=town.site_nodes, min_only=True
        ),
    }
    if name != TOWNS[2]:
        runs["networkx multi_source"] = _networkx_nearest
    if name != TOWNS[2] and find_spec("pandana") is not None:
        runs["pandana nearest_pois"] = _pandana_nearest
        runs |= _library_runs("nearest")
    return _contest("nearest site of every node", name, runs, note="on prepared networks")


def _counts(name: str) -> Contest:
    runs: dict[str, Callable[[Town], Any]] = {
        "ours, bounded balls": lambda town: junction_counts(
            town.graph, town.sites, limits_ms=LIMITS_MS
        ),
        "scipy dijkstra, chunks of 64": _scipy_counts,
        "networkx, a search a site": _networkx_counts,
    }
    if find_spec("pandana") is not None:
        runs["pandana aggregate"] = _pandana_counts
    if name == TOWNS[0]:  # without a cut-off they take minutes in a larger town
        runs |= _library_runs("counts")
    return _contest(
        "counts within 5, 10, 15 minutes",
        name,
        runs,
        note="ours answers at junctions and for any place on a chain; the peers at all nodes",
    )


def _snapping(name: str) -> Contest:
    runs = {
        "ours, segment grid": lambda town: town.snapper.nearest(town.points, within_m=100.0)[2],
        "shapely STRtree": _shapely_snap,
    }
    what = f"snapping {N_POINTS:,} points"
    return _contest(what, name, runs, note="trees and grids are built before")


def _shapely_snap(town: Town) -> np.ndarray:
    lines, tree = _lines(town.edges)
    points = shapely.points(town.points)
    at, edge = tree.query_nearest(points, max_distance=100.0, all_matches=False)
    away = np.full(len(points), np.inf)
    away[at] = shapely.distance(points[at], lines[edge])
    shapely.line_locate_point(lines[edge], points[at])
    return away


_TREES: dict[int, tuple[np.ndarray, shapely.STRtree]] = {}


def _lines(edges: Edges) -> tuple[np.ndarray, shapely.STRtree]:
    if id(edges) not in _TREES:
        lines = np.array(
            [
                shapely.LineString(edges.xy[a : b + 1])
                for a, b in zip(edges.first, edges.last, strict=True)
            ],
            dtype=object,
        )
        _TREES[id(edges)] = lines, shapely.STRtree(lines)
    return _TREES[id(edges)]


def _scipy_counts(town: Town) -> np.ndarray:
    counts = np.zeros((len(LIMITS_MS), len(town.edges.node_xy)), dtype=np.int32)
    for start in range(0, len(town.site_nodes), CHUNK):
        some = town.site_nodes[start : start + CHUNK]
        times = dijkstra(town.matrix, indices=some, limit=LIMITS_MS[-1])
        for row, limit in enumerate(LIMITS_MS):
            counts[row] += (times <= limit + 0.5).sum(axis=0)
    return counts[:, town.junctions]


_GRAPHS: dict[int, nx.Graph] = {}


def _nx(town: Town) -> nx.Graph:
    if id(town.matrix) not in _GRAPHS:
        _GRAPHS[id(town.matrix)] = nx.from_scipy_sparse_array(town.matrix)
    return _GRAPHS[id(town.matrix)]


def _networkx_nearest(town: Town) -> np.ndarray:
    found = nx.multi_source_dijkstra_path_length(_nx(town), set(town.site_nodes.tolist()))
    return _filled(found, len(town.edges.node_xy))


def _networkx_counts(town: Town) -> np.ndarray:
    counts = np.zeros((len(LIMITS_MS), len(town.edges.node_xy)), dtype=np.int32)
    for site in town.site_nodes.tolist():
        found = nx.single_source_dijkstra_path_length(_nx(town), site, cutoff=LIMITS_MS[-1] + 0.5)
        times = _filled(found, len(town.edges.node_xy))
        for row, limit in enumerate(LIMITS_MS):
            counts[row] += times <= limit + 0.5
    return counts[:, town.junctions]


def _filled(found: Mapping[int, float], n: int) -> np.ndarray:
    times = np.full(n, np.inf)
    times[np.fromiter(found, dtype=np.int64)] = np.fromiter(found.values(), dtype=float)
    return times


_LIBRARIES: dict[tuple[str, int], Any] = {}


def _library_runs(what: str) -> dict[str, Callable[[Town], Any]]:
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
    return counts[:, town.junctions]


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
    return counts[:, town.junctions]


_PANDANA: dict[int, Any] = {}


def _pandana(town: Town) -> Any:  # noqa: ANN401
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
            pd.DataFrame({"seconds": table.data[once] / 1000}),
        )
        network.set(
            pd.Series(town.site_nodes),
            variable=pd.Series(np.ones(len(town.site_nodes))),
            name="sites",
        )
        network.init_pois(1, LIMITS_MS[-1] / 1000, 1)
        _PANDANA[id(town.matrix)] = network
    return _PANDANA[id(town.matrix)]


def _pandana_nearest(town: Town) -> np.ndarray:
    network = _pandana(town)
    nodes = network.nodes_df
    network.set_pois(
        "sites",
        LIMITS_MS[-1],
        1,
        nodes["x"].iloc[town.site_nodes],
        nodes["y"].iloc[town.site_nodes],
    )
    found = network.nearest_pois(LIMITS_MS[-1] / 1000, "sites", num_pois=1)[1].to_numpy() * 1000
    return np.where(found < LIMITS_MS[-1], found, np.inf)


def _pandana_counts(town: Town) -> np.ndarray:
    network = _pandana(town)
    return np.stack(
        [
            network.aggregate(limit / 1000, type="sum", decay="flat", name="sites")
            for limit in LIMITS_MS
        ]
    ).astype(np.int32)[:, town.junctions]


def _difference(ours: Any, theirs: Any) -> str:  # noqa: ANN401
    """Return how many values differ: by more than half a millisecond, metre or site."""
    mine = np.where(ours == NEVER_MS, np.inf, np.asarray(ours, dtype=float))
    other = np.asarray(theirs, dtype=float)
    both = np.isfinite(mine) & np.isfinite(other)
    n_off = int((np.abs(mine[both] - other[both]) > 0.5).sum())
    n_lost = int((np.isfinite(mine) != np.isfinite(other)).sum())
    if n_off or n_lost:
        return f"{n_off:,} of {both.sum():,} values differ, {n_lost:,} known to one only"
    return ""
