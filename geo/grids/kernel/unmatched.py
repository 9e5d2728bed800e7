"""Where segments that one polygon alone has run along its neighbour's, and what those lack."""

from typing import Final

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.grids.kernel.borders import first_from, merged
from geo.grids.kernel.matching import NONE, match
from geo.grids.kernel.rings import Floats, Rings
from geo.grids.kernel.segments import Segments
from geo.sorting import sort_order, sort_points

__all__ = ["lone_segments", "unmatched"]

Longs = npt.NDArray[np.int64]
Positions = npt.NDArray[np.intp]

Line = tuple[float, float, float, float]

_SAME_M: Final = 0.001
"""Vertices no further apart than this (m) match."""
_TINY: Final = 1e-12
_MIN_COSINE: Final = 0.25
"""Segments that turn more than 75° from each other meet, they do not run along each other."""


def lone_segments(rings: Rings) -> Positions:
    """Return the vertices at which the segments start that one polygon alone has. O(V)."""
    segments = Segments.of(rings)
    mate, _, _ = match(segments, len(rings.xy))
    return np.flatnonzero((mate == NONE) & (segments.sign != 0))


def unmatched(
    rings: Rings, lone: Positions, pairs: tuple[Positions, Positions], distance_m: float
) -> tuple[Floats, Floats]:
    """Compare the lone segments of pairs of polygons.

    Parameters
    ----------
    rings, lone
        Polygons, and where their lone segments start, ascending.
    pairs
        Positions of the p left and right polygons.
    distance_m
        Borders no further apart are one.

    Returns
    -------
    length_m
        (p, 2): metres of the left and of the right side that run along the other one.
    lacking
        (k, 4) number of the pair, side (0 left, 1 right), x, y: each vertex of that side beside a
        segment of the other which has no vertex there; sorted.

    Notes
    -----
    O(log v) for each segment of one of v, where borders are longer than they are wide.
    """
    rows = np.hstack([rings.xy[lone], rings.xy[lone + 1]])
    ring = np.searchsorted(rings.start, lone, side="right") - 1
    all_polygons = np.arange(rings.n_polygons + 1)
    row_start = np.searchsorted(rings.owner[ring], all_polygons)
    vertex_start = rings.start[np.searchsorted(rings.owner, all_polygons)]
    length_m = np.zeros((len(pairs[0]), 2))
    lacking: Floats = _compared(
        rows, row_start, rings.xy, vertex_start, pairs[0], pairs[1], distance_m, length_m
    )
    return length_m, lacking


@compiled
def _compared(
    rows: Floats,
    row_start: Longs,
    xy: Floats,
    vertex_start: Longs,
    left: Positions,
    right: Positions,
    distance: float,
    length_m: Floats,
) -> Floats:
    lacking, count = np.empty((1024, 4)), 0
    for p in range(len(left)):
        for side in range(2):
            mine, other = (left[p], right[p]) if side == 0 else (right[p], left[p])
            segments = rows[row_start[mine] : row_start[mine + 1]]
            theirs = rows[row_start[other] : row_start[other + 1]]
            if len(segments) == 0 or len(theirs) == 0:
                break
            box = _box(segments, distance)
            near = _near(theirs, box)
            if len(near) == 0:
                continue
            segments = _near(segments, _box(near, distance))
            axis = _long_axis(near)
            low, order = _sorted_low(near, axis)
            points = xy[vertex_start[other] : vertex_start[other + 1]]
            places, place_order = _sorted_places(points, box, axis)
            found = np.empty((2 * len(segments), 2))
            n_found, length = _along_all(
                segments, near, low, order, points, places, place_order, axis, distance, found
            )
            length_m[p, side] = length
            n_found = _distinct(found, n_found)
            while count + n_found > len(lacking):
                lacking = np.concatenate((lacking, np.empty_like(lacking)))
            for k in range(n_found):
                lacking[count, 0], lacking[count, 1] = p, side
                lacking[count, 2], lacking[count, 3] = found[k, 0], found[k, 1]
                count += 1
    return lacking[:count].copy()


@compiled
def _along_all(
    mine: Floats,
    near: Floats,
    low: Floats,
    order: Longs,
    points: Floats,
    places: Floats,
    place_order: Longs,
    axis: int,
    distance: float,
    found: Floats,
) -> tuple[int, float]:
    """Write the vertices that the other side lacks; return how many, and the metres alongside."""
    spans = np.empty((len(near) + 1, 2))
    widest = 0.0
    for t in range(len(near)):
        widest = max(widest, abs(near[t, axis + 2] - near[t, axis]))
    n_found, total = 0, 0.0
    for s in range(len(mine)):
        a, b = min(mine[s, axis], mine[s, axis + 2]), max(mine[s, axis], mine[s, axis + 2])
        line = (mine[s, 0], mine[s, 1], mine[s, 2], mine[s, 3])
        n_spans = 0
        at_first, at_last = False, False
        for k in range(first_from(low, a - distance - widest), len(low)):
            if low[k] > b + distance:
                break
            t = order[k]
            other = (near[t, 0], near[t, 1], near[t, 2], near[t, 3])
            if not (_is_box_near(line, other, distance) and _is_near(line, other, distance)):
                continue
            begin, end = _stretch(line, other, distance)
            if end - begin > _SAME_M:
                spans[n_spans, 0], spans[n_spans, 1] = begin, end
                n_spans += 1
                at_first = at_first or _is_beside(line[0], line[1], other, distance)
                at_last = at_last or _is_beside(line[2], line[3], other, distance)
        for k in range(merged(spans, n_spans)):
            total += spans[k, 1] - spans[k, 0]
        for end_at in range(2):
            x, y = mine[s, 2 * end_at], mine[s, 2 * end_at + 1]
            is_told = at_first if end_at == 0 else at_last
            if is_told and not _has(points, places, place_order, x, y, axis):
                found[n_found, 0], found[n_found, 1] = x, y
                n_found += 1
    return n_found, total


@compiled
def _distinct(found: Floats, count: int) -> int:
    """Sort the first `count` rows by x, then y; leave each once; return how many there are."""
    sort_points(found, count)
    n_distinct = min(count, 1)
    for k in range(1, count):
        if found[k, 0] != found[k - 1, 0] or found[k, 1] != found[k - 1, 1]:
            found[n_distinct, 0], found[n_distinct, 1] = found[k, 0], found[k, 1]
            n_distinct += 1
    return n_distinct


@compiled
def _box(segments: Floats, reach: float) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = np.inf, np.inf, -np.inf, -np.inf
    for s in range(len(segments)):
        x0, x1 = min(x0, segments[s, 0], segments[s, 2]), max(x1, segments[s, 0], segments[s, 2])
        y0, y1 = min(y0, segments[s, 1], segments[s, 3]), max(y1, segments[s, 1], segments[s, 3])
    return x0 - reach, y0 - reach, x1 + reach, y1 + reach


@compiled
def _near(segments: Floats, box: tuple[float, float, float, float]) -> Floats:
    keep = np.zeros(len(segments), np.bool_)
    for s in range(len(segments)):
        keep[s] = (
            min(segments[s, 0], segments[s, 2]) <= box[2]
            and max(segments[s, 0], segments[s, 2]) >= box[0]
            and min(segments[s, 1], segments[s, 3]) <= box[3]
            and max(segments[s, 1], segments[s, 3]) >= box[1]
        )
    return segments[keep]


@compiled
def _long_axis(segments: Floats) -> int:
    x0, y0, x1, y1 = _box(segments, 0.0)
    return 0 if x1 - x0 >= y1 - y0 else 1


@compiled
def _sorted_low(segments: Floats, axis: int) -> tuple[Floats, Longs]:
    values, order = np.empty(len(segments)), np.arange(len(segments))
    for s in range(len(segments)):
        values[s] = min(segments[s, axis], segments[s, axis + 2])
    sort_order(values, order, len(order))
    return values[order], order


@compiled
def _sorted_places(
    points: Floats, box: tuple[float, float, float, float], axis: int
) -> tuple[Floats, Longs]:
    order, count = np.empty(len(points), np.int64), 0
    for v in range(len(points)):
        if box[0] <= points[v, 0] <= box[2] and box[1] <= points[v, 1] <= box[3]:
            order[count] = v
            count += 1
    order = order[:count]
    values = points[:, axis].copy()
    sort_order(values, order, count)
    return values[order], order


@compiled
def _has(points: Floats, places: Floats, order: Longs, x: float, y: float, axis: int) -> bool:
    """Return True where a point lies within a millimetre."""
    at = x if axis == 0 else y
    for k in range(first_from(places, at - _SAME_M), len(places)):
        if places[k] > at + _SAME_M:
            break
        if np.hypot(points[order[k], 0] - x, points[order[k], 1] - y) <= _SAME_M:
            return True
    return False


@compiled
def _is_box_near(a: Line, b: Line, reach: float) -> bool:
    return bool(
        min(a[0], a[2]) <= max(b[0], b[2]) + reach
        and min(b[0], b[2]) <= max(a[0], a[2]) + reach
        and min(a[1], a[3]) <= max(b[1], b[3]) + reach
        and min(b[1], b[3]) <= max(a[1], a[3]) + reach
    )


@compiled
def _is_near(a: Line, b: Line, reach: float) -> bool:
    """Return True for segments that cross, or an end of which is within reach of the other."""
    for end in range(0, 4, 2):
        if _distance(a[end], a[end + 1], b) <= reach:
            return True
        if _distance(b[end], b[end + 1], a) <= reach:
            return True
    first = _away(a[0], a[1], b) * _away(a[2], a[3], b)
    return bool(first < 0.0 and _away(b[0], b[1], a) * _away(b[2], b[3], a) < 0.0)


@compiled
def _distance(x: float, y: float, line: Line) -> float:
    dx, dy = line[2] - line[0], line[3] - line[1]
    share = ((x - line[0]) * dx + (y - line[1]) * dy) / (dx * dx + dy * dy)
    share = min(max(share, 0.0), 1.0)
    return float(np.hypot(x - line[0] - share * dx, y - line[1] - share * dy))


@compiled
def _stretch(a: Line, b: Line, reach: float) -> tuple[float, float]:
    """Return the stretch (m from its start) of segment s of `a` beside segment t of `b`."""
    dx, dy = a[2] - a[0], a[3] - a[1]
    length = np.hypot(dx, dy)
    ux, uy = dx / length, dy / length
    ox, oy = b[2] - b[0], b[3] - b[1]
    is_steep = abs(ox * ux + oy * uy) < _MIN_COSINE * np.hypot(ox, oy)
    if is_steep or _is_same(a, b):
        return 0.0, 0.0
    first = (b[0] - a[0]) * ux + (b[1] - a[1]) * uy
    last = (b[2] - a[0]) * ux + (b[3] - a[1]) * uy
    begin, end = max(min(first, last), 0.0), min(max(first, last), length)
    near = _away(a[0] + ux * begin, a[1] + uy * begin, b)
    slope = _away(a[0] + ux * end, a[1] + uy * end, b) - near
    low, high = 0.0, 1.0
    if abs(slope) > _TINY:
        low, high = (-reach - near) / slope, (reach - near) / slope
        low, high = max(min(low, high), 0.0), min(max(low, high), 1.0)
    elif abs(near) > reach:
        return 0.0, 0.0
    return begin + low * (end - begin), begin + high * (end - begin)


@compiled
def _is_same(a: Line, b: Line) -> bool:
    ahead, back = True, True
    for c in range(4):
        ahead = ahead and abs(a[c] - b[c]) <= _SAME_M
        back = back and abs(a[c] - b[(c + 2) % 4]) <= _SAME_M
    return ahead or back


@compiled
def _away(x: float, y: float, line: Line) -> float:
    """Return the signed distance (m) of a point from the line through a segment."""
    dx, dy = line[2] - line[0], line[3] - line[1]
    return float((dx * (y - line[1]) - dy * (x - line[0])) / np.hypot(dx, dy))


@compiled
def _is_beside(x: float, y: float, line: Line, reach: float) -> bool:
    """Return True for a point whose foot lies on the segment, no further than `reach`."""
    dx, dy = line[2] - line[0], line[3] - line[1]
    length = np.hypot(dx, dy)
    foot = ((x - line[0]) * dx + (y - line[1]) * dy) / length
    return bool(-_SAME_M <= foot <= length + _SAME_M and abs(_away(x, y, line)) <= reach)
