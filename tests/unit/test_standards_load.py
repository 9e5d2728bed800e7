"""The shipped standards and a project's overrides."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import StandardError
from geo.findings import rules
from geo.standards import (
    CONFIDENCES,
    Standard,
    describe,
    from_record,
    load_standard,
    shipped_standards,
    standard_rows,
    to_record,
    with_overrides,
)
from geo.words import source_in

TIERS = {  # contract.md: id, minutes, metres; what is not there is ours
    "gb50180-2018": [("walk_5", 5, 300), ("walk_10", 10, 500), ("walk_15", 15, 1000)],
    "tdt1062-2021": [("walk_5", 5, 333), ("walk_10", 10, 667), ("walk_15", 15, 1000)],
    "complete-community-2021": [("walk_5", 5, 333), ("walk_10", 10, 667)],
    "convenience-15": [("convenience_15", 15, 1000)],
    "grid-size": [],
    "neijiang": [("service_15", 15, 1000)],
    "huantai": [("party_10", 10, 667)],
    "lusong": [("party_5", 5, 333), ("public_15", 15, 1000)],
    "yuxi": [("service_15", 15, 1000)],
}
ORPHAN_TIERS = {
    "gb50180-2018": "walk_15",
    "tdt1062-2021": "walk_15",
    "complete-community-2021": "walk_10",
    "convenience-15": "convenience_15",
    "grid-size": None,
    "neijiang": "service_15",
    "huantai": "party_10",
    "lusong": "public_15",
    "yuxi": "service_15",
}
THRESHOLDS = {
    "noise_width_m": 0.05,
    "sliver_width_m": 1,
    "max_snap_m": 100,
    "thin_below_share": 0.9,
    "crowded_quotient": 3,
    "crowded_need_quotient": 2,
    "lattice_m": 25,
    "min_households": 300,
    "max_households": 500,
    "min_compactness": 0.15,
    "min_reock": 0,
    "dedicated_carved": 0,
    "unit_tiling": 0,
    "max_uneven_ratio": 3,
    "max_uneven_cv": 0.5,
    "max_uneven_gini": 0.3,
    "uneven_band_share": 0.5,
    "max_outside_band_share": 0.25,
    "border_tolerance_m": 10,
}

CITY = """
name = "my-city"
kind = "profile"
title = { zh = "本市", en = "My city" }
source = "本市文件"
[tiers.near]
title = { zh = "就近", en = "Near" }
minutes = { value = 8, unit = "minutes", source = "本市文件", confidence = "published" }
[thresholds]
max_households = { value = 400, unit = "households", source = "本市文件", confidence = "published" }
"""


def _tiers(standard: Standard) -> list[tuple[str, float, float]]:
    return [(t.tier_id, t.minutes, t.distance_m) for t in standard.tiers.values()]


def test_the_shipped_names_are_those_of_the_contract() -> None:
    assert set(shipped_standards()) == set(TIERS)
    assert shipped_standards()[0] == "gb50180-2018"


@pytest.mark.parametrize("name", TIERS)
def test_tiers_minutes_and_metres_are_those_of_the_contract(name: str) -> None:
    standard = load_standard([name])
    assert _tiers(standard) == TIERS[name]
    assert standard.orphan_tier == ORPHAN_TIERS[name]
    assert THRESHOLDS.items() <= {key: x.value for key, x in standard.thresholds.items()}.items()


@pytest.mark.parametrize("name", TIERS)
def test_every_number_says_where_it_comes_from_in_both_languages(name: str) -> None:
    standard = load_standard([name])
    for language in ("zh", "en"):
        assert len(describe(standard, language)) == len(standard_rows(standard, language))
        for row in standard_rows(standard, language):
            assert row.source
            assert row.title
            assert row.confidence in CONFIDENCES
            assert row.confidence_title


@pytest.mark.parametrize("name", shipped_standards())
def test_every_source_is_told_in_english_too(name: str) -> None:
    said = [row.source for row in standard_rows(load_standard(name), "en")]
    said += [source_in(rule.source, "en") for rule in rules().values()]
    assert [source for source in said if re.search("[\u3000-\uffef]", source)] == []
    assert source_in("某市文件（2026）", "en") == "某市文件（2026）"


def test_a_description_is_text_in_columns() -> None:
    first = describe(load_standard(), "en")[1]
    assert first["Name"] == "walk_5.distance_m"
    assert (first["Value"], first["Unit"], first["Confidence"]) == ("300", "m", "secondary")
    assert describe(load_standard(), "zh")[1]["可信度"] == "转引"


def test_metres_that_nobody_published_are_marked_as_ours() -> None:
    tier = load_standard(["huantai"]).tiers["party_10"]
    assert (tier.confidence, tier.distance_confidence) == ("published", "ours")
    tier = load_standard(["gb50180-2018"]).tiers["walk_15"]
    assert (tier.confidence, tier.distance_confidence) == ("secondary", "secondary")


def test_no_name_means_the_default_and_a_later_one_overrides() -> None:
    assert load_standard([]).names == ("gb50180-2018",)
    both = load_standard(["lusong", "gb50180-2018"])
    assert both.names == ("lusong", "gb50180-2018")
    assert both.kind == "merged"
    assert both.orphan_tier == "walk_15"
    assert list(both.tiers) == ["party_5", "walk_5", "walk_10", "public_15", "walk_15"]
    assert both.levels == ("区", "街道", "社区", "小区网格")


def test_a_path_over_a_shipped_standard(tmp_path: Path) -> None:
    path = tmp_path / "city.toml"
    path.write_text(CITY, encoding="utf-8-sig")  # with a byte order mark, as Notepad saves
    for given_path in (path, str(path)):
        standard = load_standard(["gb50180-2018", given_path])
        assert standard.tiers["near"].distance_m == 533
        assert standard.orphan_tier == "near"
        assert standard.limit("max_households") == 400
        assert standard.limit("min_households") == 300
        assert standard.thresholds["max_households"].title["en"] == "Most households of a grid"


def test_an_unknown_standard_names_the_known_ones_and_the_nearest() -> None:
    with pytest.raises(StandardError, match=r"named gb50180 \(gb50180-2018\?\); known: gb50180"):
        load_standard(["gb50180"])
    with pytest.raises(StandardError, match="no standard named defaults"):
        load_standard(["defaults"])


def test_a_file_that_is_not_there_or_no_toml(tmp_path: Path) -> None:
    with pytest.raises(StandardError, match=r"none\.toml is not there"):
        load_standard([tmp_path / "none.toml"])
    path = tmp_path / "bad.toml"
    path.write_bytes("title = '口径'".encode("gb18030"))
    with pytest.raises(StandardError, match=r"bad\.toml is not valid UTF-8 TOML"):
        load_standard([path])


def test_every_fault_of_a_file_is_named_at_once_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "city.toml"
    broken = (
        CITY.replace("value = 8", "value = -8")
        .replace("max_households =", "max_housholds =")
        .replace('kind = "profile"', 'kind = "profile"\ncolour = 3')
    )
    path.write_text(broken, encoding="utf-8")
    with pytest.raises(StandardError) as caught:
        load_standard([path])
    message = str(caught.value)
    assert "3 fault(s)" in message
    assert "tiers.near.minutes.value: -8" in message
    assert "'colour' was unexpected" in message
    assert "thresholds.max_housholds: no such threshold (max_households?)" in message


def test_several_tiers_must_say_which_makes_orphans(tmp_path: Path) -> None:
    path = tmp_path / "city.toml"
    second = CITY.split("[thresholds]", maxsplit=1)[0].split("[tiers.near]")[1]
    path.write_text(CITY + "[tiers.far]" + second, encoding="utf-8")
    with pytest.raises(StandardError, match="orphan_tier: required with several tiers"):
        load_standard([path])


def test_a_project_overrides_tiers_and_thresholds() -> None:
    base = load_standard(["gb50180-2018"])
    changed = with_overrides(
        base,
        tiers={
            "walk_15": {"categories": ["elderly"]},
            "walk_10": {"minutes": 12},
            "bike": {"minutes": 7, "distance_m": 1500, "mode": "bicycle", "title": "骑行"},
        },
        thresholds={"max_snap_m": 150},
    )
    assert changed.tiers["walk_15"].categories == ("elderly",)
    assert changed.tiers["walk_15"].distance_m == 1000
    assert (changed.tiers["walk_10"].minutes, changed.tiers["walk_10"].distance_m) == (12, 800)
    assert changed.tiers["bike"].title == {"zh": "骑行", "en": "骑行"}
    assert list(changed.tiers) == ["walk_5", "bike", "walk_10", "walk_15"]
    assert changed.limit("max_snap_m") == 150
    assert changed.thresholds["max_snap_m"].source.startswith("项目文件")
    assert base.limit("max_snap_m") == 100
    assert base.tiers["walk_15"].categories is None


def test_a_first_tier_of_a_project_makes_orphans() -> None:
    base = load_standard(["grid-size"])
    changed = with_overrides(base, tiers={"near": {"minutes": 6}}, thresholds={})
    assert changed.orphan_tier == "near"
    assert changed.tiers["near"].distance_m == 400


@pytest.mark.parametrize(
    ("tiers", "thresholds", "words"),
    [
        ({}, {"max_snap": 1}, r"named max_snap \(max_snap_m\?\); known: noise_width_m"),
        ({}, {"max_snap_m": -1}, "max_snap_m must be a number of at least 0, got -1"),
        ({}, {"max_snap_m": float("nan")}, "got nan"),
        ({}, {"max_snap_m": True}, "got True"),
        ({}, {"max_snap_m": "far"}, "got 'far'"),
        ({}, {"noise_width_m": 2}, "noise_width_m = 2 is above sliver_width_m = 1"),
        ({"near": {"distance_m": 5}}, {}, "no tier near .*walk_15.* must give minutes"),
        ({"walk_5": {"minute": 5}}, {}, r"no setting named minute \(minutes\?\)"),
        ({"walk_5": {"minutes": 0}}, {}, "tiers.walk_5.minutes = 0 is not valid; expected > 0"),
        ({"walk_5": {"categories": "elderly"}}, {}, "tiers.walk_5.categories = 'elderly'"),
        ({"walk_5": {"categories": []}}, {}, r"tiers.walk_5.categories = \[\]"),
        ({"walk_5": {"mode": "swim"}}, {}, r"expected walk \| elder"),
    ],
)
def test_a_wrong_override_is_named(tiers: dict, thresholds: dict, words: str) -> None:
    with pytest.raises(StandardError, match=words) as caught:
        with_overrides(load_standard(), tiers=tiers, thresholds=thresholds)
    assert caught.value.text("zh")


@given(st.lists(st.sampled_from(shipped_standards()), min_size=1, max_size=4))
def test_a_record_gives_the_standard_back(names: list[str]) -> None:
    standard = load_standard(names)
    again = from_record(to_record(standard))
    assert again == standard
    assert set(again.thresholds) >= set(THRESHOLDS)
    assert again.orphan_tier is None or again.orphan_tier in again.tiers
