"""Twins: copies of one segment, found by its key.

Keys are scattered into parts that fit the cache, and each part is grouped in a small hash table;
all copies of a segment land in one part, whatever the order of the polygons. O(V).
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.grids.kernel.segments import Keys, Segments, Signs

__all__ = ["MANY", "NONE", "match"]

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]

NONE: Final = -1
"""Mate of a segment that no other grid has."""
MANY: Final = -2
"""Mate of a segment that more than two rings have."""

_PART: Final = 1024
_MAX_BITS: Final = 12
_PAIR: Final = 2
_WORD: Final = 64


def match(segments: Segments, n_own: int) -> tuple[Ints, Signs, npt.NDArray[np.bool_]]:
    """Match all segments by their keys.

    Parameters
    ----------
    segments
        Segments of grids, and after them those of outlines (V in all).
    n_own
        How many of the vertices are those of grids.

    Returns
    -------
    mate
        The other segment (V) where two grids' rings have it, else `NONE` or `MANY`.
    left
        Signs (V) of the segments of grids that are left after opposite copies have cancelled,
        else 0: the border of the number of grids over a place.
    outline
        True (V) for segments of grids that an outline has too, and for one copy of each segment of
        outlines that no grid has.
    """
    bits = min(max(int(len(segments.key) // _PART).bit_length(), 0), _MAX_BITS)
    where, bounds = _scattered(segments.key, segments.sign, bits)
    mate, left, outline = _grouped(segments.key, segments.sign, where, bounds, n_own)
    return mate, left, outline


@compiled
def _part_of(key: np.uint64, bits: int) -> np.int64:
    if bits == 0:
        return np.int64(0)
    return np.int64(key >> np.uint64(_WORD - bits))


@compiled
def _scattered(key: Keys, sign: Signs, bits: int) -> tuple[Ints, Longs]:
    bounds = np.zeros((1 << bits) + 1, np.int64)
    for s in range(len(key)):
        if sign[s] != 0:
            bounds[_part_of(key[s], bits) + 1] += 1
    bounds = np.cumsum(bounds)
    place = bounds[:-1].copy()
    where = np.empty(bounds[-1], np.int32)
    for s in range(len(key)):
        if sign[s] != 0:
            part = _part_of(key[s], bits)
            where[place[part]] = s
            place[part] += 1
    return where, bounds


@compiled
def _table_size(count: int) -> int:
    size = 16
    while size < _PAIR * count:
        size *= 2
    return size


@compiled
def _grouped(
    key: Keys, sign: Signs, where: Ints, bounds: Longs, n_own: int
) -> tuple[Ints, Signs, npt.NDArray[np.bool_]]:
    mate = np.full(len(key), NONE, np.int32)
    left = np.zeros(len(key), np.int8)
    outline = np.zeros(len(key), np.bool_)
    largest = 0
    for part in range(len(bounds) - 1):
        largest = max(largest, bounds[part + 1] - bounds[part])
    size = _table_size(largest)
    head, head_key = np.full(size, NONE, np.int32), np.empty(size, np.uint64)
    link, slots = np.empty(largest, np.int32), np.empty(largest, np.int32)
    for part in range(len(bounds) - 1):
        members = where[bounds[part] : bounds[part + 1]]
        n_slots = _chained(key, members, head, head_key, link, slots)
        for k in range(n_slots):
            _settle(sign, members, head[slots[k]], link, n_own, mate, left, outline)
            head[slots[k]] = NONE
    return mate, left, outline


@compiled
def _chained(key: Keys, members: Ints, head: Ints, head_key: Keys, link: Ints, slots: Ints) -> int:
    """Chain members of equal key from `head`, by `link`; return how many slots are in use."""
    mask = _table_size(len(members)) - 1
    n_slots = 0
    for i in range(len(members)):
        mine = key[members[i]]
        slot = np.int64(mine & np.uint64(mask))
        while head[slot] != NONE and head_key[slot] != mine:
            slot = (slot + 1) & mask
        if head[slot] == NONE:
            head_key[slot] = mine
            slots[n_slots] = slot
            n_slots += 1
        link[i] = head[slot]
        head[slot] = i
    return n_slots


@compiled
def _settle(
    sign: Signs,
    members: Ints,
    first: int,
    link: Ints,
    n_own: int,
    mate: Ints,
    left: Signs,
    outline: npt.NDArray[np.bool_],
) -> None:
    """Say of one group of equal segments who is whose mate and what is left."""
    count, net, last, other = 0, 0, NONE, NONE
    is_outline = False
    i = first
    while i != NONE:
        s = members[i]
        if s < n_own:
            count += 1
            net += sign[s]
            last, other = s, last
        else:
            is_outline = True
        i = link[i]
    if count == 0:
        outline[members[first]] = True
    if count == _PAIR:
        mate[last], mate[other] = other, last
    i = first
    while i != NONE and count > 0:
        s = members[i]
        if s < n_own:
            outline[s] = is_outline
            if count > _PAIR:
                mate[s] = MANY
            if net * sign[s] > 0:
                left[s] = sign[s]
                net -= sign[s]
        i = link[i]
