"""Directed segments as integer keys, and fingerprints of polygons.

A vertex is hashed from the bits of its coordinates; the key of a segment is the sum of the hashes
of its two ends, so both directions have the same key. Shells are taken counter-clockwise and holes
clockwise, so that the sign of a segment tells on which side of it its polygon lies.

The *fingerprint* of a polygon is the signed sum of its mixed keys, modulo 2^64. Equal polygons have
equal fingerprints, and a polygon that its parts tile has the sum of theirs: common borders cancel.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.grids.kernel.rings import Floats, Rings

__all__ = ["Keys", "Segments"]

Keys = npt.NDArray[np.uint64]
Signs = npt.NDArray[np.int8]

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)
_S30: Final = np.uint64(30)
_S27: Final = np.uint64(27)
_S31: Final = np.uint64(31)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segments:
    """The segments of rings; segment s runs from vertex s to vertex s + 1.

    `key` (V); `sign` (V): 1 or -1, by the direction in which its polygon lies left of it; 0 where
    no segment starts (the end of a ring, or two equal vertices); `fingerprint` (n polygons).
    """

    key: Keys
    sign: Signs
    fingerprint: Keys

    @classmethod
    def of(cls, rings: Rings, turn: Signs | None = None) -> Self:
        """Hash all segments of `rings`; `turn` as `turns` gives it, where it is known. O(V)."""
        if turn is None:
            turn = turns(rings)
        key, sign, fingerprint = _hashed(
            rings.xy.view(np.uint64), rings.start, turn, rings.owner, rings.n_polygons
        )
        return cls(key=key, sign=sign, fingerprint=fingerprint)


def turns(rings: Rings) -> Signs:
    """Return 1 for each ring that runs as it should (holes clockwise), -1 for one reversed."""
    found: Signs = _turns(rings.xy, rings.start, rings.is_hole)
    return found


@compiled
def _mixed(key: np.uint64) -> np.uint64:
    key = (key ^ (key >> _S30)) * _MIX_1
    key = (key ^ (key >> _S27)) * _MIX_2
    return key ^ (key >> _S31)


@compiled
def _turns(xy: Floats, start: npt.NDArray[np.int64], is_hole: npt.NDArray[np.bool_]) -> Signs:
    turn = np.empty(len(is_hole), np.int8)
    for ring in range(len(is_hole)):
        first = start[ring]
        x, y = xy[first, 0], xy[first, 1]
        twice = 0.0
        for v in range(first, start[ring + 1] - 1):
            twice += (xy[v, 0] - x) * (xy[v + 1, 1] - y) - (xy[v + 1, 0] - x) * (xy[v, 1] - y)
        turn[ring] = 1 if (twice > 0.0) != is_hole[ring] else -1
    return turn


@compiled
def _hashed(
    bits: Keys,
    start: npt.NDArray[np.int64],
    turn: Signs,
    owner: npt.NDArray[np.int32],
    n_polygons: int,
) -> tuple[Keys, Signs, Keys]:
    key = np.zeros(len(bits), np.uint64)
    sign = np.zeros(len(bits), np.int8)
    fingerprint = np.zeros(n_polygons, np.uint64)
    for ring in range(len(turn)):
        total = np.uint64(0)
        before = np.uint64(0)
        for v in range(start[ring], start[ring + 1]):
            here = _mixed(_mixed(bits[v, 0] + _GOLDEN) + bits[v, 1])
            if v > start[ring] and here != before:
                s = v - 1
                key[s] = before + here
                sign[s] = turn[ring] if before < here else -turn[ring]
                if sign[s] > 0:
                    total += _mixed(key[s])
                else:
                    total -= _mixed(key[s])
            before = here
        fingerprint[owner[ring]] += total
    return key, sign, fingerprint
