"""Rings from borders: grids, communities and streets (街道) from the same vertices."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from geo.synth.mesh import N_BENDS, Mesh
from geo.synth.plan import Floats, Ints

__all__ = ["Rings", "draw_rings", "polygons"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rings:
    """The rings around n areas, each running with its area on the left, vertices one after another.

    `coordinates`
        Shape (v, 2), without closing vertices.
    `start`
        First vertex of each ring, and v: shape (r + 1,).
    `label`
        Area of each ring, ascending, shape (r,).
    `place`
        By border and side (0 left, 1 right): where the border begins in `coordinates`, -1 where
        it is not used; shape (e, 2). On the right side the border runs backwards.
    """

    coordinates: Floats
    start: Ints
    label: Ints
    place: Ints

    def size(self) -> Ints:
        """Return how many vertices each ring has."""
        return np.diff(self.start)


def draw_rings(mesh: Mesh, label: Ints) -> Rings:
    """Return the rings around each area.

    Parameters
    ----------
    mesh
        The borders.
    label
        Area of each cell, shape (s,); negative for none. Borders between cells of one area vanish.

    Notes
    -----
    O(h log h) for h sides of borders: in a node three borders meet, so an area leaves it once at
    most.
    """
    edge, side, area = _sides(mesh, label)
    after = _next_side(mesh, (edge, side, area))
    order, first = _walk(area, after)
    edge, side, area = edge[order], side[order], area[order]
    rank = np.argsort(area[first], kind="stable")
    lengths = np.diff(np.append(first, len(order)))
    taken = _ranges(first[rank], lengths[rank])
    edge, side, area = edge[taken], side[taken], area[taken]
    first = np.concatenate([[0], np.cumsum(lengths[rank])])
    return _with_vertices(mesh, (edge, side), first, label=area[first[:-1]])


def polygons(rings: Rings, n: int) -> npt.NDArray[np.object_]:
    """Return the polygon of each of n areas; several rings give holes or a multipolygon."""
    ring = np.repeat(np.arange(len(rings.label)), rings.size())
    drawn = shapely.polygons(shapely.linearrings(rings.coordinates, indices=ring))
    count = np.bincount(rings.label, minlength=n)
    result = np.empty(n, dtype=object)
    single = count[rings.label] == 1
    result[rings.label[single]] = drawn[single]
    for area in np.flatnonzero(count > 1):
        result[area] = _joined(rings.label == area, drawn)
    return result


def _sides(mesh: Mesh, label: Ints) -> tuple[Ints, Ints, Ints]:
    """Return border, side and area of every side that belongs to the ring of an area."""
    areas = label[mesh.cells]
    kept = (areas[:, 0] != areas[:, 1])[:, None] & (areas >= 0)
    edge, side = np.nonzero(kept)
    return edge.astype(np.int64), side.astype(np.int64), areas[edge, side]


def _next_side(mesh: Mesh, sides: tuple[Ints, Ints, Ints]) -> Ints:
    """Return for each side the side that goes on from its end, around the same area."""
    edge, side, area = sides
    begin = mesh.nodes[edge, side]
    end = mesh.nodes[edge, 1 - side]
    n_nodes = int(mesh.nodes.max()) + 1
    key = area * n_nodes + begin
    order = np.argsort(key, kind="stable")
    found = np.searchsorted(key[order], area * n_nodes + end)
    return np.asarray(order[found])


def _walk(area: Ints, after: Ints) -> tuple[Ints, Ints]:
    """Return the sides ring after ring, and where each begins; all rings are walked in step."""
    ring = np.full(len(area), -1, dtype=np.int64)
    step = np.zeros(len(area), dtype=np.int64)
    n_rings = 0
    while (ring < 0).any():
        left = np.flatnonzero(ring < 0)
        head = left[np.unique(area[left], return_index=True)[1]]
        names = n_rings + np.arange(len(head))
        n_rings += len(head)
        at, count = head, 0
        while len(at):
            ring[at], step[at] = names, count
            at, count = after[at], count + 1
            going = at != head
            at, head, names = at[going], head[going], names[going]
    order = np.lexsort((step, ring))
    return order, np.searchsorted(ring[order], np.arange(n_rings))


def _with_vertices(mesh: Mesh, sides: tuple[Ints, Ints], first: Ints, *, label: Ints) -> Rings:
    edge, side = sides
    lines = np.where((side == 0)[:, None, None], mesh.lines[edge], mesh.lines[edge, ::-1])
    used = np.ones((len(edge), N_BENDS + 1), dtype=bool)
    used[:, 1:] = mesh.is_bent[edge, None]
    begins = np.concatenate([[0], np.cumsum(used.sum(axis=1))])
    place = np.full((len(mesh.cells), 2), -1, dtype=np.int64)
    place[edge, side] = begins[:-1]
    return Rings(coordinates=lines[:, :-1][used], start=begins[first], label=label, place=place)


def _ranges(first: Ints, lengths: Ints) -> Ints:
    """Return first[0], first[0] + 1, … for lengths[0] numbers, then the same for first[1], …."""
    offset = np.repeat(first - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
    return np.asarray(offset + np.arange(lengths.sum()))


def _joined(mine: npt.NDArray[np.bool_], drawn: npt.NDArray[np.object_]) -> shapely.Geometry:
    """Return the area of several rings: left-turning ones are shells, right-turning ones holes."""
    parts = drawn[mine]
    is_shell = shapely.is_ccw(shapely.get_exterior_ring(parts))
    joined = shapely.union_all(parts[is_shell])
    holes = parts[~is_shell]
    return shapely.difference(joined, shapely.union_all(holes)) if len(holes) else joined
