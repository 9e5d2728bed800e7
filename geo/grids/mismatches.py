"""Shared borders whose vertices do not match: G205.

Segments that two grids have in common are matched; the rest is *open*. Where open segments of two
neighbours run along each other no further apart than `sliver_width_m`, the border is one that was
drawn twice: the vertices that only one side has are the ones to add to the other. A T-junction
where the long side has no vertex is the plainest case.

Vertices nearer than a millimetre to one of the other side match; what is left then is numeric.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.findings import Report, findings_frame
from geo.grids.names import display_names
from geo.grids.widths import Geometries
from geo.layers import require_columns, require_metric, require_polygons

__all__ = ["find_mismatches"]

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]

_SAME_M: Final = 0.001
_TINY: Final = 1e-12
_MIN_COSINE: Final = 0.25
"""Segments that turn more than 75° from each other meet, they do not run along each other."""


def find_mismatches(
    grids: gpd.GeoDataFrame, borders: pd.DataFrame, *, sliver_width_m: float
) -> Report:
    """Report every pair of neighbouring base grids whose common border has different vertices.

    Parameters
    ----------
    grids
        n polygons with `kind`, projected CRS in metres, unique text ids. Base grids are judged: an
        overlay need not follow the borders below it.
    borders
        `left_id, right_id` of grids that share a border (`geo.grids.neighbours`).
    sliver_width_m
        Borders no further apart than this are one border.

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
    O(V log V) for V vertices, and O(k log k) for k pairs of open segments that lie near.
    """
    require_metric(grids, "grids")
    require_polygons(grids, "grids")
    require_columns(grids, ["kind"], "grids")
    base = grids[grids["kind"] == "base"].sort_index()
    geometry = np.asarray(base.geometry.array, dtype=object)
    ids = base.index
    left, right = ids.get_indexer(borders["left_id"]), ids.get_indexer(borders["right_id"])
    is_judged = (left >= 0) & (right >= 0)
    left, right = left[is_judged].astype(np.intp), right[is_judged].astype(np.intp)
    segments, owner = _open_segments(geometry)
    runs = _Runs.of(segments, owner, (left, right), distance_m=sliver_width_m)
    lacking = _lacking(geometry, runs, segments, owner=owner, distance_m=sliver_width_m)
    return Report(
        findings=findings_frame(_rows(base, runs, lacking, owner=owner), grids.crs),
        thresholds={"sliver_width_m": sliver_width_m},
        counts={"n_pairs": len(left), "n_vertices": len(lacking)},
    )


def _open_segments(geometry: Geometries) -> tuple[Floats, Positions]:
    """Return the segments `(x0, y0, x1, y1)` that one polygon alone has, and that polygon."""
    parts, part_owner = shapely.get_parts(geometry, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    inside = ring[1:] == ring[:-1]
    start, end = xy[:-1][inside], xy[1:][inside]
    owner = part_owner[ring_part[ring[1:][inside]]]
    flip = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    ends = np.where(flip[:, None], np.hstack([end, start]), np.hstack([start, end]))
    order = np.lexsort(ends.T)
    differs = (ends[order][1:] != ends[order][:-1]).any(axis=1)
    alone = np.ones(len(ends), dtype=bool)
    alone[order[1:]] &= differs
    alone[order[:-1]] &= differs
    keep = alone & (start != end).any(axis=1)
    return ends[keep], owner[keep]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Runs:
    """Pairs of open segments (k) that run along each other, of two grids `left` < `right` in turn.

    `first`, `second`: segments, in both orders; `pair` (k): number of the pair of grids;
    `begin_m`, `end_m` (k): the stretch of `first`, from its start. `left`, `right`: grids of each
    pair.
    """

    left: Positions
    right: Positions
    pair: Positions
    first: Positions
    second: Positions
    begin_m: Floats
    end_m: Floats

    @classmethod
    def of(
        cls,
        segments: Floats,
        owner: Positions,
        pairs: tuple[Positions, Positions],
        *,
        distance_m: float,
    ) -> Self:
        """Find the open segments of `pairs` of grids that run along each other."""
        left, right = np.minimum(*pairs), np.maximum(*pairs)
        lines = shapely.linestrings(segments.reshape(-1, 2, 2))
        first, second = shapely.STRtree(lines).query(
            lines, predicate="dwithin", distance=distance_m
        )
        number = pd.Series(np.arange(len(left)), index=pd.MultiIndex.from_arrays([left, right]))
        number = number[~number.index.duplicated()]
        a, b = owner[first], owner[second]
        wanted = pd.MultiIndex.from_arrays([np.minimum(a, b), np.maximum(a, b)])
        pair = np.asarray(number.reindex(wanted).fillna(-1), dtype=np.intp)
        keep = (a != b) & (pair >= 0)
        first, second, pair = first[keep], second[keep], pair[keep]
        begin_m, end_m, is_along = _along(segments[first], segments[second], distance_m)
        return cls(
            left=left,
            right=right,
            pair=pair[is_along],
            first=first[is_along],
            second=second[is_along],
            begin_m=begin_m[is_along],
            end_m=end_m[is_along],
        )

    def length_m(self, owner: Positions) -> tuple[Floats, Floats]:
        """Return the metres of each pair's left and right side that run along the other."""
        order = np.lexsort((self.begin_m, self.first, self.pair))
        pair, first = self.pair[order], self.first[order]
        begin_m, end_m = self.begin_m[order], self.end_m[order]
        ends = pd.Series(end_m).groupby([pair, first])
        reached_m = ends.cummax().groupby([pair, first]).shift(fill_value=0.0).to_numpy()
        new_m = np.maximum(end_m - np.maximum(begin_m, reached_m), 0.0)
        is_left = owner[first] == self.left[pair]
        n = len(self.left)
        sides = (np.where(is_left, new_m, 0.0), np.where(is_left, 0.0, new_m))
        left_m, right_m = (np.bincount(pair, weights=m, minlength=n).astype(float) for m in sides)
        return left_m, right_m


def _along(a: Floats, b: Floats, distance_m: float) -> tuple[Floats, Floats, Mask]:
    """Return the stretch (m from its start) of each segment `a` beside `b`, and whether there is.

    Beside is where the foot lies on `b`, no further than `distance_m`. Segments with the same two
    ends, up to a millimetre, are the same border.
    """
    start, step = a[:, :2], a[:, 2:] - a[:, :2]
    length_m = np.hypot(step[:, 0], step[:, 1])
    unit = step / length_m[:, None]
    at = np.stack([((b[:, k : k + 2] - start) * unit).sum(axis=1) for k in (0, 2)])
    begin_m, end_m = np.maximum(at.min(axis=0), 0.0), np.minimum(at.max(axis=0), length_m)
    away = np.stack([_away_m(start + unit * each[:, None], b) for each in (begin_m, end_m)])
    slope = away[1] - away[0]
    is_level = np.abs(slope) <= _TINY
    edges = np.stack([-distance_m - away[0], distance_m - away[0]])
    edges = np.where(is_level, np.array([[0.0], [1.0]]), edges / np.where(is_level, 1.0, slope))
    low, high = np.clip(np.sort(edges, axis=0), 0.0, 1.0)
    span_m = end_m - begin_m
    begin_m, end_m = begin_m + low * span_m, begin_m + high * span_m
    is_out = is_level & (np.abs(away[0]) > distance_m)
    is_same = _is_near(a, b) | _is_near(a, b[:, [2, 3, 0, 1]])
    other = b[:, 2:] - b[:, :2]
    is_steep = np.abs((other * unit).sum(axis=1)) < _MIN_COSINE * np.hypot(*other.T)
    return begin_m, end_m, (end_m - begin_m > _SAME_M) & ~(is_out | is_same | is_steep)


def _away_m(points: Floats, segments: Floats) -> Floats:
    """Return the signed distance (m) of each point from the line of its segment."""
    step, off = segments[:, 2:] - segments[:, :2], points - segments[:, :2]
    away_m: Floats = (step[:, 0] * off[:, 1] - step[:, 1] * off[:, 0]) / np.hypot(*step.T)
    return away_m


def _is_near(a: Floats, b: Floats) -> Mask:
    near: Mask = np.all(np.abs(a - b) <= _SAME_M, axis=1)
    return near


def _rows(
    base: gpd.GeoDataFrame, runs: _Runs, lacking: pd.DataFrame, *, owner: Positions
) -> Iterator[Mapping[str, Any]]:
    """Yield a finding for each pair with vertices that one side lacks, in order of ids."""
    left_m, right_m = runs.length_m(owner)
    ids, names = base.index.to_numpy(), display_names(base)
    for key, vertices in lacking.groupby("pair"):
        pair = int(str(key))
        left, right = ids[runs.left[pair]], ids[runs.right[pair]]
        n_left = int((vertices["mine"] == runs.left[pair]).sum())
        yield {
            "rule": "G205",
            "layer": "grids",
            "grid_ids": (left, right),
            "measure": max(left_m[pair], right_m[pair]),
            "geometry": shapely.multipoints(vertices[["x", "y"]].to_numpy()),
            "details": {
                "n_vertices": len(vertices),
                "left": names.get(left, left),
                "right": names.get(right, right),
                "n_left": n_left,
                "n_right": len(vertices) - n_left,
            },
        }


def _lacking(
    geometry: Geometries, runs: _Runs, segments: Floats, *, owner: Positions, distance_m: float
) -> pd.DataFrame:
    """Return the vertices of runs that the other side lacks: `pair, mine, other, x, y`."""
    ends = segments[runs.first].reshape(-1, 2)
    beside = np.repeat(segments[runs.second], 2, axis=0)
    vertices = pd.DataFrame(
        {
            "pair": np.repeat(runs.pair, 2),
            "mine": np.repeat(owner[runs.first], 2),
            "other": np.repeat(owner[runs.second], 2),
            "x": ends[:, 0],
            "y": ends[:, 1],
        }
    )
    vertices = vertices[_is_beside(ends, beside, distance_m)].drop_duplicates(ignore_index=True)
    involved = np.unique(vertices["other"].to_numpy(dtype=np.intp))
    xy, at = shapely.get_coordinates(geometry[involved], return_index=True)
    points = shapely.points(vertices[["x", "y"]].to_numpy())
    vertex, known = shapely.STRtree(shapely.points(xy)).query(
        points, predicate="dwithin", distance=_SAME_M
    )
    has_it = involved[at[known]] == vertices["other"].to_numpy()[vertex]
    matched = np.zeros(len(vertices), dtype=bool)
    matched[vertex[has_it]] = True
    return vertices[~matched].sort_values(["pair", "mine", "x", "y"])


def _is_beside(points: Floats, segments: Floats, distance_m: float) -> Mask:
    """Return True for points whose foot lies on their segment, no further than `distance_m`."""
    start, step = segments[:, :2], segments[:, 2:] - segments[:, :2]
    length_m = np.hypot(step[:, 0], step[:, 1])
    off = points - start
    foot_m = (off * step).sum(axis=1) / length_m
    is_on: Mask = (foot_m >= -_SAME_M) & (foot_m <= length_m + _SAME_M)
    is_on &= np.abs(_away_m(points, segments)) <= distance_m
    return is_on
