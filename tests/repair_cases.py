"""What every repair must keep, checked with plain geometry."""

import geopandas as gpd
import numpy as np
import shapely

from geo.grids import find_gaps, find_outside_parent, find_overlaps
from geo.planning import Repair, RepairRules, repair_grids

NOISE_M, SLIVER_M = 0.05, 1.0
DEFECTS = ("G201", "G202", "G203", "G204")
RULES = RepairRules(noise_width_m=NOISE_M, sliver_width_m=SLIVER_M)


def wkb(frame: gpd.GeoDataFrame) -> np.ndarray:
    return np.asarray(shapely.to_wkb(frame.geometry.array), dtype=object)


def defects(frame: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame | None = None) -> list[str]:
    """Return the rules that an audit of overlaps and gaps reports, G207 left out."""
    limits = {"noise_width_m": NOISE_M, "sliver_width_m": SLIVER_M}
    reports = (find_overlaps(frame, **limits), find_gaps(frame, outlines, **limits))
    return [rule for report in reports for rule in report.findings["rule"] if rule in DEFECTS]


def undisputed_lost_m2(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> float:
    """Return the most that any grid lost of what no other grid of its kind claimed."""
    old, new = before.geometry.array, after.geometry.array
    kind = before["kind"].to_numpy()
    tree, worst = shapely.STRtree(old), 0.0
    for k in np.flatnonzero(wkb(before) != wkb(after)):
        others = [j for j in tree.query(old[k]) if j != k and kind[j] == kind[k]]
        own = shapely.difference(old[k], shapely.union_all(old[others]))
        worst = max(worst, float(shapely.area(shapely.difference(own, new[k]))))
    return worst


def moved_m2(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> float:
    at = np.flatnonzero(wkb(before) != wkb(after))
    return float(
        shapely.area(
            shapely.symmetric_difference(before.geometry.array[at], after.geometry.array[at])
        ).sum()
    )


def check_repair(
    grids: gpd.GeoDataFrame,
    *,
    outlines: gpd.GeoDataFrame | None = None,
    buildings: gpd.GeoDataFrame | None = None,
    units: gpd.GeoDataFrame | None = None,
    rules: RepairRules = RULES,
) -> Repair:
    """Repair `grids` and assert all that a repair promises; return it."""
    repair = repair_grids(grids, rules=rules, outlines=outlines, buildings=buildings)
    mended, same = repair.grids, wkb(grids) == wkb(repair.grids)
    disputed = repair.before[repair.before["rule"].isin(DEFECTS)]["measure"].sum()

    assert list(mended.index) == list(grids.index)
    assert shapely.is_valid(mended.geometry.array).all()
    assert (mended.geometry.area > 0).all()
    assert not defects(mended, outlines)
    assert (same == (mended["status"] == "unchanged").to_numpy()).all()
    assert undisputed_lost_m2(grids, mended) < 1e-3
    assert moved_m2(grids, mended) <= disputed + 1e-3
    is_noded = (mended["status"] == "noded").to_numpy()
    assert moved_m2(grids[is_noded], mended[is_noded]) < 1e-3
    if units is not None:
        outside = [find_outside_parent(f, units, noise_width_m=NOISE_M) for f in (grids, mended)]
        assert _ids(outside[1].findings) <= _ids(outside[0].findings)
    again = repair_grids(
        mended.drop(columns="status"), rules=rules, outlines=outlines, buildings=buildings
    )
    assert (wkb(again.grids) == wkb(mended)).all()
    assert again.changes.empty
    return repair


def _ids(findings: gpd.GeoDataFrame) -> set[str]:
    return {grid_id for ids in findings["grid_ids"] for grid_id in ids}
