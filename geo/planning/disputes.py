"""What is disputed: the parts of overlaps and gaps, in clusters that touch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from geo.findings import concat_findings, finding_ids
from geo.grids import find_gaps, find_overlaps, tile
from geo.planning.tiling import Tiling

__all__ = ["Dispute", "clusters", "disputes_of", "find_faults", "open_areas", "with_origins"]

_TOUCHING_M: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dispute:
    """One connected part of a finding.

    `form`: `overlap` (of grids of one kind), `gap`, `spill` (a dedicated grid over the edge of its
    base grid); `grids`: positions of those that claim it, for a gap of those around it; `unit`:
    position of the outline of a gap, -1 without.
    """

    finding: int
    form: str
    grids: tuple[int, ...]
    unit: int
    polygon: shapely.Polygon


def find_faults(
    grids: gpd.GeoDataFrame,
    outlines: gpd.GeoDataFrame | None,
    *,
    noise_width_m: float,
    sliver_width_m: float,
) -> gpd.GeoDataFrame:
    """Return the findings G201-G204 and G207 with their `finding_id`, as an audit names them."""
    limits = {"noise_width_m": noise_width_m, "sliver_width_m": sliver_width_m}
    tiling = tile(grids, outlines, noise_width_m=noise_width_m)
    reports = (
        find_overlaps(grids, tiling=tiling, **limits),
        find_gaps(grids, outlines, tiling=tiling, **limits),
    )
    found = concat_findings([report.findings for report in reports], grids.crs)
    found = found.reset_index(drop=True)
    found["finding_id"] = finding_ids(found) if len(found) else pd.Series(dtype=object)
    return found


def with_origins(after: gpd.GeoDataFrame, before: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return `after` with `origin_id`, `origin_rule`: the finding of `before` that each comes from.

    The one with most of its ground; its own id and rule where there is none. The id alone does not
    tell: of two gaps between the same grids, the one that is left takes over the id of the other.
    """
    origin = np.full(len(after), -1)
    old, new = (np.asarray(each.geometry.array, dtype=object) for each in (before, after))
    i, j = shapely.STRtree(old).query(new, predicate="intersects")
    is_gap = [(each["defect"] == "gap").to_numpy() for each in (after, before)]
    shared_m2 = shapely.area(shapely.intersection(new[i], old[j]))
    for k in np.argsort(shared_m2, kind="stable"):
        if shared_m2[k] > 0.0 and is_gap[0][i[k]] == is_gap[1][j[k]]:
            origin[i[k]] = j[k]
    known = origin >= 0
    told = {}
    for column, name in (("finding_id", "origin_id"), ("rule", "origin_rule")):
        told[name] = after[column].to_numpy(dtype=object).copy()
        told[name][known] = before[column].to_numpy(dtype=object)[origin[known]]
    return after.assign(**told)


def disputes_of(
    findings: gpd.GeoDataFrame, tiling: Tiling, outlines: gpd.GeoDataFrame | None
) -> list[Dispute]:
    """Return the parts of `findings` (G207 left out: a straddle is for the planner to settle)."""
    at = {grid_id: k for k, grid_id in enumerate(tiling.ids)}
    units = {} if outlines is None else {unit: k for k, unit in enumerate(outlines.index)}
    found: list[Dispute] = []
    for row in findings.itertuples():
        grids = tuple(at[grid_id] for grid_id in row.grid_ids)
        form = _form(row.rule, row.defect, grids=grids, tiling=tiling)
        if not form:
            continue
        unit = units.get(row.unit_ids[0], -1) if row.unit_ids else -1
        found += [
            Dispute(finding=row.Index, form=form, grids=grids, unit=unit, polygon=part)
            for part in shapely.get_parts(row.geometry)
            if part.geom_type == "Polygon" and part.area > 0.0
        ]
    return found


def _form(rule: str, defect: str, *, grids: Sequence[int], tiling: Tiling) -> str:
    if defect == "gap":
        return "gap"
    if rule == "G207":
        return ""
    kinds = {bool(tiling.is_dedicated[k]) for k in grids}
    if len(kinds) == 1:
        return "overlap"
    return "spill" if rule == "G204" else ""


def clusters(disputes: Sequence[Dispute], tiling: Tiling) -> list[list[Dispute]]:
    """Return the disputes in groups that touch: of base grids, of dedicated ones, then spills."""
    groups: list[list[Dispute]] = []
    for kind in ("base", "dedicated", "spill"):
        some = [each for each in disputes if _kind(each, tiling) == kind]
        if not some:
            continue
        shapes = np.array([each.polygon for each in some], dtype=object)
        i, j = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=_TOUCHING_M)
        graph = sparse.coo_array((np.ones(len(i)), (i, j)), shape=(len(some), len(some)))
        label = connected_components(graph, directed=False)[1]
        order = np.argsort(label, kind="stable").tolist()
        groups += [[some[k] for k in group] for _, group in groupby(order, key=label.__getitem__)]
    return groups


def _kind(dispute: Dispute, tiling: Tiling) -> str:
    if dispute.form == "overlap" and tiling.is_dedicated[dispute.grids[0]]:
        return "dedicated"
    return "spill" if dispute.form == "spill" else "base"


def open_areas(disputes: Sequence[Dispute]) -> Mapping[int, float]:
    """Return the area (m²) of each grid that it shares with another of its kind."""
    of_grid: dict[int, list[shapely.Polygon]] = {}
    for each in disputes:
        if each.form == "overlap":
            for grid in each.grids:
                of_grid.setdefault(grid, []).append(each.polygon)
    return {k: float(shapely.union_all(shapes).area) for k, shapes in of_grid.items()}
