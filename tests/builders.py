"""Tiny layers drawn for tests: metres, EPSG:32650."""

from collections.abc import Sequence

import geopandas as gpd
import shapely

CRS = "EPSG:32650"


def grids(
    *boxes: Sequence[float] | shapely.Geometry, **columns: Sequence[object]
) -> gpd.GeoDataFrame:
    """Return base grids g0, g1, … from `(minx, miny, maxx, maxy)` boxes or polygons."""
    return _frame("g", "grid_id", boxes, columns={"kind": ["base"] * len(boxes), **columns})


def units(
    *boxes: Sequence[float] | shapely.Geometry, **columns: Sequence[object]
) -> gpd.GeoDataFrame:
    """Return units u0, u1, … of level `community`."""
    return _frame("u", "unit_id", boxes, columns={"level": ["community"] * len(boxes), **columns})


def sites(*points: tuple[float, float], **columns: Sequence[object]) -> gpd.GeoDataFrame:
    """Return sites s0, s1, …."""
    return _frame("s", "site_id", [shapely.Point(p) for p in points], columns=columns)


def buildings(*points: tuple[float, float], **columns: Sequence[object]) -> gpd.GeoDataFrame:
    """Return buildings b0, b1, …."""
    return _frame("b", "building_id", [shapely.Point(p) for p in points], columns=columns)


def _frame(
    prefix: str, id_column: str, shapes: Sequence[object], *, columns: dict[str, Sequence[object]]
) -> gpd.GeoDataFrame:
    geometry = [g if isinstance(g, shapely.Geometry) else shapely.box(*g) for g in shapes]
    frame = gpd.GeoDataFrame(dict(columns), geometry=geometry, crs=CRS)
    frame.index = [f"{prefix}{i}" for i in range(len(frame))]
    frame.index.name = id_column
    return frame
