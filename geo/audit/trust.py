"""What the audit does with layers whose places cannot be trusted (D105, D106)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from geo.layers import Layers, Source

__all__ = ["doubtful_layers", "trusted_layers", "unjudged"]

_JUDGED_BY: Final = ("sites", "buildings")
_MEASURED: Final = (
    "n_sites",
    "nearest_m",
    "nearest_minutes",
    "area_share",
    "residents_share",
    "households_share",
    "residents_share_low",
    "residents_share_high",
    "demand_per_site",
    "location_quotient",
)


def doubtful_layers(sources: Sequence[Source]) -> frozenset[str]:
    """Return the layers that rules judge by and whose places cannot be trusted."""
    doubtful = {source.layer for source in sources if source.is_doubtful}
    return frozenset(doubtful & set(_JUDGED_BY))


def trusted_layers(layers: Layers, doubtful: frozenset[str]) -> Layers:
    """Return `layers` without doubtful buildings: in the wrong grids they would mislead."""
    return replace(layers, buildings=None) if "buildings" in doubtful else layers


def unjudged(table: pd.DataFrame) -> pd.DataFrame:
    """Return a long table of coverage in which every measure is missing and every class unknown."""
    words = {"class": "unknown", "certainty": None}
    return table.assign(**dict.fromkeys(_MEASURED, np.nan), **words)
