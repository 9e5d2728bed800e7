"""Coverage and people before and after, of the city and of every unit."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from geo.audit import Audit
from geo.layers import ancestors
from geo.planning.lookback.defects import common_tiers

__all__ = ["COVERAGE_COLUMNS", "UNIT_COLUMNS", "compared_coverage", "compared_units"]

COVERAGE_COLUMNS: Final = (
    "subject",
    "level",
    "old_id",
    "new_id",
    "name",
    "tier",
    "residents_share_before",
    "residents_share_after",
    "area_share_before",
    "area_share_after",
    "class_before",
    "class_after",
)
"""Columns of the comparison of coverage."""

UNIT_COLUMNS: Final = (
    "level",
    "name",
    "n_grids_before",
    "n_grids_after",
    "n_adjusted",
    "residents_before",
    "residents_after",
    "moved_out",
    "moved_in",
    "n_defects_before",
    "n_defects_after",
)
"""Columns of the comparison of units."""

_SHARES: Final = ("residents_share", "area_share")


def compared_coverage(old: Audit, new: Audit, units: Mapping[str, str]) -> pd.DataFrame:
    """Return the covered shares before and after: the city first, then each unit, by tier.

    `units` tells the unit that continues an old one. A unit that only one version has stands with
    one side missing; tiers are those that both audits have.
    """
    common = common_tiers(old, new)
    tiers = [tier for tier in new.coverage_summary if tier in common]
    rows = [_city_row(old, new, tier) for tier in tiers]
    before, after = _unit_rows(old), _unit_rows(new)
    back = {new_id: old_id for old_id, new_id in units.items()}
    names = {} if new.units is None else _column(new.units, "name")
    levels = {} if new.units is None else _column(new.units, "level")
    gone = [
        old_id
        for old_id in (old.units.index if old.units is not None else ())
        if old_id not in units
    ]
    pairs = [(back.get(new_id), new_id) for new_id in levels]
    old_names = {} if old.units is None else _column(old.units, "name")
    old_levels = {} if old.units is None else _column(old.units, "level")
    for old_id, new_id in [*pairs, *((old_id, None) for old_id in gone)]:
        for tier in tiers:
            left, right = before.get((old_id, tier)), after.get((new_id, tier))
            if left is None and right is None:
                continue
            rows.append(
                {
                    "subject": "unit",
                    "level": levels.get(new_id, old_levels.get(old_id)),
                    "old_id": old_id,
                    "new_id": new_id,
                    "name": names.get(new_id, old_names.get(old_id)),
                    "tier": tier,
                    **_sides(left or {}, right or {}),
                }
            )
    return pd.DataFrame(rows, columns=list(COVERAGE_COLUMNS))


def compared_units(
    audits: tuple[Audit, Audit],
    grids: tuple[pd.DataFrame, pd.DataFrame],
    *,
    units: Mapping[str, str],
    findings: pd.DataFrame,
) -> pd.DataFrame:
    """Return one row a unit of the new version: grids, adjusted ones, people, defects.

    Parameters
    ----------
    audits
        The old and the new audit.
    grids
        `Lookback.grids` and `Lookback.new_grids`.
    units
        The unit that continues each old one.
    findings
        `Lookback.findings`.
    """
    old, new = audits
    if new.units is None:
        return pd.DataFrame(columns=list(UNIT_COLUMNS))
    above_old = _above(old, grids[0])
    above_old["unit_id"] = above_old["unit_id"].map(dict(units))
    above_new = _above(new, grids[1])
    before = grids[0].assign(
        n=1.0, adjusted=grids[0]["fate"].isin(("redrawn", "split", "merged", "abolished"))
    )
    after = grids[1].assign(n=1.0, adjusted=grids[1]["origin"].isin(("new", "carved")))
    sums_old = _sums(above_old, before, ("n", "adjusted", "residents", "residents_moved"))
    sums_new = _sums(above_new, after, ("n", "adjusted", "residents", "residents_moved_in"))
    index = new.units.index
    table = pd.DataFrame(
        {
            "level": new.units["level"],
            "name": new.units.get("name"),
            "n_grids_before": sums_old["n"].reindex(index).fillna(0),
            "n_grids_after": sums_new["n"].reindex(index).fillna(0),
            "n_adjusted": sums_old["adjusted"].reindex(index).fillna(0)
            + sums_new["adjusted"].reindex(index).fillna(0),
            "residents_before": sums_old["residents"].reindex(index),
            "residents_after": sums_new["residents"].reindex(index),
            "moved_out": sums_old["residents_moved"].reindex(index),
            "moved_in": sums_new["residents_moved_in"].reindex(index),
        },
        index=index,
    )
    defects = findings[findings["severity"].isin(("error", "warning"))]
    counts = {
        "n_defects_before": _touching(defects[defects["change"] == "fixed"], above_old).add(
            _touching(defects[defects["change"] == "left"], above_new), fill_value=0
        ),
        "n_defects_after": _touching(defects[defects["change"] != "fixed"], above_new),
    }
    for name, values in counts.items():
        table[name] = values.reindex(index).fillna(0)
    whole = [name for name in UNIT_COLUMNS if name.startswith("n_")]
    return table.astype(dict.fromkeys(whole, int))[list(UNIT_COLUMNS)]


def _above(audit: Audit, grids: pd.DataFrame) -> pd.DataFrame:
    """Return each grid with every unit above it."""
    if audit.units is None:
        return pd.DataFrame({"grid_id": [], "unit_id": []}, dtype=object)
    return ancestors(grids, audit.units)


def _sums(above: pd.DataFrame, facts: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    numbers = facts[list(columns)].astype(float)
    joined = above.join(numbers, on="grid_id")
    return joined.groupby("unit_id")[list(columns)].sum(min_count=1)


def _touching(findings: pd.DataFrame, above: pd.DataFrame) -> pd.Series:
    """Return how many findings name a grid of each unit."""
    rows = pd.DataFrame({"finding": range(len(findings)), "grid_id": list(findings["grid_ids"])})
    rows = rows.explode("grid_id").dropna()
    pairs = rows.merge(above, on="grid_id")[["finding", "unit_id"]].drop_duplicates()
    return pairs.groupby("unit_id").size().astype(float)


def _city_row(old: Audit, new: Audit, tier: str) -> dict[str, Any]:
    sides = _sides(old.coverage_summary[tier], new.coverage_summary[tier])
    head = dict.fromkeys(("level", "old_id", "new_id", "name"))
    return {"subject": "city", **head, "tier": tier, **sides}


def _sides(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in (*_SHARES, "class"):
        missing = None if name == "class" else np.nan
        for side, row in (("before", before), ("after", after)):
            value = row.get(name, missing)
            found[f"{name}_{side}"] = missing if value is None else value
    return found


def _unit_rows(audit: Audit) -> dict[tuple[Any, str], Mapping[Any, Any]]:
    """Return the rows of the long table that judge units as a whole, by unit and tier."""
    table = audit.coverage
    rows = table[
        (table["subject"] == "unit")
        & (table["category"] == "all")
        & (table["model"] == audit.verdict_model)
    ]
    return {(row["id"], row["tier"]): row for row in rows.to_dict("records")}


def _column(frame: pd.DataFrame, name: str) -> dict[Any, Any]:
    if name not in frame:
        return dict.fromkeys(frame.index)
    return frame[name].where(frame[name].notna(), None).to_dict()
