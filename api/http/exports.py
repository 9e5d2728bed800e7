"""Layers in other formats, made when they are first asked for: FlatGeobuf, GeoParquet, PMTiles.

They lie in a folder of this process that goes when it ends.
"""

import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Final
from uuid import uuid4

import geopandas as gpd
import orjson

from api.http.archives import write_pmtiles
from api.http.datasets import Dataset
from geo.errors import NotFoundError

__all__ = ["EXPORT_TYPES", "Exports", "export_names"]

EXPORT_TYPES: Final = MappingProxyType(
    {
        "fgb": "application/flatgeobuf",
        **({"parquet": "application/vnd.apache.parquet"} if find_spec("pyarrow") else {}),
        **({"pmtiles": "application/vnd.pmtiles"} if find_spec("pmtiles") else {}),
    }
)
"""File name ending to media type."""


def export_names(dataset: Dataset) -> dict[str, str]:
    """Return the media types of the files that can be made of `dataset`, by name."""
    return {
        f"{name}.{ending}": media
        for name, table in dataset.tables.items()
        if f"{name}.geojson" in dataset.files
        for ending, media in EXPORT_TYPES.items()
        if ending != "pmtiles" or table.bbox_deg is not None
    }


class Exports:
    """The files made so far; each is made once."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._lock = threading.Lock()

    def path(self, dataset: Dataset, name: str) -> Path:
        """Return the file `name` of `dataset`, made when it is not there.

        Raises
        ------
        NotFoundError
            If it is none of `export_names`, or cannot be made.
        """
        if name not in export_names(dataset):
            raise NotFoundError("http.no_file", name=name, known=", ".join(dataset.files))
        layer, _, ending = name.rpartition(".")
        with self._lock:
            target = self._home() / f"{dataset.digest}-{name}"
            if not target.exists():
                part = target.with_name(f"{uuid4().hex}.{ending}")
                if ending == "pmtiles":
                    write_pmtiles(dataset.table(layer), part, title=dataset.title)
                else:
                    _WRITERS[ending](_frame(dataset.files[f"{layer}.geojson"]), part)
                os.replace(part, target)  # noqa: PTH105
            return target

    def _home(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="gridcircle-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder


def _frame(path: Path) -> gpd.GeoDataFrame:
    """Return a layer; lists are JSON text, as in the GeoPackage."""
    document = orjson.loads(path.read_bytes())
    frame = gpd.GeoDataFrame.from_features(document["features"], crs="OGC:CRS84")
    for name in frame.columns.drop("geometry"):
        frame[name] = frame[name].map(_plain)
    return frame.convert_dtypes()


def _plain(value: object) -> object:
    return orjson.dumps(value).decode() if isinstance(value, list | dict) else value


def _write_flatgeobuf(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write with a spatial index, where every feature has a place."""
    is_placed = bool(frame.geometry.notna().all() and len(frame))
    frame.to_file(path, driver="FlatGeobuf", SPATIAL_INDEX="YES" if is_placed else "NO")


def _write_parquet(frame: gpd.GeoDataFrame, path: Path) -> None:
    frame.to_parquet(path)


_WRITERS: Final[dict[str, Callable[[gpd.GeoDataFrame, Path], None]]] = {
    "fgb": _write_flatgeobuf,
    "parquet": _write_parquet,
}
