"""Who lives in a synthetic city: households, residents and elders of each building."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from geo.synth.figures import CityFigures
from geo.synth.plan import Floats, Ints
from geo.synth.rings import Rings

__all__ = [
    "Buildings",
    "draw_buildings",
    "draw_households",
    "joined_buildings",
    "scatter",
    "stand_clear",
]

_MAX_REACH = 0.92
"""Share of the way from a grid's seed to its border that buildings may lie."""

_CLEAR_M = 6.0
"""No building stands nearer to a border than this: borders lie in streets."""

_STEP = 0.85
_MAX_STEPS = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Buildings:
    """b buildings: `xy` (b, 2), the base grid that is `home` (-1: none), and people, shape (b,)."""

    xy: Floats
    home: Ints
    households: Ints
    residents: Ints
    elderly: Ints

    def __len__(self) -> int:
        """How many buildings there are."""
        return len(self.home)

    def sums(self, values: Ints, n: int) -> Ints:
        """Return the sum of `values` over the buildings of each of n base grids."""
        mine = self.home >= 0
        total = np.bincount(self.home[mine], weights=values[mine], minlength=n)
        return total.astype(np.int64)


def draw_households(n: int, figures: CityFigures, rng: np.random.Generator) -> Ints:
    """Return the households of n base grids."""
    return rng.integers(figures.min_households, figures.max_households + 1, n)


def draw_buildings(
    xy: Floats, home: Ints, households: Ints, *, figures: CityFigures, rng: np.random.Generator
) -> Buildings:
    """Return the buildings at `xy` (g, k, 2) of g grids, `households` (g,) spread at random."""
    n_grids, k = xy.shape[:2]
    spread = rng.multinomial(households, np.full(k, 1 / k)).reshape(-1)
    persons = rng.uniform(
        figures.min_persons_per_household, figures.max_persons_per_household, n_grids * k
    )
    residents = np.round(spread * persons).astype(np.int64)
    elderly = rng.binomial(residents, figures.elderly_share)
    return Buildings(
        xy=xy.reshape(-1, 2),
        home=np.repeat(home, k),
        households=spread,
        residents=residents,
        elderly=elderly,
    )


def scatter(rings: Rings, centres: Floats, *, k: int, rng: np.random.Generator) -> Floats:
    """Return k points inside each ring, shape (r, k, 2); rings are star-shaped about centres."""
    start, size = rings.start[:-1, None], rings.size()[:, None]
    pick = (rng.random((len(centres), k)) * size).astype(np.int64)
    a = rings.coordinates[start + pick]
    b = rings.coordinates[start + (pick + 1) % size]
    along = rng.random((*pick.shape, 1))
    reach = _MAX_REACH * np.sqrt(rng.uniform(0.02, 1, (*pick.shape, 1)))
    offset = reach * (a + along * (b - a) - centres[:, None])
    borders = shapely.linearrings(
        rings.coordinates, indices=np.repeat(np.arange(len(centres)), rings.size())
    )
    return _cleared(offset, centres, np.asarray(borders, dtype=object))


def stand_clear(xy: Floats, centres: Floats, borders: npt.NDArray[np.object_]) -> Floats:
    """Return the places (r, k, 2) of r grids, those near any of `borders` pulled to the centre."""
    n, k = xy.shape[:2]
    middle = np.repeat(centres, k, axis=0)
    moved = xy.reshape(-1, 2).copy()
    offset = moved - middle
    tree = shapely.STRtree(borders)
    close = np.arange(len(moved))
    for _ in range(_MAX_STEPS):
        at, _ = tree.query(shapely.points(moved[close]), predicate="dwithin", distance=_CLEAR_M)
        close = close[np.unique(at)]
        if not len(close):
            break
        offset[close] *= _STEP
        moved[close] = np.round(middle[close] + offset[close], 3)
    return moved.reshape(n, k, 2)


def _cleared(offset: Floats, centres: Floats, borders: npt.NDArray[np.object_]) -> Floats:
    """Return the places at `offset` (r, k, 2) from r centres, pulled in until they are clear."""
    n, k = offset.shape[:2]
    offset, border = offset.reshape(-1, 2), np.repeat(np.arange(n), k)
    xy = np.round(centres[border] + offset, 3)
    close = np.arange(len(xy))
    for _ in range(_MAX_STEPS):
        close = close[shapely.dwithin(borders[border[close]], shapely.points(xy[close]), _CLEAR_M)]
        if not len(close):
            break
        offset[close] *= _STEP
        xy[close] = np.round(centres[border[close]] + offset[close], 3)
    return xy.reshape(n, k, 2)


def joined_buildings(*parts: Buildings) -> Buildings:
    """Return the buildings of all `parts`, in order."""
    return Buildings(
        xy=np.concatenate([part.xy for part in parts]),
        home=np.concatenate([part.home for part in parts]),
        households=np.concatenate([part.households for part in parts]),
        residents=np.concatenate([part.residents for part in parts]),
        elderly=np.concatenate([part.elderly for part in parts]),
    )
