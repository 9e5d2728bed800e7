"""Shared borders whose vertices do not match: G205.

Segments that two grids have in common are matched; the rest is *open*. Where open segments of two
neighbours run along each other no further apart than `sliver_width_m`, the border is one that was
drawn twice: the vertices that only one side has are the ones to add to the other. A T-junction
where the long side has no vertex is the plainest case.

Vertices nearer than a millimetre to one of the other side match; what is left then is numeric.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.findings import Report, findings_frame
from geo.grids.kernel import Rings, lone_segments, unmatched
from geo.grids.names import display_names
from geo.grids.tiling import Tiling, is_base
from geo.layers import require_columns, require_metric, require_polygons

__all__ = ["find_mismatches"]

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]


def find_mismatches(
    grids: gpd.GeoDataFrame,
    borders: pd.DataFrame,
    *,
    sliver_width_m: float,
    tiling: Tiling | None = None,
) -> Report:
    """Report every pair of neighbouring base grids whose common border has different vertices.

    Parameters
    ----------
    grids
        n polygons with `kind`, projected CRS in metres, unique text ids. Base grids are judged: an
        overlay need not follow the borders below it.
    borders
        Pairs of `grids` that share a border (`geo.grids.neighbours`).
    sliver_width_m
        Borders no further apart than this are one border.
    tiling
        `grids` matched (`geo.grids.tile`), where that was done already.

    Returns
    -------
    report
        A finding a pair: `measure` the length (m) for which open segments of both run along each
        other (the longer of both sides), geometry the vertices that one side lacks, as points.
        `counts`: `n_pairs` of neighbours, `n_vertices` that do not match.

    Raises
    ------
    CRSError, LayerError
        If `grids` is not in metres, holds no polygon in a row, or lacks `kind`.

    Notes
    -----
    O(V) for V vertices, and O(k log k) for k open segments of neighbours.
    """
    require_columns(grids, ["kind"], "grids")
    if tiling is None:
        require_metric(grids, "grids")
        require_polygons(grids, "grids")
        judged = is_base(grids)
        rings = Rings.of(grids.geometry.array[judged])
        lone = lone_segments(rings)
        place = np.cumsum(judged) - 1
    else:
        judged, rings = tiling.is_base, tiling.rings
        lone = tiling.residue.lone_among(judged)
        place = np.arange(len(judged))
    left, right = (borders[side].to_numpy() for side in ("left_at", "right_at"))
    is_judged = judged[left] & judged[right]
    left, right = left[is_judged], right[is_judged]
    length_m, lacking = unmatched(rings, lone, (place[left], place[right]), sliver_width_m)
    ids = grids.index.to_numpy(object) if tiling is None else tiling.ids
    rows = _rows(grids, ids, (left, right), length_m=length_m.max(axis=1), lacking=lacking)
    return Report(
        findings=findings_frame(rows, grids.crs),
        thresholds={"sliver_width_m": sliver_width_m},
        counts={"n_pairs": len(left), "n_vertices": len(lacking)},
    )


def _rows(
    grids: gpd.GeoDataFrame,
    ids: npt.NDArray[np.object_],
    pairs: tuple[Positions, Positions],
    *,
    length_m: Floats,
    lacking: Floats,
) -> Iterator[Mapping[str, Any]]:
    """Yield a finding for each pair with vertices that one side lacks, in order of ids."""
    told, of = np.unique(lacking[:, 0].astype(np.intp), return_inverse=True)
    left, right = (ids[side[told]] for side in pairs)
    metres = length_m[told].tolist()
    vertices = _multipoints(lacking[:, 2:], of)
    n_vertices = np.bincount(of, minlength=len(told)).tolist()
    n_right = np.bincount(of, weights=lacking[:, 1], minlength=len(told)).astype(int).tolist()
    names = display_names(grids, np.unique(np.concatenate([side[told] for side in pairs])))
    for k in np.lexsort((right, left)).tolist():
        yield {
            "rule": "G205",
            "layer": "grids",
            "grid_ids": (left[k], right[k]),
            "measure": metres[k],
            "geometry": vertices[k],
            "details": {
                "n_vertices": n_vertices[k],
                "border_m": metres[k],
                "left": names.get(left[k], left[k]),
                "right": names.get(right[k], right[k]),
                "n_left": n_vertices[k] - n_right[k],
                "n_right": n_right[k],
            },
        }


def _multipoints(xy: Floats, of: Positions) -> npt.NDArray[np.object_]:
    """Return the places `xy` (k, 2), different ones, as points by number `of` (ascending).

    By way of lines: an object for each point takes five times as long.
    """
    first = np.flatnonzero(np.diff(of, prepend=-1))
    xy, of = np.insert(xy, first, xy[first], axis=0), np.insert(of, first, of[first])
    points: npt.NDArray[np.object_] = shapely.extract_unique_points(
        shapely.linestrings(xy, indices=of)
    )
    return points
