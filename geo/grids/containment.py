"""Grids that reach outside their parent: G210."""

import geopandas as gpd
import numpy as np
import shapely

from geo.findings import Report, findings_frame
from geo.grids.inside import is_surely_inside
from geo.grids.names import display_names
from geo.grids.pairs import Mask, Positions
from geo.grids.parents import parent_positions
from geo.grids.tiling import Tiling, has_polygon, tile
from geo.grids.widths import Geometries, Pieces
from geo.layers import (
    require_metric,
    require_polygons,
    require_same_crs,
    require_unique_ids,
)

__all__ = ["find_outside_parent"]


def find_outside_parent(
    grids: gpd.GeoDataFrame,
    units: gpd.GeoDataFrame | None,
    *,
    noise_width_m: float,
    tiling: Tiling | None = None,
) -> Report:
    """Report every grid, base or dedicated, that reaches outside the unit its `parent_id` names.

    Parameters
    ----------
    grids
        n polygons, projected CRS in metres; judged where `parent_id` names a unit that has a
        polygon.
    units
        Units of any level; rows without a polygon are allowed.
    noise_width_m
        Parts outside of a smaller mean width are noise and left out.
    tiling
        `grids` matched (`geo.grids.tile`), where that was done already.

    Returns
    -------
    report
        `measure`: area outside of the parts that count (m²); geometry: these parts. `counts`:
        `n_judged`, `n_noise` grids whose parts outside are all noise (on a noisy layer, of those
        looked at). Skipped without units,
        parent ids or polygons.

    Raises
    ------
    CRSError, LayerError
        If a frame is not in metres, the two differ in CRS, or `grids` holds no polygon in a row.

    Notes
    -----
    Only grids of which the matching does not say that they are inside go to exact geometry
    (`geo.grids.inside`).
    """
    if tiling is None:
        require_metric(grids, "grids")
        require_polygons(grids, "grids")
    reason = _why_skipped(grids, units)
    if reason or units is None:
        return Report(findings=findings_frame([], grids.crs), skipped={"G210": reason})
    require_same_crs({"grids": grids, "units": units})
    require_unique_ids(units, "units")
    at, parent = _judged(grids, units)
    inner = np.asarray(grids.geometry.array, dtype=object)[at]
    outer = np.asarray(units.geometry.array, dtype=object)
    n_judged = len(at)
    tiling = tile(grids, units, noise_width_m=0.0) if tiling is None else tiling
    outline = tiling.outline_ids.get_indexer(units.index)[parent]
    doubtful = ~is_surely_inside(tiling, at, outline)
    at, parent, inner = at[doubtful], parent[doubtful], inner[doubtful]
    outside = Pieces.of(shapely.difference(inner, outer[parent]), min_width_m=noise_width_m)
    n_noise = _n_that_reach_out(inner, outer, parent, at=outside.area_m2 <= 0.0)
    names = display_names(units, np.unique(parent))
    ids, unit_ids = tiling.ids[at], units.index.take(parent).to_numpy(object)
    share = outside.area_m2 / shapely.area(inner)
    rows = [
        {
            "rule": "G210",
            "layer": "grids",
            "grid_ids": (ids[k],),
            "unit_ids": (unit_ids[k],),
            "measure": outside.area_m2[k],
            "width_m": outside.width_m[k],
            "geometry": outside.geometry[k],
            "details": {
                "share": share[k],
                "parent": names.get(unit_ids[k], unit_ids[k]),
            },
        }
        for k in np.flatnonzero(outside.area_m2 > 0.0)
    ]
    return Report(
        findings=findings_frame(rows, grids.crs),
        thresholds={"noise_width_m": noise_width_m},
        counts={"n_judged": n_judged, "n_noise": n_noise},
    )


def _n_that_reach_out(inner: Geometries, outer: Geometries, parent: Positions, *, at: Mask) -> int:
    """Count those of the grids `at` that are not wholly inside their parent."""
    shapely.prepare(outer[np.unique(parent[at])])
    return int((~shapely.covers(outer[parent[at]], inner[at])).sum())


def _judged(grids: gpd.GeoDataFrame, units: gpd.GeoDataFrame) -> tuple[Positions, Positions]:
    """Return the positions of the grids whose parent has a polygon, and of that parent."""
    parent = parent_positions(grids, units)
    at = np.flatnonzero((parent >= 0) & has_polygon(units)[parent])
    return at, parent[at]


def _why_skipped(grids: gpd.GeoDataFrame, units: gpd.GeoDataFrame | None) -> str:
    if units is None or len(units) == 0:
        return "audit.skip_no_units"
    if "parent_id" not in grids:
        return "audit.skip_no_parent_ids"
    is_missing = shapely.is_missing(np.asarray(units.geometry.array, dtype=object))
    return "audit.skip_no_unit_polygons" if is_missing.all() else ""
