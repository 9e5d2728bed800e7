"""A project's own tiers and thresholds over its standard."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from geo.errors import StandardError
from geo.quantities import distance_m
from geo.standards.files import hint
from geo.standards.loading import WALKED_SOURCE, sorted_tiers
from geo.standards.model import DEMANDS, Figure, Standard, Tier, as_words
from geo.standards.services import service_codes

__all__ = ["MODES", "with_overrides"]

MODES: Final = ("walk", "elder", "bicycle", "ebike", "car")
"""The ways to travel that a tier may name."""

_BY_PROJECT: Final = "项目文件 project file"


def _is_positive(value: object) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and value > 0  # type: ignore[arg-type, operator]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_words(value: object) -> bool:
    if isinstance(value, str) or not isinstance(value, Sequence):
        return False
    return len(value) > 0 and all(map(_is_text, value))


def _is_services(value: object) -> bool:
    return _is_words(value) and set(value) <= service_codes()  # type: ignore[call-overload]


def _is_title(value: object) -> bool:
    if isinstance(value, Mapping):
        return set(value) == {"zh", "en"} and all(map(_is_text, value.values()))
    return _is_text(value)


_SETTINGS: Final[Mapping[str, tuple[Callable[[object], bool], str]]] = MappingProxyType(
    {
        "title": (_is_title, '"…" | { zh = "…", en = "…" }'),
        "minutes": (_is_positive, "> 0"),
        "distance_m": (_is_positive, "> 0"),
        "mode": (lambda value: value in MODES, " | ".join(MODES)),
        "categories": (_is_words, '["…", …]'),
        "services": (_is_services, '["elderly", "elderly.canteen", …]'),
        "demand": (lambda value: value in DEMANDS, " | ".join(DEMANDS)),
    }
)


def with_overrides(
    standard: Standard,
    *,
    tiers: Mapping[str, Mapping[str, Any]],
    thresholds: Mapping[str, float],
) -> Standard:
    """Return `standard` with a project's `[tiers.*]` and `[thresholds]` in their place.

    Parameters
    ----------
    standard
        What the project's standards say together.
    tiers
        Tier id to any of `title` (text, or `zh` and `en`), `minutes`, `distance_m`, `mode`,
        `categories`, `services`, `demand`. An id that the standard lacks makes a new tier and must
        give its minutes. New minutes without metres mean minutes × 4 km/h.
    thresholds
        Threshold to number.

    Raises
    ------
    StandardError
        If a threshold, a tier's setting or a value is not valid; the known names are told.
    """
    changed = dict(standard.tiers)
    for tier_id, settings in tiers.items():
        _check_settings(tier_id, settings)
        changed[tier_id] = _changed_tier(tier_id, settings, standard.tiers)
    orphan = standard.orphan_tier
    if orphan is None and len(changed) == 1:
        orphan = next(iter(changed))
    return replace(
        standard,
        tiers=sorted_tiers(changed),
        orphan_tier=orphan,
        thresholds=_changed_thresholds(standard.thresholds, thresholds),
    )


def _check_settings(tier_id: str, settings: Mapping[str, Any]) -> None:
    for name, value in settings.items():
        if name not in _SETTINGS:
            known = ", ".join(_SETTINGS)
            raise StandardError(
                "standards.unknown_tier_key",
                tier=tier_id,
                name=name,
                hint=hint(name, _SETTINGS),
                known=known,
            )
        is_valid, expected = _SETTINGS[name]
        if not is_valid(value):
            raise StandardError(
                "standards.bad_tier_value",
                tier=tier_id,
                name=name,
                value=repr(value),
                expected=expected,
            )


def _changed_tier(tier_id: str, settings: Mapping[str, Any], tiers: Mapping[str, Tier]) -> Tier:
    if tier_id not in tiers and "minutes" not in settings:
        raise StandardError(
            "standards.new_tier_needs_minutes", tier=tier_id, known=", ".join(tiers) or "–"
        )
    title = MappingProxyType({"zh": tier_id, "en": tier_id})
    tier = tiers.get(tier_id) or Tier(tier_id=tier_id, title=title, minutes=1.0, distance_m=1.0)
    if "minutes" in settings:
        minutes = float(settings["minutes"])
        tier = replace(tier, minutes=minutes, source=_BY_PROJECT, confidence="ours")
        tier = replace(tier, distance_m=distance_m(minutes), distance_source=WALKED_SOURCE)
        tier = replace(tier, distance_confidence="ours")
    if "distance_m" in settings:
        metres = float(settings["distance_m"])
        tier = replace(tier, distance_m=metres, distance_source=_BY_PROJECT)
        tier = replace(tier, distance_confidence="ours")
    if "title" in settings:
        tier = replace(tier, title=_title(settings["title"]))
    return replace(
        tier,
        mode=settings.get("mode", tier.mode),
        categories=as_words(settings.get("categories", tier.categories)),
        services=as_words(settings.get("services", tier.services)),
        demand=settings.get("demand", tier.demand),
    )


def _title(given: str | Mapping[str, str]) -> Mapping[str, str]:
    both = {"zh": given, "en": given} if isinstance(given, str) else dict(given)
    return MappingProxyType(both)


def _changed_thresholds(
    known: Mapping[str, Figure], given: Mapping[str, float]
) -> Mapping[str, Figure]:
    changed = dict(known)
    for name, value in given.items():
        if name not in known:
            raise StandardError(
                "standards.unknown_threshold",
                name=name,
                hint=hint(name, known),
                known=", ".join(known),
            )
        if not _is_positive(value) and (isinstance(value, bool) or value != 0):
            raise StandardError("standards.bad_threshold", name=name, value=repr(value))
        changed[name] = replace(known[name], value=value, source=_BY_PROJECT, confidence="ours")
    _check_order(changed)
    return MappingProxyType(changed)


def _check_order(thresholds: Mapping[str, Figure]) -> None:
    for low, high in (("noise_width_m", "sliver_width_m"), ("min_households", "max_households")):
        low_value, high_value = thresholds[low].value, thresholds[high].value
        if low_value > high_value:  # type: ignore[operator]
            raise StandardError(
                "standards.crossed_thresholds",
                low=low,
                high=high,
                low_value=low_value,
                high_value=high_value,
            )
