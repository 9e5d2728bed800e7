"""Services: rows of the long table, what is asked for and missing, what is not recognised."""

import numpy as np
import pandas as pd
import pytest

from geo.coverage import (
    CoverageRules,
    find_coverage_faults,
    grid_demand,
    radius_coverage,
    service_census,
    service_notes,
    unit_coverage,
)
from geo.coverage.services import MAX_GRIDS, asked_of, category_title, service_sets
from geo.layers import Layers
from geo.standards import Tier, with_overrides
from geo.standards import load_standard as standard_of
from tests.builders import grids, sites, units
from tests.coverage_cases import tier

RULES = CoverageRules()
GRIDS = grids((0, 0, 10, 10), (100, 0, 110, 10), parent_id=["u0", "u0"])
# s0 and s1 in g0, s2 in g1, s3 nowhere near
PLACES = ((5, 5), (5, 6), (105, 5), (900, 5))
SERVICES = ["助餐、社保办理", "助餐；修鞋", "elderly", None]


def _tier(*services: str) -> Tier:
    tiers = {"t": {"minutes": 10, "distance_m": 20, "services": list(services)}}
    chosen = tiers if services else {"t": {"minutes": 10, "distance_m": 20}}
    return with_overrides(standard_of(["grid-size"]), tiers=chosen, thresholds={}).tiers["t"]


def _long(tier: Tier, **columns: list[str | None]) -> pd.DataFrame:
    demand = grid_demand(GRIDS, None)
    return radius_coverage(GRIDS, sites(*PLACES, **columns), demand, tiers={"t": tier}, rules=RULES)


def _classes(long: pd.DataFrame) -> dict[str, list[str]]:
    return {str(key): rows["class"].tolist() for key, rows in long.groupby("category", sort=False)}


def test_every_service_that_is_offered_has_rows() -> None:
    assert _classes(_long(_tier(), services=SERVICES)) == {
        "all": ["adequate", "adequate"],
        "service:government": ["adequate", "blank"],
        "service:government.social_insurance": ["adequate", "blank"],
        "service:elderly": ["adequate", "adequate"],
        "service:elderly.canteen": ["adequate", "blank"],
    }


def test_a_tier_that_asks_has_rows_of_what_it_asks_for_only() -> None:
    long = _long(_tier("elderly.canteen", "health"), services=SERVICES)
    assert _classes(long) == {
        "all": ["adequate", "adequate"],
        "service:elderly.canteen": ["adequate", "blank"],
        "service:health": ["blank", "blank"],
    }
    canteen = long[long["category"] == "service:elderly.canteen"].set_index("id")
    assert canteen["n_sites"].to_dict() == {"g0": 2, "g1": 0}


def test_services_count_at_the_sites_that_count() -> None:
    only_b = tier("t", metres=20, categories=("b",))
    places = sites(*PLACES, services=SERVICES, category=["a", "b", "b", "b"])
    sets = service_sets(only_b, places, (places["category"] == "b").to_numpy())
    assert sets["service:elderly.canteen"].tolist() == [False, True, False, False]


def test_without_the_column_there_are_no_rows() -> None:
    assert list(_classes(_long(_tier("elderly")))) == ["all"]


def test_c505_is_told_for_what_is_asked_for() -> None:
    asking = _tier("elderly.canteen", "health")
    long = _long(asking, services=SERVICES)
    report = find_coverage_faults(long, GRIDS, tiers={"t": asking}, rules=RULES)
    assert report.findings[["rule", "grid_ids", "category"]].to_numpy().tolist() == [
        ["C505", ("g1",), "service:elderly.canteen"],
        ["C505", ("g0",), "service:health"],
        ["C505", ("g1",), "service:health"],
    ]
    details = report.findings["details"].iloc[0]
    assert details["what_zh"] == "提供“助餐”的站点"
    assert details["what_en"] == "that offers “meals for the elderly”"
    assert details["confidence"] == "ours"  # which services there are is our list
    assert "C505" not in report.skipped


def test_what_is_offered_and_not_asked_for_is_never_missing() -> None:
    offering = _tier()
    long = _long(offering, services=SERVICES)
    report = find_coverage_faults(long, GRIDS, tiers={"t": offering}, rules=RULES)
    assert report.ok
    assert report.skipped["C505"] == "coverage.no_categories"


def test_c505_is_skipped_where_the_sites_do_not_say() -> None:
    asking = _tier("elderly")
    report = find_coverage_faults(_long(asking), GRIDS, tiers={"t": asking}, rules=RULES)
    assert report.ok
    assert report.skipped["C505"] == "coverage.no_services"


def test_units_have_a_class_for_each_service() -> None:
    layers = Layers(
        grids=GRIDS,
        sites=sites(*PLACES, services=SERVICES),
        units=units((0, 0, 200, 10)),
        levels=("community",),
    )
    demand, tiers = grid_demand(GRIDS, None), {"t": _tier()}
    long = radius_coverage(GRIDS, layers.sites, demand, tiers=tiers, rules=RULES)
    by_unit = unit_coverage(long, layers, demand, tiers=tiers, rules=RULES)
    assert by_unit.set_index("category")["class"].to_dict() == {
        "all": "adequate",
        "service:government": "thin",
        "service:government.social_insurance": "thin",
        "service:elderly": "adequate",
        "service:elderly.canteen": "thin",
    }


def test_the_census_counts_sites_and_keeps_what_it_does_not_know() -> None:
    census = service_census(sites(*PLACES, services=SERVICES))
    assert census is not None
    assert dict(census.offered) == {
        "government": 1,
        "government.social_insurance": 1,
        "elderly": 3,
        "elderly.canteen": 2,
    }
    assert dict(census.unknown) == {"修鞋": 1}
    (note,) = service_notes(census, {})
    assert note["zh"] == "站点的服务事项中有 1 种不在目录（8 类 53 项）中，未计入：修鞋"


def test_a_large_city_is_judged_by_classes_unless_it_asks() -> None:
    places, all_of_them = sites(*PLACES, services=SERVICES), np.ones(4, dtype=bool)
    large = MAX_GRIDS + 1
    assert list(service_sets(_tier(), places, all_of_them, n_grids=large)) == [
        "service:government",
        "service:elderly",
    ]
    asked = service_sets(_tier("elderly.canteen"), places, all_of_them, n_grids=large)
    assert list(asked) == ["service:elderly.canteen"]
    tiers = {"t": _tier()}
    note, unknown = service_notes(service_census(places), tiers, n_grids=large)
    assert "more than 3000 grids" in note["en"]
    assert "修鞋" in unknown["en"]
    assert len(service_notes(service_census(places), tiers, n_grids=MAX_GRIDS)) == 1


def test_services_asked_for_in_vain_are_said() -> None:
    assert service_census(sites((0, 0))) is None
    assert service_census(None) is None
    (note,) = service_notes(None, {"t": _tier("elderly")})
    assert "no column services" in note["en"]
    assert service_notes(None, {"t": _tier()}) == ()


@pytest.mark.parametrize(
    ("category", "title"), [("library", "library"), ("service:health.clinic", "primary care")]
)
def test_titles(category: str, title: str) -> None:
    assert category_title(category, "en") == title


def test_what_a_tier_asks_for() -> None:
    assert asked_of(_tier("elderly")) == {"service:elderly"}
    assert asked_of(tier("t", categories=("a",))) == {"a"}
    assert asked_of(tier("t")) == frozenset()
