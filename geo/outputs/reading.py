"""Read an audit back from the GeoPackage that it was written to."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FieldError
from pyproj import CRS

from geo.audit import Audit
from geo.errors import LoadError
from geo.grids.nets import NetComparison
from geo.layers import Layers, Source
from geo.outputs.geopackage import RECORD_VERSION
from geo.outputs.storing import restored
from geo.outputs.tables import COVERAGE_COLUMNS, QUARANTINE_COLUMNS
from geo.standards import from_record

__all__ = ["read_audit"]

_IDS: Final = {
    "grids": "grid_id",
    "units": "unit_id",
    "sites": "site_id",
    "streets": "street_id",
    "buildings": "building_id",
    "net_faces": "face_id",
    "net_proposal": "grid_id",
}
_TABLES: Final = frozenset({"coverage", "quarantine", "net_agreement"})
_FAULTS: Final = (DataSourceError, DataLayerError, FieldError, ValueError, LookupError, TypeError)


def read_audit(gpkg: Path) -> Audit:
    """Return the audit that `write_outputs` put into `gpkg` (an `audit.gpkg`).

    Everything that maps and outputs are made from comes back as it was. Layers that are not
    published (staff, …) are not in the file, buildings (none above a million) are points with their
    people, and `layers.grids` are the audited grids with the audit's columns.

    Raises
    ------
    LoadError
        If there is no such file, or it is not an audit's GeoPackage.
    """
    if not gpkg.is_file():
        raise LoadError("outputs.no_file", path=gpkg)
    try:
        return _read(gpkg)
    except _FAULTS as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        raise LoadError("outputs.not_an_audit", path=gpkg, reason=reason) from error


def _read(gpkg: Path) -> Audit:
    record = _record(gpkg)
    crs, stored = CRS.from_user_input(record["crs"]), record["columns"]
    frames = {
        name: _layer(gpkg, name, crs=crs, columns=columns)
        for name, columns in stored.items()
        if name not in _TABLES
    }
    grids, finer = _levels(frames["grids"], record.get("grid_levels", ()))
    layers = Layers(
        grids=grids,
        finer=finer,
        grid_levels=tuple(record.get("grid_levels", ())),
        units=frames.get("units"),
        sites=frames.get("sites"),
        streets=frames.get("streets"),
        buildings=frames.get("buildings"),
        levels=tuple(record["levels"]),
        has_all_buildings=record["has_all_buildings"],
    )
    return Audit(
        project_id=record["project_id"],
        title=record["title"],
        language=record["language"],
        created=record["created"],
        standard=from_record(record["standard"]),
        layers=layers,
        grids=grids,
        finer=pd.concat(list(finer.values())) if finer else None,
        units=frames.get("units"),
        sites=frames.get("sites"),
        circles=frames["circles"],
        findings=frames["findings"],
        coverage=_table(gpkg, "coverage", columns=stored, expected=COVERAGE_COLUMNS),
        coverage_summary=record["coverage_summary"],
        noise=record["noise"],
        need=record.get("need", {}),
        services=record.get("services", {}),
        map_marks=record.get("map_marks", {}),
        skipped=record["skipped"],
        rules=tuple(record["rules"]),
        sources=tuple(_source(item) for item in record["sources"]),
        quarantine=_table(gpkg, "quarantine", columns=stored, expected=QUARANTINE_COLUMNS),
        verdict_model=record["verdict_model"],
        messages=tuple(record["messages"]),
        nets=_nets(gpkg, frames, record),
        responsibility=frames.get("responsibility"),
    )


def _levels(
    grids: gpd.GeoDataFrame, levels: Sequence[str]
) -> tuple[gpd.GeoDataFrame, Mapping[str, gpd.GeoDataFrame]]:
    """Return the grids of the coarsest level, and of each finer one."""
    finer = {level: grids[grids["level"] == level] for level in levels[1:]}
    main = grids[~grids["level"].isin(levels[1:])] if finer else grids
    return main, MappingProxyType(finer)


def _nets(
    gpkg: Path, frames: Mapping[str, gpd.GeoDataFrame], record: Mapping[str, Any]
) -> NetComparison | None:
    """Return the comparison of departmental nets; None without, as in files of older programs."""
    if record.get("nets_basis") is None:
        return None
    agreement = _table(gpkg, "net_agreement", columns=record["columns"], expected=())
    return NetComparison(
        agreement=agreement,
        faces=frames["net_faces"],
        proposal=frames["net_proposal"],
        basis=record["nets_basis"],
    )


def _record(gpkg: Path) -> Mapping[str, Any]:
    row = pyogrio.read_dataframe(gpkg, layer="summary", read_geometry=False)
    record: Mapping[str, Any] = orjson.loads(row["record"][0])
    if record["record_version"] != RECORD_VERSION:
        message = f"record version {record['record_version']}, expected {RECORD_VERSION}"
        raise ValueError(message)
    return record


def _layer(
    gpkg: Path, name: str, *, crs: CRS, columns: Sequence[Mapping[str, str]]
) -> gpd.GeoDataFrame:
    frame = pyogrio.read_dataframe(gpkg, layer=name)
    shapes = _single(np.asarray(frame.geometry.array, dtype=object))
    table = restored(pd.DataFrame(frame.drop(columns=frame.geometry.name)), columns)
    placed = gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(shapes, index=table.index), crs=crs)
    return placed.set_index(_IDS[name]) if name in _IDS else placed


def _single(shapes: Any) -> Any:  # noqa: ANN401
    """Return `shapes` with every collection of one part replaced by its part."""
    is_multi = np.isin(shapely.get_type_id(shapes), (4, 5, 6))
    alone = is_multi & (shapely.get_num_geometries(shapes) == 1)
    shapes[alone] = shapely.get_geometry(shapes[alone], 0)
    return shapes


def _table(
    gpkg: Path, name: str, *, columns: Mapping[str, Any], expected: Sequence[str]
) -> pd.DataFrame:
    if name not in columns:
        return pd.DataFrame({column: pd.Series(dtype=object) for column in expected})
    table = pyogrio.read_dataframe(gpkg, layer=name, read_geometry=False)
    return restored(table, columns[name])


def _source(record: Mapping[str, Any]) -> Source:
    given = dict(record)
    given["mapped"] = MappingProxyType(dict(record["mapped"]))
    for name in ("unmapped", "problems", "datum_evidence", "notes"):
        given[name] = tuple(record.get(name, ()))
    return Source(**given)
