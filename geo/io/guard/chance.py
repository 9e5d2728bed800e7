"""How far a set of places is from chance: Bayes factors, in nats, and shifts that stand for chance.

A reading of the coordinates is right when the places keep to something: sites stand in buildings
and away from the borders of grids, which run along streets. Moved by some hundred metres, they keep
to nothing. What the distances look like then is measured, not assumed: by moving the places in
directions and lengths that no reading has.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, gammaln

__all__ = ["away_from_chance", "chance_shifts", "few_misses", "ranks"]

Floats = npt.NDArray[np.float64]

_EDGES: Final = np.array([0.0, 0.05, 0.15, 0.3, 0.5, 0.7, 0.85, 0.95, 1.0])
_PRIOR: Final = 6.0
"""Weight of the prior, in places, that the ranks are those of chance."""

_LENGTHS_M: Final = (300.0, 550.0, 900.0, 1300.0)
_DIRECTIONS: Final = 12
_CLEAR_M: Final = 160.0
_MISSES: Final = (0.5, 10.0)
"""Prior of the share of misses under a right reading: mean 5 %."""


def chance_shifts(readings: Floats) -> Floats:
    """Return shifts (m), shape (k, 2), as long as those between datums, none near a reading's.

    `readings` are the shifts of the readings themselves, shape (r, 2). k is 48 at most.
    """
    turn = np.arange(_DIRECTIONS) * (2.0 * np.pi / _DIRECTIONS)
    unit = np.column_stack([np.cos(turn + 0.1), np.sin(turn + 0.1)])
    shifts = np.concatenate([length * unit for length in _LENGTHS_M])
    away = np.hypot(*np.moveaxis(shifts[:, None] - readings[None], 2, 0)).min(axis=1)
    return np.asarray(shifts[away > _CLEAR_M])


def ranks(distance_m: Floats, chance_m: Floats) -> Floats:
    """Return the rank of each distance among those of chance, from 0 to 1. O(n log n)."""
    ordered = np.sort(chance_m)
    low = np.searchsorted(ordered, distance_m, side="left")
    high = np.searchsorted(ordered, distance_m, side="right")
    return np.asarray((low + high) / (2.0 * max(len(ordered), 1)))


def away_from_chance(rank: Floats, *, near: bool) -> float:
    """Return how much more likely the ranks are under any other law than by chance, in nats.

    Zero for ranks on the wrong side: `near` wants them low, else high. The other law is unknown
    (Dirichlet prior over eight classes), so a few ranks that look odd by luck give no more than
    a negative number, which counts as zero.
    """
    if len(rank) == 0 or (rank.mean() < 0.5) != near:  # noqa: PLR2004 the middle of the ranks
        return 0.0
    counts = np.histogram(rank, _EDGES)[0].astype(float)
    share = np.diff(_EDGES)
    prior = _PRIOR * share
    total: Any = gammaln(_PRIOR) - gammaln(_PRIOR + counts.sum())
    total += np.sum(gammaln(prior + counts) - gammaln(prior) - counts * np.log(share))
    return max(0.0, float(total))


def few_misses(misses: int, n: int) -> float:
    """Return the log likelihood of `misses` in n places of a right reading: few are expected."""
    alpha, beta = _MISSES
    return float(betaln(alpha + misses, beta + n - misses) - betaln(alpha, beta))
