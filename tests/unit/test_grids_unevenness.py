"""S405: communities of one street that differ too much in size."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.findings import Report
from geo.grids.unevenness import UnevennessRules, find_uneven_communities, gini, unevenness
from geo.standards import load_standard, with_overrides
from tests.audited import audited
from tests.builders import grids, units

_RULES = UnevennessRules(
    max_ratio=3.0, max_cv=0.5, max_gini=0.3, max_outside_band_share=0.25, band_share=0.5
)


def town(sizes: list[float], streets: list[str] | None = None) -> tuple[object, object, pd.Series]:
    """One base grid a community, communities u0, u1, … in a row; streets s, t above them."""
    n = len(sizes)
    boxes = [(100 * i, 0, 100 * i + 100, 100) for i in range(n)]
    layer = grids(*boxes, parent_id=[f"u{i}" for i in range(n)], name=[f"格{i}" for i in range(n)])
    above = units(
        *boxes,
        (0, 0, 100 * n, 100),
        (0, 0, 100 * n, 100),
        level=["community"] * n + ["street"] * 2,
        parent_id=[*(streets or ["s"] * n), None, None],
    )
    above = above.set_axis([*above.index[:n], "s", "t"]).rename_axis("unit_id")
    return layer, above, pd.Series(sizes, index=layer.index, dtype=float)


def judged(sizes: list[float], streets: list[str] | None = None, **limits: float) -> Report:
    layer, above, people = town(sizes, streets)
    rules = UnevennessRules(**{**{n: getattr(_RULES, n) for n in _RULES.__slots__}, **limits})
    return find_uneven_communities(layer, above, households=people, residents=None, rules=rules)


def test_the_four_measures_of_three_communities() -> None:
    # 100, 200, 600: mean 300, deviations -200, -100, 300; median 200, band 100 to 300
    found = unevenness(pd.Series([100.0, 200.0, 600.0]), band_share=0.5)
    assert found["max_min_ratio"] == 6
    assert found["cv"] == pytest.approx(np.sqrt((40_000 + 10_000 + 90_000) / 3) / 300)
    # pairs differ by 100, 500, 400: mean of all nine 2000/9, half of it over 300
    assert found["gini"] == pytest.approx(2000 / 9 / 2 / 300)
    assert found["outside_band_share"] == pytest.approx(1 / 3)
    assert found["n_units"] == 3


def test_the_measure_exceeded_most_is_the_one_that_is_told() -> None:
    (row,) = judged([1000, 2000, 9000]).findings.itertuples()
    assert (row.rule, row.layer, row.unit_ids, row.grid_ids) == ("S405", "units", ("s",), ())
    assert (row.measure, row.limit) == (9.0, 3.0)
    assert row.households == 12_000
    assert row.details["largest"] == "u2"
    assert row.geometry.bounds == (0, 0, 300, 100)


def test_equal_to_a_limit_is_within_it() -> None:
    even = {"max_cv": 9.0, "max_gini": 9.0, "max_outside_band_share": 1.0}
    assert judged([1000, 3000], **even).ok
    assert not judged([1000, 3001], **even).ok
    assert judged([1000, 1500, 500, 1000]).ok  # the ends of the band are inside it


def test_another_measure_alone_can_make_the_finding() -> None:
    # 1 : 1 : 1 : 2.5 is within 3, but one in four lies outside 0.5 to 1.5: more than 20 %
    (row,) = judged([10, 10, 10, 25], max_outside_band_share=0.2).findings.itertuples()
    assert row.measure == 0.25
    assert row.details["index_en"] == "share outside the band round the median"


def test_streets_are_judged_by_themselves() -> None:
    report = judged([100, 110, 900, 1000], ["s", "s", "t", "t"])
    assert report.ok
    assert report.counts == {"n_communities": 4, "n_groups": 2}
    assert len(judged([100, 110, 900, 1000]).findings) == 1


def test_communities_with_nobody_or_unknown_are_left_out() -> None:
    assert judged([1000, 0, 1100]).ok
    assert judged([1000, np.nan, 1100]).counts["n_communities"] == 2


def test_a_community_with_one_grid_unknown_is_not_judged_by_the_others() -> None:
    layer, above, people = town([1000, 1100, 100, 1000])
    layer = layer.assign(parent_id=["u0", "u1", "u2", "u2"])  # type: ignore[attr-defined]
    people.iloc[3] = np.nan
    report = find_uneven_communities(layer, above, households=people, residents=None, rules=_RULES)
    assert report.ok
    assert report.counts["n_communities"] == 2


def test_dedicated_grids_are_not_counted() -> None:
    layer, above, people = town([1000, 1000, 5000])
    layer = layer.assign(kind=["base", "base", "dedicated"])  # type: ignore[attr-defined]
    assert find_uneven_communities(layer, above, households=people, residents=None, rules=_RULES).ok


def test_without_units_above_all_communities_of_a_level_are_compared() -> None:
    layer, above, people = town([1000, 5000])
    above = above.drop(columns="parent_id")  # type: ignore[attr-defined]
    (row,) = find_uneven_communities(
        layer, above, households=None, residents=people, rules=_RULES
    ).findings.itertuples()
    assert row.unit_ids == ()
    assert row.residents == 6000


def test_without_people_the_rule_is_skipped() -> None:
    layer, above, _ = town([1, 1])
    report = find_uneven_communities(layer, above, households=None, residents=None, rules=_RULES)
    assert set(report.skipped) == {"S405"}


def test_a_project_may_set_the_limits() -> None:
    standard = with_overrides(load_standard(), tiers={}, thresholds={"max_uneven_ratio": 2})
    assert UnevennessRules.from_standard(standard).max_ratio == 2


@given(st.lists(st.integers(1, 10_000), min_size=2, max_size=30))
def test_gini_is_half_the_mean_difference_over_the_mean(values: list[int]) -> None:
    x = np.array(values, dtype=float)
    plain = np.abs(x[:, None] - x[None, :]).mean() / 2 / x.mean()
    assert gini(x) == pytest.approx(plain, abs=1e-12)
    assert gini(x[::-1] * 7) == pytest.approx(plain, abs=1e-12)


def test_the_sentence_of_an_audit_names_street_and_communities(tmp_path: Path) -> None:
    layer, above, people = town([300, 1500])
    layer = layer.assign(households=people)  # type: ignore[attr-defined]
    above = above.assign(name=["甲", "乙", "东街", "西街"])  # type: ignore[attr-defined]
    audit = audited(tmp_path, grids=layer, units=above)
    (row,) = audit.findings[audit.findings["rule"] == "S405"].to_dict("records")
    assert "东街（s）的 2 个社区规模悬殊" in row["message_zh"]
    assert "最大 乙（u1） 1,500 户" in row["message_zh"]
    assert "ratio 5.00" in row["message_en"]
    assert row["households"] == 1800
