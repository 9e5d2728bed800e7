"""Areas and mean widths of what an overlay left: overlaps, gaps, parts outside.

*Mean width* of a polygon is 2·area/perimeter; several parts are judged by the widest one.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import shapely

from geo.grids.kernel import without_spikes

__all__ = ["Pieces", "mean_width_m", "polygon_parts"]

Geometries = npt.NDArray[np.object_]
_POLYGON, _MULTIPOLYGON = 3, 6


def polygon_parts(geometry: Any) -> tuple[Geometries, npt.NDArray[np.intp]]:  # noqa: ANN401
    """Return the polygons with an area in `geometry` and the position each one came from.

    A multipolygon of one part stays one.

    Lines and points that an overlay left are dropped, spikes without width too; missing geometries
    have no part.
    """
    whole = np.asarray(geometry, dtype=object)
    if not len(whole):
        return whole, np.zeros(0, dtype=np.intp)
    plain = np.isin(shapely.get_type_id(whole), (_POLYGON, _MULTIPOLYGON)) & (
        shapely.get_num_geometries(whole) == 1
    )
    several = np.flatnonzero(~plain)
    parts, owner = shapely.get_parts(whole[several], return_index=True)
    if (shapely.get_num_geometries(parts) != 1).any():  # in a collection
        parts, within = shapely.get_parts(parts, return_index=True)
        owner = owner[within]
    parts = np.concatenate([whole[plain], parts])
    owner = np.concatenate([np.flatnonzero(plain), several[owner]])
    order = np.argsort(owner, kind="stable")
    parts, owner = parts[order], owner[order]
    is_polygon = np.isin(shapely.get_type_id(parts), (_POLYGON, _MULTIPOLYGON))
    parts, owner = without_spikes(parts[is_polygon]), owner[is_polygon]
    keep = shapely.area(parts) > 0.0
    return parts[keep], owner[keep]


def mean_width_m(polygons: Any) -> npt.NDArray[np.float64]:  # noqa: ANN401
    """Return 2·area/perimeter (m) of each polygon, 0 for one without a perimeter."""
    length = shapely.length(polygons)
    width: npt.NDArray[np.float64] = np.divide(
        2.0 * shapely.area(polygons), length, out=np.zeros(np.shape(length)), where=length > 0.0
    )
    return width


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pieces:
    """The polygons in each of n geometries, measured.

    `geometry` (n) polygonal, empty where there is no area; `area_m2` (n) of all parts together;
    `width_m` (n) mean width of the widest part.
    """

    geometry: Geometries
    area_m2: npt.NDArray[np.float64]
    width_m: npt.NDArray[np.float64]

    @classmethod
    def of(cls, geometry: Any, *, min_width_m: float = 0.0) -> Self:  # noqa: ANN401
        """Measure the parts of `geometry` that are at least `min_width_m` wide."""
        n = len(geometry)
        parts, owner = polygon_parts(geometry)
        widths = mean_width_m(parts)
        keep = widths >= min_width_m
        parts, owner, widths = parts[keep], owner[keep], widths[keep]
        width_m = np.zeros(n)
        np.maximum.at(width_m, owner, widths)
        return cls(
            geometry=_gathered(parts, owner, n),
            area_m2=np.bincount(owner, weights=shapely.area(parts), minlength=n).astype(float),
            width_m=width_m,
        )

    def take(self, which: Any) -> "Pieces":  # noqa: ANN401
        """Return the geometries at `which` (mask or positions)."""
        return Pieces(
            geometry=self.geometry[which],
            area_m2=self.area_m2[which],
            width_m=self.width_m[which],
        )


def _gathered(parts: Geometries, owner: npt.NDArray[np.intp], n: int) -> Geometries:
    """Return one geometry an owner: its polygon, or a multipolygon of its polygons."""
    out = np.full(n, shapely.MultiPolygon(), dtype=object)
    if len(parts):
        count = np.bincount(owner, minlength=n)
        many = count[owner] > 1
        out[owner[~many]] = parts[~many]
        if many.any():
            places, index = np.unique(owner[many], return_inverse=True)
            out[places] = shapely.multipolygons(parts[many], indices=index)
    return out
