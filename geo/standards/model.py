"""Standards as frozen values: every number with its unit, source and confidence."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from geo.errors import StandardError
from geo.words import text

__all__ = [
    "CONFIDENCES",
    "DEMANDS",
    "Confidence",
    "Edition",
    "Figure",
    "Standard",
    "Tier",
    "as_words",
]

Confidence = Literal["published", "secondary", "unverified", "ours"]

DEMANDS: Final = ("residents", "workers")
"""Whom a tier can serve."""

CONFIDENCES: Final = ("published", "secondary", "unverified", "ours")
"""`ours` is our own default, where no source gives a number."""


def as_words(listed: Iterable[str] | None) -> tuple[str, ...] | None:
    """Return a list of words as a tuple; None stays None."""
    return None if listed is None else tuple(listed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number (or list of words) of a standard, with where it comes from."""

    value: float | str | tuple[str, ...]
    unit: str | None
    source: str
    confidence: Confidence
    title: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One file behind a standard and when it is in force: ISO dates, None where not known."""

    name: str
    title: Mapping[str, str]
    valid_from: str | None = None
    valid_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One kind of circle. `categories` None means that every site counts.

    `services` are the codes of the catalogue (classes or services) that everybody in the tier must
    reach; None asks for none. `demand` is whom it serves: `residents`, or `workers` who work
    outdoors.

    `source` and `confidence` are those of the minutes, `distance_source` and
    `distance_confidence` those of the metres: where none are published they are ours.
    """

    tier_id: str
    title: Mapping[str, str]
    minutes: float
    distance_m: float
    mode: str = "walk"
    categories: tuple[str, ...] | None = None
    services: tuple[str, ...] | None = None
    demand: str = "residents"
    source: str = ""
    confidence: Confidence = "ours"
    distance_source: str = ""
    distance_confidence: Confidence = "ours"

    @property
    def speed_kmh(self) -> float:
        """Speed that `distance_m` in `minutes` implies (km/h)."""
        return self.distance_m / self.minutes * 60.0 / 1000.0

    @property
    def is_unverified(self) -> bool:
        """True when nobody has read its minutes or its metres in a text."""
        return "unverified" in (self.confidence, self.distance_confidence)

    @property
    def marked_title(self) -> Mapping[str, str]:
        """The title, marked where the tier is unverified: what every output shows."""
        if not self.is_unverified:
            return self.title
        marks = {language: text("standards.mark_unverified", language) for language in self.title}
        return MappingProxyType(
            {language: title + marks[language] for language, title in self.title.items()}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """A norm (`standard` 标准), a city's own way (`profile` 口径), or several merged.

    `names`
        The standards that were merged, in order.
    `tiers`
        Tier id to `Tier`, from the shortest minutes up.
    `orphan_tier`
        The tier whose blank (C501) makes an orphan; None where there are no tiers.
    `thresholds`
        Name (contract.md, Thresholds) to `Figure`; the defaults of ours are always in it.
    `figures`
        Everything else the standard publishes, for display and later rules, by dotted name.
    `levels`
        Its chain of levels from the top down, for display; empty when it names none.
    `valid_from`, `valid_to`
        ISO dates where known; of several merged, `editions` has the dates of each.
    `extends`
        The standards that its file says it builds on, the nearest last.
    `editions`
        Every file that it is made of, what it extends first.
    """

    names: tuple[str, ...]
    title: Mapping[str, str]
    kind: Literal["standard", "profile", "merged"]
    tiers: Mapping[str, Tier]
    orphan_tier: str | None
    thresholds: Mapping[str, Figure]
    figures: Mapping[str, Figure] = field(default_factory=lambda: MappingProxyType({}))
    levels: tuple[str, ...] = ()
    source: str = ""
    valid_from: str | None = None
    valid_to: str | None = None
    extends: tuple[str, ...] = ()
    editions: tuple[Edition, ...] = ()

    def limit(self, name: str) -> float:
        """Return the threshold `name` as a number.

        Raises
        ------
        StandardError
            If there is no such threshold.
        """
        if name not in self.thresholds:
            raise StandardError("standards.no_threshold", name=name)
        return float(self.thresholds[name].value)  # type: ignore[arg-type]
