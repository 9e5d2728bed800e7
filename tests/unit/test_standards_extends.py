"""Standards that build on others, their dates, two side by side, and numbers nobody verified."""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.commands import main
from geo.audit import run_audit
from geo.errors import StandardError
from geo.io import load, read_project
from geo.outputs import summary
from geo.standards import (
    from_record,
    load_standard,
    shipped_standards,
    standard_differences,
    to_record,
    validity_notes,
)
from maps.scene import _header
from tests.builders import grids, sites

HEAD = """name = "our-city"
kind = "profile"
title = { zh = "本市口径", en = "Our city" }
source = "本市文件"
"""
OURS = 'source = "本市文件", confidence = "published"'


def write(folder: Path, text: str, name: str = "city.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_takes_from_below_what_it_does_not_say(tmp_path: Path) -> None:
    text = (
        HEAD.replace("source", 'extends = "gb50180-2018"\nsource')
        + f"[tiers.walk_15]\ndistance_m = {{ value = 800, unit = 'm', {OURS} }}\n"
        + f"[tiers.walk_10]\nminutes = {{ value = 12, unit = 'minutes', {OURS} }}\n"
        + f"[thresholds]\nmax_households = {{ value = 400, unit = 'households', {OURS} }}\n"
    )
    standard = load_standard([write(tmp_path, text)])
    assert standard.names == ("our-city",)
    assert standard.title["en"] == "Our city"
    assert standard.extends == ("gb50180-2018",)
    tiers = {name: (tier.minutes, tier.distance_m) for name, tier in standard.tiers.items()}
    # new minutes never stand beside the old metres
    assert tiers == {"walk_5": (5, 300), "walk_10": (12, 800), "walk_15": (15, 800)}
    assert standard.tiers["walk_15"].confidence == "secondary"
    assert standard.tiers["walk_15"].distance_confidence == "published"
    assert standard.orphan_tier == "walk_15"
    assert standard.limit("max_households") == 400
    assert "facility.kindergarten.radius_m" in standard.figures
    assert [edition.name for edition in standard.editions] == ["gb50180-2018", "our-city"]
    assert standard.valid_from is None
    assert from_record(to_record(standard)) == standard


def test_several_below_a_file_of_a_file_and_what_is_left_out(tmp_path: Path) -> None:
    province = HEAD.replace("our-city", "province").replace(
        "source", 'extends = ["grid-size", "gb50180-2018"]\nwithout = ["tiers.walk_5"]\nsource'
    )
    write(tmp_path, province, "province.toml")
    text = HEAD.replace("source", 'extends = "province.toml"\norphan_tier = "walk_10"\nsource')
    standard = load_standard([write(tmp_path, text)])
    assert list(standard.tiers) == ["walk_10", "walk_15"]
    assert standard.orphan_tier == "walk_10"
    assert standard.extends == ("grid-size", "gb50180-2018", "province")


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ('extends = "gb50180"', r"named gb50180 \(gb50180-2018\?\)"),
        ('extends = "city.toml"', r"extends itself: city\.toml → city\.toml"),
        ('extends = "none.toml"', r"none\.toml is not there"),
        (
            'extends = "gb50180-2018"\nwithout = ["tiers.walk5"]',
            r"without: nothing named tiers.walk5 \(tiers.walk_5\?\)",
        ),
        ("extends = 3", "extends"),
        ('valid_from = "2020-02-30"', "valid_from: there is no day 2020-02-30"),
        (
            'valid_from = "2020-02-03"\nvalid_to = "2020-02-02"',
            "valid_to: 2020-02-02 is before valid_from 2020-02-03",
        ),
        ('extends = "gb50180-2018"\nwithout = ["tiers.walk_15"]', "orphan_tier: required"),
    ],
)
def test_what_is_wrong_with_a_file_that_extends_is_told(
    tmp_path: Path, extra: str, said: str
) -> None:
    with pytest.raises(StandardError, match=said) as caught:
        load_standard([write(tmp_path, HEAD.replace("source", f"{extra}\nsource"))])
    assert caught.value.text("zh")


@pytest.mark.parametrize(
    ("on", "n"), [("2020-01-31", 1), ("2020-02-01", 0), ("2024-12-31", 0), ("2025-01-01", 1)]
)
def test_a_standard_out_of_force_is_told_and_its_own_days_are_within(
    tmp_path: Path, on: str, n: int
) -> None:
    dates = 'valid_from = "2020-02-01"\nvalid_to = "2024-12-31"\nsource'
    path = write(tmp_path, HEAD.replace("source", dates))
    standard = load_standard(["gb50180-2018", path])  # merging keeps the dates of each
    notes = validity_notes(standard, date.fromisoformat(on))
    assert len(notes) == n
    assert all("our-city" in note["zh"] and on in note["en"] for note in notes)


def test_the_shipped_standards_are_in_force() -> None:
    for name in shipped_standards():
        assert validity_notes(load_standard([name]), date(2026, 11, 22)) == ()


def test_two_standards_side_by_side(tmp_path: Path) -> None:
    text = (
        HEAD.replace("source", 'extends = "gb50180-2018"\nsource', 1)
        + f"[tiers.walk_15]\ndistance_m = {{ value = 800, unit = 'm', {OURS} }}\n"
        + f"[figures]\n'x' = {{ value = 'ja', unit = '', {OURS} }}\n"
        + f"[thresholds]\nmin_households = {{ value = 300, unit = 'households', {OURS} }}\n"
    )
    found = standard_differences(load_standard(), load_standard([write(tmp_path, text)]), "en")
    told = [(each.name, each.kind) for each in found]
    assert told == [
        ("walk_15.distance_m", "value"), ("min_households", "source"), ("x", "only_b"),
    ]  # fmt: skip
    assert found[0].a is not None
    assert found[0].b is not None
    assert (found[0].a.value, found[0].b.value) == (1000, 800)


@given(st.sampled_from(shipped_standards()), st.sampled_from(shipped_standards()))
def test_a_comparison_turned_round_tells_the_same(a: str, b: str) -> None:
    forth = standard_differences(load_standard([a]), load_standard([b]), "en")
    back = standard_differences(load_standard([b]), load_standard([a]), "en")
    turned = {"only_a": "only_b", "only_b": "only_a"}
    assert {(x.name, turned.get(x.kind, x.kind)) for x in forth} == {(x.name, x.kind) for x in back}
    assert (len(forth) == 0) == (a == b)


def test_the_command_compares_shows_and_lists(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDCIRCLE_LANG", "en")

    def run(*arguments: str) -> int:
        with pytest.raises(SystemExit) as stop:
            main(["standards", *arguments])
        return int(stop.value.code or 0)

    assert run("--diff", "gb50180-2018", "huantai", "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    names = {each["name"]: each for each in told["differences"]}
    assert names["party_10.minutes"]["kind"] == "only_b"
    assert names["party_10.minutes"]["b"]["value"] == 10
    assert names["walk_5.minutes"]["b"] is None
    assert run("--diff", "lusong", "yuxi") == 0
    assert "public_15" in capsys.readouterr().out
    assert run("gb50180-2018", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["valid_from"] == "2018-12-01"
    assert run("--format", "json") == 0
    assert len(json.loads(capsys.readouterr().out)) == len(shipped_standards())
    assert run("--diff", "gb50180-2018", "nothing") == 2
    assert run("huantai", "--diff", "lusong", "yuxi") == 2


CITY = (
    HEAD
    + """valid_to = "2020-12-31"
[tiers.near]
title = { zh = "就近圈", en = "Near" }
minutes = { value = 1, unit = "minutes", source = "未见原文", confidence = "unverified" }
[thresholds]
max_households = { value = 9, unit = "households", source = "传闻", confidence = "unverified" }
min_households = { value = 2, unit = "households", source = "本市文件", confidence = "published" }
"""
)


def test_an_unverified_number_is_marked_in_every_output_that_used_it(tmp_path: Path) -> None:
    # three squares of 100 m; one site in the first, 67 m reach: the last is blank
    frame = grids((0, 0, 100, 100), (100, 0, 200, 100), (200, 0, 300, 100), households=[1, 5, 99])
    frame.reset_index().to_file(tmp_path / "g.gpkg")
    sites((50, 50)).reset_index().to_file(tmp_path / "s.gpkg")
    write(tmp_path, CITY)
    project = write(
        tmp_path,
        '[project]\nid = "p"\nstandards = ["city.toml"]\n[layers.grids]\npath = "g.gpkg"\n'
        '[layers.sites]\npath = "s.gpkg"\n',
        "p.toml",
    )
    audit = run_audit(load(read_project(project)))
    by_rule = {row.rule: row for row in audit.findings.itertuples()}
    assert (by_rule["S401"].confidence, by_rule["S401"].source) == ("unverified", "传闻")
    assert (by_rule["S402"].confidence, by_rule["S402"].source) == ("published", "本市文件")
    assert by_rule["C501"].confidence == "unverified"
    assert "就近圈（未核实）" in by_rule["C501"].message_zh
    assert "Near (unverified)" in by_rule["C501"].message_en
    assert _header(audit)["tiers"][0]["title"]["zh"] == "就近圈（未核实）"
    assert set(audit.coverage["confidence"]) == {"unverified"}
    assert set(audit.circles["confidence"]) == {"unverified"}
    told = summary(audit)
    assert told["tiers"][0]["confidence"] == "unverified"
    assert told["thresholds"]["max_households"]["confidence"] == "unverified"
    assert any("2020-12-31" in message for message in told["messages"])


def test_a_shipped_tier_that_nobody_verified_is_marked() -> None:
    tier = load_standard(["convenience-15"]).tiers["convenience_15"]
    assert tier.is_unverified
    assert tier.marked_title["zh"].endswith("（未核实）")
    assert not load_standard().tiers["walk_15"].is_unverified
    assert load_standard().tiers["walk_15"].marked_title["zh"] == "15分钟生活圈"
