"""All files of an audit but the map, put in place together."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import geopandas as gpd
import orjson

from geo.audit import Audit
from geo.outputs.equity import EQUITY_FILE, equity_writers
from geo.outputs.geojson import feature_collection
from geo.outputs.geopackage import geo_layers, write_geopackage
from geo.outputs.ledger import Office, write_ledger
from geo.outputs.nets import NET_FILES, net_writers
from geo.outputs.staging import publish, staging
from geo.outputs.summaries import summary
from geo.outputs.tables import write_coverage, write_quarantine

__all__ = ["place_outputs", "write_outputs"]

Progress = Callable[[str], None]

_AREAS: Final = "responsibility.geojson"
_AREA_IDS: Final = ("site_id", "tier", "model")

_OPTIONAL: Final = frozenset({"quarantine.csv", EQUITY_FILE, _AREAS, *NET_FILES})
"""Files that go when a later run has nothing to write in them."""

_IDS: Final = {
    "grids": ("grid_id",),
    "units": ("unit_id",),
    "sites": ("site_id",),
    "circles": ("site_id", "tier", "model"),
    "findings": ("finding_id",),
}


def write_outputs(
    audit: Audit, folder: Path, *, office: Office | None = None, progress: Progress | None = None
) -> tuple[Path, ...]:
    """Write the files of the contract into `folder`, all but `map.html`.

    Parameters
    ----------
    audit
        What to write.
    folder
        Made when missing. Each file is replaced at one stroke and `summary.json` last, so that a
        crash leaves the files of the run before; a `quarantine.csv` or a file on nets of an
        earlier run goes when there is nothing to write in it any more.
    office
        What the ledger carries of the office's columns, from the store.
    progress
        Called with the name of each file as its writing starts.

    Returns
    -------
    paths
        The files in place.

    Raises
    ------
    OutputError
        If the folder or a file in it cannot be written.
    """
    said = progress or (lambda _name: None)
    writers: dict[str, Callable[[Path], object]] = {
        **{f"{layer}.geojson": _geojson_writer(audit, layer) for layer in _IDS},
        "coverage.csv": lambda path: write_coverage(audit.coverage, path),
        "audit.gpkg": lambda path: write_geopackage(audit, path),
        "ledger.xlsx": lambda path: write_ledger(audit, path, office=office),
        **net_writers(audit.nets),
        **equity_writers(audit.need, audit.verdict_model),
        "summary.json": lambda path: path.write_bytes(_summary(audit)),
    }
    if audit.responsibility is not None:
        areas = {_AREAS: _geojson_writer(audit, "responsibility")}
        writers = {**areas, **writers}
    if len(audit.quarantine):
        refused = {"quarantine.csv": lambda path: write_quarantine(audit.quarantine, path)}
        writers = {**refused, **writers}
    with staging(folder) as aside:
        for name, write in writers.items():
            said(name)
            write(aside / name)
        placed = publish(aside, folder, list(writers))
    for name in _OPTIONAL - set(writers):
        (folder / name).unlink(missing_ok=True)
    return placed


def place_outputs(source: Path, folder: Path) -> tuple[Path, ...]:
    """Copy the outputs in `source` into `folder`, as `write_outputs` would have written them.

    Raises
    ------
    OutputError
        If the folder or a file in it cannot be written.
    """
    names = [path.name for path in sorted(source.iterdir()) if path.is_file()]
    names.sort(key=lambda name: name == "summary.json")
    with staging(folder) as aside:
        for name in names:
            shutil.copyfile(source / name, aside / name)
        placed = publish(aside, folder, names)
    for name in _OPTIONAL - set(names):
        (folder / name).unlink(missing_ok=True)
    return placed


def _summary(audit: Audit) -> bytes:
    return orjson.dumps(summary(audit), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _geojson_writer(audit: Audit, layer: str) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        frame = geo_layers(audit).get(layer)
        if frame is None:
            id_column = _IDS[layer][0]
            frame = gpd.GeoDataFrame({id_column: []}, geometry=[], crs=audit.crs)
        ids = _ids(frame, _IDS.get(layer, _AREA_IDS))
        path.write_bytes(feature_collection(frame, name=layer, ids=ids))

    return write


def _ids(frame: gpd.GeoDataFrame, columns: Sequence[str]) -> list[str]:
    if not len(frame):
        return []
    parts = [frame[column].astype(str) for column in columns]
    return [":".join(row) for row in zip(*parts, strict=True)]
