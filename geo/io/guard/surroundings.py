"""What the places of a layer are held against: grids, units, buildings, streets of the city."""

from collections.abc import Callable, Mapping
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
Shapes = npt.NDArray[Any]

_Nearest = Callable[[Floats], Floats]

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
        tree = self._once("outline", self._outline)
        found = np.zeros(len(xy), dtype=bool)
        known = np.flatnonzero(np.isfinite(xy).all(axis=1))
        point_at, grid_at = tree.query(shapely.points(xy[known]))
        x, y = xy[known[point_at]].T
        meets = shapely.intersects_xy(tree.geometries[grid_at], x, y)
        found[known[point_at[meets]]] = True
        return found

    def _outline(self) -> shapely.STRtree:
        grids = self.grids.geometry.to_numpy()
        shapely.prepare(grids)
        return shapely.STRtree(grids)

    def names(self) -> tuple[str, ...]:
        """Return what distances can be measured to: `buildings`, `streets`, `borders`."""
        given = {"buildings": self.buildings, "streets": self.streets}
        return (*(name for name, frame in given.items() if frame is not None), "borders")

    def distance_m(self, xy: Floats, name: str) -> Floats:
        """Return the distance of each place to the nearest of `names()`. O(n log k).

        Lines count as points every four metres, unless there are very many.
        """
        nearest: _Nearest = self._once(name, lambda: _nearest(self._shapes(name)))
        return nearest(xy)

    def _once(self, name: str, make: Callable[[], Any]) -> Any:  # noqa: ANN401
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]

    def _shapes(self, name: str) -> Shapes:
        if name == "borders":
            return np.asarray(shapely.boundary(self.grids.geometry.to_numpy()), dtype=object)
        frame = self.buildings if name == "buildings" else self.streets
        return np.empty(0, dtype=object) if frame is None else frame.geometry.to_numpy()


def _nearest(shapes: Shapes) -> _Nearest:
    """Return the function that gives the distance of places to the nearest of `shapes`."""
    drawn = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    is_point = bool((shapely.get_type_id(drawn) == 0).all())
    if not is_point and shapely.get_num_coordinates(drawn).sum() > _MOST_POINTS:
        lines = shapely.STRtree(drawn)

        def to_lines(xy: Floats) -> Floats:
            found = lines.query_nearest(shapely.points(xy), return_distance=True, all_matches=False)
            return np.asarray(found[1], dtype=float)

        return to_lines
    dense = drawn if is_point else shapely.segmentize(drawn, _step_m(drawn))
    points = cKDTree(shapely.get_coordinates(dense))
    return lambda xy: np.asarray(points.query(xy)[0], dtype=float)


def _step_m(lines: Shapes) -> float:
    length_m = float(shapely.length(lines).sum())
    return max(_STEP_M, length_m / _MOST_POINTS)
