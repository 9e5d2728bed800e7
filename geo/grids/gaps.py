"""Gaps: G203 and G204 (gap).

A gap is one connected part of (outline - union of all grids), each outline by itself; without
outlines, of the holes that the union of all grids encloses (`geo.grids.holes` finds them).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geo.findings import Report, findings_frame
from geo.grids.holes import enclosed, uncovered
from geo.grids.kernel import Rings, alongside, segments_of
from geo.grids.names import display_names
from geo.grids.tiling import Tiling, spans, tile
from geo.grids.widths import Geometries, mean_width_m

__all__ = ["find_gaps"]

_MIN_REACH_M: Final = 0.001
_MIN_BORDER_M: Final = 1.0
_MIN_BORDER_SHARE: Final = 0.05
_CORNER: Final = 4.0
"""A corner runs within the reach of a gap for at most about this many times the reach."""


def find_gaps(
    grids: gpd.GeoDataFrame,
    outlines: gpd.GeoDataFrame | None,
    *,
    noise_width_m: float,
    sliver_width_m: float,
    tiling: Tiling | None = None,
) -> Report:
    """Report every connected area of the outlines that lies in no grid.

    Parameters
    ----------
    grids
        n polygons, base and dedicated, projected CRS in metres, unique text ids. Not modified.
    outlines
        Units of the lowest level, id as index; rows without a polygon are left out. None, or no
        polygon at all: the holes enclosed by the union of the grids are judged instead.
    noise_width_m, sliver_width_m
        A gap of a mean width below the first is noise, below the second a sliver (G204).
    tiling
        `grids` and `outlines` matched (`geo.grids.tile`), where that was done already.

    Returns
    -------
    report
        A finding a gap: `grid_ids` the grids around it (those that share more than a corner with
        it), `unit_ids` its outline. `counts`: `n_noise`, on a noisy layer of the places looked at
        only: cracks between borders that differ by noise are not counted one by one.

    Raises
    ------
    CRSError, LayerError
        If a frame is not in metres, the two differ in CRS, or `grids` holds no polygon in a row.
    """
    if tiling is None or not tiling.has(outlines):
        tiling = tile(grids, outlines, noise_width_m=noise_width_m)
    if tiling.outlines is None:
        gaps, owner = enclosed(tiling, noise_width_m), None
    else:
        gaps, owner = uncovered(tiling, noise_width_m)
    width_m = mean_width_m(gaps)
    keep = width_m >= noise_width_m
    names = None if outlines is None or owner is None else display_names(outlines)
    rows = _rows(
        tiling,
        gaps[keep],
        units=None if owner is None else tiling.outline_ids.to_numpy(object)[owner[keep]],
        noise_width_m=noise_width_m,
        sliver_width_m=sliver_width_m,
        names=names or {},
    )
    return Report(
        findings=findings_frame(rows, grids.crs),
        thresholds={"noise_width_m": noise_width_m, "sliver_width_m": sliver_width_m},
        counts={"n_noise": int((~keep).sum())},
    )


def _rows(
    tiling: Tiling,
    gaps: Geometries,
    *,
    units: npt.NDArray[np.object_] | None,
    noise_width_m: float,
    sliver_width_m: float,
    names: Mapping[str, str],
) -> Iterator[Mapping[str, Any]]:
    reach_m = max(noise_width_m, _MIN_REACH_M)
    around = _grids_around(tiling, gaps, reach_m=reach_m)
    width_m, area_m2 = mean_width_m(gaps), shapely.area(gaps)
    bounds = shapely.bounds(gaps)
    for k in np.lexsort((bounds[:, 1], bounds[:, 0])) if len(gaps) else ():
        unit = None if units is None else units[k]
        yield {
            "rule": "G203" if width_m[k] >= sliver_width_m else "G204",
            "defect": "gap",
            "layer": "grids",
            "grid_ids": around[k],
            "unit_ids": () if unit is None else (unit,),
            "measure": area_m2[k],
            "width_m": width_m[k],
            "geometry": gaps[k],
            "details": {
                "defect_zh": "缝隙",
                "defect_en": "gap",
                "where_zh": "网格之间" if unit is None else f"{names.get(unit, unit)}内",
                "where_en": "between the grids" if unit is None else f"in {names.get(unit, unit)}",
            },
        }


def _grids_around(tiling: Tiling, gaps: Geometries, *, reach_m: float) -> list[tuple[str, ...]]:
    """Return the ids of the grids along whose border each gap runs, not merely touching a corner.

    A grid counts when its border runs within `reach_m` of the gap for 1 m, or for 5 % of the gap's
    perimeter where that is less.
    """
    gap, grid = tiling.tree.query(spans(gaps, reach_m))
    used, which = np.unique(grid, return_inverse=True)
    grid_rows, grid_start = segments_of(tiling.rings, used)
    gap_rows, gap_start = segments_of(Rings.of(gaps), np.arange(len(gaps)))
    along_m, _ = alongside(
        np.vstack([grid_rows, gap_rows]),
        np.concatenate([grid_start, gap_start[1:] + grid_start[-1]]),
        which.astype(np.int64),
        gap + len(used),
        np.full(len(gap), reach_m),
    )
    least = np.minimum(_MIN_BORDER_M, _MIN_BORDER_SHARE * shapely.length(gaps))
    keep = along_m >= np.maximum(least, _CORNER * reach_m)[gap]
    found: list[list[str]] = [[] for _ in gaps]
    for g, i in zip(gap[keep], grid[keep], strict=True):
        found[g].append(tiling.ids[i])
    return [tuple(sorted(some)) for some in found]
