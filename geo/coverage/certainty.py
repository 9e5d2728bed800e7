"""How sure a verdict is: what the uncertainty of places, snapping and speed leaves open.

A demand point is surely inside where it stays inside although its way is as much longer as the
uncertainty allows, surely outside where it stays outside although the way is as much shorter, else
doubtful. A grid's share is at least what is surely inside and at most what is not surely outside;
where its class (blank, thin, or better) differs between the two, the verdict is doubtful.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from geo.coverage.limits import CoverageRules

__all__ = [
    "DOUBTFUL",
    "INSIDE",
    "OUTSIDE",
    "SURE",
    "Band",
    "grid_certainty",
    "network_band",
    "point_certainty",
    "radius_band",
]

INSIDE: Final = "inside"
OUTSIDE: Final = "outside"
DOUBTFUL: Final = "doubtful"
SURE: Final = "sure"

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


class Band(NamedTuple):
    """Which of k points are surely inside, and which are not surely outside."""

    sure: Mask
    possible: Mask


def radius_band(away_m: Floats, limit_m: float, rules: CoverageRules) -> Band:
    """Return the band of points that are `away_m` from the nearest site in a straight line."""
    off = rules.place_uncertainty_m
    return Band(sure=away_m + off <= limit_m, possible=away_m - off <= limit_m)


def network_band(
    away_ms: Floats, limit_ms: float, rules: CoverageRules, *, ms_per_m: float
) -> Band:
    """Return the band of points that are `away_ms` from the nearest site along streets.

    Parameters
    ----------
    ms_per_m
        Milliseconds for a metre at the speed of the mode: places and snapping are uncertain in
        metres.
    """
    off = (rules.place_uncertainty_m + rules.snap_uncertainty_m) * ms_per_m
    share = rules.speed_uncertainty_share
    return Band(
        sure=away_ms * (1.0 + share) + off <= limit_ms,
        possible=away_ms * max(1.0 - share, 0.0) - off <= limit_ms,
    )


def point_certainty(band: Band) -> npt.NDArray[np.object_]:
    """Return `inside`, `outside` or `doubtful` for each point."""
    words = np.full(len(band.sure), DOUBTFUL, dtype=object)
    words[band.sure] = INSIDE
    words[~band.possible] = OUTSIDE
    return words


def grid_certainty(low: Floats, high: Floats, rules: CoverageRules) -> npt.NDArray[np.object_]:
    """Return `sure` or `doubtful` for each grid from its least and greatest share.

    None where nothing can be judged. Crowded and adequate are one: both are served.
    """
    words = np.where(_grade(low, rules) == _grade(high, rules), SURE, DOUBTFUL).astype(object)
    words[np.isnan(low) | np.isnan(high)] = None
    return words


def _grade(share: Floats, rules: CoverageRules) -> npt.NDArray[np.int64]:
    """Return 0 for blank, 1 for thin, 2 for better."""
    grade: npt.NDArray[np.int64] = (share > 0).astype(np.int64)
    return grade + ((share > 0) & (share >= rules.thin_below_share))
