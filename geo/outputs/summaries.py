"""`summary.json`: what was audited, by which limits, with which result."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import pandas as pd

from geo.audit import Audit
from geo.coverage import NETWORK
from geo.coverage.network import the_mode
from geo.crs import crs_name
from geo.findings import SEVERITIES
from geo.layers import Source
from geo.outputs.values import json_value
from geo.standards import Tier

__all__ = ["SCHEMA_VERSION", "summary"]

SCHEMA_VERSION: Final = "1.0"
"""Raised when a key of `summary.json` changes its meaning or goes."""

_LAYERS: Final = (
    "grids",
    "units",
    "sites",
    "buildings",
    "streets",
    "barriers",
    "candidates",
    "estates",
)


def summary(audit: Audit) -> dict[str, Any]:
    """Return the content of `summary.json` as JSON values.

    `findings` names the rules that found something, `rules` those that were run, `skipped` those
    that were not, each with its reason in the audit's language.
    """
    standard = audit.standard
    content = {
        "schema_version": SCHEMA_VERSION,
        "project": audit.project_id,
        "title": audit.title,
        "language": audit.language,
        "standards": list(standard.names),
        "created": audit.created,
        "inputs": [_input(source) for source in audit.sources],
        "crs": crs_name(audit.crs),
        "verdict_model": audit.verdict_model,
        "noise_width_m": standard.limit("noise_width_m"),
        "sliver_width_m": standard.limit("sliver_width_m"),
        "tiers": [
            _tier(audit, tier, model)
            for tier in standard.tiers.values()
            for model in _models(audit)
        ],
        "orphan_tier": standard.orphan_tier,
        "thresholds": {name: _number(item) for name, item in standard.thresholds.items()},
        "counts": _counts(audit),
        "grids": _grids(audit.grids),
        "grid_levels": _grid_levels(audit),
        "noise": {"n_overlaps": 0, "n_gaps": 0, **audit.noise},
        "coverage": {tier: dict(row) for tier, row in audit.coverage_summary.items()},
        "need": audit.need,
        "services": audit.services,
        "demand_basis": _basis(audit.coverage_summary),
        "findings": _by_value(audit.findings["rule"]),
        "severities": {**dict.fromkeys(reversed(SEVERITIES), 0), **_severities(audit)},
        "nets": _nets(audit),
        "rules": list(audit.rules),
        "skipped": {code: reason[audit.language] for code, reason in audit.skipped.items()},
        "messages": [message[audit.language] for message in audit.messages],
    }
    plain: dict[str, Any] = json_value(content)
    return plain


def _input(source: Source) -> dict[str, Any]:
    record = asdict(source) if not isinstance(source.mapped, Mapping) else _record(source)
    order = ("layer", "path", "sha256", "rows", "used", "quarantined", "crs", "datum")
    return {name: record[name] for name in (*order, *(n for n in record if n not in order))}


def _record(source: Source) -> dict[str, Any]:
    return {name: getattr(source, name) for name in Source.__slots__}


def _number(figure: Any) -> dict[str, Any]:  # noqa: ANN401
    names = ("value", "unit", "source", "confidence")
    return {name: getattr(figure, name) for name in names}


def _models(audit: Audit) -> list[str]:
    """Return the models that were measured, the radius first."""
    found = set(audit.coverage["model"]) if len(audit.coverage) else set()
    return sorted(found | {audit.verdict_model}, key=lambda model: (model != "radius", model))


def _tier(audit: Audit, tier: Tier, model: str) -> dict[str, Any]:
    return {
        "tier": tier.tier_id,
        "model": model,
        "minutes": tier.minutes,
        "distance_m": tier.distance_m,
        "speed_kmh": the_mode(tier.mode).speed.value if model == NETWORK else tier.speed_kmh,
        "mode": tier.mode,
        "demand": tier.demand,
        "categories": _categories(audit, tier),
        "services": tier.services,
        "title": dict(tier.title),
        "source": tier.source,
        "confidence": tier.confidence,
        "distance_source": tier.distance_source,
        "distance_confidence": tier.distance_confidence,
    }


def _categories(audit: Audit, tier: Tier) -> list[str] | None:
    """Return the category values that counted, as the file has them; None where all did."""
    if tier.categories is None:
        return None
    sites = audit.sites
    if sites is None or "category_source" not in sites or "category" not in sites:
        return list(tier.categories)
    counted = sites["category"].isin(tier.categories)
    return sorted(sites.loc[counted, "category_source"].dropna().astype(str).unique())


def _counts(audit: Audit) -> dict[str, int]:
    """Return the rows used of each layer; of a layer that is not at hand, as its source says."""
    counts: dict[str, int] = {}
    for source in audit.sources:
        counts[source.layer] = counts.get(source.layer, 0) + source.used
    for name in _LAYERS:
        frame = getattr(audit.layers, name)
        if frame is not None:
            counts[name] = len(frame)
    return counts


def _grids(grids: pd.DataFrame) -> dict[str, int]:
    kinds = grids["kind"].value_counts()
    return {
        "n_base": int(kinds.get("base", 0)),
        "n_dedicated": int(kinds.get("dedicated", 0)),
        "n_orphans": int(grids["is_orphan"].sum()) if "is_orphan" in grids else 0,
    }


def _grid_levels(audit: Audit) -> dict[str, int]:
    """Return the grids of each level from coarse to fine, empty where there is one level."""
    layers = audit.layers
    frames = (layers.grids, *layers.finer.values())
    return {level: len(each) for level, each in zip(layers.grid_levels, frames, strict=False)}


def _basis(coverage: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Return the one basis of all totals, None without tiers."""
    bases = {row.get("demand_basis") for row in coverage.values()}
    return next(iter(bases)) if len(bases) == 1 else None


def _nets(audit: Audit) -> list[dict[str, Any]]:
    """Return how far each two nets agree; empty without departmental nets."""
    table = audit.nets.agreement if audit.nets is not None else pd.DataFrame()
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _severities(audit: Audit) -> dict[str, int]:
    return _by_value(audit.findings["severity"])


def _by_value(values: pd.Series) -> dict[str, int]:
    counts = values.value_counts().sort_index()
    return {str(name): int(n) for name, n in counts.items()}
