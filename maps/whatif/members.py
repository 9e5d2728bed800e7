"""Counts of the demand as a page may hold them: none of people below the k of the standard."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from geo.planning.whatif.verdicts import Ground
from maps.packing import Packer, zigzag

__all__ = ["add_members", "deltas", "pooled"]

_PARTS: Final = 1000
"""Parts of one in which the weights of members are told where they are not whole."""

_PERSONS: Final = frozenset({"residents", "households", "workers"})

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]


def add_members(
    packer: Packer, ground: Ground, order: Longs, *, k: float, cells: Longs | None = None
) -> None:
    """Add who belongs to which grid for how much, and what the grids count in the totals.

    Parameters
    ----------
    ground
        The places and their grids.
    order
        The members, those next to each other first: small counts go to the next one.
    k
        The least count of people that may be told.
    cells
        Lattice points by grid, where a grid without buildings has such.
    """
    demand = ground.demand
    packer.add("member.grid", deltas(ground.grid_at))
    packer.add("member.place", deltas(ground.place_at))
    is_people = (demand.basis.isin(list(_PERSONS))).to_numpy()[ground.grid_at]
    weight = pooled(ground.weight, order, ground.grid_at, is_people=is_people, k=k)
    parts = 1 if (weight == np.rint(weight)).all() else _PARTS
    packer.add("member.parts", np.array([parts], dtype=np.uint64))
    packer.add("member.weight", np.rint(weight * parts).astype(np.uint64))
    is_head = demand.is_base & (demand.basis == demand.totals_basis).to_numpy()
    packer.add("grid.head", is_head.astype(np.uint64))
    packer.add("grid.area", np.rint(demand.area_m2).astype(np.uint64))
    if cells is not None:
        packer.add("grid.cells", cells.astype(np.uint64))


def pooled(
    weight: Floats, order: Longs, grid_at: Longs, *, is_people: npt.NDArray[np.bool_], k: float
) -> Floats:
    """Return weights of which none of people lies between 0 and `k`, with the same sum by grid.

    Small ones are given to the next of their grid in `order` until they are enough; what is left
    over at the end of a grid to the largest one of the grid, and where a grid has fewer than `k`
    people in all, nobody is told there.
    """
    found = weight.copy()
    if k <= 0 or not (is_people & (weight > 0) & (weight < k)).any():
        return found
    held, grid = 0.0, -1
    largest = -1
    for at in [*order.tolist(), -1]:
        if at < 0 or grid_at[at] != grid:
            if held > 0 and largest >= 0:
                found[largest] += held
            held, largest = 0.0, -1
            if at < 0:
                break
            grid = int(grid_at[at])
        if not is_people[at]:
            continue
        total = float(found[at]) + held
        if total >= k:
            found[at], held = total, 0.0
            if largest < 0 or found[at] > found[largest]:
                largest = at
        else:
            found[at], held = 0.0, total
    return found


def deltas(values: npt.NDArray[np.signedinteger[Any]]) -> npt.NDArray[np.uint64]:
    """Return the steps from each value to the next, the first from 0, as unsigned integers."""
    before = np.append(0, values.astype(np.int64))
    return zigzag(before[1:] - before[:-1])
