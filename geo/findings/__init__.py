"""The findings table and the rule registry."""

from geo.findings.registry import SEVERITIES, Rule, choose_rules, rules
from geo.findings.table import (
    FINDING_COLUMNS,
    ID_LISTS,
    RAW_COLUMNS,
    Report,
    concat_findings,
    finding_ids,
    findings_frame,
)

__all__ = [
    "FINDING_COLUMNS",
    "ID_LISTS",
    "RAW_COLUMNS",
    "SEVERITIES",
    "Report",
    "Rule",
    "choose_rules",
    "concat_findings",
    "finding_ids",
    "findings_frame",
    "rules",
]
