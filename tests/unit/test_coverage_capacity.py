"""Capacity shared by floating catchments: worked by hand, what always holds, and C506."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.coverage import (
    CoverageRules,
    NetworkKernel,
    capacity_of,
    find_short_capacity,
    grid_demand,
    grid_totals,
)
from geo.coverage.capacity import METHODS, share_capacity
from geo.coverage.radius import Pairs
from geo.coverage.shortage import Capacity
from geo.layers import Layers
from geo.standards import Tier
from tests.audited import audited
from tests.builders import buildings, grids, sites
from tests.coverage_cases import streets_of, tier

RULES = CoverageRules(min_capacity_ratio=0.1)


def _pairs(*rows: tuple[int, int, float]) -> Pairs:
    place, site, away = (np.array(column) for column in zip(*rows, strict=True))
    return Pairs(place_at=place, site_at=site, away=away.astype(float))


# Places 0 (10 people), 1 (30), 2 (60); site 0 (20 seats) reaches 0 and 1, site 1 (30) 1 and 2.
PAIRS = _pairs((0, 0, 0.0), (1, 0, 50.0), (1, 1, 50.0), (2, 1, 100.0))
PEOPLE, SEATS = np.array([10.0, 30.0, 60.0]), np.array([20.0, 30.0])


def test_two_steps_by_hand() -> None:
    shared = share_capacity(PAIRS, PEOPLE, SEATS, limit=100.0)
    first, second = 20 / 40, 30 / 90
    assert shared.access == pytest.approx([first, first + second, second])
    assert shared.load == pytest.approx([2.0, 3.0])
    assert shared.used == pytest.approx([20.0, 30.0])


def test_gaussian_by_hand() -> None:
    half = (np.exp(-0.125) - np.exp(-0.5)) / (1 - np.exp(-0.5))  # at half the limit
    shared = share_capacity(PAIRS, PEOPLE, SEATS, limit=100.0, method="e2sfca")
    first, second = 20 / (10 + 30 * half), 30 / (30 * half)  # the limit itself weighs 0
    assert shared.access == pytest.approx([first, half * (first + second), 0.0])


def test_three_steps_by_hand() -> None:
    half = (np.exp(-0.125) - np.exp(-0.5)) / (1 - np.exp(-0.5))
    shared = share_capacity(PAIRS, PEOPLE, SEATS, limit=100.0, method="3sfca")
    chosen = half * 0.5  # place 1 is as near to one as to the other
    first, second = 20 / (10 + 30 * chosen), 30 / (30 * chosen)
    assert shared.access == pytest.approx([first, chosen * (first + second), 0.0])


def test_maximum_takes_the_best_site_only() -> None:
    shared = share_capacity(PAIRS, PEOPLE, SEATS, limit=100.0, method="max")
    assert shared.access == pytest.approx([0.5, 0.5, 1 / 3])
    assert shared.used == pytest.approx([20.0, 20.0])


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match="4sfca"):
        share_capacity(PAIRS, PEOPLE, SEATS, limit=100.0, method="4sfca")


@given(st.integers(0, 2**32 - 1), st.sampled_from(METHODS))
def test_what_is_used_equals_the_supply(seed: int, method: str) -> None:
    rng = np.random.default_rng(seed)
    k, s = int(rng.integers(1, 60)), int(rng.integers(1, 12))
    away = rng.uniform(0, 150, (k, s))
    place, site = np.nonzero(away <= 100)
    pairs = Pairs(place_at=place, site_at=site, away=away[place, site])
    people = rng.uniform(0, 50, k) * (rng.random(k) < 0.8)
    seats = np.where(rng.random(s) < 0.8, rng.uniform(0, 99, s), np.nan)
    shared = share_capacity(pairs, people, seats, limit=100.0, method=method)
    felt = np.zeros(s)
    np.add.at(felt, site, people[place] * (away[place, site] < 100))
    supply = np.nansum(seats[felt > 0])
    used = float(np.sum(people * shared.access))
    assert shared.used.sum() == pytest.approx(used, abs=1e-9)
    if method == "max":
        assert used <= supply + 1e-9
    else:
        assert used == pytest.approx(supply, rel=1e-9, abs=1e-9)


# ┌─ g0 ─┬─ g1 ─┬─ g2 ─┐   100 m each; s0 (5 seats) serves 10 + 90 people, nobody reaches g2
# │ b s0 │   b  │   b  │
# └──────┴──────┴──────┘
def _three(**columns: list[object]) -> Layers:
    return Layers(
        grids=grids((0, 0, 100, 100), (100, 0, 200, 100), (900, 0, 1000, 100)),
        sites=sites((60, 50), **columns),
        buildings=buildings((50, 50), (150, 50), (950, 50), residents=[10, 90, 7]),
    )


def _capacity(layers: Layers, tiers: dict[str, Tier]) -> Capacity:
    demand = grid_demand(layers.grids, layers.buildings)
    people = grid_totals(layers.grids, demand)
    found = capacity_of(layers, demand, people, tiers=tiers, rules=RULES)
    assert found is not None
    return found


def test_a_grid_short_of_capacity_is_c506_and_a_blank_one_is_not() -> None:
    tiers = {"t": tier("t", metres=100.0)}
    layers = _three(capacity=[5])
    capacity = _capacity(layers, tiers)
    assert capacity.columns()["access_t"].tolist() == pytest.approx([0.05, 0.05, 0.0])
    assert capacity.loads["load_t"].tolist() == [20.0]
    report = find_short_capacity(capacity, layers.grids, tiers=tiers, rules=RULES)
    assert report.findings["grid_ids"].tolist() == [("g0",), ("g1",)]
    assert report.findings["measure"].tolist() == pytest.approx([0.05, 0.05])
    assert report.findings["limit"].tolist() == [0.1, 0.1]


def test_capacity_is_judged_by_each_category_that_a_tier_names() -> None:
    tiers = {"t": tier("t", metres=100.0, categories=("a", "b"))}
    layers = Layers(
        grids=grids((0, 0, 100, 100)),
        sites=sites((50, 50), (50, 60), category=["a", "b"], capacity=[1, 50]),
        buildings=buildings((50, 50), residents=[100]),
    )
    capacity = _capacity(layers, tiers)
    report = find_short_capacity(capacity, layers.grids, tiers=tiers, rules=RULES)
    assert report.findings["category"].tolist() == ["a"]
    assert capacity.columns()["access_t"].tolist() == pytest.approx([0.51])


def test_no_limit_is_no_verdict() -> None:
    tiers = {"t": tier("t", metres=100.0)}
    layers = _three(capacity=[5])
    report = find_short_capacity(
        _capacity(layers, tiers), layers.grids, tiers=tiers, rules=CoverageRules()
    )
    assert dict(report.skipped) == {"C506": "coverage.no_capacity_limit"}


def test_people_of_a_grid_without_buildings_are_on_its_lattice() -> None:
    tiers = {"t": tier("t", metres=1000.0)}
    layers = Layers(
        grids=grids((0, 0, 100, 100), (100, 0, 200, 100), residents=[40, 60]),
        sites=sites((100, 50), capacity=[10]),
    )
    capacity = _capacity(layers, tiers)
    assert capacity.columns()["access_t"].tolist() == pytest.approx([0.1, 0.1])
    assert capacity.loads["load_t"].tolist() == pytest.approx([10.0])


def test_people_of_a_grid_are_shared_out_over_its_buildings() -> None:
    tiers = {"t": tier("t", metres=30.0)}
    layers = Layers(
        grids=grids((0, 0, 100, 100), residents=[40]),
        sites=sites((10, 10), capacity=[10]),
        buildings=buildings((10, 10), (90, 90)),
    )
    capacity = _capacity(layers, tiers)
    assert capacity.loads["load_t"].tolist() == pytest.approx([2.0])  # 20 of the 40 people
    assert capacity.columns()["access_t"].tolist() == pytest.approx([0.25])


def test_along_streets_only_those_who_reach_it_share_a_site() -> None:
    # b1 is 90 m away in a straight line, but its street joins no other
    layers = Layers(
        grids=grids((0, 0, 100, 100), (100, 0, 200, 100)),
        sites=sites((60, 50), capacity=[5]),
        buildings=buildings((50, 50), (150, 50), residents=[10, 90]),
        streets=streets_of([(0, 50), (90, 50)], [(110, 50), (200, 50)]),
    )
    tiers = {"t": tier("t", minutes=10.0)}
    demand = grid_demand(layers.grids, layers.buildings)
    kernel = NetworkKernel.prepare(
        layers.grids, layers.sites, layers.streets, demand=demand, tiers=tiers, rules=RULES
    )
    found = capacity_of(
        layers,
        demand,
        grid_totals(layers.grids, demand),
        tiers=tiers,
        rules=RULES,
        network=kernel,
    )
    assert found is not None
    assert found.model == "network"
    access = found.columns()["access_t"].tolist()
    assert access[0] == pytest.approx(0.5)
    assert np.isnan(access[1])


def test_an_audit_tells_access_load_and_c506(tmp_path: Path) -> None:
    audit = audited(
        tmp_path,
        head='language = "en"',
        tail="[tiers.t]\nminutes = 5\ndistance_m = 100\n[thresholds]\nmin_capacity_ratio = 0.1",
        **{name: getattr(_three(capacity=[5]), name) for name in ("grids", "sites", "buildings")},
    )
    assert audit.grids["access_t"].tolist() == pytest.approx([0.05, 0.05, 0.0])
    assert audit.sites is not None
    assert audit.sites["load_t"].tolist() == [20.0]
    rows = audit.findings[(audit.findings["rule"] == "C506") & (audit.findings["tier"] == "t")]
    assert sorted(rows["grid_ids"]) == [("g0",), ("g1",)]
    assert rows["residents"].sum() == 100
    assert "capacity of 0.05 for one resident, below 0.1" in rows["message_en"].iloc[0]


def test_without_capacity_c506_is_skipped_with_the_reason(tmp_path: Path) -> None:
    layers = _three()
    audit = audited(
        tmp_path,
        tail="[thresholds]\nmin_capacity_ratio = 0.1",
        grids=layers.grids,
        sites=layers.sites,
        buildings=layers.buildings,
    )
    assert audit.skipped["C506"]["en"] == "the sites have no capacity"
    assert not [name for name in audit.grids if name.startswith("access_")]
