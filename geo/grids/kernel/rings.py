"""The rings of polygons as flat arrays."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import shapely

from geo.compiled import compiled

__all__ = ["Floats", "Rings"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rings:
    """The R rings of n polygons, V vertices in all; a ring's last vertex repeats its first.

    `xy` (V, 2): vertices in order of polygons (m); `start` (R + 1): first vertex of each ring;
    `owner` (R): the polygon of each ring; `is_hole` (R); `n_polygons`.
    """

    xy: Floats
    start: npt.NDArray[np.int64]
    owner: npt.NDArray[np.int32]
    is_hole: npt.NDArray[np.bool_]
    n_polygons: int

    @classmethod
    def of(cls, geometry: Any) -> Self:  # noqa: ANN401
        """Take the rings of `geometry`, (multi)polygons. O(V); only those of several are walked."""
        geometry = np.asarray(geometry, dtype=object)
        size = shapely.get_num_coordinates(geometry).astype(np.int64)
        xy = shapely.get_coordinates(geometry)
        xy += 0.0  # -0.0 and 0.0 are the same place
        is_plain = _is_one_ring(xy, np.cumsum(size))
        owner = np.arange(len(geometry), dtype=np.int32)
        is_hole = np.zeros(len(geometry), dtype=bool)
        if not is_plain.all():
            more_size, more_owner, more_holes = _walked(geometry, np.flatnonzero(~is_plain))
            owner = np.concatenate([owner[is_plain], more_owner])
            order = np.argsort(owner, kind="stable")
            owner = owner[order]
            size = np.concatenate([size[is_plain], more_size])[order]
            is_hole = np.concatenate([is_hole[is_plain], more_holes])[order]
        start = np.zeros(len(size) + 1, dtype=np.int64)
        np.cumsum(size, out=start[1:])
        return cls(xy=xy, start=start, owner=owner, is_hole=is_hole, n_polygons=len(geometry))

    @property
    def vertex_owner(self) -> npt.NDArray[np.int32]:
        """The polygon of each vertex (V)."""
        return np.repeat(self.owner, np.diff(self.start))

    def first(self, n: int) -> "Rings":
        """Return the rings of the first n polygons, without copying."""
        ring = int(np.searchsorted(self.owner, n))
        return Rings(
            xy=self.xy[: self.start[ring]],
            start=self.start[: ring + 1],
            owner=self.owner[:ring],
            is_hole=self.is_hole[:ring],
            n_polygons=n,
        )

    def moved(self, xy: Floats) -> "Rings":
        """Return the same rings with other coordinates."""
        return Rings(
            xy=xy,
            start=self.start,
            owner=self.owner,
            is_hole=self.is_hole,
            n_polygons=self.n_polygons,
        )


@compiled
def _is_one_ring(xy: Floats, end: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return True for each polygon whose first vertex comes again at its end only."""
    is_one = np.ones(len(end), np.bool_)
    first = 0
    for p in range(len(end)):
        last = end[p] - 1
        x, y = xy[first, 0], xy[first, 1]
        for v in range(first + 1, last):
            if xy[v, 0] == x and xy[v, 1] == y:
                is_one[p] = False
                break
        first = end[p]
    return is_one


def _walked(
    geometry: Any,  # noqa: ANN401
    at: npt.NDArray[np.intp],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
    """Return size, owner and whether it is a hole of each ring of the polygons `at`."""
    parts, part_of = shapely.get_parts(geometry[at], return_index=True)
    rings, ring_of = shapely.get_rings(parts, return_index=True)
    is_hole = np.zeros(len(rings), dtype=bool)
    is_hole[1:] = ring_of[1:] == ring_of[:-1]
    size = shapely.get_num_coordinates(rings).astype(np.int64)
    return size, at[part_of[ring_of]].astype(np.int32), is_hole
