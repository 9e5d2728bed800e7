"""Every sentence exists in Chinese and English, with the same fields."""

import string
import tomllib
from pathlib import Path

import pytest

from geo.findings import SEVERITIES, rules
from geo.standards import CONFIDENCES

_ROOT = Path(__file__).resolve().parents[2]
_CATALOGUES = sorted([*_ROOT.glob("geo/errors/messages/*.toml"), *_ROOT.glob("geo/words/*.toml")])
_VERBS = {"", "build", "change", "merge", "split", "adjust"}
_CODES = (
    [f"D10{n}" for n in range(1, 8)]
    + [f"G{n}" for n in range(201, 211)]
    + [f"H30{n}" for n in range(1, 8)]
    + [f"S40{n}" for n in range(1, 6)]
    + [f"C50{n}" for n in range(1, 9)]
    + [f"P60{n}" for n in range(1, 7)]
    + ["N701"]
)


def _fields(template: str) -> set[str]:
    """Names of the fields; `layer_zh` and `layer_en` are one field, said in each language."""
    names = {name for _, name, _, _ in string.Formatter().parse(template) if name}
    return {name.removesuffix("_zh").removesuffix("_en") for name in names}


@pytest.mark.parametrize("path", _CATALOGUES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_catalogue_has_both_languages_with_the_same_fields(path: Path) -> None:
    entries = tomllib.loads(path.read_text(encoding="utf-8"))
    for key, entry in entries.items():
        if not isinstance(entry, dict) or not {"zh", "en"} & set(entry):
            continue  # word lists are not sentences
        assert {"zh", "en"} <= set(entry), key
        if isinstance(entry["zh"], str):
            assert _fields(entry["zh"]) == _fields(entry["en"]), key


def test_the_registry_holds_exactly_the_rules_of_the_contract() -> None:
    assert sorted(rules()) == sorted(_CODES)


@pytest.mark.parametrize("code", _CODES)
def test_rule_is_complete_in_both_languages(code: str) -> None:
    rule = rules()[code]
    assert rule.severity in SEVERITIES
    assert rule.confidence in CONFIDENCES
    assert rule.verb in _VERBS
    assert rule.source
    for texts in (rule.title, rule.explanation, rule.advice, rule.message):
        assert texts["zh"]
        assert texts["en"]


def test_orphans_come_from_the_rules_of_the_contract() -> None:
    made_by = {code for code, rule in rules().items() if rule.orphan}
    assert made_by == {"H301", "H302", "H303", "G208", "C501"}
