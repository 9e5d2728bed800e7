"""One collection in memory: encoded features, their places and their properties.

Every feature is encoded once, when it is read; a page of items is a join of bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import orjson
import shapely

from api.http.columns import Column, Rows
from geo.errors import LoadError

__all__ = ["RESERVED", "Box", "FeatureTable", "read_features"]

Box = tuple[float, float, float, float]

RESERVED: Final = frozenset(
    (
        *("f", "lang", "limit", "offset", "bbox", "datetime", "crs", "bbox-crs", "geometry"),
        *("filter", "filter-lang", "filter-crs", "sortby", "properties", "skipGeometry"),
        *("ids", "q", "token", "after"),
    )
)
"""Names of parameters: a property of that name cannot be filtered by."""

_ID_COLUMNS: Final = ("site_id", "tier", "model")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeatureTable:
    """n features of one layer, in the order of their file, WGS 84 (longitude, latitude).

    `ids`
        n unique ids; `row_of` is their inverse.
    `encoded`
        n GeoJSON features, each with its `id`.
    `tree`
        Over the n geometries; features without one are in no box.
    `bbox_deg`
        Bounds of all geometries; None where there are none.
    `columns`
        The properties that can be filtered by, in the order of the file.
    """

    name: str
    ids: tuple[str, ...]
    row_of: Mapping[str, int]
    encoded: tuple[bytes, ...]
    tree: shapely.STRtree
    bbox_deg: Box | None
    columns: Mapping[str, Column]

    def __len__(self) -> int:
        """Return the number of features."""
        return len(self.ids)

    def rows_in(self, boxes: Sequence[Box]) -> Rows:
        """Return the rows whose geometry meets any of `boxes` (borders count), ascending."""
        hits = [self.tree.query(_shape(box), predicate="intersects") for box in boxes]
        return np.unique(np.concatenate(hits))

    def rows_at(self, lon_deg: float, lat_deg: float) -> Rows:
        """Return the rows whose geometry covers the point, ascending."""
        return np.sort(self.tree.query(shapely.Point(lon_deg, lat_deg), predicate="intersects"))

    def select(self, boxes: Sequence[Box], equals: Mapping[str, str]) -> Rows | None:
        """Return the rows that meet `boxes` (none: anywhere) and all of `equals`; None: all."""
        rows = self.rows_in(boxes) if boxes else None
        for name, text in equals.items():
            found = self.columns[name].rows_equal(text)
            rows = found if rows is None else np.intersect1d(rows, found, assume_unique=True)
        return rows

    def feature(self, row: int) -> dict[str, Any]:
        """Return one feature decoded."""
        decoded: dict[str, Any] = orjson.loads(self.encoded[row])
        return decoded


def read_features(path: Path, name: str) -> FeatureTable:
    """Return the GeoJSON feature collection at `path` as a table.

    Raises
    ------
    LoadError
        If the file is no feature collection, or a feature has no usable geometry or id.
    """
    features = _read_collection(path)
    ids = _unique([_id(feature, name, row) for row, feature in enumerate(features)])
    geometries = _geometries(features, path)
    encoded = tuple(
        orjson.dumps(
            {
                "type": "Feature",
                "id": fid,
                "geometry": feature.get("geometry"),
                "properties": feature.get("properties") or {},
            }
        )
        for fid, feature in zip(ids, features, strict=True)
    )
    bounds = shapely.total_bounds(geometries) if len(geometries) else np.full(4, np.nan)
    return FeatureTable(
        name=name,
        ids=ids,
        row_of=MappingProxyType({fid: row for row, fid in enumerate(ids)}),
        encoded=encoded,
        tree=shapely.STRtree(geometries),
        bbox_deg=None if np.isnan(bounds).any() else (*(float(b) for b in bounds),),  # type: ignore[arg-type]
        columns=MappingProxyType(_columns(features)),
    )


def _read_collection(path: Path) -> list[dict[str, Any]]:
    try:
        document = orjson.loads(path.read_bytes())
    except ValueError as error:
        raise LoadError("http.bad_json", path=path, reason=error) from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or not all(isinstance(f, dict) for f in features):
        raise LoadError("http.not_features", path=path)
    return features


def _geometries(features: Sequence[Mapping[str, Any]], path: Path) -> Any:  # noqa: ANN401
    """Return n geometries, None where a feature has none."""
    texts = [
        None if feature.get("geometry") is None else orjson.dumps(feature["geometry"]).decode()
        for feature in features
    ]
    try:
        return shapely.from_geojson(np.array(texts, dtype=object))
    except shapely.errors.GEOSException:
        for row, text in enumerate(texts, start=1):
            try:
                shapely.from_geojson(text)
            except shapely.errors.GEOSException as error:
                raise LoadError("http.bad_feature", path=path, row=row, reason=error) from error
        raise


def _id(feature: Mapping[str, Any], name: str, row: int) -> str:
    """Return the feature's own id, else its id column, else what makes it one (circles)."""
    properties = feature.get("properties") or {}
    own = feature.get("id")
    if own is None:
        own = properties.get(f"{name.removesuffix('s')}_id")
    if own is not None:
        return str(own)
    parts = [str(properties[part]) for part in _ID_COLUMNS if properties.get(part) is not None]
    return ".".join(parts) or str(row)


def _unique(ids: Sequence[str]) -> tuple[str, ...]:
    """Return `ids`, repeated ones with `#2`, `#3`, … at their end."""
    seen: dict[str, int] = {}
    taken = set(ids)
    unique: list[str] = []
    for fid in ids:
        seen[fid] = n = seen.get(fid, 0) + 1
        label = fid
        while n > 1 and label in taken:
            label = f"{fid}#{n}"
            n += 1
        taken.add(label)
        unique.append(label)
    return tuple(unique)


def _columns(features: Sequence[Mapping[str, Any]]) -> dict[str, Column]:
    rows = [feature.get("properties") or {} for feature in features]
    names = dict.fromkeys(name for row in rows for name in row)
    found = (
        Column.from_values(name, [row.get(name) for row in rows])
        for name in names
        if name not in RESERVED
    )
    return {column.name: column for column in found if column is not None}


def _shape(box: Box) -> shapely.Geometry:
    """Return `box` as a geometry; one without an area is a line or a point."""
    minx, miny, maxx, maxy = box
    corners = shapely.linestrings([(minx, miny), (maxx, maxy)])
    if minx == maxx and miny == maxy:
        return shapely.Point(minx, miny)
    return corners if minx == maxx or miny == maxy else shapely.box(*box)
