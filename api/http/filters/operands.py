"""What predicates compare: numbers, texts, flags, instants, lists; of all rows or one for all."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from api.http.columns import Column
from api.http.problems import RequestError

__all__ = ["Codes", "Flagged", "Instants", "Numbers", "Operand", "Texts", "scalar_operand"]

Codes = npt.NDArray[np.int32]
Reals = npt.NDArray[np.float64]

_ARITHMETIC: Final = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "^": np.power,
}
_ONE: Final = np.zeros(1, dtype=np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """Numbers of n rows or one for all; NaN is missing."""

    values: Reals


@dataclass(frozen=True, slots=True, eq=False)
class Instants:
    """Seconds since 1970 of n rows or one for all; NaN is missing."""

    values: Reals


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """`words[codes]` of n rows or one for all; code -1 is missing."""

    words: tuple[str, ...]
    codes: Codes


@dataclass(frozen=True, slots=True, eq=False)
class Flagged:
    """1 or 0 of n rows or one for all; NaN is missing."""

    values: Reals


Operand = Numbers | Instants | Texts | Flagged


def scalar_operand(node: object, columns: Mapping[str, Column]) -> Operand:
    """Return what `node` of a filter stands for.

    Raises
    ------
    RequestError
        If it is no scalar, or names what is no queryable.
    """
    if isinstance(node, bool):
        return Flagged(np.array([float(node)]))
    if isinstance(node, int | float):
        return Numbers(np.array([float(node)]))
    if isinstance(node, str):
        return Texts((node,), _ONE)
    if isinstance(node, dict):
        return _of_object(node, columns)
    raise RequestError("http.filter_unknown", what=_shown(node))


def _of_object(node: Mapping[str, Any], columns: Mapping[str, Column]) -> Operand:
    if "property" in node:
        return _of_column(find_column(node, columns))
    for name in ("date", "timestamp"):
        if isinstance(node.get(name), str):
            seconds = _seconds(node[name])
            if seconds is None:
                raise RequestError("http.filter_unknown", what=_shown(node[name]))
            return Instants(np.array([seconds]))
    operation, args = node.get("op"), node.get("args")
    if operation in {"casei", "accenti"} and isinstance(args, list) and len(args) == 1:
        return _folded(str(operation), scalar_operand(args[0], columns))
    if operation in {*_ARITHMETIC, "div"} and isinstance(args, list):
        return _computed(str(operation), [scalar_operand(arg, columns) for arg in args])
    raise RequestError("http.filter_unknown", what=_shown(operation or node))


def find_column(node: Mapping[str, Any], columns: Mapping[str, Column]) -> Column:
    """Return the queryable that `node` names; only queryables can be named."""
    name = node["property"]
    if not isinstance(name, str) or name not in columns:
        raise RequestError("http.filter_no_property", name=_shown(name))
    return columns[name]


def _of_column(column: Column) -> Operand:
    if column.kind in {"number", "integer"}:
        return Numbers(column.numbers)
    if column.kind == "list":
        raise RequestError("http.filter_types", what=column.name)
    codes = column.code_of_row()
    if column.kind == "boolean":
        flags = np.array([*(float(word == "true") for word in column.words), np.nan])
        return Flagged(flags[codes])
    return Texts(column.words, codes)


def _folded(operation: str, operand: Operand) -> Texts:
    """Return texts without case, or without accents."""
    if not isinstance(operand, Texts):
        raise RequestError("http.filter_types", what=operation)
    if operation == "casei":
        return Texts(tuple(word.casefold() for word in operand.words), operand.codes)
    return Texts(tuple(_unaccented(word) for word in operand.words), operand.codes)


def _unaccented(word: str) -> str:
    parts = unicodedata.normalize("NFD", word)
    return unicodedata.normalize("NFC", "".join(c for c in parts if not unicodedata.combining(c)))


def _computed(operation: str, operands: list[Operand]) -> Numbers:
    values = [operand.values for operand in operands if isinstance(operand, Numbers)]
    if len(values) != len(operands) or not values:
        raise RequestError("http.filter_types", what=operation)
    with np.errstate(all="ignore"):
        if operation == "-" and len(values) == 1:
            return Numbers(-values[0])
        if len(values) != 2:  # noqa: PLR2004
            raise RequestError("http.filter_unknown", what=operation)
        if operation == "div":
            return Numbers(np.trunc(values[0] / values[1]))
        return Numbers(np.asarray(_ARITHMETIC[operation](*values), dtype=np.float64))


def instants_of(texts: Texts) -> Instants:
    """Return texts as instants; missing where they are none."""
    found = [_seconds(word) for word in texts.words]
    seconds = np.array([*(np.nan if value is None else value for value in found), np.nan])
    return Instants(seconds[texts.codes])


def _seconds(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text.upper()) if "T" in text.upper() else None
        if moment is None:
            moment = datetime.combine(date.fromisoformat(text), datetime.min.time())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _shown(value: object) -> str:
    return str(value)[:80]
