"""The sheet 汇总: the whole city first, then one row a unit, each before what is below it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pandas as pd

from geo.audit import Audit
from geo.layers import ancestors
from geo.outputs.ledger.columns import column, sheet_name, word
from geo.outputs.ledger.office import Office
from geo.outputs.ledger.places import Places
from geo.outputs.ledger.sheets import Column, Row, Sheet
from geo.outputs.values import json_value
from geo.words import table

__all__ = ["overview_sheet"]

_CITY: Final = ""
_FOUND: Final = ["kind", "grid_ids", "unit_ids"]
_HEADS: Final = 4
_COUNTS: Final = (
    "n_grids",
    "n_base",
    "n_dedicated",
    "n_orphans",
    "n_error",
    "n_warning",
    "n_info",
)
_STAGES: Final = ("n_open", "n_reported", "n_closed")
_SUMS: Final = ("households", "residents")
_TINTS: Final = {"n_orphans": "warning", "n_error": "error", "n_warning": "warning"}


def overview_sheet(audit: Audit, places: Places, office: Office) -> Sheet:
    """Return counts, findings, people and covered shares of the city and of every unit.

    Where the ledger is a store's: also how many findings are open, reported and closed.
    """
    language = audit.language
    stages = _STAGES if office.stamp else ()
    counts = (*_COUNTS, *stages)
    columns = [
        column("level", language, width=12),
        column("street", language),
        column("community", language),
        column("code", language),
        *(column(name, language, "count") for name in (*counts, *_SUMS)),
        *(_share_column(audit, tier) for tier in audit.coverage_summary),
    ]
    pairs = _grids_of_units(audit)
    found = audit.findings[["severity", "grid_ids", "unit_ids"]].set_axis(_FOUND, axis="columns")
    numbers = _grid_numbers(audit, pairs).join(_finding_numbers(audit, found, pairs))
    if stages:
        lives = pd.DataFrame(office.stages, columns=_FOUND, dtype=object)
        numbers = numbers.join(_finding_numbers(audit, lives, pairs))
    numbers = numbers.reindex(columns=[*counts, *_SUMS])
    numbers[list(counts)] = numbers[list(counts)].fillna(0.0)
    shares = {_CITY: audit.coverage_summary, **_unit_shares(audit)}
    rows = [
        _row(head, numbers.loc[unit].to_dict(), _chosen(audit, shares.get(unit, {})))
        for unit, head in _heads(audit, places)
    ]
    return Sheet(name=sheet_name("overview"), columns=tuple(columns), rows=tuple(rows), n_frozen=3)


def _share_column(audit: Audit, tier: str) -> Column:
    basis = audit.coverage_summary[tier].get("demand_basis") or "area"
    title = audit.standard.tiers[tier].marked_title
    fields = {
        lang: {"tier": title[lang], "basis": word(f"basis_{basis}", lang)} for lang in ("zh", "en")
    }
    return column("tier_share", audit.language, "share", fields=fields)


def _row(head: tuple[str, ...], numbers: Mapping[Any, Any], shares: list[Any]) -> Row:
    values = [json_value(value) for value in numbers.values()]
    tints = {
        _HEADS + place: _TINTS[name]
        for place, name in enumerate(numbers)
        if name in _TINTS and values[place]
    }
    is_total = not head[-1]
    return Row(values=(*head, *values, *shares), tints={} if is_total else tints, is_total=is_total)


def _heads(audit: Audit, places: Places) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the city, then each unit with its level, street, community and id, parents first."""
    yield _CITY, (word("total", audit.language), "", "", "")
    units, levels = audit.units, audit.layers.levels
    if units is None:
        return
    subtotal = word("subtotal", audit.language)
    for unit in sorted(units.index, key=lambda key: places.chains[key]):
        street, community = places.by_unit.get(unit, ("", ""))
        name = places.unit_names[unit]
        level = str(units["level"][unit])
        is_lowest = bool(levels) and level == levels[-1]
        names = (street, community) if is_lowest else (street or name, subtotal)
        yield unit, (_level_name(level, audit.language), *names, unit)


def _level_name(level: str, language: str) -> str:
    """Return the usual name of a level; one that a project made up is its own name."""
    names = table("outputs").get(f"level_{level}")
    return level if names is None else names[language]


def _grids_of_units(audit: Audit) -> pd.DataFrame:
    """Return grid and unit pairs over all levels, the city (an empty id) included."""
    grids, units = audit.grids, audit.units
    city = pd.DataFrame({"grid_id": grids.index.to_numpy(dtype=object), "unit_id": _CITY})
    if units is None:
        return city
    return pd.concat([city, ancestors(grids, units)], ignore_index=True)


def _grid_numbers(audit: Audit, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the counts of grids and the people of base grids, by unit."""
    grids = audit.grids
    facts = pd.DataFrame(
        {
            "n_grids": 1.0,
            "n_base": (grids["kind"] == "base").astype(float),
            "n_dedicated": (grids["kind"] == "dedicated").astype(float),
            "n_orphans": grids["is_orphan"].astype(float),
        },
        index=grids.index,
    )
    for name in _SUMS:
        if name in grids:
            facts[name] = grids[name].astype(float).where(grids["kind"] == "base")
    joined = pairs.join(facts, on="grid_id").drop(columns="grid_id")
    sums = joined.groupby("unit_id").sum(min_count=1)
    everyone = [_CITY] if audit.units is None else [_CITY, *audit.units.index]
    return sums.reindex(everyone)


def _finding_numbers(audit: Audit, found: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return how many findings of each kind name a unit, a unit below it or a grid in it.

    `found` has a row a finding: `kind`, `grid_ids`, `unit_ids`.
    """
    findings = pd.DataFrame(found).assign(number=range(len(found)))
    by_grid = (
        findings[["number", "kind", "grid_ids"]]
        .explode("grid_ids")
        .dropna(subset=["grid_ids"])
        .merge(pairs, left_on="grid_ids", right_on="grid_id")[["number", "kind", "unit_id"]]
    )
    direct = findings[["number", "kind", "unit_ids"]].explode("unit_ids")
    direct = direct.dropna(subset=["unit_ids"]).rename(columns={"unit_ids": "unit_id"})
    city = findings[["number", "kind"]].assign(unit_id=_CITY)
    parts = [by_grid, direct, city]
    if audit.units is not None:
        above = ancestors(audit.units, audit.units).rename(columns={"grid_id": "below"})
        merged = direct.merge(above, left_on="unit_id", right_on="below", suffixes=("_below", ""))
        parts.append(merged[["number", "kind", "unit_id"]])
    counted = pd.concat(parts, ignore_index=True).drop_duplicates(["number", "unit_id"])
    table = pd.crosstab(counted["unit_id"], counted["kind"])
    return table.add_prefix("n_").astype(float)


def _unit_shares(audit: Audit) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Return unit to tier to its row of the long table, by the verdict's model."""
    long = audit.coverage
    rows = long[
        (long["subject"] == "unit")
        & (long["category"] == "all")
        & (long["model"] == audit.verdict_model)
    ]
    shares: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in rows[["id", "tier", "area_share", "residents_share"]].to_dict("records"):
        shares.setdefault(row["id"], {})[row["tier"]] = {str(k): v for k, v in row.items()}
    return shares


def _chosen(audit: Audit, shares: Mapping[str, Mapping[str, Any]]) -> list[Any]:
    """Return the share of each tier by the basis of the totals: demand, else area."""
    chosen = []
    for tier, total in audit.coverage_summary.items():
        name = "area_share" if total.get("demand_basis") == "area" else "residents_share"
        chosen.append(json_value(shares.get(tier, {}).get(name)))
    return chosen
