"""Where the people are that share what sites can give: places with a weight, in grids.

The people of a grid are at its buildings where these say how many live in them; else the grid's
own figure is shared out evenly over its buildings; without any building, over the lattice inside
it (near streets, where streets are given).
"""

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.coverage.compiled import in_threads
from geo.coverage.demand import Demand
from geo.coverage.discs import cells_of, pairs_of_points
from geo.coverage.lattice import lattice_points
from geo.coverage.network import NetworkKernel, Places, limit_ms, reached, targets_of
from geo.coverage.network.search import take
from geo.coverage.radius import Pairs
from geo.standards import Tier

__all__ = ["Surface", "people_basis", "people_surface", "surface_pairs", "surface_places"]

_PEOPLE: Final = ("residents", "households")
_CHUNK: Final = 65_536

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surface:
    """k places with people: first those at demand points, then those on the lattice.

    `xy`, `weight`
        Shapes (k, 2) in metres and (k,), above 0.
    `basis`
        What the weight counts: `residents` or `households`.
    `point_at`, `cell_at`
        Positions of the first places among the demand points, of the others among the lattice
        points (of the network kernel, else of their own).
    `place_at`, `grid_at`
        Memberships by position: a place is in its base grid, and besides in the dedicated grid
        that covers it.
    """

    xy: Floats
    weight: Floats
    basis: str
    point_at: Positions
    cell_at: Positions
    place_at: Positions
    grid_at: Positions

    def mean_by_grid(self, values: Floats, counts: Mask, n_grids: int) -> Floats:
        """Return the mean by weight of `values` (k) in each grid, over the places that count."""
        weight = (self.weight * counts)[self.place_at]
        total = np.bincount(self.grid_at, weights=weight, minlength=n_grids)
        part = np.bincount(self.grid_at, weights=weight * values[self.place_at], minlength=n_grids)
        mean: Floats = np.divide(part, total, out=np.full(n_grids, np.nan), where=total > 0)
        return mean


def people_basis(demand: Demand, people: pd.DataFrame) -> str | None:
    """Return by which figure people can be counted; None where no base grid has any.

    Parameters
    ----------
    people
        `residents` and `households` by grid id (`grid_totals`).
    """
    if demand.totals_basis in _PEOPLE:
        return demand.totals_basis
    known = people[demand.is_base]
    return next((name for name in _PEOPLE if (known[name] > 0).any()), None)


def people_surface(
    grids: gpd.GeoDataFrame,
    demand: Demand,
    people: pd.DataFrame,
    *,
    lattice_m: float,
    network: NetworkKernel | None = None,
    basis: str | None = None,
) -> Surface | None:
    """Return where the people are; None where nobody has counted them.

    Parameters
    ----------
    grids
        The grids that `demand` was made of.
    people
        `residents` and `households` by grid id (`grid_totals`).
    lattice_m
        Spacing of the lattice in grids without buildings (m).
    network
        With it the lattice is the kernel's, and its cells near streets come first.
    basis
        `residents` or `households`; without, what `people_basis` says.

    Notes
    -----
    O(m + cells) for m memberships of demand points.
    """
    basis = basis or people_basis(demand, people)
    if basis is None:
        return None
    figure = np.where(demand.is_base, people[basis].fillna(0.0).to_numpy(dtype=float), 0.0)
    weight = demand.point_weight(basis).copy()
    lacking = (demand.weight(basis) <= 0) & (figure > 0)
    count = demand.weight("buildings")
    shared = lacking & (count > 0)
    mine = shared[demand.grid_at]
    grid = demand.grid_at[mine]
    weight[demand.point_at[mine]] = figure[grid] / count[grid]

    cell_xy, cell_at, cell_grid, cell_weight = _on_lattice(
        grids, np.where(lacking & ~shared, figure, 0.0), lattice_m=lattice_m, network=network
    )
    used = np.flatnonzero(weight > 0)
    if len(used) == 0 and len(cell_at) == 0:
        return None
    number = np.full(len(weight), -1, dtype=np.intp)
    number[used] = np.arange(len(used))
    inside = number[demand.point_at] >= 0
    lattice_place = len(used) + np.arange(len(cell_at))
    return Surface(
        xy=np.vstack([demand.points_xy[used], cell_xy]),
        weight=np.concatenate([weight[used], cell_weight]),
        basis=basis,
        point_at=used,
        cell_at=cell_at,
        place_at=np.concatenate([number[demand.point_at[inside]], lattice_place]),
        grid_at=np.concatenate([demand.grid_at[inside], cell_grid]),
    )


def _on_lattice(
    grids: gpd.GeoDataFrame,
    figure: Floats,
    *,
    lattice_m: float,
    network: NetworkKernel | None,
) -> tuple[Floats, Positions, Positions, Floats]:
    """Return xy, position, grid and weight of the lattice points that share out each `figure`."""
    chosen = np.flatnonzero(figure > 0)
    if network is None:
        xy, part_at = (
            lattice_points(grids.geometry.array.to_numpy()[chosen], spacing_m=lattice_m)
            if len(chosen)
            else (np.zeros((0, 2)), np.zeros(0, dtype=np.intp))
        )
        grid, at = chosen[part_at], np.arange(len(xy))
        good = np.ones(len(xy))
    else:
        at = np.flatnonzero(figure[network.lattice_at] > 0)
        xy, grid = network.lattice_xy[at], network.lattice_at[at]
        net = next(iter(network.nets.values()))
        good = (net.lattice.chain[at] >= 0).astype(float)
    near = np.bincount(grid, weights=good, minlength=len(figure))
    good = np.where(near[grid] > 0, good, 1.0)
    total = np.bincount(grid, weights=good, minlength=len(figure))
    keep = good > 0
    xy, at, grid = xy[keep], at[keep], grid[keep]
    return xy, at, grid, figure[grid] / total[grid]


def surface_places(surface: Surface, network: NetworkKernel, mode: str) -> Places:
    """Return the k places of `surface` on the streets of a mode."""
    net = network.nets[mode]
    parts = (take(net.points, surface.point_at), take(net.lattice, surface.cell_at))
    return Places(*(np.concatenate(pair) for pair in zip(*parts, strict=True)))


def surface_pairs(
    surface: Surface, sites_xy: Floats, tier: Tier, *, network: NetworkKernel | None = None
) -> Pairs:
    """Return every place with every site that it reaches within `tier` (equal counts).

    Parameters
    ----------
    sites_xy
        Shape (s, 2), metres.
    network
        With it the way is along the streets, in milliseconds; its sites are the same.

    Notes
    -----
    O(k + pairs); a pair takes 24 bytes.
    """
    if network is not None:
        net = network.nets[tier.mode]
        places = surface_places(surface, network, tier.mode)
        targets = targets_of(net.graph, places, np.arange(len(surface.xy)))
        found = reached(net.graph, net.sites, targets, limit_ms=int(limit_ms(tier)))
        return Pairs(
            place_at=found.owner_at.astype(np.intp),
            site_at=found.site_at.astype(np.intp),
            away=found.time_ms.astype(float),
        )
    cells, everyone = cells_of(sites_xy, at_least_m=tier.distance_m), np.arange(len(surface.xy) + 1)

    def search(start: int, stop: int) -> Floats:
        found = pairs_of_points(
            surface.xy, everyone, everyone[start : stop + 1], cells, tier.distance_m
        )
        found[:, 0] += start
        return found

    none = np.zeros((0, 3))
    rows = np.vstack([none, *in_threads(search, len(surface.xy), chunk=_CHUNK)])
    place_at, site_at = rows[:, :2].astype(np.intp).T
    return Pairs(place_at=place_at, site_at=site_at, away=rows[:, 2])
