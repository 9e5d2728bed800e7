"""Fewer vertices for a file of very many grids, with no cracks between neighbours.

Borders that two grids share are simplified once, so the neighbours still meet. That holds for a
valid coverage only: where grids overlap or leave gaps, each side of the place is simplified by
itself, and the page says so. Figures are never taken from simplified shapes.
"""

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import shapely

from maps.packing import FINE_DEG

__all__ = ["Drawn", "drawn_grids", "drawn_units"]

_MANY_VERTICES: Final = 500_000
_MOST_VERTICES: Final = 2_000_000
_TOLERANCE_M: Final = 3.0
_TOLERANCE_MOST_M: Final = 5.0
_STEP_DEG: Final = 3e-6
_POLYGON: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """Shapes as they are drawn, the step of their coordinates and how they were simplified.

    `tolerance_m`
        0 where they are exact.
    `is_coverage`
        Whether no two grids overlap and none leave a gap; True where nothing was simplified.
    """

    frame: gpd.GeoDataFrame
    step_deg: float
    tolerance_m: float
    is_coverage: bool


def drawn_grids(grids: gpd.GeoDataFrame, *, many_vertices: int = _MANY_VERTICES) -> Drawn:
    """Return the grids as they are drawn: exact up to `many_vertices`, else simplified. O(n log n).

    Base grids are simplified as a coverage; dedicated grids lie over them and stay as they are.
    """
    vertices = int(shapely.get_num_coordinates(grids.geometry.array).sum())
    if vertices <= many_vertices:
        return Drawn(frame=grids, step_deg=FINE_DEG, tolerance_m=0.0, is_coverage=True)
    tolerance_m = _TOLERANCE_M if vertices <= _MOST_VERTICES else _TOLERANCE_MOST_M
    shapes = np.asarray(grids.geometry.array, dtype=object)
    base = shapely.get_type_id(shapes) >= _POLYGON
    if "kind" in grids:
        base &= (grids["kind"] != "dedicated").to_numpy()
    is_coverage = bool(shapely.coverage_is_valid(shapes[base]))
    shapes[base] = _simplified(shapes[base], tolerance_m)
    return Drawn(
        frame=grids.set_geometry(gpd.GeoSeries(shapes, index=grids.index, crs=grids.crs)),
        step_deg=_STEP_DEG,
        tolerance_m=tolerance_m,
        is_coverage=is_coverage,
    )


def drawn_units(units: gpd.GeoDataFrame | None, drawn: Drawn) -> gpd.GeoDataFrame | None:
    """Return the units simplified like the grids, level by level; as they are where those are."""
    if units is None or not drawn.tolerance_m or not len(units):
        return units
    shapes = np.asarray(units.geometry.array, dtype=object)
    polygons = shapely.get_type_id(shapes) >= _POLYGON
    levels = units["level"].to_numpy() if "level" in units else np.zeros(len(units))
    for level in set(levels.tolist()):
        rows = polygons & (levels == level)
        shapes[rows] = _simplified(shapes[rows], drawn.tolerance_m)
    return units.set_geometry(gpd.GeoSeries(shapes, index=units.index, crs=units.crs))


def _simplified(
    shapes: np.ndarray[tuple[int], np.dtype[np.object_]], tolerance_m: float
) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Return the shapes simplified as one coverage; one that would vanish stays as it is."""
    found = np.asarray(shapely.coverage_simplify(shapes, tolerance_m), dtype=object)
    gone = shapely.is_empty(found) | shapely.is_missing(found)
    found[gone] = shapes[gone]
    return found
