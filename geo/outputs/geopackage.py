"""`audit.gpkg`: the layers of an audit in its working CRS, for QGIS and for reading back."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import orjson
import pandas as pd
import pyogrio
import shapely

from geo.audit import Audit
from geo.crs import crs_name
from geo.layers import Source
from geo.outputs.storing import stored
from geo.outputs.summaries import summary
from geo.outputs.values import json_value
from geo.standards import to_record

__all__ = ["RECORD_VERSION", "geo_layers", "write_geopackage"]

RECORD_VERSION: Final = 1
"""Raised when the record that `read_audit` needs changes its form."""

_TYPES: Final = {
    "grids": "MultiPolygon",
    "units": "MultiPolygon",
    "sites": "Point",
    "circles": "MultiPolygon",
    "findings": "Unknown",
    "responsibility": "MultiPolygon",
    "streets": "MultiLineString",
    "buildings": "Point",
    "net_conflicts": "MultiPolygon",
    "net_faces": "MultiPolygon",
    "net_proposal": "MultiPolygon",
}


_MAX_BUILDINGS: Final = 1_000_000
"""Above this number the buildings stay out of the file: they would take minutes and gigabytes."""

_OF_BUILDINGS: Final = ("households", "residents")


def geo_layers(audit: Audit) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers with places that an audit publishes, by name; their ids are columns."""
    given = {
        "grids": audit.all_grids,
        "units": audit.units,
        "sites": audit.sites,
        "circles": audit.circles,
        "findings": audit.findings,
        "responsibility": audit.responsibility,
        "streets": audit.layers.streets,
        "net_conflicts": None if audit.nets is None else audit.nets.conflicts,
    }
    return {name: _with_ids(frame) for name, frame in given.items() if frame is not None}


def _with_ids(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return `frame` with its named index as its first column."""
    if frame.index.name is None:
        return frame.reset_index(drop=True)
    return frame.drop(columns=frame.index.name, errors="ignore").reset_index()


def write_geopackage(audit: Audit, path: Path) -> None:
    """Write `audit` to a new GeoPackage 1.3 at `path`, the same bytes for the same audit.

    Layers `grids`, `units`, `sites`, `circles`, `findings`, `streets`, `net_conflicts` as far as
    there are any; for reading back also `net_faces`, `net_proposal` and `buildings`; the tables
    `coverage`, `quarantine`, `net_agreement` and `summary` (one row: `summary` is the content of
    `summary.json`, `record` what `read_audit` needs besides).
    """
    columns: dict[str, Any] = {}
    with _dated(audit.created):
        for name, frame in geo_layers(audit).items():
            columns[name] = _write_layer(frame, path, name)
        for name, frame in _further(audit).items():
            columns[name] = _write_layer(frame, path, name)
        tables = {"coverage": audit.coverage, "quarantine": audit.quarantine}
        if audit.nets is not None:
            tables["net_agreement"] = audit.nets.agreement
        for name, table in tables.items():
            if len(table):
                columns[name] = _write_table(table.reset_index(drop=True), path, name)
        texts = {"summary": summary(audit), "record": {**_record(audit), "columns": columns}}
        row = {name: [orjson.dumps(value).decode()] for name, value in texts.items()}
        _write_table(pd.DataFrame(row), path, "summary")


def _further(audit: Audit) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers that are in the file for reading back only."""
    nets = audit.nets
    given = {
        "buildings": _buildings(audit),
        "net_faces": None if nets is None else _with_ids(nets.faces),
        "net_proposal": None if nets is None else _with_ids(nets.proposal),
    }
    return {name: frame for name, frame in given.items() if frame is not None}


def _buildings(audit: Audit) -> gpd.GeoDataFrame | None:
    """Return the buildings as points with their people: what a look-back needs of them."""
    buildings = audit.layers.buildings
    if buildings is None or not 0 < len(buildings) <= _MAX_BUILDINGS:
        return None
    known = [name for name in _OF_BUILDINGS if name in buildings]
    return _with_ids(buildings[[*known, buildings.geometry.name]])


@contextmanager
def _dated(created: str) -> Iterator[None]:
    """Have GDAL stamp what it writes with the audit's own time."""
    stamp = datetime.fromisoformat(created).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": stamp})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _write_layer(frame: gpd.GeoDataFrame, path: Path, name: str) -> tuple[dict[str, str], ...]:
    plain = stored(pd.DataFrame(frame.drop(columns=frame.geometry.name)))
    shapes = gpd.GeoSeries(shapely.force_2d(frame.geometry.array), index=frame.index, crs=frame.crs)
    pyogrio.write_dataframe(
        gpd.GeoDataFrame(plain.table, geometry=shapes),
        path,
        layer=name,
        driver="GPKG",
        append=path.exists(),
        geometry_type=_TYPES[name],
        promote_to_multi=_TYPES[name].startswith("Multi"),
        VERSION="1.3",
    )
    return plain.columns


def _write_table(table: pd.DataFrame, path: Path, name: str) -> tuple[dict[str, str], ...]:
    plain = stored(table)
    pyogrio.write_dataframe(
        plain.table, path, layer=name, driver="GPKG", append=path.exists(), VERSION="1.3"
    )
    return plain.columns


def _record(audit: Audit) -> dict[str, Any]:
    layers = audit.layers
    record = {
        "record_version": RECORD_VERSION,
        "project_id": audit.project_id,
        "title": audit.title,
        "language": audit.language,
        "created": audit.created,
        "crs": crs_name(audit.crs),
        "standard": to_record(audit.standard),
        "levels": layers.levels,
        "grid_levels": layers.grid_levels,
        "has_all_buildings": layers.has_all_buildings,
        "coverage_summary": audit.coverage_summary,
        "noise": audit.noise,
        "need": audit.need,
        "services": audit.services,
        "map_marks": audit.map_marks,
        "skipped": audit.skipped,
        "rules": audit.rules,
        "messages": audit.messages,
        "verdict_model": audit.verdict_model,
        "nets_basis": None if audit.nets is None else audit.nets.basis,
        "sources": [_source(source) for source in audit.sources],
    }
    plain: dict[str, Any] = json_value(record)
    return plain


def _source(source: Source) -> Mapping[str, Any]:
    return {name: getattr(source, name) for name in Source.__slots__}
