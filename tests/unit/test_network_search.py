"""Searches along streets against scipy's Dijkstra on the same whole milliseconds."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.coverage.network import (
    Places,
    Snapper,
    Ways,
    arrival_ms,
    build_graph,
    counted_places,
    modes,
    nearest_ms,
    places_of,
    reached,
    site_counts,
    targets_of,
    ways_of,
)
from geo.coverage.network.arrays import NEVER_MS
from geo.coverage.streets import Edges, street_edges
from tests.network_oracle import Spots, spots, times_ms

WITHIN_M = 100.0
CRS = "EPSG:32650"


def _streets(seed: int) -> gpd.GeoDataFrame:
    """Return a random network: a mesh with holes, bent streets, one-ways, islands, loops."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 9))
    spots_xy = np.array([(x, y) for x in range(n) for y in range(n)], dtype=float) * 120
    spots_xy += rng.uniform(-40, 40, spots_xy.shape)
    lines, oneway = [], []
    for i in range(n * n):
        for j in (i + 1, i + n):
            if j >= n * n or (j == i + 1 and j % n == 0) or rng.random() < 0.35:
                continue
            bend = spots_xy[[i, j]].mean(axis=0) + rng.uniform(-25, 25, 2)
            lines.append(shapely.LineString([spots_xy[i], bend, spots_xy[j]]))
            oneway.append(rng.choice(["no", "no", "yes", "-1"]))
    middle = spots_xy[0]
    lines.append(shapely.LineString(middle + np.array([[0, 0], [30, 50], [60, 0], [0, 0]])))
    lines.append(shapely.LineString([[5000, 0], [5100, 0], [5100, 90], [5000, 0]]))
    oneway += ["yes", "no"]
    return gpd.GeoDataFrame({"oneway": oneway, "speed_kmh": 30.0}, geometry=lines, crs=CRS)


def _both(
    streets: gpd.GeoDataFrame, mode: str, places: tuple[np.ndarray, np.ndarray]
) -> tuple[tuple[Edges, Ways, tuple[Places, Places]], np.ndarray]:
    edges, ways = street_edges(streets), ways_of(streets, modes()[mode])
    is_open = (ways.forward | ways.backward)[edges.street_at]
    snapper, graph = Snapper.of(edges, is_open), build_graph(edges, ways)
    speed = modes()[mode].ms_per_m
    ours = tuple(
        places_of(graph, snapper.nearest(xy, within_m=WITHIN_M), access_ms_per_m=speed)
        for xy in places
    )
    plain: list[Spots] = [
        spots(edges, ways, xy, within_m=WITHIN_M, access_ms_per_m=speed) for xy in places
    ]
    return (graph, ours, edges), np.rint(times_ms(edges, ways, *plain))  # type: ignore[return-value]


@pytest.mark.parametrize("mode", ["walk", "car"])
@pytest.mark.parametrize(
    "seed",
    [seed if seed < 25 else pytest.param(seed, marks=pytest.mark.full) for seed in range(100)],
)
def test_random_networks_equal_dijkstra(seed: int, mode: str) -> None:
    rng = np.random.default_rng(1000 + seed)
    streets = _streets(seed)
    low, high = -60.0, float(np.max(streets.total_bounds[2:3]))
    high = min(high, 1200.0)
    sites, points = (rng.uniform(low, high, (k, 2)) for k in (7, 60))
    sites[0] = [5050, 0]
    points[:2] = [[5100, 40], [5000, 3]]
    (graph, (at_sites, at_points), _), expected = _both(streets, mode, (sites, points))

    times = nearest_ms(graph, at_sites)
    told = arrival_ms(graph, times, at_points, at_sites).astype(float)
    told[told == NEVER_MS] = np.inf
    np.testing.assert_array_equal(told, expected.min(axis=1))

    for limit in (150_000, 600_000):
        targets = targets_of(graph, at_points, np.arange(len(points)))
        pairs = reached(graph, at_sites, targets, limit_ms=limit)
        table = np.full(expected.shape, np.inf)
        table[pairs.owner_at, pairs.site_at] = pairs.time_ms
        np.testing.assert_array_equal(table, np.where(expected <= limit, expected, np.inf))

    limits = (60_000, 150_000, 600_000)
    counts = site_counts(graph, at_sites, counted_places(graph, at_points), limits_ms=limits)
    for row, limit in zip(counts, limits, strict=True):
        np.testing.assert_array_equal(row, (expected <= limit).sum(axis=1))


def test_where_no_street_is_open_nothing_is_counted() -> None:
    streets = _streets(0).assign(highway="motorway")
    graph = build_graph(street_edges(streets), ways_of(streets, modes()["walk"]))
    nowhere = Places(*np.array([[-1, -1], [0, 0], [0, 0]], dtype=np.int32))
    counts = site_counts(graph, nowhere, counted_places(graph, nowhere), limits_ms=(1000,))
    assert counts.tolist() == [[0, 0]]


@pytest.mark.parametrize("mode", ["walk", "car"])
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("worth", [0, 1 << 18], ids=["in threads", "in one"])
def test_counts_at_every_node_of_the_streets_equal_one_search_a_site(
    seed: int, mode: str, worth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geo.coverage.network.counts._WORTH_THREADS", worth)
    edges, ways = street_edges(streets := _streets(seed)), ways_of(streets, modes()[mode])
    graph = build_graph(edges, ways)
    chain, at_ms = np.empty((2, len(edges.node_xy)), dtype=np.int32)
    for side, is_late in ((0, graph.edge_flipped), (1, ~graph.edge_flipped)):
        chain[edges.nodes[:, side]] = graph.edge_chain
        at_ms[edges.nodes[:, side]] = graph.edge_from_ms + np.where(is_late, graph.edge_ms, 0)
    nodes = Places(chain, at_ms, np.zeros_like(chain))
    sites = Places(*(part[::5] for part in nodes))
    limits = (100_000, 300_000)
    counts = site_counts(graph, sites, counted_places(graph, nodes), limits_ms=limits)
    one_by_one = [Places(*(part[i : i + 1] for part in sites)) for i in range(len(sites.chain))]
    times = np.stack([arrival_ms(graph, nearest_ms(graph, one), nodes, one) for one in one_by_one])
    for row, limit in zip(counts, limits, strict=True):
        np.testing.assert_array_equal(row, (times <= limit).sum(axis=0))
