"""GeoParquet and plain Parquet, by geopandas and pyarrow."""

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Final

import geopandas as gpd
import pandas as pd
from shapely.errors import ShapelyError

from geo.errors import LoadError, MissingExtraError
from geo.io.formats.filters import filtered
from geo.io.formats.positions import with_positions
from geo.io.formats.raw import RawLayer, quiet, reason_of
from geo.io.project import LayerSpec

__all__ = ["read_parquet"]

_FAILURES: Final = (
    OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, OverflowError,
    NotImplementedError, ShapelyError,
)  # fmt: skip
"""What pyarrow, geopandas, pyproj and shapely raise on damaged data and metadata."""


def read_parquet(spec: LayerSpec) -> RawLayer:
    """Return a Parquet file: its geometry column, else columns of coordinates or WKT."""
    arrow = _arrow(spec)
    try:
        with quiet():
            metadata = arrow.read_schema(spec.path).metadata or {}
            if b"geo" in metadata:
                frame = gpd.read_parquet(spec.path)
                own = _has_crs(metadata[b"geo"])
            else:
                frame = pd.read_parquet(spec.path)
                own = False
    except _FAILURES as error:
        raise LoadError("io.unreadable", path=spec.shown, reason=reason_of(error)) from error
    frame = filtered(frame.reset_index(drop=frame.index.name is None), spec)
    raw = RawLayer(frame=frame, spec=spec, has_own_crs=own)
    return raw if raw.has_geometry else with_positions(raw)


def _has_crs(geo: bytes) -> bool:
    """Return False where the CRS is only GeoParquet's default."""
    meta = json.loads(geo)
    return "crs" in meta["columns"][meta["primary_column"]]


def _arrow(spec: LayerSpec) -> ModuleType:
    try:
        module = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise MissingExtraError(
            "layers.missing_extra", what=Path(spec.shown).name, package="pyarrow", extra="parquet"
        ) from error
    return module
