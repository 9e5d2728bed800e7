"""The properties of a collection, ready to be written into tiles."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from struct import pack
from typing import Final

import numpy as np
import numpy.typing as npt
import orjson

from api.http.columns import Column
from api.http.features import FeatureTable
from api.http.tiles.varints import Whole, byte_ends, varint, varints

__all__ = ["Attributes", "field"]

_VALUES: Final = 4
_STRING: Final = 1
_NO_VALUE: Final = -1
_UINT: Final = b"\x28"
_SINT: Final = b"\x30"
_DOUBLE: Final = b"\x19"
_TRUE: Final = b"\x38\x01"
_FALSE: Final = b"\x38\x00"


def field(number: int, content: bytes) -> bytes:
    """Return `content` as field `number` of a message."""
    return b"%b%b%b" % (varint(number << 3 | 2), varint(len(content)), content)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attributes:
    """k properties of n features.

    `codes`
        n × k numbers of values, -1 where missing; no value serves two properties.
    `blob`, `ends`
        All values as fields of a layer, one after the other, and where each ends.
    """

    names: tuple[str, ...]
    codes: npt.NDArray[np.int32]
    blob: bytes
    ends: Whole

    @classmethod
    def of(cls, table: FeatureTable) -> "Attributes":
        """Return the properties of `table`, its ids first."""
        columns = [column for name, column in table.columns.items() if name != "id"]
        parts = [_of_ids(table.ids), *(_of_column(column) for column in columns)]
        codes = np.empty((len(table), len(parts)), dtype=np.int32)
        fields: list[bytes] = []
        for place, (values, own) in enumerate(parts):
            codes[:, place] = np.where(own == _NO_VALUE, _NO_VALUE, own + len(fields))
            fields += [field(_VALUES, value) for value in values]
        return cls(
            names=("id", *(column.name for column in columns)),
            codes=codes,
            blob=b"".join(fields),
            ends=np.cumsum([len(each) for each in fields], dtype=np.int64),
        )

    def tags(self, rows: Whole) -> tuple[list[bytes], bytes]:
        """Return the tags of each of `rows`, and the values that they point to."""
        codes = self.codes[rows]
        is_there = codes != _NO_VALUE
        used, numbers = np.unique(codes[is_there], return_inverse=True)
        keys = np.broadcast_to(np.arange(codes.shape[1]), codes.shape)[is_there]
        written, ends = varints(np.column_stack([keys, numbers]).ravel().astype(np.int64))
        cuts = byte_ends(ends, 2 * is_there.sum(axis=1)).tolist()
        tags = [written[a:b] for a, b in zip([0, *cuts[:-1]], cuts, strict=True)]
        stops = self.ends[used].tolist()
        starts = np.where(used > 0, self.ends[used - 1], 0).tolist()
        blob = self.blob
        return tags, b"".join([blob[a:b] for a, b in zip(starts, stops, strict=True)])


def _of_ids(ids: Sequence[str]) -> tuple[list[bytes], npt.NDArray[np.int32]]:
    return [_text(fid) for fid in ids], np.arange(len(ids), dtype=np.int32)


def _of_column(column: Column) -> tuple[list[bytes], npt.NDArray[np.int32]]:
    """Return the different values, and for each row the number of its value."""
    if column.kind in {"number", "integer"}:
        found, codes = np.unique(column.numbers, return_inverse=True)
        own = np.where(column.is_missing, _NO_VALUE, codes).astype(np.int32)
        write = _integer if column.kind == "integer" else _double
        return [write(value) for value in found[~np.isnan(found)].tolist()], own
    if column.kind == "list":
        return _of_lists(column)
    if column.kind == "boolean":
        return [_TRUE if w == "true" else _FALSE for w in column.words], column.code_of_row()
    return [_text(word) for word in column.words], column.code_of_row()


def _of_lists(column: Column) -> tuple[list[bytes], npt.NDArray[np.int32]]:
    """Return lists as JSON text."""
    held: list[list[str]] = [[] for _ in column.is_missing]
    for row, code in zip(column.rows.tolist(), column.codes.tolist(), strict=True):
        held[row].append(column.words[code])
    numbers: dict[str, int] = {}
    codes = _numbered([orjson.dumps(items).decode() for items in held], numbers)
    codes[column.is_missing] = _NO_VALUE
    return [_text(text) for text in numbers], codes


def _numbered(texts: Iterable[str], numbers: dict[str, int]) -> npt.NDArray[np.int32]:
    return np.array([numbers.setdefault(text, len(numbers)) for text in texts], dtype=np.int32)


def _text(text: str) -> bytes:
    return field(_STRING, text.encode())


def _double(value: float) -> bytes:
    return _DOUBLE + pack("<d", value)


def _integer(value: float) -> bytes:
    whole = int(value)
    return _UINT + varint(whole) if whole >= 0 else _SINT + varint(-2 * whole - 1)
