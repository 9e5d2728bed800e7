"""The findings table: one row a violation, the same columns from every check."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from geopandas.array import from_shapely
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
    return _frame(given, crs) if given else _no_findings(crs).copy(deep=False)


@lru_cache(maxsize=16)
def _no_findings(crs: CRS | None) -> gpd.GeoDataFrame:
    """Return the frame without a row, to be copied: on a good layer most checks find nothing."""
    return _frame([], crs)


def _frame(given: Sequence[Mapping[str, Any]], crs: CRS | None) -> gpd.GeoDataFrame:
    told: set[str] = set().union(*given)
    index = pd.RangeIndex(len(given))
    no_word, no_ids = (_plain([empty] * len(given), index) for empty in (None, ()))
    columns: dict[str, Any] = {}
    for name in RAW_COLUMNS[:-1]:
        if name not in told and name in _NUMBERS:
            columns[name] = np.full(len(given), np.nan)
        elif name not in told and name != "details":
            columns[name] = no_ids if name in ID_LISTS else no_word  # one for all: half the time
        elif name in _NUMBERS:
            numbers = _objects([row.get(name) for row in given])
            columns[name] = pd.to_numeric(numbers).astype(float)
        else:
            columns[name] = _plain(_cells(name, [row.get(name) for row in given]), index)
    shapes = [row.get("geometry") for row in given]
    shapes = [g if isinstance(g, shapely.Geometry) else None for g in shapes]
    columns["geometry"] = from_shapely(_objects(shapes), crs=crs)
    return gpd.GeoDataFrame(columns, index=index, geometry="geometry")  # by name: sooner by far


def _cells(name: str, values: list[Any]) -> list[object]:
    if name in ID_LISTS:
        return [_sorted_ids(value) for value in values]
    if name == "details":
        return [value if isinstance(value, Mapping) else {} for value in values]
    return [None if _is_missing(value) else value for value in values]


def _plain(values: Sequence[object], index: pd.RangeIndex) -> pd.Series:
    """Return a column of `values` as they are: text stays an object."""
    return pd.Series(_objects(values), index=index, dtype=object)


def _objects(values: Sequence[object]) -> npt.NDArray[np.object_]:
    return np.fromiter(values, dtype=object, count=len(values))


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
    if isinstance(value, tuple) and set(map(type, value)) == {str}:
        return value if len(value) == 1 else tuple(sorted(value))
    return tuple(sorted(str(item) for item in value))  # type: ignore[attr-defined]
