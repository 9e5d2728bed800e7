"""The rings of polygons as flat arrays."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["Floats", "Rings"]

Floats = npt.NDArray[np.float64]
_POLYGON = 3


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
        """Take the rings of `geometry`, (multi)polygons. O(V); only uncommon ones are walked."""
        geometry = np.asarray(geometry, dtype=object)
        n_rings = shapely.get_num_interior_rings(geometry)
        is_plain = (shapely.get_type_id(geometry) == _POLYGON) & (n_rings == 0)
        size = shapely.get_num_coordinates(geometry).astype(np.int64)
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
        xy = shapely.get_coordinates(geometry)
        xy += 0.0  # -0.0 and 0.0 are the same place
        return cls(xy=xy, start=start, owner=owner, is_hole=is_hole, n_polygons=len(geometry))

    @property
    def vertex_owner(self) -> npt.NDArray[np.int32]:
        """The polygon of each vertex (V)."""
        return np.repeat(self.owner, np.diff(self.start))

    def joined(self, other: "Rings") -> "Rings":
        """Return these rings and after them those of `other`, whose polygons count on."""
        return Rings(
            xy=np.concatenate([self.xy, other.xy]),
            start=np.concatenate([self.start, other.start[1:] + self.start[-1]]),
            owner=np.concatenate([self.owner, other.owner + np.int32(self.n_polygons)]),
            is_hole=np.concatenate([self.is_hole, other.is_hole]),
            n_polygons=self.n_polygons + other.n_polygons,
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
