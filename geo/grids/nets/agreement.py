"""How far two nets agree, weighted by residents.

With n_ij the weight in polygon i of the left and j of the right net, a_i and b_j their sums over
what both nets cover, and N the whole:

* left purity Σ_i max_j n_ij / N: how much lies in the right polygon that most of its left polygon
  is in; 1 when each left polygon lies inside one right polygon. Right purity the other way round.
  The **agreement** is their harmonic mean: 1 only when both nets are the same.
* nested share: how much lies where one polygon is wholly inside the other one; 1 when one net
  only divides the other more finely, so that no border cuts across.
* pair share (Jaccard): of the pairs of residents that one net at least puts together, those that
  both do: Σ n² / (Σ a² + Σ b² - Σ n²).
* adjusted Rand index [1]_, 0 when the two are as alike as by chance, from pairs drawn with
  replacement, so that any weights will do.
* variation of information [2]_ in bits, H(left | right) + H(right | left), a distance: 0 when both
  are the same. The first part is 0 when the right net is the finer one, the second when the left.

.. [1] Hubert & Arabie (1985), Journal of Classification 2, doi:10.1007/BF01908075
.. [2] Meilă (2007), Journal of Multivariate Analysis 98(5), doi:10.1016/j.jmva.2006.11.013
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.grids.nets.refinement import net_column

__all__ = ["AGREEMENT_COLUMNS", "agreement"]

Floats = npt.NDArray[np.float64]

AGREEMENT_COLUMNS: Final = (
    "left",
    "right",
    "basis",
    "weight",
    "left_only_share",
    "right_only_share",
    "n_left",
    "n_right",
    "agreement",
    "left_purity",
    "right_purity",
    "nested_share",
    "pair_share",
    "adjusted_rand",
    "variation_bits",
    "left_given_right_bits",
    "right_given_left_bits",
)
"""Columns of the agreement table, in order."""

_NEARLY_ALL: Final = 1.0 - 1e-9


def agreement(
    faces: pd.DataFrame, weight: pd.Series, *, nets: Sequence[str], basis: str
) -> pd.DataFrame:
    """Return how far each two of `nets` agree: a row a pair, `AGREEMENT_COLUMNS`.

    Parameters
    ----------
    faces
        From `refinement`: a column of `net_column` for each net.
    weight
        How much each face counts, on its index.
    nets
        Names, the base grids first.
    basis
        What `weight` counts; told in the table.

    Returns
    -------
    table
        `weight`: what both nets cover; `left_only_share`, `right_only_share`: what only one of
        them covers, as a share of what either does; the measures are missing where nothing is
        covered by both.

    Notes
    -----
    O(f log f) for each pair of f faces.
    """
    rows = []
    for left, right in combinations(nets, 2):
        owners = faces[[net_column(left), net_column(right)]].set_axis(["i", "j"], axis=1)
        rows.append(
            {"left": left, "right": right, "basis": basis, **_compared(owners, weight)},
        )
    return pd.DataFrame(rows, columns=list(AGREEMENT_COLUMNS))


def _compared(owners: pd.DataFrame, weight: pd.Series) -> dict[str, Any]:
    has_i, has_j = owners["i"].notna(), owners["j"].notna()
    both = has_i & has_j & (weight > 0)
    either = float(weight[has_i | has_j].sum())
    cells = weight[both].groupby([owners.loc[both, "i"], owners.loc[both, "j"]]).sum()
    table: dict[str, Any] = {
        "weight": float(weight[both].sum()),
        "left_only_share": float(weight[has_i & ~has_j].sum()) / either if either else np.nan,
        "right_only_share": float(weight[has_j & ~has_i].sum()) / either if either else np.nan,
        "n_left": int(owners.loc[both, "i"].nunique()),
        "n_right": int(owners.loc[both, "j"].nunique()),
    }
    return {**table, **_measures(cells)} if len(cells) else table


def _measures(cells: pd.Series) -> dict[str, float]:
    """Return the measures of the contingency table `cells` (index i, j; all above 0)."""
    n = cells.to_numpy(float)
    by_i, by_j = cells.groupby(level=0), cells.groupby(level=1)
    a, b = by_i.transform("sum").to_numpy(float), by_j.transform("sum").to_numpy(float)
    total = float(n.sum())
    left, right = float(by_i.max().sum()) / total, float(by_j.max().sum()) / total
    is_nested = (n >= _NEARLY_ALL * a) | (n >= _NEARLY_ALL * b)
    nn = float((n**2).sum())
    aa, bb = float((by_i.sum() ** 2).sum()), float((by_j.sum() ** 2).sum())
    left_bits = float(-(n / total * np.log2(n / b)).sum())
    right_bits = float(-(n / total * np.log2(n / a)).sum())
    return {
        "agreement": 2.0 * left * right / (left + right),
        "left_purity": left,
        "right_purity": right,
        "nested_share": float(n[is_nested].sum()) / total,
        "pair_share": nn / (aa + bb - nn),
        "adjusted_rand": _adjusted_rand(nn, aa, bb, total=total),
        "variation_bits": abs(left_bits + right_bits),
        "left_given_right_bits": abs(left_bits),
        "right_given_left_bits": abs(right_bits),
    }


def _adjusted_rand(nn: float, aa: float, bb: float, *, total: float) -> float:
    by_chance = aa * bb / total**2
    most = (aa + bb) / 2.0
    return 1.0 if most == by_chance else (nn - by_chance) / (most - by_chance)
