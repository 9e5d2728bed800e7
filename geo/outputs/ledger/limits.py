"""The sheet 规则: rules run and skipped, circles and thresholds, each with its source."""

from collections.abc import Iterator
from typing import Final

from geo.audit import Audit
from geo.findings import rules
from geo.outputs.ledger.columns import column, sheet_name, word
from geo.outputs.ledger.sheets import Row, Sheet
from geo.standards import standard_rows
from geo.words import source_in, text

__all__ = ["rules_sheet"]

_STATE: Final = 3
_CONFIDENCE: Final = 7
_ENTRIES: Final = {"tiers": "entry_tier", "thresholds": "entry_threshold"}


def rules_sheet(audit: Audit) -> Sheet:
    """Return what was judged and what was not, by which numbers, and how sure those are."""
    language = audit.language
    columns = (
        column("entry_kind", language, "label", width=9),
        column("code", language, width=24),
        column("name", language, "wrap", width=34),
        column("state", language, "label", width=9),
        column("n_findings", language, "count"),
        column("value", language, "plain", width=9),
        column("unit", language, width=11),
        column("confidence", language, width=12),
        column("source", language, "wrap", width=34),
        column("remark", language, "wrap", width=48),
    )
    rows = (*_rule_rows(audit), *_number_rows(audit))
    return Sheet(name=sheet_name("rules"), columns=columns, rows=rows, n_frozen=2)


def _rule_rows(audit: Audit) -> Iterator[Row]:
    language = audit.language
    counts = audit.findings["rule"].value_counts()
    for code, rule in rules().items():
        reason = audit.skipped.get(code)
        if reason is None and code not in audit.rules:
            continue
        values = (
            word("entry_rule", language),
            code,
            rule.title[language],
            word("state_run" if reason is None else "state_skipped", language),
            int(counts.get(code, 0)) if reason is None else None,
            None,
            "",
            text(f"standards.confidence_{rule.confidence}", language),
            source_in(rule.source, language),
            rule.explanation[language] if reason is None else reason[language],
        )
        tints = {} if reason is None else {_STATE: "doubt"}
        yield Row(values=values, tints={**tints, **_doubt(rule.confidence)})


def _number_rows(audit: Audit) -> Iterator[Row]:
    language = audit.language
    for row in standard_rows(audit.standard, language):
        if row.section not in _ENTRIES:
            continue
        values = (
            word(_ENTRIES[row.section], language),
            row.name,
            row.title,
            "",
            None,
            row.value,
            row.unit,
            row.confidence_title,
            row.source,
            "",
        )
        yield Row(values=values, tints=_doubt(row.confidence))


def _doubt(confidence: str) -> dict[int, str]:
    """Tint what nobody has checked."""
    return {_CONFIDENCE: "warning"} if confidence == "unverified" else {}
