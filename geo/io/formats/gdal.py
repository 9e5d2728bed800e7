"""Every vector format that GDAL reads, by pyogrio."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyproj import CRS

from geo.errors import LoadError
from geo.io.formats.dimensions import CURVES, curve_note, height_note
from geo.io.formats.encodings import mapinfo_charset, table_encoding
from geo.io.formats.mapinfo import neutral_copy
from geo.io.formats.positions import with_positions
from geo.io.formats.raw import Note, RawLayer, quiet, reason_of, told_apart
from geo.io.formats.shapefiles import mended_copy
from geo.io.project import LayerSpec
from geo.schema import layer_schemas

__all__ = ["read_gdal"]

_FAILURES: Final = (RuntimeError, ValueError, OSError, OverflowError, shapely.errors.ShapelyError)
_SQLITE_MAGIC: Final = b"SQLite format 3\x00"
_GEOMETRY_WORDS: Final = {"polygon": "Polygon", "line": "LineString", "point": ""}
_IMPLIED_CRS: Final = ("GeoJSON", "GeoJSONSeq", "TopoJSON", "LIBKML", "KML")
"""Drivers whose CRS is the format's, not the file's."""

_FOLDERS: Final = (".kml", ".kmz")
"""Formats whose layers are folders on the user's screen."""

_TABLES_OF_BYTES: Final = (".shp", ".dbf")
"""Formats that count the length of a text in bytes."""

_CURVED_DRIVERS: Final = ("GPKG", "OpenFileGDB", "GML", "OGR_VRT", "SQLite")
_KML_LOOKS: Final = (
    "timestamp", "begin", "end", "altitudeMode", "tessellate", "extrude", "visibility",
    "drawOrder", "icon",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    """A file that GDAL has opened; `source` may be a copy."""

    spec: LayerSpec
    source: str
    encoding: str | None
    notes: tuple[Note, ...] = ()


def read_gdal(spec: LayerSpec) -> RawLayer:
    """Return one layer of a file that GDAL can open; of KML, all its folders.

    Raises
    ------
    LoadError
        If GDAL cannot open or read the file, or the layer is not there.
    """
    _require_whole_sqlite(spec)
    try:
        with quiet(), _opened(spec) as file:
            raw = _decoded(file)
    except LoadError:
        raise
    except _FAILURES as error:
        reason = reason_of(error)
        key = "io.bad_where" if spec.where else "io.unreadable"
        if "not recognized" in reason:
            key = "io.unknown_format"
        raise LoadError(key, path=spec.shown, reason=reason, where=spec.where) from error
    return raw if raw.has_geometry else with_positions(raw)


@contextmanager
def _opened(spec: LayerSpec) -> Iterator[_Open]:
    """Give the file in the encoding that the project says, the file says, or its text shows."""
    encoding = spec.encoding or table_encoding(spec.path)
    if spec.path.suffix.casefold() in (".tab", ".mif") and encoding is not None:
        told = mapinfo_charset(spec.path)
        notes: tuple[Note, ...] = ()
        if told != "neutral":
            notes = (("io.charset_wrong", {"told": told, "encoding": encoding}),)
        with neutral_copy(spec.path) as copy:
            yield _Open(spec=spec, source=str(copy), encoding=encoding, notes=notes)
        return
    yield _Open(spec=spec, source=str(spec.path), encoding=encoding)


def _decoded(file: _Open) -> RawLayer:
    """Return what is read of a file; of a shapefile that breaks characters, through a copy."""
    try:
        return _whole(file)
    except UnicodeDecodeError:
        if file.spec.path.suffix.casefold() not in _TABLES_OF_BYTES:
            raise
        with mended_copy(file.spec.path) as copy:
            notes = (*file.notes, *copy.notes)
            return _whole(replace(file, source=str(copy.path), notes=notes))


def _whole(file: _Open) -> RawLayer:
    names, notes = _choose_layers(file.spec, file.source)
    parts = [_read(file, name) for name in names]
    raw = parts[0] if len(parts) == 1 else _stacked(parts)
    return replace(raw, problems=(*notes, *file.notes, *raw.problems))


def _read(file: _Open, layer: str) -> RawLayer:
    spec = file.spec
    where = spec.where or _default_where(spec)
    info = pyogrio.read_info(file.source, layer=layer, encoding=file.encoding)
    names = [str(name) for name in info["fields"]]
    is_plain = len(set(names)) == len(names)
    read = pyogrio.read_dataframe if is_plain else _with_all_columns
    frame = read(file.source, layer=layer, encoding=file.encoding, where=where, on_invalid="ignore")
    _require_all_read(spec, info, frame)
    frame = frame.reset_index(drop=True)
    notes: tuple[Note, ...] = ()
    if isinstance(frame, gpd.GeoDataFrame):
        n_curves = _n_curves(file, layer, info)
        shapes = np.asarray(frame.geometry.array, dtype=object)
        measured = str(info["geometry_type"]).endswith("M")
        notes = (*curve_note(n_curves), *height_note(shapes, has_measures=measured))
        frame, local = _without_local_crs(frame, spec)
        notes = (*local, *notes)
        if info.get("driver") in ("LIBKML", "KML"):
            frame = _without_looks(frame)
    return RawLayer(
        frame=frame,
        spec=spec,
        encoding=file.encoding or info.get("encoding"),
        problems=notes,
        has_own_crs=info.get("driver") not in _IMPLIED_CRS,
    )


def _with_all_columns(source: str, *, on_invalid: str, **how: Any) -> gpd.GeoDataFrame:  # noqa: ANN401
    """Return a layer whose columns share names; pyogrio's frames would have one of each only."""
    meta, _, wkb, columns = pyogrio.raw.read(source, **how)
    names = told_apart([str(name) for name in meta["fields"]])
    cells = dict(zip(names, columns, strict=True))
    if wkb is None:
        return pd.DataFrame(cells)
    shapes = shapely.from_wkb(wkb, on_invalid=on_invalid)
    return gpd.GeoDataFrame(cells, geometry=list(shapes), crs=meta["crs"])


def _stacked(parts: Sequence[RawLayer]) -> RawLayer:
    """Return layers of one file, one after the other; notes on all are told once."""
    frames = [part.frame for part in parts if len(part.frame)] or [parts[0].frame]
    frame = pd.concat(frames, ignore_index=True)
    if any(part.has_geometry for part in parts):
        crs = next(f.crs for f in frames if isinstance(f, gpd.GeoDataFrame))
        frame = gpd.GeoDataFrame(frame, geometry="geometry", crs=crs)
    notes: dict[str, int] = {}
    for key, values in (note for part in parts for note in part.problems):
        notes[key] = notes.get(key, 0) + int(values.get("n", 0))
    return replace(
        parts[0], frame=frame, problems=tuple((key, {"n": n}) for key, n in notes.items())
    )


def _default_where(spec: LayerSpec) -> str | None:
    """Return what an OpenStreetMap extract means by a layer: its streets, its buildings."""
    if spec.path.suffix.casefold() != ".pbf":
        return None
    return {
        "streets": "highway IS NOT NULL",
        "buildings": "building IS NOT NULL",
        "barriers": "waterway IN ('river', 'canal') OR railway = 'rail' OR barrier = 'city_wall'"
        " OR highway IN ('motorway', 'trunk')",
    }.get(spec.schema)


def _choose_layers(spec: LayerSpec, source: str) -> tuple[list[str], tuple[Note, ...]]:
    """Return the layers to read, and a note when the file has several and none was named."""
    listed = pyogrio.list_layers(source)
    names = [str(name) for name, _ in listed]
    if spec.layer is not None:
        if spec.layer in names:
            return [spec.layer], ()
        raise LoadError("io.no_layer", path=spec.shown, layer=spec.layer, known=", ".join(names))
    if not names:
        raise LoadError("io.no_rows", path=spec.shown)
    if len(names) == 1:
        return names, ()
    wanted = _GEOMETRY_WORDS.get(layer_schemas()[spec.schema].geometry or "", "")
    fitting = [str(name) for name, kind in listed if kind and wanted in str(kind)]
    if spec.path.suffix.casefold() in _FOLDERS:
        mixed = [str(name) for name, kind in listed if "Unknown" in str(kind)]
        chosen = [name for name in names if name in (*fitting, *mixed)] or names
        if len(chosen) > 1:
            known = ", ".join(chosen)
            return chosen, (("io.layers_joined", {"n": len(chosen), "known": known}),)
    chosen = (fitting or names)[:1]
    return chosen, (("io.first_layer", {"known": ", ".join(names), "layer": chosen[0]}),)


def _n_curves(file: _Open, layer: str, info: dict[str, Any]) -> int:
    """Return how many shapes have arcs; GDAL has made straight lines of them."""
    if info.get("driver") not in _CURVED_DRIVERS:
        return 0
    types = ", ".join(f"'{name}'" for name in CURVES)
    name = str(info.get("geometry_name") or "geom").replace('"', '""')
    field = f'ST_GeometryType("{name}")' if info["driver"] == "GPKG" else "OGR_GEOMETRY"
    clauses = [f"{field} IN ({types})"]
    if file.spec.where:
        clauses.append(f"({file.spec.where})")
    try:
        # The shapes are read with them: GDAL judges no type of what it was told to leave out.
        table = pyogrio.read_dataframe(
            file.source, layer=layer, where=" AND ".join(clauses), columns=[], on_invalid="ignore",
        )  # fmt: skip
    except _FAILURES:
        return 0
    return len(table)


def _without_local_crs(
    frame: gpd.GeoDataFrame, spec: LayerSpec
) -> tuple[gpd.GeoDataFrame, tuple[Note, ...]]:
    """Return `frame` without a local CRS (MapInfo's NonEarth) where the project declares one."""
    if spec.crs is None or frame.crs is None:
        return frame, ()
    if CRS.from_user_input(frame.crs).geodetic_crs is not None:
        return frame, ()
    return frame.set_crs(None, allow_override=True), (("io.local_crs", {}),)


def _without_looks(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the columns of a KML that are data, not how a globe draws it."""
    looks = [name for name in _KML_LOOKS if name in frame.columns]
    blank = [name for name in ("description", "id") if name in frame.columns]
    blank = [name for name in blank if frame[name].replace("", None).isna().all()]
    return frame.drop(columns=[*looks, *blank])


def _require_whole_sqlite(spec: LayerSpec) -> None:
    """Raise when a GeoPackage is shorter than its own header says: GDAL may read on in silence."""
    if spec.path.is_dir():
        return
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
