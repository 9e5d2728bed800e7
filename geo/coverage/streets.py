"""Streets as lines to streets as edges between nodes: where lines meet, and where they do not.

Two lines meet where they share a vertex. An end that lies on another line within `JOIN_M` meets
it too. Lines that cross without a common vertex are a bridge or a tunnel in a noded layer; in a
layer that was never noded (crossings abound) they are a crossing, unless `layer`, `bridge` or
`tunnel` tell them apart.
"""

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.layers import require_metric

__all__ = ["JOIN_M", "Edges", "street_edges"]

JOIN_M: Final = 0.05
"""An end of a line this near (m) to another line meets it."""

_GRAIN: Final = 1000.0
"""Vertices are equal to the millimetre."""

_LINE: Final = 1
"""What shapely numbers a LineString by."""

_FAR: Final = 2**62

_SAMPLE: Final = 20_000
_UNNODED_SHARE: Final = 0.1
"""More crossings without a vertex than this share of the shared vertices: never noded."""

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Lines = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Edges:
    """e pieces of street between n nodes.

    `xy`
        Vertices of all lines, shape (V, 2), metres.
    `first`, `last`
        First and last vertex of each edge (both included), shape (e,).
    `nodes`
        Node at the first and at the last vertex, shape (e, 2).
    `node_xy`
        Place of each node, shape (n, 2).
    `length_m`
        Length of each edge, shape (e,), above 0.
    `street_at`
        Row of the streets that each edge is a piece of, shape (e,).
    `n_crossings`
        How many crossings without a common vertex were made into nodes.
    """

    xy: Floats
    first: Longs
    last: Longs
    nodes: Longs
    node_xy: Floats
    length_m: Floats
    street_at: Longs
    n_crossings: int = 0

    def __len__(self) -> int:
        """How many edges there are."""
        return len(self.first)


def street_edges(streets: gpd.GeoDataFrame) -> Edges:
    """Return the edges of a layer of streets.

    Parameters
    ----------
    streets
        (Multi)lines, projected CRS in metres. Columns `from_node` and `to_node` (ids), where all
        rows have them, say how the lines are joined; then no line is cut. `layer`, `bridge` and
        `tunnel` keep lines apart that merely cross.

    Raises
    ------
    CRSError
        If the streets are not in metres.

    Notes
    -----
    O(V log V) for V vertices.
    """
    require_metric(streets, "streets")
    lines, street_at = _parts(streets)
    n_crossings = 0
    named = _named_nodes(streets, street_at)
    if named is None:
        level = _levels(streets)[street_at]
        lines, n_crossings = _with_meetings(lines, level)
        xy, line_at = _vertices(lines)
        is_node, node_of = _shared(xy, line_at, level)
    else:
        xy, line_at = _vertices(lines)
        is_node, node_of = _ends_only(line_at, named)
    return _cut(xy, line_at, (is_node, node_of), street_at=street_at, n_crossings=n_crossings)


def _parts(streets: gpd.GeoDataFrame) -> tuple[Lines, Longs]:
    """Return the lines that have a length, and the street of each."""
    lines = streets.geometry.array.to_numpy()
    street_at = np.arange(len(lines))
    if not (shapely.get_type_id(lines) == _LINE).all():
        lines, street_at = shapely.get_parts(lines, return_index=True)
    keep = (shapely.get_type_id(lines) == _LINE) & (shapely.length(lines) > 0)
    return lines[keep], street_at[keep]


def _named_nodes(streets: gpd.GeoDataFrame, street_at: Longs) -> Longs | None:
    """Return the nodes of each line by the names the streets give, shape (lines, 2), or None."""
    if not {"from_node", "to_node"} <= set(streets.columns):
        return None
    if len(np.unique(street_at)) != len(street_at):
        return None
    names = streets[["from_node", "to_node"]]
    if names.isna().any(axis=None):
        return None
    codes, _ = pd.factorize(names.astype(str).to_numpy().ravel())
    return np.asarray(codes, dtype=np.int64).reshape(-1, 2)[street_at]


def _levels(streets: gpd.GeoDataFrame) -> Longs:
    """Return a number that differs where streets run above one another."""
    total = np.zeros(len(streets))
    if "layer" in streets:
        total += pd.to_numeric(streets["layer"], errors="coerce").fillna(0).to_numpy(dtype=float)
    for column, step in (("bridge", 0.5), ("tunnel", -0.5)):
        if column in streets:
            words = streets[column].fillna("").astype(str).str.casefold()
            total += step * (~words.isin(["", "no", "0", "false", "f", "n", "none"])).to_numpy()
    return np.rint(2 * total).astype(np.int64)


def _vertices(lines: Lines) -> tuple[Floats, Longs]:
    """Return the vertices of the lines, repeated ones once, and the line of each."""
    xy, line_at = shapely.get_coordinates(lines, return_index=True)
    same = (line_at[1:] == line_at[:-1]) & (xy[1:] == xy[:-1]).all(axis=1)
    keep = np.append(True, ~same)
    return xy[keep], line_at[keep]


def _ends(line_at: Longs) -> Mask:
    change = line_at[1:] != line_at[:-1]
    ends = np.zeros(len(line_at), dtype=bool)
    ends[:1] = ends[-1:] = True
    ends[1:] |= change
    ends[:-1] |= change
    return ends


def _place_ids(xy: Floats) -> Longs:
    """Return a number for each vertex, equal for vertices at one place."""
    x, y = np.rint(xy * _GRAIN).astype(np.int64).T
    x, y = x - x.min(initial=_FAR), y - y.min(initial=_FAR)
    if (int(x.max(initial=0)) + 1) * (int(y.max(initial=0)) + 1) >= _FAR:
        x = np.unique(x, return_inverse=True)[1].astype(np.int64)
        y = np.unique(y, return_inverse=True)[1].astype(np.int64)
    key = x * (int(y.max(initial=0)) + 1) + y
    order = np.argsort(key)
    ids = np.empty(len(xy), dtype=np.int64)
    ids[order] = np.cumsum(np.append(False, np.diff(key[order]) != 0)[: len(xy)])
    return ids


def _shared(xy: Floats, line_at: Longs, level: Longs) -> tuple[Mask, Longs]:
    """Return which vertices are nodes, and the node of each vertex.

    Inner vertices at one place meet on one level only, unless some line ends there.
    """
    place, ends = _place_ids(xy), _ends(line_at)
    has_end = np.zeros(int(place.max(initial=-1)) + 1, dtype=bool)
    has_end[place[ends]] = True
    floor = np.where(has_end[place], 0, level[line_at] - level.min(initial=0) + 1)
    _, node_of = np.unique(place * (int(floor.max(initial=0)) + 1) + floor, return_inverse=True)
    is_node = ends | (np.bincount(node_of)[node_of] > 1)
    return is_node, node_of


def _ends_only(line_at: Longs, named: Longs) -> tuple[Mask, Longs]:
    ends = _ends(line_at)
    node_of = np.zeros(len(line_at), dtype=np.int64)
    node_of[ends] = named.ravel()
    return ends, node_of


def _cut(
    xy: Floats,
    line_at: Longs,
    nodes: tuple[Mask, Longs],
    *,
    street_at: Longs,
    n_crossings: int,
) -> Edges:
    is_node, node_of = nodes
    at = np.flatnonzero(is_node)
    inside = line_at[at[1:]] == line_at[at[:-1]]
    first, last = at[:-1][inside], at[1:][inside]
    step = np.hypot(*(xy[1:] - xy[:-1]).T)
    # Sums by edge: from its first vertex up to its last; what lies between two edges is left out.
    length = np.add.reduceat(step, np.column_stack([first, last]).ravel()[:-1])[::2]
    used, number = np.unique(node_of[at], return_inverse=True)
    node_xy = np.zeros((len(used), 2))
    node_xy[number] = xy[at]
    ids = np.full(len(xy), -1, dtype=np.int64)
    ids[at] = number
    return Edges(
        xy=xy,
        first=first,
        last=last,
        nodes=np.column_stack([ids[first], ids[last]]),
        node_xy=node_xy,
        length_m=length,
        street_at=np.asarray(street_at[line_at[first]], dtype=np.int64),
        n_crossings=n_crossings,
    )


def _with_meetings(lines: Lines, level: Longs) -> tuple[Lines, int]:
    """Return the lines with a vertex wherever they meet another one, and the crossings found."""
    tree = shapely.STRtree(lines)
    xy, line_at = shapely.get_coordinates(lines, return_index=True)
    place, ends = _place_ids(xy), np.flatnonzero(_ends(line_at))
    n_here = np.bincount(place[ends])
    is_shared = (n_here[place[ends]] > 1).reshape(-1, 2)
    crossing_at, crossings = _crossings(lines, tree, level, is_shared=is_shared)
    loose = ends[np.bincount(place)[place[ends]] == 1]
    joint_at, joints = _loose_ends(tree, xy[loose], line_at[loose])
    at, points = np.concatenate([crossing_at, joint_at]), np.vstack([crossings, joints])
    if len(at) == 0:
        return lines, 0
    order = np.argsort(at, kind="stable")
    changed, start = np.unique(at[order], return_index=True)
    moved = lines.copy()
    for line, some in zip(changed, np.split(points[order], start[1:]), strict=True):
        moved[line] = _with_vertices(lines[line], some)
    return moved, len(crossing_at) // 2


def _with_vertices(line: shapely.LineString, points: Floats) -> shapely.LineString:
    """Return `line` with `points` (near it) as further vertices."""
    xy = shapely.get_coordinates(line)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*(xy[1:] - xy[:-1]).T))])
    places = shapely.line_locate_point(line, shapely.points(points))
    order = np.argsort(np.concatenate([along, places]), kind="stable")
    return shapely.linestrings(np.vstack([xy, points])[order])


def _crossings(
    lines: Lines, tree: shapely.STRtree, level: Longs, *, is_shared: Mask
) -> tuple[Longs, Floats]:
    """Return lines and places where lines cross without a vertex; none in a noded layer.

    `is_shared`: whether each end of each line is also an end of another one, shape (lines, 2).
    """
    sample = np.arange(len(lines))[:: len(lines) // _SAMPLE + 1]
    at, other = tree.query(lines[sample], predicate="crosses")
    bare, _ = _bare_crossings(lines, sample[at], other)
    if len(bare) <= _UNNODED_SHARE * is_shared[sample].sum():
        return np.zeros(0, dtype=np.int64), np.zeros((0, 2))
    left, right = tree.query(lines, predicate="crosses")
    once = (left < right) & (level[left] == level[right])
    left, right = left[once], right[once]
    pair, points = _bare_crossings(lines, left, right)
    return np.concatenate([left[pair], right[pair]]), np.vstack([points, points])


def _bare_crossings(lines: Lines, left: Longs, right: Longs) -> tuple[Longs, Floats]:
    """Return pair and place of every crossing that is not a vertex of both lines."""
    shared = shapely.intersection(lines[left], lines[right])
    points, pair = shapely.get_parts(shared, return_index=True)
    is_point = shapely.get_type_id(points) == 0
    points, pair = points[is_point], pair[is_point]
    bare = np.zeros(len(points), dtype=bool)
    for side in (left, right):
        used, number = np.unique(side[pair], return_inverse=True)
        xy, line_at = shapely.get_coordinates(lines[used], return_index=True)
        vertices = shapely.multipoints(shapely.points(xy), indices=line_at)
        bare |= shapely.distance(points, vertices[number]) > 1 / _GRAIN
    return pair[bare], shapely.get_coordinates(points[bare])


def _loose_ends(tree: shapely.STRtree, xy: Floats, line_at: Longs) -> tuple[Longs, Floats]:
    """Return lines and places where ends `xy` of other lines, joined to nothing, lie on them."""
    at, other = tree.query(shapely.points(xy), predicate="dwithin", distance=JOIN_M)
    keep = line_at[at] != other
    return other[keep], xy[at[keep]]
