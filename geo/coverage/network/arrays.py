"""Types of the arrays that the network kernel is made of, and the value that means "no way"."""

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["NEVER_MS", "Floats", "Ints", "Longs", "Mask"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

NEVER_MS: Final = 2**31 - 1
"""Time (ms) of what cannot be reached."""
