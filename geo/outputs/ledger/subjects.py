"""The sheets 网格 and 站点: one row a grid, one row a site."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from geo.audit import Audit
from geo.findings import rules
from geo.membership import assign_to_grids
from geo.outputs.ledger.columns import column, sheet_name, word
from geo.outputs.ledger.places import Places
from geo.outputs.ledger.sheets import Column, Row, Sheet
from geo.outputs.values import json_column
from geo.words import table

__all__ = ["grids_sheet", "sites_sheet"]

_CLASS_TINTS: Final = {
    "blank": "error",
    "thin": "warning",
    "crowded": "info",
    "unknown": "doubt",
    "adequate": "good",
}
_GRID_FACTS: Final = (
    ("households", "households", "count"),
    ("residents", "residents", "count"),
    ("area", "area_m2", "count"),
    ("compactness", "compactness", "fine"),
    ("n_neighbours", "n_neighbours", "count"),
    ("n_parts", "n_parts", "count"),
    ("n_findings", "n_findings", "count"),
)
_TIER_WIDTH: Final = 10.5
_TIER_FACTS: Final = (
    ("tier_metres", "nearest_m", "count"),
    ("tier_minutes", "nearest_minutes", "number"),
    ("tier_sites", "n_sites", "count"),
    ("tier_share", None, "share"),
    ("tier_class", "class", "label"),
)


def grids_sheet(audit: Audit, places: Places) -> Sheet:
    """Return every grid with its measures, its verdicts and whether it is an orphan."""
    language, grids = audit.language, audit.all_grids
    n = len(grids)
    spots = [places.by_grid.get(grid, ("", "")) for grid in grids.index]
    blocks: list[tuple[Column, Sequence[Any]]] = [
        (column("code", language), list(grids.index)),
        (column("name", language), _values(grids, "name", n)),
        (column("street", language), [street for street, _ in spots]),
        (column("community", language), [community for _, community in spots]),
        (column("kind", language, "label"), _worded("kind", _values(grids, "kind", n), language)),
    ]
    if audit.finer is not None:
        blocks.append((column("level", language), _values(grids, "level", n)))
    for key, source, form in _GRID_FACTS:
        if source in grids:
            blocks.append((column(key, language, form), _values(grids, source, n)))
    is_orphan = _values(grids, "is_orphan", n)
    yes = word("yes", language)
    blocks += [
        (column("is_orphan", language, "label"), [yes if value else "" for value in is_orphan]),
        (column("orphan_reasons", language, "wrap"), _reasons(grids, language)),
    ]
    tinted = {len(blocks) - 2: {yes: "warning"}}
    words = {word(f"class_{name}", language): tint for name, tint in _CLASS_TINTS.items()}
    for tier in audit.coverage_summary:
        blocks += _tier_blocks(audit, tier, n)
        tinted[len(blocks) - 1] = words
    return _sheet("grids", blocks, tinted, paper="A3")


def sites_sheet(audit: Audit, places: Places) -> Sheet:
    """Return every site with the grid, community and street it stands in."""
    language, sites = audit.language, audit.sites
    if sites is None:
        sites = audit.grids.iloc[:0].drop(columns=["name"], errors="ignore")
        homes: Sequence[Any] = []
    else:
        homes = json_column(assign_to_grids(sites, audit.grids))
    n = len(sites)
    spots = [places.by_grid.get(home, ("", "")) if home else ("", "") for home in homes]
    named = audit.findings["site_ids"].explode().dropna().value_counts()
    blocks: list[tuple[Column, Sequence[Any]]] = [
        (column("code", language), list(sites.index)),
        (column("name", language, "wrap"), _values(sites, "name", n)),
        (column("site_kind", language), _values(sites, "category", n)),
        (column("street", language), [street for street, _ in spots]),
        (column("community", language), [community for _, community in spots]),
        (column("grid", language), [places.grid_labels[home] if home else "" for home in homes]),
        (column("n_findings", language, "count"), [int(named.get(s, 0)) for s in sites.index]),
    ]
    for key, source, form in (
        ("site_tier", "tier", "text"),
        ("services", "services", "wrap"),
        ("capacity", "capacity", "count"),
    ):
        if source in sites:
            blocks.append((column(key, language, form), _values(sites, source, n)))
    return _sheet("sites", blocks, {}, paper="A4")


def _sheet(
    name: str,
    blocks: Sequence[tuple[Column, Sequence[Any]]],
    tinted: Mapping[int, Mapping[str, str]],
    *,
    paper: str,
) -> Sheet:
    """Return a sheet of columns; `tinted` tells for a place which values have which tint."""
    rows = tuple(
        Row(
            values=values,
            tints={at: words[values[at]] for at, words in tinted.items() if values[at] in words},
        )
        for values in zip(*(values for _, values in blocks), strict=True)
    )
    columns = tuple(column for column, _ in blocks)
    return Sheet(name=sheet_name(name), columns=columns, rows=rows, n_frozen=2, paper=paper)


def _tier_blocks(audit: Audit, tier: str, n: int) -> list[tuple[Column, Sequence[Any]]]:
    model = "" if audit.verdict_model == "radius" else f"_{audit.verdict_model}"
    by_area = audit.coverage_summary[tier].get("demand_basis") == "area"
    share = "covered_area_share" if by_area else "covered_residents_share"
    title = audit.standard.tiers[tier].marked_title
    basis = audit.coverage_summary[tier].get("demand_basis") or "area"
    fields = {
        lang: {"tier": title[lang], "basis": word(f"basis_{basis}", lang)} for lang in ("zh", "en")
    }
    blocks = []
    for key, source, form in _TIER_FACTS:
        values = _values(audit.all_grids, f"{source or share}_{tier}{model}", n)
        if source == "class":
            values = _worded("class", values, audit.language)
        blocks.append((column(key, audit.language, form, fields=fields, width=_TIER_WIDTH), values))
    return blocks


def _values(frame: pd.DataFrame, name: str, n: int) -> Sequence[Any]:
    return json_column(frame[name]) if name in frame else [None] * n


def _worded(prefix: str, values: Sequence[Any], language: str) -> list[Any]:
    """Return the words for codes, the code itself where there is none."""
    words = table("outputs")
    return [
        words.get(f"{prefix}_{value}", {}).get(language, value) if value else value
        for value in values
    ]


def _reasons(grids: pd.DataFrame, language: str) -> list[str]:
    if "orphan_reasons" not in grids:
        return [""] * len(grids)
    known = {code: f"{code} {rule.title[language]}" for code, rule in rules().items()}
    known["outside"] = word("orphan_outside", language)
    return [
        "、".join(known.get(reason, reason) for reason in reasons or ())
        for reasons in json_column(grids["orphan_reasons"])
    ]
