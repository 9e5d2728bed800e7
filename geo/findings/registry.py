"""The rule registry: every rule as data, `rules/*.toml`, one file a class of rules."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from geo.errors import NotFoundError

__all__ = ["SEVERITIES", "Rule", "choose_rules", "rules"]

SEVERITIES: Final = ("info", "warning", "error")
"""Severities from the mildest up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One numbered check. Mappings are language (`zh`, `en`) to text.

    `message` is a `str.format` template over the fields of a finding and its `details`; `verb`
    is the adjustment
    that usually mends it (build, change, merge, split, adjust, or empty); `limits` are the
    thresholds that decide it.
    """

    code: str
    title: Mapping[str, str]
    explanation: Mapping[str, str]
    advice: Mapping[str, str]
    message: Mapping[str, str]
    severity: str
    measure_unit: str | None
    source: str
    confidence: str
    verb: str
    orphan: bool
    limits: tuple[str, ...] = ()

    @property
    def room(self) -> str:
        """The class of the rule: its letter, `D`, `G`, `H`, `S`, `C`, `P` or `N`."""
        return self.code[0]


@cache
def rules() -> Mapping[str, Rule]:
    """Return every rule by code, in order of codes."""
    found: dict[str, Rule] = {}
    for path in files(__package__).joinpath("rules").iterdir():
        if path.name.endswith(".toml"):
            for code, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
                found[code] = _rule(code, entry)
    return MappingProxyType(dict(sorted(found.items())))


def _rule(code: str, entry: Mapping[str, object]) -> Rule:
    optional = {"measure_unit": None, "verb": "", "orphan": False}
    limits: list[str] = entry.get("limits", [])  # type: ignore[assignment]
    given = {**optional, **entry, "limits": tuple(limits)}
    return Rule(code=code, **given)  # type: ignore[arg-type]


def choose_rules(select: Sequence[str] = (), ignore: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the codes to run: those of `select` (all when empty) less those of `ignore`.

    A choice is a code (`G201`) or the letter of a class (`G`); letter case does not matter.

    Raises
    ------
    NotFoundError
        If a choice names no rule.
    """
    known = tuple(rules())

    def expand(choices: Sequence[str]) -> set[str]:
        codes: set[str] = set()
        for choice in choices:
            hits = {code for code in known if code.startswith(choice.strip().upper())}
            if not choice.strip() or not hits:
                raise NotFoundError("findings.unknown_rule", rule=choice, known="、".join(known))
            codes |= hits
        return codes

    chosen = expand(select) if select else set(known)
    return tuple(code for code in known if code in chosen - expand(ignore))
