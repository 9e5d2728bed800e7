"""Where the communities of a synthetic city lie, and the seed points of their grids.

A city is a patch of square blocks, one a community, in rows shifted by half a block, cut to a
wavy round outline; a river may run between two rows. Each block has eight jittered seed points;
rows of empty blocks around the city hold seeds too (ghosts), so that the outline is as irregular
as every other border.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from geo.synth.figures import CityFigures

__all__ = ["Floats", "Ints", "Plan", "draw_plan"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_GHOST: Final = -1
_RIVER: Final = -2
_ROWS_PER_STRIP: Final = 3
_REACH: Final = 1.3
_JITTER: Final = 0.075
_PATTERN: Final = np.array(
    [[x, 5 / 6] for x in (1 / 6, 1 / 2, 5 / 6)]
    + [[x, 1 / 2] for x in (1 / 4, 3 / 4)]
    + [[x, 1 / 6] for x in (1 / 6, 1 / 2, 5 / 6)]
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """The seeds of a city.

    `seeds`
        Positions, shape (s, 2), in metres about the city's centre: first the base grids,
        community by community (`base_grids` each, in order of their numbers: north to south,
        west to east), then the ghosts.
    `community`
        Community of each seed, shape (s,); -1 for ghosts, -2 for the river.
    `street`
        Street (街道) of each community, shape (c,), ascending: communities are in order of their
        codes.
    """

    seeds: Floats
    community: Ints
    street: Ints

    @property
    def n_communities(self) -> int:
        """How many communities there are."""
        return len(self.street)

    @property
    def n_base(self) -> int:
        """How many seeds are base grids: the first ones."""
        return int((self.community >= 0).sum())


def draw_plan(n_communities: int, figures: CityFigures, rng: np.random.Generator) -> Plan:
    """Return the seeds of a city of `n_communities`. O(n log n)."""
    cells, chosen = _blocks(n_communities, rng)
    river_row = _river_row(cells[chosen], figures)
    order, street = _order(cells[chosen], river_row, figures)
    mine = cells[chosen][order]
    ghosts = _ghost_blocks(cells, chosen)
    base = _block_seeds(mine, rng, numbered=True)
    outside = _block_seeds(ghosts, rng, numbered=False)
    seeds = np.concatenate([base.reshape(-1, 2), outside.reshape(-1, 2)])
    community = np.concatenate(
        [np.repeat(np.arange(len(mine)), len(_PATTERN)), np.full(outside.size // 2, _GHOST)]
    )
    if river_row is not None:
        width = figures.river_m / figures.block_m
        river = _river_seeds(seeds, river_row, width=width, rng=rng)
        seeds = seeds + np.where(seeds[:, 1:] > river_row, [[0.0, width]], 0.0)
        seeds = np.concatenate([seeds, river])
        community = np.concatenate([community, np.full(len(river), _RIVER)])
    return Plan(seeds=seeds * figures.block_m, community=community, street=street)


def _blocks(n: int, rng: np.random.Generator) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return (column, row) of every block around the centre, and which n of them are the city."""
    radius = int(np.ceil(_REACH * np.sqrt(n / np.pi))) + 6
    side = np.arange(-radius, radius + 1)
    row, column = (axis.ravel() for axis in np.meshgrid(side, side, indexing="ij"))
    cells = np.column_stack([column, row])
    x, y = _corner(cells).T + 0.5
    angle = np.arctan2(y, x)
    phase = rng.uniform(0, 2 * np.pi, 3)
    wave = (
        1
        + 0.12 * np.sin(2 * angle + phase[0])
        + 0.07 * np.sin(3 * angle + phase[1])
        + 0.05 * np.sin(7 * angle + phase[2])
    )
    distance = np.hypot(x, y) / wave
    chosen = np.zeros(len(cells), dtype=bool)
    chosen[np.argsort(distance, kind="stable")[:n]] = True
    return cells, chosen


def _corner(cells: Ints) -> Floats:
    """Return the lower left corner of each block, in blocks; every second row is shifted."""
    return np.column_stack([cells[:, 0] + 0.5 * (cells[:, 1] % 2), cells[:, 1]]).astype(float)


def _river_row(mine: Ints, figures: CityFigures) -> int | None:
    """Return the first row north of the river, at the border of two strips; None without one."""
    if len(mine) < figures.min_communities_for_river:
        return None
    middle = np.quantile(mine[:, 1], 0.4)
    return int(np.round(middle / _ROWS_PER_STRIP)) * _ROWS_PER_STRIP


def _order(mine: Ints, river_row: int | None, figures: CityFigures) -> tuple[Ints, Ints]:
    """Return the order of the blocks, winding through strips of three rows, and their streets."""
    column, row = mine.T
    strip = row // _ROWS_PER_STRIP
    along = np.where(strip % 2 == 0, column, -column)
    order = np.lexsort((row, along, strip))
    bank = np.zeros(len(mine), dtype=np.int64) if river_row is None else (row >= river_row) * 1
    street, n_streets = np.empty(len(mine), dtype=np.int64), 0
    for side in np.unique(bank):
        at = np.flatnonzero(bank[order] == side)
        n = max(1, round(len(at) / figures.communities_per_street))
        street[at] = n_streets + np.arange(len(at)) * n // len(at)
        n_streets += n
    return order, street


def _ghost_blocks(cells: Ints, chosen: npt.NDArray[np.bool_]) -> Ints:
    """Return the blocks within two of the city that are not the city."""
    side = round(np.sqrt(len(cells)))
    city = chosen.reshape(side, side)
    near = ndimage.binary_dilation(city, structure=np.ones((5, 5), dtype=bool))
    return cells[(near & ~city).ravel()]


def _block_seeds(cells: Ints, rng: np.random.Generator, *, numbered: bool) -> Floats:
    """Return eight seeds for each block, shape (n, 8, 2), in blocks."""
    n = len(cells)
    turned = rng.integers(0, 2, n, dtype=bool)
    pattern = np.where(turned[:, None, None], _PATTERN[None, :, ::-1], _PATTERN[None])
    jitter = rng.uniform(-_JITTER, _JITTER, (n, len(_PATTERN), 2))
    if numbered:
        bands = np.round(pattern[..., 1] * 12)
        order = np.lexsort((pattern[..., 0], -bands), axis=-1)
        pattern = np.take_along_axis(pattern, order[..., None], axis=1)
    return pattern + jitter + _corner(cells)[:, None, :]


def _river_seeds(seeds: Floats, row: int, *, width: float, rng: np.random.Generator) -> Floats:
    """Return seeds along the middle of the river, in blocks."""
    west, east = seeds[:, 0].min(), seeds[:, 0].max()
    x = np.arange(west, east, 1.2 * width)
    jitter = rng.uniform(-0.1 * width, 0.1 * width, (len(x), 2))
    return np.column_stack([x, np.full(len(x), row + width / 2)]) + jitter
