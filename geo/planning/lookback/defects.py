"""Which findings were mended, which are left, which are new."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.audit import Audit
from geo.words import LANGUAGES, text

__all__ = ["CHANGES", "Translation", "common_tiers", "compared_findings", "rules_not_compared"]

CHANGES: Final = ("fixed", "left", "introduced")
"""What became of a finding."""

_GONE: Final = "\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """Old ids in the new version's terms; what is in neither mapping is gone."""

    grids: Mapping[str, str]
    units: Mapping[str, str]

    def subjects(self, row: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
        """Return the subjects of an old finding as the new version calls them."""
        return (
            _translated(row["grid_ids"], self.grids),
            _translated(row["unit_ids"], self.units),
            tuple(row["site_ids"]),
        )


def compared_findings(old: Audit, new: Audit, translation: Translation) -> gpd.GeoDataFrame:
    """Return the findings of both audits with `change` and `old_id`, new ones first.

    A finding is left when the other audit has it under the same id, or, where grids or units were
    recoded, for the subjects that continue its own: rule, tier, model, category and subjects are
    the same. What only one audit could judge (a rule, a tier) is in no count and left out.
    """
    skipped = set(rules_not_compared(old, new))
    tiers = common_tiers(old, new)
    before, after = (
        audit.findings[_is_comparable(audit.findings, skipped, tiers)].reset_index(drop=True)
        for audit in (old, new)
    )
    mate = _mates(before, after, translation)
    change = np.where(mate >= 0, "left", "introduced")
    old_ids = before["finding_id"].to_numpy(dtype=object)
    after = after.assign(
        change=change, old_id=[old_ids[i] if i >= 0 else None for i in mate.tolist()]
    )
    gone = np.setdiff1d(np.arange(len(before)), mate)
    fixed = before.iloc[gone].assign(change="fixed", old_id=old_ids[gone])
    frames = [frame for frame in (after, fixed) if len(frame)]
    if not frames:
        return after
    joined = pd.concat([frame.astype({"old_id": object}) for frame in frames], ignore_index=True)
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=old.crs)


def common_tiers(old: Audit, new: Audit) -> set[str]:
    """Return the tiers that can be compared: judged in both audits, by the same model."""
    if old.verdict_model != new.verdict_model:
        return set()
    return set(old.coverage_summary) & set(new.coverage_summary)


def rules_not_compared(old: Audit, new: Audit) -> dict[str, dict[str, str]]:
    """Return the rules that only one audit judged, each with the reason in every language."""
    found = {}
    for code in sorted(set(old.rules) ^ set(new.rules)):
        key = "lookback.judged_only_before" if code in old.rules else "lookback.judged_only_after"
        found[code] = {language: text(key, language) for language in LANGUAGES}
    return found


def _is_comparable(findings: pd.DataFrame, skipped: set[str], tiers: set[str]) -> pd.Series:
    is_known = findings["tier"].isna() | findings["tier"].isin(tiers)
    return ~findings["rule"].isin(skipped) & is_known


def _mates(
    before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, translation: Translation
) -> np.ndarray:
    """Return for each new finding the position of the old one that it is, -1 for none."""
    waiting: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    rows = before.drop(columns="geometry").to_dict("records")
    for i in _by_place(before):
        waiting[_key(rows[i], translation.subjects(rows[i]))].append(i)
    ids = before["finding_id"].tolist()
    mate = np.full(len(after), -1, dtype=np.intp)
    others = []
    found = after.drop(columns="geometry").to_dict("records")
    for j in _by_place(after):
        key = _key(found[j], (found[j]["grid_ids"], found[j]["unit_ids"], found[j]["site_ids"]))
        same = [i for i in waiting[key] if ids[i] == found[j]["finding_id"]]
        if same:
            mate[j] = same[0]
            waiting[key].remove(same[0])
        else:
            others.append((j, key))
    for j, key in others:
        if waiting[key]:
            mate[j] = waiting[key].pop(0)
    return mate


def _by_place(findings: gpd.GeoDataFrame) -> list[int]:
    """Return positions from west to east, then south to north."""
    place = shapely.centroid(np.asarray(findings.geometry.array, dtype=object))
    x, y = (np.nan_to_num(np.round(get(place), 1)) for get in (shapely.get_x, shapely.get_y))
    order: list[int] = np.lexsort((y, x)).tolist()
    return order


def _key(row: Mapping[Any, Any], subjects: tuple[tuple[str, ...], ...]) -> tuple[Any, ...]:
    """Return what makes two findings the same; units only tell where nothing below them does."""
    grids, units, sites = (tuple(ids) for ids in subjects)
    scalars = tuple(
        None if pd.isna(row[name]) else row[name] for name in ("rule", "tier", "model", "category")
    )
    return (*scalars, grids, () if grids or sites else units, sites)


def _translated(ids: tuple[str, ...], names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(names.get(name, f"{_GONE}{name}") for name in ids))
