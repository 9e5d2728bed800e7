"""Responsibility areas: drawn cases, and against the plain way of finding the nearest site."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.coverage import (
    CoverageRules,
    NetworkKernel,
    grid_demand,
    grid_totals,
    responsibility_areas,
)
from geo.coverage.nearest_sites import nearest_site_along
from geo.coverage.network import arrival_ms, nearest_ms
from geo.coverage.network.search import take
from geo.layers import Layers
from geo.outputs import read_audit, write_outputs
from tests.audited import audited
from tests.builders import buildings, grids, sites
from tests.coverage_cases import streets_of, tier

RULES = CoverageRules(lattice_m=10.0, max_snap_m=100.0)
TIER = tier("t", minutes=15.0, metres=100.0)


def _kernel(layers: Layers) -> NetworkKernel:
    demand = grid_demand(layers.grids, layers.buildings)
    return NetworkKernel.prepare(
        layers.grids, layers.sites, layers.streets, demand=demand, tiers={"t": TIER}, rules=RULES
    )


def _areas(layers: Layers) -> gpd.GeoDataFrame:
    demand = grid_demand(layers.grids, layers.buildings)
    network = None if layers.streets is None else _kernel(layers)
    people = grid_totals(layers.grids, demand)
    areas = responsibility_areas(layers, demand, people, tier=TIER, rules=RULES, network=network)
    assert areas.geometry.is_valid.all()
    return areas.set_index("site_id")


# ┌──── g0 ────┬──── g1 ────┐   100 m each; s0 at 25 m, s1 at 125 m: the border is at 75 m
# │  s0  b0  b1│ s1     b2  │   b0 at 70 m, b1 at 90 m, b2 at 190 m
# └────────────┴────────────┘
def _pair(**columns: list[object]) -> Layers:
    return Layers(
        grids=grids((0, 0, 100, 100), (100, 0, 200, 100)),
        sites=sites((25, 50), (125, 50), **columns),
        buildings=buildings((70, 50), (90, 50), (190, 50), residents=[1, 10, 100]),
    )


def test_by_radius_each_place_belongs_to_the_nearest_site() -> None:
    areas = _areas(_pair())
    assert areas["residents"].to_dict() == {"s0": 1.0, "s1": 110.0}
    assert areas["model"].unique().tolist() == ["radius"]
    assert areas["area_m2"].sum() == 20_000
    assert areas.geometry["s0"].bounds[0] == 0.0
    assert 70 <= areas.geometry["s0"].bounds[2] <= 80  # true to a step
    assert areas.geometry["s1"].bounds[2] == 200.0
    assert shapely.intersection(*areas.geometry).area == 0.0
    assert areas["households"].isna().all()


def test_along_streets_the_river_is_the_border() -> None:
    # b1 lies 35 m from s1 in a straight line, but its street leads to s0 only
    layers = Layers(
        grids=_pair().grids,
        sites=_pair().sites,
        buildings=_pair().buildings,
        streets=streets_of([(0, 50), (100, 50)], [(101, 50), (200, 50)]),
    )
    areas = _areas(layers)
    assert areas["residents"].to_dict() == {"s0": 11.0, "s1": 100.0}
    assert areas.geometry["s0"].equals(shapely.box(0, 0, 100, 100))
    assert areas.geometry["s1"].equals(shapely.box(100, 0, 200, 100))


def test_who_reaches_no_site_belongs_to_none() -> None:
    layers = Layers(
        grids=_pair().grids,
        sites=_pair().sites.iloc[:1],
        buildings=_pair().buildings,
        streets=streets_of([(0, 50), (100, 50)], [(101, 50), (200, 50)]),
    )
    areas = _areas(layers)
    assert areas["residents"].to_dict() == {"s0": 11.0}
    assert areas["area_m2"].sum() == 10_000


def test_only_sites_that_count_in_the_tier_have_an_area() -> None:
    layers = _pair(category=["a", "b"])
    demand = grid_demand(layers.grids, layers.buildings)
    people = grid_totals(layers.grids, demand)
    only = tier("t", metres=100.0, categories=("b",))
    areas = responsibility_areas(layers, demand, people, tier=only, rules=RULES)
    assert areas["site_id"].tolist() == ["s1"]
    assert areas["residents"].tolist() == [111.0]


def test_no_sites_no_areas() -> None:
    layers = _pair()
    demand = grid_demand(layers.grids, layers.buildings)
    people = grid_totals(layers.grids, demand)
    for none in (None, layers.sites.iloc[:0]):  # type: ignore[union-attr]
        bare = Layers(grids=layers.grids, sites=none, buildings=layers.buildings)
        areas = responsibility_areas(bare, demand, people, tier=TIER, rules=RULES)
        assert len(areas) == 0


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_the_site_along_streets_is_a_nearest_one(seed: int) -> None:
    """No other site, searched for alone, is nearer; and who reaches one belongs to one."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 12))
    nodes = rng.integers(0, 12, (n, 2)) * 50.0
    ends = rng.integers(0, n, (2 * n, 2))
    lines = [[tuple(nodes[a]), tuple(nodes[b])] for a, b in ends if (nodes[a] != nodes[b]).any()]
    if not lines:
        return
    streets = streets_of(*lines)
    streets["oneway"] = rng.choice(["yes", "no"], len(streets))
    places = sites(*[tuple(xy) for xy in rng.uniform(0, 600, (4, 2))])
    homes = buildings(*[tuple(xy) for xy in rng.uniform(0, 600, (30, 2))])
    layers = Layers(grids=grids((0, 0, 600, 600)), sites=places, buildings=homes, streets=streets)
    net = _kernel(layers).nets["walk"]
    owner = nearest_site_along(net.graph, net.sites, net.points)
    alone = []
    for site in range(len(places)):
        some = take(net.sites, slice(site, site + 1))
        alone.append(arrival_ms(net.graph, nearest_ms(net.graph, some), net.points, some))
    times = np.array(alone)
    never = times.min(axis=0) == 2**31 - 1
    assert (owner[never] == -1).all()
    mine = np.flatnonzero(~never)
    assert (owner[mine] >= 0).all()
    assert (times[owner[mine], mine] == times[:, mine].min(axis=0)).all()
    assert (owner[mine] == times[:, mine].argmin(axis=0)).all()  # the first of equals


def test_an_audit_writes_the_areas_and_reads_them_back(tmp_path: Path) -> None:
    layers = _pair()
    audit = audited(
        tmp_path,
        tail="[tiers.t]\nminutes = 2\ndistance_m = 100",
        grids=layers.grids,
        sites=layers.sites,
        buildings=layers.buildings,
    )
    assert audit.responsibility is not None
    assert audit.responsibility["residents"].sum() == 111
    write_outputs(audit, tmp_path / "out")
    shapes = gpd.read_file(tmp_path / "out" / "responsibility.geojson")
    assert shapes["site_id"].tolist() == ["s0", "s1"]
    again = read_audit(tmp_path / "out" / "audit.gpkg").responsibility
    assert again is not None
    assert again["residents"].tolist() == pytest.approx([1.0, 110.0])


@pytest.mark.parametrize("x", [(0, 200), (200, 0)])
def test_half_way_along_a_street_it_is_the_first_site(x: tuple[int, int]) -> None:
    layers = Layers(
        grids=_pair().grids,
        sites=sites((x[0], 50), (x[1], 50)),
        buildings=buildings((100, 50), (190, 50), residents=[7, 1]),
        streets=streets_of([(0, 50), (200, 50)]),
    )
    residents = _areas(layers)["residents"].to_dict()
    assert residents == ({"s0": 7.0, "s1": 1.0} if x[0] == 0 else {"s0": 8.0, "s1": 0.0})
