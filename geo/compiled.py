"""How loops are compiled."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

__all__ = ["compiled"]

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Return `function` as machine code: kept on disk, the interpreter's lock released."""
    return cast("Function", numba.njit(cache=True, nogil=True)(function))
