"""Places out of the columns of a table: longitude and latitude, x and y, both in one, or WKT."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.errors import LoadError
from geo.io.columns import normalised, place_words, plain_text
from geo.io.formats.angles import coordinate, pair
from geo.io.formats.dimensions import linear_from_wkt
from geo.io.formats.raw import Note, RawLayer
from geo.schema import layer_schemas

__all__ = ["with_positions"]

_WKT_START: Final = re.compile(
    r"^\s*(SRID=\d+;)?\s*(MULTI)?(POINT|LINESTRING|POLYGON|SURFACE|CURVE)"
    r"|^\s*(SRID=\d+;)?\s*(GEOMETRYCOLLECTION|CURVEPOLYGON|COMPOUNDCURVE|CIRCULARSTRING)",
    re.IGNORECASE,
)
_POLE: Final = 90.0
_SAMPLE: Final = 50


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
    if "lonlat" in spec.columns or "latlon" in spec.columns:
        return _from_one(raw, str(_column(raw, "lonlat") or _column(raw, "latlon")))
    for names in (("lon", "lat"), ("x", "y")):
        found = [_column(raw, name) for name in names]
        if found[0] is not None and found[1] is not None:
            return _from_two(raw, (found[0], found[1]))
    both = _column(raw, "lonlat", fits=_looks_like_pairs)
    if both is not None:
        return _from_one(raw, both)
    if layer_schemas()[spec.schema].geometry is None or spec.schema in ("units", "cases"):
        return raw
    raise LoadError("io.no_coordinates", path=spec.shown, known=", ".join(map(str, frame.columns)))


def _column(
    raw: RawLayer, name: str, *, fits: Callable[[pd.Series], bool] | None = None
) -> str | None:
    """Return the column that holds `name`: the project's, else the first known one that fits."""
    columns: Sequence[str] = list(raw.frame.columns)
    if name in raw.spec.columns:
        given = raw.spec.columns[name]
        loose = {column.strip().casefold(): column for column in reversed(columns)}
        found = given if given in columns else loose.get(given.strip().casefold())
        if found is None:
            raise LoadError(
                "io.no_column",
                path=raw.spec.shown,
                column=given,
                canonical=name,
                known=", ".join(columns),
            )
        return found
    known = {normalised(column): column for column in reversed(columns)}
    held = [known[word] for word in place_words().get(name, ()) if word in known]
    return next((column for column in held if fits is None or fits(raw.frame[column])), None)


def _looks_like_wkt(values: pd.Series) -> bool:
    texts = [value for value in values if isinstance(value, str)]
    return bool(texts) and any(_WKT_START.match(text) for text in texts[:_SAMPLE])


def _looks_like_pairs(values: pd.Series) -> bool:
    texts = [text for text in map(plain_text, values) if text is not None][:_SAMPLE]
    return sum(pair(text) is not None for text in texts) * 2 > len(texts)


def _from_wkt(raw: RawLayer, column: str) -> RawLayer:
    texts = [value if isinstance(value, str) else None for value in raw.frame[column]]
    plain = [None if t is None else re.sub(r"^\s*SRID=\d+;", "", t) for t in texts]
    geometry, notes = linear_from_wkt(plain)
    bad = {
        row: text[:40]
        for row, (text, shape) in enumerate(zip(texts, geometry, strict=True))
        if text is not None and shape is None
    }
    placed = _placed(raw, geometry, (column,), bad=bad)
    return replace(placed, problems=(*raw.problems, *notes))


def _from_two(raw: RawLayer, columns: tuple[str, str]) -> RawLayer:
    """Return points of two columns of numbers."""
    cells = list(zip(*(raw.frame[column] for column in columns), strict=True))
    numbers = [(coordinate(x), coordinate(y)) for x, y in cells]
    shown = [" ".join(text or "–" for text in map(plain_text, cell)) for cell in cells]
    bad = {
        row: shown[row]
        for row, cell in enumerate(cells)
        if None in numbers[row] and any(plain_text(value) is not None for value in cell)
    }
    return _placed(raw, _points(numbers), columns, bad=bad)


def _from_one(raw: RawLayer, column: str) -> RawLayer:
    """Return points of one column that holds both numbers; which is first, by what the cells say.

    Else by the name of the column, else longitude; numbers that cannot be latitudes overrule that,
    and a note says so.
    """
    texts = [plain_text(value) for value in raw.frame[column]]
    read = [pair(text) for text in texts]
    bad = {row: text for row, text in enumerate(texts) if text is not None and read[row] is None}
    told = raw.spec.columns.get("latlon") is not None
    lat_first = told or normalised(column).startswith(("lat", "纬", "緯"))
    plain = [cell for cell in read if cell is not None and not cell[2]]
    notes: tuple[Note, ...] = ()
    if plain and not lat_first and all(abs(a) <= _POLE < abs(b) <= 2 * _POLE for a, b, _ in plain):
        lat_first, notes = True, (("io.latitude_first", {"column": column}),)
    numbers: list[tuple[float | None, float | None]] = [
        (None, None) if cell is None else (cell[1], cell[0]) if lat_first or cell[2] else cell[:2]
        for cell in read
    ]
    placed = _placed(raw, _points(numbers), (column,), bad=bad)
    return replace(placed, problems=(*raw.problems, *notes))


def _points(numbers: Sequence[tuple[float | None, float | None]]) -> Any:  # noqa: ANN401
    both = np.array([x is not None and y is not None for x, y in numbers], dtype=bool)
    geometry = np.full(len(numbers), None, dtype=object)
    chosen = [numbers[int(row)] for row in np.flatnonzero(both)]
    geometry[both] = shapely.points(np.array(chosen, dtype=float).reshape(-1, 2))
    return geometry


def _placed(
    raw: RawLayer,
    geometry: Any,  # noqa: ANN401
    columns: tuple[str, ...],
    *,
    bad: dict[int, str],
) -> RawLayer:
    frame = raw.frame.drop(columns=[*columns, *({"geometry"} & set(raw.frame.columns))])
    frame = gpd.GeoDataFrame(frame, geometry=list(geometry))
    return replace(raw, frame=frame, bad_positions=bad, position_columns=columns)
