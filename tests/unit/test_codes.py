"""Code schemes, H304, and names that differ by variant characters."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.codes import code_faults, code_scheme, match_names, shipped_schemes
from geo.errors import NotFoundError
from geo.findings import rules
from geo.grids import find_code_faults
from geo.standards import CONFIDENCES
from geo.synth import build_city
from tests.builders import grids, units

BJ, STAT, CJT = code_scheme("bj-15"), code_scheme("stat-12"), code_scheme("cjt349-20")


def reasons(code: str, scheme: str = "bj-15", parent: str | None = None) -> list[str]:
    faults, _ = code_faults([code], code_scheme(scheme), parents=[parent])
    return [fault.reason["en"] for fault in faults]


@pytest.mark.parametrize("name", shipped_schemes())
def test_every_scheme_and_range_has_source_and_confidence(name: str) -> None:
    scheme = code_scheme(name)
    assert scheme.source
    for part in scheme.parts:
        assert part.title["zh"]
        assert part.title["en"]
        for each in part.ranges:
            assert len(each.low) == len(each.high) == part.digits
            assert each.low <= each.high
            assert each.source
            assert each.confidence in CONFIDENCES


def test_lengths_and_parts_are_those_of_the_documents() -> None:
    digits = {name: [part.digits for part in code_scheme(name).parts] for name in shipped_schemes()}
    assert digits == {
        "bj-15": [6, 3, 3, 3],
        "cjt349-20": [6, 6, 3, 3, 2],
        "stat-12": [2, 2, 2, 3, 3],
        "stat-17": [2, 2, 2, 3, 3, 2, 3],
    }
    with pytest.raises(NotFoundError, match=r"bj15 \(bj-15\?\); known: bj-15, cjt349-20"):
        code_scheme("bj15")


@pytest.mark.parametrize(
    ("code", "scheme", "parent", "said"),
    [
        ("110101001002003", "bj-15", "110101001002", []),
        ("11010100100200", "bj-15", None, ["it has 14 digits instead of 15"]),
        ("11010100100200X", "bj-15", None, ["'11010100100200X' has other signs than digits"]),
        (
            "110101001002000",
            "bj-15",
            None,
            ["its sequence part 000 is not within 001–999"],
        ),
        (
            "110101001002003",
            "bj-15",
            "110101001009",
            ["the unit above in it is 110101001002, but its parent is 110101001009"],
        ),
        ("110101001002003", "bj-15", "110101001", []),  # its parent is the street
        ("110101001002003", "bj-15", "110101001000", []),  # the street, filled up with zeros
        ("110101001002003", "bj-15", "SQ-9", []),  # no code: cannot be compared
        ("511002001201", "stat-12", "511002001", []),
        ("511002001000", "stat-12", "511002", []),  # a street, filled up
        ("511002", "stat-12", "511000000000", []),
        (
            "511002999201",
            "stat-12",
            None,
            ["its township part 999 is not within 001–099, 100–199, 200–399, 400–599"],
        ),
        ("51100200120100220", "stat-17", None, []),
        (
            "51100200120100230",
            "stat-17",
            None,
            ["its urban/rural class part 230 is not within 111, 112, 121, 122, 123, 210, 220"],
        ),
        ("01010511010100100200", "cjt349-20", "110101001002", []),
        ("01010511010100160101", "cjt349-20", "110101001002", []),  # merged of several
        (
            "01010511010100260101",
            "cjt349-20",
            "110101001002",
            ["the unit above in it is 110101002, but its parent is 110101001002"],
        ),
    ],
)
def test_which_part_of_a_code_is_wrong_and_why(
    code: str, scheme: str, parent: str | None, said: list[str]
) -> None:
    assert reasons(code, scheme, parent) == said


def test_a_code_outside_unverified_ranges_is_an_unverified_fault() -> None:
    (fault,), _ = code_faults(["511002001700"], STAT)
    assert (fault.part, fault.confidence) == ("village", "unverified")
    (fault,), _ = code_faults(["5110020017"], STAT)
    assert (fault.part, fault.confidence) == (None, "secondary")


def test_parents_that_are_no_codes_are_counted() -> None:
    codes = ["110101001002003", "110101001002004", "110101001002005"]
    assert code_faults(codes, BJ, parents=["SQ-1", None, "110101001002"]) == ([], 1)


@given(st.integers(0, 10**15 - 1))
def test_parent_and_sequence_make_the_code_again(number: int) -> None:
    code = f"{number:015d}"
    assert BJ.parent_code(code) == code[:12]
    assert STAT.parent_code(code[:12]) is None or code.startswith(str(STAT.parent_code(code[:12])))


def test_h304_names_the_grid_the_scheme_and_every_reason() -> None:
    frame = grids(
        (0, 0, 1, 1), (1, 0, 2, 1), (2, 0, 3, 1),
        parent_id=["110101001001", "110101001002", None], name=["东", "西", "南"],
    )  # fmt: skip
    frame.index = ["110101001001001", "110101001001000", "1101"]
    above = units((0, 0, 3, 1))
    above.index = ["110101001"]
    report = find_code_faults(frame, above, schemes={"grids": BJ, "community": STAT})
    assert report.counts == {"n_judged": 4, "n_parents_unjudged": 0}
    assert report.findings["grid_ids"].tolist() == [("110101001001000",), ("1101",)]
    details = report.findings["details"][0]
    assert details["parts"] == ("sequence",)
    message = rules()["H304"].message["zh"].format(**details)
    assert message == (
        "网格 西（110101001001000） 的编号不合编码规则（单元网格编码 6+3+3+3 位）："
        "顺序号部分为 000，不在 001–999 之内；"
        "编号中的上级为 110101001001，而实际上级为 110101001002。"
    )


def test_without_a_scheme_h304_is_skipped_with_the_reason() -> None:
    report = find_code_faults(grids((0, 0, 1, 1)), None, schemes={})
    assert report.skipped == {"H304": "audit.skip_no_code_scheme"}


def test_the_codes_of_the_synthetic_city_follow_the_scheme(tmp_path: Path) -> None:
    from geo.io import load, read_project  # noqa: PLC0415
    from geo.synth import write_city  # noqa: PLC0415

    path = write_city(build_city(n_communities=4, defect_share=0.0, seed=3), tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("[layers.grids]", 'codes = "bj-15"\n[layers.grids]'), "utf-8")
    layers = load(read_project(path)).layers
    report = find_code_faults(layers.grids, layers.units, schemes={"grids": BJ})
    assert report.ok
    assert report.counts["n_parents_unjudged"] == 0


def test_variant_characters_are_proposed_and_named() -> None:
    left = {"1": "糖蔀里", "2": "富福里", "3": "臺北里", "4": "和平里"}
    right = {"a": "糖廍里", "b": "富福里", "c": "台北里", "d": "和顺里"}
    found = {m.left_id: (m.right_id, m.how, m.characters) for m in match_names(left, right)}
    assert found == {
        "1": ("a", "variant", (("蔀", "廍"),)),
        "2": ("b", "same", ()),
        "3": ("c", "variant", (("臺", "台"),)),
        "4": ("d", "similar", (("平", "顺"),)),
    }


def test_a_name_that_repeats_is_never_matched_but_within_its_district() -> None:
    left = {"1": "和平村", "2": "和平村"}
    right = {"a": "和平村", "b": "和平村"}
    assert match_names(left, right) == ()
    assert match_names({"1": "和平村"}, right) == ()
    assert match_names(left, {"a": "和平村"}) == ()
    found = match_names(
        left, right, within_left={"1": "南", "2": "北"}, within_right={"a": "北", "b": "南"}
    )
    assert [(m.left_id, m.right_id) for m in found] == [("1", "b"), ("2", "a")]


def test_short_names_are_not_called_similar() -> None:
    assert match_names({"1": "东村"}, {"a": "西村"}) == ()


@given(st.dictionaries(st.text("甲乙丙", max_size=3), st.text("甲乙丙台臺", max_size=4)))
def test_a_match_is_one_to_one(names: dict[str, str]) -> None:
    other = {f"x{key}": name for key, name in names.items()}
    found = match_names(names, other)
    assert len({m.left_id for m in found}) == len({m.right_id for m in found}) == len(found)
