"""Frames as GeoPackage holds them: plain columns with legal names, and the way back.

A GeoPackage knows no lists, no two columns that differ by letter case only, and keeps `fid` and
`geom` for itself. `Stored.columns` records what each column was, so that `restored` gives it back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import pandas as pd

from geo.outputs.values import json_column, json_value

__all__ = ["Stored", "restored", "stored"]

_RESERVED: Final = frozenset({"fid", "ogc_fid", "rowid", "geom", "geometry", ""})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stored:
    """A table without its geometry as GeoPackage holds it.

    `columns`
        A record each, in order: `name`, `field` (its name in the file), `form` (`text`, `number`,
        `integer`, `flag`, `json`), `dtype`.
    """

    table: pd.DataFrame
    columns: tuple[dict[str, str], ...]


def stored(frame: pd.DataFrame) -> Stored:
    """Return `frame` (its index left out) in plain columns with legal names."""
    fields = _fields([str(name) for name in frame.columns])
    data: dict[str, pd.Series] = {}
    columns = []
    for place, field in enumerate(fields):
        values = frame.iloc[:, place]
        form = _form(values)
        data[field] = _encoded(values, form)
        name, dtype = str(frame.columns[place]), str(values.dtype)
        columns.append({"name": name, "field": field, "form": form, "dtype": dtype})
    return Stored(table=pd.DataFrame(data, index=frame.index), columns=tuple(columns))


def restored(table: pd.DataFrame, columns: Sequence[Mapping[str, str]]) -> pd.DataFrame:
    """Return the frame that `stored` was given, from what the file holds."""
    data = {
        column["name"]: _decoded(table[column["field"]], column["form"]).astype(
            column["dtype"]  # type: ignore[call-overload]
        )
        for column in columns
    }
    return pd.DataFrame(data, index=table.index)


def _fields(names: Sequence[str]) -> list[str]:
    taken = set(_RESERVED)
    fields = []
    for name in names:
        field, n = name, 1
        while field.casefold() in taken:
            n += 1
            field = f"{name or 'column'}_{n}" if n > 2 else f"{name or 'column'}_source"  # noqa: PLR2004
        taken.add(field.casefold())
        fields.append(field)
    return fields


def _form(values: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(values.dtype):
        return "flag"
    if pd.api.types.is_integer_dtype(values.dtype):
        return "integer"
    if pd.api.types.is_float_dtype(values.dtype):
        return "number"
    if values.dtype != object:
        return "text"
    kinds = {type(value) for value in json_column(values)} - {type(None)}
    forms = {bool: "flag", int: "integer", float: "number", str: "text"}
    return forms.get(kinds.pop(), "json") if len(kinds) == 1 else "json" if kinds else "text"


def _encoded(values: pd.Series, form: str) -> pd.Series:
    plain = json_column(values)
    if form == "json":
        texts = [None if value is None else orjson.dumps(value).decode() for value in plain]
        return pd.Series(texts, index=values.index, dtype=object)
    if form == "text":
        texts = [None if value is None else str(value) for value in plain]
        return pd.Series(texts, index=values.index, dtype=object)
    dtypes = {"flag": "boolean", "integer": "Int64", "number": "float64"}
    if form != "number" and None not in plain:
        dtypes = {"flag": "bool", "integer": "int64"}
    return pd.Series(plain, index=values.index, dtype=dtypes[form])


def _decoded(values: pd.Series, form: str) -> pd.Series:
    if form == "number":
        return values.astype("float64")
    makers: Mapping[str, Any] = {
        "json": lambda value: _tuples(orjson.loads(value)),
        "flag": bool,
        "integer": int,
        "text": str,
    }
    make = makers[form]
    plain = [None if json_value(value) is None else make(value) for value in values]
    return pd.Series(plain, index=values.index, dtype=object)


def _tuples(value: Any) -> Any:  # noqa: ANN401
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
