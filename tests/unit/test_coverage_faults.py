"""C501, C502, C503, C505: who is reported, with which measure, limit and sentence."""

import pandas as pd
import pytest

from geo.coverage import CoverageRules, find_coverage_faults, grid_demand, grid_totals
from geo.coverage import radius_coverage as cover
from geo.findings import Report, rules
from geo.standards import Tier
from tests.builders import buildings, grids, sites
from tests.coverage_cases import tier

RULES = CoverageRules()


def _sentence(row: pd.Series, tiers: dict[str, Tier], language: str) -> str:
    fields = {
        **row["details"],
        "grids": "、".join(row["grid_ids"]),
        "tier": tiers[row["tier"]].title[language],
        "measure": row["measure"],
        "limit": row["limit"],
        "category": row["category"],
    }
    return rules()[row["rule"]].message[language].format_map(fields)


# g0 holds the site, g1 is thin (40 of 100 residents), g2 blank, g3 a dedicated grid that is blank
def _report(tiers: dict[str, Tier], **columns: list[str]) -> Report:
    cells = grids(
        (0, 0, 100, 100),
        (100, 0, 300, 100),
        (300, 0, 400, 100),
        (390, 0, 400, 10),
        kind=["base", "base", "base", "dedicated"],
    )
    homes = buildings((50, 50), (110, 50), (290, 50), (395, 5), residents=[9, 40, 60, 7])
    demand = grid_demand(cells, homes)
    places = sites((50, 50), **columns)
    long = cover(cells, places, demand, tiers=tiers, rules=RULES)
    people = grid_totals(cells, demand)
    return find_coverage_faults(long, cells, tiers=tiers, rules=RULES, people=people)


def test_blank_and_thin_base_grids_are_reported() -> None:
    tiers = {"t": tier("t", metres=100)}
    found = _report(tiers).findings.set_index("rule")
    assert found["grid_ids"].to_dict() == {"C502": ("g1",), "C501": ("g2",)}
    assert found.loc["C501", ["measure", "limit"]].tolist() == [0.0, 0.0]
    assert found.loc["C502", ["measure", "limit"]].tolist() == [0.4, 0.9]
    assert found.loc["C502", "residents"] == 60  # those who are not served
    assert found[["layer", "tier", "model"]].drop_duplicates().to_numpy().tolist() == [
        ["grids", "t", "radius"]
    ]
    assert found["category"].isna().all()
    assert found.geometry["C501"].bounds == (300, 0, 400, 100)


def test_sentences_say_what_where_how_much_against_which_limit() -> None:
    tiers = {"t": tier("t", metres=100)}
    rows = _report(tiers).findings.set_index("rule", drop=False)
    assert _sentence(rows.loc["C501"], tiers, "zh") == (
        "网格 g2 不在任何站点的t圈（100 米）之内，到最近一处站点的直线距离平均 348 米。"
    )
    assert _sentence(rows.loc["C502"], tiers, "en") == (
        "Grid g1: the tier “circle t” (100 m) serves only 40.0% of its residents, below 90%; "
        "the nearest site is 168 m away in a straight line, on average."
    )
    assert "按常住人口只覆盖 40.0%" in _sentence(rows.loc["C502"], tiers, "zh")


def test_a_tier_without_any_site_says_so() -> None:
    tiers = {"t": tier("t", metres=100, categories=("x",))}
    found = _report(tiers, category=["a"]).findings
    assert found["rule"].tolist() == ["C501"] * 3
    assert "there is no site that counts at all" in _sentence(found.iloc[0], tiers, "en")


def test_crowded_is_reported_with_its_count_and_limit() -> None:
    cells = grids(*((1000 * i, 0, 1000 * i + 10, 10) for i in range(5)))
    places = sites(*((1000 * i + 5, 5) for i in range(5)), (4, 4), (5, 4), (6, 4))
    tiers = {"t": tier("t", metres=100)}
    long = cover(cells, places, grid_demand(cells, None), tiers=tiers, rules=RULES)
    (row,) = find_coverage_faults(long, cells, tiers=tiers, rules=RULES).findings.itertuples()
    assert (row.rule, row.grid_ids, row.measure, row.limit) == ("C503", ("g0",), 4.0, 3.0)
    assert "served by 4 sites" in _sentence(pd.Series(row._asdict()), tiers, "en")


def test_a_category_that_is_out_of_reach_is_missing_unless_the_tier_is_blank() -> None:
    tiers = {"t": tier("t", metres=100, categories=("a", "b"))}
    report = _report(tiers, category=["a"])
    missing = report.findings[report.findings["rule"] == "C505"]
    assert missing["grid_ids"].tolist() == [("g0",), ("g1",)]
    assert missing["category"].tolist() == ["b", "b"]
    assert "没有“b”类站点" in _sentence(missing.iloc[0], tiers, "zh")
    assert dict(report.skipped) == {"C507": "coverage.no_network"}


def test_without_categories_c505_is_skipped_with_a_reason() -> None:
    report = _report({"t": tier("t", metres=100)})
    assert dict(report.skipped) == {
        "C505": "coverage.no_categories",
        "C507": "coverage.no_network",
    }


def test_counts_tell_how_many_were_judged() -> None:
    cells = grids((0, 0, 10, 10), (20, 0, 30, 10))
    demand = grid_demand(cells, buildings((5, 5)), has_all_buildings=True)
    tiers = {"t": tier("t", metres=100)}
    long = cover(cells, sites((5, 5)), demand, tiers=tiers, rules=RULES)
    report = find_coverage_faults(long, cells, tiers=tiers, rules=RULES)
    assert report.ok
    assert dict(report.counts) == {"n_judged": 2, "n_unknown": 0, "n_crowded_by_need": 0}
    assert report.thresholds["thin_below_share"] == pytest.approx(0.9)
