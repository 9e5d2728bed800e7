"""The cells of a layer: names, ids, numbers and words as the schema wants them."""

import json
from collections.abc import Mapping

import numpy as np
import pandas as pd

from geo.io.columns import Mapped, id_text, kind_words, normalised, parse_number, plain_text
from geo.io.project import LayerSpec
from geo.io.records import Records
from geo.schema import Column, LayerSchema, layer_schemas

__all__ = ["assign_ids", "to_canonical"]

_REFERENCES = ("parent_id", "grid_id", "unit_id", "building_id", "estate_id")


def to_canonical(
    frame: pd.DataFrame,
    mapped: Mapped,
    spec: LayerSpec,
    *,
    records: Records,
    categories: Mapping[str, str],
) -> pd.DataFrame:
    """Return `frame` with our columns first, parsed, the file's other columns after them.

    A value that cannot be read is noted (D102) and missing. The index counts rows from 1.
    """
    schema = layer_schemas()[spec.schema]
    result = frame.rename(columns=dict(mapped.renamed)).drop(columns=list(mapped.ours.values()))
    index = pd.RangeIndex(1, len(frame) + 1)
    result.index = index
    for name in (name for name in result.columns if name != "geometry"):
        result[name] = _plain(result[name])
    ours = {name: frame[source].set_axis(index) for name, source in mapped.ours.items()}
    for name, default in spec.defaults.items():
        given = ours.get(name, pd.Series(None, index=index, dtype=object)).astype(object)
        ours[name] = given.where(given.notna(), default)
    for position, name in enumerate(name for name in schema.columns if name in ours):
        values = _parsed(ours[name], schema.columns[name], schema, records=records)
        result.insert(position, name, values)
    for name in (name for name in ours if name not in schema.columns):
        result[name] = ours[name]
    if "category" in result.columns and categories:
        result["category_source"] = result["category"]
        mapping = {word.strip(): ours for word, ours in categories.items()}
        words = [mapping.get(word, word) for word in result["category"]]
        result["category"] = pd.Series(words, index=index, dtype=object)
    result = _with_required(result, spec, schema, records=records)
    places = [name for name in ("geometry",) if name in result.columns]
    return result[[name for name in result.columns if name not in places] + places]


def assign_ids(
    frame: pd.DataFrame, spec: LayerSpec, *, records: Records, taken: set[str]
) -> pd.Series:
    """Return the id of each row, unique among `taken`, which grows by them.

    Without an id column the row number serves and one D101 (info) says so; a missing id goes by
    `row-n`, a repeated one by a suffix `#2`, `#3`, … each with D101.
    """
    schema = layer_schemas()[spec.schema]
    if schema.id_column not in frame.columns:
        prefix = f"{spec.level or spec.path.stem}-" if taken else ""
        given: list[str | None] = [f"{prefix}{row}" for row in frame.index]
        records.note("D101", "io.no_id_column", severity="info")
    else:
        given = list(frame[schema.id_column])
    own = {value for value in given if value is not None}
    ids: list[str] = []
    for row, value in zip(frame.index, given, strict=True):
        wanted = value if value is not None else f"row-{row}"
        name, n = wanted, 2
        while name in taken or (name != value and name in own):
            name, n = f"{wanted}#{n}", n + 1
        if value is None:
            records.note("D101", "io.missing_id", row=row, column=schema.id_column)
        elif name != value:
            records.note("D101", "io.repeated_id", row=row, column=schema.id_column, value=value)
        taken.add(name)
        ids.append(name)
    return pd.Series(ids, index=frame.index, name=schema.id_column, dtype=object)


def _parsed(
    values: pd.Series, column: Column, schema: LayerSchema, *, records: Records
) -> pd.Series:
    if column.dtype in ("number", "integer"):
        return _numbers(values, column, records=records)
    if column.name == "kind":
        return _kinds(values, records=records)
    is_id = column.name == schema.id_column or column.name in _REFERENCES
    read = id_text if is_id else plain_text
    return pd.Series([read(value) for value in values], index=values.index, dtype=object)


def _numbers(values: pd.Series, column: Column, *, records: Records) -> pd.Series:
    """Return numbers; what is none, or below the minimum, is noted and missing."""
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        numbers = values.astype(float).replace([np.inf, -np.inf], np.nan)
        unread = values.notna() & numbers.isna()
    else:
        texts = [plain_text(value) for value in values]
        parsed = [None if text is None else parse_number(text) for text in texts]
        numbers = pd.Series(parsed, index=values.index, dtype=float)
        unread = pd.Series([text is not None for text in texts], index=values.index)
        unread &= numbers.isna()
    for row in values.index[unread]:
        value = str(values[row])
        records.note("D102", "io.not_a_number", row=row, column=column.name, value=value)
    if column.minimum is not None:
        low = numbers < column.minimum
        for row in values.index[low]:
            records.note(
                "D102",
                "io.below_minimum",
                row=row,
                column=column.name,
                value=plain_text(values[row]),
                minimum=column.minimum,
            )
        numbers = numbers.mask(low)
    return numbers


def _kinds(values: pd.Series, *, records: Records) -> pd.Series:
    known = kind_words()
    kinds: list[str] = []
    for row, value in values.items():
        text = plain_text(value)
        kind = "base" if text is None else known.get(normalised(text))
        if kind is None:
            records.note("D102", "io.unknown_kind", row=int(str(row)), column="kind", value=text)
        kinds.append(kind or "base")
    return pd.Series(kinds, index=values.index, dtype=object)


def _plain(values: pd.Series) -> pd.Series:
    """Return a further column as numbers or text: lists as JSON, mixed cells as text."""
    if values.dtype != object:
        return values
    kinds = {type(value) for value in values if value is not None and value is not pd.NA}
    if kinds <= {int, float}:
        return pd.to_numeric(values)
    if kinds <= {str}:
        return values
    texts = [
        json.dumps(_listed(value), ensure_ascii=False, default=str)
        if isinstance(value, (list, tuple, dict, np.ndarray))
        else plain_text(value)
        for value in values
    ]
    return pd.Series(texts, index=values.index, dtype=object)


def _listed(value: object) -> object:
    return value.tolist() if isinstance(value, np.ndarray) else value


def _with_required(
    frame: pd.DataFrame, spec: LayerSpec, schema: LayerSchema, *, records: Records
) -> pd.DataFrame:
    """Return `frame` with the columns that are always there: `kind` of grids."""
    if schema.name == "grids" and "kind" not in frame.columns:
        kinds = _kinds(pd.Series(None, index=frame.index, dtype=object), records=records)
        frame.insert(0, "kind", kinds)
    if schema.name in ("grids", "units") and spec.level is not None:
        frame["level"] = spec.level
    return frame
