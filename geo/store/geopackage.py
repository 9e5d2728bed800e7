"""A GeoPackage 1.3 written by Python's own SQLite alone: tables, places, spatial index.

GDAL must never have the file open in a process that writes to it by `sqlite3`: two copies of SQLite
in one process take each other's locks away (https://sqlite.org/howtocorrupt.html, 2.2.1). The
triggers of a spatial index need functions that plain SQLite lacks; here they are given to it.
"""

import sqlite3
import struct
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError as ProjError

__all__ = ["add_features", "add_functions", "blobs", "create_schema"]

_APPLICATION_ID: Final = 0x47504B47
_USER_VERSION: Final = 10300
_OWN_SRS: Final = 100_000
_BY_CODE: Final = 32_767
_HEADER: Final = struct.Struct("<2sBBi4d")
_EMPTY: Final = 0b0001_0000
_BASE: Final = """
CREATE TABLE gpkg_spatial_ref_sys (
    srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
    organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (
    table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
    description TEXT DEFAULT '',
    last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
    CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (
    table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
    srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
    CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
    CONSTRAINT uk_gc_table_name UNIQUE (table_name),
    CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
    CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE gpkg_extensions (
    table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL,
    scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
INSERT INTO gpkg_spatial_ref_sys VALUES
    ('Undefined Cartesian SRS', -1, 'NONE', -1, 'undefined', NULL),
    ('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', NULL);
"""
_INDEX: Final = """
CREATE VIRTUAL TABLE "rtree_{t}_geom" USING rtree(id, minx, maxx, miny, maxy);
CREATE TRIGGER "rtree_{t}_geom_insert" AFTER INSERT ON "{t}"
WHEN (NEW.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom)) BEGIN
    INSERT OR REPLACE INTO "rtree_{t}_geom" VALUES (NEW.fid,
    ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER "rtree_{t}_geom_update1" AFTER UPDATE OF geom ON "{t}"
WHEN OLD.fid = NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom)) BEGIN
    INSERT OR REPLACE INTO "rtree_{t}_geom" VALUES (NEW.fid,
    ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER "rtree_{t}_geom_update2" AFTER UPDATE OF geom ON "{t}"
WHEN OLD.fid = NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom)) BEGIN
    DELETE FROM "rtree_{t}_geom" WHERE id = OLD.fid; END;
CREATE TRIGGER "rtree_{t}_geom_update3" AFTER UPDATE ON "{t}"
WHEN OLD.fid != NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom)) BEGIN
    DELETE FROM "rtree_{t}_geom" WHERE id = OLD.fid;
    INSERT OR REPLACE INTO "rtree_{t}_geom" VALUES (NEW.fid,
    ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER "rtree_{t}_geom_update4" AFTER UPDATE ON "{t}"
WHEN OLD.fid != NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom)) BEGIN
    DELETE FROM "rtree_{t}_geom" WHERE id IN (OLD.fid, NEW.fid); END;
CREATE TRIGGER "rtree_{t}_geom_delete" AFTER DELETE ON "{t}" WHEN OLD.geom NOT NULL BEGIN
    DELETE FROM "rtree_{t}_geom" WHERE id = OLD.fid; END;
"""


def create_schema(line: sqlite3.Connection) -> None:
    """Make the tables of an empty workspace: those of GeoPackage and those of `schema.sql`."""
    line.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    line.execute(f"PRAGMA user_version = {_USER_VERSION}")
    _run(line, _BASE)
    _add_srs(line, CRS.from_epsg(4326))
    _run(line, files("geo.store").joinpath("schema.sql").read_text(encoding="utf-8"))
    ours = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'gpkg_%'"
    for (name,) in line.execute(ours).fetchall():
        line.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier)"
            " VALUES (?, 'attributes', ?)",
            (name, name),
        )


def add_functions(line: sqlite3.Connection) -> None:
    """Give the connection the functions that the triggers of a spatial index call."""
    line.create_function("ST_IsEmpty", 1, _is_empty, deterministic=True)
    for place, name in enumerate(("ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY")):
        line.create_function(name, 1, _corner(place), deterministic=True)


def add_features(
    line: sqlite3.Connection, layer: str, frame: gpd.GeoDataFrame, *, columns: Mapping[str, str]
) -> None:
    """Append the rows of `frame` to the feature table of `layer` in its CRS, made when missing.

    Parameters
    ----------
    line
        In a transaction.
    layer
        First part of the table's name; the CRS is the second.
    frame
        n rows, any geometry or none.
    columns
        Name to type of the columns to keep; what `frame` lacks is NULL.
    """
    srs = _add_srs(line, frame.crs)
    table = _feature_table(line, f"{layer}_{srs}", srs, columns=columns)
    shapes = np.asarray(frame.geometry.array, dtype=object)
    nothing = [None] * len(frame)
    values = [
        [_plain(value) for value in frame[name]] if name in frame else nothing for name in columns
    ]
    names = ", ".join(f'"{name}"' for name in ("geom", *columns))
    marks = ", ".join("?" * (len(columns) + 1))
    rows = zip(blobs(shapes, srs), *values, strict=True)
    line.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)  # noqa: S608
    given = shapely.total_bounds(shapes)
    if np.isfinite(given).all():
        bounds = [float(value) for value in given]
        line.execute(
            "UPDATE gpkg_contents SET min_x = min(coalesce(min_x, ?1), ?1),"
            " min_y = min(coalesce(min_y, ?2), ?2), max_x = max(coalesce(max_x, ?3), ?3),"
            " max_y = max(coalesce(max_y, ?4), ?4),"
            " last_change = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE table_name = ?5",
            (*bounds, table),
        )


def blobs(shapes: np.ndarray, srs: int) -> list[bytes | None]:
    """Return `shapes` (2-D) as GeoPackage geometries with their envelope; None stays None. O(n)."""
    flat = shapely.force_2d(shapes)
    bounds = shapely.bounds(flat)[:, [0, 2, 1, 3]]
    is_empty = shapely.is_empty(flat)
    found: list[bytes | None] = []
    for wkb, box, empty in zip(
        shapely.to_wkb(flat, byte_order=1), bounds.tolist(), is_empty.tolist(), strict=True
    ):
        if wkb is None:
            found.append(None)
        elif empty:
            found.append(struct.pack("<2sBBi", b"GP", 0, 1 | _EMPTY, srs) + wkb)
        else:
            found.append(_HEADER.pack(b"GP", 0, 0b11, srs, *box) + wkb)
    return found


def _feature_table(
    line: sqlite3.Connection, table: str, srs: int, *, columns: Mapping[str, str]
) -> str:
    """Return `table`, made when it is not there."""
    known = "SELECT 1 FROM gpkg_contents WHERE table_name = ?"
    if line.execute(known, (table,)).fetchone():
        return table
    parts = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    line.execute(
        f'CREATE TABLE "{table}" (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom GEOMETRY,'
        f" {parts})"
    )
    line.execute(f'CREATE INDEX "{table}_version" ON "{table}" (version_id)')
    line.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id)"
        " VALUES (?, 'features', ?, ?)",
        (table, table, srs),
    )
    line.execute(
        "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'GEOMETRY', ?, 0, 0)", (table, srs)
    )
    line.execute(
        "INSERT INTO gpkg_extensions VALUES (?, 'geom', 'gpkg_rtree_index',"
        " 'http://www.geopackage.org/spec120/#extension_rtree', 'write-only')",
        (table,),
    )
    _run(line, _INDEX.replace("{t}", table))
    return table


def _add_srs(line: sqlite3.Connection, crs: CRS) -> int:
    """Return the number of `crs` in the file, which gets to know it."""
    authority, definition = crs.to_authority(), _definition(crs)
    if authority and authority[1].isdigit() and int(authority[1]) <= _BY_CODE:
        organization, code = authority[0], int(authority[1])
        same = "SELECT srs_id FROM gpkg_spatial_ref_sys WHERE srs_id = ?"
        known = line.execute(same, (code,)).fetchone()
        srs = code
    else:
        same = "SELECT srs_id FROM gpkg_spatial_ref_sys WHERE definition = ?"
        known = line.execute(same, (definition,)).fetchone()
        most = "SELECT max(srs_id) FROM gpkg_spatial_ref_sys"
        srs = max(_OWN_SRS, int(line.execute(most).fetchone()[0]) + 1)
        organization, code = "NONE", srs
    if known:
        return int(known[0])
    row = (crs.name, srs, organization, code, definition)
    line.execute("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, NULL)", row)
    return srs


def _definition(crs: CRS) -> str:
    try:
        return crs.to_wkt("WKT1_GDAL")
    except ProjError:
        return crs.to_wkt()


def _run(line: sqlite3.Connection, script: str) -> None:
    """Execute the statements of `script` within the transaction (`executescript` would end it)."""
    statement = ""
    for part in script.splitlines(keepends=True):
        statement += part
        if sqlite3.complete_statement(statement):
            line.execute(statement)
            statement = ""


def _is_empty(blob: bytes) -> int:
    return int(bool(blob[3] & _EMPTY))


def _corner(place: int) -> Any:  # noqa: ANN401
    """Return the function that gives one number of the envelope of a geometry written here."""
    start = 8 + 8 * place

    def corner(blob: bytes) -> float:
        number: Sequence[float] = struct.unpack_from("<d", blob, start)
        return number[0]

    return corner


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Return a value that SQLite can hold; what is missing is None."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value != value:  # noqa: PLR0124 - NaN is no value
        return None
    return int(value) if isinstance(value, bool) else value
