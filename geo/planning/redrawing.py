"""Grids drawn anew from the edges of their old border and of the faces they gain or lose."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import Final

import numpy as np
import shapely

from geo.planning.arrangement import Arrangement, Edge, Vertex, edge, joined, ring_edges, segments

__all__ = ["redrawn", "with_vertices"]

_AREA_TOLERANCE_M2: Final = 1e-3


def redrawn(
    old: shapely.Geometry,
    toggled: Sequence[shapely.Polygon],
    arrangement: Arrangement,
    *,
    used: AbstractSet[Vertex],
) -> shapely.Geometry:
    """Return `old` with each of the faces `toggled` taken away where it had it, else added.

    Every vertex of the result is one of `old`, or one that the arrangement put where borders
    cross, so neighbours share them exactly. Where rounding prevents that, the plain difference and
    union are returned, true to less than the width of noise.
    """
    border: set[Edge] = set()
    for x0, y0, x1, y1 in segments(old).tolist():
        if (x0, y0) != (x1, y1):
            border.symmetric_difference_update(
                edge(a, b) for a, b in pairwise(arrangement.chain(edge((x0, y0), (x1, y1)), used))
            )
    for face in toggled:
        border.symmetric_difference_update(ring_edges(face))
    points = shapely.point_on_surface(np.array(toggled, dtype=object))
    lost = shapely.intersects(old, points)
    areas = shapely.area(toggled)
    expected_m2 = old.area + float(np.where(lost, -areas, areas).sum())
    drawn = _polygons(border, old, toggled)
    if drawn.is_valid and abs(drawn.area - expected_m2) <= _AREA_TOLERANCE_M2:
        return drawn
    return _plain(old, toggled, lost.tolist())


def _polygons(
    border: Iterable[Edge], old: shapely.Geometry, toggled: Sequence[shapely.Polygon]
) -> shapely.Geometry:
    """Return the polygons inside `border` that are in `old`, or else in one of `toggled`."""
    lines = shapely.linestrings(np.array(sorted(border), dtype=float).reshape(-1, 2, 2))
    faces = shapely.get_parts(shapely.polygonize(lines))
    points = shapely.point_on_surface(faces)
    inside = shapely.intersects(old, points)
    for face in toggled:
        inside ^= shapely.intersects(face, points)
    kept = faces[inside]
    if len(kept) == 1 and old.geom_type == "Polygon":
        return kept[0]
    if shapely.coverage_is_valid(kept) and _share_no_edge(kept):
        return shapely.multipolygons(kept)
    return joined(kept.tolist())


def _share_no_edge(polygons: Iterable[shapely.Polygon]) -> bool:
    all_edges = [each for polygon in polygons for each in ring_edges(polygon)]
    return len(all_edges) == len(set(all_edges))


def _plain(
    old: shapely.Geometry, toggled: Sequence[shapely.Polygon], lost: Sequence[bool]
) -> shapely.Geometry:
    losses = [face for face, is_lost in zip(toggled, lost, strict=True) if is_lost]
    gains = [face for face, is_lost in zip(toggled, lost, strict=True) if not is_lost]
    rest = shapely.difference(old, shapely.union_all(losses)) if losses else old
    whole = shapely.union_all([rest, *gains]) if gains else rest
    parts = [part for part in shapely.get_parts(whole) if part.geom_type == "Polygon"]
    is_plain = len(parts) == 1 and old.geom_type == "Polygon"
    return parts[0] if is_plain else shapely.multipolygons(parts)


def with_vertices(
    old: shapely.Geometry, arrangement: Arrangement, used: AbstractSet[Vertex]
) -> shapely.Geometry:
    """Return `old` with the new vertices of the arrangement that lie on its border, all else kept.

    The same object comes back where there is none.
    """
    rings = shapely.get_rings(shapely.get_parts(old))
    if not any(
        arrangement.chain(key, used) != key
        for key in (key for key in ring_edges(old) if key in arrangement.chains)
    ):
        return old
    drawn = iter([_with_vertices(ring, arrangement, used) for ring in rings])
    polygons = []
    for part in shapely.get_parts(old):
        shell = next(drawn)
        holes = [next(drawn) for _ in range(shapely.get_num_interior_rings(part))]
        polygons.append(shapely.Polygon(shell, holes))
    return polygons[0] if old.geom_type == "Polygon" else shapely.multipolygons(polygons)


def _with_vertices(
    ring: shapely.LinearRing, arrangement: Arrangement, used: AbstractSet[Vertex]
) -> list[Vertex]:
    corners = [tuple(xy) for xy in shapely.get_coordinates(ring).tolist()]
    drawn = [corners[0]]
    for a, b in pairwise(corners):
        chain = arrangement.chain(edge(a, b), used) if a != b else (a, b)
        drawn += chain[1:] if chain[0] == a else chain[-2::-1]
    return drawn
