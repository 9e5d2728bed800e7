"""The compiled loops of circles by radius, all in one file (see `network.loops` for why).

Sites lie in the cells of a grid (`Cells`), so that a loop looks only at those near enough.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.coverage.compiled import compiled

__all__ = [
    "Cells",
    "Rings",
    "cells_of",
    "exposed_arcs",
    "pairs_of_points",
    "pairs_of_rings",
    "uncovered_areas",
]

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]

_TURN = 2.0 * np.pi
_ROUNDING = 1e-9


class Cells(NamedTuple):
    """s places in square cells, by row and column.

    `xy`: the places in order of their cells. `member`: their positions before. `first`: where the
    places of each cell begin, one entry more than cells. `shape`: columns and rows.
    """

    xy: Floats
    member: Longs
    first: Longs
    origin: Floats
    shape: tuple[int, int]
    cell_m: float


class Rings(NamedTuple):
    """The rings of n polygons: `first` ring of each polygon, first vertex (`start`) of each ring.

    Both have one entry more than there are polygons and rings; a ring ends with its first vertex.
    `sign` is 1 where the inside lies to the left of the ring, else -1.
    """

    xy: Floats
    start: Longs
    first: Longs
    sign: Floats


def cells_of(xy: Floats, *, at_least_m: float) -> Cells:
    """Return the places `xy` (s, 2) in cells of at least `at_least_m`, not more than 4 s + 4."""
    low = xy.min(axis=0) if len(xy) else np.zeros(2)
    span = (xy.max(axis=0) if len(xy) else np.zeros(2)) - low
    cell_m = max(at_least_m, float(np.sqrt(np.prod(span) / (4 * len(xy) + 1))), 1e-3)
    cell_m = max(cell_m, float(span.max()) / (4 * len(xy) + 1))
    columns, rows = (np.floor(span / cell_m).astype(int) + 1).tolist()
    column, row = np.floor((xy - low) / cell_m).astype(np.int64).T
    cell = row * columns + column
    order = np.argsort(cell, kind="stable")
    first = np.zeros(columns * rows + 1, dtype=np.int64)
    np.cumsum(np.bincount(cell, minlength=columns * rows), out=first[1:])
    return Cells(np.ascontiguousarray(xy[order]), order, first, low, (columns, rows), cell_m)


@compiled
def _window(cells: Cells, box: Floats) -> tuple[int, int, int, int]:
    """Return the first and last column and row of the cells that meet `box` (x, y, x, y)."""
    _, _, _, origin, shape, cell = cells
    low_column = max(int(np.floor((box[0] - origin[0]) / cell)), 0)
    low_row = max(int(np.floor((box[1] - origin[1]) / cell)), 0)
    high_column = min(int(np.floor((box[2] - origin[0]) / cell)), shape[0] - 1)
    high_row = min(int(np.floor((box[3] - origin[1]) / cell)), shape[1] - 1)
    return low_column, high_column, low_row, high_row


@compiled
def _box(xy: Floats, at: Longs, start: int, stop: int, reach: float) -> Floats:
    """Return the box around the points `xy[at[start:stop]]`, wider by `reach` on each side."""
    box = np.array([np.inf, np.inf, -np.inf, -np.inf])
    for k in range(start, stop):
        x, y = xy[at[k], 0], xy[at[k], 1]
        box[0], box[1] = min(box[0], x), min(box[1], y)
        box[2], box[3] = max(box[2], x), max(box[3], y)
    box[:2] -= reach
    box[2:] += reach
    return box


@compiled
def _grown(rows: Floats, count: int) -> Floats:
    """Return `rows` with room for more when `count` of them are in use."""
    if count < len(rows):
        return rows
    grown = np.empty((2 * len(rows), rows.shape[1]))
    grown[:count] = rows
    return grown


@compiled
def pairs_of_points(xy: Floats, at: Longs, first: Longs, cells: Cells, limit: float) -> Floats:
    """Return owner, site and least distance of every owner with a point within `limit` of a site.

    Owner i has the points `xy[at[first[i]:first[i + 1]]]`. Shape (pairs, 3).
    """
    rows, count = np.empty((1024, 3)), 0
    slack = limit * (1.0 + 1e-9)
    for owner in range(len(first) - 1):
        start, stop = first[owner], first[owner + 1]
        if start == stop:
            continue
        box = _box(xy, at, start, stop, slack)
        low, high, low_row, high_row = _window(cells, box)
        for row in range(low_row, high_row + 1):
            if low > high:
                break
            base = row * cells.shape[0]
            for s in range(cells.first[base + low], cells.first[base + high + 1]):
                x, y = cells.xy[s, 0], cells.xy[s, 1]
                if x < box[0] or y < box[1] or x > box[2] or y > box[3]:
                    continue
                best = np.inf
                for k in range(start, stop):
                    dx, dy = x - xy[at[k], 0], y - xy[at[k], 1]
                    best = min(best, dx * dx + dy * dy)
                if np.sqrt(best) <= limit:
                    rows = _grown(rows, count)
                    rows[count, 0], rows[count, 1] = owner, cells.member[s]
                    rows[count, 2] = np.sqrt(best)
                    count += 1
    return rows[:count].copy()


@compiled
def pairs_of_rings(rings: Rings, some: Longs, cells: Cells, limit: float) -> Floats:
    """Return polygon, site, distance to its nearest and its farthest place, shape (pairs, 4).

    Every site at most `limit` from one of the polygons `some`; within it the distance is 0.
    """
    rows, count = np.empty((1024, 4)), 0
    slack, every = limit * (1.0 + 1e-9), np.arange(len(rings.xy))
    for polygon in some:
        begin, end = rings.first[polygon], rings.first[polygon + 1]
        box = _box(rings.xy, every, rings.start[begin], rings.start[end], slack)
        longest = _longest(rings, begin, end)
        low, high, low_row, high_row = _window(cells, box)
        for row in range(low_row, high_row + 1):
            if low > high:
                break
            base = row * cells.shape[0]
            for s in range(cells.first[base + low], cells.first[base + high + 1]):
                x, y = cells.xy[s, 0], cells.xy[s, 1]
                if x < box[0] or y < box[1] or x > box[2] or y > box[3]:
                    continue
                near, far = _from_rings(rings, begin, end, x, y, longest)
                in_x = box[0] + slack <= x <= box[2] - slack
                if in_x and box[1] + slack <= y <= box[3] - slack:
                    near = 0.0 if _is_inside(rings, begin, end, x, y) else near
                if near <= limit:
                    rows = _grown(rows, count)
                    rows[count, 0], rows[count, 1] = polygon, cells.member[s]
                    rows[count, 2], rows[count, 3] = near, far
                    count += 1
    return rows[:count].copy()


@compiled
def _longest(rings: Rings, begin: int, end: int) -> float:
    """Return the square of the longest edge of some rings."""
    longest = 0.0
    for ring in range(begin, end):
        for k in range(rings.start[ring], rings.start[ring + 1] - 1):
            dx, dy = rings.xy[k + 1, 0] - rings.xy[k, 0], rings.xy[k + 1, 1] - rings.xy[k, 1]
            longest = max(longest, dx * dx + dy * dy)
    return longest


@compiled
def _from_rings(
    rings: Rings, begin: int, end: int, x: float, y: float, longest: float
) -> tuple[float, float]:
    """Return how far a place is from the nearest and the farthest place of a polygon's border.

    `longest`: square of the longest edge; an edge can only be nearer than all vertices if its own
    are not much farther.
    """
    near, far = np.inf, 0.0
    for k in range(rings.start[begin], rings.start[end]):
        ax, ay = rings.xy[k, 0] - x, rings.xy[k, 1] - y
        away = ax * ax + ay * ay
        near, far = min(near, away), max(far, away)
    most = (near + longest) * (1.0 + _ROUNDING)
    for ring in range(begin, end):
        for k in range(rings.start[ring], rings.start[ring + 1] - 1):
            ax, ay = rings.xy[k, 0] - x, rings.xy[k, 1] - y
            if ax * ax + ay * ay > most:
                continue
            dx, dy = rings.xy[k + 1, 0] - rings.xy[k, 0], rings.xy[k + 1, 1] - rings.xy[k, 1]
            t, square = -(ax * dx + ay * dy), dx * dx + dy * dy
            if 0.0 < t < square:
                ex, ey = ax + t / square * dx, ay + t / square * dy
                near = min(near, ex * ex + ey * ey)
    return np.sqrt(near), np.sqrt(far)


@compiled
def _is_inside(rings: Rings, begin: int, end: int, x: float, y: float) -> bool:
    inside = False
    for ring in range(begin, end):
        for k in range(rings.start[ring], rings.start[ring + 1] - 1):
            ax, ay = rings.xy[k, 0] - x, rings.xy[k, 1] - y
            bx, by = rings.xy[k + 1, 0] - x, rings.xy[k + 1, 1] - y
            if (ay > 0.0) != (by > 0.0) and (ax * by - ay * bx > 0.0) == (by > ay):
                inside = not inside
    return inside


@compiled
def _rest(intervals: Floats, n: int, low: float, high: float) -> tuple[Floats, int]:
    """Return what the first `n` intervals leave of low…high, in order, and how many parts."""
    order = np.argsort(intervals[:n, 0])
    rest, count, reached = np.empty((n + 1, 2)), 0, low
    for i in order:
        if intervals[i, 0] > reached:
            rest[count, 0], rest[count, 1] = reached, min(intervals[i, 0], high)
            count += 1
        reached = max(reached, intervals[i, 1])
        if reached >= high:
            return rest, count
    rest[count, 0], rest[count, 1] = reached, high
    return rest, count + 1


@compiled
def exposed_arcs(xy: Floats, cells: Cells, radius: float) -> tuple[Longs, Floats]:
    """Return the arcs (angles from, to; within 0…2π) of each circle that no other circle holds.

    Shape (arcs, 2), CSR by circle. All circles have one radius; of equal ones the first counts.
    """
    arcs, count = np.empty((1024, 2)), 0
    first = np.zeros(len(xy) + 1, np.int64)
    for i in range(len(xy)):
        held, is_held = _held(xy, i, cells, radius)
        if not is_held:
            rest, n = _rest(held, len(held), 0.0, _TURN)
            for k in range(n):
                arcs = _grown(arcs, count)
                arcs[count] = rest[k]
                count += 1
        first[i + 1] = count
    return first, arcs[:count].copy()


@compiled
def _held(xy: Floats, i: int, cells: Cells, radius: float) -> tuple[Floats, bool]:
    """Return the arcs of circle i that other circles hold, and whether one holds all of it."""
    x, y, reach = xy[i, 0], xy[i, 1], 2.0 * radius
    box = np.array([x - reach, y - reach, x + reach, y + reach])
    low, high, low_row, high_row = _window(cells, box)
    held, n = np.empty((16, 2)), 0
    for row in range(low_row, high_row + 1):
        base = row * cells.shape[0]
        for s in range(cells.first[base + low], cells.first[base + high + 1]):
            other = cells.member[s]
            dx, dy = cells.xy[s, 0] - x, cells.xy[s, 1] - y
            away = np.sqrt(dx * dx + dy * dy)
            if away >= reach or other == i:
                continue
            if away == 0.0:
                if other < i:
                    return held[:0], True
                continue
            half, middle = np.arccos(away / reach), np.arctan2(dy, dx)
            begin = (middle - half) % _TURN
            held = _grown(_grown(held, n), n + 1)
            held[n, 0], held[n, 1] = begin, min(begin + 2.0 * half, _TURN)
            n += 1
            if begin + 2.0 * half > _TURN:
                held[n, 0], held[n, 1] = 0.0, begin + 2.0 * half - _TURN
                n += 1
    return held[:n], False


@compiled
def uncovered_areas(
    rings: Rings,
    targets: Longs,
    circles: tuple[Longs, Longs],
    centres: Floats,
    radius: float,
    arcs: tuple[Longs, Floats],
) -> Floats:
    """Return the area of each target polygon outside the union of its circles (Green's theorem).

    The border of what is left is made of the parts of the polygon's edges outside all circles, and
    of the exposed arcs within the polygon, run backwards. `circles`: those of target i are
    `circles[1][circles[0][i]:circles[0][i + 1]]`.
    """
    areas = np.zeros(len(targets))
    first, circle_at = circles
    for i in range(len(targets)):
        begin, end = rings.first[targets[i]], rings.first[targets[i] + 1]
        mine = circle_at[first[i] : first[i + 1]]
        origin = rings.xy[rings.start[begin]]
        total = 0.0
        if len(mine) == 1:
            areas[i] = _left_by_one(rings, begin, end, centres[mine[0]], radius)
            continue
        for ring in range(begin, end):
            total += rings.sign[ring] * _outside_edges(rings, ring, mine, centres, radius, origin)
        for c in mine:
            x, y = centres[c, 0], centres[c, 1]
            if arcs[0][c] == arcs[0][c + 1]:
                continue
            inside = _arcs_inside(rings, begin, end, x, y, radius)
            for k in range(arcs[0][c], arcs[0][c + 1]):
                for m in range(len(inside)):
                    a, b = max(arcs[1][k, 0], inside[m, 0]), min(arcs[1][k, 1], inside[m, 1])
                    if a < b:
                        total -= _arc_integral(x - origin[0], y - origin[1], radius, a, b)
        areas[i] = total
    return areas


@compiled
def _left_by_one(rings: Rings, begin: int, end: int, centre: Floats, radius: float) -> float:
    """Return the area of a polygon outside one circle: triangles less sectors from its centre."""
    total, reach = 0.0, radius * radius
    for ring in range(begin, end):
        part, angle, start = 0.0, 0.0, rings.start[ring]
        ax, ay = rings.xy[start, 0] - centre[0], rings.xy[start, 1] - centre[1]
        a_in = ax * ax + ay * ay <= reach
        for k in range(start + 1, rings.start[ring + 1]):
            bx, by = rings.xy[k, 0] - centre[0], rings.xy[k, 1] - centre[1]
            b_in = bx * bx + by * by <= reach
            if not (a_in and b_in):
                cross, dx, dy = ax * by - ay * bx, bx - ax, by - ay
                low, high = 1.0, 0.0
                if a_in or b_in or _may_cut(ax, ay, dx, dy, cross, reach):
                    low, high = _chord(ax, ay, dx, dy, dx * dx + dy * dy, radius)
                if low >= high and not a_in and not b_in:
                    part, angle = part + cross, angle + _turned(ay, by, cross)
                    ax, ay, a_in = bx, by, b_in
                    continue
                if not a_in:
                    more, turn = _from_circle(ax + low * dx, ay + low * dy, ax, ay)
                    part, angle = part - more, angle - turn
                if not b_in:
                    more, turn = _from_circle(ax + high * dx, ay + high * dy, bx, by)
                    part, angle = part + more, angle + turn
            ax, ay, a_in = bx, by, b_in
        total += 0.5 * rings.sign[ring] * (part - reach * angle)
    return total


@compiled
def _turned(ay: float, by: float, cross: float) -> float:
    """Return a whole turn, or a negative one, where a to b passes the half line left of 0.

    The angle of a way around 0 is that of its end less that of its start, and these turns.
    """
    if (ay >= 0.0) == (by >= 0.0) or (cross > 0.0) != (ay >= 0.0):
        return 0.0
    return _TURN if cross > 0.0 else -_TURN


@compiled
def _from_circle(x: float, y: float, px: float, py: float) -> tuple[float, float]:
    """Return twice the triangle from 0 over a place on the circle and p, and less its angle."""
    cross = x * py - y * px
    return cross, _turned(y, py, cross) - np.arctan2(y, x)


@compiled
def _may_cut(ax: float, ay: float, dx: float, dy: float, cross: float, reach: float) -> bool:
    """Whether the line of an edge comes nearest to 0 on the edge, and inside the circle."""
    along, square = -(ax * dx + ay * dy), dx * dx + dy * dy
    return 0.0 < along < square and cross * cross < reach * square


@compiled
def _arc_integral(x: float, y: float, radius: float, a: float, b: float) -> float:
    turned = x * (np.sin(b) - np.sin(a)) - y * (np.cos(b) - np.cos(a))
    return float(0.5 * radius * (radius * (b - a) + turned))


@compiled
def _outside_edges(
    rings: Rings, ring: int, mine: Longs, centres: Floats, radius: float, origin: Floats
) -> float:
    """Return the integral along those parts of a ring that are in none of the circles `mine`."""
    total, held = 0.0, np.empty((len(mine), 2))
    for k in range(rings.start[ring], rings.start[ring + 1] - 1):
        ax, ay = rings.xy[k, 0], rings.xy[k, 1]
        dx, dy = rings.xy[k + 1, 0] - ax, rings.xy[k + 1, 1] - ay
        square, n = dx * dx + dy * dy, 0
        if square == 0.0:
            continue
        for c in mine:
            px, py = ax - centres[c, 0], ay - centres[c, 1]
            low, high = _chord(px, py, dx, dy, square, radius)
            if low < high and low < 1.0 and high > 0.0:
                held[n, 0], held[n, 1] = max(low, 0.0), min(high, 1.0)
                n += 1
        part = 1.0
        if n > 0:
            rest, count = _rest(held, n, 0.0, 1.0)
            part = 0.0
            for r in range(count):
                part += rest[r, 1] - rest[r, 0]
        total += 0.5 * part * ((ax - origin[0]) * dy - (ay - origin[1]) * dx)
    return total


@compiled
def _chord(
    px: float, py: float, dx: float, dy: float, square: float, radius: float
) -> tuple[float, float]:
    """Return where the line p + t d enters and leaves the circle around 0 (low > high: nowhere)."""
    along = px * dx + py * dy
    root = along * along - square * (px * px + py * py - radius * radius)
    if root <= 0.0:
        return 1.0, 0.0
    root = np.sqrt(root)
    return (-along - root) / square, (-along + root) / square


@compiled
def _arcs_inside(rings: Rings, begin: int, end: int, x: float, y: float, radius: float) -> Floats:
    """Return the arcs of a circle inside a polygon, as angles within 0…2π, shape (arcs, 2)."""
    angles, n = np.empty((16, 1)), 0
    for ring in range(begin, end):
        for k in range(rings.start[ring], rings.start[ring + 1] - 1):
            ax, ay = rings.xy[k, 0] - x, rings.xy[k, 1] - y
            bx, by = rings.xy[k + 1, 0] - x, rings.xy[k + 1, 1] - y
            a_in = ax * ax + ay * ay <= radius * radius
            b_in = bx * bx + by * by <= radius * radius
            dx, dy = bx - ax, by - ay
            along, square = ax * dx + ay * dy, dx * dx + dy * dy
            if (a_in and b_in) or (not a_in and not b_in and not 0.0 < -along < square):
                continue
            root = along * along - square * (ax * ax + ay * ay - radius * radius)
            if a_in == b_in and root <= 0.0:
                continue
            root = np.sqrt(max(root, 0.0))
            for sign in (-1.0, 1.0):
                if (sign < 0.0 and a_in) or (sign > 0.0 and b_in):
                    continue
                t = (-along + sign * root) / square
                angles = _grown(angles, n)
                angles[n, 0] = np.arctan2(ay + t * dy, ax + t * dx) % _TURN
                n += 1
    return _alternating(rings, begin, end, x, y, radius, np.sort(angles[:n, 0]))


@compiled
def _alternating(
    rings: Rings, begin: int, end: int, x: float, y: float, radius: float, angles: Floats
) -> Floats:
    """Return every second arc between the sorted `angles`: those inside.

    The longest arc tells which, by a place on it that symmetry is unlikely to put on a border.
    """
    n = len(angles)
    if n == 0:
        if _is_inside(rings, begin, end, x + radius * np.cos(1.0), y + radius * np.sin(1.0)):
            return np.array([[0.0, _TURN]])
        return np.empty((0, 2))
    longest, widest = n - 1, angles[0] + _TURN - angles[n - 1]
    for k in range(n - 1):
        if angles[k + 1] - angles[k] > widest:
            longest, widest = k, angles[k + 1] - angles[k]
    there = angles[longest] + 0.382 * widest
    is_in = _is_inside(rings, begin, end, x + radius * np.cos(there), y + radius * np.sin(there))
    parts, count = np.empty((n + 1, 2)), 0
    for k in range(n):
        if ((k - longest) % 2 == 0) != is_in:
            continue
        if k < n - 1:
            parts[count, 0], parts[count, 1] = angles[k], angles[k + 1]
            count += 1
        else:
            parts[count, 0], parts[count, 1] = angles[k], _TURN
            parts[count + 1, 0], parts[count + 1, 1] = 0.0, angles[0]
            count += 2
    return parts[:count].copy()
