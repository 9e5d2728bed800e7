"""Overlaps, the slow way: every pair of boxes that meet; judged as the fast way judges pairs."""

import geopandas as gpd

from geo.findings import Report, findings_frame
from geo.grids.overlaps import overlap_rows
from geo.grids.tiling import is_base
from geo.layers import require_columns, require_metric, require_polygons
from tests.slow_tiling.pairs import all_pairs

__all__ = ["find_overlaps"]


def find_overlaps(
    grids: gpd.GeoDataFrame, *, noise_width_m: float, sliver_width_m: float
) -> Report:
    """Report every pair of grids that share an area they may not share.

    O(n log n + c) for c pairs of bounding boxes that meet.
    """
    require_metric(grids, "grids")
    require_polygons(grids, "grids")
    require_columns(grids, ["kind"], "grids")
    pairs = all_pairs(grids)
    is_noise = pairs.shared.width_m < noise_width_m
    rows = overlap_rows(
        grids,
        pairs.take(~is_noise),
        is_base=is_base(grids),
        noise_width_m=noise_width_m,
        sliver_width_m=sliver_width_m,
    )
    return Report(
        findings=findings_frame(rows, grids.crs),
        thresholds={"noise_width_m": noise_width_m, "sliver_width_m": sliver_width_m},
        counts={"n_pairs": len(is_noise), "n_noise": int(is_noise.sum())},
    )
