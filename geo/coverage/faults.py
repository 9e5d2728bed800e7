"""C501 blank, C502 thin, C503 crowded, C505 what is asked for missing, C507 unknown: base grids."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.coverage.classes import crowded_above
from geo.coverage.limits import CoverageRules
from geo.coverage.measures import ALL_CATEGORIES
from geo.coverage.network import the_mode
from geo.coverage.radius import RADIUS
from geo.coverage.services import SERVICE, asked_of, category_title
from geo.findings import Report, findings_frame
from geo.standards import Tier, catalogue_backing
from geo.words import LANGUAGES, text

__all__ = ["find_coverage_faults", "reach_text"]

_ROUNDING: Final = 1e-9

_TOLD: Final = (
    *("id", "tier", "model", "category", "class", "demand_basis", "n_sites"),
    *("nearest_m", "nearest_minutes", "area_share", "residents_share", "location_quotient"),
)
"""The columns that a finding is made from."""

_RULE_OF_CLASS: Final = {"blank": "C501", "thin": "C502", "crowded": "C503", "unknown": "C507"}


def find_coverage_faults(
    long: pd.DataFrame,
    grids: gpd.GeoDataFrame,
    *,
    tiers: Mapping[str, Tier],
    rules: CoverageRules,
    people: pd.DataFrame | None = None,
    model: str = RADIUS,
) -> Report:
    """Report base grids that are blank, thin, crowded or unknown in a tier, or lack a category.

    Parameters
    ----------
    long
        Long table with rows of subject `grid`.
    grids
        The grids it was made from, with `kind`.
    tiers
        Tier id to `Tier`, as for the table.
    rules
        The limits that the classes were decided by.
    people
        `residents` and `households` by grid id (`grid_totals`). With it a thin grid touches only
        those outside the circles; without it the findings leave both open.
    model
        The model that gives the verdict.

    Returns
    -------
    report
        C501 (measure: share 0), C502 (share, limit `thin_below_share`), C503 (number of sites,
        limit: what is crowded above; only where the sites in reach of a resident are at least
        `crowded_need_quotient` times the city's), C505 (share 0 of one category, service or class
        that the tier asks for, where the tier as a whole is not blank), C507 (share that could be
        judged: 0). Counts `n_judged` (grid and tier pairs with a verdict), `n_unknown` and
        `n_crowded_by_need`: crowded pairs that have no more than their people need, no finding.
        C505 is skipped where no tier asks for anything, or only for services and the sites do not
        say which they offer, C507 by radius, which can always be judged: the reasons are keys of
        `geo.words`.
    """
    rows = long[(long["subject"] == "grid") & (long["model"] == model)]
    rows = rows[rows["id"].isin(grids.index[(grids["kind"] == "base").to_numpy()])]
    whole = rows[rows["category"] == ALL_CATEGORIES]
    asked = _asked(rows, tiers)
    found: list[Mapping[str, Any]] = []
    shapes = dict(zip(grids.index, grids.geometry.array, strict=True))
    living = {} if people is None else people.to_dict("index")
    limits = _crowded_limits(long, model, rules)
    told: dict[tuple[str, ...], dict[str, Any]] = {}
    is_told = _is_told(whole, rules)
    for record in _records(whole[is_told]):
        measure, limit = _measure_and_limit(record, rules, limits)
        rule = _RULE_OF_CLASS[record["class"]]
        row = _finding(rule, record, words=_words(record, tiers, told), shapes=shapes)
        row |= {"measure": measure, "limit": limit}
        if record["class"] == "thin":
            row |= _unserved(living.get(record["id"], {}), measure)
        found.append(row)
    found.extend(
        _finding("C505", record, words=_words(record, tiers, told), shapes=shapes)
        | {"measure": 0.0, "limit": 0.0}
        for record in _records(_lacking(asked, whole))
    )
    return Report(
        findings=findings_frame(found, grids.crs),
        thresholds=MappingProxyType(
            {
                "thin_below_share": rules.thin_below_share,
                "crowded_quotient": rules.crowded_quotient,
                "crowded_need_quotient": rules.crowded_need_quotient,
            }
        ),
        counts=MappingProxyType(
            {
                "n_judged": int((whole["class"] != "unknown").sum()),
                "n_unknown": int((whole["class"] == "unknown").sum()),
                "n_crowded_by_need": int(((whole["class"] == "crowded") & ~is_told).sum()),
            }
        ),
        skipped=MappingProxyType(_skipped(tiers, asked, model)),
    )


def _records(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    values = (rows[name].tolist() for name in _TOLD)
    for record in zip(*values, strict=True):
        yield dict(zip(_TOLD, record, strict=True))


def _is_told(whole: pd.DataFrame, rules: CoverageRules) -> pd.Series:
    """Return which rows are a finding by their class, the crowded ones by need besides.

    Where nobody can be counted the number of sites decides alone.
    """
    least = rules.crowded_need_quotient - _ROUNDING
    is_by_need = (whole["class"] == "crowded") & (whole["location_quotient"] < least)
    return whole["class"].isin(list(_RULE_OF_CLASS)) & ~is_by_need


def _asked(rows: pd.DataFrame, tiers: Mapping[str, Tier]) -> pd.DataFrame:
    """Return the rows of the categories, services and classes that their tier asks for."""
    pairs = [(tier_id, name) for tier_id, tier in tiers.items() for name in asked_of(tier)]
    return rows[pd.MultiIndex.from_frame(rows[["tier", "category"]]).isin(pairs)]


def _skipped(tiers: Mapping[str, Tier], asked: pd.DataFrame, model: str) -> dict[str, str]:
    skipped = {}
    if not any(asked_of(tier) for tier in tiers.values()):
        skipped["C505"] = "coverage.no_categories"
    elif asked.empty and all(tier.categories is None for tier in tiers.values()):
        skipped["C505"] = "coverage.no_services"
    if model == RADIUS:
        skipped["C507"] = "coverage.no_network"
    return skipped


def _lacking(asked: pd.DataFrame, whole: pd.DataFrame) -> pd.DataFrame:
    """Return what is asked for and blank where the tier as a whole is not."""
    served = whole[~whole["class"].isin(["blank", "unknown"])]
    key = pd.MultiIndex.from_frame(served[["id", "tier"]])
    each = asked[asked["class"] == "blank"]
    return each[pd.MultiIndex.from_frame(each[["id", "tier"]]).isin(key)]


def _crowded_limits(long: pd.DataFrame, model: str, rules: CoverageRules) -> dict[str, float]:
    """Return by tier the number of sites above which a grid is crowded."""
    rows = long[
        (long["subject"] == "grid")
        & (long["model"] == model)
        & (long["category"] == ALL_CATEGORIES)
    ]
    return {
        str(tier): float(
            crowded_above(
                np.where(mine["class"].isin(["blank", "unknown"]), 0.0, 1.0),
                mine["n_sites"],
                rules=rules,
            )[0]
        )
        for tier, mine in rows.groupby("tier", sort=False)
    }


def _measure_and_limit(
    record: Mapping[str, Any], rules: CoverageRules, crowded: Mapping[str, float]
) -> tuple[float, float]:
    """Return what was measured and the limit it breaks."""
    if record["class"] == "crowded":
        return float(record["n_sites"]), crowded[record["tier"]]
    if record["class"] == "unknown":
        return 0.0, 0.0
    by_area = record["demand_basis"] == "area"
    share = record["area_share"] if by_area else record["residents_share"]
    return float(share), rules.thin_below_share if record["class"] == "thin" else 0.0


def _unserved(people: Mapping[Any, float], share: float) -> dict[str, float]:
    """Return the residents and households outside the circles, as whole numbers (NaN: unknown)."""
    return {
        name: float(np.round(people.get(name, np.nan) * (1.0 - share)))
        for name in ("residents", "households")
    }


def _finding(
    rule: str,
    record: Mapping[str, Any],
    *,
    words: Mapping[str, Any],
    shapes: Mapping[Any, Any],
) -> dict[str, Any]:
    category = record["category"]
    nearest = {f"nearest_{language}": _nearest(record, language) for language in LANGUAGES}
    return {
        "rule": rule,
        "layer": "grids",
        "grid_ids": (record["id"],),
        "tier": record["tier"],
        "model": record["model"],
        "category": None if category == ALL_CATEGORIES else category,
        "details": {
            **nearest,
            **words,
            **{f"need_{language}": _need(record, language) for language in LANGUAGES},
            "nearest_m": record["nearest_m"],
            "n_sites": int(record["n_sites"]),
        },
        "geometry": shapes[record["id"]],
    }


def _words(
    record: Mapping[str, Any],
    tiers: Mapping[str, Tier],
    told: dict[tuple[str, ...], dict[str, Any]],
) -> dict[str, Any]:
    """Return what a finding tells alike for all grids; `told` keeps it."""
    tier_id, model, category = record["tier"], record["model"], record["category"]
    basis = record["demand_basis"] or "area"
    key = (tier_id, model, category, basis)
    if key not in told:
        tier = tiers[tier_id]
        told[key] = {
            **{f"reach_{language}": reach_text(tier, model, language) for language in LANGUAGES},
            **{f"basis_{language}": text(f"coverage.{basis}", language) for language in LANGUAGES},
            **{f"what_{language}": _what(category, language) for language in LANGUAGES},
            **(catalogue_backing() if category.startswith(SERVICE) else {}),
            "minutes": float(tier.minutes),
            "distance_m": float(tier.distance_m),
        }
    return told[key]


def _what(category: str, language: str) -> str:
    """Return what is missing, in words: a category of sites, or sites that offer a service."""
    key = "what_service" if category.startswith(SERVICE) else "what_category"
    return text(f"coverage.{key}", language, category=category_title(category, language))


def _need(record: Mapping[str, Any], language: str) -> str:
    """Return how the sites stand to those who share them, in words; empty where nobody is known."""
    if np.isnan(record["location_quotient"]):
        return ""
    return text("coverage.need", language, quotient=record["location_quotient"])


def _nearest(record: Mapping[str, Any], language: str) -> str:
    """Return how far the nearest site is, in words."""
    if np.isnan(record["nearest_m"]):
        return text("coverage.no_site", language)
    key = "nearest" if record["model"] == RADIUS else "nearest_network"
    return text(
        f"coverage.{key}",
        language,
        metres=record["nearest_m"],
        minutes=record["nearest_minutes"],
    )


def reach_text(tier: Tier, model: str, language: str) -> str:
    """Return the limit of `tier` in words: metres by radius, minutes along streets."""
    return text(
        f"coverage.reach_{model}",
        language,
        metres=tier.distance_m,
        minutes=tier.minutes,
        mode=the_mode(tier.mode).title[language],
    )
