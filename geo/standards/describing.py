"""A standard as rows to show: every number with its unit, source and confidence."""

from collections.abc import Mapping
from dataclasses import dataclass

from geo.standards.model import Figure, Standard, Tier
from geo.words import source_in, table, text

__all__ = ["StandardRow", "describe", "standard_rows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardRow:
    """One number of a standard in words, all in one language.

    `section` is `tiers`, `thresholds` or `figures`; `value` is the number itself, or text;
    `confidence` is the code itself.
    """

    section: str
    section_title: str
    name: str
    title: str
    value: float | str
    unit: str
    source: str
    confidence: str
    confidence_title: str


def describe(standard: Standard, language: str) -> tuple[dict[str, str], ...]:
    """Return every number of `standard` as text rows to print, column title to cell."""
    words = table("standards")
    return tuple(
        {
            words["column_section"][language]: row.section_title,
            words["column_name"][language]: row.name,
            words["column_title"][language]: row.title,
            words["column_value"][language]: _shown(row.value),
            words["column_unit"][language]: row.unit,
            words["column_confidence"][language]: row.confidence_title,
            words["column_source"][language]: row.source,
        }
        for row in standard_rows(standard, language)
    )


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.10g}"


def standard_rows(standard: Standard, language: str) -> tuple[StandardRow, ...]:
    """Return every number of `standard` as rows in `language`: tiers, thresholds, then the rest."""
    rows = [row for tier in standard.tiers.values() for row in _tier_rows(tier, language)]
    for section, figures in (("thresholds", standard.thresholds), ("figures", standard.figures)):
        rows += _figure_rows(section, figures, language)
    return tuple(rows)


def _tier_rows(tier: Tier, language: str) -> list[StandardRow]:
    title = tier.title.get(language, tier.tier_id)
    minutes = Figure(
        value=tier.minutes, unit="minutes", source=tier.source, confidence=tier.confidence
    )
    metres = Figure(
        value=tier.distance_m,
        unit="m",
        source=tier.distance_source,
        confidence=tier.distance_confidence,
    )
    named = (("minutes", "minutes_of", minutes), ("distance_m", "distance_of", metres))
    return [
        _row(
            "tiers",
            f"{tier.tier_id}.{name}",
            figure,
            title=text(f"standards.{key}", language, title=title),
            language=language,
        )
        for name, key, figure in named
    ]


def _figure_rows(section: str, figures: Mapping[str, Figure], language: str) -> list[StandardRow]:
    return [
        _row(section, name, figure, title=figure.title.get(language, name), language=language)
        for name, figure in figures.items()
    ]


def _row(section: str, name: str, figure: Figure, *, title: str, language: str) -> StandardRow:
    words = table("standards")
    unit = figure.unit or ""
    value = "、".join(figure.value) if isinstance(figure.value, tuple) else figure.value
    return StandardRow(
        section=section,
        section_title=words[section][language],
        name=name,
        title=title,
        value=value,
        unit=words.get(f"unit_{unit}", {}).get(language, unit),
        source=source_in(figure.source, language),
        confidence=figure.confidence,
        confidence_title=words[f"confidence_{figure.confidence}"][language],
    )
