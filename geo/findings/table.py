"""The findings table: one row a violation, the same columns from every check."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

__all__ = [
    "FINDING_COLUMNS",
    "ID_LISTS",
    "RAW_COLUMNS",
    "Report",
    "concat_findings",
    "finding_ids",
    "findings_frame",
]

ID_LISTS: Final = ("grid_ids", "unit_ids", "site_ids")
"""Columns that hold sorted tuples of text ids."""

RAW_COLUMNS: Final = (
    "rule",
    "defect",
    "layer",
    *ID_LISTS,
    "tier",
    "model",
    "category",
    "measure",
    "limit",
    "width_m",
    "residents",
    "households",
    "details",
    "geometry",
)
"""What a check fills in. `details` (name to value) feeds the sentence and is dropped afterwards."""

FINDING_COLUMNS: Final = (
    "finding_id",
    "rule",
    "defect",
    "severity",
    "layer",
    *ID_LISTS,
    "tier",
    "model",
    "category",
    "measure",
    "measure_unit",
    "limit",
    "width_m",
    "residents",
    "households",
    "n_buildings",
    "owner_id",
    "border_m",
    "message_zh",
    "message_en",
    "source",
    "confidence",
    "status",
    "caused_by_projection",
    "geometry",
)
"""What an audit publishes, in order (contract.md, Outputs).

`n_buildings`: buildings whose point lies in a defect that has an area; `owner_id`, `border_m`: the
grid proposed for what is disputed (docs/en/nets.md tells rule by rule), and the border in question.
"""

_SUBJECT: Final = ("rule", "tier", "model", "category", *ID_LISTS)
"""What tells one finding from another."""

_NUMBERS = ("measure", "limit", "width_m", "residents", "households")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Report:
    """What one check found.

    `findings`
        Frame of `RAW_COLUMNS`, a row a violation.
    `thresholds`
        The limits that were used, name to value.
    `counts`
        Numbers worth telling besides: how many were judged, how many were noise.
    `skipped`
        Rule to the reason why it could not be judged.
    """

    findings: gpd.GeoDataFrame
    thresholds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    skipped: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def ok(self) -> bool:
        """True when nothing was found."""
        return len(self.findings) == 0


def findings_frame(rows: Iterable[Mapping[str, Any]], crs: CRS | None) -> gpd.GeoDataFrame:
    """Return `rows` as a frame of `RAW_COLUMNS` in `crs`; what a row leaves out is missing.

    Id lists may be given as any sequence and come out as sorted tuples of text.
    """
    given = list(rows)
    told: set[str] = set().union(*given)
    index = pd.RangeIndex(len(given))
    columns: dict[str, pd.Series] = {}
    for name in RAW_COLUMNS[:-1]:
        if name not in told:
            columns[name] = _untold(name, index)
            continue
        values: list[Any] = [row.get(name) for row in given]
        if name in ID_LISTS:
            values = [_sorted_ids(value) for value in values]
        elif name == "details":
            values = [value if isinstance(value, Mapping) else {} for value in values]
        elif name in _NUMBERS:
            columns[name] = pd.to_numeric(pd.Series(values, index=index, dtype=object)).astype(
                float
            )
            continue
        else:
            values = [None if _is_missing(value) else value for value in values]
        columns[name] = pd.Series(values, index=index, dtype=object)
    shapes = [row.get("geometry") for row in given]
    geometry = [g if isinstance(g, shapely.Geometry) else None for g in shapes]
    columns["geometry"] = gpd.GeoSeries(geometry, index=index, crs=crs)
    plain = pd.DataFrame(columns, index=index, copy=False)
    return gpd.GeoDataFrame(plain, geometry="geometry")  # by name: a third of the time


def _untold(name: str, index: pd.RangeIndex) -> pd.Series:
    """Return a column that no row has a value for."""
    if name in _NUMBERS:
        return pd.Series(np.nan, index=index, dtype=float)
    values: list[Any] = [None] * len(index)
    if name in ID_LISTS:
        values = [()] * len(index)
    elif name == "details":
        values = [{} for _ in index]
    return pd.Series(values, index=index, dtype=object)


def _is_missing(value: object) -> bool:
    return value is None or value != value  # noqa: PLR0124 - NaN is no word


def concat_findings(frames: Sequence[gpd.GeoDataFrame], crs: CRS | None) -> gpd.GeoDataFrame:
    """Return the rows of all `frames` in order, as one frame of `RAW_COLUMNS`."""
    full = [frame for frame in frames if len(frame)]
    if not full:
        return findings_frame([], crs)
    joined = pd.concat(full, ignore_index=True)
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=crs)


def finding_ids(findings: gpd.GeoDataFrame) -> pd.Series:
    """Return a stable id for each finding, on its index.

    The id hashes rule, tier, model, category and the sorted subject ids, never a measure, so it
    survives an edited
    border. Equal ids are told apart by place: `-2`, `-3`, … from west to east, then south to north.
    """
    keys = [
        hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:12]
        for parts in map(
            _subject, zip(*(findings[name].tolist() for name in _SUBJECT), strict=True)
        )
    ]
    base = pd.Series(keys, index=findings.index, name="finding_id", dtype=object)
    repeated = base.duplicated(keep=False).to_numpy()
    if repeated.any():
        place = shapely.centroid(findings.geometry.array[repeated])
        order = pd.DataFrame(
            {
                "key": base[repeated],
                "x": np.round(shapely.get_x(place), 1),
                "y": np.round(shapely.get_y(place), 1),
            }
        ).sort_values(["key", "x", "y"], kind="stable")
        rank = order.groupby("key").cumcount()
        suffix = rank.map(lambda n: "" if n == 0 else f"-{n + 1}")
        base.loc[suffix.index] = base.loc[suffix.index] + suffix
    return base


def _subject(row: tuple[Any, ...]) -> list[str]:
    n_scalars = len(_SUBJECT) - len(ID_LISTS)
    scalars = [str(value) if value is not None else "" for value in row[:n_scalars]]
    return [*scalars, *("\x1e".join(ids) for ids in row[n_scalars:])]


def _sorted_ids(value: object) -> tuple[str, ...]:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, tuple) and len(value) == 1 and isinstance(value[0], str):
        return (str(value[0]),)
    return tuple(sorted(str(item) for item in value))  # type: ignore[attr-defined]
