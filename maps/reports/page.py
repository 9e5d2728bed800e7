"""The report of an audit: figures, maps as pictures, tables, rules with their sources. One HTML."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, Final

import pandas as pd

from geo import words
from geo.audit import Audit
from geo.crs import crs_name
from geo.findings import rules
from maps.figure import style
from maps.offline import require_offline
from maps.privacy import HIDDEN, least_count, with_small_counts_hidden
from maps.reports.pictures import picture_svg
from maps.tables import column
from maps.vendored import report_style

__all__ = ["report_html"]

_MOST_FINDINGS: Final = 60
_MOST_UNITS: Final = 80


def report_html(audit: Audit) -> str:
    """Return the report in the language of the audit: HTML with everything inside, no script."""
    language = audit.language if audit.language in words.LANGUAGES else "zh"
    made = _Report(audit, language)
    title = escape(audit.title or audit.project_id)
    body = "\n".join(
        (
            *(made.head(), made.figures(), *made.pictures(), made.by_rule(), made.units()),
            *(made.findings(), made.rules(), made.notes(), made.foot()),
        )
    )
    return require_offline(
        f'<!DOCTYPE html>\n<html lang="{"zh-Hans" if language == "zh" else "en"}">\n<head>\n'
        '<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n{style(report_style())}\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


class _Report:
    """The parts of one report, each as HTML; every text of the data is escaped."""

    def __init__(self, audit: Audit, language: str) -> None:
        self.audit, self.language = audit, language
        self.k = least_count(audit.standard)

    def word(self, key: str, **values: Any) -> str:  # noqa: ANN401
        return escape(words.text(key if "." in key else f"report.{key}", self.language, **values))

    def head(self) -> str:
        audit = self.audit
        title = audit.title or audit.project_id
        mark = audit.map_marks.get("mark", "")
        told = f'<strong class="mark">{escape(mark)}</strong>' if mark else ""
        standard = audit.standard.title.get(self.language, " + ".join(audit.standard.names))
        return (
            f"<header>{told}<h1>{escape(title)} · {self.word('title')}</h1>"
            f"<p>{escape(' · '.join((audit.created[:10], standard, crs_name(audit.crs))))}</p>"
            "</header>"
        )

    def figures(self) -> str:
        audit = self.audit
        counts = self.word(
            "counts",
            grids=f"{len(audit.grids):,}",
            sites=f"{0 if audit.sites is None else len(audit.sites):,}",
            findings=f"{len(audit.findings):,}",
            errors=f"{audit.n_findings('error'):,}",
            warnings=f"{audit.n_findings('warning'):,}",
            infos=f"{audit.n_findings('info'):,}",
            orphans=f"{int(audit.grids['is_orphan'].sum()) if 'is_orphan' in audit.grids else 0:,}",
        )
        names = ("n_blank", "n_thin", "n_crowded", "n_unknown")
        rows = [
            [
                tier.marked_title[self.language],
                f"{tier.minutes:g} / {tier.distance_m:,.0f} m",
                _percent(_share(audit.coverage_summary[key])),
                self._basis(audit.coverage_summary[key]),
                *(f"{audit.coverage_summary[key].get(name) or 0:,}" for name in names),
            ]
            for key, tier in audit.standard.tiers.items()
            if key in audit.coverage_summary
        ]
        heads = ("circle", "reach", "share", "basis", *names)
        return f"<h2>{self.word('figures')}</h2><p>{counts}</p>" + self._table(heads, rows)

    def pictures(self) -> Iterable[str]:
        for kind in ("class", "findings") if self.audit.coverage_summary else ("findings",):
            tier = self.audit.standard.tiers.get(self.audit.standard.orphan_tier or "")
            name = "" if tier is None else tier.marked_title[self.language]
            drawn = picture_svg(self.audit, kind=kind, language=self.language)
            told = self.word(f"map_{kind}", **({"tier": name} if kind == "class" else {}))
            yield f"<figure>{drawn}<figcaption>{told}</figcaption></figure>"

    def by_rule(self) -> str:
        count = self.audit.findings.groupby("rule", sort=True).size()
        rows = [
            [
                code,
                rules()[code].title[self.language],
                words.text(f"maps.severity_{rules()[code].severity}", self.language),
                f"{n:,}",
            ]
            for code, n in count.items()
        ]
        return f"<h2>{self.word('by_rule')}</h2>" + self._table(
            ("rule", "what", "severity", "number"), rows
        )

    def units(self) -> str:
        units = self.audit.units
        if units is None or not len(units) or not self.audit.layers.levels:
            return ""
        top = units[units["level"] == self.audit.layers.levels[0]].head(_MOST_UNITS)
        tier = self.audit.standard.orphan_tier
        suffix = "" if self.audit.verdict_model == "radius" else f"_{self.audit.verdict_model}"
        share = next(
            (n for s in ("residents", "area") if (n := f"covered_{s}_share_{tier}{suffix}") in top),
            None,
        )
        rows = [
            [
                _name(row.get("name")) or str(name),
                _count(row.get("n_grids_base")),
                _percent(row.get(share)) if share else "–",
                _count(row.get("n_orphans")),
                _count(row.get("n_findings")),
            ]
            for name, row in zip(top.index, top.to_dict("records"), strict=True)
        ]
        heads = ("unit", "grids", "share", "orphans", "findings")
        return f"<h2>{self.word('units')}</h2>" + self._table(heads, rows)

    def findings(self) -> str:
        message = f"message_{self.language}"
        first = self.audit.findings.head(_MOST_FINDINGS)
        shown = with_small_counts_hidden(
            {
                message: column(first[message], None),
                "residents": column(first["residents"], 0),
                "rule": column(first["rule"], None),
            },
            self.k,
        )
        rows = [
            [rule, text or "", self._people(people)]
            for rule, text, people in zip(
                shown["rule"], shown[message], shown["residents"], strict=True
            )
        ]
        told = self.word("worst", n=len(rows), all=f"{len(self.audit.findings):,}")
        return f"<h2>{told}</h2>" + self._table(("rule", "what", "residents"), rows)

    def rules(self) -> str:
        parts = []
        for code in sorted(set(self.audit.findings["rule"])):
            rule = rules()[code]
            confidence = words.text(f"maps.confidence_{rule.confidence}", self.language)
            told = words.source_in(rule.source, self.language)
            source = self.word("source", source=told, confidence=confidence)
            parts.append(
                f"<dt>{escape(code)} {escape(rule.title[self.language])}</dt>"
                f"<dd>{escape(rule.explanation[self.language])}<br><small>{source}</small></dd>"
            )
        return f"<h2>{self.word('rules')}</h2><dl>{''.join(parts)}</dl>"

    def notes(self) -> str:
        audit, language = self.audit, self.language
        said = [escape(message[language]) for message in audit.messages]
        left = [f"{escape(r)}：{escape(why[language])}" for r, why in audit.skipped.items()]
        data = [
            self.word("rows", layer=s.layer, used=s.used, quarantined=s.quarantined, crs=s.crs)
            for s in audit.sources
        ]
        lists = (("how", said), ("skipped", left), ("data", data))
        return "".join(
            f"<h2>{self.word(key)}</h2><ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"
            for key, items in lists
            if items
        )

    def foot(self) -> str:
        number = self.audit.map_marks.get("approval_number") or words.text(
            "report.none", self.language
        )
        return f"<footer>{self.word('approval', number=number)}</footer>"

    def _basis(self, summary: Any) -> str:  # noqa: ANN401
        basis = summary.get("demand_basis")
        return words.text(f"maps.basis_{basis}", self.language) if basis else "–"

    def _people(self, value: float | None) -> str:
        if value is None:
            return ""
        if value == HIDDEN:
            return words.text("report.few", self.language, k=f"{self.k:g}")
        return f"{value:,.0f}"

    def _table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        if not rows:
            return ""
        head = "".join(f"<th>{self.word(name)}</th>" for name in heads)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>"
            for row in rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _name(value: Any) -> str:  # noqa: ANN401
    return "" if value is None or pd.isna(value) else str(value)


def _share(summary: Any) -> float | None:  # noqa: ANN401
    names = ("area_share",) if summary.get("demand_basis") == "area" else ("residents_share",)
    for name in (*names, "households_share", "area_share"):
        if summary.get(name) is not None:
            return float(summary[name])
    return None


def _percent(share: Any) -> str:  # noqa: ANN401
    if share is None or pd.isna(share):
        return "–"
    value = round(100 * float(share), 1)
    return f"{99.9 if value == 100 and share < 1 else value:g}%"  # noqa: PLR2004


def _count(value: Any) -> str:  # noqa: ANN401
    return "–" if value is None or pd.isna(value) else f"{float(value):,.0f}"
