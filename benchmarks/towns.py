"""Street networks that searches contend on, and how their nodes lie on our chains."""

from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_matrix

from benchmarks.contest import MissingDataError
from benchmarks.places import SHARED
from geo.coverage.network import (
    CountedPlaces,
    Graph,
    Places,
    Snapper,
    build_graph,
    counted_places,
    modes,
    ways_of,
)
from geo.coverage.network.search import take
from geo.coverage.streets import Edges, street_edges

__all__ = [
    "LIMITS_MS",
    "MESH",
    "N_POINTS",
    "N_SITES",
    "SIMPLIFIED",
    "TOWNS",
    "Town",
    "street_file",
    "town_of",
]

LIMITS_MS: Final = (300_000, 600_000, 900_000)
N_SITES: Final = 300
N_POINTS: Final = 200_000
MESH: Final = "mesh of a million nodes"
SIMPLIFIED: Final = "las-palmas simplified"
TOWNS: Final = ("las-palmas", SIMPLIFIED, "wuhan", MESH)
_WALK: Final = modes()["walk"]


class Town(NamedTuple):
    """One network: `site_nodes` is the node of each site, the same for every contestant.

    Peers search the `matrix` of all nodes; `nodes` are the same on our chains, `counted` the same
    ready for counting.
    """

    edges: Edges
    graph: Graph
    snapper: Snapper
    sites: Places
    nodes: Places
    site_nodes: np.ndarray
    matrix: csr_matrix
    counted: CountedPlaces
    points: np.ndarray


@cache
def town_of(name: str) -> Town:
    """Return the network of that name, every node of its lines a node, unless simplified."""
    streets = _mesh() if name == MESH else _read(name)
    edges = street_edges(streets)
    ways = ways_of(streets, _WALK)
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
    return Town(
        edges=edges,
        graph=graph,
        snapper=Snapper.of(edges, np.ones(len(edges), dtype=bool)),
        sites=take(nodes, at),
        nodes=nodes,
        site_nodes=at,
        matrix=matrix,
        counted=counted_places(graph, nodes),
        points=edges.node_xy[some] + rng.uniform(-90, 90, (N_POINTS, 2)),
    )


def _least(start: np.ndarray, end: np.ndarray, time_ms: np.ndarray) -> Any:  # noqa: ANN401
    """Return both directions of every chain, the quickest of parallel ones, loops left out."""
    table = pd.DataFrame(
        {"a": np.r_[start, end], "b": np.r_[end, start], "ms": np.r_[time_ms, time_ms]}
    )
    table = table[table["a"] != table["b"]].sort_values("ms").drop_duplicates(["a", "b"])
    return np.maximum(table["ms"], 1e-6), (table["a"], table["b"])


def street_file(name: str) -> tuple[Path, str, str]:
    """Return the file of a town's streets, its CRS, and one in metres."""
    file, crs, metric = {
        "las-palmas": ("las-palmas/walk_edges.parquet", "EPSG:4326", "EPSG:32628"),
        "wuhan": ("wuhan-streets/wuhan_8989_roads.parquet", "EPSG:32650", "EPSG:32650"),
    }[name]
    path = SHARED / file
    if not path.is_file():
        msg = f"the real data (../shared/data/{file}) is not on this machine"
        raise MissingDataError(msg)
    return path, crs, metric


def _read(name: str) -> gpd.GeoDataFrame:
    path, crs, metric = street_file(name.split(maxsplit=1)[0])
    lines = shapely.from_wkb(pd.read_parquet(path, columns=["geometry"])["geometry"].to_numpy())
    if name != SIMPLIFIED:
        lines = _pieces(lines)
    return gpd.GeoDataFrame(geometry=lines, crs=crs).to_crs(metric)


def _pieces(lines: np.ndarray) -> np.ndarray:
    """Return every straight piece of the lines: each node that a map has is one of the network."""
    xy, line_at = shapely.get_coordinates(lines, return_index=True)
    is_same = line_at[1:] == line_at[:-1]
    return np.asarray(shapely.linestrings(np.stack([xy[:-1], xy[1:]], axis=1)[is_same]))


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
