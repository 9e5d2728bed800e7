"""Sites relative to need: who shares them, location quotients, Lorenz curve and Gini."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from geo.coverage import (
    CoverageRules,
    demand_pairs,
    find_coverage_faults,
    grid_demand,
    need_summary,
    radius_coverage,
    unit_coverage,
)
from geo.coverage.need import lorenz, need_of, need_weight, weighted_gini
from geo.layers import Layers
from tests.builders import buildings, grids, sites, units
from tests.coverage_cases import tier

RULES = CoverageRules()
TIERS = {"t": tier("t", metres=10)}

# Three grids with 10, 30 and 60 residents; site 0 serves the first two, site 1 the second only.
SERVED = (np.array([0, 1, 1]), np.array([0, 0, 1]))
WEIGHT = np.array([10.0, 30.0, 60.0])


def test_a_site_is_shared_by_all_whom_it_serves() -> None:
    need = need_of(SERVED, WEIGHT)
    assert need.sites_per_demand == pytest.approx([1 / 40, 1 / 40 + 1 / 30, 0])
    assert need.n_used == 2
    city = 2 / 100
    assert need.location_quotient == pytest.approx(need.sites_per_demand / city)
    assert need.location_quotient @ WEIGHT / WEIGHT.sum() == pytest.approx(1.0)


def test_a_site_that_serves_nobody_counts_for_nobody() -> None:
    need = need_of((np.array([0, 1]), np.array([0, 1])), np.array([5.0, 0.0]))
    assert need.n_used == 1
    assert need.sites_per_demand.tolist() == [0.2, 0.0]


def test_without_any_demand_nothing_can_be_compared() -> None:
    need = need_of(SERVED, np.zeros(3))
    assert need.n_used == 0
    assert np.isnan(need.location_quotient).all()


@given(
    weight=hnp.arrays(float, 8, elements=st.floats(0, 1e5, allow_subnormal=False)),
    pairs=st.sets(st.tuples(st.integers(0, 7), st.integers(0, 5))),
)
def test_what_the_grids_have_adds_up_to_the_sites_in_use(
    weight: np.ndarray, pairs: set[tuple[int, int]]
) -> None:
    weight = np.round(weight)
    place, site = np.array(sorted(pairs), dtype=np.intp).reshape(-1, 2).T
    need = need_of((place, site), weight)
    assert need.sites_per_demand @ weight == pytest.approx(need.n_used, rel=1e-9)


@pytest.mark.parametrize(
    ("values", "weight", "gini"),
    [
        ([1, 1, 1], [1, 2, 3], 0.0),
        ([0, 1], [1, 1], 0.5),  # half of the people have all
        ([0, 1], [9, 1], 0.9),
        ([1, 3], [1, 1], 0.25),
        ([3, 1], [0, 2], 0.0),  # nobody lives where there is much
    ],
)
def test_the_gini_coefficient_by_hand(
    values: list[float], weight: list[float], gini: float
) -> None:
    assert weighted_gini(values, weight) == pytest.approx(gini)


@given(
    values=hnp.arrays(float, 7, elements=st.integers(0, 50).map(float)),
    weight=hnp.arrays(float, 7, elements=st.integers(0, 9).map(float)),
)
def test_the_gini_coefficient_is_the_mean_difference_of_all_pairs(
    values: np.ndarray, weight: np.ndarray
) -> None:
    each = np.repeat(values, weight.astype(int))
    if each.sum() == 0:
        assert np.isnan(weighted_gini(values, weight))
        return
    apart = np.abs(each[:, None] - each[None, :]).mean()
    assert weighted_gini(values, weight) == pytest.approx(apart / (2 * each.mean()), abs=1e-12)


def test_the_lorenz_curve_starts_with_those_who_have_least() -> None:
    people, held = lorenz([2.0, 0.0, 1.0], [1.0, 2.0, 1.0])
    assert people.tolist() == [0.0, 0.5, 0.75, 1.0]
    assert held == pytest.approx([0.0, 0.0, 1 / 3, 1.0])


# Five grids in a row, a site in each; the first has three more. Far apart: nobody shares.
def _row(residents: list[float], n_more: int = 3) -> tuple[Layers, pd.DataFrame]:
    cells = grids(*((100 * i, 0, 100 * i + 10, 10) for i in range(5)), parent_id=["u0"] * 5)
    homes = buildings(*((100 * i + 5, 5) for i in range(5)), residents=residents)
    places = sites(*((100 * i + 5, 5) for i in range(5)), *((5, 4),) * n_more)
    layers = Layers(
        grids=cells,
        sites=places,
        buildings=homes,
        units=units((0, 0, 500, 10)),
        levels=("community",),
    )
    demand = grid_demand(cells, homes)
    long = radius_coverage(cells, places, demand, tiers=TIERS, rules=RULES)
    by_unit = unit_coverage(long, layers, demand, tiers=TIERS, rules=RULES)
    return layers, pd.concat([long, by_unit], ignore_index=True)


def test_rows_tell_who_shares_a_site_and_how_that_stands_to_the_city() -> None:
    _, long = _row([10, 10, 10, 10, 10])
    by_id = long.set_index("id")
    assert by_id["demand_per_site"].to_dict() == pytest.approx(
        {"g0": 2.5, "g1": 10, "g2": 10, "g3": 10, "g4": 10, "u0": 50 / 8}
    )
    assert by_id.loc[["g0", "g1", "u0"], "location_quotient"].tolist() == pytest.approx(
        [2.5, 0.625, 1.0]
    )


def test_many_sites_for_few_are_told() -> None:
    layers, long = _row([10, 10, 10, 10, 10])
    report = find_coverage_faults(long, layers.grids, tiers=TIERS, rules=RULES)
    (row,) = report.findings.itertuples()
    assert (row.rule, row.grid_ids, row.measure) == ("C503", ("g0",), 4.0)
    assert row.details["need_en"] == "; relative to need that is 2.5 times what the city has"
    assert report.counts["n_crowded_by_need"] == 0


def test_many_sites_for_many_are_not() -> None:
    layers, long = _row([400, 10, 10, 10, 10])
    assert (long["class"] == "crowded").sum() == 1  # the class stays: it counts sites
    report = find_coverage_faults(long, layers.grids, tiers=TIERS, rules=RULES)
    assert report.ok
    assert report.counts["n_crowded_by_need"] == 1


def test_where_nobody_is_counted_the_number_of_sites_decides() -> None:
    layers, long = _row([10, 10, 10, 10, 10])
    unknown = long.assign(location_quotient=np.nan)
    report = find_coverage_faults(unknown, layers.grids, tiers=TIERS, rules=RULES)
    assert report.findings["rule"].tolist() == ["C503"]
    assert report.findings["details"].iloc[0]["need_zh"] == ""


def _summary(categories: tuple[str, ...] | None = None, **columns: list[str]) -> dict:
    cells = grids((0, 0, 10, 10), (100, 0, 110, 10), (200, 0, 210, 10))
    demand = grid_demand(cells, buildings((5, 5), (105, 5), (205, 5), residents=[10, 10, 20]))
    places = sites((5, 5), (5, 6), (105, 5), (900, 5), **columns)
    pairs = demand_pairs(cells, places, demand, limit_m=10)
    tiers = {"t": tier("t", metres=10, categories=categories)}
    return need_summary(
        places,
        demand,
        tiers=tiers,
        weights={"t": np.array([10.0, 10.0, 20.0])},
        served=lambda tier, mask: pairs.within(tier.distance_m, mask),
    )["t"]


def test_the_summary_of_a_tier() -> None:
    whole = _summary()["all"]
    assert whole["demand_basis"] == "residents"
    assert (whole["n_sites"], whole["n_used"]) == (4, 3)
    assert whole["demand_per_site"] == pytest.approx(40 / 3)
    assert whole["unserved_share"] == 0.5
    # 20 people have nothing, 10 have a tenth of a site each, 10 two tenths
    assert whole["lorenz"] == pytest.approx(
        [0, 0, 0, 0, 0, 2 / 15, 4 / 15, 7 / 15, 11 / 15, 1], abs=1e-6
    )
    assert whole["gini"] == pytest.approx(weighted_gini([0.2, 0.1, 0.0], [10, 10, 20]))
    assert whole["max_location_quotient"] == pytest.approx(0.2 / (3 / 40))


def test_the_summary_has_every_category_that_the_sites_have() -> None:
    need = _summary(category=["a", "a", "b", "c"])
    assert list(need) == ["all", "a", "b", "c"]
    assert need["a"]["unserved_share"] == 0.75
    assert not need["a"]["is_asked"]
    assert (need["c"]["n_used"], need["c"]["unserved_share"], need["c"]["gini"]) == (0, 1.0, None)
    assert need["c"]["lorenz"] is None


def test_a_category_that_does_not_count_is_left_out_and_one_asked_for_is_not() -> None:
    need = _summary(categories=("a", "x"), category=["a", "a", "b", "c"])
    assert list(need) == ["all", "a", "x"]
    assert need["all"]["n_sites"] == need["a"]["n_sites"] == 2
    assert need["x"]["is_asked"]
    assert need["x"]["unserved_share"] == 1.0


def test_without_sites_there_is_nothing_to_sum_up() -> None:
    demand = grid_demand(grids((0, 0, 1, 1)), None)
    given = {"tiers": TIERS, "weights": {}, "served": lambda *_: None}
    assert need_summary(None, demand, **given) == {}


def test_what_the_streets_cannot_judge_needs_nothing() -> None:
    cells = grids((0, 0, 10, 10), (10, 0, 20, 10), (20, 0, 30, 10), kind=["base"] * 2 + ["other"])
    demand = grid_demand(cells, buildings((5, 5), (15, 5), (25, 5), residents=[10, 40, 5]))
    rows = pd.DataFrame({"judged_residents": [1.0, 0.25, 1.0], "judged_area": [1.0, 1.0, 1.0]})
    assert need_weight(demand, rows).tolist() == [10.0, 10.0, 0.0]
    assert need_weight(demand, rows.assign(judged_residents=np.nan)).tolist() == [0.0] * 3
    by_area = grid_demand(cells, None)
    assert need_weight(by_area, rows).tolist() == [100.0, 100.0, 0.0]
