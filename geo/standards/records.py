"""A standard as a plain record of JSON values, and back."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from geo.standards.model import Edition, Figure, Standard, Tier, as_words

__all__ = ["from_record", "to_record"]


def to_record(standard: Standard) -> dict[str, Any]:
    """Return `standard` as a record that JSON can hold; `from_record` gives it back."""
    return {
        "names": list(standard.names),
        "title": dict(standard.title),
        "kind": standard.kind,
        "orphan_tier": standard.orphan_tier,
        "levels": list(standard.levels),
        "source": standard.source,
        "valid_from": standard.valid_from,
        "valid_to": standard.valid_to,
        "extends": list(standard.extends),
        "editions": [_edition_record(edition) for edition in standard.editions],
        "tiers": {name: _tier_record(tier) for name, tier in standard.tiers.items()},
        "thresholds": {name: figure_record(item) for name, item in standard.thresholds.items()},
        "figures": {name: figure_record(item) for name, item in standard.figures.items()},
    }


def from_record(record: Mapping[str, Any]) -> Standard:
    """Return the standard that `to_record` wrote."""
    return Standard(
        names=tuple(record["names"]),
        title=MappingProxyType(dict(record["title"])),
        kind=record["kind"],
        orphan_tier=record["orphan_tier"],
        levels=tuple(record["levels"]),
        source=record["source"],
        valid_from=record["valid_from"],
        valid_to=record["valid_to"],
        extends=tuple(record.get("extends", ())),
        editions=tuple(_edition(item) for item in record.get("editions", ())),
        tiers=MappingProxyType({name: _tier(item) for name, item in record["tiers"].items()}),
        thresholds=_figures(record["thresholds"]),
        figures=_figures(record["figures"]),
    )


def figure_record(figure: Figure) -> dict[str, Any]:
    """Return one number as `value, unit, source, confidence, title`."""
    value = list(figure.value) if isinstance(figure.value, tuple) else figure.value
    return {
        "value": value,
        "unit": figure.unit,
        "source": figure.source,
        "confidence": figure.confidence,
        "title": dict(figure.title),
    }


def _edition_record(edition: Edition) -> dict[str, Any]:
    return {
        "name": edition.name,
        "title": dict(edition.title),
        "valid_from": edition.valid_from,
        "valid_to": edition.valid_to,
    }


def _edition(record: Mapping[str, Any]) -> Edition:
    return Edition(**{**record, "title": MappingProxyType(dict(record["title"]))})


def _tier_record(tier: Tier) -> dict[str, Any]:
    return {
        "tier_id": tier.tier_id,
        "title": dict(tier.title),
        "minutes": tier.minutes,
        "distance_m": tier.distance_m,
        "mode": tier.mode,
        "categories": None if tier.categories is None else list(tier.categories),
        "services": None if tier.services is None else list(tier.services),
        "demand": tier.demand,
        "source": tier.source,
        "confidence": tier.confidence,
        "distance_source": tier.distance_source,
        "distance_confidence": tier.distance_confidence,
    }


def _tier(record: Mapping[str, Any]) -> Tier:
    lists = ("title", "categories", "services")
    plain = {name: value for name, value in record.items() if name not in lists}
    return Tier(
        title=MappingProxyType(dict(record["title"])),
        categories=as_words(record["categories"]),
        services=as_words(record.get("services")),
        **plain,
    )


def _figures(records: Mapping[str, Any]) -> Mapping[str, Figure]:
    return MappingProxyType({name: _figure(item) for name, item in records.items()})


def _figure(record: Mapping[str, Any]) -> Figure:
    value = record["value"]
    return Figure(
        value=tuple(value) if isinstance(value, list) else value,
        unit=record["unit"],
        source=record["source"],
        confidence=record["confidence"],
        title=MappingProxyType(dict(record["title"])),
    )
