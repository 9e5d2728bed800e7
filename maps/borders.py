"""Borders that are told once: rings as runs of new places and of places taken from earlier rings.

Grids that tile share every border with a neighbour, and a unit's border is that of its grids. A
ring that follows an earlier one for a while, in its direction or against it, takes its places from
there: a run says where it begins and how long it is. It is what LZ77 does for text [1]_, with
copies that may run backwards.

.. [1] Ziv & Lempel (1977), IEEE Transactions on Information Theory 23, doi:10.1109/TIT.1977.1055714
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled

__all__ = ["Rings", "Runs", "joined", "shared_runs"]

_LEAST: Final = 2
"""Places that a run must have: the address of a single one takes as much as its coordinates."""

_TRIES: Final = 16
"""Earlier places on one spot that are looked at, the last ones first."""

Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class Rings(NamedTuple):
    """Rings and lines one after the other: places in whole steps (n, 2), how many each has (r)."""

    steps: Integers
    sizes: Integers


class Runs(NamedTuple):
    """How the places of rings are told.

    `lengths`
        New places, taken places, new places and so on, ending with new ones.
    `sources`
        Of each run of taken places: how many places before it the first one of them lies, times 2,
        plus 1 where the run goes on against the order of that ring.
    `is_new`
        Of each place whether it is told by its coordinates.
    """

    lengths: Integers
    sources: Integers
    is_new: Mask


def joined(first: Rings, second: Rings) -> Rings:
    """Return the rings of both, in order."""
    return Rings(*(np.concatenate(pair) for pair in zip(first, second, strict=True)))


def shared_runs(known: Rings, fresh: Rings) -> Runs:
    """Return how to tell the `fresh` rings where the `known` ones were told before. O(n log n)."""
    every = joined(known, fresh)
    base, n = len(known.steps), len(every.steps)
    spot, earlier = _spots(every.steps)
    last = np.cumsum(every.sizes)
    first, end = (np.repeat(at, every.sizes) for at in (last - every.sizes, last))
    start, length, source = _runs((spot, first, end), earlier, base)
    gap = np.diff(np.append(start, n), prepend=base)
    gap[1:] -= length
    change = np.bincount(start - base, minlength=n - base + 1)
    change = change - np.bincount(start + length - base, minlength=n - base + 1)
    return Runs(
        lengths=np.append(np.column_stack([gap[:-1], length]).ravel(), gap[-1]),
        sources=source,
        is_new=np.cumsum(change)[: n - base] == 0,
    )


def _spots(steps: Integers) -> tuple[Integers, Integers]:
    """Return a number for each place, the same on one spot, and the place before it there or -1."""
    low = steps.min(axis=0, initial=0)
    keys = (steps[:, 0] - low[0]) * (int(steps[:, 1].max(initial=0)) - low[1] + 1)
    keys += steps[:, 1] - low[1]
    order = np.argsort(keys, kind="stable")
    same = keys[order][1:] == keys[order][:-1]
    earlier = np.full(len(steps), -1, dtype=np.int64)
    earlier[order[1:][same]] = order[:-1][same]
    return keys, earlier


@compiled
def _runs(
    places: tuple[Integers, Integers, Integers], earlier: Integers, base: int
) -> tuple[Integers, Integers, Integers]:
    """Return where runs of taken places start, how long they are and their sources.

    At each place the longest run is taken, as far as its ring goes. `places`: the spot of each, and
    where its ring begins and ends.
    """
    n = len(earlier)
    found = np.empty((3, (n - base) // _LEAST), np.int64)
    count, at = 0, base
    while at < n:
        most, source = 0, 0
        other = earlier[at]
        for _ in range(_TRIES):
            if other < 0:
                break
            for back in range(2):
                length = _follows(places, (at, other), back)
                if length > most:
                    most, source = length, 2 * (at - other) + back
            other = earlier[other]
        if most < _LEAST:
            at += 1
            continue
        found[0, count], found[1, count], found[2, count] = at, most, source
        count += 1
        at += most
    return found[0, :count].copy(), found[1, :count].copy(), found[2, :count].copy()


@compiled
def _follows(places: tuple[Integers, Integers, Integers], pair: tuple[int, int], back: int) -> int:
    """Return how many places from the first of the pair on equal those from the second on."""
    spot, first, end = places
    start, other = pair
    at = start
    while at < end[start] and other < at and spot[at] == spot[other]:
        at += 1
        if back:
            other = other - 1 if other > first[other] else end[other] - 1
        else:
            other = other + 1 if other + 1 < end[other] else first[other]
    return at - start
