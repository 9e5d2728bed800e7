"""Types of what the network kernel's loops take and write to, and the time that means "no way"."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = [
    "NEVER_MS",
    "Buckets",
    "CountedPlaces",
    "Floats",
    "Ints",
    "Longs",
    "Mask",
    "Packed",
    "Places",
    "Scratch",
    "Seen",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Packed = npt.NDArray[np.uint64]

Buckets = npt.NDArray[np.uint32]
"""The first entry of each bucket of waiting junctions (0: none), a power of two of them."""

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


class CountedPlaces(NamedTuple):
    """k places, ready for counting.

    `row`: where each is counted: its junction, or n_nodes and more: one of those on chains, in
    order of the chains; -1 on no street. `placed`, `first`: those, and where each chain's begin.
    `access_ms`: the longest way from a place on each chain to the chain.
    """

    row: Ints
    placed: Places
    first: Ints
    access_ms: Ints


class Scratch(NamedTuple):
    """What one thread writes to.

    `times` of all junctions, those seen in `nodes` (room for one more); chains seen in `chains`
    (`is_seen` 1); `best` time of all owners, those seen in `owners`.
    """

    times: Ints
    nodes: Ints
    is_seen: Ints
    chains: Ints
    best: Ints
    owners: Ints


class Seen(NamedTuple):
    """Room for what searches see, one after the other: which junction, from which site, when."""

    node: Ints
    site: Ints
    time_ms: Ints
