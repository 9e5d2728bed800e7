"""Names and cells of a file to ours: canonical columns, synonyms, ids as text, numbers."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
import pandas as pd

from geo.errors import LoadError
from geo.io.project import LayerSpec
from geo.schema import LayerSchema, layer_schemas

__all__ = [
    "Mapped",
    "id_text",
    "kind_words",
    "map_columns",
    "normalised",
    "parse_number",
    "place_words",
    "plain_text",
]

_CUTTING: Final = (".shp", ".dbf", ".zip", ".gz", ".tgz", ".tar", "")
"""Formats that cut column names at ten bytes, and what may hold such files."""

_NAME_BYTES: Final = 10

_POSITIONS: Final = ("lon", "lat", "x", "y", "lonlat", "latlon", "wkt")
_BRACKETS: Final = re.compile(r"[(\[].*?[)\]]")
_JOINTS: Final = re.compile(r"[\s_\-.·:/]+")
_SEPARATORS: Final = re.compile(r"[\s,'_]")
_DECIMAL_ID: Final = re.compile(r"[+-]?\d+\.0+")

# Columns that the audit adds to grids, and names that a GeoPackage keeps for itself.
_RESERVED: Final = re.compile(
    r"fid|geom|geometry|area_m2|compactness|n_neighbours|n_parts|is_orphan|orphan_reasons"
    r"|n_findings|(nearest_m|nearest_minutes|n_sites|covered_area_share|covered_residents_share"
    r"|class|demand_basis|certainty|access)_.+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """How the columns of a file were named.

    `ours`
        Canonical column to the file's column, in the order of the schema.
    `renamed`
        File's column to the name under which it is kept, for every column that is not ours.
    """

    ours: Mapping[str, str]
    renamed: Mapping[str, str]


def normalised(name: object) -> str:
    """Return a column name without case, blanks, joints, full width and units in brackets."""
    text = unicodedata.normalize("NFKC", str(name)).casefold()
    bare = _JOINTS.sub("", _BRACKETS.sub("", text))
    return bare or _JOINTS.sub("", text)


def map_columns(frame: pd.DataFrame, spec: LayerSpec) -> Mapped:
    """Return which column of `frame` is which of ours.

    The project's `columns` come first, then canonical names, then synonyms. Without a better one,
    a generic id (`id`, `osm_id`) is taken when its values tell the rows apart.

    Raises
    ------
    LoadError
        If the project maps a column that the file does not have.
    """
    schema = layer_schemas()[spec.schema]
    names = [str(name) for name in frame.columns if name != "geometry"]
    ours = _explicit(names, spec, schema)
    free = {normalised(name): name for name in reversed(names) if name not in ours.values()}
    exact = {name: name for name in schema.columns if name in names}
    for column in schema.columns.values():
        if column.name in ours or (column.name == "level" and spec.level is not None):
            continue
        words = [normalised(word) for word in (column.name, *column.synonyms)]
        known = [free[word] for word in words if word in free]
        known += _cut_names(words, free) if spec.path.suffix.casefold() in _CUTTING else []
        found = exact.get(column.name) or next(
            (name for name in known if _fits(frame[name], column.name, schema)), None
        )
        if column.name == schema.id_column and found is None:
            found = _weak_id(frame, free)
        if found is not None and found not in ours.values():
            ours[column.name] = found
            free = {word: name for word, name in free.items() if name != found}
    ordered = {name: ours[name] for name in schema.columns if name in ours}
    return Mapped(ours=ordered, renamed=_kept(names, ordered, schema))


def id_text(value: object) -> str | None:
    """Return an id as text: `6301200042.0` is `6301200042`, full width is plain, blank is None."""
    text = plain_text(value)
    if text is None:
        return None
    text = unicodedata.normalize("NFKC", text).strip()
    if _DECIMAL_ID.fullmatch(text):
        text = text.split(".")[0]
    return text or None


def plain_text(value: object) -> str | None:
    """Return a cell as text without surrounding blanks; whole floats without their `.0`."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (float, np.floating)):
        if np.isnan(value):
            return None
        number = float(value)
        return str(int(number)) if number.is_integer() else repr(number)
    if isinstance(value, pd.Timestamp):
        return str(value.isoformat())
    return str(value).strip() or None


def parse_number(value: object) -> float | None:
    """Return a cell as a finite number, or None: thousands separators and full width are read."""
    if isinstance(value, str):
        text = _SEPARATORS.sub("", unicodedata.normalize("NFKC", value))
        try:
            number = float(text)
        except ValueError:
            return None
    elif isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.number)):
        return None
    else:
        number = float(value)
    return number if np.isfinite(number) else None


@cache
def kind_words() -> Mapping[str, str]:
    """Return every normalised word for the kind of a grid, to `base` or `dedicated`."""
    values: Mapping[str, Sequence[str]] = _extra_words()["values"]
    return {normalised(word): kind for kind, words in values.items() for word in words}


@cache
def place_words() -> Mapping[str, tuple[str, ...]]:
    """Return the normalised names of the columns that hold places, by `lon`, `lat`, `wkt`, …."""
    listed: Mapping[str, Sequence[str]] = _extra_words()["places"]
    return {name: tuple(map(normalised, words)) for name, words in listed.items()}


@cache
def _extra_words() -> dict[str, Any]:
    source = files("geo.schema").joinpath("synonyms.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def _explicit(names: Sequence[str], spec: LayerSpec, schema: LayerSchema) -> dict[str, str]:
    """Return the project's own mapping; blanks around and letter case of a name are forgiven."""
    ours: dict[str, str] = {}
    loose = {name.strip().casefold(): name for name in reversed(names)}
    for canonical, given in spec.columns.items():
        if canonical in _POSITIONS and canonical not in schema.columns:
            continue
        found = given if given in names else loose.get(given.strip().casefold())
        if found is None:
            raise LoadError(
                "io.no_column",
                path=spec.shown,
                column=given,
                canonical=canonical,
                known=", ".join(names),
            )
        ours[canonical] = found
    return ours


def _cut_names(words: Sequence[str], free: Mapping[str, str]) -> list[str]:
    """Return names that are the beginning of one of `words`, as far as a shapefile has room.

    `网格编` of 网格编号 in UTF-8, `所属社区编` of 所属社区编号 in GBK.
    """
    return [
        name
        for word, name in sorted(free.items())
        if any(_is_cut(word, whole) for whole in words if not whole.isascii())
    ]


def _is_cut(name: str, whole: str) -> bool:
    """Return True when `name` is what is left of `whole` in ten bytes."""
    if not name or name == whole or not whole.startswith(name):
        return False
    more = whole[: len(name) + 1]
    sizes = [[len(text.encode(codec)) for text in (name, more)] for codec in ("utf-8", "gb18030")]
    return any(kept <= _NAME_BYTES < longer for kept, longer in sizes)


def _fits(values: pd.Series, column: str, schema: LayerSchema) -> bool:
    """Return False for a synonym whose values speak against it."""
    if column == schema.id_column:
        return bool(values.nunique() > len(values) / 2)
    if column == "kind":
        texts = [text for text in map(plain_text, values) if text is not None]
        known = sum(normalised(text) in kind_words() for text in texts)
        return known > len(texts) / 2
    return True


def _weak_id(frame: pd.DataFrame, free: Mapping[str, str]) -> str | None:
    """Return a generic id column whose values differ in most rows."""
    for word in _extra_words()["weak"]["ids"]:
        name = free.get(normalised(word))
        if name is not None:
            values = frame[name]
            if values.notna().all() and values.nunique() > len(values) / 2:
                return name
    return None


def _kept(names: Sequence[str], ours: Mapping[str, str], schema: LayerSchema) -> dict[str, str]:
    """Return under which name each further column is kept: a clash gets the suffix `_source`."""
    taken = {name.casefold() for name in schema.columns}
    renamed: dict[str, str] = {}
    for name in names:
        if name in ours.values():
            continue
        new = name
        while new.casefold() in taken or _is_reserved(new):
            new = f"{new}_source"
        taken.add(new.casefold())
        renamed[name] = new
    return renamed


def _is_reserved(name: str) -> bool:
    """Return True for a name that an output needs for itself."""
    return not name.casefold().endswith("_source") and _RESERVED.fullmatch(name) is not None
