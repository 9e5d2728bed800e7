"""The columns that reach the page: names and how many digits each keeps, nothing else ever.

Duty-holders, phone numbers and any other column of a source stay out, since only what is named here
is taken.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

__all__ = [
    "FINDING_FIELDS",
    "FINER_FIELDS",
    "GRID_FIELDS",
    "SITE_FIELDS",
    "TIER_FIELDS",
    "UNIT_FIELDS",
    "column",
    "positions",
    "table",
    "tier_table",
]

_TEXT: Final = None

GRID_FIELDS: Final[Mapping[str, int | None]] = {
    "name": _TEXT,
    "kind": _TEXT,
    "parent_id": _TEXT,
    "households": 1,
    "residents": 1,
    "area_m2": 0,
    "compactness": 3,
    "n_neighbours": 0,
    "n_parts": 0,
    "is_orphan": 0,
    "n_findings": 0,
}
"""Columns of grids (canonical and the audit's own) to decimals kept, None for text."""

FINER_FIELDS: Final[Mapping[str, int | None]] = {
    "name": _TEXT,
    "level": _TEXT,
    "parent_id": _TEXT,
    "households": 1,
    "residents": 1,
    "area_m2": 0,
}
"""Columns of the grids of finer levels."""

UNIT_FIELDS: Final[Mapping[str, int | None]] = {
    "name": _TEXT,
    "level": _TEXT,
    "parent_id": _TEXT,
    "residents": 1,
    "n_grids_base": 0,
    "n_grids_dedicated": 0,
    "n_orphans": 0,
    "n_findings": 0,
}
"""Columns of units."""

SITE_FIELDS: Final[Mapping[str, int | None]] = {
    "name": _TEXT,
    "category": _TEXT,
    "tier": _TEXT,
    "services": _TEXT,
    "capacity": 1,
    "opened_minutes": 0,
}
"""Columns of sites."""

FINDING_FIELDS: Final[Mapping[str, int | None]] = {
    "finding_id": _TEXT,
    "rule": _TEXT,
    "defect": _TEXT,
    "severity": _TEXT,
    "tier": _TEXT,
    "model": _TEXT,
    "category": _TEXT,
    "measure": 4,
    "measure_unit": _TEXT,
    "limit": 4,
    "residents": 1,
    "households": 1,
    "message_zh": _TEXT,
    "message_en": _TEXT,
    "source": _TEXT,
    "confidence": _TEXT,
    "status": _TEXT,
}
"""Columns of findings."""

TIER_FIELDS: Final[Mapping[str, int | None]] = {
    "nearest_m": 1,
    "nearest_minutes": 2,
    "n_sites": 0,
    "covered_area_share": 4,
    "covered_residents_share": 4,
    "class": _TEXT,
    "demand_basis": _TEXT,
    "certainty": _TEXT,
    "covered_residents_share_{}_low": 3,
    "covered_residents_share_{}_high": 3,
}
"""Columns `<name>_<tier>` of grids and units; `{}` is the tier's place where it is not last."""


def table(frame: pd.DataFrame | None, fields: Mapping[str, int | None]) -> dict[str, list[Any]]:
    """Return those of `fields` that `frame` has, as lists of JSON values; `id` is the index."""
    if frame is None:
        return {"id": []}
    found: dict[str, list[Any]] = {"id": [str(label) for label in frame.index]}
    return found | {
        name: column(frame[name], digits) for name, digits in fields.items() if name in frame
    }


def tier_table(frame: gpd.GeoDataFrame | None, suffix: str) -> dict[str, list[Any]]:
    """Return the columns `<name>_<suffix>` of `frame` by bare name."""
    if frame is None:
        return {}
    named = {
        name.replace("_{}", ""): (
            name.format(suffix) if "{}" in name else f"{name}_{suffix}",
            digits,
        )
        for name, digits in TIER_FIELDS.items()
    }
    return {
        name: column(frame[full], digits) for name, (full, digits) in named.items() if full in frame
    }


def column(values: pd.Series, digits: int | None) -> list[Any]:
    """Return a column as JSON values: text, or numbers with `digits` decimals; missing is None."""
    if digits is None:
        missing = values.isna().to_numpy()
        return [None if gone else str(v) for v, gone in zip(values, missing, strict=True)]
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return [_number(value, digits) for value in numbers.tolist()]


def positions(lists: pd.Series, index: pd.Index) -> list[list[int]]:
    """Return each list of ids as the positions in `index` of those that are there."""
    at = {str(label): i for i, label in enumerate(index)}
    return [[at[item] for item in _items(ids) if item in at] for ids in lists]


def _items(ids: object) -> Sequence[str]:
    return [str(item) for item in ids] if isinstance(ids, tuple | list | np.ndarray) else []


def _number(value: float, digits: int) -> float | int | None:
    if not math.isfinite(value):
        return None
    rounded = round(value, digits)
    return int(rounded) if rounded == int(rounded) else rounded
