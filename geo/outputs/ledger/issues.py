"""The sheet 问题清单: one row a finding, worst first, with the columns that the office fills in."""

from collections.abc import Mapping
from typing import Any, Final

from geo.audit import Audit
from geo.findings import Rule, rules
from geo.outputs.ledger.columns import column, sheet_name, word
from geo.outputs.ledger.office import Office, office_cells
from geo.outputs.ledger.places import Places
from geo.outputs.ledger.sheets import Column, Row, Sheet
from geo.outputs.values import json_records
from geo.words import source_in, table, text

__all__ = ["earlier_sheet", "issues_sheet"]

_KIND_PLACE: Final = 4


def issues_sheet(audit: Audit, places: Places, office: Office) -> Sheet:
    """Return the findings in the columns that offices use, with what the office wrote before."""
    language = audit.language
    columns = (
        *_heads(language),
        column("households_touched", language, "count", width=9),
        column("residents_touched", language, "count", width=9),
        column("basis", language, "wrap", width=28),
        column("advice", language, "wrap", width=36),
        *_by_hand(language),
        *([column("status", language, "wrap", width=10)] if office.stamp else ()),
        *_hidden(language),
    )
    findings = audit.findings.drop(columns=audit.findings.geometry.name)
    rows = tuple(
        _row(number, finding, places=places, office=office, language=language)
        for number, finding in enumerate(json_records(findings), start=1)
    )
    return _sheet("issues", columns, rows)


def earlier_sheet(audit: Audit, office: Office) -> Sheet:
    """Return the findings of audits before that this one does not list, with their notes."""
    language = audit.language
    status = column("status", language, "wrap", width=10)
    columns = (*_heads(language), *_by_hand(language), status, *_hidden(language))
    rows = tuple(
        Row(
            values=(
                number,
                *(finding[name] for name in ("street", "community", "grids")),
                _kind(finding["rule"], language),
                finding[f"message_{language}"],
                *office_cells(finding),
                finding["status_title"][language],
                finding["finding_id"],
                office.stamp,
            )
        )
        for number, finding in enumerate(office.earlier, start=1)
    )
    return _sheet("earlier", columns, rows)


def _heads(language: str) -> tuple[Column, ...]:
    """Return the columns that tell a finding."""
    return (
        column("number", language, "count", width=6),
        column("street", language, width=14),
        column("community", language, width=16),
        column("grid", language, "wrap", width=24),
        column("issue_kind", language, "wrap", width=16),
        column("issue_text", language, "wrap", width=52),
    )


def _by_hand(language: str) -> tuple[Column, ...]:
    """Return the columns of the office."""
    return (
        column("duty_unit", language, "wrap", width=12),
        column("duty_person", language, "wrap", width=10),
        column("deadline", language, "date", width=12),
        column("progress", language, "wrap", width=16),
        column("closed", language, "label", width=8, choices=("是", "否")),
    )


def _hidden(language: str) -> tuple[Column, ...]:
    """Return the columns that a row is known by when it comes back."""
    return (
        column("finding_id", language, width=16, is_hidden=True),
        column("stamp", language, width=24, is_hidden=True),
    )


def _sheet(name: str, columns: tuple[Column, ...], rows: tuple[Row, ...]) -> Sheet:
    done = next(place for place, each in enumerate(columns) if each.choices)
    return Sheet(name=sheet_name(name), columns=columns, rows=rows, paper="A3", done_column=done)


def _row(
    number: int, finding: Mapping[str, Any], *, places: Places, office: Office, language: str
) -> Row:
    place = places.named(finding["grid_ids"] or (), finding["unit_ids"] or ())
    state = office.states.get(finding["finding_id"], {})
    values = (
        number,
        *place,
        _kind(finding["rule"], language),
        finding[f"message_{language}"],
        finding["households"],
        finding["residents"],
        _basis(finding, language),
        _advice(rules().get(finding["rule"]), language),
        *office_cells(office.cells.get(finding["finding_id"], {})),
        *([state.get(language)] if office.stamp else ()),
        finding["finding_id"],
        office.stamp or None,
    )
    severity = finding["severity"]
    return Row(values=values, tints={0: severity, _KIND_PLACE: severity})


def _kind(code: str, language: str) -> str:
    rule = rules().get(code)
    return f"{code} {rule.title[language]}" if rule else code


def _basis(finding: Mapping[str, Any], language: str) -> str:
    """Return source, how sure it is, and the limit."""
    sure = text(f"standards.confidence_{finding['confidence']}", language)
    source = source_in(finding["source"], language)
    basis = word("basis_text", language, source=source, confidence=sure)
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
