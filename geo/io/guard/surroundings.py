"""What the places of a layer are held against: grids, units, buildings, streets of the city."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import cKDTree

__all__ = ["Surroundings"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_STEP_M: Final = 4.0
_MOST_POINTS: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surroundings:
    """The layers of a city, in its working CRS (m), that are not the one to be judged.

    `areas`
        Frames of polygons by layer (`grids`, `units`), ids as index: what names and codes mean.
    """

    grids: gpd.GeoDataFrame
    areas: Mapping[str, gpd.GeoDataFrame]
    buildings: gpd.GeoDataFrame | None = None
    streets: gpd.GeoDataFrame | None = None
    _kept: dict[str, Any] = field(default_factory=dict)

    def is_inside(self, xy: Floats) -> Bools:
        """Return True for places, shape (n, 2), in or on a grid. O((n + g) log g)."""
        tree = self._once("outline", lambda: shapely.STRtree(self.grids.geometry.array))
        found = np.zeros(len(xy), dtype=bool)
        known = np.isfinite(xy).all(axis=1)
        points = shapely.points(xy[known])
        hit = np.zeros(len(points), dtype=bool)
        hit[np.unique(tree.query(points, predicate="intersects")[0])] = True
        found[known] = hit
        return found

    def names(self) -> tuple[str, ...]:
        """Return what distances can be measured to: `buildings`, `streets`, `borders`."""
        given = {"buildings": self.buildings, "streets": self.streets}
        return (*(name for name, frame in given.items() if frame is not None), "borders")

    def distance_m(self, xy: Floats, name: str) -> Floats:
        """Return the distance of each place to the nearest of `names()`. O(n log k)."""
        tree = self._once(name, lambda: cKDTree(self._points(name)))
        return np.asarray(tree.query(xy)[0], dtype=float)

    def _once(self, name: str, make: Any) -> Any:  # noqa: ANN401
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]

    def _points(self, name: str) -> Floats:
        if name == "buildings" and self.buildings is not None:
            return _finite(shapely.get_coordinates(self.buildings.geometry.array))
        if name == "streets" and self.streets is not None:
            return _along(np.asarray(self.streets.geometry.array, dtype=object))
        return _along(shapely.boundary(np.asarray(self.grids.geometry.array, dtype=object)))


def _along(lines: npt.NDArray[Any]) -> Floats:
    """Return points along `lines`, every four metres, wider apart where there are very many."""
    length_m = float(np.nansum(shapely.length(lines)))
    step_m = max(_STEP_M, length_m / _MOST_POINTS)
    return _finite(shapely.get_coordinates(shapely.segmentize(lines, step_m)))


def _finite(xy: Floats) -> Floats:
    return xy[np.isfinite(xy).all(axis=1)]
