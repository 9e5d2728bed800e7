"""One module a family of formats; `read_layer` chooses by the ending of the file's name."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pandas as pd

from geo.errors import LoadError
from geo.io.formats.archives import ARCHIVES, read_archive
from geo.io.formats.datasets import is_geodatabase
from geo.io.formats.drawings import read_drawing
from geo.io.formats.folders import read_folder
from geo.io.formats.gdal import read_gdal
from geo.io.formats.parquet import read_parquet
from geo.io.formats.postgis import read_postgis
from geo.io.formats.raw import RawLayer, told_apart
from geo.io.formats.sheets import read_workbook
from geo.io.formats.streets_graphml import read_graphml
from geo.io.formats.streets_pbf import read_street_pbf
from geo.io.formats.tables import read_csv
from geo.io.project import LayerSpec

__all__ = ["RawLayer", "read_layer"]

_READERS: Final[Mapping[str, Callable[[LayerSpec], RawLayer]]] = MappingProxyType(
    {
        ".dxf": read_drawing,
        ".graphml": read_graphml,
        ".parquet": read_parquet,
        ".geoparquet": read_parquet,
        ".csv": read_csv,
        ".txt": read_csv,
        ".tsv": read_csv,
        ".xls": read_workbook,
        ".xlsx": read_workbook,
        ".xlsm": read_workbook,
        ".xlsb": read_workbook,
        ".ods": read_workbook,
        ".et": read_workbook,
    }
)


_NOT_READ: Final = MappingProxyType(
    {".dwg": "io.dwg", ".rar": "io.archive_unknown", ".7z": "io.archive_unknown"}
)
"""Endings of formats that nothing here reads, to the sentence that says what to do."""


def read_layer(spec: LayerSpec) -> RawLayer:
    """Return the rows of what `spec` names, as they are there.

    Raises
    ------
    LoadError
        If the file is missing, empty or cannot be read.
    MissingExtraError
        If its format needs an optional dependency that is not installed.
    """
    raw = _read(spec)
    names = [str(name) for name in raw.frame.columns]
    if len(set(names)) < len(names):
        raw.frame.columns = pd.Index(told_apart(names))
    return raw


def _read(spec: LayerSpec) -> RawLayer:
    if spec.url is not None:
        return read_postgis(spec)
    suffix = spec.path.suffix.casefold()
    _require_file(spec.path, spec.shown)
    if suffix in _NOT_READ:
        raise LoadError(_NOT_READ[suffix], path=spec.shown)
    if suffix in ARCHIVES:
        return read_archive(spec, read_layer)
    if spec.path.is_dir() and not is_geodatabase(spec.path):
        return read_folder(spec, read_layer)
    if suffix == ".pbf" and spec.schema == "streets":
        return read_street_pbf(spec)
    return _READERS.get(suffix, read_gdal)(spec)


def _require_file(path: Path, shown: str) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise LoadError("io.no_file", path=shown) from error
    if not path.is_dir() and size == 0:
        raise LoadError("io.empty_file", path=shown)
