"""The circles along streets as polygons to draw: travel times on a lattice, contoured.

Shares never come from them. A circle's edge lies within about one step of the lattice of the true
one.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import contourpy
import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.coverage.measures import ALL_CATEGORIES, site_sets
from geo.coverage.network.arrays import Floats, Ints, Longs
from geo.coverage.network.kernel import NETWORK, Net, NetworkKernel, limit_ms
from geo.coverage.network.search import Targets, reached, take, targets_of
from geo.coverage.network.snap import places_of
from geo.standards import Tier

__all__ = ["network_circles"]

_BLOCK: Final = 256
"""Sites whose cells are in memory at one time."""

_SMOOTHING: Final = 0.1
"""Outlines are simplified by this share of a step."""

_COLUMNS: Final = ("site_id", "tier", "model", "minutes", "distance_m", "geometry")


def network_circles(
    kernel: NetworkKernel, sites: gpd.GeoDataFrame, *, tiers: Mapping[str, Tier]
) -> gpd.GeoDataFrame:
    """Return one circle for each tier and each site that counts in it and is near a street.

    Parameters
    ----------
    kernel
        Prepared for the same sites and tiers.
    sites
        s points, projected CRS in metres.

    Returns
    -------
    circles
        `site_id, tier, model, minutes, distance_m, geometry`, valid (multi)polygons, in order of
        tiers and sites. `distance_m` is how far the tier's minutes lead along a street.

    Notes
    -----
    The lattice (`lattice_m`) is snapped once for all sites: O(cells + Σ size of the circles).
    """
    parts = []
    for mode in dict.fromkeys(tier.mode for tier in tiers.values()):
        some = {name: tier for name, tier in tiers.items() if tier.mode == mode}
        parts += _of_mode(kernel, sites, mode, tiers=some)
    order = {name: number for number, name in enumerate(tiers)}
    parts.sort(key=lambda part: order[part[0]])
    rows = [
        (sites.index[at], name, NETWORK, float(tiers[name].minutes), reach_m, shape)
        for name, at, reach_m, shape in parts
    ]
    return gpd.GeoDataFrame(
        pd.DataFrame(rows, columns=list(_COLUMNS)), geometry="geometry", crs=sites.crs
    )


def _of_mode(
    kernel: NetworkKernel, sites: gpd.GeoDataFrame, mode: str, *, tiers: Mapping[str, Tier]
) -> list[tuple[str, int, float, shapely.Geometry]]:
    """Return tier, position of the site, reach (m) and shape of each circle of one mode."""
    net, step = kernel.nets[mode], kernel.rules.lattice_m
    chosen = {name: site_sets(tier, sites)[ALL_CATEGORIES] for name, tier in tiers.items()}
    wanted = np.any(list(chosen.values()), axis=0) & (net.sites.chain >= 0)
    at = np.flatnonzero(wanted)
    if len(at) == 0:
        return []
    longest = max(limit_ms(tier) for tier in tiers.values())
    xy = shapely.get_coordinates(sites.geometry.array)[at]
    lattice = _Lattice.around(xy, step, reach_m=longest / net.fastest_ms_per_m)
    targets = lattice.on(net, within_m=kernel.rules.max_snap_m)
    circles = []
    for start in range(0, len(at), _BLOCK):
        block = at[start : start + _BLOCK]
        found = reached(net.graph, take(net.sites, block), targets, limit_ms=int(longest))
        cuts = np.searchsorted(found.site_at, np.arange(len(block) + 1))
        for number, site in enumerate(block):
            mine = slice(cuts[number], cuts[number + 1])
            field = lattice.field(found.owner_at[mine], found.time_ms[mine])
            for name, tier in tiers.items():
                if chosen[name][site] and field is not None:
                    rise = step * net.ms_per_m
                    shape = _contour(*field, limit=limit_ms(tier), rise=rise)
                    if not shape.is_empty:
                        reach_m = limit_ms(tier) / net.ms_per_m
                        circles.append((name, int(site), reach_m, shape))
    return circles


class _Lattice:
    """The cells of one lattice that lie within reach of some site, by column and row."""

    def __init__(self, columns: Longs, rows: Longs, step: float) -> None:
        self.columns, self.rows, self.step = columns, rows, step

    @classmethod
    def around(cls, xy: Floats, step: float, *, reach_m: float) -> "_Lattice":
        """Return the cells within `reach_m` of any of the points `xy`."""
        reach = int(np.ceil(reach_m / step)) + 1
        centre = np.floor(xy / step).astype(np.int64)
        low = centre.min(axis=0) - reach
        shape = centre.max(axis=0) + reach + 1 - low
        is_in = np.zeros(shape, dtype=bool)
        for column, row in centre - low:
            is_in[column - reach : column + reach + 1, row - reach : row + reach + 1] = True
        columns, rows = np.nonzero(is_in)
        return cls(columns + low[0], rows + low[1], step)

    def on(self, net: Net, *, within_m: float) -> Targets:
        """Return the cells that are near a street, on the network."""
        xy = np.column_stack([self.columns, self.rows]).astype(np.float64)
        xy = (xy + 0.5) * self.step
        snapped = net.snapper.nearest(xy, within_m=within_m)
        places = places_of(net.graph, snapped, access_ms_per_m=net.ms_per_m)
        return targets_of(net.graph, places, np.arange(len(xy)))

    def field(self, cells: Ints, times: Ints) -> tuple[Floats, Floats, Floats] | None:
        """Return x, y and time (endless where not reached) of a window around `cells`."""
        if len(cells) == 0:
            return None
        columns, rows = self.columns[cells], self.rows[cells]
        low_column, low_row = columns.min() - 1, rows.min() - 1
        shape = (rows.max() - low_row + 2, columns.max() - low_column + 2)
        field = np.full(shape, np.inf)
        field[rows - low_row, columns - low_column] = times
        x = (low_column + np.arange(shape[1]) + 0.5) * self.step
        y = (low_row + np.arange(shape[0]) + 0.5) * self.step
        return x, y, field


def _contour(x: Floats, y: Floats, field: Floats, *, limit: float, rise: float) -> shapely.Geometry:
    """Return where the time is at most `limit`; beyond, it is taken to rise by one step."""
    capped = np.minimum(field, limit + rise)
    generator = contourpy.contour_generator(x, y, capped, fill_type="OuterOffset")
    filled: Any = generator.filled(-1.0, limit)
    shapes = list(_polygons(*filled))
    if not shapes:
        return shapely.MultiPolygon()
    shape = shapely.simplify(
        shapely.multipolygons(shapes) if len(shapes) > 1 else shapes[0],
        _SMOOTHING * float(x[1] - x[0]),
    )
    return shape if shapely.is_valid(shape) else shapely.buffer(shape, 0.0)


def _polygons(
    points: Sequence[npt.NDArray[np.float64]], offsets: Sequence[npt.NDArray[np.uint32]]
) -> Iterator[shapely.Polygon]:
    for xy, cuts in zip(points, offsets, strict=True):
        rings = [xy[a:b] for a, b in pairwise(cuts)]
        yield shapely.Polygon(rings[0], rings[1:])
