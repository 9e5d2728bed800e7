"""What lies in a folder: every dataset and layer, with its columns, shapes and number of rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataSourceError

from geo.errors import GridCircleError
from geo.io.columns import Mapped, map_columns
from geo.io.formats import read_layer
from geo.io.formats.datasets import is_geodatabase
from geo.io.formats.raw import RawLayer, quiet
from geo.io.formats.sheets import opened_workbook
from geo.io.project import LayerSpec

__all__ = ["Dataset", "Unread", "survey"]

_SEVERAL: Final = (".gpkg", ".gdb", ".sqlite", ".kml", ".kmz", ".gml", ".dxf")
_SHEETS: Final = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
_TABLES: Final = (".csv", ".tsv", ".txt", *_SHEETS)
_SINGLE: Final = (
    ".shp", ".tab", ".mif", ".geojson", ".geojsonl", ".json", ".topojson", ".fgb", ".parquet",
    ".geoparquet", ".pbf", ".graphml", ".zip",
)  # fmt: skip
_DEEPEST: Final = 3
_OUTPUT: Final = "summary.json"
"""A folder with this file holds outputs of an audit, not data."""
_KINDS: Final = {0: "point", 4: "point", 1: "line", 5: "line", 3: "polygon", 6: "polygon"}
_AS_TABLE: Final = ("sites", "buildings", "units", "staff", "cases")
"""What a table is read as, one after the other: each knows other headers and coordinates."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dataset:
    """One layer of one file. `shape` is `polygon`, `line`, `point` or None for a table.

    `bounds` are those of the file's coordinates; `raw` is how it was read.
    """

    path: Path
    shown: str
    layer: str | None
    shape: str | None
    raw: RawLayer
    crs: str | None
    bounds: tuple[float, float, float, float] | None

    @property
    def frame(self) -> pd.DataFrame:
        """Its rows."""
        return self.raw.frame

    @property
    def n_rows(self) -> int:
        """How many there are."""
        return len(self.raw.frame)

    @property
    def label(self) -> str:
        """File and layer in lower case, for words to be looked for."""
        return f"{self.path.stem} {self.layer or ''}".casefold()

    def mapped(self, schema: str) -> Mapped:
        """Return how its columns would be named as a layer of `schema`."""
        return map_columns(self.frame, self.spec(schema))

    def spec(self, schema: str) -> LayerSpec:
        """Return it as a layer of `schema`."""
        return replace(self.raw.spec, name=schema, schema=schema, layer=self.layer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A file that could not be read, and why: language to text."""

    shown: str
    reason: Mapping[str, str]


def survey(folder: Path) -> tuple[list[Dataset], list[Unread]]:
    """Return every dataset in `folder` and three folders down, in the order of their names."""
    found: list[Dataset] = []
    unread: list[Unread] = []
    for path in _paths(folder):
        shown = path.relative_to(folder).as_posix()
        for layer in _layer_names(path):
            try:
                found.append(_read(path, shown, layer))
            except GridCircleError as error:
                reason = {language: error.text(language) for language in ("zh", "en")}
                unread.append(Unread(shown=shown, reason=reason))
    return found, unread


def _paths(folder: Path) -> Iterator[Path]:
    wanted = (*_SEVERAL, *_SINGLE, *_TABLES)
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if len(parts) > _DEEPEST or any(part.startswith((".", "~$")) for part in parts):
            continue
        inside = [folder.joinpath(*parts[:n]) for n in range(len(parts))]
        if any(is_geodatabase(each) or (each / _OUTPUT).is_file() for each in inside):
            continue
        if path.suffix.casefold() in wanted and (path.is_file() or is_geodatabase(path)):
            yield path


def _layer_names(path: Path) -> list[str | None]:
    """Return the layers or sheets of a file; one without a name where it can only have one."""
    suffix = path.suffix.casefold()
    try:
        if suffix in _SHEETS:
            with opened_workbook(path, path.name) as book:
                names = [str(name) for name in book.sheet_names]
        elif suffix in _SEVERAL:
            with quiet():
                names = [str(name) for name, _ in pyogrio.list_layers(path)]
        else:
            return [None]
    except (DataSourceError, GridCircleError, OSError, ValueError):
        return [None]
    return [None] if len(names) < 2 else list(names)  # noqa: PLR2004 several


def _read(path: Path, shown: str, layer: str | None) -> Dataset:
    spec = LayerSpec(name="units", schema="units", path=path, shown=shown, layer=layer)
    raw = _as_table(spec) if path.suffix.casefold() in _TABLES else read_layer(spec)
    shape, crs, bounds = None, None, None
    if isinstance(raw.frame, gpd.GeoDataFrame):
        frame: gpd.GeoDataFrame = raw.frame
        types = pd.Series(shapely.get_type_id(np.asarray(frame.geometry.array, dtype=object)))
        known = types.map(_KINDS).dropna()
        shape = str(known.mode().iloc[0]) if len(known) else None
        crs = None if frame.crs is None else str(frame.crs.to_string())
        edges = [float(edge) for edge in frame.total_bounds]
        bounds = (edges[0], edges[1], edges[2], edges[3])
    return Dataset(
        path=path, shown=shown, layer=layer, shape=shape, raw=raw, crs=crs, bounds=bounds
    )


def _as_table(spec: LayerSpec) -> RawLayer:
    """Return a table read as what it has most columns of; with its places where it has any."""
    best: tuple[int, RawLayer] | None = None
    refused: GridCircleError | None = None
    for schema in _AS_TABLE:
        own = replace(spec, name=schema, schema=schema)
        try:
            raw = read_layer(own)
        except GridCircleError as error:
            refused = refused or error
            continue
        fit = 2 * len(map_columns(raw.frame, own).ours) + int(raw.has_geometry)
        if best is None or fit > best[0]:
            best = (fit, raw)
    if best is None:
        raise refused or AssertionError
    return best[1]
