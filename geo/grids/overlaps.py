"""Overlaps and duplicates: G201, G202, G204 (overlap), G207.

Each pair of grids that share an area is told at most once, under one rule:

* the same polygon, up to what is noise: G202, whatever the kinds;
* two grids of one kind: G201, or G204 where the overlap is narrower than `sliver_width_m`;
* a dedicated and a base grid: nothing while the dedicated grid lies inside one base grid. Where it
  straddles several, G207 for **each** pair that is part of the straddle, its main base grid
  included; a spill narrower than `sliver_width_m` is G204 (`geo.grids.overlays`);
* narrower than `noise_width_m`: nothing, only counted.

The measure is always the whole area that the pair shares.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geo.findings import Report, findings_frame
from geo.grids.names import display_names
from geo.grids.overlays import Overlays
from geo.grids.pairs import Mask, Pairs, Positions, blurred_pairs
from geo.grids.tiling import Tiling, tile
from geo.grids.widths import Geometries, Pieces
from geo.layers import require_columns

__all__ = ["find_overlaps", "overlap_rows"]

_RIM_M: Final = 1e-5


def find_overlaps(
    grids: gpd.GeoDataFrame,
    *,
    noise_width_m: float,
    sliver_width_m: float,
    tiling: Tiling | None = None,
) -> Report:
    """Report every pair of grids that share an area they may not share.

    Parameters
    ----------
    grids
        n polygons with `kind`, projected CRS in metres, unique text ids. Not modified.
    noise_width_m, sliver_width_m
        An overlap is judged by the mean width of its widest part: below the first it is noise,
        below the second a sliver (G204).
    tiling
        `grids` matched (`geo.grids.tile`), where that was done already.

    Returns
    -------
    report
        Findings in order of ids; `counts`: `n_pairs` that share an area at all, `n_noise` of them.
        On a noisy layer pairs whose common border differs by noise count as such.

    Raises
    ------
    CRSError, LayerError
        If `grids` is not in metres, holds no polygon in a row, or lacks `kind`.

    Notes
    -----
    O(V) for V vertices, plus exact geometry of the grids over places with several; on a layer that
    does not tile, of all pairs whose boxes meet.
    """
    require_columns(grids, ["kind"], "grids")
    tiling = tile(grids, noise_width_m=noise_width_m) if tiling is None else tiling
    pairs = Pairs.of(tiling)
    is_noise = pairs.shared.width_m < noise_width_m
    n_blurred = len(blurred_pairs(tiling, pairs))
    rows = overlap_rows(
        grids,
        pairs.take(~is_noise),
        is_base=tiling.is_base,
        noise_width_m=noise_width_m,
        sliver_width_m=sliver_width_m,
    )
    return Report(
        findings=findings_frame(rows, grids.crs),
        thresholds={"noise_width_m": noise_width_m, "sliver_width_m": sliver_width_m},
        counts={"n_pairs": len(is_noise) + n_blurred, "n_noise": int(is_noise.sum()) + n_blurred},
    )


def overlap_rows(
    grids: gpd.GeoDataFrame,
    pairs: Pairs,
    *,
    is_base: Mask,
    noise_width_m: float,
    sliver_width_m: float,
) -> Iterator[Mapping[str, Any]]:
    """Yield a finding for each of `pairs` of `grids` that may not share what they share.

    `is_base`: of each grid, whether it is a base grid; the others are dedicated.
    """
    geometry = np.asarray(grids.geometry.array, dtype=object)
    overlays = Overlays.of(
        geometry, is_base, pairs, noise_width_m=noise_width_m, sliver_width_m=sliver_width_m
    )
    is_same = _is_same_polygon(geometry, pairs, noise_width_m)
    is_wide = pairs.shared.width_m >= sliver_width_m
    rule = np.select(
        [is_same, overlays.is_straddle, overlays.is_spill, overlays.is_mixed, is_wide],
        ["G202", "G207", "G204", "", "G201"],
        default="G204",
    )
    smaller_m2 = np.minimum(shapely.area(geometry[pairs.left]), shapely.area(geometry[pairs.right]))
    ids, names = grids.index.to_numpy(), display_names(grids, _named(pairs, overlays))
    share = pairs.shared.area_m2 / smaller_m2
    shapes = _unwrapped(pairs.shared.geometry)
    inside_m = _border_inside_m(geometry, pairs, overlays)
    for k in np.flatnonzero(rule != ""):
        yield {
            "rule": str(rule[k]),
            "defect": "overlap",
            "layer": "grids",
            "grid_ids": (ids[pairs.left[k]], ids[pairs.right[k]]),
            "measure": pairs.shared.area_m2[k],
            "width_m": pairs.shared.width_m[k],
            "geometry": shapes[k],
            "details": {
                "share": share[k],
                "defect_zh": "重叠",
                "defect_en": "overlap",
                **(overlays.details(ids, names, k) if rule[k] == "G207" else {}),
                **({"border_m": inside_m[k]} if rule[k] == "G207" else {}),
            },
        }


def _border_inside_m(
    geometry: Geometries, pairs: Pairs, overlays: Overlays
) -> npt.NDArray[np.float64]:
    """Return for how many metres the base grid's border runs inside the dedicated grid."""
    inside_m = np.zeros(len(pairs.left))
    at = np.flatnonzero(overlays.is_straddle)
    rim = shapely.buffer(shapely.boundary(geometry[overlays.dedicated[at]]), _RIM_M)
    border = shapely.boundary(pairs.shared.geometry[at])
    inside_m[at] = shapely.length(shapely.difference(border, rim))
    return inside_m


def _unwrapped(shapes: Geometries) -> Geometries:
    """Return the shapes, multipolygons of one part as that polygon."""
    plain: Geometries = np.where(
        shapely.get_num_geometries(shapes) == 1, shapely.get_geometry(shapes, 0), shapes
    )
    return plain


def _named(pairs: Pairs, overlays: Overlays) -> Positions:
    """Return the positions of the grids whose names a sentence needs."""
    told = overlays.is_straddle
    return np.unique(np.concatenate([pairs.left[told], pairs.right[told]]))


def _is_same_polygon(geometry: Geometries, pairs: Pairs, noise_width_m: float) -> Mask:
    """Return True for pairs that differ by nothing wider than noise."""
    a, b = geometry[pairs.left], geometry[pairs.right]
    longest_m = np.maximum(shapely.length(a), shapely.length(b))
    rest_m2 = shapely.area(a) + shapely.area(b) - 2.0 * pairs.shared.area_m2
    is_same: Mask = rest_m2 <= np.minimum(noise_width_m * longest_m, pairs.shared.area_m2)
    at = np.flatnonzero(is_same)
    differ = Pieces.of(shapely.symmetric_difference(a[at], b[at]))
    is_same[at] = differ.width_m < noise_width_m
    return is_same
