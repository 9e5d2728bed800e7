"""Places in metres for a page: whole parts of a metre, fine enough that nothing is lost by them."""

from typing import Final

import numpy as np
import numpy.typing as npt

from maps.packing import Packer, zigzag

__all__ = ["add_places", "steps_per_m"]

_DECIMAL: Final = (1, 10, 100, 1000)
_FINEST: Final = 2**14
"""Parts of a metre for places on no decimal lattice: at most 0.03 mm off."""

_OFF_M: Final = 1e-6

Floats = npt.NDArray[np.float64]


def steps_per_m(*places: Floats) -> int:
    """Return into how many parts of a metre all places fit: 1, 10, 100, 1000, else 2^14.

    Drawn data are mostly whole centimetres or millimetres; what came from degrees is not.
    """
    for parts in _DECIMAL:
        if all((np.abs(np.rint(xy * parts) / parts - xy) < _OFF_M).all() for xy in places):
            return parts
    return _FINEST


def add_places(packer: Packer, name: str, xy: Floats, *, steps_per_m: int) -> None:
    """Add places (n, 2) in parts of a metre, each by its difference from the one before."""
    steps = np.rint(xy * steps_per_m).astype(np.int64)
    packer.add(name, zigzag(np.diff(steps, axis=0, prepend=0).ravel()))
