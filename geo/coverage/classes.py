"""The verdict of a covered share: unknown, blank 空白, thin 薄弱, crowded 重复布点, adequate."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.coverage.limits import MIN_CROWDED_SITES, CoverageRules

__all__ = ["CLASSES", "classify", "crowded_above"]

CLASSES: Final = ("unknown", "blank", "thin", "crowded", "adequate")
"""In the order in which they are decided."""


def classify(
    share: npt.ArrayLike,
    n_sites: npt.ArrayLike,
    *,
    rules: CoverageRules,
    peers: npt.ArrayLike | None = None,
) -> npt.NDArray[np.object_]:
    """Return the class of each subject from its covered share and its number of sites.

    A share that is NaN means that nothing can be judged.

    `peers` groups the subjects whose median tells what is crowded (levels of units); without it all
    are peers.
    """
    share = np.asarray(share, dtype=float)
    n = np.asarray(n_sites, dtype=float)
    limit = crowded_above(share, n, rules=rules, peers=peers)
    conditions = [np.isnan(share), share == 0, share < rules.thin_below_share, n > limit]
    return np.select(conditions, [np.array(c, dtype=object) for c in CLASSES[:-1]], CLASSES[-1])


def crowded_above(
    share: npt.ArrayLike,
    n_sites: npt.ArrayLike,
    *,
    rules: CoverageRules,
    peers: npt.ArrayLike | None = None,
) -> npt.NDArray[np.float64]:
    """Return the number of sites above which each subject is crowded.

    It is `crowded_quotient` × the median of the peers that are neither blank nor unknown, and at
    least one less than `MIN_CROWDED_SITES`.
    """
    share = np.asarray(share, dtype=float)
    n = np.asarray(n_sites, dtype=float)
    if peers is None:
        some = n[share > 0]
        median = np.full(len(n), np.median(some) if len(some) else 0.0)
    else:
        counted = pd.Series(np.where(share > 0, n, np.nan))
        median = counted.groupby(np.asarray(peers)).transform("median").fillna(0.0).to_numpy()
    return np.maximum(rules.crowded_quotient * median, MIN_CROWDED_SITES - 1)
