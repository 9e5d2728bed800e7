"""Classes, wide columns, totals and the roll-up to units."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.coverage import (
    LONG_COLUMNS,
    CoverageRules,
    Demand,
    classify,
    coverage_columns,
    coverage_summary,
    grid_demand,
    radius_coverage,
    unit_coverage,
)
from geo.layers import Layers
from geo.standards import load_standard, with_overrides
from tests.builders import buildings, grids, sites, units
from tests.coverage_cases import tier

RULES = CoverageRules()
TIERS = {"near": tier("near", metres=100.0), "far": tier("far", minutes=15, metres=1000.0)}


def _long(layers: Layers) -> tuple[pd.DataFrame, Demand]:
    demand = grid_demand(layers.grids, layers.buildings, has_all_buildings=layers.has_all_buildings)
    long = radius_coverage(layers.grids, layers.sites, demand, tiers=TIERS, rules=RULES)
    by_unit = unit_coverage(long, layers, demand, tiers=TIERS, rules=RULES)
    return pd.concat([long, by_unit], ignore_index=True), demand


def test_limits_come_from_the_standard() -> None:
    standard = with_overrides(
        load_standard(["gb50180-2018"]), tiers={}, thresholds={"thin_below_share": 0.8}
    )
    assert CoverageRules.from_standard(standard) == CoverageRules(thin_below_share=0.8)


def test_classes_in_their_order() -> None:
    # median of the sites of those served (1, 1, 1, 4, 9) is 1, so more than 3 is crowded
    share = [np.nan, 0.0, 0.5, 0.9, 0.8999, 1.0, 1.0]
    n_sites = [50, 0, 1, 1, 1, 4, 9]
    assert classify(share, n_sites, rules=RULES).tolist() == [
        "unknown",
        "blank",
        "thin",
        "adequate",
        "thin",
        "crowded",
        "crowded",
    ]


@pytest.mark.parametrize(
    ("n_sites", "expected"),
    [(3, "adequate"), (4, "crowded")],  # the median is 1: 3 is not more than 3 × 1, 4 is
)
def test_crowded_needs_four_sites_and_more_than_three_medians(n_sites: int, expected: str) -> None:
    assert classify([1.0] * 4, [1, 1, 1, n_sites], rules=RULES)[-1] == expected


def test_crowded_is_relative_to_the_median() -> None:
    assert classify([1.0] * 4, [2, 2, 2, 6], rules=RULES)[-1] == "adequate"
    assert classify([1.0] * 4, [2, 2, 2, 7], rules=RULES)[-1] == "crowded"
    assert classify([1.0, 0.0, 0.0, 0.0], [4, 0, 0, 0], rules=RULES)[0] == "adequate"


def test_peers_are_compared_among_themselves() -> None:
    classes = classify([1.0] * 4, [5, 5, 1, 1], rules=RULES, peers=["a", "a", "b", "b"])
    assert set(classes) == {"adequate"}


# ┌──── u0 ────┬──── u1 ────┐     g0 holds b0 b1, g1 holds b2, g2 holds b3; s0 stands on b0,
# │  g0   g1   │     g2     │     s1 on b3; all within 1000 m, 100 m reaches b0 b1 | b3
# └────────────┴────────────┘
def _city(**weights: list[float]) -> Layers:
    return Layers(
        grids=grids(
            (0, 0, 200, 200),
            (200, 0, 400, 200),
            (400, 0, 800, 200),
            (10, 10, 20, 20),
            kind=["base", "base", "base", "dedicated"],
            parent_id=["u0", "u0", "u1", "u0"],
        ),
        units=units(
            (0, 0, 400, 200),
            (400, 0, 800, 200),
            (0, 0, 800, 200),
            (900, 0, 999, 99),
            level=["community", "community", "street", "community"],
            parent_id=["u2", "u2", None, "nowhere"],
        ),
        sites=sites((15, 15), (700, 100)),
        buildings=buildings((15, 15), (15, 115), (300, 100), (700, 100), **weights),
        levels=("street", "community"),
    )


def test_units_count_each_building_and_each_site_once() -> None:
    long, _ = _long(_city(residents=[10, 20, 30, 40], households=[5, 0, 3, 2]))
    rows = long[(long["subject"] == "unit") & (long["tier"] == "near")].set_index("id")
    assert rows.index.tolist() == ["u2", "u0", "u1", "u3"]  # by level from the top down
    assert rows["residents_share"].tolist()[:3] == pytest.approx([70 / 100, 30 / 60, 1.0])
    assert rows["households_share"].tolist()[:3] == pytest.approx([7 / 10, 5 / 8, 1.0])
    assert rows["n_sites"].tolist() == [2, 1, 1, 0]
    assert rows["class"].tolist() == ["thin", "thin", "adequate", "unknown"]
    assert rows.loc["u0", "nearest_m"] == pytest.approx(
        (20 * 100 + 30 * np.hypot(285, 85)) / 60  # b0 0 m, b1 100 m, b2 to s0
    )
    far = long[(long["subject"] == "unit") & (long["tier"] == "far")].set_index("id")
    assert far["n_sites"].tolist() == [2, 2, 2, 0]
    assert far.loc["u0", "nearest_minutes"] == pytest.approx(
        rows.loc["u0", "nearest_m"] / (1000 / 15)
    )


def test_a_unit_is_judged_by_the_best_basis_that_it_has() -> None:
    long, _ = _long(_city(residents=[0, 0, 0, 40], households=[4, 0, 1, 0]))
    rows = long[(long["subject"] == "unit") & (long["tier"] == "near")].set_index("id")
    assert rows["demand_basis"].tolist()[:3] == ["residents", "households", "residents"]
    assert rows["residents_share"].tolist()[:3] == pytest.approx([1.0, 0.8, 1.0])


def test_units_by_area_weigh_their_grids_by_area() -> None:
    city = _city()
    layers = Layers(grids=city.grids, units=city.units, sites=city.sites, levels=city.levels)
    long, _ = _long(layers)
    near = long[long["tier"] == "near"].set_index("id")
    parts = near.loc[["g0", "g1", "g2"], "area_share"].to_numpy()
    assert near.loc["u2", "area_share"] == pytest.approx(np.average(parts, weights=[1, 1, 2]))
    assert near.loc["u2", "demand_basis"] == "area"
    assert np.isnan(near.loc["u2", "residents_share"])


@pytest.mark.parametrize("parents", [None, ["u0", None, "gone", None]])
def test_grids_without_a_known_parent_are_in_no_unit(parents: list[str] | None) -> None:
    city = _city()
    cells = city.grids.drop(columns="parent_id") if parents is None else city.grids
    if parents is not None:
        cells = cells.assign(parent_id=parents)
    layers = Layers(grids=cells, units=city.units, sites=city.sites, levels=city.levels)
    long, _ = _long(layers)
    rows = long[(long["subject"] == "unit") & (long["tier"] == "far")].set_index("id")
    expected = {"u0": "unknown", "u1": "unknown", "u2": "unknown", "u3": "unknown"}
    if parents is not None:
        expected |= {"u0": "adequate", "u2": "adequate"}
    assert rows["class"].to_dict() == expected


def test_a_chain_in_a_circle_counts_nothing_twice() -> None:
    city = _city()
    loop = city.units.assign(
        parent_id=["u2", "u2", "u0", None], level=["community", "community", "street", "district"]
    )
    layers = Layers(
        grids=city.grids, units=loop, sites=city.sites, buildings=city.buildings, levels=city.levels
    )
    long, _ = _long(layers)
    rows = long[(long["subject"] == "unit") & (long["tier"] == "near")].set_index("id")
    assert rows.loc["u0", "residents_share"] == pytest.approx(3 / 4)  # u1 is below u0 by way of u2


def test_a_street_is_not_crowded_for_having_more_sites_than_its_communities() -> None:
    cells = grids(
        *((1000 * i, 0, 1000 * i + 9, 9) for i in range(5)), parent_id=[f"u{i}" for i in range(5)]
    )
    places = sites(*((1000 * i, 0) for i in range(5)))
    above = units(
        *((0, 0, 9, 9) for _ in range(6)),
        level=[*["community"] * 5, "street"],
        parent_id=[*["u5"] * 5, None],
    )
    layers = Layers(grids=cells, units=above, sites=places, levels=("street", "community"))
    long, _ = _long(layers)
    rows = long[(long["subject"] == "unit") & (long["tier"] == "near")].set_index("id")
    assert rows["n_sites"].to_dict() == {"u5": 5, **{f"u{i}": 1 for i in range(5)}}
    assert set(rows["class"]) == {"adequate"}


def test_no_units_no_rows() -> None:
    city = _city()
    layers = Layers(grids=city.grids, sites=city.sites)
    long, _ = _long(layers)
    assert set(long["subject"]) == {"grid"}
    assert list(long.columns) == list(LONG_COLUMNS)


def test_wide_columns_are_named_by_tier_and_model() -> None:
    long, demand = _long(_city(residents=[1, 1, 1, 1]))
    wide = coverage_columns(long, demand, TIERS)
    assert wide.index.tolist() == ["g0", "g1", "g2", "g3"]
    assert [name for name in wide if name.endswith("_near")] == [
        "nearest_m_near",
        "nearest_minutes_near",
        "n_sites_near",
        "covered_area_share_near",
        "covered_residents_share_near",
        "covered_households_share_near",
        "class_near",
        "demand_basis_near",
        "certainty_near",
        "location_quotient_near",
    ]
    assert {"covered_residents_share_near_low", "covered_residents_share_near_high"} <= set(wide)
    assert wide["class_near"].tolist() == ["adequate", "blank", "adequate", "adequate"]
    assert wide["demand_basis_near"].unique().tolist() == ["residents"]
    both = pd.concat([long, long.assign(model="network")])
    assert "class_near_network" in coverage_columns(both, demand, TIERS)
    by_unit = coverage_columns(long, demand, TIERS, subject="unit")
    assert by_unit["covered_residents_share_near"].to_dict() == pytest.approx(
        {"u2": 0.75, "u0": 2 / 3, "u1": 1.0, "u3": np.nan}, nan_ok=True
    )


def test_a_table_without_rows_gives_no_columns() -> None:
    city = _city()
    demand = grid_demand(city.grids, None)
    long = radius_coverage(city.grids, None, demand, tiers=TIERS, rules=RULES)
    wide = coverage_columns(long, demand, TIERS)
    assert wide.shape == (4, 0)
    assert coverage_summary(long, demand, Layers(grids=city.grids), tiers=TIERS) == {}


def test_totals_are_over_base_grids_by_one_basis() -> None:
    city = _city(residents=[10, 20, 30, 40])
    long, demand = _long(city)
    total = coverage_summary(long, demand, city, tiers=TIERS)["near"]
    assert total["residents_share"] == pytest.approx(0.7)
    assert total["households_share"] is None
    assert total["demand_basis"] == "residents"
    assert (total["n_blank"], total["n_thin"], total["n_crowded"], total["n_unknown"]) == (
        1,
        0,
        0,
        0,
    )
    assert total["n_sites"] == 2
    assert total["model"] == "radius"
    shares = long[(long["tier"] == "near")].set_index("id").loc[["g0", "g1", "g2"], "area_share"]
    assert total["area_share"] == pytest.approx(np.average(shares, weights=[1, 1, 2]))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(0, 50), min_size=12, max_size=12),
    st.lists(st.tuples(st.integers(0, 800), st.integers(0, 200)), max_size=5),
)
def test_sums_by_unit_equal_sums_by_grid(
    residents: list[int], places: list[tuple[int, int]]
) -> None:
    city = _city()
    homes = buildings(
        *((67 * i + 5, (37 * i) % 200) for i in range(12)), residents=[1 + r for r in residents]
    )
    layers = Layers(
        grids=city.grids,
        units=city.units,
        sites=sites(*places),
        buildings=homes,
        levels=city.levels,
    )
    long, demand = _long(layers)
    total = coverage_summary(long, demand, layers, tiers=TIERS)
    rows = long[long["tier"] == "near"].set_index("id")
    weight = pd.Series(demand.weight("residents"), index=demand.grid_ids)
    inside = (rows["residents_share"] * weight)[["g0", "g1", "g2"]]
    assert rows.loc["u0", "residents_share"] * weight[["g0", "g1"]].sum() == pytest.approx(
        inside[["g0", "g1"]].sum()
    )
    assert rows.loc["u2", "residents_share"] == pytest.approx(total["near"]["residents_share"])
    assert rows.loc["u2", "area_share"] == pytest.approx(total["near"]["area_share"])
    assert rows.loc["u2", "n_sites"] <= len(places)
