"""Compare two audits: lineage, people, defects, coverage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from geo.audit import Audit
from geo.crs import to_crs
from geo.layers import Layers
from geo.planning.lookback.defects import (
    Translation,
    compared_findings,
    rules_not_compared,
)
from geo.planning.lookback.fates import (
    ADJUSTED,
    FLAGS,
    NEW_FATES,
    OLD_FATES,
    Kin,
    fates_of,
    kinship,
    origins_of,
)
from geo.planning.lookback.matching import Side, Thread
from geo.planning.lookback.moving import Moving, headcount, moving, nobody_known
from geo.planning.lookback.overlay import Overlay, overlay, shares
from geo.planning.lookback.parents import parents_by_grids, successor_units, texts
from geo.planning.lookback.people import Places, places, residents_of, weights_on
from geo.planning.lookback.service import compared_coverage, compared_units
from geo.planning.lookback.tables import (
    ids_at,
    lineage_table,
    moved_buildings,
    moves_table,
    transfers,
)
from geo.planning.lookback.threads import Grounds, weave
from geo.planning.lookback.value import Lookback
from geo.standards import DEFAULT_STANDARD, load_standard
from geo.words import LANGUAGES, text

__all__ = ["look_back"]

_BASE = "base"


def look_back(old: Audit, new: Audit, *, border_tolerance_m: float | None = None) -> Lookback:
    """Return what changed from `old` to `new`, for whom, and whether it helped.

    Parameters
    ----------
    old, new
        Two audits of one place, each in its own working CRS; compared in that of `old`.
    border_tolerance_m
        Borders no further apart are *resurveyed*, not redrawn; by default the threshold of the
        new audit, of the old one where the new one leaves it as GridCircle has it.

    Raises
    ------
    CRSError
        If PROJ knows no exact way from the one CRS to the other.

    Notes
    -----
    O(n log n) and an exact intersection for every pair of grids that shares ground.
    """
    tolerance_m = _tolerance_m(old, new) if border_tolerance_m is None else border_tolerance_m
    new = _in_crs(new, old.crs)
    pair = _Pair(old=old, new=new)
    found = _places(pair)
    pairs = overlay(pair.before, pair.after)
    units = successor_units(old.layers, new.layers)
    grounds = _grounds(pair, pairs, found)
    has_units = old.layers.units is not None and new.layers.units is not None
    parents = (
        units
        if has_units
        else parents_by_grids(pair.before, pair.after, grounds.by_area, known=units)
    )
    thread = weave(pair.before, pair.after, _sides(pair, parents), grounds=grounds)
    kin = kinship(thread, grounds.shared)
    moved = _moving(pair, found, kin)
    grids = _old_grids(pair, thread, kin, moved=moved, tolerance_m=tolerance_m)
    for name, values in _flags(pair, kin, parents).items():
        grids[name] = values
    new_grids = _new_grids(pair, kin, grids["fate"].to_numpy(), pairs=pairs, moved=moved)
    successors = {
        str(grids.index[i]): str(new_grids.index[j]) for i, j in enumerate(kin.successor) if j >= 0
    }
    translation = Translation(grids=successors, units={**_kept_units(old, new), **units})
    findings = compared_findings(old, new, translation)
    return Lookback(
        old=old,
        new=new,
        grids=grids,
        new_grids=new_grids,
        lineage=lineage_table(
            grids, new_grids, kin, pairs=pairs, moved=moved if pair.buildings else None
        ),
        moves=moves_table(grids, new_grids, moved),
        moved_buildings=moved_buildings(new.layers.buildings, grids, new_grids, moved=moved),
        transfers=transfers(
            (pair.before, pair.after),
            kin,
            pairs,
            min_width_m=new.standard.limit("sliver_width_m"),
        ),
        findings=findings,
        coverage=compared_coverage(old, new, units),
        units=compared_units((old, new), (grids, new_grids), units=units, findings=findings),
        **_totals(pair, grids, new_grids, moved=moved),
        not_compared=rules_not_compared(old, new),
        border_tolerance_m=tolerance_m,
        messages=_messages(pair),
    )


def _tolerance_m(old: Audit, new: Audit) -> float:
    usual = load_standard([DEFAULT_STANDARD]).limit("border_tolerance_m")
    named = new.standard.limit("border_tolerance_m")
    return named if named != usual else old.standard.limit("border_tolerance_m")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pair:
    """Two audits in one CRS, their grids and buildings."""

    old: Audit
    new: Audit

    @property
    def before(self) -> gpd.GeoDataFrame:
        return self.old.layers.grids

    @property
    def after(self) -> gpd.GeoDataFrame:
        return self.new.layers.grids

    @property
    def buildings(self) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame] | None:
        """The buildings of both, None unless both have some."""
        old, new = self.old.layers.buildings, self.new.layers.buildings
        return None if old is None or new is None else (old, new)


def _in_crs(audit: Audit, crs: CRS) -> Audit:
    """Return `audit` with all that is compared in `crs`."""
    if audit.crs == crs:
        return audit
    layers: Layers = audit.layers

    def moved(frame: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
        return None if frame is None else to_crs(frame, crs)

    return replace(
        audit,
        layers=replace(
            layers,
            grids=moved(layers.grids),
            finer={level: to_crs(frame, crs) for level, frame in layers.finer.items()},
            units=moved(layers.units),
            sites=moved(layers.sites),
            buildings=moved(layers.buildings),
            streets=None,
        ),
        grids=moved(audit.grids),
        finer=moved(audit.finer),
        units=moved(audit.units),
        sites=moved(audit.sites),
        circles=moved(audit.circles),
        findings=moved(audit.findings),
    )


def _places(pair: _Pair) -> tuple[Places, Places] | None:
    if pair.buildings is None:
        return None
    old, new = (places(layer, pair.before, pair.after) for layer in pair.buildings)
    return old, new


def _grounds(pair: _Pair, pairs: Overlay, found: tuple[Places, Places] | None) -> Grounds:
    areas = tuple(
        shapely.area(np.asarray(frame.geometry.array, dtype=object))
        for frame in (pair.before, pair.after)
    )
    both = (areas[0], areas[1])
    by_area = shares(pairs, both)
    if found is None:
        return Grounds(pairs=pairs, by_area=by_area, shared=by_area)
    n_old, n_new = len(pair.before), len(pair.after)
    people = tuple(weights_on(pairs, place, n_new=n_new) for place in found)
    totals = (
        _sums(found[0].in_old, found[0].residents, n_old),
        _sums(found[1].in_new, found[1].residents, n_new),
    )
    shared = shares(pairs, both, people=(people[0], people[1]), totals=totals)
    return Grounds(pairs=pairs, by_area=by_area, shared=shared)


def _sums(at: npt.NDArray[np.intp], weight: npt.NDArray[np.float64], n: int) -> Any:  # noqa: ANN401
    inside = at >= 0
    return np.bincount(at[inside], weights=weight[inside], minlength=n)


def _sides(pair: _Pair, parents: Mapping[str, str]) -> tuple[Side, Side]:
    above = [
        None if code is None else parents.get(code, code)
        for code in texts(pair.before, "parent_id")
    ]
    old = Side(
        ids=[str(label) for label in pair.before.index],
        names=texts(pair.before, "name"),
        parents=above,
    )
    new = Side(
        ids=[str(label) for label in pair.after.index],
        names=texts(pair.after, "name"),
        parents=texts(pair.after, "parent_id"),
    )
    return old, new


def _moving(pair: _Pair, found: tuple[Places, Places] | None, kin: Kin) -> Moving:
    if pair.buildings is None or found is None:
        return nobody_known(len(pair.before))
    return moving(pair.buildings, found, kin=kin, new=pair.after)


def _old_grids(
    pair: _Pair, thread: Thread, kin: Kin, *, moved: Moving, tolerance_m: float
) -> gpd.GeoDataFrame:
    fate, border_m = fates_of(
        (pair.before, pair.after), kin, has_moved=moved.has_moved, tolerance_m=tolerance_m
    )
    n = len(pair.before)
    facts = {
        "fate": fate,
        "successor_id": ids_at(pair.after, kin.successor),
        "matched_by": thread.how,
        "border_m": border_m,
        "area_m2": pair.before.area.to_numpy(),
        "residents": _people(pair.before, pair.old),
        "residents_moved": np.bincount(moved.from_at, weights=moved.residents, minlength=n)
        if pair.buildings
        else np.nan,
        "n_buildings_moved": np.bincount(moved.from_at, minlength=n),
    }
    return _described(pair.before, facts)


def _new_grids(
    pair: _Pair,
    kin: Kin,
    fate: npt.NDArray[np.object_],
    *,
    pairs: Overlay,
    moved: Moving,
) -> gpd.GeoDataFrame:
    n = len(pair.after)
    origin = origins_of((pair.before, pair.after), kin, fate, pairs=pairs)
    on_base = (pair.before["kind"] == _BASE).to_numpy()[pairs.old]
    from_carved = on_base & (origin[pairs.new] == "carved")
    come = moved.to_at >= 0
    facts = {
        "origin": origin,
        "predecessor_ids": _lists(pair.before, kin.old, kin.new, n=n),
        "from_ids": _lists(pair.before, pairs.old[from_carved], pairs.new[from_carved], n=n),
        "area_m2": pair.after.area.to_numpy(),
        "residents": _people(pair.after, pair.new),
        "residents_moved_in": np.bincount(
            moved.to_at[come], weights=moved.residents[come], minlength=n
        )
        if pair.buildings
        else np.nan,
    }
    return _described(pair.after, facts)


def _lists(
    old: gpd.GeoDataFrame,
    old_at: npt.NDArray[np.intp],
    new_at: npt.NDArray[np.intp],
    *,
    n: int,
) -> list[tuple[str, ...]]:
    """Return the sorted old ids that belong to each of n new grids."""
    found: list[list[str]] = [[] for _ in range(n)]
    for i, j in zip(old_at.tolist(), new_at.tolist(), strict=True):
        found[j].append(str(old.index[i]))
    return [tuple(sorted(ids)) for ids in found]


def _described(frame: gpd.GeoDataFrame, facts: Mapping[str, Any]) -> gpd.GeoDataFrame:
    """Return name, kind and parent of grids with `facts` beside them."""
    head = {name: frame.get(name) for name in ("name", "kind", "parent_id")}
    columns = {**head, **{name: _column(values, frame) for name, values in facts.items()}}
    return gpd.GeoDataFrame(
        columns, geometry=frame.geometry, index=frame.index.rename("grid_id"), crs=frame.crs
    )


def _column(values: Any, frame: gpd.GeoDataFrame) -> pd.Series:  # noqa: ANN401
    if isinstance(values, np.ndarray) and values.dtype == object:
        return pd.Series(values, index=frame.index, dtype=object)
    return pd.Series(values, index=frame.index)


def _people(frame: gpd.GeoDataFrame, audit: Audit) -> npt.NDArray[np.float64]:
    """Return the residents of each grid: of its buildings, else its own figure, else missing."""
    buildings = audit.layers.buildings
    if buildings is not None and "residents" in buildings:
        at = places(buildings, frame, frame).in_old
        sums = _sums(at, residents_of(buildings, "residents"), len(frame))
        is_base = (frame["kind"] == _BASE).to_numpy()
        return np.asarray(np.where(is_base, sums, np.nan), dtype=np.float64)
    if "residents" in frame:
        own = pd.to_numeric(frame["residents"])
        return np.asarray(own.to_numpy(dtype=float, na_value=np.nan), dtype=np.float64)
    return np.full(len(frame), np.nan)


def _flags(pair: _Pair, kin: Kin, parents: Mapping[str, str]) -> dict[str, npt.NDArray[np.bool_]]:
    """Return what else changed of the old grids that are one still."""
    alone = np.flatnonzero(kin.is_alone)
    before, after = pair.before, pair.after
    ids = _both((before.index.map(str), after.index.map(str)), kin, alone)
    kinds = _both((before["kind"].to_list(), after["kind"].to_list()), kin, alone)
    names = _both((texts(before, "name"), texts(after, "name")), kin, alone)
    codes = _both((texts(before, "parent_id"), texts(after, "parent_id")), kin, alone)
    above = [(None if old is None else parents.get(old, old), new) for old, new in codes]
    has_parents = "parent_id" in before and "parent_id" in after
    changed = {
        "recoded": [old != new for old, new in ids],
        "renamed": [None not in (old, new) and old != new for old, new in names],
        "reparented": [has_parents and old != new for old, new in above],
        "rekinded": [old != new for old, new in kinds],
    }
    found = {}
    for flag in FLAGS:
        found[flag] = np.zeros(len(before), dtype=bool)
        found[flag][alone] = changed[flag]
    return found


def _both(
    columns: tuple[Sequence[Any], Sequence[Any]], kin: Kin, alone: npt.NDArray[np.intp]
) -> list[tuple[Any, Any]]:
    """Return what a column says of each grid that is one still, before and after."""
    mates = kin.successor[alone].tolist()
    return [(columns[0][i], columns[1][j]) for i, j in zip(alone.tolist(), mates, strict=True)]


def _kept_units(old: Audit, new: Audit) -> dict[str, str]:
    """Return unit ids that both versions use, where a layer of units is missing on a side."""
    if old.units is not None and new.units is not None:
        return {}
    known = [unit for ids in old.findings["unit_ids"] for unit in ids]
    return {unit: unit for unit in known}


def _totals(
    pair: _Pair, grids: pd.DataFrame, new_grids: pd.DataFrame, *, moved: Moving
) -> dict[str, Any]:
    counts = {name: int((grids["fate"] == name).sum()) for name in OLD_FATES}
    counts |= {name: int((new_grids["origin"] == name).sum()) for name in NEW_FATES}
    layers = (pair.old.layers.buildings, pair.new.layers.buildings)
    return {
        "lineage_counts": counts,
        "flag_counts": {name: int(grids[name].sum()) for name in FLAGS},
        "n_adjusted": sum(counts[name] for name in ADJUSTED),
        "residents": headcount(layers, (pair.before, pair.after), moved),
    }


def _messages(pair: _Pair) -> tuple[dict[str, str], ...]:
    keys = []
    if pair.old.verdict_model != pair.new.verdict_model:
        keys.append("other_model")
    if pair.buildings is None:
        keys.append("no_buildings")
    layers = (pair.old.layers.buildings, pair.new.layers.buildings)
    people = headcount(layers, (pair.before, pair.after), nobody_known(len(pair.before)))
    if people["before"] is None:
        keys.append("no_residents")
    elif people["moved"] is None:
        keys.append("residents_of_grids")
    return tuple(
        {language: text(f"lookback.{key}", language) for language in LANGUAGES} for key in keys
    )
