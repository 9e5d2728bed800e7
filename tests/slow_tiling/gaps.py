"""Gaps: G203 and G204 (gap).

A gap is one connected part of (outline - union of all grids), each outline by itself; without
outlines, of the holes that the union of all grids encloses. Each outline is compared with the
grids that meet it only.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geo.findings import Report, findings_frame
from geo.grids.names import display_names
from geo.grids.widths import Geometries, mean_width_m, polygon_parts
from geo.layers import require_metric, require_polygons, require_same_crs

__all__ = ["find_gaps"]

_AREA_SHARED: Final = "2********"
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

    Returns
    -------
    report
        A finding a gap: `grid_ids` the grids around it (those that share more than a corner with
        it), `unit_ids` its outline. `counts`: `n_noise`.

    Raises
    ------
    CRSError, LayerError
        If a frame is not in metres, the two differ in CRS, or `grids` holds no polygon in a row.
    """
    require_metric(grids, "grids")
    require_polygons(grids, "grids")
    geometry = np.asarray(grids.geometry.array, dtype=object)
    if outlines is not None:
        require_same_crs({"grids": grids, "units": outlines})
        outlines = outlines[~(outlines.geometry.isna() | outlines.geometry.is_empty)]
    if outlines is None or len(outlines) == 0:
        gaps, owner = _holes(geometry), None
    else:
        gaps, owner = _uncovered(geometry, np.asarray(outlines.geometry.array, dtype=object))
    width_m = mean_width_m(gaps)
    keep = width_m >= noise_width_m
    names = None if outlines is None or owner is None else display_names(outlines)
    rows = _rows(
        grids,
        gaps[keep],
        None if owner is None or outlines is None else outlines.index.to_numpy()[owner[keep]],
        noise_width_m=noise_width_m,
        sliver_width_m=sliver_width_m,
        names=names or {},
    )
    return Report(
        findings=findings_frame(rows, grids.crs),
        thresholds={"noise_width_m": noise_width_m, "sliver_width_m": sliver_width_m},
        counts={"n_noise": int((~keep).sum())},
    )


def _holes(geometry: Geometries) -> Geometries:
    """Return the polygons that the union of `geometry` encloses and does not cover."""
    union = shapely.union_all(geometry)
    shells = shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(union)))
    return polygon_parts([shapely.difference(shapely.union_all(shells), union)])[0]


def _uncovered(
    geometry: Geometries, outlines: Geometries
) -> tuple[Geometries, npt.NDArray[np.intp]]:
    """Return the parts of each outline outside all of `geometry`, and the outline of each part."""
    unit, grid = shapely.STRtree(geometry).query(outlines)
    shapely.prepare(outlines)
    meets = shapely.relate_pattern(outlines[unit], geometry[grid], _AREA_SHARED)
    unit, grid = unit[meets], grid[meets]
    order = np.argsort(unit, kind="stable")
    ends = np.searchsorted(unit[order], np.arange(len(outlines) + 1))
    covered = np.array(
        [shapely.union_all(geometry[grid[order[start:end]]]) for start, end in pairwise(ends)],
        dtype=object,
    )
    return polygon_parts(shapely.difference(outlines, covered))


def _rows(
    grids: gpd.GeoDataFrame,
    gaps: Geometries,
    units: npt.NDArray[np.object_] | None,
    *,
    noise_width_m: float,
    sliver_width_m: float,
    names: Mapping[str, str],
) -> Iterator[Mapping[str, Any]]:
    around = _grids_around(grids, gaps, reach_m=max(noise_width_m, _MIN_REACH_M))
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


def _grids_around(
    grids: gpd.GeoDataFrame, gaps: Geometries, *, reach_m: float
) -> list[tuple[str, ...]]:
    """Return the ids of the grids along whose border each gap runs, not merely touching a corner.

    A grid counts when its border runs within `reach_m` of the gap for 1 m, or for 5 % of the gap's
    perimeter where that is less.
    """
    geometry = np.asarray(grids.geometry.array, dtype=object)
    gap, grid = shapely.STRtree(geometry).query(gaps, predicate="dwithin", distance=reach_m)
    zone = shapely.buffer(gaps, reach_m, quad_segs=2)
    along = shapely.length(shapely.intersection(shapely.boundary(geometry[grid]), zone[gap]))
    least = np.minimum(_MIN_BORDER_M, _MIN_BORDER_SHARE * shapely.length(gaps))
    keep = along >= np.maximum(least, _CORNER * reach_m)[gap]
    ids = grids.index.to_numpy()
    found: list[list[str]] = [[] for _ in gaps]
    for g, i in zip(gap[keep], grid[keep], strict=True):
        found[g].append(ids[i])
    return [tuple(sorted(some)) for some in found]
