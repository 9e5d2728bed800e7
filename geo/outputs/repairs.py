"""The files of a repair: the mended grids, the change table, a summary, a project to go on with."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import orjson
import pandas as pd
import pyogrio
import shapely
from openpyxl import Workbook
from openpyxl.styles import Font

from geo.outputs.geojson import feature_collection
from geo.outputs.staging import publish, staging
from geo.outputs.storing import stored
from geo.outputs.tables import guarded
from geo.outputs.values import json_value
from geo.words import text

__all__ = ["write_repair"]

_WIDE: Final = ("reason", "reason_zh", "reason_en")
_WIDTH: Final = 16
_WIDE_WIDTH: Final = 70


def write_repair(
    folder: Path,
    *,
    grids: gpd.GeoDataFrame,
    changes: gpd.GeoDataFrame,
    record: Mapping[str, Any],
    project: str,
    language: str,
) -> tuple[Path, ...]:
    """Write a repair into `folder`, `summary.json` last.

    Parameters
    ----------
    grids
        The mended layer with `status`, index `grid_id`, working CRS.
    changes
        The change table: what was applied, then what is proposed or left.
    record
        What `summary.json` says.
    project
        Text of a project file that reads the mended grids.
    language
        Of the headers and reasons in `changes.xlsx`.

    Returns
    -------
    paths
        `grids.gpkg` (layers `grids` and `changes`, working CRS), `grids.geojson`, `changes.geojson`
        (WGS 84), `changes.csv`, `changes.xlsx`, `project.toml`, `summary.json`.

    Raises
    ------
    OutputError
        If the folder or a file in it cannot be written.
    """
    plain = grids.reset_index()
    writers: dict[str, Callable[[Path], object]] = {
        "grids.gpkg": lambda path: _write_gpkg(path, plain, changes),
        "grids.geojson": lambda path: _write_geojson(path, plain, ids=plain["grid_id"]),
        "changes.geojson": lambda path: _write_geojson(path, changes, ids=changes["change_id"]),
        "changes.csv": lambda path: _write_csv(path, changes),
        "changes.xlsx": lambda path: _write_xlsx(path, changes, language),
        "project.toml": lambda path: path.write_text(project, encoding="utf-8"),
        "summary.json": lambda path: path.write_bytes(
            orjson.dumps(json_value(record), option=orjson.OPT_INDENT_2)
        ),
    }
    with staging(folder) as aside:
        for name, write in writers.items():
            write(aside / name)
        return publish(aside, folder, list(writers))


def _write_gpkg(path: Path, grids: gpd.GeoDataFrame, changes: gpd.GeoDataFrame) -> None:
    for layer, frame in (("grids", grids), ("changes", changes)):
        table = stored(pd.DataFrame(frame.drop(columns=frame.geometry.name))).table
        shapes = gpd.GeoSeries(
            shapely.force_2d(frame.geometry.array), index=frame.index, crs=frame.crs
        )
        pyogrio.write_dataframe(
            gpd.GeoDataFrame(table, geometry=shapes),
            path,
            layer=layer,
            driver="GPKG",
            append=path.exists(),
            geometry_type="MultiPolygon",
            promote_to_multi=True,
            VERSION="1.3",
        )


def _write_geojson(path: Path, frame: gpd.GeoDataFrame, *, ids: Sequence[Any]) -> None:
    path.write_bytes(feature_collection(frame, name=path.stem, ids=[str(each) for each in ids]))


def _write_csv(path: Path, changes: gpd.GeoDataFrame) -> None:
    table = pd.DataFrame(changes.drop(columns=changes.geometry.name)).astype(object)
    table.map(guarded).to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def _write_xlsx(path: Path, changes: gpd.GeoDataFrame, language: str) -> None:
    """Write the change table with headers and reasons in one language."""
    other = "reason_en" if language == "zh" else "reason_zh"
    table = pd.DataFrame(changes.drop(columns=[changes.geometry.name, other]))
    table = table.rename(columns={f"reason_{language}": "reason"})
    book = Workbook()
    sheet = book.active
    sheet.title = text("planning.sheet", language)
    sheet.append([text(f"planning.column_{name}", language) for name in table.columns])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row in table.itertuples(index=False):
        sheet.append([_cell(value, language) for value in row])
    for at, name in enumerate(table.columns):
        letter = sheet.cell(row=1, column=at + 1).column_letter
        sheet.column_dimensions[letter].width = _WIDE_WIDTH if name in _WIDE else _WIDTH
    sheet.freeze_panes = "A2"
    book.save(path)


def _cell(value: object, language: str) -> object:
    plain = json_value(value)
    if isinstance(plain, str):
        known = f"planning.word_{plain}"
        try:
            return text(known, language)
        except KeyError:
            return guarded(plain)
    return plain
