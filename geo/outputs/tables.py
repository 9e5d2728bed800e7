"""The CSV files: `coverage.csv` and `quarantine.csv`, which Excel opens with its Chinese intact."""

from pathlib import Path
from typing import Final

import pandas as pd

__all__ = [
    "COVERAGE_COLUMNS",
    "QUARANTINE_COLUMNS",
    "guarded",
    "write_coverage",
    "write_quarantine",
    "write_table",
]

COVERAGE_COLUMNS: Final = (
    "subject",
    "id",
    "tier",
    "model",
    "category",
    "n_sites",
    "nearest_m",
    "nearest_minutes",
    "area_share",
    "residents_share",
    "households_share",
    "class",
    "confidence",
    "demand_per_site",
    "location_quotient",
    "residents_share_low",
    "residents_share_high",
    "certainty",
)
"""Columns of `coverage.csv`, in order (contract.md)."""

QUARANTINE_COLUMNS: Final = ("layer", "row", "id", "column", "value", "reason")
"""Columns of `quarantine.csv`, in order (contract.md)."""

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def write_coverage(coverage: pd.DataFrame, path: Path) -> None:
    """Write the long table; numbers keep nine significant digits."""
    table = coverage.reindex(columns=list(COVERAGE_COLUMNS))
    _write(table, path)


def write_quarantine(quarantine: pd.DataFrame, path: Path) -> None:
    """Write the refused rows; text that looks like a formula gets a `'` before it."""
    table = quarantine.reindex(columns=list(QUARANTINE_COLUMNS)).astype(object)
    _write(table.map(guarded), path)


def guarded(value: object) -> object:
    """Return `value`, with a `'` before text that a spreadsheet would take for a formula."""
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS) and not _is_number(value):
        return f"'{value}"
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write `table` without its index, text guarded; numbers keep nine significant digits."""
    texts = table.select_dtypes(exclude="number").columns
    _write(table.assign(**{str(name): table[name].map(guarded) for name in texts}), path)


def _write(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(
        path, index=False, encoding="utf-8-sig", lineterminator="\r\n", float_format="%.9g"
    )
