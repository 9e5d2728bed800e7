"""Findings that projecting alone has made: marked, of severity info, with the remedy in words."""

from collections.abc import Iterable

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from geo.grids.projections import is_caused_by_projection
from geo.layers import Layers, Source

__all__ = ["mark_projection"]


def mark_projection(
    raw: gpd.GeoDataFrame, layers: Layers, sources: Iterable[Source], *, noise_width_m: float
) -> gpd.GeoDataFrame:
    """Return `raw` findings, with `caused_by_projection` in the details of those that are.

    Parameters
    ----------
    raw
        Rows of `RAW_COLUMNS`, in the working CRS.
    layers
        What was audited.
    sources
        Where the layers came from; the CRS of the files of grids and units counts.
    noise_width_m
        What is narrower is noise.
    """
    degrees = {
        name: crs
        for name in ("grids", "units")
        for crs in _geographic(source.crs for source in sources if source.layer == name)
    }
    if not degrees or not len(raw):
        return raw
    caused = is_caused_by_projection(
        raw, layers.grids, layers.units, sources=degrees, noise_width_m=noise_width_m
    )
    marked = raw.copy()
    marked["details"] = pd.Series(
        [
            {**details, "caused_by_projection": True, "severity": "info"} if is_caused else details
            for details, is_caused in zip(raw["details"], caused, strict=True)
        ],
        index=raw.index,
        dtype=object,
    )
    return marked


def _geographic(names: Iterable[str | None]) -> list[CRS]:
    """Return the CRS in degrees that all `names` stand for, if it is one."""
    found = {name for name in names if name}
    if len(found) != 1:
        return []
    crs = CRS.from_user_input(found.pop())
    return [crs] if crs.is_geographic else []
