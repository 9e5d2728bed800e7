"""Circles by radius: the straight line from demand to site; a point at the limit is inside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import cKDTree

from geo.coverage.areas import covered_area_share, pairs_of_polygons, rings_of
from geo.coverage.certainty import radius_band
from geo.coverage.compiled import in_threads
from geo.coverage.demand import Demand
from geo.coverage.discs import Cells, Rings, cells_of, pairs_of_points
from geo.coverage.lattice import lattice_points
from geo.coverage.limits import CoverageRules
from geo.coverage.measures import Measures
from geo.standards import Tier

__all__ = ["RADIUS", "Pairs", "RadiusKernel", "demand_pairs", "distance_to_nearest"]

RADIUS: Final = "radius"
"""`model` of everything that is measured by straight lines."""

_CHUNK: Final = 1024
_CHUNK_POINTS: Final = 2_000_000

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """Places (grids or what lies in them) with each site in reach: positions and how far away.

    `away` is in metres by radius, in milliseconds along streets.
    """

    place_at: Positions
    site_at: Positions
    away: Floats

    def within(self, limit: float, sites: Mask) -> "Pairs":
        """Return the pairs of `sites` at most `limit` apart (equal counts)."""
        keep = (self.away <= limit) & sites[self.site_at]
        return Pairs(
            place_at=self.place_at[keep],
            site_at=self.site_at[keep],
            away=self.away[keep],
        )


def demand_pairs(
    grids: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, demand: Demand, *, limit_m: float
) -> Pairs:
    """Return each grid with each site that is at most `limit_m` from its demand.

    The distance is to the nearest building point of the grid, or to its polygon where it is judged
    by area.

    Notes
    -----
    O(n log s + pairs × size of the grid's demand).
    """
    cells = cells_of(shapely.get_coordinates(sites.geometry.array), at_least_m=limit_m)
    rings = rings_of(grids.geometry.array.to_numpy())
    touched = pairs_of_polygons(rings, cells, limit_m=limit_m)
    return _demand_pairs(demand, cells, touched, limit_m=limit_m)


def _demand_pairs(demand: Demand, cells: Cells, touched: Floats, *, limit_m: float) -> Pairs:
    """Return the pairs by building points, and by polygon (`touched`) where a grid has none."""
    n = len(demand.grid_ids)
    first = np.searchsorted(demand.grid_at, np.arange(n + 1))

    def search(start: int, stop: int) -> Floats:
        found = pairs_of_points(
            demand.points_xy, demand.point_at, first[start : stop + 1], cells, limit_m
        )
        found[:, 0] += start
        return found

    by_points = in_threads(search, n, chunk=_CHUNK)
    by_polygon = touched[np.diff(first)[touched[:, 0].astype(np.intp)] == 0, :3]
    return _as_pairs(np.vstack([by_polygon, *by_points]))


def _as_pairs(rows: Floats) -> Pairs:
    """Return rows of grid, site, distance as pairs: by grid, the nearest site first."""
    order = np.lexsort((rows[:, 1], rows[:, 2], rows[:, 0]))
    place_at, site_at = rows[order, :2].astype(np.intp).T
    return Pairs(place_at=place_at, site_at=site_at, away=rows[order, 2])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RadiusKernel:
    """The geometry of one city prepared once, to measure any tier and set of sites.

    Memory is O(pairs of grids and sites within the longest tier + demand points); lattice points
    are made in chunks.
    """

    demand: Demand
    polygons: npt.NDArray[np.object_]
    rings: Rings
    sites_xy: Floats
    rules: CoverageRules
    served: Pairs
    touched: Floats
    basis_weight: Floats
    households: Floats
    _nearest: dict[bytes, tuple[Floats, Floats]] = field(default_factory=dict)
    _areas: dict[tuple[bytes, float, bytes], Floats] = field(default_factory=dict)

    @classmethod
    def prepare(
        cls,
        grids: gpd.GeoDataFrame,
        sites: gpd.GeoDataFrame,
        demand: Demand,
        *,
        tiers: Mapping[str, Tier],
        rules: CoverageRules,
    ) -> "RadiusKernel":
        """Return the kernel that can measure any of `tiers`."""
        limit_m = max((tier.distance_m for tier in tiers.values()), default=0.0)
        limit_m += rules.place_uncertainty_m
        polygons = grids.geometry.array.to_numpy()
        rings = rings_of(polygons)
        sites_xy = shapely.get_coordinates(sites.geometry.array)
        cells = cells_of(sites_xy, at_least_m=limit_m)
        touched = pairs_of_polygons(rings, cells, limit_m=limit_m)
        return cls(
            demand=demand,
            polygons=polygons,
            rings=rings,
            sites_xy=sites_xy,
            rules=rules,
            served=_demand_pairs(demand, cells, touched, limit_m=limit_m),
            touched=touched,
            basis_weight=demand.basis_weight(),
            households=demand.point_weight("households")[demand.point_at],
        )

    def measure(self, tier: Tier, sites: Mask) -> Measures:
        """Return the measures of `tier` when only `sites` (by position) count."""
        points_m, nearest_m = self._nearest_m(sites)
        served = self.served.within(tier.distance_m, sites)
        inside = points_m <= tier.distance_m
        area_share = self._area_share(tier.distance_m, sites)
        return Measures(
            n_sites=np.bincount(served.place_at, minlength=len(self.polygons)),
            nearest_m=nearest_m,
            nearest_minutes=nearest_m / (tier.distance_m / tier.minutes),
            area_share=area_share,
            residents_share=self._share(self.basis_weight, inside),
            households_share=self._share(self.households, inside),
            served=(served.place_at, served.site_at),
            band=self._band(tier.distance_m, sites, points_m=points_m, area_share=area_share),
        )

    def _band(
        self, limit_m: float, sites: Mask, *, points_m: Floats, area_share: Floats
    ) -> tuple[Floats, Floats]:
        """Return the least and the greatest share of the verdict within the uncertainty."""
        weight, off = self.basis_weight, self.rules.place_uncertainty_m
        sure, possible = radius_band(points_m, limit_m, self.rules)
        low, high = self._share(weight, sure), self._share(weight, possible)
        is_area = (self.demand.basis == "area").to_numpy()
        if is_area.any():
            less = self._area_share(max(limit_m - off, 0.0), sites, of=is_area & (area_share > 0))
            more = self._area_share(limit_m + off, sites, of=is_area & (area_share < 1))
            low = np.where(is_area, np.minimum(less, area_share), low)
            high = np.where(is_area, np.maximum(more, area_share), high)
        return low, high

    def _share(self, weight: Floats, inside: Mask) -> Floats:
        """Return weight inside ÷ weight judged by grid; NaN where there is no weight."""
        total = self.demand.sum_by_grid(weight)
        hit = self.demand.sum_by_grid(weight * inside[self.demand.point_at])
        share: Floats = np.divide(hit, total, out=np.full(len(total), np.nan), where=total > 0)
        return share

    def _nearest_m(self, sites: Mask) -> tuple[Floats, Floats]:
        """Return the way to the nearest of `sites` from each point, and its mean by grid (m)."""
        key = sites.tobytes()
        if key not in self._nearest:
            located = self.sites_xy[sites]
            points_m = distance_to_nearest(self.demand.points_xy, located)
            self._nearest[key] = points_m, self._mean_by_grid(points_m, located)
        return self._nearest[key]

    def _mean_by_grid(self, points_m: Floats, located: Floats) -> Floats:
        weight = self.basis_weight
        if len(located) == 0:
            return np.full(len(self.polygons), np.nan)
        total = self.demand.sum_by_grid(weight)
        mean = np.full(len(total), np.nan)
        by_points = total > 0
        sums = self.demand.sum_by_grid(weight * points_m[self.demand.point_at])
        mean[by_points] = sums[by_points] / total[by_points]
        for chunk in self._area_chunks(np.flatnonzero(~by_points)):
            xy, at = lattice_points(self.polygons[chunk], spacing_m=self.rules.lattice_m)
            away = distance_to_nearest(xy, located)
            n = np.bincount(at, minlength=len(chunk))
            mean[chunk] = np.bincount(at, weights=away, minlength=len(chunk)) / n
        return mean

    def _area_chunks(self, positions: Positions) -> list[Positions]:
        """Return `positions` cut so that a chunk has about `_CHUNK_POINTS` lattice points."""
        expected = np.cumsum(self.demand.area_m2[positions] / self.rules.lattice_m**2 + 1.0)
        part = (expected // _CHUNK_POINTS).astype(np.intp)
        return np.split(positions, np.flatnonzero(np.diff(part)) + 1) if len(positions) else []

    def _area_share(self, limit_m: float, sites: Mask, *, of: Mask | None = None) -> Floats:
        """Return the covered share of the area of the grids `of` (of all)."""
        key = (sites.tobytes(), limit_m, b"" if of is None else of.tobytes())
        if key not in self._areas:
            at, site = self.touched[:, :2].astype(np.intp).T
            reaches = (self.touched[:, 2] < limit_m) & sites[site]
            keep = np.flatnonzero(reaches if of is None else reaches & of[at])
            self._areas[key] = covered_area_share(
                self.rings,
                self.sites_xy[sites],
                (at[keep], (np.cumsum(sites) - 1)[site[keep]]),
                radius_m=limit_m,
                is_inside=self.touched[keep, 3] <= limit_m,
            )
        return self._areas[key]


def distance_to_nearest(points_xy: Floats, located: Floats) -> Floats:
    """Return the metres from each point to the nearest of `located`; infinite without any.

    The distance is computed afresh from the coordinates, so that it equals what any other way of
    measuring gives.
    """
    if len(located) == 0:
        return np.full(len(points_xy), np.inf)
    _, at = cKDTree(located).query(points_xy, workers=-1)
    delta = points_xy - located[at]
    away: Floats = np.sqrt(delta[:, 0] ** 2 + delta[:, 1] ** 2)
    return away
