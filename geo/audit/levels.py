"""The levels above the grids as tilings of their own: overlaps and gaps of units, in one pass."""

from dataclasses import replace

import geopandas as gpd
import pandas as pd

from geo.findings import Report, concat_findings
from geo.grids import find_gaps, find_overlaps
from geo.layers import Layers

__all__ = ["with_levels"]


def with_levels(
    report: Report, layers: Layers, *, noise_width_m: float, sliver_width_m: float
) -> Report:
    """Return `report` of the grids with the overlaps and gaps of every level of units added.

    Units of one level must not overlap, and must fill each unit of the next level above that has
    polygons. Their findings have the layer `units` and name `unit_ids` in place of grids; what is
    noise among them is not counted.

    O(n log n) for n units.
    """
    found = [report.findings]
    above: gpd.GeoDataFrame | None = None
    for level in layers.levels if layers.units is not None else ():
        units = _drawn(layers, level)
        if units.empty:
            continue
        overlaps = find_overlaps(units, noise_width_m=noise_width_m, sliver_width_m=sliver_width_m)
        found.append(_of_units(overlaps.findings))
        if above is not None:
            gaps = find_gaps(
                units, above, noise_width_m=noise_width_m, sliver_width_m=sliver_width_m
            )
            found.append(_of_units(gaps.findings))
        above = units
    return replace(report, findings=concat_findings(found, layers.crs))


def _drawn(layers: Layers, level: str) -> gpd.GeoDataFrame:
    units = layers.units
    if units is None:
        return layers.grids.iloc[:0]
    is_drawn = ~(units.geometry.isna() | units.geometry.is_empty)
    return units[is_drawn & (units["level"] == level)].assign(kind="base")


def _of_units(findings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return `findings` with the units they name as units, not as grids."""
    both = [
        tuple(sorted({*grids, *units}))
        for grids, units in zip(findings["grid_ids"], findings["unit_ids"], strict=True)
    ]
    moved = findings.assign(layer="units")
    moved["unit_ids"] = pd.Series(both, index=findings.index, dtype=object)
    moved["grid_ids"] = pd.Series([()] * len(findings), index=findings.index, dtype=object)
    return moved
