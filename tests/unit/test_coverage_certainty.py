"""How sure verdicts are: by hand at the edges, and what holds for any city."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.coverage import (
    CoverageRules,
    NetworkKernel,
    coverage_columns,
    coverage_summary,
    grid_demand,
    network_coverage,
    radius_coverage,
    unit_coverage,
)
from geo.coverage.certainty import grid_certainty, network_band, point_certainty, radius_band
from geo.layers import Layers
from tests.audited import audited
from tests.builders import buildings, grids, sites, units
from tests.coverage_cases import streets_of, tier

RULES = CoverageRules(
    place_uncertainty_m=10.0, snap_uncertainty_m=5.0, speed_uncertainty_share=0.25
)
TIERS = {"t": tier("t", minutes=10.0, metres=100.0)}


def _row(layers: Layers, rules: CoverageRules = RULES) -> pd.Series:
    demand = grid_demand(layers.grids, layers.buildings)
    long = radius_coverage(layers.grids, layers.sites, demand, tiers=TIERS, rules=rules)
    return long.iloc[0]


def test_a_point_is_inside_outside_or_doubtful() -> None:
    away = np.array([0.0, 90.0, 90.1, 110.0, 110.1, np.inf])
    words = point_certainty(radius_band(away, 100.0, RULES))
    assert words.tolist() == ["inside", "inside", "doubtful", "doubtful", "outside", "outside"]


def test_along_streets_speed_and_snapping_count_too() -> None:
    # 15 m at 2 ms a metre are 30 ms; 80 % and 133 % of (100 ∓ 30): 56 and 173.33 ms
    away = np.array([56.0, 56.1, 173.3, 173.4, np.inf])
    words = point_certainty(network_band(away, 100.0, RULES, ms_per_m=2.0))
    assert words.tolist() == ["inside", "doubtful", "doubtful", "outside", "outside"]


def test_a_verdict_is_doubtful_where_its_class_would_change() -> None:
    low = np.array([0.0, 0.0, 0.2, 0.2, 0.9, np.nan])
    high = np.array([0.0, 0.1, 0.8, 0.9, 1.0, np.nan])
    words = ["sure", "doubtful", "sure", "doubtful", "sure", None]
    assert grid_certainty(low, high, RULES).tolist() == words


# 10 residents 80 m away are inside, 20 at 95 m and 30 at 105 m doubtful, 40 at 120 m outside
RANGE = ((80, 0), (95, 0), (105, 0), (120, 0))


def test_shares_carry_their_low_and_high_value() -> None:
    layers = Layers(
        grids=grids((0, -10, 200, 10)),
        sites=sites((0, 0)),
        buildings=buildings(*RANGE, residents=[10, 20, 30, 40]),
    )
    row = _row(layers)
    shares = (row["residents_share_low"], row["residents_share"], row["residents_share_high"])
    assert shares == pytest.approx((0.1, 0.3, 0.6))
    assert row["certainty"] == "sure"  # thin anyhow
    row = _row(layers, CoverageRules(place_uncertainty_m=0.0))
    assert row["residents_share_low"] == row["residents_share_high"] == row["residents_share"]


def test_by_area_the_band_is_of_the_area() -> None:
    # one site in the middle of the western side: circles of 90, 100, 110 m over a strip 1 m high
    row = _row(Layers(grids=grids((0, 0, 200, 1)), sites=sites((0, 0.5))))
    shares = (row["residents_share_low"], row["area_share"], row["residents_share_high"])
    assert shares == pytest.approx((0.45, 0.5, 0.55), abs=1e-4)
    row = _row(Layers(grids=grids((0, 0, 95, 1)), sites=sites((0, 0.5))))
    assert (row["area_share"], row["residents_share_high"]) == (1.0, 1.0)
    assert row["residents_share_low"] == pytest.approx(90 / 95, abs=1e-4)


def test_a_grid_just_beyond_the_longest_circle_may_be_inside() -> None:
    row = _row(Layers(grids=grids((105, 0, 205, 1)), sites=sites((0, 0.5))))
    assert (row["class"], row["certainty"]) == ("blank", "doubtful")
    assert row["residents_share_high"] == pytest.approx(0.05, abs=1e-4)


def _city(layers: Layers) -> tuple[pd.DataFrame, Layers]:
    demand = grid_demand(layers.grids, layers.buildings)
    kernel = NetworkKernel.prepare(
        layers.grids, layers.sites, layers.streets, demand=demand, tiers=TIERS, rules=RULES
    )
    long = network_coverage(kernel, layers.sites, tiers=TIERS, rules=RULES)
    by_unit = unit_coverage(long, layers, demand, tiers=TIERS, rules=RULES, network=kernel)
    return pd.concat([long, by_unit], ignore_index=True), layers


def test_units_and_the_whole_city_have_a_band_too() -> None:
    cells = grids((0, -50, 400, 50), (400, -50, 1200, 50), parent_id=["u0", "u0"])
    long, layers = _city(
        Layers(
            grids=cells,
            units=units((0, -50, 1200, 50)),
            sites=sites((0, 0)),
            buildings=buildings((100, 0), (450, 0), (1100, 0), residents=[10, 20, 70]),
            streets=streets_of([(0, 0), (1200, 0)]),
            levels=("community",),
        )
    )
    # 10 minutes are 667 m: 100 m is sure; 450 m is sure too (562 + 15); 1,100 m is out (825 - 15)
    unit = long[long["subject"] == "unit"].iloc[0]
    band = (unit["residents_share_low"], unit["residents_share"], unit["residents_share_high"])
    assert band == pytest.approx((0.3, 0.3, 0.3))
    demand = grid_demand(layers.grids, layers.buildings)
    total = coverage_summary(long, demand, layers, tiers=TIERS, model="network")["t"]
    assert (total["residents_share_low"], total["residents_share_high"]) == pytest.approx(
        (0.3, 0.3)
    )
    wide = coverage_columns(long, demand, TIERS)
    assert wide["covered_residents_share_t_network_low"].tolist() == pytest.approx([1.0, 2 / 9])
    assert wide["certainty_t_network"].tolist() == ["sure", "sure"]


def test_along_streets_the_lattice_has_a_band() -> None:
    long, _ = _city(
        Layers(
            grids=grids((0, -50, 1200, 50)),
            sites=sites((0, 0)),
            streets=streets_of([(0, 0), (1200, 0)]),
        )
    )
    row = long.iloc[0]
    low, high = row["residents_share_low"], row["residents_share_high"]
    assert low < row["area_share"] < high
    # along the middle: (667 - 15 × …) / 1.25 and (667 + 15) / 0.75, less the way to the street
    assert low == pytest.approx(0.42, abs=0.03)
    assert high == pytest.approx(0.74, abs=0.03)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(0, 40), st.sampled_from(["area", "buildings"]))
def test_the_band_holds_the_share_and_widens_with_uncertainty(
    seed: int, off: float, basis: str
) -> None:
    rng = np.random.default_rng(seed)
    cells = grids(*[(100 * i, 0, 100 * i + 100, 100) for i in range(3)])
    homes = None
    if basis == "buildings":
        homes = buildings(*[tuple(xy) for xy in rng.uniform(0, [300, 100], (20, 2))])
    places = sites(*[tuple(xy) for xy in rng.uniform(-50, [350, 150], (2, 2))])
    demand = grid_demand(cells, homes, has_all_buildings=True)
    bands = []
    for uncertainty in (off, 2 * off):
        rules = CoverageRules(place_uncertainty_m=uncertainty)
        long = radius_coverage(cells, places, demand, tiers=TIERS, rules=rules)
        by_basis = long["area_share"].where(long["demand_basis"] == "area", long["residents_share"])
        low, high = long["residents_share_low"], long["residents_share_high"]
        assert (low <= by_basis).all()
        assert (by_basis <= high).all()
        bands.append((low, high))
    assert (bands[1][0] <= bands[0][0] + 1e-9).all()
    assert (bands[1][1] >= bands[0][1] - 1e-9).all()


def test_an_audit_writes_the_band(tmp_path: Path) -> None:
    layers: dict[str, gpd.GeoDataFrame] = {
        "grids": grids((0, -10, 200, 10)),
        "sites": sites((0, 0)),
        "buildings": buildings(*RANGE, residents=[10, 20, 30, 40]),
    }
    audit = audited(
        tmp_path,
        tail="[tiers.t]\nminutes = 2\ndistance_m = 100\n[thresholds]\nplace_uncertainty_m = 10",
        **layers,
    )
    row = audit.grids.iloc[0]
    assert row["covered_residents_share_t_low"] == pytest.approx(0.1)
    assert row["covered_residents_share_t_high"] == pytest.approx(0.6)
    assert row["certainty_t"] == "sure"
    assert audit.coverage_summary["t"]["residents_share_high"] == pytest.approx(0.6)
