"""Borders drawn twice: one of two neighbours overlaps the other, leaves a gap, or reaches out.

Only the three middle vertices of a border move, towards the seed of one side, so the change
stays between the two grids and touches no third one.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from geo.synth.mesh import Mesh
from geo.synth.plan import Floats, Ints
from geo.synth.rings import Rings

__all__ = ["Redrawn", "apply_redrawn", "redraw", "widths"]

_MIDDLE: Final = slice(2, 5)
_AROUND: Final = slice(1, 6)
_MAX_REACH: Final = 0.4
_ROUNDS: Final = 4

_WIDTHS_M: Final = {
    "wide": (2.0, 20.0),
    "sliver": (0.08, 0.85),
    "noise": (0.01, 0.035),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Redrawn:
    """k redrawn borders: `moved` middle vertices (k, 3, 2), what came between: area, mean width."""

    border: Ints
    side: Ints
    moved: Floats
    area_m2: Floats
    width_m: Floats


def widths(kind: str, n: int, rng: np.random.Generator) -> Floats:
    """Return n mean widths (m) of a `wide` defect, a `sliver` or `noise`, log-uniform."""
    low, high = _WIDTHS_M[kind]
    return np.exp(rng.uniform(np.log(low), np.log(high), n))


def redraw(mesh: Mesh, rows: Ints, *, outwards: bool, width_m: Floats) -> Redrawn:
    """Return borders redrawn for the cell on one side.

    Parameters
    ----------
    rows
        Border and side (0 left, 1 right) of the cell that is redrawn, shape (k, 2).
    outwards
        True: into its neighbour (they overlap); False: into itself (a gap).
    width_m
        Wanted mean width (2·area/perimeter) of what comes between, shape (k,); less where there
        is no room.
    """
    border, side = rows.T
    towards = 1 - side if outwards else side
    target = mesh.centres[mesh.cells[border, towards]][:, None]
    old = mesh.lines[border, _MIDDLE]
    away = target - old
    distance = np.hypot(away[..., 0], away[..., 1])[..., None]
    step = width_m.copy()
    for _ in range(_ROUNDS):
        reach = np.minimum(step[:, None, None], _MAX_REACH * distance)
        moved = old + away / distance * reach
        area_m2, got_m = _between(mesh.lines[border, _AROUND], moved)
        step = step * width_m / np.maximum(got_m, 1e-9)
    moved = np.round(moved, 3)
    area_m2, got_m = _between(mesh.lines[border, _AROUND], moved)
    return Redrawn(border=border, side=side, moved=moved, area_m2=area_m2, width_m=got_m)


def apply_redrawn(coordinates: Floats, rings: Rings, redrawn: Redrawn) -> None:
    """Write the moved vertices into `coordinates` of `rings`, in place."""
    begin = rings.place[redrawn.border, redrawn.side]
    backwards = redrawn.side == 1
    moved = np.where(backwards[:, None, None], redrawn.moved[:, ::-1], redrawn.moved)
    coordinates[begin[:, None] + np.arange(2, 5)] = moved


def _between(lines: Floats, moved: Floats) -> tuple[Floats, Floats]:
    """Return area (m²) and mean width (m) between `lines` (k, 5, 2) and `moved` (k, 3, 2)."""
    ring = np.concatenate([lines, moved[:, ::-1]], axis=1)
    drawn: npt.NDArray[np.object_] = np.asarray(shapely.polygons(ring), dtype=object)
    area_m2 = shapely.area(drawn)
    return area_m2, 2 * area_m2 / np.maximum(shapely.length(drawn), 1e-9)
