"""The sheet 问题清单: one row a finding, worst first, with empty columns for the hand."""

from collections.abc import Mapping
from typing import Any, Final

from geo.audit import Audit
from geo.findings import Rule, rules
from geo.outputs.ledger.columns import column, sheet_name, word
from geo.outputs.ledger.places import Places
from geo.outputs.ledger.sheets import Row, Sheet
from geo.outputs.values import json_records
from geo.words import table, text

__all__ = ["issues_sheet"]

_BY_HAND: Final = 5
_KIND_PLACE: Final = 4


def issues_sheet(audit: Audit, places: Places) -> Sheet:
    """Return the findings in the columns that offices use."""
    language = audit.language
    columns = (
        column("number", language, "count", width=6),
        column("street", language, width=14),
        column("community", language, width=16),
        column("grid", language, "wrap", width=24),
        column("issue_kind", language, "wrap", width=16),
        column("issue_text", language, "wrap", width=52),
        column("households_touched", language, "count", width=9),
        column("residents_touched", language, "count", width=9),
        column("basis", language, "wrap", width=28),
        column("advice", language, "wrap", width=36),
        column("duty_unit", language, "wrap", width=12),
        column("duty_person", language, "wrap", width=10),
        column("deadline", language, "date", width=12),
        column("progress", language, "wrap", width=16),
        column("closed", language, "label", width=8, choices=("是", "否")),
    )
    findings = audit.findings.drop(columns=audit.findings.geometry.name)
    rows = tuple(
        _row(number, finding, places, language=language)
        for number, finding in enumerate(json_records(findings), start=1)
    )
    return Sheet(
        name=sheet_name("issues"),
        columns=columns,
        rows=rows,
        paper="A3",
        done_column=len(columns) - 1,
    )


def _row(number: int, finding: Mapping[str, Any], places: Places, *, language: str) -> Row:
    rule = rules().get(finding["rule"])
    place = places.named(finding["grid_ids"] or (), finding["unit_ids"] or ())
    values = (
        number,
        *place,
        f"{finding['rule']} {rule.title[language]}" if rule else finding["rule"],
        finding[f"message_{language}"],
        finding["households"],
        finding["residents"],
        _basis(finding, language),
        _advice(rule, language),
        *[None] * _BY_HAND,
    )
    severity = finding["severity"]
    return Row(values=values, tints={0: severity, _KIND_PLACE: severity})


def _basis(finding: Mapping[str, Any], language: str) -> str:
    """Return source, how sure it is, and the limit."""
    sure = text(f"standards.confidence_{finding['confidence']}", language)
    basis = word("basis_text", language, source=finding["source"], confidence=sure)
    if finding["limit"] is None:
        return basis
    limit, unit = finding["limit"], finding["measure_unit"] or ""
    shown = table("outputs").get(f"unit_{unit}", {}).get(language, unit)
    amount = f"{limit:.4%}".rstrip("0%").rstrip(".") + "%" if unit == "share" else f"{limit:,.10g}"
    return basis + word("basis_limit", language, limit=f"{amount} {shown}".rstrip())


def _advice(rule: Rule | None, language: str) -> str:
    """Return the verb (建改合分调) and the advice of a rule."""
    if rule is None:
        return ""
    advice = rule.advice[language]
    if not rule.verb:
        return advice
    return word(f"verb_{rule.verb}", language) + word("join", language) + advice
