"""Which area a row says it lies in: by a code or a name in one of its columns."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.io.columns import id_text

__all__ = ["Claim", "find_claims"]

_FEWEST: Final = 5
_EXACT_SHARE: Final = 0.8
_WITHIN_SHARE: Final = 0.3
_SHORTEST_NAME: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Claim:
    """Rows (positions in the frame) and the polygon each of them names in `column`."""

    column: str
    rows: npt.NDArray[np.intp]
    polygons: npt.NDArray[np.object_]

    def misses(self, xy: npt.NDArray[np.float64], tolerance_m: float) -> npt.NDArray[np.bool_]:
        """Return True for rows whose place is further than `tolerance_m` from what they name."""
        points = shapely.points(xy[self.rows])
        return ~np.asarray(shapely.dwithin(self.polygons, points, tolerance_m), dtype=bool)


def find_claims(frame: pd.DataFrame, areas: Mapping[str, gpd.GeoDataFrame]) -> tuple[Claim, ...]:
    """Return what the columns of `frame` say about where its rows lie.

    A column counts where four of five values are ids, or names, of polygons of one layer; a name
    inside a longer text (瑞江社区党群服务中心) counts where three rows of ten have one.

    Notes
    -----
    O(rows × columns × length of the text).
    """
    columns = {
        str(name): [id_text(value) for value in frame[name]]
        for name in frame.columns
        if name != frame.geometry.name and _is_text(frame[name])
    }
    return tuple(
        claim
        for area in areas.values()
        for lookup in _lookups(area)
        for name, texts in columns.items()
        for claim in _claims(name, texts, lookup)
    )


def _is_text(values: pd.Series) -> bool:
    return values.dtype == object or isinstance(values.dtype, pd.StringDtype)


def _lookups(area: gpd.GeoDataFrame) -> Iterator[dict[str, Any]]:
    """Return text to polygon, by id and by name; a name that two areas share means neither."""
    shapes = np.asarray(area.geometry.array, dtype=object)
    drawn = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    yield dict(zip(area.index[drawn].astype(str), shapes[drawn], strict=True))
    if "name" in area:
        names = pd.Series([id_text(value) for value in area["name"]])
        good = drawn & names.notna().to_numpy() & ~names.duplicated(keep=False).to_numpy()
        yield dict(zip(names[good], shapes[good], strict=True))


def _claims(column: str, texts: Sequence[str | None], lookup: Mapping[str, Any]) -> Iterator[Claim]:
    exact = {row: lookup[text] for row, text in enumerate(texts) if text and text in lookup}
    n_texts = sum(text is not None for text in texts)
    if len(exact) >= max(_FEWEST, _EXACT_SHARE * n_texts):
        yield _claim(column, exact)
        return
    lengths = sorted({len(word) for word in lookup if not word.isdigit()}, reverse=True)
    lengths = [length for length in lengths if length >= _SHORTEST_NAME]
    within = {}
    for row, text in enumerate(texts):
        word = _longest(text or "", lengths, lookup)
        if word is not None:
            within[row] = lookup[word]
    if len(within) >= max(_FEWEST, _WITHIN_SHARE * n_texts):
        yield _claim(column, within)


def _longest(text: str, lengths: Sequence[int], lookup: Mapping[str, Any]) -> str | None:
    for length in lengths:
        for start in range(len(text) - length + 1):
            if text[start : start + length] in lookup:
                return text[start : start + length]
    return None


def _claim(column: str, found: Mapping[int, Any]) -> Claim:
    polygons = np.empty(len(found), dtype=object)
    polygons[:] = list(found.values())
    return Claim(column=column, rows=np.array(list(found), dtype=np.intp), polygons=polygons)
