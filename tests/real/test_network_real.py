"""Real street networks: Las Palmas (walking, 568 islands) and Wuhan, against scipy's Dijkstra."""

from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.coverage.network import (
    Graph,
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
from tests.network_oracle import Spots, edge_ms, spots, times_ms

WALK = modes()["walk"]
WITHIN_M = 100.0


class Town(NamedTuple):
    edges: Edges
    ways: Ways
    graph: Graph
    snapper: Snapper


def _town(path: Path, crs: str, to: str) -> Town:
    table = pd.read_parquet(path)
    lines = shapely.from_wkb(table.pop("geometry").to_numpy())
    streets = gpd.GeoDataFrame(table[[]], geometry=lines, crs=crs).to_crs(to)
    edges, ways = street_edges(streets), ways_of(streets, WALK)
    is_open = np.ones(len(edges), dtype=bool)
    return Town(edges, ways, build_graph(edges, ways), Snapper.of(edges, is_open))


@pytest.fixture(scope="module", params=["las-palmas", "wuhan"])
def town(shared_data: Path, request: pytest.FixtureRequest) -> Town:
    if request.param == "wuhan":
        path = shared_data / "wuhan-streets" / "wuhan_8989_roads.parquet"
        return _town(path, "EPSG:32650", "EPSG:32650")
    return _town(shared_data / "las-palmas" / "walk_edges.parquet", "EPSG:4326", "EPSG:5635")


def _near_streets(town: Town, n: int, rng: np.random.Generator) -> np.ndarray:
    some = rng.integers(0, len(town.edges.node_xy), n)
    return town.edges.node_xy[some] + rng.uniform(-90, 90, (n, 2))


def test_nodes_and_lengths_are_those_of_the_source(town: Town) -> None:
    assert town.graph.n_nodes <= len(town.edges.node_xy)
    assert len(town.edges.node_xy) in {20044, 82891}
    assert town.edges.n_crossings == 0


def test_times_and_counts_equal_dijkstra(town: Town) -> None:
    rng = np.random.default_rng(0)
    graph, speed = town.graph, WALK.ms_per_m
    places = [_near_streets(town, n, rng) for n in (60, 2000)]
    at_sites, at_points = (
        places_of(graph, town.snapper.nearest(xy, within_m=WITHIN_M), access_ms_per_m=speed)
        for xy in places
    )
    plain: list[Spots] = [
        spots(town.edges, town.ways, xy, within_m=WITHIN_M, access_ms_per_m=speed) for xy in places
    ]
    assert ((at_points.chain < 0) == (plain[1].edge < 0)).all()
    expected = times_ms(town.edges, town.ways, *plain)
    whole = np.rint(expected)

    told = arrival_ms(graph, nearest_ms(graph, at_sites), at_points, at_sites).astype(float)
    told[told == NEVER_MS] = np.inf
    np.testing.assert_array_equal(told, whole.min(axis=1))

    limit = 900_000
    targets = targets_of(graph, at_points, np.arange(2000))
    pairs = reached(graph, at_sites, targets, limit_ms=limit)
    table = np.full(whole.shape, np.inf)
    table[pairs.owner_at, pairs.site_at] = pairs.time_ms
    np.testing.assert_array_equal(table, np.where(whole <= limit, whole, np.inf))

    # Against lengths that were never rounded: half a millisecond for each piece of the way.
    exact = town.edges.length_m * speed
    real = [spot._replace(at_ms=_unrounded(town, spot, exact)) for spot in plain]
    smooth = times_ms(town.edges, town.ways, *real, total=exact)
    some = np.isfinite(whole)
    n_arcs = np.rint((expected[some] - whole[some]) * 1e5)
    assert (np.isfinite(smooth) == some).all()
    off = np.abs(whole[some] - smooth[some])
    assert (off <= 0.5 * (n_arcs + 2) + 0.1).all()


def _unrounded(town: Town, spot: Spots, exact: np.ndarray) -> np.ndarray:
    """Return places in milliseconds that fit edges of unrounded length."""
    on = spot.edge >= 0
    share = np.zeros(len(on))
    total = np.maximum(edge_ms(town.edges, town.ways), 1)
    share[on] = spot.at_ms[on] / total[spot.edge[on]]
    return np.where(on, share * exact[spot.edge], 0.0)


@pytest.mark.parametrize("worth", [0, 1 << 22], ids=["in threads", "in one"])
def test_counts_equal_one_search_a_site(
    town: Town, worth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geo.coverage.network.counts._WORTH_THREADS", worth)
    rng = np.random.default_rng(1)
    graph = town.graph
    limits = (300_000, 600_000, 900_000)
    sites, places = (
        places_of(
            graph,
            town.snapper.nearest(_near_streets(town, n, rng), within_m=WITHIN_M),
            access_ms_per_m=WALK.ms_per_m,
        )
        for n in (90, 5000)
    )
    counts = site_counts(graph, sites, counted_places(graph, places), limits_ms=limits)
    one_by_one = [type(sites)(*(part[i : i + 1] for part in sites)) for i in range(90)]
    times = np.stack([arrival_ms(graph, nearest_ms(graph, one), places, one) for one in one_by_one])
    for row, limit in zip(counts, limits, strict=True):
        np.testing.assert_array_equal(row, (times <= limit).sum(axis=0))
