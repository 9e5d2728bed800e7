"""The circles along streets as polygons to draw: travel times on a lattice, contoured.

Shares never come from them. A circle's edge lies within about one step of the lattice of the true
one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import contourpy
import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.coverage.compiled import compiled, in_threads
from geo.coverage.measures import ALL_CATEGORIES, site_sets
from geo.coverage.network.arrays import Floats, Ints, Longs
from geo.coverage.network.kernel import NETWORK, Net, NetworkKernel, limit_ms
from geo.coverage.network.search import Places, Reached, Targets, reached, take, targets_of
from geo.coverage.network.snap import places_of
from geo.standards import Tier

__all__ = ["network_circles"]

_CELLS: Final = 1_000_000
"""Cells that are snapped at one time."""

_BLOCK: Final = 512
"""Sites whose cells are in memory at one time."""

_STRIP_CELLS: Final = 2_000_000
"""Cells of the windows that are contoured at one time."""

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
    targets = lattice.on(net, kernel.lattice_xy, within_m=kernel.rules.max_snap_m)
    circles = []
    for start in range(0, len(at), _BLOCK):
        block = at[start : start + _BLOCK]
        found = reached(net.graph, take(net.sites, block), targets, limit_ms=int(longest))
        for name, tier in tiers.items():
            rise = step * net.ms_per_m
            near = np.flatnonzero(found.time_ms < limit_ms(tier) + rise)
            for strip in lattice.strips(Reached(*(values[near] for values in found))):
                shapes, number = strip.contours(limit_ms(tier), rise=rise)
                mine = np.flatnonzero(chosen[name][block[number]])
                reach_m = limit_ms(tier) / net.ms_per_m
                circles += [(name, int(block[number[i]]), reach_m, shapes[i]) for i in mine]
    return circles


class _Lattice:
    """The cells of one lattice that lie within reach of some site, by column and row."""

    def __init__(self, columns: Ints, rows: Ints, step: float) -> None:
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
        return cls((columns + low[0]).astype(np.int32), (rows + low[1]).astype(np.int32), step)

    def on(self, net: Net, known_xy: Floats, *, within_m: float) -> Targets:
        """Return the cells that are near a street, on the network.

        `known_xy`: where the points of `net.lattice` are; cells around them are not snapped again.
        """
        n = len(self.columns)
        known = self._among(known_xy)
        places = take(net.lattice, known) if len(known_xy) else _nowhere(n)
        new = np.flatnonzero(known < 0)
        del known  # as large as a part of the places
        for start in range(0, len(new), _CELLS):
            some = new[start : start + _CELLS]
            cells = np.column_stack([self.columns[some], self.rows[some]])
            xy = (cells.astype(np.float64) + 0.5) * self.step
            snapped = net.snapper.nearest(xy, within_m=within_m)
            found = places_of(net.graph, snapped, access_ms_per_m=net.ms_per_m)
            for values, mine in zip(places, found, strict=True):
                values[some] = mine
        return targets_of(net.graph, places, np.arange(n, dtype=np.int32))

    def _among(self, known_xy: Floats) -> Ints:
        """Return which of the points `known_xy` is the middle of each cell, else -1."""
        low = np.array([self.columns.min(), self.rows.min()])
        shape = np.array([self.columns.max(), self.rows.max()]) + 1 - low
        number = np.full(shape, -1, dtype=np.int32)
        _number(known_xy, self.step, low, number)
        return np.asarray(number[self.columns - low[0], self.rows - low[1]])

    def strips(self, found: Reached) -> Iterator["_Strip"]:
        """Yield the windows around what each site reaches, so many at a time as fit in memory."""
        begin = np.flatnonzero(np.append(True, np.diff(found.site_at) > 0)[: len(found.site_at)])
        if len(begin) == 0:
            return
        columns, rows = self.columns[found.owner_at], self.rows[found.owner_at]
        low = np.column_stack([np.minimum.reduceat(part, begin) for part in (columns, rows)])
        high = np.column_stack([np.maximum.reduceat(part, begin) for part in (columns, rows)])
        size = high - low + 3  # a cell that is not reached on each side
        sites, ends = found.site_at[begin], np.append(begin, len(columns))
        some = max(int(_STRIP_CELLS // np.prod(size.max(axis=0))), 1)
        for start in range(0, len(sites), some):
            mine = slice(start, min(start + some, len(sites)))
            cells = slice(ends[mine.start], ends[mine.stop])
            left = np.cumsum(size[mine, 0]) - size[mine, 0]
            at = np.repeat(np.arange(len(left)), np.diff(ends[mine.start : mine.stop + 1]))
            field = np.full((size[mine, 1].max(), size[mine, 0].sum()), np.inf)
            row, column = rows[cells] - low[mine][at, 1] + 1, columns[cells] - low[mine][at, 0] + 1
            field[row, left[at] + column] = found.time_ms[cells]
            shift = low[mine] - np.column_stack([left, np.zeros_like(left)]) - 0.5
            yield _Strip(field=field, left=left, shift=shift, sites=sites[mine], step=self.step)


@compiled
def _number(xy: Floats, step: float, low: Longs, number: Ints) -> None:
    """Fill `number` (by column and row from `low` on) with the points that are middles of cells."""
    for point in range(len(xy)):
        column, row = int(np.floor(xy[point, 0] / step)), int(np.floor(xy[point, 1] / step))
        is_middle = (column + 0.5) * step == xy[point, 0] and (row + 0.5) * step == xy[point, 1]
        column, row = column - low[0], row - low[1]
        if is_middle and 0 <= column < len(number) and 0 <= row < number.shape[1]:
            number[column, row] = point


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Strip:
    """The windows of some sites side by side: times (endless where not reached) of their cells.

    `left`: first column of each window. `shift`: what leads from the strip to the lattice.
    """

    field: Floats
    left: Longs
    shift: Floats
    sites: Ints
    step: float

    def contours(self, limit: float, *, rise: float) -> tuple[npt.NDArray[np.object_], Ints]:
        """Return where the time is at most `limit`, and the site of each shape.

        Where no time is known it is taken to rise by `rise`.
        """
        generator = contourpy.contour_generator(
            z=np.minimum(self.field, limit + rise), fill_type="ChunkCombinedOffsetOffset"
        )
        filled: Any = generator.filled(-1.0, limit)
        (xy, *_), (rings, *_), (parts, *_) = filled
        if xy is None:
            return np.zeros(0, dtype=object), np.zeros(0, dtype=np.int32)
        window = np.searchsorted(self.left, xy[:, 0], side="right") - 1
        polygons = shapely.from_ragged_array(
            shapely.GeometryType.POLYGON, (xy + self.shift[window]) * self.step, (rings, parts)
        )
        owner = window[rings[parts[:-1]]]
        order = np.argsort(owner, kind="stable")
        windows, at, counts = np.unique(owner[order], return_inverse=True, return_counts=True)
        shapes = polygons[order][np.cumsum(counts) - counts]
        several = counts[at] > 1
        shapes[counts > 1] = shapely.multipolygons(
            polygons[order][several], indices=np.unique(at[several], return_inverse=True)[1]
        )
        return _simplified(shapes, _SMOOTHING * self.step), self.sites[windows]


def _nowhere(n: int) -> Places:
    """Return n places on no street."""
    return Places(*(np.full(n, none, dtype=np.int32) for none in (-1, 0, 0)))


def _simplified(shapes: npt.NDArray[np.object_], tolerance: float) -> npt.NDArray[np.object_]:
    """Return the shapes with fewer vertices, valid: quickly where that leaves them so."""

    def simplify(start: int, stop: int) -> npt.NDArray[np.object_]:
        mine = shapes[start:stop]
        simple = shapely.simplify(mine, tolerance, preserve_topology=False)
        bad = np.flatnonzero(~shapely.is_valid(simple) | shapely.is_empty(simple))
        simple[bad] = shapely.simplify(mine[bad], tolerance)
        bad = bad[~shapely.is_valid(simple[bad])]
        simple[bad] = shapely.buffer(simple[bad], 0.0)
        return np.asarray(simple, dtype=object)

    parts = in_threads(simplify, len(shapes), chunk=64)
    return np.concatenate([np.zeros(0, dtype=object), *parts])
