"""Twins: copies of one segment, found by its key.

Keys are scattered into parts that fit the cache, and each part is grouped in a small hash table;
all copies of a segment land in one part, whatever the order of the polygons. Each key goes with its
segment and its sign, so that a part is read in one go. O(V).
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

_PART: Final = 512
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
    members, keys, bounds = _scattered(segments.key, segments.sign, bits)
    mate, left, outline = _grouped(members, keys, bounds, n_own, len(segments.key))
    return mate, left, outline


@compiled
def _part_of(key: np.uint64, bits: int) -> np.int64:
    if bits == 0:
        return np.int64(0)
    return np.int64(key >> np.uint64(_WORD - bits))


@compiled
def _scattered(key: Keys, sign: Signs, bits: int) -> tuple[Ints, Keys, Longs]:
    """Return segments and keys by part, and where each part begins; negative ones as ~s."""
    bounds = np.zeros((1 << bits) + 1, np.int64)
    for s in range(len(key)):
        if sign[s] != 0:
            bounds[_part_of(key[s], bits) + 1] += 1
    bounds = np.cumsum(bounds)
    place = bounds[:-1].copy()
    members, keys = np.empty(bounds[-1], np.int32), np.empty(bounds[-1], np.uint64)
    for s in range(len(key)):
        if sign[s] != 0:
            part = _part_of(key[s], bits)
            at = place[part]
            members[at] = s if sign[s] > 0 else ~s
            keys[at] = key[s]
            place[part] += 1
    return members, keys, bounds


@compiled
def _table_size(count: int) -> int:
    size = 16
    while size < _PAIR * count:
        size *= 2
    return size


@compiled
def _grouped(
    members: Ints, keys: Keys, bounds: Longs, n_own: int, n_segments: int
) -> tuple[Ints, Signs, npt.NDArray[np.bool_]]:
    mate = np.full(n_segments, NONE, np.int32)
    left = np.zeros(n_segments, np.int8)
    outline = np.zeros(n_segments, np.bool_)
    largest = 0
    for part in range(len(bounds) - 1):
        largest = max(largest, bounds[part + 1] - bounds[part])
    head = np.full(_table_size(largest), NONE, np.int32)
    link, slots = np.empty(largest, np.int32), np.empty(largest, np.int32)
    for part in range(len(bounds) - 1):
        mine = members[bounds[part] : bounds[part + 1]]
        n_slots = _chained(keys[bounds[part] : bounds[part + 1]], head, link, slots)
        _settle(mine, head, slots[:n_slots], link, n_own, mate, left, outline)
    return mate, left, outline


@compiled
def _chained(keys: Keys, head: Ints, link: Ints, slots: Ints) -> int:
    """Chain members of equal key from `head`, by `link`; return how many slots are in use."""
    mask = _table_size(len(keys)) - 1
    n_slots = 0
    for i in range(len(keys)):
        slot = np.int64(keys[i] & np.uint64(mask))
        while head[slot] != NONE and keys[head[slot]] != keys[i]:
            slot = (slot + 1) & mask
        if head[slot] == NONE:
            slots[n_slots] = slot
            n_slots += 1
        link[i] = head[slot]
        head[slot] = i
    return n_slots


@compiled
def _settle(
    members: Ints,
    head: Ints,
    slots: Ints,
    link: Ints,
    n_own: int,
    mate: Ints,
    left: Signs,
    outline: npt.NDArray[np.bool_],
) -> None:
    """Say of each group of equal segments who is whose mate and what is left; free the slots.

    One call for all of a part: a call for each group takes longer than the rest.
    """
    for k in range(len(slots)):
        first = head[slots[k]]
        head[slots[k]] = NONE
        count, net, is_outline = 0, 0, False
        last, other = NONE, NONE
        i = first
        while i != NONE:
            sign = 1 if members[i] >= 0 else -1
            s = members[i] if sign > 0 else ~members[i]
            if s < n_own:
                count += 1
                net += sign
                last, other = s, last
            else:
                is_outline = True
            i = link[i]
        if count == 0:
            outline[members[first] if members[first] >= 0 else ~members[first]] = True
        if count == _PAIR:
            mate[last], mate[other] = other, last
            if net == 0 and not is_outline:
                continue
        if count > 0:
            _share_out(members, first, link, n_own, (count, net), is_outline, mate, left, outline)


@compiled
def _share_out(
    members: Ints,
    first: int,
    link: Ints,
    n_own: int,
    total: tuple[int, int],
    is_outline: bool,  # noqa: FBT001 - compiled
    mate: Ints,
    left: Signs,
    outline: npt.NDArray[np.bool_],
) -> None:
    """Say of one group of segments, `total` of them in grids and their signs' sum, what is left."""
    count, net = total
    i = first
    while i != NONE:
        sign = 1 if members[i] >= 0 else -1
        s = members[i] if sign > 0 else ~members[i]
        if s < n_own:
            outline[s] = is_outline
            if count > _PAIR:
                mate[s] = MANY
            if net * sign > 0:
                left[s] = sign
                net -= sign
        i = link[i]
