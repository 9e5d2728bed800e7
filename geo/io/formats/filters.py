"""The `where` clause of formats that GDAL does not read."""

import sqlite3
from contextlib import closing

import pandas as pd

from geo.errors import LoadError
from geo.io.columns import parse_number
from geo.io.formats.raw import reason_of
from geo.io.project import LayerSpec

__all__ = ["chosen_rows", "filtered"]


def filtered(frame: pd.DataFrame, spec: LayerSpec) -> pd.DataFrame:
    """Return the rows of `frame` for which the project's `where` holds, counted anew.

    Columns whose filled cells are all numbers are compared as numbers.

    Raises
    ------
    LoadError
        If SQLite does not understand the clause.
    """
    return (
        frame if spec.where is None else frame.iloc[chosen_rows(frame, spec)].reset_index(drop=True)
    )


def chosen_rows(frame: pd.DataFrame, spec: LayerSpec) -> list[int]:
    """Return the positions of the rows for which the project's `where` holds.

    Raises
    ------
    LoadError
        If SQLite does not understand the clause.
    """
    if spec.where is None:
        return list(range(len(frame)))
    cells = pd.DataFrame({name: _comparable(frame[name]) for name in frame if name != "geometry"})
    cells["row_of_file"] = range(len(cells))
    with closing(sqlite3.connect(":memory:")) as base:
        try:
            cells.to_sql("layer", base, index=False)
            query = f"SELECT row_of_file FROM layer WHERE ({spec.where})"  # noqa: S608 the user's own
            rows = [int(row) for (row,) in base.execute(query)]
        except (sqlite3.Error, OverflowError, ValueError) as error:
            reason = reason_of(error)
            raise LoadError(
                "io.bad_where", path=spec.shown, where=spec.where, reason=reason
            ) from error
    return rows


def _comparable(values: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values
    filled = values.dropna()
    numbers = filled.map(parse_number)
    if len(filled) and numbers.notna().all():
        return numbers.reindex(values.index).astype(float)
    return values.astype("string")
