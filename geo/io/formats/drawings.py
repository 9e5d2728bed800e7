"""DXF drawings: outlines become polygons, the text inside them their names and ids."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyogrio
import shapely

from geo.errors import LoadError
from geo.io.formats.dimensions import curve_note
from geo.io.formats.encodings import decode
from geo.io.formats.gdal import read_gdal
from geo.io.formats.raw import Note, RawLayer
from geo.io.project import LayerSpec
from geo.schema import layer_schemas

__all__ = ["read_drawing"]

Shapes = npt.NDArray[Any]

_CODE: Final = re.compile(r"[A-Za-z]{0,4}[-_]?\d[\dA-Za-z_.#/-]*|[A-Z]{1,4}[-_]?\d+")
"""A text that is an id: digits, with few letters before them."""

_ENTITY: Final = re.compile(rb"^\s*0\r?\n(?=LWPOLYLINE|VERTEX)", re.MULTILINE)
_BULGE: Final = re.compile(rb"^\s*42\r?\n\s*-?0*\.?0*[1-9]", re.MULTILINE)
_END: Final = re.compile(rb"^\s*0\r?\n", re.MULTILINE)
_ROUND: Final = ("AcDbArc", "AcDbCircle", "AcDbEllipse", "AcDbSpline")
_LINES: Final = (1, 5)
_POLYGONS: Final = (3, 6)
_FORMATTING: Final = re.compile(r"\\[A-Za-z][^;\\]*;|[{}]|\\P|\^J")
_HEADER: Final = b"0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\nAC1015\n0\nENDSEC\n"
_ENCODING_OPTION: Final = "DXF_ENCODING"


def read_drawing(spec: LayerSpec) -> RawLayer:
    """Return a drawing as a layer; `layer` names one of its own layers.

    For areas: closed outlines, and rings that several lines make, become polygons; texts inside
    them become `label`, and by their form id or name. A line that closes no ring stays a line, and
    is refused later as any line among areas. For points: points and texts. For lines: lines.

    Raises
    ------
    LoadError
        If the drawing cannot be read, or has no such layer, or nothing of the wanted kind.
    """
    raw = _read(spec)
    frame: gpd.GeoDataFrame = raw.frame
    if spec.layer is not None:
        frame = _of_layer(frame, spec)
    kinds = shapely.get_type_id(np.asarray(frame.geometry.array, dtype=object))
    texts = frame[(kinds == 0) & frame["Text"].notna()]
    wanted = layer_schemas()[spec.schema].geometry
    notes = curve_note(_n_curved(spec, frame))
    if wanted == "polygon":
        shaped, more = _areas(frame[np.isin(kinds, (*_LINES, *_POLYGONS))], texts, spec)
        notes += more
    elif wanted == "line":
        shaped = frame[np.isin(kinds, (*_LINES, *_POLYGONS))]
    else:
        shaped = frame.assign(name=frame["Text"])
        shaped = shaped[~np.isin(kinds, _LINES)]
    if len(shaped) == 0:
        raise LoadError("io.no_rows", path=spec.shown)
    shaped = shaped.drop(columns=["PaperSpace", "SubClasses", "Linetype"], errors="ignore")
    return replace(
        raw,
        frame=shaped.reset_index(drop=True),
        spec=spec,
        problems=(*raw.problems, *notes),
    )


def _read(spec: LayerSpec) -> RawLayer:
    """Return the entities; GDAL takes the encoding of a drawing from an option of its own.

    What a drawing says of its encoding is often that of the program that wrote it.
    """
    plain = replace(spec, layer=None, encoding=None)
    data = spec.path.read_bytes()
    if spec.encoding is None and data.isascii():
        return read_gdal(plain)
    encoding = spec.encoding or decode(data).encoding
    before = pyogrio.get_gdal_config_option(_ENCODING_OPTION)
    pyogrio.set_gdal_config_options({_ENCODING_OPTION: encoding.upper()})
    try:
        with _with_header(plain, data) as whole:
            return replace(read_gdal(whole), encoding=encoding)
    finally:
        pyogrio.set_gdal_config_options({_ENCODING_OPTION: before})


@contextmanager
def _with_header(spec: LayerSpec, data: bytes) -> Iterator[LayerSpec]:
    """Give a drawing that has a header: without one GDAL heeds no encoding."""
    if b"$ACADVER" in data:
        yield spec
        return
    with tempfile.TemporaryDirectory(prefix="gridcircle-") as folder:
        path = Path(folder) / spec.path.name
        path.write_bytes(_HEADER + data)
        yield replace(spec, path=path)


def _of_layer(frame: gpd.GeoDataFrame, spec: LayerSpec) -> gpd.GeoDataFrame:
    """Return the shapes of one layer of the drawing, and the texts of all layers."""
    names = list(dict.fromkeys(frame["Layer"].dropna()))
    if spec.layer not in names:
        known = ", ".join(names)
        raise LoadError("io.no_layer", path=spec.shown, layer=spec.layer, known=known)
    return frame[(frame["Layer"] == spec.layer) | frame["Text"].notna()]


def _areas(
    shapes: gpd.GeoDataFrame, texts: gpd.GeoDataFrame, spec: LayerSpec
) -> tuple[gpd.GeoDataFrame, tuple[Note, ...]]:
    """Return polygons, then the lines that close none, and what was made of the drawing."""
    geometry = np.asarray(shapes.geometry.array, dtype=object)
    is_line = np.isin(shapely.get_type_id(geometry), _LINES)
    rings = is_line & _is_ring(geometry)
    for i in np.flatnonzero(rings):
        geometry[i] = shapely.Polygon(shapely.get_coordinates(geometry[i]))
    closed = shapes.set_geometry(gpd.GeoSeries(geometry, index=shapes.index, crs=shapes.crs))
    open_lines = closed[is_line & ~rings]
    made, left = _rings_of(open_lines)
    areas = pd.concat([closed[~is_line | rings], made, left], ignore_index=True)
    notes: list[Note] = [
        ("io.outlines", {"n": int(rings.sum()), "joined": len(made), "left": len(left)})
    ]
    labelled, n_outside = _labelled(gpd.GeoDataFrame(areas, crs=shapes.crs), texts, spec)
    if len(texts):
        notes.append(("io.labels", {"n": len(texts), "outside": n_outside}))
    return labelled, tuple(notes)


def _is_ring(geometry: Shapes) -> npt.NDArray[np.bool_]:
    """Return True for a single line that ends where it began and has three corners."""
    is_single = shapely.get_type_id(geometry) == 1
    corners = shapely.get_num_coordinates(geometry)
    return np.asarray(is_single & shapely.is_closed(geometry) & (corners > 3))  # noqa: PLR2004


def _rings_of(lines: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the polygons that `lines` make together, and the lines that are no side of any."""
    if len(lines) == 0:
        return lines, lines
    noded = shapely.union_all(np.asarray(lines.geometry.array, dtype=object))
    parts = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    if len(parts) == 0:
        return lines.iloc[:0], lines
    sides = shapely.union_all(shapely.boundary(parts))
    shapely.prepare(sides)
    free = shapely.length(shapely.difference(np.asarray(lines.geometry.array), sides))
    left = lines[free > 0.5 * shapely.length(np.asarray(lines.geometry.array))]
    layers = list(dict.fromkeys(lines["Layer"]))
    values: dict[str, Any] = {"Layer": layers[0] if len(layers) == 1 else None}
    return gpd.GeoDataFrame(
        {**values}, geometry=parts, crs=lines.crs, index=range(len(parts))
    ), left


def _labelled(
    areas: gpd.GeoDataFrame, texts: gpd.GeoDataFrame, spec: LayerSpec
) -> tuple[gpd.GeoDataFrame, int]:
    """Return `areas` with the texts inside them, and how many texts lie in none.

    A text goes to the smallest area around it. A code goes to the id column of the layer, all the
    rest to its name.
    """
    geometry = np.asarray(areas.geometry.array, dtype=object)
    inside = np.flatnonzero(np.isin(shapely.get_type_id(geometry), _POLYGONS))
    tree = shapely.STRtree(geometry[inside])
    points = np.asarray(texts.geometry.array, dtype=object)
    text, area = tree.query(points, predicate="intersects")
    order = np.lexsort((shapely.area(geometry[inside][area]), text))
    _, first = np.unique(text[order], return_index=True)
    labels: dict[int, list[str]] = {}
    for i, j in zip(text[order][first], inside[area[order][first]], strict=True):
        labels.setdefault(int(j), []).append(_plain(str(texts["Text"].iloc[int(i)])))
    id_column = layer_schemas()[spec.schema].id_column
    ids: list[str | None] = [None] * len(areas)
    names: list[str | None] = [None] * len(areas)
    for row, words in labels.items():
        codes = [word for word in words if _CODE.fullmatch(word)]
        ids[row] = codes[0] if codes else None
        names[row] = " ".join(word for word in words if word not in codes[:1]) or None
    areas = areas.drop(columns="Text", errors="ignore")
    if any(value is not None for value in names):
        areas.insert(0, "name", names)
    if any(value is not None for value in ids):
        areas.insert(0, id_column, ids)
    return areas, len(texts) - len(first)


def _plain(text: str) -> str:
    """Return the words of a text without the codes that set its look."""
    return " ".join(_FORMATTING.sub(" ", text).split())


def _n_curved(spec: LayerSpec, frame: gpd.GeoDataFrame) -> int:
    """Return how many entities have arcs: round ones, polylines (by the vertex if old) with any."""
    classes = frame.get("SubClasses", pd.Series(dtype=object)).fillna("").astype(str)
    n = int(sum(any(word in text for word in _ROUND) for text in classes))
    if any("Polyline" in text for text in classes):
        for block in _ENTITY.split(spec.path.read_bytes())[1:]:
            n += _BULGE.search(_END.split(block, maxsplit=1)[0]) is not None
    return n
