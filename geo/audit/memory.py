"""Memory that was freed, given back to the system."""

import contextlib
import ctypes

__all__ = ["hand_back"]


def hand_back() -> None:
    """Give what was freed back to the system, where the C library can: glibc keeps it else.

    Arrays of some megabytes come from one heap, and what is freed in its middle stays with the
    process, though small values that follow take room elsewhere.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
