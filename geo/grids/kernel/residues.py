"""What is left of a layer's segments when twins have cancelled, and what the twins tell."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from geo.grids.kernel.borders import common_borders, shared_by_many
from geo.grids.kernel.matching import MANY, NONE, Ints, match
from geo.grids.kernel.rings import Floats, Rings
from geo.grids.kernel.segments import Keys, Segments, Signs, turns

__all__ = ["Residue", "residue_of"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Residue:
    """The outcome of matching n polygons, alone or with outlines.

    `at` (k), `open_at` (m): vertices of `both` where the residual segments of the polygons start,
    and those of outlines that no polygon has; `turn` of its rings. `left`, `right`, `border_m`:
    pairs left < right and the metres of the segments both have, by left, then right. `is_ragged`
    (n): has a segment that no other one has; `lone`: where those start. `mate`: see `match`, and
    `many_at`, `many_key` where segments start that more than two rings have. `outline_vertex` (s):
    where the segments of polygons start that an outline has too; `outline_owner` (s): their
    polygon, in order. `fingerprint` (n), and of the outlines after them. `n_segments` of the
    polygons; `n_left` of them are residual and not along an outline.
    """

    both: Rings
    turn: Signs
    at: npt.NDArray[np.intp]
    open_at: npt.NDArray[np.intp]
    left: Ints
    right: Ints
    border_m: Floats
    is_ragged: npt.NDArray[np.bool_]
    lone: npt.NDArray[np.intp]
    mate: Ints
    many_at: npt.NDArray[np.intp]
    many_key: Keys
    outline_vertex: npt.NDArray[np.intp]
    outline_owner: Ints
    fingerprint: Keys
    n_segments: int
    n_left: int

    @cached_property
    def chain(self) -> Floats:
        """Residual segments (k, 4) of the polygons, each with its polygon at its left."""
        return _directed(self.both, self.at, self.turn)

    @cached_property
    def owner(self) -> Ints:
        """The polygon (k) of each segment of `chain`."""
        return self.both.owner[self._ring]

    @cached_property
    def open_outline(self) -> Floats:
        """Segments (m, 4) of outlines that no polygon has."""
        return _directed(self.both, self.open_at, self.turn)

    @cached_property
    def loops(self) -> npt.NDArray[np.intp]:
        """Polygons of one ring all segments of which are residual."""
        n_rings = np.bincount(self.both.owner, minlength=self.both.n_polygons)
        n_left = np.bincount(self._ring, minlength=len(self.both.owner))
        is_loop = n_left == np.diff(self.both.start) - 1
        loops = self.both.owner[is_loop].astype(np.intp)
        lone: npt.NDArray[np.intp] = loops[n_rings[loops] == 1]
        return lone

    def lone_among(self, chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
        """Return where the segments start that one of the `chosen` (n) polygons alone has."""
        if chosen.all():
            return self.lone
        is_mine = chosen[self.both.first(len(chosen)).vertex_owner]
        paired = np.flatnonzero((self.mate >= 0) & is_mine)
        paired = paired[~is_mine[self.mate[paired]]]
        at = self.many_at[is_mine[self.many_at]]
        _, index, count = np.unique(
            self.many_key[is_mine[self.many_at]], return_inverse=True, return_counts=True
        )
        lone = np.zeros(len(self.mate), dtype=bool)
        for some in (self.lone[is_mine[self.lone]], paired, at[count[index] == 1]):
            lone[some] = True
        return np.flatnonzero(lone)

    @cached_property
    def _ring(self) -> npt.NDArray[np.intp]:
        ring: npt.NDArray[np.intp] = np.searchsorted(self.both.start, self.at, side="right") - 1
        return ring


def residue_of(both: Rings, n: int, *, turn: Signs | None = None) -> Residue:
    """Match the segments of the first n polygons among themselves, and outlines with them.

    Parameters
    ----------
    both
        Rings of n polygons, and of the outlines after them.
    turn
        How the rings run (see `turns`), where coordinates were moved since.

    Notes
    -----
    O(V) time and memory for V vertices.
    """
    rings = both.first(n)
    n_own = len(rings.xy)
    turn = turns(both) if turn is None else turn
    segments = Segments.of(both, turn)
    mate, rest, outline = match(segments, n_own)
    owner = rings.vertex_owner
    left, right, border_m, n_false = common_borders(both.xy, owner, mate[:n_own], n)
    if n_false:
        _unmatch(both.xy, mate, rest, segments.sign)
        left, right, border_m, _ = common_borders(both.xy, owner, mate[:n_own], n)
    more = shared_by_many(rings.xy, owner, mate[:n_own], key=segments.key[:n_own])
    left, right, border_m = _gathered((left, right, border_m), more, n)
    many = np.flatnonzero(mate[:n_own] == MANY)
    lone = np.flatnonzero((mate[:n_own] == NONE) & (segments.sign[:n_own] != 0))
    at, bound = np.flatnonzero(rest), np.flatnonzero(outline[:n_own])
    return Residue(
        both=both,
        turn=turn,
        at=at,
        open_at=np.flatnonzero(outline[n_own:]) + n_own,
        left=left,
        right=right,
        border_m=border_m,
        is_ragged=_has(owner, lone, n),
        lone=lone,
        mate=mate[:n_own],
        many_at=many,
        many_key=segments.key[many],
        outline_vertex=bound,
        outline_owner=owner[bound],
        fingerprint=segments.fingerprint,
        n_segments=int(np.count_nonzero(segments.sign[:n_own])),
        n_left=int(np.count_nonzero(~outline[at])),
    )


def _has(owner: Ints, which: npt.NDArray[np.intp], n: int) -> npt.NDArray[np.bool_]:
    """Return True for each of n polygons with one of the segments `which`."""
    has = np.zeros(n, dtype=bool)
    has[owner[which]] = True
    return has


def _directed(rings: Rings, at: npt.NDArray[np.intp], turn: Signs) -> Floats:
    """Return the segments `at` with their polygon at their left."""
    ring = np.searchsorted(rings.start, at, side="right") - 1
    flip = (turn[ring] < 0)[:, None]
    a, b = rings.xy[at], rings.xy[at + 1]
    return np.hstack([np.where(flip, b, a), np.where(flip, a, b)])


def _unmatch(xy: Floats, mate: Ints, rest: Signs, sign: Signs) -> None:
    """Take segments of equal key but other ends apart again, in place."""
    s = np.flatnonzero(mate >= 0)
    t = mate[s]
    ahead = (xy[s] == xy[t]).all(axis=1) & (xy[s + 1] == xy[t + 1]).all(axis=1)
    back = (xy[s] == xy[t + 1]).all(axis=1) & (xy[s + 1] == xy[t]).all(axis=1)
    wrong = s[~(ahead | back)]
    mate[wrong] = NONE
    rest[wrong] = sign[wrong]


def _gathered(
    pairs: tuple[Ints, Ints, Floats], more: tuple[Ints, Ints, Floats], n: int
) -> tuple[Ints, Ints, Floats]:
    """Return the pairs of both, each once, sorted."""
    left = np.concatenate([pairs[0], more[0]]).astype(np.int64)
    right = np.concatenate([pairs[1], more[1]])
    border_m = np.concatenate([pairs[2], more[2]])
    code = left * n + right
    if len(more[0]):
        code, index = np.unique(code, return_inverse=True)
        total = np.bincount(index, weights=border_m, minlength=len(code)).astype(np.float64)
    else:
        order = np.argsort(code, kind="stable")
        code, total = code[order], border_m[order]
    n = max(n, 1)
    return (code // n).astype(np.int32), (code % n).astype(np.int32), total
