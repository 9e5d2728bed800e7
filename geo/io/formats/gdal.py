"""Every vector format that GDAL reads, by pyogrio."""

from typing import Any, Final

import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError

from geo.errors import LoadError
from geo.io.formats.encodings import table_encoding
from geo.io.formats.raw import Note, RawLayer, quiet, reason_of
from geo.io.project import LayerSpec
from geo.schema import layer_schemas

__all__ = ["read_gdal"]

_FAILURES: Final = (DataSourceError, DataLayerError, FeatureError, FieldError, ValueError)
_SQLITE_MAGIC: Final = b"SQLite format 3\x00"
_GEOMETRY_WORDS: Final = {"polygon": "Polygon", "line": "LineString", "point": ""}


def read_gdal(spec: LayerSpec) -> RawLayer:
    """Return one layer of a file that GDAL can open."""
    _require_whole_sqlite(spec)
    source = str(spec.path)
    try:
        with quiet():
            layer, problems = _choose_layer(spec, source)
            encoding = spec.encoding or table_encoding(spec.path)
            info = pyogrio.read_info(source, layer=layer, encoding=encoding)
            frame = pyogrio.read_dataframe(
                source,
                layer=layer,
                encoding=encoding,
                where=spec.where or _default_where(spec),
                on_invalid="ignore",
            )
    except LoadError:
        raise
    except _FAILURES as error:
        reason = reason_of(error)
        key = "io.bad_where" if spec.where else "io.unreadable"
        if "not recognized" in reason:
            key = "io.unknown_format"
        raise LoadError(key, path=spec.shown, reason=reason, where=spec.where) from error
    _require_all_read(spec, info, frame)
    frame = frame.reset_index(drop=True)
    return RawLayer(
        frame=frame,
        spec=spec,
        encoding=encoding or info.get("encoding"),
        problems=problems,
        has_own_crs=info.get("driver") not in ("GeoJSON", "GeoJSONSeq", "TopoJSON"),
    )


def _default_where(spec: LayerSpec) -> str | None:
    """Return what an OpenStreetMap extract means by a layer: its streets, its buildings."""
    if spec.path.suffix.casefold() != ".pbf":
        return None
    return {"streets": "highway IS NOT NULL", "buildings": "building IS NOT NULL"}.get(spec.schema)


def _choose_layer(spec: LayerSpec, source: str) -> tuple[str, tuple[Note, ...]]:
    """Return the layer to read, and a note when the file has several and none was named."""
    listed = pyogrio.list_layers(source)
    names = [str(name) for name, _ in listed]
    if spec.layer is not None:
        if spec.layer in names:
            return spec.layer, ()
        raise LoadError("io.no_layer", path=spec.shown, layer=spec.layer, known=", ".join(names))
    if not names:
        raise LoadError("io.no_rows", path=spec.shown)
    if len(names) == 1:
        return names[0], ()
    wanted = _GEOMETRY_WORDS.get(layer_schemas()[spec.schema].geometry or "", "")
    fitting = [str(name) for name, kind in listed if kind and wanted in str(kind)]
    chosen = (fitting or names)[0]
    return chosen, (("io.first_layer", {"known": ", ".join(names), "layer": chosen}),)


def _require_whole_sqlite(spec: LayerSpec) -> None:
    """Raise when a GeoPackage is shorter than its own header says: GDAL may read on in silence."""
    with spec.path.open("rb") as file:
        head = file.read(100)
    if not head.startswith(_SQLITE_MAGIC):
        if spec.path.suffix.casefold() == ".gpkg":
            raise LoadError("io.not_geopackage", path=spec.shown)
        return
    page = int.from_bytes(head[16:18], "big")
    page = 65536 if page == 1 else page
    pages = int.from_bytes(head[28:32], "big")
    size = spec.path.stat().st_size
    if len(head) < 100 or size < page * pages:  # noqa: PLR2004 length of SQLite's header
        raise LoadError("io.truncated", path=spec.shown, size=size, expected=page * pages)


def _require_all_read(spec: LayerSpec, info: dict[str, Any], frame: pd.DataFrame) -> None:
    """Raise when the file announces more rows than came out of it."""
    announced = int(info.get("features", -1))
    is_filtered = spec.where is not None or _default_where(spec) is not None
    if not is_filtered and announced > len(frame):
        raise LoadError("io.rows_lost", path=spec.shown, announced=announced, rows=len(frame))
