"""The disputed faces of one cluster gathered into pieces that go to one grid each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from geo.planning.arrangement import Arrangement, Edge, joined
from geo.planning.disputes import Dispute
from geo.planning.tiling import Tiling

__all__ = ["Cluster", "Piece"]

_OUTLINE: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """Faces side by side with the same claimants, in the same unit.

    `claimants`: those who hold it all at once; none for a gap. `disputes`: why it is disputed.
    """

    faces: tuple[int, ...]
    claimants: tuple[int, ...]
    unit: int
    disputes: tuple[Dispute, ...]
    polygon: shapely.Polygon
    area_m2: float

    @property
    def is_gap(self) -> bool:
        """True for a piece that no grid holds."""
        return all(each.form == "gap" for each in self.disputes)


@dataclass(slots=True, kw_only=True, eq=False)
class Cluster:
    """The faces of one cluster of disputes, and who holds each as things stand.

    `holders[f]`: the grids that hold face f; changed as pieces are given away.
    """

    arrangement: Arrangement
    holders: list[set[int]]
    pieces: list[Piece]
    _faces_of: dict[Edge, list[int]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        arrangement: Arrangement,
        disputes: Sequence[Dispute],
        tiling: Tiling,
        *,
        members: Sequence[int],
    ) -> "Cluster":
        """Gather the faces of `arrangement`."""
        faces = arrangement.faces
        points = np.array([face.point for face in faces]).reshape(-1, 2)
        about = _covering([each.polygon for each in disputes], points)
        held = _covering([tiling.geometry[k] for k in members], points)
        unit = _unit_of(tiling, points)
        holders = [{members[m] for m in np.flatnonzero(row).tolist()} for row in held.T]
        faces_of: dict[Edge, list[int]] = {}
        for f, face in enumerate(faces):
            for each in face.edges:
                faces_of.setdefault(each, []).append(f)
        keys = []
        for f in range(len(faces)):
            why = tuple(np.flatnonzero(about[:, f]).tolist())
            named = {k for d in why if disputes[d].form != "gap" for k in disputes[d].grids}
            claimants = tuple(sorted(holders[f] & named))
            if not named and holders[f]:
                why = ()
            keys.append((claimants, int(unit[f]), why))
        cluster = cls(arrangement=arrangement, holders=holders, pieces=[], _faces_of=faces_of)
        cluster.pieces = list(_pieces(cluster, keys, disputes))
        return cluster

    def borders_m(self, piece: Piece) -> Mapping[int, float]:
        """Return the length (m) for which `piece` borders on what each grid holds beside it."""
        inside = set(piece.faces)
        found: dict[int, float] = {}
        for f in piece.faces:
            for each in self.arrangement.faces[f].edges:
                others = [other for other in self._faces_of[each] if other != f]
                if others and others[0] in inside:
                    continue
                beside = self.holders[others[0]] if others else self._beyond(f, each)
                length = float(np.hypot(each[0][0] - each[1][0], each[0][1] - each[1][1]))
                for grid in beside:
                    found[grid] = found.get(grid, 0.0) + length
        return found

    def _beyond(self, f: int, each: Edge) -> set[int]:
        """Return who holds the other side of an edge at the rim of the disputed faces."""
        return self.holders[f] ^ (set(self.arrangement.owners.get(each, ())) - {_OUTLINE})

    def give(self, piece: Piece, losers: Iterable[int], winner: int) -> None:
        """Let `winner` hold the faces of `piece`, and none of `losers`."""
        for f in piece.faces:
            self.holders[f] -= set(losers)
            self.holders[f].add(winner)

    def neighbours_of(self, f: int) -> Iterator[int]:
        """Yield the faces that share an edge with face `f`."""
        for each in self.arrangement.faces[f].edges:
            yield from (other for other in self._faces_of[each] if other != f)


def _covering(
    shapes: Sequence[shapely.Geometry], points: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Return which shape (row) holds which point (column)."""
    if not shapes:
        return np.zeros((0, len(points)), dtype=bool)
    held: npt.NDArray[np.bool_] = shapely.intersects_xy(
        np.array(shapes, dtype=object)[:, None], points[None, :, 0], points[None, :, 1]
    )
    return held


def _unit_of(tiling: Tiling, points: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    unit = np.full(len(points), -1, dtype=np.intp)
    if len(tiling.outlines):
        which, outline = tiling.outline_tree().query(shapely.points(points), "intersects")
        unit[which[::-1]] = outline[::-1]
    return unit


def _pieces(
    cluster: Cluster,
    keys: Sequence[tuple[tuple[int, ...], int, tuple[int, ...]]],
    disputes: Sequence[Dispute],
) -> Iterator[Piece]:
    """Yield the groups of faces that touch and have the same key."""
    faces = cluster.arrangement.faces
    left = dict.fromkeys(range(len(faces)))
    while left:
        start = next(iter(left))
        key, group, queue = keys[start], [], [start]
        del left[start]
        while queue:
            f = queue.pop()
            group.append(f)
            for other in cluster.neighbours_of(f):
                if other in left and keys[other] == key:
                    del left[other]
                    queue.append(other)
        if not key[2]:
            continue
        shapes = [faces[f].polygon for f in sorted(group)]
        whole = joined(shapes)
        yield Piece(
            faces=tuple(sorted(group)),
            claimants=key[0],
            unit=key[1],
            disputes=tuple(disputes[d] for d in key[2]),
            polygon=whole,
            area_m2=whole.area,
        )
