"""One collection in memory: encoded features, their places and their properties.

Every feature is encoded once, when it is read; a page of items is a join of bytes. In another
reference system the geometries are projected all at once when it is first asked for, and encoded
when they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson
import shapely

from api.http.columns import Column, Rows
from api.http.projected import Projected, shape_of_box
from api.http.references import CRS84, Box, Reference
from geo.errors import LoadError

__all__ = ["RESERVED", "FeatureTable", "read_features"]

RESERVED: Final = frozenset(
    (
        *("f", "lang", "limit", "offset", "after", "bbox", "datetime", "crs", "bbox-crs"),
        *("filter", "filter-lang", "filter-crs", "sortby", "properties", "skipGeometry"),
        *("geometry", "ids", "q", "token"),
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
    `spans`
        Where the geometry of each begins and ends within its encoded bytes.
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
    spans: npt.NDArray[np.int64]
    tree: shapely.STRtree
    bbox_deg: Box | None
    columns: Mapping[str, Column]
    _projected: dict[str, Projected] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        """Return the number of features."""
        return len(self.ids)

    def projected(self, reference: Reference) -> Projected:
        """Return the geometries in `reference`; worked out once."""
        found = self._projected.get(reference.uri)
        if found is None:
            own = self.tree.geometries
            if reference is CRS84:
                found = Projected.of(own, self.tree)
            else:
                found = Projected.of(reference.project(own))
            self._projected[reference.uri] = found
        return found

    def encoded_in(
        self, reference: Reference, rows: Sequence[int] | Rows, *, has_geometry: bool = True
    ) -> list[bytes]:
        """Return features as GeoJSON with coordinates in `reference`, or without any."""
        if has_geometry and reference is CRS84:
            return [self.encoded[row] for row in rows]
        nothing = [b"null"] * len(rows)
        geometries = self.projected(reference).encoded(rows) if has_geometry else nothing
        return [
            b"%b%b%b" % (self.encoded[row][: self.spans[row, 0]], shape, self.encoded[row][end:])
            for row, shape in zip(rows, geometries, strict=True)
            for end in (self.spans[row, 1],)
        ]

    def rows_in(self, boxes: Sequence[Box], reference: Reference = CRS84) -> Rows:
        """Return the rows whose geometry meets any of `boxes` (borders count), ascending.

        `boxes` are in `reference`, axes in the order of its authority.
        """
        tree = self.projected(reference).tree
        hits = [tree.query(shape_of_box(box), predicate="intersects") for box in boxes]
        return np.unique(np.concatenate(hits))

    def rows_at(self, lon_deg: float, lat_deg: float) -> Rows:
        """Return the rows whose geometry covers the point, ascending."""
        return np.sort(self.tree.query(shapely.Point(lon_deg, lat_deg), predicate="intersects"))

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
    encoded, spans = _encoded(ids, features)
    bounds = shapely.total_bounds(geometries) if len(geometries) else np.full(4, np.nan)
    return FeatureTable(
        name=name,
        ids=ids,
        row_of=MappingProxyType({fid: row for row, fid in enumerate(ids)}),
        encoded=encoded,
        spans=spans,
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


def _encoded(
    ids: Sequence[str], features: Sequence[Mapping[str, Any]]
) -> tuple[tuple[bytes, ...], npt.NDArray[np.int64]]:
    """Return n features as bytes, and where the geometry stands in each."""
    encoded: list[bytes] = []
    spans = np.empty((len(ids), 2), dtype=np.int64)
    for row, (fid, feature) in enumerate(zip(ids, features, strict=True)):
        head = b'{"type":"Feature","id":%b,"geometry":' % orjson.dumps(fid)
        shape = orjson.dumps(feature.get("geometry"))
        properties = orjson.dumps(feature.get("properties") or {})
        encoded.append(b'%b%b,"properties":%b}' % (head, shape, properties))
        spans[row] = len(head), len(head) + len(shape)
    return tuple(encoded), spans


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
