"""The columns an audit adds to grids and units, and the orphans with their reasons."""

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.findings import rules
from geo.grids import area_m2, compactness, is_outside_units, n_parts
from geo.layers import Layers, ancestors
from geo.standards import Standard

__all__ = ["grid_columns", "orphan_reasons", "tiling_columns", "unit_columns", "with_confidence"]

_UNIT_MEASURES = {
    "n_sites": "n_sites",
    "nearest_m": "nearest_m",
    "nearest_minutes": "nearest_minutes",
    "covered_area_share": "area_share",
    "covered_residents_share": "residents_share",
    "class": "class",
    "location_quotient": "location_quotient",
    "covered_residents_share_{}_low": "residents_share_low",
    "covered_residents_share_{}_high": "residents_share_high",
    "certainty": "certainty",
}


def orphan_reasons(
    layers: Layers, findings: gpd.GeoDataFrame, orphan_tier: str | None
) -> pd.Series:
    """Return for each grid the sorted tuple of why it is an orphan (孤立), empty when it is not.

    Base grids only: any of the rules that make an orphan (H301, H302, H303, G208, and C501 for
    the orphan tier), or `outside` for a grid that shares no area with any unit.
    """
    makes_orphan = {code for code, rule in rules().items() if rule.orphan}
    rows = findings[
        findings["rule"].isin(makes_orphan)
        & ((findings["rule"] != "C501") | (findings["tier"] == orphan_tier))
    ]
    pairs = rows[["rule", "grid_ids"]].explode("grid_ids").dropna()
    reasons: dict[str, set[str]] = {}
    for code, grid in zip(pairs["rule"], pairs["grid_ids"], strict=True):
        reasons.setdefault(grid, set()).add(code)
    if layers.units is not None:
        outside = is_outside_units(layers.grids, layers.units, layers.levels)
        for grid in layers.grids.index[outside]:
            reasons.setdefault(grid, set()).add("outside")
    base = set(layers.base_grids.index)
    values = [tuple(sorted(reasons.get(g, ()))) if g in base else () for g in layers.grids.index]
    return pd.Series(values, index=layers.grids.index, name="orphan_reasons", dtype=object)


def grid_columns(
    layers: Layers,
    findings: gpd.GeoDataFrame,
    wide: pd.DataFrame,
    *,
    borders: pd.DataFrame,
    people: pd.DataFrame,
    reasons: pd.Series,
) -> gpd.GeoDataFrame:
    """Return the grids with the columns that an audit adds."""
    grids = tiling_columns(layers, findings, borders=borders, people=people, reasons=reasons)
    added = grids.join(wide.reindex(grids.index))
    order = [name for name in added.columns if name != "geometry"]
    return added[[*order, "geometry"]]


def tiling_columns(
    layers: Layers,
    findings: gpd.GeoDataFrame,
    *,
    borders: pd.DataFrame,
    people: pd.DataFrame,
    reasons: pd.Series,
) -> gpd.GeoDataFrame:
    """Return the grids with the columns that tell of their borders and their people."""
    grids = layers.grids.copy()
    for column in people:
        if column not in grids and people[column].notna().any():
            grids[column] = people[column].reindex(grids.index)
    ends = pd.concat([borders["left_id"], borders["right_id"]]).value_counts()
    named = findings["grid_ids"].explode().dropna().value_counts()
    grids["area_m2"] = area_m2(layers.grids)
    grids["compactness"] = compactness(layers.grids)
    grids["n_neighbours"] = ends.reindex(grids.index, fill_value=0).astype(int)
    grids["n_parts"] = n_parts(layers.grids)
    grids["is_orphan"] = reasons.map(bool)
    grids["orphan_reasons"] = reasons
    grids["n_findings"] = named.reindex(grids.index, fill_value=0).astype(int)
    return grids


def unit_columns(
    layers: Layers,
    grids: gpd.GeoDataFrame,
    findings: gpd.GeoDataFrame,
    *,
    coverage: pd.DataFrame,
    model: str,
) -> gpd.GeoDataFrame | None:
    """Return the units with counts, findings by rule and the shares of each tier, or None.

    `class_by_category`, where a tier is judged by categories or services: tier to category to class
    by the verdict's `model`.
    """
    if layers.units is None:
        return None
    units = layers.units.copy()
    pairs = ancestors(layers.grids, units)
    inside = pairs.join(grids[["kind", "is_orphan"]], on="grid_id")
    if "households" in grids:
        inside = inside.join(grids["households"], on="grid_id")
    for kind in ("base", "dedicated"):
        counts = inside[inside["kind"] == kind].groupby("unit_id").size()
        units[f"n_grids_{kind}"] = counts.reindex(units.index, fill_value=0).astype(int)
    orphans = inside.groupby("unit_id")["is_orphan"].sum()
    units["n_orphans"] = orphans.reindex(units.index, fill_value=0).astype(int)
    if "households" in inside:
        base = inside[inside["kind"] == "base"]
        mean = base.groupby("unit_id")["households"].mean()
        units["mean_households"] = mean.reindex(units.index)
    counts_by_rule = _findings_by_rule(findings, pairs)
    units["n_findings"] = (
        counts_by_rule.map(lambda row: sum(row.values()))
        .reindex(units.index, fill_value=0)
        .astype(int)
    )
    units["findings_by_rule"] = [counts_by_rule.get(unit, {}) for unit in units.index]
    classes = _classes_by_category(coverage, model)
    if classes:
        units["class_by_category"] = [classes.get(unit, {}) for unit in units.index]
    added = units.join(_unit_shares(coverage).reindex(units.index))
    order = [name for name in added.columns if name != "geometry"]
    return added[[*order, "geometry"]]


def with_confidence(table: pd.DataFrame, standard: Standard) -> pd.DataFrame:
    """Return `table`, which has `tier`, with the confidence of each tier: the weaker of its two.

    Nobody has read the minutes or the metres of an `unverified` tier in a text; else it is the
    confidence of what the model measures by: minutes along streets, metres as the crow flies.
    """
    network, radius = {}, {}
    for name, tier in standard.tiers.items():
        mark = "unverified" if tier.is_unverified else None
        network[name] = mark or tier.confidence
        radius[name] = mark or tier.distance_confidence
    is_network = table["model"] == "network"
    known = table["tier"].map(network).where(is_network, table["tier"].map(radius))
    return table.assign(confidence=known.astype(object))


def _findings_by_rule(findings: gpd.GeoDataFrame, pairs: pd.DataFrame) -> pd.Series:
    """Return unit id to {rule: number of findings that name it or a grid below it}."""
    by_grid = (
        findings[["finding_id", "rule", "grid_ids"]]
        .explode("grid_ids")
        .dropna(subset=["grid_ids"])
        .merge(pairs, left_on="grid_ids", right_on="grid_id")[["finding_id", "rule", "unit_id"]]
    )
    direct = (
        findings[["finding_id", "rule", "unit_ids"]]
        .explode("unit_ids")
        .dropna(subset=["unit_ids"])
        .rename(columns={"unit_ids": "unit_id"})
    )
    both = pd.concat([by_grid, direct]).drop_duplicates()
    table = both.groupby(["unit_id", "rule"]).size()
    result: dict[str, dict[str, int]] = {}
    for (unit, rule), n in table.items():
        result.setdefault(str(unit), {})[str(rule)] = int(n)
    return pd.Series(result, dtype=object)


def _classes_by_category(
    coverage: pd.DataFrame, model: str
) -> dict[str, dict[str, dict[str, str]]]:
    """Return unit to tier to category or service to class."""
    rows = coverage[
        (coverage["subject"] == "unit")
        & (coverage["category"] != "all")
        & (coverage["model"] == model)
    ]
    result: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows[["id", "tier", "category", "class"]].itertuples(index=False):
        result.setdefault(row[0], {}).setdefault(row[1], {})[row[2]] = row[3]
    return result


def _unit_shares(coverage: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of units that hold for all categories together, wide by tier."""
    rows = coverage[(coverage["subject"] == "unit") & (coverage["category"] == "all")]
    parts: list[pd.Series] = []
    for (tier, model), table in rows.groupby(["tier", "model"], sort=False):
        suffix = tier if model == "radius" else f"{tier}_{model}"
        by_id = table.set_index("id")
        parts += [
            by_id[source].rename(name.format(suffix) if "{}" in name else f"{name}_{suffix}")
            for name, source in _UNIT_MEASURES.items()
        ]
    return pd.concat(parts, axis=1) if parts else pd.DataFrame(dtype=np.float64)
