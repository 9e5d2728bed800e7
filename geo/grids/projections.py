"""Overlaps and gaps that projecting alone has made.

A straight border between two vertices in degrees is a curve in metres. Only the vertices are
projected, so where one grid has more of them than its neighbour on a common border, the two open
and overlap, by some 8 m² on 1.1 km. Here the borders in question get vertices every few metres as
they lie in the file's own coordinates, and are projected again: what vanishes was no defect.
"""

from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS, Transformer

from geo.grids.widths import Geometries, Pieces

__all__ = ["is_caused_by_projection"]

Mask = npt.NDArray[np.bool_]

_STEP_M: Final = 10.0
"""Distance of the further vertices: the border then strays by less than 0.02 mm anywhere."""
_MAX_PIECES: Final = 1000
_MAX_BEND: Final = 1e-6
"""A segment of L m strays from its chord by less than this times L² / 8 m up to 80° latitude."""
_OVERLAPS: Final = ("G201", "G204", "G207")
_REACH_M: Final = 1.0


def is_caused_by_projection(
    findings: gpd.GeoDataFrame,
    grids: gpd.GeoDataFrame,
    units: gpd.GeoDataFrame | None,
    *,
    sources: dict[str, CRS],
    noise_width_m: float,
) -> pd.Series:
    """Return True for each overlap, gap and part outside that is only an effect of projecting.

    Parameters
    ----------
    findings
        Rows of checks (G201, G203, G204, G207, G210), in the working CRS.
    grids, units
        What they are about; `units` may be None.
    sources
        The CRS of the file of `grids` and of `units`; a layer that is left out, or whose file is
        in the working CRS, is taken as it is.
    noise_width_m
        A finding vanishes when nothing as wide as this is left of it.

    Notes
    -----
    Findings wider than the longest segment around can bend are not looked at, so that this costs
    nothing where segments are short.
    """
    caused = pd.Series(data=False, index=findings.index, dtype=bool)
    bent = {name: crs for name, crs in sources.items() if crs != grids.crs}
    if not bent:
        return caused
    tree = shapely.STRtree(np.asarray(grids.geometry.array, dtype=object))
    for at, row in zip(findings.index, findings.to_dict("records"), strict=True):
        shapes = _shapes(row, grids, units, tree=tree)
        if shapes is None or row["width_m"] > _bend_m([*shapes[0], *shapes[1]]):
            continue
        own, others = (
            [_bent(each, bent.get(name), grids.crs) for each in some]
            for some, name in zip(shapes[:2], shapes[2], strict=True)
        )
        caused[at] = _width_m(row, own, others) < noise_width_m
    return caused


def _shapes(
    row: dict[str, Any],
    grids: gpd.GeoDataFrame,
    units: gpd.GeoDataFrame | None,
    *,
    tree: shapely.STRtree,
) -> tuple[list[Any], list[Any], tuple[str, str]] | None:
    """Return the shapes that make a finding: the one, the others, and whose they are."""
    rule, ids, unit_ids = row["rule"], row["grid_ids"], row["unit_ids"]
    if row["defect"] == "gap" and rule in {"G203", "G204"}:
        around = tree.query(row["geometry"].buffer(_REACH_M))
        near = list(grids.geometry.array[around])
        if unit_ids and units is not None:
            return [units.geometry[unit_ids[0]]], near, ("units", "grids")
        return [row["geometry"].buffer(_REACH_M)], near, ("", "grids")
    if row["defect"] == "overlap" and rule in _OVERLAPS:
        return [grids.geometry[ids[0]]], [grids.geometry[ids[1]]], ("grids", "grids")
    if rule == "G210" and units is not None:
        return [grids.geometry[ids[0]]], [units.geometry[unit_ids[0]]], ("grids", "units")
    return None


def _width_m(row: dict[str, Any], own: list[Any], others: list[Any]) -> float:
    """Return the width (m) of what is left of a finding, given its shapes with more vertices."""
    if row["defect"] == "overlap":
        left = shapely.intersection(own[0], others[0])
    else:
        left = shapely.difference(own[0], shapely.union_all(others))
    place = shapely.buffer(row["geometry"], _REACH_M)
    parts = shapely.get_parts(shapely.intersection(left, place))
    return float(Pieces.of(parts).width_m.max(initial=0.0))


def _bend_m(shapes: list[Any]) -> float:
    """Return how far (m) the longest segment of `shapes` can stray from its chord."""
    xy, shape = shapely.get_coordinates(
        shapely.get_rings(shapely.get_parts(np.array(shapes, dtype=object))), return_index=True
    )
    step = np.hypot(*np.diff(xy, axis=0).T)[shape[1:] == shape[:-1]]
    return float(2.0 * _MAX_BEND * step.max(initial=0.0) ** 2 / 8.0)


def _bent(shape: Any, source: CRS | None, working: CRS) -> Any:  # noqa: ANN401
    """Return a polygon with further vertices on its segments as they run in `source`."""
    if source is None:
        return shape
    there = Transformer.from_crs(working, source, always_xy=True)
    parts = shapely.get_parts(shape)
    made = [
        shapely.Polygon(
            _bent_ring(part.exterior, there), [_bent_ring(r, there) for r in part.interiors]
        )
        for part in parts
    ]
    valid: Geometries = shapely.make_valid(np.array(made, dtype=object))
    return shapely.union_all(valid)


def _bent_ring(ring: Any, there: Transformer) -> npt.NDArray[np.float64]:  # noqa: ANN401
    xy = shapely.get_coordinates(ring)
    step = np.hypot(*np.diff(xy, axis=0).T)
    pieces = np.clip(np.ceil(step / _STEP_M), 1, _MAX_PIECES).astype(int)
    start = np.repeat(np.arange(len(pieces)), pieces)
    share = (np.arange(len(start)) - np.repeat(np.cumsum(pieces) - pieces, pieces)) / pieces[start]
    lonlat = np.column_stack(there.transform(xy[:, 0], xy[:, 1]))
    between = lonlat[start] + share[:, None] * np.diff(lonlat, axis=0)[start]
    back = np.column_stack(there.transform(between[:, 0], between[:, 1], direction="INVERSE"))
    back[share == 0.0] = xy[start[share == 0.0]]
    return np.vstack([back, xy[-1:]])
