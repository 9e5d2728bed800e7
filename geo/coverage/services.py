"""Which sites offer which services (服务事项): the column `services` against the catalogue."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from geo.standards import (
    ServiceMatch,
    Tier,
    service_classes,
    service_title,
    services_of,
)
from geo.words import LANGUAGES, text

__all__ = [
    "MAX_GRIDS",
    "SERVICE",
    "ServiceCensus",
    "asked_of",
    "category_title",
    "service_census",
    "service_notes",
    "service_sets",
]

SERVICE: Final = "service:"
"""`category` of a row that judges a service or a class of services: this and its code."""

MAX_GRIDS: Final = 3000
"""With more grids the long table has rows of single services only where a tier asks for them."""

_COLUMN: Final = "services"
_MAX_NAMED: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCensus:
    """How many sites offer each code of the catalogue, and what of the column is not in it."""

    offered: Mapping[str, int]
    unknown: Mapping[str, int]


def service_sets(
    tier: Tier,
    sites: gpd.GeoDataFrame,
    counting: npt.NDArray[np.bool_],
    *,
    n_grids: int = 0,
) -> Mapping[str, npt.NDArray[np.bool_]]:
    """Return which of the `counting` sites offer each class and service, by `SERVICE` + code.

    Those that the tier asks for, offered or not; of a tier that asks for none, those that are
    offered, and above `MAX_GRIDS` grids of their classes only. Empty without a column `services`:
    nobody knows what the sites offer then.
    """
    if _COLUMN not in sites.columns:
        return {}
    offers: dict[str, list[int]] = {}
    for at, match in enumerate(_matches(sites)):
        for code in (*match.classes, *match.services):
            offers.setdefault(code, []).append(at)
    codes = tier.services
    if codes is None:
        codes = tuple(
            code
            for code in _ordered()
            if code in offers and (n_grids <= MAX_GRIDS or "." not in code)
        )
    sets = {}
    for code in codes:
        mask = np.zeros(len(sites), dtype=bool)
        mask[offers.get(code, [])] = True
        sets[f"{SERVICE}{code}"] = mask & counting
    return sets


def asked_of(tier: Tier) -> frozenset[str]:
    """Return the categories, services and classes that a tier asks for, as in the long table."""
    services = (f"{SERVICE}{code}" for code in tier.services or ())
    return frozenset((*(tier.categories or ()), *services))


def category_title(category: str, language: str) -> str:
    """Return what a category of the long table is called: a service by its title."""
    if not category.startswith(SERVICE):
        return category
    return service_title(category.removeprefix(SERVICE))[language]


def service_census(sites: gpd.GeoDataFrame | None) -> ServiceCensus | None:
    """Return what the sites offer; None where they have no column `services`."""
    if sites is None or _COLUMN not in sites.columns:
        return None
    offered: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for match in _matches(sites):
        offered.update((*match.classes, *match.services))
        unknown.update(set(match.unknown))
    return ServiceCensus(
        offered=MappingProxyType({code: offered[code] for code in _ordered() if code in offered}),
        unknown=MappingProxyType(dict(sorted(unknown.items(), key=lambda item: (-item[1], item)))),
    )


def service_notes(
    census: ServiceCensus | None, tiers: Mapping[str, Tier], *, n_grids: int = 0
) -> tuple[Mapping[str, str], ...]:
    """Return what the user should know: items not recognised, services asked for in vain."""
    if census is None:
        is_asked = any(tier.services for tier in tiers.values())
        return (_note("services_not_given"),) if is_asked else ()
    notes = []
    if n_grids > MAX_GRIDS and any(tier.services is None for tier in tiers.values()):
        notes.append(_note("services_by_class", n=MAX_GRIDS))
    if census.unknown:
        named = "、".join(list(census.unknown)[:_MAX_NAMED])
        more = "…" if len(census.unknown) > _MAX_NAMED else ""
        notes.append(_note("services_unknown", n=len(census.unknown), items=named + more))
    return tuple(notes)


def _matches(sites: gpd.GeoDataFrame) -> list[ServiceMatch]:
    return [services_of(cell) for cell in sites[_COLUMN]]


def _ordered() -> list[str]:
    """Return all codes in the order of the catalogue, each class before its services."""
    return [
        code
        for each in service_classes().values()
        for code in (each.code, *(service.code for service in each.services))
    ]


def _note(key: str, **values: object) -> Mapping[str, str]:
    return {language: text(f"coverage.{key}", language, **values) for language in LANGUAGES}
