"""The map of a look-back: before on the left, after on the right of a line that moves."""

import os
from functools import partial
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo import words
from geo.crs import crs_name
from geo.planning.lookback import FLAGS, NEW_FATES, OLD_FATES, Lookback, statement
from maps.packing import COARSE_DEG, FINE_DEG, Packer
from maps.pages import offline_page
from maps.privacy import least_count, with_small_counts_hidden
from maps.scene import MANY_VERTICES, lonlat, lonlat_bounds
from maps.tables import column, positions, table
from maps.vendored import look_back_script, look_back_style

__all__ = ["look_back_map", "write_look_back_map"]

_SIDE_FIELDS: Final[dict[str, int | None]] = {
    "name": None,
    "kind": None,
    "parent_id": None,
    "residents": 0,
    "area_m2": 0,
}
_OLD_FIELDS: Final[dict[str, int | None]] = {
    **_SIDE_FIELDS,
    "fate": None,
    "matched_by": None,
    "border_m": 2,
    "residents_moved": 0,
    "n_buildings_moved": 0,
}
_NEW_FIELDS: Final[dict[str, int | None]] = {
    **_SIDE_FIELDS,
    "origin": None,
    "residents_moved_in": 0,
}
_FINDING_FIELDS: Final[dict[str, int | None]] = {
    "change": None,
    "rule": None,
    "severity": None,
    "message_zh": None,
    "message_en": None,
}


def look_back_map(lookback: Lookback) -> str:
    """Return the map of a look-back: HTML with everything inside, in both languages."""
    extent = pd.concat([lookback.grids[["geometry"]], lookback.new_grids[["geometry"]]])
    bounds = lonlat_bounds(gpd.GeoDataFrame(extent, crs=lookback.grids.crs))
    return offline_page(
        title=lookback.title,
        language=lookback.language,
        bounds=bounds,
        scene=_pack(lookback, bounds),
        code=(look_back_script(), look_back_style()),
    )


def write_look_back_map(lookback: Lookback, path: Path) -> Path:
    """Write the map of a look-back to `path` (UTF-8) and return it.

    A crash on the way leaves the old file as it was.

    Raises
    ------
    OSError
        If the folder does not exist or cannot be written.
    """
    page = look_back_map(lookback).encode("utf-8")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(page)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _pack(lookback: Lookback, bounds: tuple[float, float, float, float]) -> str:
    """Return everything the page shows, as one text of base64."""
    packer = Packer(origin_lonlat=bounds[:2])
    sides = (lookback.grids, lookback.new_grids)
    vertices = sum(int(shapely.get_num_coordinates(side.geometry.array).sum()) for side in sides)
    step = FINE_DEG if vertices <= MANY_VERTICES else COARSE_DEG
    packer.add_shapes("old", lonlat(lookback.grids), step_deg=step, is_shared=True)
    packer.add_shapes("new", lonlat(lookback.new_grids), step_deg=step, is_shared=True)
    packer.add_shapes("units", lonlat(_drawn_units(lookback)), step_deg=step, is_shared=True)
    packer.add_shapes("transfers", lonlat(lookback.transfers), step_deg=step, is_shared=True)
    packer.add_shapes("moved", lonlat(lookback.moved_buildings), step_deg=COARSE_DEG)
    return packer.blob(_header(lookback))


def _drawn_units(lookback: Lookback) -> gpd.GeoDataFrame | None:
    """Return the units of the new version, those without polygons left out."""
    units = lookback.new.units
    if units is None:
        return None
    return units[~(units.geometry.isna() | units.geometry.is_empty)]


def _header(lookback: Lookback) -> dict[str, Any]:
    old, new = lookback.grids, lookback.new_grids
    units = _drawn_units(lookback)
    hidden = partial(with_small_counts_hidden, k=least_count(lookback.new.standard))
    return {
        "version": 1,
        "project": {
            "title": lookback.title,
            "language": lookback.language,
            "crs": crs_name(lookback.old.crs),
            "least_count": least_count(lookback.new.standard),
            "old": {"title": lookback.old.title, "created": lookback.old.created},
            "new": {"title": lookback.new.title, "created": lookback.new.created},
        },
        "words": {
            **words.table("maps"),
            **{f"lb_{key}": entry for key, entry in words.table("lookback").items()},
        },
        "statements": {
            language: list(statement(lookback, language)) for language in words.LANGUAGES
        },
        "fates": [*OLD_FATES, *NEW_FATES],
        "counts": dict(lookback.lineage_counts),
        "n_adjusted": lookback.n_adjusted,
        "levels": list(lookback.new.layers.levels),
        "units": {"id": [], "level": []} if units is None else table(units, {"level": None}),
        "old": hidden(table(old, _OLD_FIELDS))
        | {"successor": _at(old["successor_id"], new.index), "flags": _flags(old)},
        "new": hidden(table(new, _NEW_FIELDS))
        | {
            "predecessors": positions(new["predecessor_ids"], old.index),
            "from": positions(new["from_ids"], old.index),
        },
        "moves": hidden(
            {
                "from": _at(lookback.moves["from_id"], old.index),
                "to": _at(lookback.moves["to_id"], new.index),
                "n_buildings": column(lookback.moves["n_buildings"], 0),
                "residents": column(lookback.moves["residents"], 0),
            }
        ),
        "findings": hidden(table(lookback.findings, _FINDING_FIELDS))
        | {
            "old": _of(lookback.findings, old.index, is_fixed=True),
            "new": _of(lookback.findings, new.index, is_fixed=False),
        },
    }


def _at(ids: pd.Series, index: pd.Index) -> list[int]:
    """Return the position of each id, -1 where there is none."""
    found: list[int] = index.get_indexer(pd.Index(ids, dtype=object)).tolist()
    return found


def _flags(grids: pd.DataFrame) -> list[list[str]]:
    rows = np.column_stack([grids[name].to_numpy(dtype=bool) for name in FLAGS])
    return [[name for name, has in zip(FLAGS, row, strict=True) if has] for row in rows.tolist()]


def _of(findings: pd.DataFrame, index: pd.Index, *, is_fixed: bool) -> list[list[int]]:
    """Return the grids of each finding: old ones of a fixed finding, new ones of any other."""
    found = positions(findings["grid_ids"], index)
    fixed = (findings["change"] == "fixed").tolist()
    return [at if mine == is_fixed else [] for at, mine in zip(found, fixed, strict=True)]
