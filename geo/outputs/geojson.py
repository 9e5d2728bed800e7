"""GeoJSON of RFC 7946: longitude and latitude of WGS 84, exterior rings counter-clockwise."""

from collections.abc import Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import orjson
import shapely

from geo.crs import WGS84, to_crs
from geo.outputs.values import json_records

__all__ = ["DECIMALS", "feature_collection"]

DECIMALS: Final = 10
"""Decimals of a degree that are kept: a hundredth of a millimetre."""

_OPTIONS: Final = orjson.OPT_PASSTHROUGH_SUBCLASS


def feature_collection(frame: gpd.GeoDataFrame, *, name: str, ids: Sequence[str]) -> bytes:
    """Return `frame` as an RFC 7946 feature collection, one feature a line.

    Parameters
    ----------
    frame
        n rows, any known CRS; the columns become properties, the index is left out.
    name
        Told as the collection's name, which GDAL takes for the layer's.
    ids
        n ids, the `id` members.

    Raises
    ------
    CRSError
        If the frame has no CRS, or there is no exact way to WGS 84.

    Notes
    -----
    O(v) for v vertices. Missing, empty and unplaceable geometries are null.
    """
    shapes = _shapes(frame)
    rows = json_records(frame.drop(columns=frame.geometry.name))
    features = [
        orjson.dumps(
            {"type": "Feature", "id": fid, "geometry": shape, "properties": row}, option=_OPTIONS
        )
        for fid, shape, row in zip(ids, shapes, rows or [{}] * len(frame), strict=True)
    ]
    head = b'{"type":"FeatureCollection","name":' + orjson.dumps(name) + b',"features":[\n'
    return head + b",\n".join(features) + b"\n]}\n"


def _shapes(frame: gpd.GeoDataFrame) -> list[orjson.Fragment | None]:
    placed: npt.NDArray[Any] = np.array(to_crs(frame, WGS84).geometry.array, dtype=object)
    placed[~np.isfinite(shapely.bounds(placed)).all(axis=1)] = None
    rounded = shapely.transform(placed, lambda xy: np.round(xy, DECIMALS))
    texts = shapely.to_geojson(shapely.orient_polygons(rounded))
    return [None if text is None else orjson.Fragment(text) for text in texts]
