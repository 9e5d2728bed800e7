"""Fill the parts of the documentation that are generated: rules, standards, files of the project.

A page asks for one with a line of its own, such as `<!-- generated: rules zh -->`.
"""
# ruff: noqa: INP001

import re
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

from geo.codes import code_scheme, shipped_schemes
from geo.findings import Rule, rules
from geo.standards import (
    StandardRow,
    load_standard,
    service_classes,
    shipped_standards,
    standard_rows,
)
from geo.words import table as words_table

ROOT = Path(__file__).resolve().parents[2]
MARK = re.compile(r"^<!-- generated: (\w+) (\S+) -->$", re.MULTILINE)

WORDS = {
    "zh": {
        "code": "代码",
        "title": "问题",
        "severity": "级别",
        "unit": "度量",
        "error": "错误",
        "warning": "警告",
        "info": "提示",
        "advice": "建议",
        "source": "依据",
        "name": "名称",
        "value": "数值",
        "confidence": "可信度",
        "standard": "标准",
        "profile": "口径",
        "orphan": "构成孤立网格",
    },
    "en": {
        "code": "code",
        "title": "finding",
        "severity": "severity",
        "unit": "measure",
        "error": "error",
        "warning": "warning",
        "info": "info",
        "advice": "What to do",
        "source": "Source",
        "name": "name",
        "value": "value",
        "confidence": "confidence",
        "standard": "standard",
        "profile": "profile",
        "orphan": "makes an orphan",
    },
}

CODE_WORDS = {
    "zh": {"part": "部分", "digits": "位数", "range": "取值", "source": "依据"},
    "en": {"part": "part", "digits": "digits", "range": "values", "source": "source"},
}

SERVICE_WORDS = {"zh": ["类别", "项数", "服务事项"], "en": ["class", "services", "which"]}

UNITS = {
    "m2": {"zh": "平方米", "en": "m²"},
    "m": {"zh": "米", "en": "m"},
    "parts": {"zh": "块", "en": "parts"},
    "households": {"zh": "户", "en": "households"},
    "persons": {"zh": "人", "en": "persons"},
    "ratio": {"zh": "比值", "en": "ratio"},
    "share": {"zh": "占比", "en": "share"},
    "minutes": {"zh": "分钟", "en": "minutes"},
    "buildings": {"zh": "栋", "en": "buildings"},
    "grids": {"zh": "个网格", "en": "grids"},
}


def on_page_markdown(markdown: str, **_: Any) -> str:  # noqa: ANN401
    """Return the page with every mark replaced (called by MkDocs)."""
    return MARK.sub(lambda match: GENERATORS[match[1]](match[2]), markdown)


def rule_pages(language: str) -> str:
    """Return all rules: a table, then a paragraph each."""
    words = WORDS[language]
    head = [words[key] for key in ("code", "title", "severity", "unit")]
    rows = [rule_row(rule, language) for rule in rules().values()]
    paragraphs = [rule_paragraph(rule, language) for rule in rules().values()]
    return "\n\n".join([table(head, rows), *paragraphs])


def rule_row(rule: Rule, language: str) -> list[str]:
    """Return one row of the table of rules."""
    link = f"[{rule.code}](#{rule.code.lower()})"
    code = rule.measure_unit or "–"
    unit = UNITS.get(code, {}).get(language, code)
    return [link, rule.title[language], WORDS[language][rule.severity], unit]


def rule_paragraph(rule: Rule, language: str) -> str:
    """Return one rule under a heading of its own."""
    words = WORDS[language]
    severity = words[rule.severity] + (f" · {words['orphan']}" if rule.orphan else "")
    source = f"{rule.source} ({rule.confidence})"
    lines = [
        f"### {rule.code} {rule.title[language]} {{ #{rule.code.lower()} }}",
        rule.explanation[language],
        f"**{words['advice']}** {rule.advice[language]}",
        f"**{words['severity']}** {severity} · **{words['source']}** {source}",
    ]
    return "\n\n".join(lines)


def standard_pages(language: str) -> str:
    """Return every shipped standard with its numbers, each with source and confidence."""
    parts = []
    for name in shipped_standards():
        standard = load_standard([name])
        kind = WORDS[language][standard.kind]
        parts.append(f"## `{name}` {standard.title[language]}")
        parts.append(f"{kind} · {standard.source}")
        rows = [row for row in standard_rows(standard, language) if row.section != "thresholds"]
        parts.append(standard_table(rows, language))
    defaults = [
        row for row in standard_rows(load_standard(), language) if row.section == "thresholds"
    ]
    parts.append("## " + defaults[0].section_title)
    parts.append(standard_table(defaults, language))
    return "\n\n".join(part for part in parts if part)


def standard_table(rows: list[StandardRow], language: str) -> str:
    """Return one table a section."""
    head = [WORDS[language][key] for key in ("name", "value", "source", "confidence")]
    tables = []
    for _, group in groupby(rows, key=lambda row: row.section):
        lines = [
            [f"{row.title}<br>`{row.name}`", number(row), row.source, row.confidence_title]
            for row in group
        ]
        tables.append(table(head, lines))
    return "\n\n".join(tables)


def number(row: StandardRow) -> str:
    """Return value and unit as text."""
    value = f"{row.value:g}" if isinstance(row.value, float | int) else row.value
    if isinstance(row.value, float | int) and abs(row.value) >= 1e4:  # noqa: PLR2004
        value = f"{row.value:,.0f}"
    return f"{value} {row.unit}".strip()


def code_pages(language: str) -> str:
    """Return every shipped code scheme: its parts and ranges, with source and confidence."""
    head = [CODE_WORDS[language][key] for key in ("part", "digits", "range", "source")]
    sure = words_table("standards")
    parts = []
    for name in shipped_schemes():
        scheme = code_scheme(name)
        confidence = sure[f"confidence_{scheme.confidence}"][language]
        rows = []
        for part in scheme.parts:
            ranges = [
                (
                    f"{each.low}–{each.high} {each.title[language]}",
                    f"{each.source} ({sure[f'confidence_{each.confidence}'][language]})",
                )
                for each in part.ranges
            ] or [("–", "–")]
            told, sources = zip(*ranges, strict=True)
            unique = list(dict.fromkeys(sources))
            cells = ("<br>".join(told), "<br>".join(sources if len(unique) > 1 else unique))
            rows.append([part.title[language], str(part.digits), *cells])
        parts.append(f"### `{name}` {scheme.title[language]}")
        parts.append(f"{scheme.source} ({confidence})")
        parts.append(table(head, rows))
    return "\n\n".join(parts)


def service_pages(language: str) -> str:
    """Return the catalogue of services: a row a class."""
    head = SERVICE_WORDS[language]
    rows = [
        [
            f"{entry.title[language]} `{entry.code}`",
            str(len(entry.services)),
            "<br>".join(f"{item.title[language]} `{item.code}`" for item in entry.services),
        ]
        for entry in service_classes().values()
    ]
    return table(head, rows)


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines
    )


def project_file(path: str) -> str:
    """Return a Markdown file of the project, its headings as they are."""
    return (ROOT / path).read_text(encoding="utf-8")


GENERATORS: dict[str, Callable[[str], str]] = {
    "rules": rule_pages,
    "standards": standard_pages,
    "codes": code_pages,
    "services": service_pages,
    "file": project_file,
}
