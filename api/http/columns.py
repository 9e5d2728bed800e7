"""One property of all features of a collection, ready to be compared with text from a URL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from api.http.problems import RequestError

__all__ = ["Column", "Flags", "Kind", "Rows"]

Kind = Literal["text", "number", "integer", "boolean", "list"]
Rows = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]

_FLAGS: Final = MappingProxyType({"true": "true", "false": "false", "1": "true", "0": "false"})
_NO_CODE: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Column:
    """A property that can be filtered by `name=value`.

    Numbers are kept as such (`numbers`, n values, NaN where missing). All else is coded: the value
    `text` stands in the rows `rows[codes == lookup[text]]`; a list stands in as many places as it
    has items. `is_missing` tells of each of the n rows whether it has no value.
    """

    name: str
    kind: Kind
    is_missing: Flags
    numbers: npt.NDArray[np.float64]
    rows: Rows
    codes: npt.NDArray[np.int32]
    lookup: Mapping[str, int]

    @classmethod
    def from_values(cls, name: str, values: Sequence[Any]) -> "Column | None":
        """Return the column of `values` (None is missing); None where they hold objects."""
        kind = _kind(values)
        if kind is None:
            return None
        is_missing = np.array([value is None for value in values], dtype=np.bool_)
        if kind in {"number", "integer"}:
            numbers = np.array([np.nan if v is None else v for v in values], dtype=np.float64)
            empty = np.empty(0, dtype=np.intp)
            return cls(
                name=name,
                kind=kind,
                is_missing=is_missing,
                numbers=numbers,
                rows=empty,
                codes=empty.astype(np.int32),
                lookup=MappingProxyType({}),
            )
        rows, codes, lookup = _coded(values)
        return cls(
            name=name,
            kind=kind,
            is_missing=is_missing,
            numbers=np.empty(0),
            rows=rows,
            codes=codes,
            lookup=MappingProxyType(lookup),
        )

    def rows_equal(self, text: str) -> Rows:
        """Return the rows whose value equals `text` (a list: holds it), ascending.

        Raises
        ------
        RequestError
            If the column holds numbers or flags and `text` is none.
        """
        if self.kind in {"number", "integer"}:
            return np.flatnonzero(self.numbers == self._number(text))
        if self.kind == "boolean":
            flag = _FLAGS.get(text.lower())
            if flag is None:
                raise RequestError("http.not_a_flag", name=self.name, value=text)
            text = flag
        found: Rows = self.rows[self.codes == self.lookup.get(text, _NO_CODE)]
        return found

    @property
    def words(self) -> tuple[str, ...]:
        """The different values of a coded column, in the order of their codes."""
        return tuple(self.lookup)

    def code_of_row(self) -> npt.NDArray[np.int32]:
        """Return the code of each row of a coded column that holds no lists; -1 where missing."""
        found = np.full(len(self.is_missing), _NO_CODE, dtype=np.int32)
        found[self.rows] = self.codes
        return found

    def _number(self, text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = np.nan
        if not np.isfinite(number):
            raise RequestError("http.not_a_number", name=self.name, value=text)
        return number


def _kind(values: Sequence[Any]) -> Kind | None:
    types = {type(value) for value in values} - {type(None)}
    if dict in types or (list in types and len(types) > 1):
        return None
    if types == {list}:
        return "list"
    if types == {bool}:
        return "boolean"
    if types == {int}:
        return "integer"
    if types and types <= {int, float}:
        return "number"
    return "text"


def _coded(values: Sequence[Any]) -> tuple[Rows, npt.NDArray[np.int32], dict[str, int]]:
    rows: list[int] = []
    codes: list[int] = []
    lookup: dict[str, int] = {}
    for row, value in enumerate(values):
        if value is None:
            continue
        for text in dict.fromkeys(_text(item) for item in _items(value)):
            rows.append(row)
            codes.append(lookup.setdefault(text, len(lookup)))
    return np.array(rows, dtype=np.intp), np.array(codes, dtype=np.int32), lookup


def _items(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else (value,)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
