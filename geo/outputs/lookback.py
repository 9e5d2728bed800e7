"""The files of a look-back: summary, lineage, moves, GeoPackage, ledger; all but its map."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import pyogrio
import shapely

from geo.audit import Audit
from geo.crs import crs_name
from geo.outputs.lookback_ledger import write_look_back_ledger
from geo.outputs.staging import publish, staging
from geo.outputs.storing import stored
from geo.outputs.tables import write_table
from geo.outputs.values import json_value
from geo.planning.lookback import Lookback, statement
from geo.words import LANGUAGES

__all__ = ["look_back_summary", "write_look_back"]

SCHEMA_VERSION: Final = "1.0"

_CHANGES: Final = ("fixed", "left", "introduced")
_TYPES: Final = {"moved_buildings": "Point", "findings": "Unknown"}

Progress = Callable[[str], None]


def write_look_back(
    lookback: Lookback, folder: Path, *, progress: Progress | None = None
) -> tuple[Path, ...]:
    """Write a look-back into `folder`, `summary.json` last.

    Parameters
    ----------
    lookback
        What to write.
    folder
        Made when missing; each file is replaced at one stroke.
    progress
        Called with the name of each file as its writing starts.

    Returns
    -------
    paths
        `lineage.csv`, `moves.csv`, `compare.gpkg`, `ledger.xlsx`, `summary.json`, in place.

    Raises
    ------
    OutputError
        If the folder or a file in it cannot be written.
    """
    said = progress or (lambda _name: None)
    summary = look_back_summary(lookback)
    writers: dict[str, Callable[[Path], object]] = {
        "lineage.csv": lambda path: write_table(_joined_lists(lookback.lineage), path),
        "moves.csv": lambda path: write_table(lookback.moves, path),
        "compare.gpkg": lambda path: _write_geopackage(lookback, summary, path),
        "ledger.xlsx": lambda path: write_look_back_ledger(lookback, path),
        "summary.json": lambda path: path.write_bytes(
            orjson.dumps(summary, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        ),
    }
    with staging(folder) as aside:
        for name, write in writers.items():
            said(name)
            write(aside / name)
        return publish(aside, folder, list(writers))


def look_back_summary(lookback: Lookback) -> dict[str, Any]:
    """Return the content of `summary.json` as JSON values.

    `statement` is the closing statement in the project's language, `statements` its sentences in
    every language; `defects` counts errors and warnings, `findings` those of each rule.
    """
    sentences = {language: list(statement(lookback, language)) for language in LANGUAGES}
    gap = "" if lookback.language == "zh" else " "
    content = {
        "schema_version": SCHEMA_VERSION,
        "title": lookback.title,
        "language": lookback.language,
        "old": _version(lookback.old),
        "new": _version(lookback.new),
        "crs": crs_name(lookback.old.crs),
        "border_tolerance_m": lookback.border_tolerance_m,
        "counts": {
            "old_grids": len(lookback.grids),
            "new_grids": len(lookback.new_grids),
            "moved_buildings": len(lookback.moved_buildings),
        },
        "lineage": dict(lookback.lineage_counts),
        "flags": dict(lookback.flag_counts),
        "n_adjusted": lookback.n_adjusted,
        "residents": {name: _whole(value) for name, value in lookback.residents.items()},
        "defects": {change: lookback.n_defects(change) for change in _CHANGES},
        "findings": _findings(lookback),
        "not_compared": {
            rule: reason[lookback.language] for rule, reason in lookback.not_compared.items()
        },
        "coverage": _coverage(lookback),
        "messages": [message[lookback.language] for message in lookback.messages],
        "statement": gap.join(sentences[lookback.language]),
        "statements": sentences,
    }
    plain: dict[str, Any] = json_value(content)
    return plain


def _version(audit: Audit) -> dict[str, Any]:
    return {
        "project": audit.project_id,
        "title": audit.title,
        "created": audit.created,
        "standards": list(audit.standard.names),
        "inputs": [
            {"layer": source.layer, "path": source.path, "sha256": source.sha256}
            for source in audit.sources
        ],
    }


def _whole(value: float | None) -> float | None:
    return int(value) if value is not None and float(value).is_integer() else value


def _findings(lookback: Lookback) -> dict[str, dict[str, int]]:
    found = lookback.findings
    return {
        change: {
            str(rule): int(n)
            for rule, n in found.loc[found["change"] == change, "rule"]
            .value_counts()
            .sort_index()
            .items()
        }
        for change in _CHANGES
    }


def _coverage(lookback: Lookback) -> dict[str, dict[str, dict[str, Any]]]:
    rows = lookback.coverage
    shares = ("residents_share", "area_share")
    return {
        row["tier"]: {
            side: {name: row[f"{name}_{side}"] for name in shares} for side in ("before", "after")
        }
        for row in rows[rows["subject"] == "city"].to_dict("records")
    }


def _joined_lists(table: pd.DataFrame) -> pd.DataFrame:
    """Return `table` with lists as 、-joined text."""
    texts = [None if ids is None else "、".join(ids) for ids in table["from_ids"]]
    return table.assign(from_ids=pd.Series(texts, index=table.index, dtype=object))


def _write_geopackage(lookback: Lookback, summary: Mapping[str, Any], path: Path) -> None:
    """Write the layers in the old working CRS, and the tables, to a new GeoPackage 1.3."""
    layers = {
        "old_grids": lookback.grids.reset_index(),
        "new_grids": lookback.new_grids.reset_index(),
        "transfers": lookback.transfers,
        "moved_buildings": lookback.moved_buildings.reset_index(),
        "findings": lookback.findings,
    }
    for name, frame in layers.items():
        kind = _TYPES.get(name, "MultiPolygon")
        plain = stored(pd.DataFrame(frame.drop(columns=frame.geometry.name)))
        shapes = np.asarray(shapely.force_2d(frame.geometry.array), dtype=object)
        pyogrio.write_dataframe(
            gpd.GeoDataFrame(plain.table, geometry=shapes, crs=lookback.old.crs),
            path,
            layer=name,
            driver="GPKG",
            append=path.exists(),
            geometry_type=kind,
            promote_to_multi=kind.startswith("Multi"),
            VERSION="1.3",
        )
    tables = {
        "lineage": _joined_lists(lookback.lineage),
        "moves": lookback.moves,
        "coverage": lookback.coverage,
        "units": lookback.units.reset_index(),
        "summary": pd.DataFrame({"summary": [orjson.dumps(summary).decode()]}),
    }
    for name, table in tables.items():
        if len(table):
            pyogrio.write_dataframe(
                stored(table).table, path, layer=name, driver="GPKG", append=True, VERSION="1.3"
            )
