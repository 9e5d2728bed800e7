"""责任区 responsibility areas: the places that a site is the nearest to, and who lives there.

Along streets this is the network Voronoi diagram, else the plain one. People are counted by where
they live, never by the drawn polygon, whose border lies within a step of the lattice of the true
one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.coverage.cell_shapes import cell_shapes
from geo.coverage.demand import Demand
from geo.coverage.lattice import lattice_points
from geo.coverage.limits import CoverageRules
from geo.coverage.measures import ALL_CATEGORIES, site_sets
from geo.coverage.nearest_sites import nearest_site_along, nearest_site_straight
from geo.coverage.network import NETWORK, NetworkKernel, Places
from geo.coverage.network.search import take
from geo.coverage.radius import RADIUS
from geo.coverage.surface import Surface, people_surface, surface_places
from geo.layers import Layers
from geo.standards import Tier

__all__ = ["responsibility_areas"]

_COLUMNS: Final = ("site_id", "tier", "model", "residents", "households", "area_m2", "geometry")
_PEOPLE: Final = ("residents", "households")

_MAX_CELLS: Final = 400_000
"""The lattice of straight lines is made coarser rather than have more cells."""

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
Ints = npt.NDArray[np.int32]

_NO_POINTS: Final = np.zeros((0, 2))


def responsibility_areas(
    layers: Layers,
    demand: Demand,
    people: pd.DataFrame,
    *,
    tier: Tier,
    rules: CoverageRules,
    network: NetworkKernel | None = None,
) -> gpd.GeoDataFrame:
    """Return the responsibility area of each site that counts in `tier`.

    Parameters
    ----------
    layers
        Grids and sites.
    people
        `residents` and `households` by grid id (`grid_totals`).
    network
        With it the way is along its streets, at the mode of the tier; else a straight line.

    Returns
    -------
    areas
        `site_id, tier, model, residents, households, area_m2, geometry`, one row a site in their
        order, (multi)polygons of square cells, CRS of the grids. A site that is nearest to no cell
        has no area and no row, unless people belong to it. Residents add up to all whose place can
        be judged: by streets, those near one that leads to a site. Missing where nobody has counted
        them.

    Notes
    -----
    O(k log s + cells) for k places with people and s sites; along streets O(arcs + k + cells).
    """
    sites = layers.sites
    if sites is None:
        return _frame([], layers.grids)
    at = np.flatnonzero(site_sets(tier, sites)[ALL_CATEGORIES])
    finder = _Finder(sites_xy=shapely.get_coordinates(sites.geometry.array), at=at, mode=tier.mode)
    surfaces = (
        people_surface(
            layers.grids, demand, people, lattice_m=rules.lattice_m, network=network, basis=basis
        )
        for basis in _PEOPLE
    )
    totals = dict(zip(_PEOPLE, _people_of(finder, surfaces, network=network), strict=True))
    if network is None:
        xy, step = _own_lattice(layers.base_grids, rules.lattice_m)
        owner = finder.straight(xy)
    else:
        cells = _cells_of_base(network, demand)
        xy, step = network.lattice_xy[cells], rules.lattice_m
        owner = finder.along(network, take(network.nets[tier.mode].lattice, cells))
    shapes = cell_shapes(xy, owner, step_m=step, n_owners=len(sites))
    model = RADIUS if network is None else NETWORK
    rows = [
        (sites.index[i], tier.tier_id, model, *numbers, shapes[i].area, shapes[i])
        for i in at
        for numbers in [[totals[basis][i] for basis in _PEOPLE]]
        if not shapes[i].is_empty or np.nansum(numbers) > 0
    ]
    return _frame(rows, layers.grids)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Finder:
    """Finds the nearest of the sites `at` (positions among all sites)."""

    sites_xy: Floats
    at: Positions
    mode: str

    def straight(self, xy: Floats) -> Positions:
        """Return the position of the site nearest to each point, else -1."""
        return self._among_all(nearest_site_straight(xy, self.sites_xy[self.at]))

    def along(self, network: NetworkKernel, places: Places) -> Positions:
        """Return the position of the site nearest to each place along the streets, else -1."""
        net = network.nets[self.mode]
        return self._among_all(nearest_site_along(net.graph, take(net.sites, self.at), places))

    def _among_all(self, found: Ints) -> Positions:
        return np.append(self.at, -1)[found]


def _people_of(
    finder: _Finder, surfaces: Iterable[Surface | None], *, network: NetworkKernel | None
) -> Iterator[Floats]:
    """Yield how many people belong to each site by surface; NaN where nobody has counted them."""
    n = len(finder.sites_xy)
    xy, owner = None, np.zeros(0, dtype=np.intp)
    for surface in surfaces:
        if surface is None:
            yield np.full(n, np.nan)
            continue
        if xy is None or not np.array_equal(surface.xy, xy):
            owner = _owner_of(finder, surface, network=network)
        xy, weight, has = surface.xy, surface.weight, owner >= 0
        del surface  # before the next is made: they take memory
        yield np.bincount(owner[has], weights=weight[has], minlength=n).astype(float)


def _owner_of(finder: _Finder, surface: Surface, *, network: NetworkKernel | None) -> Positions:
    """Return the site that each place of `surface` belongs to, else -1."""
    if network is None:
        return finder.straight(surface.xy)
    return finder.along(network, surface_places(surface, network, finder.mode))


def _own_lattice(grids: gpd.GeoDataFrame, spacing_m: float) -> tuple[Floats, float]:
    """Return lattice points over the grids, and their spacing, coarser where they are too many."""
    polygons = grids.geometry.array.to_numpy()
    step = max(spacing_m, float(np.sqrt(shapely.area(polygons).sum() / _MAX_CELLS)))
    return lattice_points(polygons, spacing_m=step)[0] if len(polygons) else _NO_POINTS, step


def _cells_of_base(network: NetworkKernel, demand: Demand) -> Positions | slice:
    """Return which points of the lattice lie in base grids; where all do, without a copy."""
    if demand.is_base.all():
        return slice(None)
    return np.flatnonzero(demand.is_base[network.lattice_at])


def _frame(rows: list[tuple[Any, ...]], grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    table = pd.DataFrame(rows, columns=list(_COLUMNS))
    return gpd.GeoDataFrame(table, geometry="geometry", crs=grids.crs)
