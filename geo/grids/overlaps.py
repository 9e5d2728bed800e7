"""Overlaps and duplicates: G201, G202, G204 (overlap), G207.

Candidate pairs come from a packed R-tree; `relate` keeps those whose interiors meet in an area,
and only those are intersected. Each pair of grids is told once, under one rule:

* the same polygon, up to what is noise: G202, whatever the kinds;
* two grids of one kind: G201, or G204 where the overlap is narrower than `sliver_width_m`;
* a dedicated and a base grid: a legal overlay while the dedicated grid shares a width of
  `sliver_width_m` or more with one base grid only. With two or more it straddles: G207 for
  **each** such pair, measure = the whole shared area of the pair, `details` name all base grids it
  straddles and the main one. A narrower spill over the border of a base grid is G204, unless the
  dedicated grid is itself so narrow that the pair holds most of it;
* narrower than `noise_width_m`: nothing, only counted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geo.findings import Report, findings_frame
from geo.grids.widths import Geometries, Pieces
from geo.layers import require_columns, require_metric, require_polygons

__all__ = ["find_overlaps", "overlapping_pairs"]

Positions = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
_AREA_SHARED = "2********"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pairs:
    """Pairs of grids that share an area; positions in the layer, `left` the smaller id."""

    left: Positions
    right: Positions
    shared: Pieces

    def take(self, which: Mask) -> "_Pairs":
        return _Pairs(
            left=self.left[which], right=self.right[which], shared=self.shared.take(which)
        )


def find_overlaps(
    grids: gpd.GeoDataFrame, *, noise_width_m: float, sliver_width_m: float
) -> Report:
    """Report every pair of grids that share an area they may not share.

    Parameters
    ----------
    grids
        n polygons with `kind`, projected CRS in metres, unique text ids. Not modified.
    noise_width_m, sliver_width_m
        An overlap is judged by the mean width of its widest part: below the first it is noise,
        below the second a sliver (G204).

    Returns
    -------
    report
        Findings in order of ids; `counts`: `n_pairs` that share an area at all, `n_noise` of them.

    Raises
    ------
    CRSError, LayerError
        If `grids` is not in metres, holds no polygon in a row, or lacks `kind`.

    Notes
    -----
    O(n log n + c) for c pairs of bounding boxes that meet.
    """
    require_metric(grids, "grids")
    require_polygons(grids, "grids")
    require_columns(grids, ["kind"], "grids")
    pairs = _measured_pairs(grids)
    is_noise = pairs.shared.width_m < noise_width_m
    kept = pairs.take(~is_noise)
    rows = list(_rows(grids, kept, noise_width_m=noise_width_m, sliver_width_m=sliver_width_m))
    return Report(
        findings=findings_frame(rows, grids.crs),
        thresholds={"noise_width_m": noise_width_m, "sliver_width_m": sliver_width_m},
        counts={"n_pairs": len(pairs.left), "n_noise": int(is_noise.sum())},
    )


def overlapping_pairs(geometry: Geometries) -> tuple[Positions, Positions]:
    """Return positions (i, j), i < j, of polygons whose interiors meet in an area."""
    i, j = shapely.STRtree(geometry).query(geometry)
    once = i < j
    i, j = i[once], j[once]
    shapely.prepare(geometry)
    meet = shapely.relate_pattern(geometry[i], geometry[j], _AREA_SHARED)
    return i[meet], j[meet]


def _measured_pairs(grids: gpd.GeoDataFrame) -> _Pairs:
    """Return the overlapping pairs with the smaller id left, in order of ids, measured."""
    geometry = np.asarray(grids.geometry.array, dtype=object)
    ids = grids.index.to_numpy()
    rank = np.empty(len(ids), dtype=np.intp)
    rank[np.argsort(ids, kind="stable")] = np.arange(len(ids))
    i, j = overlapping_pairs(geometry)
    swap = rank[i] > rank[j]
    left, right = np.where(swap, j, i), np.where(swap, i, j)
    order = np.lexsort((rank[right], rank[left]))
    left, right = left[order], right[order]
    shared = Pieces.of(shapely.intersection(geometry[left], geometry[right]))
    has_area = shared.area_m2 > 0.0
    return _Pairs(left=left, right=right, shared=shared).take(has_area)


def _rows(
    grids: gpd.GeoDataFrame, pairs: _Pairs, *, noise_width_m: float, sliver_width_m: float
) -> Iterator[Mapping[str, Any]]:
    geometry = np.asarray(grids.geometry.array, dtype=object)
    area = shapely.area(geometry)
    is_wide = pairs.shared.width_m >= sliver_width_m
    is_same = _same_polygon(geometry, pairs, noise_width_m)
    overlay = _Overlays.of(grids, pairs, is_wide=is_wide, area_m2=area)
    rule = np.where(is_wide, "G201", "G204").astype(object)
    rule[overlay.is_pair & is_wide] = "G207"
    rule[overlay.is_legal] = None
    rule[is_same] = "G202"
    smaller = np.minimum(area[pairs.left], area[pairs.right])
    ids = grids.index.to_numpy()
    for k in np.flatnonzero(rule != None):  # noqa: E711
        yield {
            "rule": rule[k],
            "defect": "overlap",
            "layer": "grids",
            "grid_ids": (ids[pairs.left[k]], ids[pairs.right[k]]),
            "measure": pairs.shared.area_m2[k],
            "width_m": pairs.shared.width_m[k],
            "geometry": pairs.shared.geometry[k],
            "details": {
                "share": pairs.shared.area_m2[k] / smaller[k],
                "defect_zh": "重叠",
                "defect_en": "overlap",
                **(overlay.details(ids, k) if rule[k] == "G207" else {}),
            },
        }


def _same_polygon(geometry: Geometries, pairs: _Pairs, noise_width_m: float) -> Mask:
    """Return True for pairs that differ by nothing wider than noise."""
    a, b = geometry[pairs.left], geometry[pairs.right]
    longest = np.maximum(shapely.length(a), shapely.length(b))
    rest = shapely.area(a) + shapely.area(b) - 2.0 * pairs.shared.area_m2
    same: Mask = rest <= np.minimum(noise_width_m * longest, pairs.shared.area_m2)
    at = np.flatnonzero(same)
    differ = Pieces.of(shapely.symmetric_difference(a[at], b[at]))
    same[at] = differ.width_m < noise_width_m
    return same


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Overlays:
    """Which pairs are a dedicated and a base grid, and which of these are legal overlays."""

    dedicated: Positions
    base: Positions
    is_pair: Mask
    is_wide: Mask
    is_legal: Mask
    area_m2: npt.NDArray[np.float64]

    @classmethod
    def of(
        cls,
        grids: gpd.GeoDataFrame,
        pairs: _Pairs,
        *,
        is_wide: Mask,
        area_m2: npt.NDArray[np.float64],
    ) -> "_Overlays":
        is_dedicated = (grids["kind"] == "dedicated").to_numpy()
        left_dedicated = is_dedicated[pairs.left]
        is_pair = left_dedicated != is_dedicated[pairs.right]
        dedicated = np.where(left_dedicated, pairs.left, pairs.right)
        n_bases = np.bincount(dedicated[is_pair & is_wide], minlength=len(grids))[dedicated]
        most = pairs.shared.area_m2 > area_m2[dedicated] / 2.0
        return cls(
            dedicated=dedicated,
            base=np.where(left_dedicated, pairs.right, pairs.left),
            is_pair=is_pair,
            is_wide=is_wide,
            is_legal=is_pair & ((is_wide & (n_bases < 2)) | (~is_wide & most)),  # noqa: PLR2004
            area_m2=pairs.shared.area_m2,
        )

    def details(self, ids: npt.NDArray[np.object_], k: np.intp) -> dict[str, Any]:
        """Return the dedicated grid of pair `k`, the base grid, and all base grids it straddles."""
        mine = self.is_pair & self.is_wide & (self.dedicated == self.dedicated[k])
        bases = sorted(ids[self.base[mine]])
        main = ids[self.base[mine][np.argmax(self.area_m2[mine])]]
        return {
            "dedicated": ids[self.dedicated[k]],
            "base": ids[self.base[k]],
            "bases": "、".join(bases),
            "n_bases": len(bases),
            "main": main,
        }
