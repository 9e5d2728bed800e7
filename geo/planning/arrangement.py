"""The borders around a few disputed areas, cut wherever they meet: nodes, edges and faces.

Coordinates that were given stay as they are, to the last digit; only where two borders cross is a
new vertex put, and it is the same number in every border that passes there. So grids whose faces
change hands still share their vertices exactly.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

__all__ = [
    "Arrangement",
    "Edge",
    "Face",
    "Vertex",
    "arrange",
    "edge",
    "joined",
    "ring_edges",
    "segments",
]

Vertex = tuple[float, float]
Edge = tuple[Vertex, Vertex]
Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]

_ON_SEGMENT_M: Final = (1e-8, 1e-7, 1e-6)
"""How far (m) rounding may put a new vertex off its segment: the narrowest that leads through."""

_NEAR_M: Final = 1e-4
_MARGIN_M: Final = np.array([-1.0, -1.0, 1.0, 1.0])
_DUST_M2: Final = 1e-12
"""A face smaller than this (m²) comes from rounding and is left where it is."""


def edge(a: Vertex, b: Vertex) -> Edge:
    """Return the edge between two vertices, the same whichever way it is run through."""
    return (a, b) if a < b else (b, a)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Face:
    """One face: a polygon, and its edges. `point` lies inside."""

    polygon: shapely.Polygon
    edges: frozenset[Edge]
    point: Vertex
    area_m2: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Arrangement:
    """What `arrange` found.

    `faces`
        The faces inside the zone.
    `chains`
        Each segment that was cut, to its vertices from the smaller end to the larger.
    `owners`
        Each edge to the members on whose border it lies.
    """

    faces: tuple[Face, ...]
    chains: Mapping[Edge, tuple[Vertex, ...]]
    owners: Mapping[Edge, AbstractSet[int]]

    def chain(self, segment: Edge, used: AbstractSet[Vertex]) -> tuple[Vertex, ...]:
        """Return the vertices of `segment` with those new ones that are in `used`."""
        whole = self.chains.get(segment)
        if whole is None:
            return segment
        return (whole[0], *(v for v in whole[1:-1] if v in used), whole[-1])


def segments(geometry: shapely.Geometry) -> Floats:
    """Return the segments of the border of `geometry`, shape (k, 4)."""
    rings = shapely.get_rings(shapely.get_parts(geometry))
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    joined = ring[1:] == ring[:-1]
    ends: Floats = np.hstack([xy[:-1], xy[1:]])[joined]
    return ends


def joined(polygons: Sequence[shapely.Polygon]) -> shapely.Geometry:
    """Return polygons that share their vertices as one geometry, all vertices kept."""
    if len(polygons) == 1:
        return polygons[0]
    with suppress(shapely.GEOSException):  # parts that touch in dust only
        return shapely.coverage_union_all(list(polygons))
    return shapely.union_all(list(polygons))


def ring_edges(polygon: shapely.Geometry) -> Iterator[Edge]:
    """Yield the edges of the border of a polygon."""
    for ring in shapely.get_rings(shapely.get_parts(polygon)):
        corners = [tuple(xy) for xy in shapely.get_coordinates(ring).tolist()]
        for a, b in pairwise(corners):
            if a != b:
                yield edge(a, b)


def within(xy: Floats, box: Floats) -> Floats:
    """Return those of the segments `xy` whose bounding box meets `box` (west, south, …)."""
    x_low, x_high = np.minimum(xy[:, 0], xy[:, 2]), np.maximum(xy[:, 0], xy[:, 2])
    y_low, y_high = np.minimum(xy[:, 1], xy[:, 3]), np.maximum(xy[:, 1], xy[:, 3])
    meets = (x_high >= box[0]) & (x_low <= box[2]) & (y_high >= box[1]) & (y_low <= box[3])
    met: Floats = xy[meets]
    return met


def arrange(
    members: Mapping[int, Floats], zone: shapely.Geometry, *, halve: bool = False
) -> Arrangement | None:
    """Cut the borders near `zone` where they meet.

    Parameters
    ----------
    members
        Member to the segments of its border, shape (k, 4).
    zone
        The disputed areas, polygonal.
    halve
        True: give every segment a vertex in its middle, so that even a triangle can be cut from
        vertex to vertex.

    Returns
    -------
    arrangement
        None where rounding made the borders move: the caller must do without.

    Notes
    -----
    O(s log s + c) for s segments near the zone that meet in c points.
    """
    given = _near(members, zone)
    keys = list(given)
    if not keys:
        return None
    drawn = _halved(keys) if halve else keys
    lines = shapely.linestrings(np.array(drawn, dtype=float))
    for noded in (shapely.union_all(lines), shapely.node(shapely.multilinestrings(lines))):
        arrangement = _arranged(noded, given, zone)
        if arrangement is not None:
            return arrangement
    return None


def _near(members: Mapping[int, Floats], zone: shapely.Geometry) -> dict[Edge, set[int]]:
    """Return the segments that come near `zone`, each with the members that have it."""
    box = shapely.bounds(zone) + _MARGIN_M
    shapely.prepare(zone)
    found: dict[Edge, set[int]] = {}
    for member, all_xy in members.items():
        xy = within(all_xy, box)
        if not len(xy):
            continue
        near = shapely.dwithin(zone, shapely.linestrings(xy.reshape(-1, 2, 2)), _NEAR_M)
        for x0, y0, x1, y1 in xy[near].tolist():
            if (x0, y0) != (x1, y1):
                found.setdefault(edge((x0, y0), (x1, y1)), set()).symmetric_difference_update(
                    {member}
                )
    return {key: owners for key, owners in found.items() if owners}


def _halved(keys: Sequence[Edge]) -> list[Edge]:
    halves = []
    for a, b in keys:
        middle = ((a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0)
        halves += [(a, middle), (middle, b)] if middle not in (a, b) else [(a, b)]
    return halves


def _arranged(
    noded: shapely.Geometry, given: Mapping[Edge, AbstractSet[int]], zone: shapely.Geometry
) -> Arrangement | None:
    parts = shapely.get_parts(noded)
    xy, part = shapely.get_coordinates(parts, return_index=True)
    joined = np.flatnonzero(part[1:] == part[:-1])
    ends = np.hstack([xy[joined], xy[joined + 1]]).tolist()
    edges = {edge((a, b), (c, d)) for a, b, c, d in ends}
    chains = _chains([key for key in given if key not in edges], edges)
    if chains is None:
        return None
    owners: dict[Edge, set[int]] = {}
    for key, members in given.items():
        for a, b in pairwise(chains.get(key, key)):
            owners.setdefault(edge(a, b), set()).symmetric_difference_update(members)
    return Arrangement(faces=_faces(parts, zone), chains=chains, owners=owners)


def _chains(cut: Sequence[Edge], edges: AbstractSet[Edge]) -> dict[Edge, tuple[Vertex, ...]] | None:
    """Return the vertices along each segment that was cut; None where one cannot be followed."""
    if not cut:
        return {}
    vertices = np.array(sorted({vertex for pair in edges for vertex in pair}))
    points = shapely.points(vertices)
    lines = shapely.linestrings(np.array(cut, dtype=float))
    line, at = shapely.STRtree(points).query(lines, "dwithin", distance=_ON_SEGMENT_M[-1])
    off_m = shapely.distance(lines[line], points[at])
    order = np.lexsort((shapely.line_locate_point(lines[line], points[at]), line))
    line, at, off_m = line[order], at[order], off_m[order]
    ends = np.searchsorted(line, np.arange(len(cut) + 1))
    chains = {}
    for k, key in enumerate(cut):
        mine = slice(ends[k], ends[k + 1])
        chain = None
        for limit_m in _ON_SEGMENT_M:
            beside = vertices[at[mine][off_m[mine] <= limit_m]].tolist()
            chain = _followed(key, [(x, y) for x, y in beside], edges)
            if chain is not None:
                break
        if chain is None:
            return None
        chains[key] = chain
    return chains


def _followed(
    key: Edge, beside: Sequence[Vertex], edges: AbstractSet[Edge]
) -> tuple[Vertex, ...] | None:
    """Return the chain of edges from one end of `key` to the other through `beside` (in order)."""
    if key[0] not in beside or key[1] not in beside:
        return None
    chain = [key[0]]
    left = [vertex for vertex in beside if vertex != key[0]]
    while chain[-1] != key[1]:
        step = next((k for k, v in enumerate(left) if edge(chain[-1], v) in edges), None)
        if step is None:
            return None
        chain.append(left[step])
        left = left[step + 1 :]
    return tuple(chain)


def _faces(parts: Geometries, zone: shapely.Geometry) -> tuple[Face, ...]:
    polygons = shapely.get_parts(shapely.polygonize(parts))
    polygons = polygons[shapely.area(polygons) >= _DUST_M2]
    points = shapely.point_on_surface(polygons)
    inside = shapely.intersects(zone, points)
    return tuple(
        Face(
            polygon=polygon,
            edges=frozenset(ring_edges(polygon)),
            point=(point.x, point.y),
            area_m2=polygon.area,
        )
        for polygon, point in zip(polygons[inside], points[inside], strict=True)
    )
