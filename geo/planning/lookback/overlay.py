"""Exact overlay of the old grids with the new ones: shared ground, and who lives on it."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["Overlay", "Shares", "overlay", "shares"]

_AREA_SHARED = "2********"

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overlay:
    """k pairs of an old and a new polygon that share an area; positions, sorted by old, then new.

    `area_m2`
        The shared area, length k.
    """

    old: Positions
    new: Positions
    area_m2: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shares:
    """How much of the old (`of_old`) and of the new (`of_new`) polygon a pair shares, 0 to 1.

    Measured by residents where anybody lives in the polygon (`by_people_old`, a value an old
    polygon), else by area.
    """

    old: Positions
    new: Positions
    of_old: Floats
    of_new: Floats
    by_people_old: npt.NDArray[np.bool_]

    def only(self, keep: npt.NDArray[np.bool_]) -> "Shares":
        """Return the pairs that `keep` (length k) names."""
        return Shares(
            old=self.old[keep],
            new=self.new[keep],
            of_old=self.of_old[keep],
            of_new=self.of_new[keep],
            by_people_old=self.by_people_old,
        )


def overlay(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> Overlay:
    """Return the pairs of `old` and `new` that share an area.

    Parameters
    ----------
    old, new
        n and m polygons in one CRS in metres; a missing or empty one shares nothing.

    Notes
    -----
    O((n + m) log m + k v) for k pairs of v vertices; pairs that only touch and pairs that are the
    same polygon need no intersection.
    """
    left = np.asarray(old.geometry.array, dtype=object)
    right = np.asarray(new.geometry.array, dtype=object)
    i, j = shapely.STRtree(right).query(left)
    order = np.lexsort((j, i))
    i, j = i[order], j[order]
    shapely.prepare(left)
    meets = shapely.relate_pattern(left[i], right[j], _AREA_SHARED)
    i, j = i[meets], j[meets]
    area_m2 = shapely.area(left)[i]
    other = ~shapely.equals_identical(left[i], right[j])
    cut = shapely.intersection(left[i[other]], right[j[other]])
    area_m2[other] = shapely.area(cut)
    keep = area_m2 > 0
    return Overlay(old=i[keep], new=j[keep], area_m2=area_m2[keep])


def shares(
    pairs: Overlay,
    areas: tuple[Floats, Floats],
    *,
    people: tuple[Floats, Floats] | None = None,
    totals: tuple[Floats, Floats] | None = None,
) -> Shares:
    """Return the shares of every pair.

    Parameters
    ----------
    pairs
        k pairs.
    areas
        Area (m²) of the n old and m new polygons.
    people
        Residents on the shared ground, before and after, length k each; by area without.
    totals
        Residents of the n old polygons before and of the m new ones after.
    """
    of_old = pairs.area_m2 / areas[0][pairs.old]
    of_new = pairs.area_m2 / areas[1][pairs.new]
    lived = np.zeros(len(areas[0]), dtype=bool)
    if people is not None and totals is not None:
        lived = totals[0] > 0
        at, total = lived[pairs.old], totals[0][pairs.old]
        of_old = np.where(at, people[0] / np.where(at, total, 1.0), of_old)
        at, total = totals[1][pairs.new] > 0, totals[1][pairs.new]
        of_new = np.where(at, people[1] / np.where(at, total, 1.0), of_new)
    return Shares(old=pairs.old, new=pairs.new, of_old=of_old, of_new=of_new, by_people_old=lived)
