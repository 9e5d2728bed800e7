"""Circles by radius: shares, counts and distances with values known from geometry."""

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.coverage import CoverageRules, circles, grid_demand, radius_coverage
from geo.errors import LayerError
from tests.builders import buildings, grids, sites
from tests.coverage_cases import tier

RULES = CoverageRules()


def _cover(
    cells: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
    homes: gpd.GeoDataFrame | None = None,
    *,
    metres: float = 100.0,
) -> pd.DataFrame:
    tiers = {"t": tier("t", minutes=10, metres=metres)}
    demand = grid_demand(cells, homes)
    return radius_coverage(cells, places, demand, tiers=tiers, rules=RULES).set_index("id")


def test_point_exactly_at_the_limit_is_inside() -> None:
    # 3-4-5 triangles: b0 at exactly 100 m, b1 a millimetre further
    homes = buildings((60, 80), (60.0006, 80.0008))
    row = _cover(grids((0, 0, 200, 200)), sites((0, 0)), homes).loc["g0"]
    assert row["residents_share"] == 0.5
    assert row["n_sites"] == 1
    assert row["nearest_m"] == pytest.approx(100.0005)
    assert row["nearest_minutes"] == pytest.approx(10.00005)
    assert row["class"] == "thin"


def test_shares_follow_the_weights() -> None:
    homes = buildings((10, 0), (150, 0), residents=[30, 10], households=[1, 9])
    row = _cover(grids((0, -50, 200, 50)), sites((0, 0)), homes).loc["g0"]
    assert row["residents_share"] == 0.75
    assert row["households_share"] == 0.1
    assert row["nearest_m"] == pytest.approx((30 * 10 + 10 * 150) / 40)
    assert row["demand_basis"] == "residents"


def test_a_site_counts_once_however_many_homes_it_serves() -> None:
    homes = buildings((10, 0), (20, 0), (190, 0))
    cover = _cover(grids((0, -50, 200, 50)), sites((0, 0), (0, 0), (5, 5), (95, 95)), homes)
    assert cover.loc["g0", "n_sites"] == 3  # (95, 95) is 134 m from (190, 0) and 120 m from (20, 0)
    assert cover.loc["g0", "residents_share"] == pytest.approx(2 / 3)


def test_circle_inside_a_grid_has_the_area_of_a_circle() -> None:
    row = _cover(grids((-500, -500, 500, 500)), sites((0, 0))).loc["g0"]
    assert row["area_share"] == pytest.approx(math.pi * 100**2 / 1e6, rel=1e-12)
    assert np.isnan(row["residents_share"])
    assert row["demand_basis"] == "area"


def test_half_circle_and_lens() -> None:
    half = _cover(grids((0, -500, 500, 500)), sites((0, 0))).loc["g0"]
    assert half["area_share"] == pytest.approx(math.pi * 100**2 / 2 / 5e5, rel=1e-4)
    # two circles 100 m apart: 2πr² less the lens r²(2π/3 - √3/2)
    both = _cover(grids((-500, -500, 500, 500)), sites((0, 0), (100, 0))).loc["g0"]
    area = 2 * math.pi * 100**2 - 100**2 * (2 * math.pi / 3 - math.sqrt(3) / 2)
    assert both["area_share"] == pytest.approx(area / 1e6, rel=1e-4)
    assert both["n_sites"] == 2


def test_wholly_inside_is_exactly_1_and_outside_exactly_0() -> None:
    #  g0 is inside (its far corner at exactly 100 m), g1 touches the circle, g2 lies 1 mm beyond
    cells = grids((0, 0, 60, 80), (100, -10, 120, 10), (100.001, -10, 120, 10))
    cover = _cover(cells, sites((0, 0)))
    assert cover["area_share"].tolist() == [1.0, 0.0, 0.0]
    assert cover["n_sites"].tolist() == [1, 1, 0]
    assert cover["class"].tolist() == ["adequate", "blank", "blank"]


def test_one_grid_under_many_circles_equals_their_union() -> None:
    rng = np.random.default_rng(3)
    places = sites(*rng.uniform(0, 3000, (200, 2)).tolist())
    cells = grids((0, 0, 3000, 3000), (1000, 1000, 1400, 1300))
    union = shapely.union_all(shapely.buffer(places.geometry.array, 100, quad_segs=256))
    expected = shapely.area(shapely.intersection(cells.geometry.array, union)) / cells.area
    found = _cover(cells, places)["area_share"]
    assert found.to_numpy() == pytest.approx(expected.to_numpy(), abs=2e-5)


def test_nearest_of_an_area_is_the_mean_over_the_lattice() -> None:
    cover = _cover(grids((0, 0, 50, 50)), sites((12.5, 12.5)))
    expected = (0 + 25 + 25 + math.hypot(25, 25)) / 4
    assert cover.loc["g0", "nearest_m"] == pytest.approx(expected)
    assert cover.loc["g0", "nearest_minutes"] == pytest.approx(expected / 10)


def test_no_site_leaves_every_grid_blank() -> None:
    for homes in (None, buildings((5, 5))):
        row = _cover(grids((0, 0, 10, 10)), sites(), homes).loc["g0"]
        assert (row["n_sites"], row["area_share"], row["class"]) == (0, 0.0, "blank")
        assert np.isnan(row["nearest_m"])


def test_no_layer_of_sites_and_no_tier_give_no_rows() -> None:
    cells = grids((0, 0, 10, 10))
    demand = grid_demand(cells, None)
    assert radius_coverage(cells, None, demand, tiers={"t": tier("t")}, rules=RULES).empty
    assert radius_coverage(cells, sites((0, 0)), demand, tiers={}, rules=RULES).empty


def test_a_grid_known_to_be_empty_is_judged_by_its_area() -> None:
    cells = grids((0, 0, 10, 10), (10, 0, 20, 10))
    demand = grid_demand(cells, buildings((5, 5)), has_all_buildings=True)
    tiers = {"t": tier("t", metres=100)}
    cover = radius_coverage(cells, sites((0, 0)), demand, tiers=tiers, rules=RULES).set_index("id")
    assert cover["class"].tolist() == ["adequate", "adequate"]
    assert cover["area_share"].tolist() == [1.0, 1.0]
    assert cover["n_sites"].tolist() == [1, 1]


def test_only_the_named_categories_count_and_each_has_its_rows() -> None:
    places = sites((0, 0), (0, 0), (500, 0), category=["a", "b", "c"])
    cells = grids((-10, -10, 10, 10))
    tiers = {
        "some": tier("some", metres=100, categories=("a", "c")),
        "none": tier("none", metres=100, categories=("x",)),
        "every": tier("every", metres=100),
    }
    cover = radius_coverage(cells, places, grid_demand(cells, None), tiers=tiers, rules=RULES)
    assert cover[["tier", "category", "n_sites", "class"]].to_numpy().tolist() == [
        ["some", "all", 1, "adequate"],
        ["some", "a", 1, "adequate"],
        ["some", "c", 0, "blank"],
        ["none", "all", 0, "blank"],
        ["none", "x", 0, "blank"],
        ["every", "all", 2, "adequate"],
    ]


def test_categories_without_such_a_column_are_refused() -> None:
    cells = grids((0, 0, 10, 10))
    tiers = {"t": tier("t", categories=("a",))}
    with pytest.raises(LayerError, match="sites lacks the columns category"):
        radius_coverage(cells, sites((0, 0)), grid_demand(cells, None), tiers=tiers, rules=RULES)


def test_circles_to_draw_have_the_true_radius() -> None:
    places = sites((0, 0), (9, 9), category=["a", "b"])
    drawn = circles(
        places,
        tiers={"x": tier("x", minutes=5, metres=300, categories=("b",)), "y": tier("y", metres=50)},
    )
    assert drawn[["site_id", "tier", "model", "minutes", "distance_m"]].to_numpy().tolist() == [
        ["s1", "x", "radius", 5.0, 300.0],
        ["s0", "y", "radius", 10.0, 50.0],
        ["s1", "y", "radius", 10.0, 50.0],
    ]
    ring = shapely.get_coordinates(drawn.geometry[1])
    assert np.hypot(*ring.T) == pytest.approx(50.0)
    assert drawn.crs == places.crs


def test_no_layer_of_sites_draws_no_circles() -> None:
    drawn = circles(None, tiers={"t": tier("t")}, crs=sites((0, 0)).crs)
    assert len(drawn) == 0
    assert drawn.crs.to_epsg() == 32650


_PLACE = st.tuples(st.integers(-300, 300), st.integers(-300, 300))


@st.composite
def _cases(
    draw: st.DrawFn,
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame | None]:
    cells = grids((-200, -200, 0, 0), (0, -200, 200, 0), (-200, 0, 200, 150), (-30, -30, 30, 30))
    places = sites(*draw(st.lists(_PLACE, min_size=1, max_size=6)))
    homes = None
    if draw(st.booleans()):
        inside = draw(st.lists(_PLACE, max_size=8))
        homes = buildings((-100, -100), (100, -100), (0, 75), (5, 5), *inside)
        homes["residents"] = draw(
            st.lists(st.integers(0, 9), min_size=len(homes), max_size=len(homes))
        )
    return cells, places, homes


_SHARES = ["area_share", "residents_share"]


@settings(max_examples=40, deadline=None)
@given(_cases(), _PLACE)
def test_adding_a_site_never_lowers_a_share_or_a_count(
    case: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame | None],
    place: tuple[int, int],
) -> None:
    cells, places, homes = case
    xy = shapely.get_coordinates(places.geometry.array).tolist()
    fewer = _cover(cells, places, homes)
    more = _cover(cells, sites(*xy, place), homes)
    assert (more[_SHARES].fillna(0) >= fewer[_SHARES].fillna(0) - 1e-9).all(axis=None)
    assert (more["n_sites"] >= fewer["n_sites"]).all()
    assert (more["nearest_m"] <= fewer["nearest_m"] + 1e-9).all()


@settings(max_examples=40, deadline=None)
@given(_cases(), st.floats(1, 200), st.floats(1, 200))
def test_a_longer_radius_contains_a_shorter_one(
    case: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame | None],
    shorter: float,
    further: float,
) -> None:
    cells, places, homes = case
    near = _cover(cells, places, homes, metres=shorter)
    far = _cover(cells, places, homes, metres=shorter + further)
    assert (far[_SHARES].fillna(0) >= near[_SHARES].fillna(0) - 1e-9).all(axis=None)
    assert (far["n_sites"] >= near["n_sites"]).all()


@settings(max_examples=25, deadline=None)
@given(_cases(), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(
    case: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame | None],
    random: "st.Random",  # type: ignore[name-defined]
) -> None:
    cells, places, homes = case
    expected = _cover(cells, places, homes)

    def shuffled(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        return frame.iloc[random.sample(range(len(frame)), len(frame))]

    found = _cover(shuffled(cells), shuffled(places), None if homes is None else shuffled(homes))
    pd.testing.assert_frame_equal(found.loc[expected.index], expected, rtol=1e-9)
