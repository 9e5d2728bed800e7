"""Columns as plain JSON values: NaN is null, lists are arrays, everything else is text."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["json_column", "json_records", "json_value"]


def json_column(values: pd.Series) -> list[Any]:
    """Return `values` as n values that JSON can hold; missing and infinite ones are None. O(n)."""
    if pd.api.types.is_bool_dtype(values.dtype) and isinstance(values.dtype, np.dtype):
        return values.tolist()
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "iu":
        return values.tolist()
    if isinstance(values.dtype, np.dtype) and values.dtype.kind == "f":
        return [v if v - v == 0.0 else None for v in values.tolist()]
    return [json_value(value) for value in values]


def json_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of `frame` (its index left out) as records of JSON values."""
    names = [str(name) for name in frame.columns]
    columns = [json_column(frame.iloc[:, i]) for i in range(len(names))]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def json_value(value: Any) -> Any:  # noqa: ANN401
    """Return one value that JSON can hold."""
    if isinstance(value, str):
        return value
    if isinstance(value, np.ndarray):
        return [json_value(item) for item in value.tolist()]
    if isinstance(value, Mapping):
        return {str(name): json_value(item) for name, item in value.items()}
    if isinstance(value, (Sequence, set, frozenset)) and not isinstance(value, (bytes, bytearray)):
        items = sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
        return [json_value(item) for item in items]
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    return _scalar(value)


def _scalar(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, date):
        return value.isoformat()
    return value.hex() if isinstance(value, (bytes, bytearray)) else str(value)
