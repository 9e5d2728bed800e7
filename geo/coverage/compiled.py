"""How the loops of coverage are compiled, and how they run in threads."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, cast

import numba

__all__ = ["compiled", "in_threads"]

Function = TypeVar("Function", bound=Callable[..., object])
Part = TypeVar("Part")


def compiled(function: Function) -> Function:
    """Return `function` as machine code: kept on disk, the interpreter's lock released."""
    return cast("Function", numba.njit(cache=True, nogil=True)(function))


def in_threads(work: Callable[[int, int], Part], n: int, *, chunk: int) -> list[Part]:
    """Return `work(start, stop)` of each chunk of 0…n in order, in as many threads as cores.

    `work` must release the interpreter's lock to gain anything: compiled loops and GEOS do.
    """
    starts = range(0, n, chunk)
    if len(starts) <= 1:
        return [work(start, n) for start in starts]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return list(pool.map(lambda start: work(start, min(start + chunk, n)), starts))
