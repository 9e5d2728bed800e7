"""What sites can give, shared among all who reach them: the floating catchments.

With demand P of places i, capacity S of sites j and a weight w of every pair within reach:

====== ============================================================= ==========================
method ratio of a site                                               access of a place
====== ============================================================= ==========================
2sfca  S_j / Σ_i P_i w_ij, w = 1 [1]_                                Σ_j w_ij R_j
e2sfca the same, w falls off as a Gaussian to 0 at the limit [2]_    Σ_j w_ij R_j
3sfca  the same, w times the chance w_ij / Σ_k w_ik of choosing [3]_ Σ_j w_ij R_j
max    as 2sfca                                                      max_j R_j
====== ============================================================= ==========================

By the first three Σ_i P_i A_i is the capacity of all sites that anybody reaches.

.. [1] Luo & Wang (2003), doi:10.1068/b29120
.. [2] Luo & Qi (2009), doi:10.1016/j.healthplace.2009.06.002, with the Gaussian of Dai (2010),
       doi:10.1016/j.healthplace.2010.06.012
.. [3] Wan, Zou & Sternberg (2012), doi:10.1080/13658816.2011.624987
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.coverage.radius import Pairs

__all__ = ["METHODS", "Shared", "share_capacity"]

METHODS: Final = ("2sfca", "e2sfca", "3sfca", "max")

_EDGE: Final = float(np.exp(-0.5))

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shared:
    """How the capacity of s sites is shared among k places.

    `access`
        Capacity for one unit of demand at each place, shape (k,); 0 where no site is reached.
    `felt`
        Demand that each site feels, by the weights of the method, shape (s,).
    `load`
        `felt` ÷ capacity, shape (s,): above 1, more come than there is room for. NaN without
        capacity.
    `used`
        Capacity of each site that the places use, shape (s,).
    """

    access: Floats
    felt: Floats
    load: Floats
    used: Floats


def share_capacity(
    pairs: Pairs, demand: Floats, capacity: Floats, *, limit: float, method: str = "2sfca"
) -> Shared:
    """Return how sites are shared among the places that reach them.

    Parameters
    ----------
    pairs
        Places and sites within reach, each pair once; `away` in the unit of `limit`.
    demand
        Demand of each place, shape (k,), 0 or more.
    capacity
        Capacity of each site, shape (s,); NaN counts as 0.
    limit
        How far the reach goes; what is exactly there has weight 0 by the Gaussian.
    method
        One of `METHODS`.

    Raises
    ------
    ValueError
        If the method is none of them.

    Notes
    -----
    O(pairs), and as many numbers of scratch.
    """
    if method not in METHODS:
        message = f"method must be one of {', '.join(METHODS)}, got {method!r}"
        raise ValueError(message)
    supply = np.where(np.isfinite(capacity), capacity, 0.0)
    k, s = len(demand), len(supply)
    place, site = pairs.place_at, pairs.site_at
    weight = _weights(pairs, k, limit=limit, method=method)
    felt = np.bincount(site, weights=weight * demand[place], minlength=s).astype(float)
    ratio = np.divide(supply, felt, out=np.zeros(s), where=felt > 0)
    given = weight * ratio[site]
    if method == "max":
        given = _best_only(given, place)
    return Shared(
        access=np.bincount(place, weights=given, minlength=k).astype(float),
        felt=felt,
        load=np.divide(felt, supply, out=np.full(s, np.nan), where=supply > 0),
        used=np.bincount(site, weights=given * demand[place], minlength=s).astype(float),
    )


def _weights(pairs: Pairs, k: int, *, limit: float, method: str) -> Floats:
    if method in ("2sfca", "max"):
        return np.ones(len(pairs.away))
    square = (pairs.away / limit) ** 2
    weight: Floats = np.maximum((np.exp(-0.5 * square) - _EDGE) / (1.0 - _EDGE), 0.0)
    if method == "3sfca":
        total = np.bincount(pairs.place_at, weights=weight, minlength=k)[pairs.place_at]
        weight *= np.divide(weight, total, out=np.zeros(len(total)), where=total > 0)
    return weight


def _best_only(given: Floats, place: npt.NDArray[np.intp]) -> Floats:
    """Return `given` with all but the first largest value of each place set to 0."""
    order = np.lexsort((np.arange(len(given)), -given, place))
    first = np.ones(len(order), dtype=bool)
    first[1:] = place[order][1:] != place[order][:-1]
    best = np.zeros(len(given))
    best[order[first]] = given[order[first]]
    return best
