"""Base grids that are too large, too small or empty: S401, S402, S403."""

from collections.abc import Iterator, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.findings import Report, findings_frame
from geo.layers import require_columns, require_metric, require_polygons

__all__ = ["find_size_faults"]


def find_size_faults(
    grids: gpd.GeoDataFrame,
    *,
    households: pd.Series | None,
    residents: pd.Series | None,
    min_households: float,
    max_households: float,
    has_demand: pd.Series | None = None,
) -> Report:
    """Report base grids with more or fewer households than the limits, and those with nobody.

    Parameters
    ----------
    grids
        n polygons with `kind`; dedicated grids are not judged.
    households, residents
        Per grid id, missing where unknown; None where nothing is known.
    min_households, max_households
        Limits; equal to a limit is within it.
    has_demand
        Per grid id: True where the numbers are the truth about the grid, so that a 0 means empty.
        Where it is False the grid is not judged at all: its 0 may only mean that its buildings
        were not given. None: all True.

    Returns
    -------
    report
        S401, S402: `measure` households, `limit` the bound. An empty grid (no households and no
        residents, as far as known) is S403 only, not too small besides. Rules without their
        numbers are skipped.

    Raises
    ------
    CRSError, LayerError
        If `grids` is not in metres, holds no polygon in a row, or lacks `kind`.
    """
    require_metric(grids, "grids")
    require_polygons(grids, "grids")
    require_columns(grids, ["kind"], "grids")
    base = grids[grids["kind"] == "base"]
    is_known = np.ones(len(base), dtype=bool)
    if has_demand is not None:
        is_known = has_demand.reindex(base.index).fillna(value=False).to_numpy(bool)
    n_households = _numbers(households, base, is_known)
    n_residents = _numbers(residents, base, is_known)
    people = np.fmax(n_households, n_residents)  # missing only where both are
    is_empty = people == 0.0
    rows = [
        *_rows(
            "S401", base, n_households, which=n_households > max_households, limit=max_households
        ),
        *_rows(
            "S402",
            base,
            n_households,
            which=(n_households < min_households) & ~is_empty,
            limit=min_households,
        ),
        *_rows("S403", base, np.zeros(len(base)), which=is_empty),
    ]
    return Report(
        findings=findings_frame(rows, grids.crs),
        thresholds={"min_households": min_households, "max_households": max_households},
        counts={"n_grids": len(base), "n_unknown": int(np.isnan(n_households).sum())},
        skipped=_skipped(households, residents),
    )


def _skipped(households: pd.Series | None, residents: pd.Series | None) -> dict[str, str]:
    if households is not None:
        return {}
    skipped = dict.fromkeys(("S401", "S402"), "audit.skip_no_households")
    return skipped if residents is not None else {**skipped, "S403": "audit.skip_no_size"}


def _numbers(
    values: pd.Series | None, base: gpd.GeoDataFrame, is_known: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    if values is None:
        return np.full(len(base), np.nan)
    return np.where(is_known, values.reindex(base.index).to_numpy(float), np.nan)


def _rows(
    rule: str,
    base: gpd.GeoDataFrame,
    measure: np.ndarray[Any, Any],
    *,
    which: np.ndarray[Any, Any],
    limit: float | None = None,
) -> Iterator[Mapping[str, Any]]:
    for at in np.flatnonzero(which):
        yield {
            "rule": rule,
            "layer": "grids",
            "grid_ids": (base.index[at],),
            "measure": measure[at],
            "limit": limit,
            "geometry": base.geometry.array[at],
        }
