"""Circles along streets: drawn towns with exact answers, and what holds for any town."""

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.coverage import (
    CoverageRules,
    NetworkKernel,
    coverage_columns,
    coverage_summary,
    find_barriers,
    find_coverage_faults,
    grid_demand,
    grid_totals,
    network_circles,
    network_coverage,
    unit_coverage,
)
from geo.layers import Layers
from geo.standards import Tier
from maps import write_map
from tests.audited import audited
from tests.builders import CRS, buildings, grids, sites, units

RULES = CoverageRules()
WALK_15 = {"t": Tier(tier_id="t", title={"zh": "圈", "en": "t"}, minutes=15.0, distance_m=1000.0)}


def _streets(*lines: list[tuple[float, float]], **columns: list[object]) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(
        columns, geometry=[shapely.LineString(line) for line in lines], crs=CRS
    )
    frame.index = pd.Index([f"r{i}" for i in range(len(frame))], name="street_id")
    return frame


def _tier(tier_id: str = "t", *, minutes: float = 15.0, mode: str = "walk") -> dict[str, Tier]:
    metres = minutes * 1000.0 / 15.0
    title = {"zh": tier_id, "en": tier_id}
    return {
        tier_id: Tier(tier_id=tier_id, title=title, minutes=minutes, distance_m=metres, mode=mode)
    }


def _judged(
    layers: Layers, tiers: dict[str, Tier] | None = None, **changed: float
) -> tuple[NetworkKernel, pd.DataFrame]:
    tiers = WALK_15 if tiers is None else tiers
    rules = CoverageRules(**changed)
    demand = grid_demand(layers.grids, layers.buildings)
    kernel = NetworkKernel.prepare(
        layers.grids, layers.sites, layers.streets, demand=demand, tiers=tiers, rules=rules
    )
    return kernel, network_coverage(kernel, layers.sites, tiers=tiers, rules=rules)


# ┌── g0 ──┬ river ┬── g1 ──┐     a street on each bank; s0 and b0 on the left, b1 and b2 on the
# │ s0  b0 │   ≈   │ b1  b2 │     right; the bridge (or none) joins the streets at y = 0
# ├────────┤ ═════ ├────────┤
# └────────┘       └────────┘
def _two_banks(bridge: list[tuple[float, float]] | None) -> Layers:
    lines = [[(0, 0), (200, 0)], [(300, 0), (500, 0)]]
    if bridge is not None:
        lines.append(bridge)
    return Layers(
        grids=grids((0, -50, 200, 50), (300, -50, 500, 50)),
        sites=sites((150, 0)),
        buildings=buildings(
            (100, 10), (310, 10), (480, 10), residents=[10, 20, 30], households=[4, 8, 12]
        ),
        streets=_streets(*lines),
    )


def test_a_bridge_joins_both_banks() -> None:
    _, long = _judged(_two_banks([(200, 0), (300, 0)]))
    assert long["class"].tolist() == ["adequate", "adequate"]
    assert long["n_sites"].tolist() == [1, 1]
    # g0: 50 m along + 10 m to the street; g1: 20 people at 170 m, 30 at 340 m
    assert long["nearest_m"].tolist() == pytest.approx([60.0, (20 * 170 + 30 * 340) / 50])
    assert long["nearest_minutes"].tolist() == pytest.approx([0.9, 272 * 0.9 / 60])


def test_without_the_bridge_exactly_the_far_side_is_barred() -> None:
    layers = _two_banks(None)
    kernel, long = _judged(layers)
    assert long["class"].tolist() == ["adequate", "unknown"]
    assert np.isnan(long["residents_share"].iloc[1])
    people = grid_totals(layers.grids, kernel.demand)
    report = find_barriers(kernel.measured(), layers, tiers=WALK_15, rules=RULES, people=people)
    (row,) = report.findings.to_dict("records")
    assert (row["rule"], row["grid_ids"], row["model"]) == ("C504", ("g1",), "network")
    assert (row["measure"], row["residents"], row["households"]) == (1.0, 50.0, 20.0)
    assert row["details"]["reason_zh"] == "两侧道路不连通"
    faults = find_coverage_faults(long, layers.grids, tiers=WALK_15, rules=RULES, model="network")
    assert faults.findings["rule"].tolist() == ["C507"]
    assert faults.findings["grid_ids"].tolist() == [("g1",)]


def test_a_bridge_far_away_bars_by_its_detour() -> None:
    # 1,500 m up, 100 m across, 1,500 m down: 3,100 m for what is 160 m and 330 m away
    layers = _two_banks([(200, 0), (200, 1500), (300, 1500), (300, 0)])
    kernel, long = _judged(layers)
    assert long["class"].tolist() == ["adequate", "blank"]
    report = find_barriers(kernel, layers, tiers=WALK_15, rules=RULES)
    (row,) = report.findings.to_dict("records")
    assert row["grid_ids"] == ("g1",)
    straight = float(np.hypot(330, 10))
    assert f"{(50 + 3100 + 180 + 10) / straight:.1f} times" in row["details"]["reason_en"]


def test_a_motorway_between_is_named() -> None:
    layers = _two_banks(None)
    streets = pd.concat(
        [
            layers.streets.assign(highway="residential", name=None),
            _streets([(250, -500), (250, 500)], highway=["motorway"], name=["Ring"]),
        ]
    )
    layers = Layers(
        grids=layers.grids, sites=layers.sites, buildings=layers.buildings, streets=streets
    )
    kernel, _ = _judged(layers)
    report = find_barriers(kernel, layers, tiers=WALK_15, rules=RULES)
    assert "Ring" in report.findings["details"].iloc[0]["reason_en"]


def _barriers(*rows: tuple[shapely.Geometry, str, str | None]) -> gpd.GeoDataFrame:
    shapes, kinds, names = zip(*rows, strict=True)
    frame = gpd.GeoDataFrame(
        {"class": kinds, "name": names}, geometry=gpd.GeoSeries(shapes, crs=CRS)
    )
    return frame.rename_axis("barrier_id")


RIVER = (shapely.box(220, -900, 240, 900).boundary, "river", "淡水河")
RAIL = (shapely.LineString([(260, -900), (260, 900)]), "rail", None)
ELSEWHERE = (shapely.LineString([(900, -900), (900, 900)]), "wall", "East wall")


@pytest.mark.parametrize(
    ("barriers", "zh", "en"),
    [
        ([RAIL, RIVER], "铁路、河流“淡水河”", "a railway, the river “淡水河”"),  # from the far bank
        ([ELSEWHERE, RAIL], "铁路", "a railway"),
        ([ELSEWHERE], None, None),
    ],
)
def test_what_lies_between_is_named(barriers: list, zh: str | None, en: str | None) -> None:
    layers = replace(_two_banks(None), barriers=_barriers(*barriers))
    kernel, _ = _judged(layers)
    report = find_barriers(kernel, layers, tiers=WALK_15, rules=RULES)
    details = report.findings["details"].iloc[0]
    no_link = "直线上没有查到河流、铁路、快速路或围墙，疑为断头路或缺一段连接"
    assert details["reason_zh"] == f"两侧道路不连通，{no_link if zh is None else f'中间隔着{zh}'}"
    if en is None:
        assert details["reason_en"].endswith("so a link seems to be missing")
    else:
        assert details["reason_en"] == f"no street joins the two sides; {en} lies between"


def test_winding_streets_are_no_barrier() -> None:
    # 900 m straight, 1,200 m along the streets: outside in time, but only 1.33 times as far
    layers = Layers(
        grids=grids((850, -50, 950, 50)),
        sites=sites((0, 0)),
        buildings=buildings((900, 0)),
        streets=_streets([(0, 0), (0, 150), (900, 150), (900, 0)]),
    )
    kernel, long = _judged(layers)
    assert long["class"].tolist() == ["blank"]
    assert len(find_barriers(kernel, layers, tiers=WALK_15, rules=RULES).findings) == 0
    near, _ = _judged(layers, barrier_detour=1.3)
    strict = CoverageRules(barrier_detour=1.3)
    assert len(find_barriers(near, layers, tiers=WALK_15, rules=strict).findings) == 1


@pytest.mark.parametrize(("x", "expected"), [(1000.0, 1.0), (1000.001, 0.0)])
def test_exactly_at_the_limit_is_inside(x: float, expected: float) -> None:
    layers = Layers(
        grids=grids((0, -50, 1100, 50)),
        sites=sites((0, 0)),
        buildings=buildings((x, 0)),
        streets=_streets([(0, 0), (400, 0)], [(400, 0), (2000, 0)]),
    )
    _, long = _judged(layers)
    assert long["residents_share"].tolist() == [expected]
    assert long["metres_share"].tolist() == [expected]


def test_an_island_of_streets_is_unknown_and_beyond_the_snap_too() -> None:
    # b0 by the street, b1 on an island of its own, b2 120 m from any street: one of three is judged
    layers = Layers(
        grids=grids((0, 0, 300, 300)),
        sites=sites((10, 0)),
        buildings=buildings((50, 10), (200, 200), (50, 120.5)),
        streets=_streets([(0, 0), (300, 0)], [(190, 200), (210, 200)]),
    )
    _, long = _judged(layers)
    assert long["residents_share"].tolist() == [1.0]
    assert long["judged_residents"].tolist() == pytest.approx([1 / 3])
    kernel, _ = _judged(layers)
    assert any("1 demand points" in note["en"] for note in kernel.messages())


def test_without_any_site_all_is_blank() -> None:
    layers = _two_banks(None)
    layers = Layers(
        grids=layers.grids,
        sites=sites((0, 0)).iloc[:0],
        buildings=layers.buildings,
        streets=layers.streets,
    )
    _, long = _judged(layers)
    assert long["class"].tolist() == ["blank", "blank"]
    assert long["nearest_m"].isna().all()


def test_a_grid_without_buildings_is_judged_by_its_lattice() -> None:
    # 100 × 50 m above the street: points at y 12.5 and 37.5, x 12.5 … 87.5; limit 75 m of way
    layers = Layers(
        grids=grids((0, 0, 100, 50)), sites=sites((0, 0)), streets=_streets([(0, 0), (100, 0)])
    )
    _, long = _judged(layers, _tier(minutes=75 * 0.9 / 60))
    ways = [x + y for x in (12.5, 37.5, 62.5, 87.5) for y in (12.5, 37.5)]
    inside = sum(way <= 75 for way in ways)
    assert long["area_share"].tolist() == [inside / 8]
    assert long["nearest_m"].tolist() == pytest.approx([sum(ways) / 8])
    assert long["demand_basis"].tolist() == ["area"]
    assert long["n_sites"].tolist() == [1]


def test_units_and_totals_are_over_what_could_be_judged() -> None:
    layers = _two_banks(None)
    frame = layers.grids.assign(parent_id=["u0", "u0"])
    layers = Layers(
        grids=frame,
        units=units((0, -50, 500, 50)),
        sites=layers.sites,
        buildings=layers.buildings,
        streets=layers.streets,
        levels=("community",),
    )
    kernel, long = _judged(layers)
    rolled = unit_coverage(long, layers, kernel.demand, tiers=WALK_15, rules=RULES, network=kernel)
    assert rolled["model"].tolist() == ["network"]
    assert rolled["residents_share"].tolist() == [1.0]  # of the 10 that can be judged
    assert rolled["judged_residents"].tolist() == pytest.approx([10 / 60])
    assert rolled["n_sites"].tolist() == [1]
    total = coverage_summary(long, kernel.demand, layers, tiers=WALK_15, model="network")["t"]
    assert (total["residents_share"], total["n_unknown"], total["model"]) == (1.0, 1, "network")
    wide = coverage_columns(long, kernel.demand, WALK_15)
    assert {"class_t_network", "covered_share_by_metres_t_network"} <= set(wide.columns)


def test_stairs_stop_a_wheelchair_only() -> None:
    layers = Layers(
        grids=grids((0, -50, 200, 50)),
        sites=sites((0, 0)),
        buildings=buildings((200, 0)),
        streets=_streets(
            [(0, 0), (100, 0)], [(100, 0), (150, 0)], [(150, 0), (200, 0)],
            highway=["footway", "steps", "footway"],
        ),
    )  # fmt: skip
    for mode, expected in (("walk", "adequate"), ("wheelchair", "unknown"), ("elder", "adequate")):
        assert _judged(layers, _tier(mode=mode))[1]["class"].tolist() == [expected], mode


def test_a_one_way_street_leads_from_the_people_to_the_site() -> None:
    # a ring of 4 × 100 m, one-way from (0,0) by (100,0): a car at (100,0) drives 300 m to (0,0)
    layers = Layers(
        grids=grids((50, -50, 150, 50)),
        sites=sites((0, 0)),
        buildings=buildings((100, 0)),
        streets=_streets(
            [(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)], oneway=["yes"], speed_kmh=[36.0]
        ),
    )
    _, drive = _judged(layers, _tier(mode="car"))
    assert drive["nearest_m"].tolist() == pytest.approx([300.0])
    assert drive["nearest_minutes"].tolist() == pytest.approx([0.5])
    assert _judged(layers)[1]["nearest_m"].tolist() == pytest.approx([100.0])


def test_circles_to_draw_hold_what_is_inside() -> None:
    layers = _two_banks([(200, 0), (300, 0)])
    tiers = _tier("near", minutes=1.5) | _tier("far", minutes=3.0)
    kernel, _ = _judged(layers, tiers)
    drawn = network_circles(kernel, layers.sites, tiers=tiers)
    assert drawn["tier"].tolist() == ["near", "far"]
    assert drawn["model"].eq("network").all()
    assert drawn.is_valid.all()
    near, far = drawn.geometry
    assert far.buffer(1.0).covers(near)
    assert near.covers(shapely.Point(150, 30))  # 30 m from the street
    assert near.covers(shapely.Point(230, 0))  # 80 m along it
    assert not near.intersects(shapely.Point(290, 0))
    assert far.covers(shapely.Point(330, 0))


def test_circles_are_the_same_where_the_lattice_of_the_grids_is_no_help() -> None:
    layers, tiers = _two_banks(None), _tier()
    demand = grid_demand(layers.grids, layers.buildings)
    kernel = NetworkKernel.prepare(
        layers.grids, layers.sites, layers.streets, demand=demand, tiers=tiers, rules=RULES
    )
    moved = replace(kernel, lattice_xy=kernel.lattice_xy + 1.0)  # no middle of a cell
    drawn, alone = (network_circles(each, layers.sites, tiers=tiers) for each in (kernel, moved))
    assert len(drawn) > 0
    assert (drawn.geometry.to_wkb() == alone.geometry.to_wkb()).all()


@st.composite
def _towns(draw: st.DrawFn) -> tuple[Layers, Layers]:
    """Return a random town, and the same one with one site more."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    n = 4
    nodes = np.array([(x, y) for x in range(n) for y in range(n)], dtype=float) * 200
    nodes += rng.uniform(-50, 50, nodes.shape)
    lines = []
    for i in range(n * n):
        lines += [
            [tuple(nodes[i]), tuple(nodes[j])]
            for j in (i + 1, i + n)
            if j < n * n and (j != i + 1 or j % n) and rng.random() > 0.2
        ]
    places = rng.uniform(0, 600, (4, 2))
    homes = rng.uniform(0, 600, (60, 2))
    common = {
        "grids": grids(*[(x, y, x + 200, y + 200) for x in (0, 200, 400) for y in (0, 200, 400)]),
        "buildings": buildings(*map(tuple, homes)),
        "streets": _streets(*lines),
    }
    few, many = (sites(*map(tuple, places[:k])) for k in (3, 4))
    return Layers(sites=few, **common), Layers(sites=many, **common)


@settings(max_examples=25, deadline=None)
@given(_towns())
def test_what_holds_for_any_town(towns: tuple[Layers, Layers]) -> None:
    few, many = towns
    tiers = _tier("near", minutes=4.0) | _tier("far", minutes=9.0)
    kernel, long = _judged(few, tiers)
    chosen = np.ones(3, dtype=bool)
    points, _ = kernel.times(tiers["near"], chosen)
    located = shapely.get_coordinates(few.sites.geometry.array)
    xy = kernel.demand.points_xy
    straight = np.hypot(*(xy[:, None] - located[None]).transpose(2, 0, 1)).min(axis=1)
    # along the streets is never shorter (half a millisecond a piece of the way is rounding)
    assert (points.metres >= straight - 0.05).all()
    near, far = (long[long["tier"] == name] for name in ("near", "far"))
    known = near["residents_share"].notna().to_numpy()
    assert (far["residents_share"].to_numpy() >= near["residents_share"].to_numpy())[known].all()
    assert (far["n_sites"].to_numpy() >= near["n_sites"].to_numpy()).all()
    _, more = _judged(many, tiers)
    # more can be judged, and of what could be judged before no less is inside
    inside = [
        (table["residents_share"].fillna(0) * table["judged_residents"].fillna(0)).to_numpy()
        for table in (long, more)
    ]
    assert (inside[1] >= inside[0] - 1e-12).all()
    assert (more["n_sites"].to_numpy() >= long["n_sites"].to_numpy()).all()


def test_an_audit_tells_both_truths(tmp_path: Path) -> None:
    layers = _two_banks([(200, 0), (200, 400), (300, 400), (300, 0)])  # 800 m around
    named = {name: getattr(layers, name) for name in ("grids", "sites", "buildings", "streets")}
    audit = audited(tmp_path, tail="[tiers.walk_15]\nminutes = 15\ndistance_m = 1000", **named)
    row = audit.coverage_summary["walk_15"]
    # the two of the far bank are 170 and 340 m away in a straight line, 970 and 1,140 m on foot
    assert (row["model"], row["residents_share"]) == ("network", pytest.approx(30 / 60))
    assert row["by_radius"]["residents_share"] == 1.0
    assert (row["n_thin"], row["by_radius"]["n_thin"]) == (1, 0)


def test_streets_that_nobody_may_use_leave_all_unknown(tmp_path: Path) -> None:
    layers = _two_banks(None)
    streets = layers.streets.assign(highway="motorway")
    audit = audited(
        tmp_path,
        grids=layers.grids,
        sites=layers.sites,
        buildings=layers.buildings,
        streets=streets,
    )
    row = audit.coverage_summary["walk_15"]
    assert (row["n_unknown"], row["residents_share"]) == (2, None)
    assert row["by_radius"]["residents_share"] == 1.0
    write_map(audit, tmp_path / "map.html")  # what if is prepared for it


def test_by_radius_alone_there_is_one_truth(tmp_path: Path) -> None:
    layers = _two_banks(None)
    audit = audited(tmp_path, grids=layers.grids, sites=layers.sites)
    assert all("by_radius" not in row for row in audit.coverage_summary.values())
