"""Standards out of their files: merged over our defaults, overridden by a project."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from geo.quantities import distance_m
from geo.standards.files import StandardFile, read_defaults, read_standard_file
from geo.standards.model import Edition, Figure, Standard, Tier, as_words

__all__ = ["DEFAULT_STANDARD", "WALKED_SOURCE", "load_standard", "sorted_tiers"]

DEFAULT_STANDARD: Final = "gb50180-2018"
"""The standard of a project that names none."""

WALKED_SOURCE: Final = "GridCircle: minutes × 4 km/h"
"""Where metres come from that nobody published."""


def load_standard(names: Sequence[str | Path] = ()) -> Standard:
    """Return the standards `names` merged over our default thresholds; a later one overrides.

    Parameters
    ----------
    names
        Shipped names (`shipped_standards`) or paths to TOML files; none means `gb50180-2018`.

    Raises
    ------
    StandardError
        If a name is unknown, a file is missing, or a file breaks its schema (every fault named).
    """
    chosen = [names] if isinstance(names, (str, Path)) else list(names) or [DEFAULT_STANDARD]
    read = [_standard(read_standard_file(name)) for name in chosen]
    merged = reduce(_over, read)
    defaults = _figures(read_defaults()["thresholds"])
    known = {
        name: replace(figure, title=figure.title or defaults[name].title)
        for name, figure in merged.thresholds.items()
    }
    thresholds = {**defaults, **known}
    return replace(merged, thresholds=MappingProxyType(thresholds))


def sorted_tiers(tiers: Mapping[str, Tier]) -> Mapping[str, Tier]:
    """Return `tiers` from the shortest minutes up, ties by id."""
    ordered = sorted(tiers.values(), key=lambda tier: (tier.minutes, tier.tier_id))
    return MappingProxyType({tier.tier_id: tier for tier in ordered})


def _standard(file: StandardFile) -> Standard:
    document = file.document
    tiers = {name: _tier(name, entry) for name, entry in document.get("tiers", {}).items()}
    only = next(iter(tiers)) if len(tiers) == 1 else None
    return Standard(
        names=(document["name"],),
        title=MappingProxyType(dict(document["title"])),
        kind=document["kind"],
        tiers=sorted_tiers(tiers),
        orphan_tier=document.get("orphan_tier", only),
        thresholds=_figures(document.get("thresholds", {})),
        figures=_figures(document.get("figures", {})),
        levels=tuple(document.get("levels", ())),
        source=document["source"],
        valid_from=document.get("valid_from"),
        valid_to=document.get("valid_to"),
        extends=tuple(each["name"] for each in file.editions[:-1]),
        editions=tuple(_edition(each) for each in file.editions),
    )


def _edition(document: Mapping[str, Any]) -> Edition:
    return Edition(
        name=document["name"],
        title=MappingProxyType(dict(document["title"])),
        valid_from=document.get("valid_from"),
        valid_to=document.get("valid_to"),
    )


def _tier(name: str, entry: Mapping[str, Any]) -> Tier:
    minutes: Mapping[str, Any] = entry["minutes"]
    walked = {
        "value": distance_m(minutes["value"]),
        "source": WALKED_SOURCE,
        "confidence": "ours",
    }
    metres: Mapping[str, Any] = entry.get("distance_m", walked)
    return Tier(
        tier_id=name,
        title=MappingProxyType(dict(entry["title"])),
        minutes=float(minutes["value"]),
        distance_m=float(metres["value"]),
        mode=entry.get("mode", "walk"),
        categories=as_words(entry.get("categories")),
        services=as_words(entry.get("services")),
        demand=entry.get("demand", "residents"),
        source=minutes["source"],
        confidence=minutes["confidence"],
        distance_source=metres["source"],
        distance_confidence=metres["confidence"],
    )


def _figures(entries: Mapping[str, Any]) -> Mapping[str, Figure]:
    return MappingProxyType({name: _figure(entry) for name, entry in entries.items()})


def _figure(entry: Mapping[str, Any]) -> Figure:
    value = entry["value"]
    return Figure(
        value=tuple(value) if isinstance(value, list) else value,
        unit=entry["unit"] or None,
        source=entry["source"],
        confidence=entry["confidence"],
        title=MappingProxyType(dict(entry.get("title", {}))),
    )


def _over(below: Standard, above: Standard) -> Standard:
    """Return `below` with everything that `above` says in its place."""
    return Standard(
        names=(*below.names, *above.names),
        title=MappingProxyType(
            {lang: f"{below.title[lang]} + {above.title[lang]}" for lang in below.title}
        ),
        kind="merged",
        tiers=sorted_tiers({**below.tiers, **above.tiers}),
        orphan_tier=above.orphan_tier or below.orphan_tier,
        thresholds=MappingProxyType({**below.thresholds, **above.thresholds}),
        figures=MappingProxyType({**below.figures, **above.figures}),
        levels=above.levels or below.levels,
        source="；".join(dict.fromkeys((below.source, above.source))),
        extends=tuple(dict.fromkeys((*below.extends, *above.extends))),
        editions=tuple({each.name: each for each in (*below.editions, *above.editions)}.values()),
    )
