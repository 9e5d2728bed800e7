"""Circles along streets: our searches and snapping against their peers, on prepared networks.

Everything is built before the clock starts; a contestant only searches (or only snaps).
"""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse.csgraph import dijkstra

from benchmarks.contest import Contest, Frames
from benchmarks.street_peers import (
    library_runs,
    networkx_counts,
    networkx_nearest,
    pandana_counts,
    pandana_nearest,
    scipy_counts,
)
from benchmarks.towns import LIMITS_MS, MESH, N_POINTS, N_SITES, SIMPLIFIED, TOWNS, Town, town_of
from geo.coverage.network import arrival_ms, nearest_ms, site_counts
from geo.coverage.network.arrays import NEVER_MS
from geo.coverage.streets import Edges


def contests() -> list[Contest]:
    """Return the contests of this topic."""
    return [
        contest
        for name in TOWNS
        for contest in (_nearest(name), _counts(name), _snapping(name))
        if name != MESH or "nearest" in contest.name
    ]


def _contest(
    what: str, name: str, runs: Mapping[str, Callable[[Town], Any]], *, note: str
) -> Contest:
    def with_town(run: Callable[[Town], Any]) -> Callable[[Frames], Any]:
        return lambda _frames: run(town_of(name))

    def load() -> Frames:
        town = town_of(name)
        nodes = gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)] * 0)
        return {f"{len(town.edges.node_xy):,} nodes": nodes}

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
    if name != MESH:
        runs["networkx multi_source"] = networkx_nearest
    if name != MESH and find_spec("pandana") is not None:
        runs["pandana nearest_pois"] = pandana_nearest
        runs |= library_runs("nearest")
    return _contest("nearest site of every node", name, runs, note="on prepared networks")


def _counts(name: str) -> Contest:
    runs: dict[str, Callable[[Town], Any]] = {
        "ours, bounded balls": lambda town: site_counts(
            town.graph, town.sites, town.counted, limits_ms=LIMITS_MS
        ),
        "scipy dijkstra, chunks of 64": scipy_counts,
        "networkx, a search a site": networkx_counts,
    }
    if find_spec("pandana") is not None:
        runs["pandana aggregate"] = pandana_counts
    if name == SIMPLIFIED:  # without a cut-off they take minutes in a larger network
        runs |= library_runs("counts")
    return _contest(
        "counts within 5, 10, 15 minutes",
        name,
        runs,
        note="answers at every node; on prepared networks",
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
