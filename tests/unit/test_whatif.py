"""What if: edits judged by the touched circles alone equal a measurement from scratch."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.audit import Audit, run_audit
from geo.coverage import CoverageRules, grid_demand
from geo.coverage.network import Places, the_mode, ways_of
from geo.coverage.network.links import moved, with_links
from geo.coverage.streets import street_edges
from geo.errors import NotFoundError
from geo.io import load, read_project
from geo.planning.whatif import Edits, Link, NewSite, WhatIf, rank_links
from geo.planning.whatif.along import AlongStreets
from geo.planning.whatif.edits import edited
from geo.planning.whatif.straight import StraightLines
from geo.standards import Tier
from geo.synth import build_city, write_city
from tests.network_oracle import Spots, edge_ms, spots, times_ms
from tests.whatif_cases import random_edits, require_same

TIER = "walk_5"


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    path = write_city(build_city(4, seed=5), tmp_path_factory.mktemp("city"))
    return run_audit(load(read_project(path)), select=("C",))


@pytest.fixture(scope="module")
def along(audit: Audit) -> WhatIf:
    city = WhatIf.prepare(audit)
    assert city.model == "network"
    return city


@pytest.fixture(scope="module")
def straight(audit: Audit) -> WhatIf:
    city = WhatIf.prepare(replace(audit, verdict_model="radius"))
    assert city.model == "radius"
    return city


def test_nothing_tried_out_changes_nothing(audit: Audit, along: WhatIf) -> None:
    outcome = along.ask(Edits())
    for name, tier in outcome.tiers.items():
        told = audit.coverage_summary[name]
        assert tier.before == tier.after
        assert tier.before["share"] == pytest.approx(told["residents_share"], abs=1e-12)
        assert all(tier.before[f"n_{kind}"] == told[f"n_{kind}"] for kind in ("blank", "thin"))
        assert (tier.gained, tier.lost, tier.changed) == (0.0, 0.0, ())
    assert len(outcome.circles) == 0


@pytest.mark.parametrize("seed", range(12))
def test_edits_equal_a_measurement_from_scratch(
    audit: Audit, along: WhatIf, straight: WhatIf, seed: int
) -> None:
    for city in (along, straight):
        require_same(audit, city, random_edits(city, np.random.default_rng(seed)))


def test_without_any_site_all_is_blank_or_as_before(audit: Audit, along: WhatIf) -> None:
    require_same(audit, along, Edits(remove=tuple(along.sites.ids)))


def test_who_gains_and_who_loses(along: WhatIf) -> None:
    site = along.sites.ids[0]
    away = along.ask(Edits(remove=(site,))).tiers[TIER]
    back = along.ask(Edits(move={site: tuple(along.sites.xy[0])})).tiers[TIER]
    assert away.gained == 0.0
    assert away.lost == sum(grid.lost for grid in away.changed)
    assert (back.gained, back.lost, back.changed) == (0.0, 0.0, ())


def test_by_area_the_totals_are_of_areas() -> None:
    # ┌───────┬───────┐  two grids of 2 × 2 km without buildings, a site in the middle of the left
    # │   s   │   x   │  one; a new one at x covers as much: circles of 1 km in squares of 2 km
    # └───────┴───────┘
    boxes = [shapely.box(0, 0, 2000, 2000), shapely.box(2000, 0, 4000, 2000)]
    grids = gpd.GeoDataFrame({"kind": "base"}, geometry=boxes, index=["l", "r"], crs="EPSG:32650")
    sites = gpd.GeoDataFrame(geometry=[shapely.Point(1000, 1000)], index=["s"], crs=grids.crs)
    tier = Tier(tier_id="t", title={}, minutes=15.0, distance_m=1000.0)
    city = StraightLines.prepare(
        grids, sites, grid_demand(grids, None), tiers={"t": tier}, rules=CoverageRules()
    )
    edits = Edits(add=(NewSite(at=(3000.0, 1000.0)),))
    before, after = city.before["t"], city.after(edited(city.sites, edits))["t"]
    gained, lost = city.ground.gains(before, after)
    assert city.ground.total_share(before) == pytest.approx(np.pi / 8)
    assert city.ground.total_share(after) == pytest.approx(np.pi / 4)
    assert gained.tolist() == pytest.approx([0.0, np.pi * 1e6])
    assert lost.tolist() == [0.0, 0.0]
    back = city.ground.gains(after, before)
    assert [side.tolist() for side in back] == [lost.tolist(), gained.tolist()]


def test_new_sites_have_names_and_circles(along: WhatIf) -> None:
    place = tuple(along.sites.xy[0] + 5.0)
    outcome = along.ask(Edits(add=(NewSite(at=place),), move={along.sites.ids[1]: place}))
    assert set(outcome.circles["site_id"]) == {"new-1", along.sites.ids[1]}
    assert shapely.is_valid(outcome.circles.geometry.array).all()


@pytest.mark.parametrize(
    "edits",
    [
        Edits(remove=("nobody",)),
        Edits(move={"nobody": (0.0, 0.0)}),
        Edits(links=(Link(start=(0.0, 0.0), end=(1.0, 1.0)),)),
    ],
)
def test_what_is_not_there_cannot_be_tried(along: WhatIf, edits: Edits) -> None:
    with pytest.raises(NotFoundError):
        along.ask(edits)


def _links(along: WhatIf, n: int) -> tuple[Link, ...]:
    """Return links from places outside the shortest tier to the nearest site."""
    rng = np.random.default_rng(3)
    model = along.models[0]
    assert isinstance(model, AlongStreets)
    xy = model.kernel.demand.points_xy
    outside = xy[~model.before[TIER].inside[: len(xy)]]
    starts = outside[rng.integers(0, len(outside), n)]
    ends = [min(along.sites.xy, key=lambda at: np.hypot(*(at - xy))) for xy in starts]
    return tuple(Link(start=tuple(a), end=tuple(b)) for a, b in zip(starts, ends, strict=True))


def _brute_gain(audit: Audit, along: WhatIf, link: Link) -> float:
    """Return the gain of a link by Dijkstra from every site with the link as one more street."""
    model = along.models[0]
    assert isinstance(model, AlongStreets)
    rules, mode = model.kernel.rules, the_mode("walk")
    edges, ways = street_edges(audit.layers.streets), ways_of(audit.layers.streets, mode)

    def put(xy: np.ndarray) -> Spots:
        return spots(edges, ways, xy, within_m=rules.max_snap_m, access_ms_per_m=mode.ms_per_m)

    ends = put(np.array([link.start, link.end]))
    sites, points = put(along.sites.xy), put(model.kernel.demand.points_xy)
    link_ms = round(np.hypot(*np.subtract(link.start, link.end)) * mode.ms_per_m)
    bare = Spots(ends.edge, ends.at_ms, np.zeros_like(ends.access_ms))
    total = edge_ms(edges, ways)
    through = np.rint(times_ms(edges, ways, sites, points, total=total))
    to_ends = np.rint(times_ms(edges, ways, bare, points, total=total))
    from_ends = np.rint(times_ms(edges, ways, sites, bare, total=total))
    cost = link_ms + ends.access_ms.sum()
    for here, there in ((0, 1), (1, 0)):
        through = np.minimum(through, to_ends[:, [here]] + cost + from_ends[[there], :])
    limit = along.tiers[TIER].minutes * 60_000
    was = model.before[TIER].inside[: len(points.edge)]
    now = (through <= limit).any(axis=1)
    at = model.ground.head_at
    return float((model.ground.head_weight * (now & ~was)[at]).sum())


def test_opened_links_rank_as_brute_force_says(audit: Audit, along: WhatIf) -> None:
    links = _links(along, 12)
    ranked = rank_links(along, links, TIER)
    expected = {number: _brute_gain(audit, along, link) for number, link in enumerate(links)}
    assert {one.number: one.gained for one in ranked} == expected
    assert [one.number for one in ranked] == sorted(expected, key=lambda n: (-expected[n], n))
    assert max(expected.values()) > 0


def test_links_and_sites_at_once_equal_a_search_of_everything(along: WhatIf) -> None:
    """All circles searched anew on the network with links give what the touched ones give."""
    model = along.models[0]
    assert isinstance(model, AlongStreets)
    links = _links(along, 5)
    for number in range(4):
        edits = replace(random_edits(along, np.random.default_rng(number)), links=links[number:])
        change = edited(along.sites, edits)
        told = model.after(change, links[number:])
        whole = edited(
            along.sites,
            Edits(
                move={
                    name: tuple(xy)
                    for name, xy in zip(along.sites.ids, along.sites.xy, strict=True)
                }
            ),
        )
        again = model.after(whole, links[number:])
        same = model.after(edited(along.sites, Edits()), links[number:])
        for name, judged in again.items():
            np.testing.assert_array_equal(judged.share, same[name].share)
            np.testing.assert_array_equal(judged.n_sites, same[name].n_sites)
        assert set(told) == set(along.tiers)


def test_a_chain_is_cut_where_a_link_joins_it(along: WhatIf) -> None:
    model = along.models[0]
    assert isinstance(model, AlongStreets)
    graph = model.networks["walk"].net.graph
    chain = int(np.argmax(graph.chains.time_ms))
    long_ms = int(graph.chains.time_ms[chain])
    at = np.array([chain, chain], dtype=np.int32)
    none = np.zeros(2, dtype=np.int32)
    spot = Places(at, np.array([long_ms // 3, long_ms // 2], dtype=np.int32), none)
    ends = Places(*(values[:1] for values in spot)), Places(*(values[1:] for values in spot))
    joined = with_links(graph, *ends, np.array([7], dtype=np.int32))
    places = moved(Places(at, np.array([long_ms // 3, long_ms], dtype=np.int32), none), joined.cuts)
    assert joined.n_nodes == graph.n_nodes + 2
    assert places.chain.tolist() == [chain, len(graph.chains.start) + 1]
    assert places.at_ms.tolist() == [long_ms // 3, long_ms - long_ms // 2]
    pieces = joined.chains.time_ms[[chain, len(graph.chains.start), len(graph.chains.start) + 1]]
    assert pieces.sum() == long_ms
