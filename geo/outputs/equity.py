"""`equity.csv`: how evenly the sites of each tier and category stand to those who need them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd

from geo.coverage.measures import ALL_CATEGORIES
from geo.coverage.services import category_title
from geo.outputs.tables import write_table
from geo.words import LANGUAGES, text

__all__ = ["EQUITY_FILE", "equity_table", "equity_writers"]

EQUITY_FILE: Final = "equity.csv"
"""Written where there are sites; that of an earlier run goes when there are none."""

_FIGURES: Final = (
    "is_asked",
    "demand_basis",
    "n_sites",
    "n_used",
    "demand_per_site",
    "unserved_share",
    "max_location_quotient",
    "gini",
)

Need = Mapping[str, Mapping[str, Mapping[str, Any]]]


def equity_writers(need: Need, model: str) -> Mapping[str, Callable[[Path], object]]:
    """Return file name to what writes it; empty without sites."""
    if not need:
        return {}
    return {EQUITY_FILE: lambda path: write_table(equity_table(need, model), path)}


def equity_table(need: Need, model: str) -> pd.DataFrame:
    """Return a row a tier and category: figures, and the Lorenz curve in tenths.

    `lorenz_10` … `lorenz_100`: the share of the service that the least served 10, … 100 % of the
    demand hold.
    """
    rows = []
    for tier, categories in need.items():
        for category, figures in categories.items():
            curve = figures["lorenz"] or []
            step = 100 // max(len(curve), 1)
            titles = {f"title_{name}": _title(category, name) for name in LANGUAGES}
            rows.append(
                {
                    "tier": tier,
                    "model": model,
                    "category": category,
                    **titles,
                    **{name: figures[name] for name in _FIGURES},
                    **{f"lorenz_{step * at}": share for at, share in enumerate(curve, 1)},
                }
            )
    return pd.DataFrame(rows)


def _title(category: str, language: str) -> str:
    if category == ALL_CATEGORIES:
        return text("outputs.all_sites", language)
    return category_title(category, language)
