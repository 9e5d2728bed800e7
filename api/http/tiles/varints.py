"""Numbers as protocol buffers write them, many at once."""

import numpy as np
import numpy.typing as npt

__all__ = ["Whole", "byte_ends", "varint", "varints", "zigzag"]

Whole = npt.NDArray[np.int64]

_LIMITS = (1 << 7 * np.arange(1, 9, dtype=np.int64)).astype(np.int64)


def zigzag(values: Whole) -> Whole:
    """Return signed numbers as unsigned ones: 0, -1, 1, -2 become 0, 1, 2, 3."""
    return (values << 1) ^ (values >> 63)


def varints(values: Whole) -> tuple[bytes, Whole]:
    """Return numbers of at least 0 one after the other, and where each ends.

    O(n) array operations, one for each of the at most nine bytes.
    """
    lengths = 1 + np.searchsorted(_LIMITS, values, side="right")
    ends = np.cumsum(lengths)
    written = np.empty(int(ends[-1]) if len(ends) else 0, dtype=np.uint8)
    starts = ends - lengths
    longest = int(lengths.max(initial=0))
    for place in range(longest):
        here = np.flatnonzero(lengths > place) if place else slice(None)
        part = (values[here] >> 7 * place) & 0x7F
        more = lengths[here] > place + 1
        written[starts[here] + place] = part | np.where(more, 0x80, 0)
    return written.tobytes(), ends


def byte_ends(ends: Whole, counts: Whole) -> Whole:
    """Return where groups of `counts` numbers end, given where each number `ends`."""
    last = np.cumsum(counts)
    return np.concatenate([[0], ends])[last]


def varint(value: int) -> bytes:
    """Return one number of at least 0."""
    return _SHORT[value] if value < _N_SHORT else _varint(value)


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:  # noqa: PLR2004
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


_N_SHORT = 1 << 14
_SHORT = tuple(_varint(value) for value in range(_N_SHORT))
