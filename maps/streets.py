"""Streets as they are drawn: merged into long lines, the weightiest first.

At a small scale the page draws only as many metres of street as stay apart on the screen, so the
order says what is left out first: class (a main road before a lane) where the layer has one, then
length. Lines of one class and name that meet end to end become one, so a file of very many streets
carries few paths. What is measured is never taken from these lines.
"""

from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

__all__ = ["street_classes", "street_lines"]

_CLASS_COLUMNS: Final = ("highway", "fclass", "rank", "class", "等级", "道路等级", "类别")
_CLASSES: Final = (
    ("motorway", "trunk", "高速公路", "高速", "快速路", "国道"),
    ("primary", "主干路", "主干道", "省道"),
    ("secondary", "次干路", "次干道", "县道"),
    ("tertiary", "乡道"),
    ("unclassified", "residential", "living_street", "支路", "街道"),
)
"""Words of OpenStreetMap and of Chinese road layers, the weightiest first; others come last."""

_MANY_VERTICES: Final = 200_000
_TOLERANCE_M: Final = 1.0

Shapes = npt.NDArray[np.object_]


def street_lines(streets: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    """Return the streets as merged lines, in the order in which they are drawn.

    Above 200,000 vertices lines are simplified to 1 m. CRS of the input, in metres; None for no
    streets. O(n log n).
    """
    if streets is None or not len(streets):
        return streets
    rank = street_classes(streets)
    named = streets["name"] if "name" in streets else pd.Series("", index=streets.index)
    key = pd.factorize(named.fillna("").astype(str))[0] * (len(_CLASSES) + 1) + rank
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.diff(key[order], prepend=-1))
    parts, owner = shapely.get_parts(np.asarray(streets.geometry)[order], return_index=True)
    group = np.searchsorted(starts, owner, side="right") - 1
    merged = shapely.line_merge(shapely.multilinestrings(parts, indices=group))
    lines, owner = shapely.get_parts(merged, return_index=True)
    lines = _simplified(lines)
    drawn = gpd.GeoDataFrame(geometry=lines, crs=streets.crs)
    halvings = -np.ceil(np.log2(np.maximum(shapely.length(lines), 1.0))).astype(np.int64)
    near = drawn.hilbert_distance() if len(drawn) else 0  # neighbours in the file pack better
    return drawn.iloc[np.lexsort((near, halvings, rank[order[starts]][owner]))]


def street_classes(streets: gpd.GeoDataFrame) -> npt.NDArray[np.int64]:
    """Return the class of each street, 0 the weightiest; one past the last where it is not known.

    The first column that names classes counts; its ending `_link` does not.
    """
    place = {word: k for k, words in enumerate(_CLASSES) for word in words}
    for name in _CLASS_COLUMNS:
        if name not in streets:
            continue
        words = streets[name].astype("string").str.strip().str.lower().str.removesuffix("_link")
        found = words.map(place)
        if found.notna().any():
            return np.asarray(found.fillna(len(_CLASSES)), dtype=np.int64)
    return np.full(len(streets), len(_CLASSES), dtype=np.int64)


def _simplified(lines: Shapes) -> Shapes:
    if int(shapely.get_num_coordinates(lines).sum()) <= _MANY_VERTICES:
        return lines
    found: Shapes = np.asarray(shapely.simplify(lines, _TOLERANCE_M), dtype=object)
    return found
