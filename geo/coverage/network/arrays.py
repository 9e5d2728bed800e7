"""Types of what the network kernel's loops take and write to, and the time that means "no way"."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["NEVER_MS", "Floats", "Ints", "Longs", "Mask", "Places", "Queue", "Scratch"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

NEVER_MS: Final = 2**31 - 1
"""Time (ms) of what cannot be reached."""


class Places(NamedTuple):
    """k places on the network, each array of length k.

    `chain`: -1 where no street is near enough. `at_ms`: time from the chain's start. `access_ms`:
    time of the straight way between place and street.
    """

    chain: Ints
    at_ms: Ints
    access_ms: Ints


class Queue(NamedTuple):
    """Scratch of one search over n junctions.

    `head`: first entry of each bucket, a power of two of them. `after`: the next entry of the same
    bucket. `waits`: the junction of each entry. `slot`: bucket that each junction waits in, else
    -1; its other entries are out of date. `state`: how many entries wait, how many are in use.
    """

    head: Ints
    after: Ints
    waits: Ints
    slot: Ints
    state: Ints


class Scratch(NamedTuple):
    """What one thread writes to.

    `times` of all junctions, those seen in `nodes`; chains seen in `chains` (`is_seen` 1); `best`
    time of all owners, those seen in `owners`.
    """

    times: Ints
    nodes: Ints
    is_seen: Ints
    chains: Ints
    best: Ints
    owners: Ints
