"""All layers of a project at once: which are judged, in which order, against which others."""

from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import shapely

from geo.io.guard.datums import DatumVerdict, judge_datum
from geo.io.guard.surroundings import Surroundings
from geo.layers import Layers

__all__ = ["judge_layers"]

_JUDGED: Final = ("buildings", "sites", "candidates", "cases")


def judge_layers(layers: Layers, declared: Mapping[str, str]) -> dict[str, DatumVerdict]:
    """Return the verdict on the datum of each layer of points, and on the grids.

    Parameters
    ----------
    layers
        All layers, in the working CRS, as their datums were declared.
    declared
        Layer to its declared datum; a layer that is not in it is not judged.

    Returns
    -------
    verdicts
        By layer. Buildings come first: doubtful ones are no evidence for the others. The grids,
        against which all are held, are `ok` where another layer agrees with them.
    """
    verdicts: dict[str, DatumVerdict] = {}
    around = _around(layers, buildings=None)
    for name in _JUDGED:
        frame: gpd.GeoDataFrame | None = getattr(layers, name)
        if name in declared and frame is not None:
            verdicts[name] = judge_datum(frame, around, declared=declared[name], layer=name)
        if name == "buildings" and frame is not None and not _is_doubtful(verdicts, name):
            around = _around(layers, buildings=_drawn(frame))
    agrees = any(verdict.verdict == "ok" for verdict in verdicts.values())
    verdicts["grids"] = DatumVerdict(
        verdict="ok" if agrees else "unknown",
        declared=declared.get("grids", "wgs84"),
        n=len(layers.grids),
    )
    return verdicts


def _is_doubtful(verdicts: Mapping[str, DatumVerdict], name: str) -> bool:
    return name in verdicts and verdicts[name].is_doubtful


def _around(layers: Layers, *, buildings: gpd.GeoDataFrame | None) -> Surroundings:
    areas = {"grids": layers.grids}
    if layers.units is not None:
        for level in layers.levels:
            areas[level] = layers.units[layers.units["level"] == level]
    return Surroundings(
        grids=layers.grids, areas=areas, buildings=buildings, streets=_drawn(layers.streets)
    )


def _drawn(frame: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    """Return the rows with a place, None without any."""
    if frame is None:
        return None
    shapes = np.asarray(frame.geometry.array, dtype=object)
    drawn = frame[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    return drawn if len(drawn) else None
