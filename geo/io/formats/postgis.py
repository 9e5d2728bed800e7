"""Tables of PostgreSQL with PostGIS, by psycopg: read only, one table at a time."""

import hashlib
import importlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import ModuleType
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError as UnknownCRSError

from geo.errors import LoadError, MissingExtraError
from geo.io.formats.dimensions import curve_note, height_note
from geo.io.formats.positions import with_positions
from geo.io.formats.raw import Note, RawLayer, reason_of
from geo.io.project import LayerSpec

__all__ = ["read_postgis"]

_CONNECT_SECONDS: Final = 10
_SECRETS: Final = re.compile(r"(password|passwd|pwd|secret)\s*[=:]\s*\S+", re.IGNORECASE)
_CURVED: Final = ("circularstring", "compoundcurve", "curvepolygon", "multicurve", "multisurface")

_TABLES: Final = """
SELECT n.nspname, c.relname,
       (SELECT count(*) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          AND t.typname IN ('geometry', 'geography')) AS places
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'topology', 'tiger')
  AND c.relname NOT IN ('geometry_columns', 'geography_columns', 'spatial_ref_sys',
                        'raster_columns', 'raster_overviews')
  AND has_table_privilege(c.oid, 'SELECT')
ORDER BY n.nspname <> 'public', n.nspname, c.relname
"""
_COLUMNS: Final = """
SELECT a.attname, t.typname
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relname = %s AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""
_KEY: Final = """
SELECT a.attname
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, place)
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
WHERE i.indisprimary AND n.nspname = %s AND c.relname = %s
ORDER BY k.place
"""
_SRID: Final = "SELECT auth_name, auth_srid, srtext FROM spatial_ref_sys WHERE srid = %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """A table: its schema and name, its columns to their types, its columns with places."""

    schema: str
    name: str
    columns: Mapping[str, str]

    @property
    def places(self) -> tuple[str, ...]:
        return tuple(n for n, kind in self.columns.items() if kind in ("geometry", "geography"))


def read_postgis(spec: LayerSpec) -> RawLayer:
    """Return the table `layer` (`table` or `schema.table`) of the database at `spec.url`.

    Without `layer` the only table with places is read. Names are quoted by the driver; the session
    is read only; `where` is the project's own SQL, inside brackets. Rows come in the order of the
    primary key. A password comes from the URL, `PGPASSWORD`, or the password file of PostgreSQL,
    and is never shown.

    Raises
    ------
    LoadError
        If the database cannot be reached, or the table is not there or cannot be read.
    MissingExtraError
        If psycopg is not installed.
    """
    psycopg = _driver(spec)
    try:
        with _connected(psycopg, spec) as link:
            table, notes = _table(link, spec)
            frame, more = _rows(psycopg, link, table=table, spec=spec)
    except psycopg.Error as error:
        key = "io.bad_where" if spec.where and error.sqlstate else "io.database"
        reason = _safe_reason(error, spec)
        raise LoadError(key, path=spec.shown, where=spec.where, reason=reason) from None
    except UnicodeError as error:
        raise LoadError("io.database", path=spec.shown, reason=reason_of(error)) from None
    raw = RawLayer(
        frame=frame,
        spec=spec,
        encoding="utf-8",
        problems=(*notes, *more),
        sha256=_digest(frame),
    )
    return raw if raw.has_geometry else with_positions(raw)


def _driver(spec: LayerSpec) -> ModuleType:
    try:
        return importlib.import_module("psycopg")
    except ImportError as error:
        raise MissingExtraError(
            "layers.missing_extra", what=spec.shown, package="psycopg", extra="postgis"
        ) from error


def _connected(psycopg: ModuleType, spec: LayerSpec) -> Any:  # noqa: ANN401 a psycopg.Connection
    url = re.sub("^postgres://", "postgresql://", str(spec.url))
    given = psycopg.conninfo.conninfo_to_dict(url)
    given.setdefault("connect_timeout", _CONNECT_SECONDS)
    given.setdefault("application_name", "gridcircle")
    given["client_encoding"] = "UTF8"
    link = psycopg.connect(**given)
    link.read_only = True
    return link


def _table(link: Any, spec: LayerSpec) -> tuple[_Table, tuple[Note, ...]]:  # noqa: ANN401
    """Return the table that `layer` names, or the only one with places."""
    listed = [(str(s), str(t), int(n)) for s, t, n in link.execute(_TABLES).fetchall()]
    shown = [f"{schema}.{name}" for schema, name, _ in listed]
    known = ", ".join(shown[:20]) or "–"
    notes: tuple[Note, ...] = ()
    if spec.layer is not None:
        found = [r for r, full in zip(listed, shown, strict=True) if spec.layer in (full, r[1])]
    else:
        found = [row for row in listed if row[2]]
        if len(found) == 1:
            notes = (("io.first_layer", {"known": known, "layer": ".".join(found[0][:2])}),)
        elif found:
            raise LoadError("io.name_table", path=spec.shown, known=known)
    if not found:
        raise LoadError("io.no_layer", path=spec.shown, layer=spec.layer or "", known=known)
    schema, name, _ = found[0]
    columns = {str(c): str(t) for c, t in link.execute(_COLUMNS, (schema, name)).fetchall()}
    return _Table(schema=schema, name=name, columns=columns), notes


def _rows(
    psycopg: ModuleType,
    link: Any,  # noqa: ANN401
    *,
    table: _Table,
    spec: LayerSpec,
) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Return all rows, the first column of places as geometry."""
    sql = psycopg.sql
    plain = [name for name, kind in table.columns.items() if name not in table.places]
    plain = [name for name in plain if table.columns[name] not in ("bytea", "raster")]
    parts = [sql.Identifier(name) for name in plain]
    place = table.places[0] if table.places else None
    if place is not None:
        parts += _place_parts(sql, place, table.columns[place])
    key = [str(name) for (name,) in link.execute(_KEY, (table.schema, table.name)).fetchall()]
    query = sql.SQL("SELECT {} FROM {}").format(
        sql.SQL(", ").join(parts), sql.Identifier(table.schema, table.name)
    )
    if spec.where:
        query += sql.SQL(" WHERE (") + sql.SQL(spec.where) + sql.SQL(")")
    if key:
        query += sql.SQL(" ORDER BY ") + sql.SQL(", ").join(map(sql.Identifier, key))
    with link.cursor(binary=True) as cursor:
        rows = cursor.execute(query).fetchall()
    # A further column of that name, which is no place, must not be lost under the places.
    kept = {"geometry": "geometry_source"} if place is not None else {}
    cells = {
        kept.get(name, name): pd.Series(
            [_cell(row[i]) for row in rows], dtype=object
        ).infer_objects()
        for i, name in enumerate(plain)
    }
    frame = pd.DataFrame(cells, index=range(len(rows)))
    if place is None:
        return frame, ()
    return _placed(link, frame, rows=rows, first=len(plain), table=table)


def _place_parts(sql: ModuleType, place: str, kind: str) -> list[Any]:
    """Return the columns that are asked for: straight WKB, the SRID, the type."""
    name = sql.Identifier(place)
    shape = name if kind == "geometry" else sql.SQL("{}::geometry").format(name)
    return [
        sql.SQL("ST_AsBinary(ST_CurveToLine({}))").format(shape),
        sql.SQL("ST_SRID({})").format(shape),
        sql.SQL("GeometryType({})").format(shape),
    ]


def _placed(
    link: Any,  # noqa: ANN401
    frame: pd.DataFrame,
    *,
    rows: Sequence[Sequence[Any]],
    first: int,
    table: _Table,
) -> tuple[gpd.GeoDataFrame, tuple[Note, ...]]:
    """Return `frame` with its geometry; rows in another SRID than most have none."""
    wkb = np.array(
        [None if row[first] is None else bytes(row[first]) for row in rows], dtype=object
    )
    shapes = shapely.from_wkb(wkb, on_invalid="ignore")
    srids = pd.Series([row[first + 1] for row in rows], dtype=object).dropna()
    kinds = [str(row[first + 2] or "").casefold() for row in rows]
    notes = curve_note(sum(kind.rstrip("zm") in _CURVED for kind in kinds)) + height_note(shapes)
    srid = int(srids.mode().iloc[0]) if len(srids) else 0
    other = np.array([row[first + 1] not in (None, srid) for row in rows], dtype=bool)
    if other.any():
        shapes[other] = None
        notes += (("io.other_srid", {"n": int(other.sum()), "srid": srid}),)
    if len(table.places) > 1:
        known = ", ".join(table.places)
        notes += (("io.first_places", {"known": known, "column": table.places[0]}),)
    crs = _crs(link, srid)
    return gpd.GeoDataFrame(frame, geometry=list(shapes), crs=crs), notes


def _crs(link: Any, srid: int) -> CRS | None:  # noqa: ANN401
    """Return the CRS that the database has under `srid`: by its authority, else by its text."""
    found = link.execute(_SRID, (srid,)).fetchone() if srid else None
    if found is None:
        return None
    authority, code, text = found
    for definition in (f"{authority}:{code}" if authority and code else None, text):
        if definition:
            try:
                return CRS.from_user_input(definition)
            except UnknownCRSError:
                continue
    return None


def _cell(value: Any) -> Any:  # noqa: ANN401 whatever a column holds
    """Return a cell as text or number; what is neither as JSON or as the database writes it."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() else None
    if isinstance(value, (list, tuple, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _digest(frame: pd.DataFrame) -> str:
    """Return a hash of the rows that does not depend on their order."""
    columns = [
        [None if v is None else v.hex() for v in frame[name].to_wkb()]
        if name == "geometry" and isinstance(frame, gpd.GeoDataFrame)
        else frame[name].tolist()
        for name in frame.columns
    ]
    rows = sorted(json.dumps(row, default=str) for row in zip(*columns, strict=True))
    digest = hashlib.sha256(json.dumps(list(frame.columns)).encode("utf-8"))
    for row in rows:
        digest.update(row.encode("utf-8"))
    return digest.hexdigest()


def _safe_reason(error: BaseException, spec: LayerSpec) -> str:
    """Return what the driver said, without a password, however it got there."""
    reason = _SECRETS.sub(r"\1=…", reason_of(error))
    login = str(spec.url).partition("://")[2].rpartition("@")[0]
    secret = login.partition(":")[2]
    return reason.replace(secret, "…") if secret else reason
