"""Which old thing a new one continues: by id, by name and parent, by what both share.

One rule for grids and for units. An id (or a name) that turns up on other ground while somebody
else holds the majority of the ground is an id that was given again, not a successor.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.planning.lookback.overlay import Positions, Shares

__all__ = ["BY_AREA", "BY_ID", "BY_NAME", "BY_RESIDENTS", "Side", "Thread", "match"]

BY_ID: Final = "id"
BY_NAME: Final = "name"
BY_RESIDENTS: Final = "residents"
BY_AREA: Final = "area"

_MAJORITY: Final = 0.5
_SAME_GROUND: Final = 0.1
"""Share of either polygon below which an equal id or name stands on other ground."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """What one version calls its n things; missing names and parents are None.

    `parents`
        Ids of the parents in the new version's terms, on both sides.
    """

    ids: Sequence[str]
    names: Sequence[str | None]
    parents: Sequence[str | None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Thread:
    """What became of n old things, and where m new ones come from. Positions, -1 for none.

    `heir`
        The new thing that continues an old one: its pair, else the holder of its majority.
    `source`
        The old thing that a new one continues, likewise.
    `how`
        `id`, `name`, `residents` or `area` by old thing, empty without an heir.
    """

    heir: Positions
    source: Positions
    how: npt.NDArray[np.object_]


def match(old: Side, new: Side, shared: Shares) -> Thread:
    """Return heirs and sources.

    Notes
    -----
    Pairs are made by id, then by name and parent, then, the fullest first, where each holds the
    majority of the other; each thing is in one pair at most. What is left takes the holder of its
    majority, paired or not. O(n + m + k log k) for k shares.
    """
    ground = _Ground(shared, len(old.ids), len(new.ids))
    heir = np.full(len(old.ids), -1, dtype=np.intp)
    source = np.full(len(new.ids), -1, dtype=np.intp)
    how = np.full(len(old.ids), "", dtype=object)
    labels = (
        (BY_ID, list(old.ids), list(new.ids)),
        (BY_NAME, _named(old), _named(new)),
    )
    for kind, before, after in labels:
        for i, j in _same_labels(before, after):
            if heir[i] < 0 and source[j] < 0 and ground.allows(i, j):
                heir[i], source[j], how[i] = j, i, kind
    _pair_by_majority(shared, heir, source, how=how)
    _take_majorities(shared, heir, source, how=how)
    return Thread(heir=heir, source=source, how=how)


class _Ground:
    """Answers whether an equal label may join two things, by what they share."""

    def __init__(self, shared: Shares, n_old: int, n_new: int) -> None:
        pairs = zip(shared.old.tolist(), shared.new.tolist(), strict=True)
        self._at = {pair: place for place, pair in enumerate(pairs)}
        self._fuller = np.maximum(shared.of_old, shared.of_new)
        self._holder = _holders(shared.old, shared.new, shared.of_old, n=n_old)
        self._origin = _holders(shared.new, shared.old, shared.of_new, n=n_new)

    def allows(self, i: int, j: int) -> bool:
        """Return False where the two are apart and another holds the majority of one of them."""
        place = self._at.get((i, j))
        if place is not None and self._fuller[place] >= _SAME_GROUND:
            return True
        return self._holder[i] in (-1, j) and self._origin[j] in (-1, i)


def _holders(
    of: Positions, by: Positions, share: npt.NDArray[np.float64], *, n: int
) -> npt.NDArray[np.intp]:
    """Return who holds the majority of each of n things, -1 for nobody."""
    holder = np.full(n, -1, dtype=np.intp)
    order = np.lexsort((-by, share))
    order = order[share[order] > _MAJORITY]
    holder[of[order]] = by[order]
    return holder


def _named(side: Side) -> list[Hashable | None]:
    """Return name and parent of each thing, None where it has no name."""
    return [
        None if name is None else (name, parent)
        for name, parent in zip(side.names, side.parents, strict=True)
    ]


def _same_labels(
    before: Sequence[Hashable | None], after: Sequence[Hashable | None]
) -> list[tuple[int, int]]:
    """Return the positions of labels that both sides have, each exactly once."""
    once = {label for label, n in Counter(before).items() if n == 1 and label is not None}
    counts = Counter(after)
    place = {label: j for j, label in enumerate(after) if label in once and counts[label] == 1}
    return [(i, place[label]) for i, label in enumerate(before) if label in place]


def _pair_by_majority(
    shared: Shares, heir: Positions, source: Positions, *, how: npt.NDArray[np.object_]
) -> None:
    """Pair, in place, what holds the majority of each other, the fullest pair first."""
    mutual = (shared.of_old > _MAJORITY) & (shared.of_new > _MAJORITY)
    rows = np.flatnonzero(mutual & (heir[shared.old] < 0) & (source[shared.new] < 0))
    table = pd.DataFrame({"row": rows, "full": shared.of_old[rows] + shared.of_new[rows]})
    for row in table.sort_values(["full", "row"], ascending=[False, True])["row"]:
        i, j = shared.old[row], shared.new[row]
        if heir[i] < 0 and source[j] < 0:
            heir[i], source[j], how[i] = j, i, _basis(shared, i)


def _take_majorities(
    shared: Shares, heir: Positions, source: Positions, *, how: npt.NDArray[np.object_]
) -> None:
    """Give, in place, what is not in a pair to the holder of its majority."""
    holder = _holders(shared.old, shared.new, shared.of_old, n=len(heir))
    origin = _holders(shared.new, shared.old, shared.of_new, n=len(source))
    for i in np.flatnonzero((heir < 0) & (holder >= 0)):
        heir[i], how[i] = holder[i], _basis(shared, i)
    loose = (source < 0) & (origin >= 0)
    source[loose] = origin[loose]


def _basis(shared: Shares, i: int | np.signedinteger) -> str:
    return BY_RESIDENTS if shared.by_people_old[i] else BY_AREA
