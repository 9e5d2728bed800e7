"""Places out of the columns of a table: longitude and latitude, x and y, or WKT."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.errors import LoadError
from geo.io.columns import normalised, parse_number, plain_text
from geo.io.formats.raw import RawLayer
from geo.schema import layer_schemas

__all__ = ["with_positions"]

_NAMES: Final = {
    "wkt": ("wkt", "geometry", "geom", "the_geom", "几何", "图形", "坐标串"),
    "lon": ("lon", "lng", "longitude", "long", "经度", "經度", "wgs84lon", "lon84", "东经"),
    "lat": ("lat", "latitude", "纬度", "緯度", "wgs84lat", "lat84", "北纬"),
    "x": ("x", "easting", "东坐标", "横坐标", "x坐标", "x座标", "x座標", "coordx", "pointx"),
    "y": ("y", "northing", "北坐标", "纵坐标", "y坐标", "y座标", "y座標", "coordy", "pointy"),
}
_WKT_START: Final = re.compile(
    r"^\s*(SRID=\d+;)?\s*(MULTI)?(POINT|LINESTRING|POLYGON)|^\s*GEOMETRYCOLLECTION", re.IGNORECASE
)


def with_positions(raw: RawLayer) -> RawLayer:
    """Return `raw` with a geometry column, or as it is when it is a table of a layer without one.

    Raises
    ------
    LoadError
        If a mapped column is not there, or a layer that needs places has no column of them.
    """
    frame, spec = raw.frame, raw.spec
    wkt = _column(raw, "wkt")
    if wkt is not None and ("wkt" in spec.columns or _looks_like_wkt(frame[wkt])):
        return _from_wkt(raw, wkt)
    for names in (("lon", "lat"), ("x", "y")):
        found = [_column(raw, name) for name in names]
        if found[0] is not None and found[1] is not None:
            return _from_pair(raw, (found[0], found[1]))
    if layer_schemas()[spec.schema].geometry is None or spec.schema in ("units", "cases"):
        return raw
    raise LoadError("io.no_coordinates", path=spec.shown, known=", ".join(map(str, frame.columns)))


def _column(raw: RawLayer, name: str) -> str | None:
    columns: Sequence[str] = list(raw.frame.columns)
    if name in raw.spec.columns:
        given = raw.spec.columns[name]
        if given not in columns:
            raise LoadError(
                "io.no_column",
                path=raw.spec.shown,
                column=given,
                canonical=name,
                known=", ".join(columns),
            )
        return given
    known = {normalised(column): column for column in reversed(columns)}
    return next((known[n] for n in map(normalised, _NAMES[name]) if n in known), None)


def _looks_like_wkt(values: pd.Series) -> bool:
    texts = [value for value in values if isinstance(value, str)]
    return bool(texts) and any(_WKT_START.match(text) for text in texts[:20])


def _from_wkt(raw: RawLayer, column: str) -> RawLayer:
    texts = [value if isinstance(value, str) else None for value in raw.frame[column]]
    plain = [None if t is None else re.sub(r"^\s*SRID=\d+;", "", t) for t in texts]
    geometry = shapely.from_wkt(np.array(plain, dtype=object), on_invalid="ignore")
    bad = {
        row: text[:40]
        for row, (text, shape) in enumerate(zip(texts, geometry, strict=True))
        if text is not None and shape is None
    }
    frame = gpd.GeoDataFrame(raw.frame.drop(columns=column), geometry=list(geometry))
    return replace(raw, frame=frame, bad_positions=bad, position_columns=(column,))


def _from_pair(raw: RawLayer, pair: tuple[str, str]) -> RawLayer:
    cells = list(zip(*(raw.frame[column] for column in pair), strict=True))
    numbers = [(_degrees(x), _degrees(y)) for x, y in cells]
    both = np.array([x is not None and y is not None for x, y in numbers], dtype=bool)
    bad = {
        row: " ".join(text or "–" for text in map(plain_text, cell))
        for row, cell in enumerate(cells)
        if not both[row] and any(plain_text(value) is not None for value in cell)
    }
    geometry = np.full(len(cells), None, dtype=object)
    geometry[both] = shapely.points(
        np.array([numbers[row] for row in np.flatnonzero(both)], dtype=float).reshape(-1, 2)
    )
    frame = gpd.GeoDataFrame(raw.frame.drop(columns=list(pair)), geometry=list(geometry))
    return replace(raw, frame=frame, bad_positions=bad, position_columns=pair)


def _degrees(cell: object) -> float | None:
    """Return a coordinate: a number, or text such as `114.05°E`."""
    if isinstance(cell, str):
        text = unicodedata.normalize("NFKC", cell).strip().rstrip("°ENen ").strip()
        return parse_number(text)
    return parse_number(cell)
