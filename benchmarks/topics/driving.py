"""Counting by car, where circles overlap heavily: one search a site, or K nearest labels."""

from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from benchmarks.contest import Contest, Frames
from benchmarks.labels import counts_by_doubling, counts_up_to
from benchmarks.towns import LIMITS_MS, N_SITES, street_file
from geo.coverage.network import (
    CountedPlaces,
    Graph,
    Places,
    build_graph,
    counted_places,
    modes,
    site_counts,
    ways_of,
)
from geo.coverage.network.search import take
from geo.coverage.streets import street_edges

K = 10


def contests() -> list[Contest]:
    """Return the contests of this topic."""
    return [_contest(name) for name in ("las-palmas", "wuhan")]


@cache
def _town(name: str) -> tuple[Graph, Places, CountedPlaces]:
    """Return the network for cars, the sites and all junctions."""
    path, crs, metric = street_file(name)
    table = pd.read_parquet(path, columns=["highway", "geometry"])
    lines = shapely.from_wkb(table.pop("geometry").to_numpy())
    streets = gpd.GeoDataFrame(table, geometry=lines, crs=crs).to_crs(metric)
    graph = build_graph(street_edges(streets), ways_of(streets, modes()["car"]))
    chains, n = graph.chains, graph.n_nodes
    chain, at_ms = np.empty(n, dtype=np.int32), np.zeros(n, dtype=np.int32)
    number = np.arange(len(chains.start), dtype=np.int32)
    chain[chains.end], at_ms[chains.end] = number, chains.time_ms
    chain[chains.start], at_ms[chains.start] = number, 0
    nodes = Places(chain, at_ms, np.zeros(n, dtype=np.int32))
    at = np.random.default_rng(0).integers(0, n, N_SITES)
    return graph, take(nodes, at), counted_places(graph, nodes)


def _contest(name: str) -> Contest:
    def load() -> Frames:
        graph, _, _ = _town(name)
        return {f"{graph.n_nodes:,} junctions": gpd.GeoDataFrame(geometry=[])}

    def ours(_frames: Frames) -> Any:  # noqa: ANN401
        graph, sites, junctions = _town(name)
        return site_counts(graph, sites, junctions, limits_ms=LIMITS_MS)

    def up_to(k: int) -> Any:  # noqa: ANN401
        def run(_frames: Frames) -> Any:  # noqa: ANN401
            graph, sites, _ = _town(name)
            return counts_up_to(graph, sites, k, limits_ms=LIMITS_MS)

        return run

    def doubling(_frames: Frames) -> Any:  # noqa: ANN401
        graph, sites, _ = _town(name)
        return counts_by_doubling(graph, sites, limits_ms=LIMITS_MS)

    return Contest(
        name=f"counts within 5, 10, 15 minutes by car, {N_SITES} sites, {name}",
        load=load,
        ours={"ours, a search a site": ours},
        peers={f"K = {K} labels": up_to(K), "K doubled until exact": doubling},
        difference=_difference,
        note="labels are exact up to K only",
    )


def _difference(ours: Any, theirs: Any) -> str:  # noqa: ANN401
    """Return how many counts differ, and how many of those only because labels stop at K."""
    differ = ours != theirs
    if not differ.any():
        return ""
    capped = int((np.minimum(ours, K) == theirs)[differ].sum())
    return f"{int(differ.sum()):,} of {ours.size:,} counts differ, {capped:,} as they stop at K"
