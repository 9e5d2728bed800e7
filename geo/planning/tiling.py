"""The state of a tiling while it is repaired: geometries that change one dispute at a time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Self

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.planning.arrangement import segments, within

__all__ = ["Tiling"]

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
Geometries = npt.NDArray[np.object_]

_NONE: Final = -1
_MARGIN_M: Final = np.array([-1.0, -1.0, 1.0, 1.0])
_MIN_HOSTED_M2: Final = 1.0
_WEIGHTS: Final = ("residents", "households")


@dataclass(slots=True, kw_only=True, eq=False)
class Tiling:
    """n grids under repair.

    `geometry` is changed in place by `replace`; the frame it came from is not. `parent` is the
    position of each grid's unit in `outlines`, by code and else by place, -1 where there is none;
    `is_coded` tells which. `is_counted`: residents, households to whether any building says.
    `kept_m2` and `open_m2` are what each grid has for sure, and what is disputed still.
    """

    ids: Geometries
    geometry: Geometries
    is_dedicated: npt.NDArray[np.bool_]
    outlines: Geometries
    parent: Positions
    is_coded: npt.NDArray[np.bool_]
    residents: Floats
    points: Floats
    point_weights: Floats
    point_counts: pd.DataFrame
    is_counted: Mapping[str, bool]
    point_owner: Positions
    kept_m2: Floats = field(default_factory=lambda: np.zeros(0))
    open_m2: Floats = field(default_factory=lambda: np.zeros(0))
    changed: set[int] = field(default_factory=set)
    noded: set[int] = field(default_factory=set)
    _tree: shapely.STRtree | None = None
    _bounds: Floats = field(default_factory=lambda: np.zeros((0, 4)))
    _grown: set[int] = field(default_factory=set)
    _segments: dict[int, Floats] = field(default_factory=dict)
    _outline_segments: dict[int, Floats] = field(default_factory=dict)
    _points_tree: shapely.STRtree | None = None
    _outline_tree: shapely.STRtree | None = None
    _hosts: tuple[Positions, Positions, shapely.STRtree] | None = None

    @classmethod
    def of(
        cls,
        grids: gpd.GeoDataFrame,
        outlines: gpd.GeoDataFrame | None,
        buildings: gpd.GeoDataFrame | None,
    ) -> Self:
        """Return the state before any repair."""
        geometry = np.array(grids.geometry.array, dtype=object)
        shapes = np.zeros(0, dtype=object)
        if outlines is not None:
            shapes = np.asarray(outlines.geometry.array, dtype=object)
        parent, is_coded = _parents(grids, geometry, outlines)
        points, counts, owner = _buildings(grids, buildings)
        return cls(
            ids=grids.index.to_numpy(dtype=object),
            geometry=geometry,
            is_dedicated=(grids["kind"] == "dedicated").to_numpy(bool),
            outlines=shapes,
            parent=parent,
            is_coded=is_coded,
            residents=_residents(grids, points, counts, owner=owner),
            points=points,
            point_weights=counts["residents"].fillna(0.0).to_numpy(float),
            point_counts=counts,
            is_counted={str(name): bool(has) for name, has in counts.notna().any().items()},
            point_owner=owner,
            _tree=shapely.STRtree(geometry),
            _bounds=shapely.bounds(geometry),
            _points_tree=shapely.STRtree(shapely.points(points)),
        )

    def copy(self) -> Self:
        """Return the same state, to be changed apart."""
        return replace(
            self,
            geometry=self.geometry.copy(),
            kept_m2=self.kept_m2.copy(),
            open_m2=self.open_m2.copy(),
            changed=set(self.changed),
            noded=set(self.noded),
            _bounds=self._bounds.copy(),
            _grown=set(self._grown),
            _segments=dict(self._segments),
        )

    def near(self, zone: shapely.Geometry) -> list[int]:
        """Return the grids whose bounding boxes come within a metre of that of `zone`."""
        west, south, east, north = shapely.bounds(zone) + _MARGIN_M
        assert self._tree is not None  # noqa: S101 (set by `of`)
        found = set(self._tree.query(shapely.box(west, south, east, north)).tolist())
        grown = np.fromiter(self._grown, np.intp, len(self._grown))
        low, high = self._bounds[grown, :2], self._bounds[grown, 2:]
        meets = (low <= (east, north)).all(axis=1) & (high >= (west, south)).all(axis=1)
        return sorted(found.union(grown[meets].tolist()))

    def segments_of(self, at: int) -> Floats:
        """Return the segments of the border of the grid at `at`, shape (k, 4)."""
        if at not in self._segments:
            self._segments[at] = segments(self.geometry[at])
        return self._segments[at]

    def replace(self, at: int, geometry: shapely.Geometry, *, is_changed: bool) -> None:
        """Give the grid at `at` a new geometry; `is_changed` False: it only got vertices."""
        bounds, known = shapely.bounds(geometry), self._bounds[at]
        if at in self._grown or (bounds[:2] < known[:2]).any() or (bounds[2:] > known[2:]).any():
            self._grown.add(at)  # the tree does not find it everywhere
            self._bounds[at] = bounds
        self.geometry[at] = geometry
        self._segments.pop(at, None)
        (self.changed if is_changed else self.noded).add(at)

    def book(self, winner: int, losers: Iterable[int], area_m2: float) -> None:
        """Note that `area_m2` that was open between them is `winner`'s now."""
        for k in (winner, *losers):
            self.open_m2[k] = max(self.open_m2[k] - area_m2, 0.0)
        self.kept_m2[winner] += area_m2

    def outline_tree(self) -> shapely.STRtree:
        """Return the index of the outlines."""
        if self._outline_tree is None:
            self._outline_tree = shapely.STRtree(self.outlines)
        return self._outline_tree

    def host_of(self, dedicated: int) -> int:
        """Return the base grid that holds most of a dedicated grid, -1 where none does."""
        if self._hosts is None:
            self._hosts = _hosts(self)
        all_dedicated, host, _ = self._hosts
        return int(host[np.searchsorted(all_dedicated, dedicated)])

    def hosts_in(self, polygon: shapely.Geometry) -> list[int]:
        """Return the base grids whose dedicated grids reach into `polygon`, the most first."""
        if self._hosts is None:
            self._hosts = _hosts(self)
        dedicated, host, tree = self._hosts
        found: dict[int, float] = {}
        for k in tree.query(polygon).tolist():
            shared_m2 = shapely.area(shapely.intersection(self.geometry[dedicated[k]], polygon))
            if shared_m2 > _MIN_HOSTED_M2 and host[k] >= 0:
                found[int(host[k])] = found.get(int(host[k]), 0.0) + float(shared_m2)
        return sorted(found, key=lambda k: (-found[k], str(self.ids[k])))

    def outline_segments(self, zone: shapely.Geometry) -> Floats:
        """Return the segments of the outlines beside `zone`, each once, shape (k, 4)."""
        found = [np.zeros((0, 4))]
        if len(self.outlines):
            box = shapely.bounds(zone) + _MARGIN_M
            for unit in self.outline_tree().query(shapely.box(*box)).tolist():
                if unit not in self._outline_segments:
                    self._outline_segments[unit] = segments(self.outlines[unit])
                found.append(within(self._outline_segments[unit], box))
        xy = np.concatenate(found)
        swap = (xy[:, 0] > xy[:, 2]) | ((xy[:, 0] == xy[:, 2]) & (xy[:, 1] > xy[:, 3]))
        return np.unique(np.where(swap[:, None], xy[:, [2, 3, 0, 1]], xy), axis=0)

    def points_in(self, polygon: shapely.Geometry) -> Positions:
        """Return the buildings in `polygon`."""
        assert self._points_tree is not None  # noqa: S101 (set by `of`)
        found: Positions = np.sort(self._points_tree.query(polygon, predicate="intersects"))
        return found


def _hosts(tiling: Tiling) -> tuple[Positions, Positions, shapely.STRtree]:
    """Return the dedicated grids, the base grid that holds most of each, and their index."""
    dedicated, base = np.flatnonzero(tiling.is_dedicated), np.flatnonzero(~tiling.is_dedicated)
    tree = shapely.STRtree(tiling.geometry[base])
    d, b = tree.query(tiling.geometry[dedicated], predicate="intersects")
    area_m2 = shapely.area(
        shapely.intersection(tiling.geometry[dedicated[d]], tiling.geometry[base[b]])
    )
    host = np.full(len(dedicated), _NONE, dtype=np.intp)
    for k in np.lexsort((-base[b], area_m2)):
        if area_m2[k] > 0.0:
            host[d[k]] = base[b[k]]
    return dedicated, host, shapely.STRtree(tiling.geometry[dedicated])


def _parents(
    grids: gpd.GeoDataFrame, geometry: Geometries, outlines: gpd.GeoDataFrame | None
) -> tuple[Positions, npt.NDArray[np.bool_]]:
    parent = np.full(len(grids), _NONE, dtype=np.intp)
    if outlines is None or not len(outlines):
        return parent, parent >= 0
    if "parent_id" in grids:
        codes = grids["parent_id"].astype(object).where(grids["parent_id"].notna(), None)
        parent = np.asarray(outlines.index.get_indexer(pd.Index(codes)), dtype=np.intp)
    is_coded = parent >= 0
    rest = np.flatnonzero(~is_coded)
    shapes = np.asarray(outlines.geometry.array, dtype=object)
    which, unit = shapely.STRtree(shapes).query(geometry[rest], predicate="intersects")
    shared_m2 = shapely.area(shapely.intersection(geometry[rest[which]], shapes[unit]))
    for k in np.lexsort((-unit, shared_m2)):  # the largest shared area comes last
        if shared_m2[k] > 0.0:
            parent[rest[which[k]]] = unit[k]
    return parent, is_coded


def _buildings(
    grids: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame | None
) -> tuple[Floats, pd.DataFrame, Positions]:
    """Return points, their counts, and the grid each building names (-1: none)."""
    if buildings is None or not len(buildings):
        empty = pd.DataFrame({name: np.zeros(0) for name in _WEIGHTS})
        return np.zeros((0, 2)), empty, np.zeros(0, dtype=np.intp)
    counts = pd.DataFrame(
        {
            name: pd.to_numeric(buildings[name]).to_numpy(float, na_value=np.nan)
            if name in buildings
            else np.full(len(buildings), np.nan)
            for name in _WEIGHTS
        }
    )
    owner = np.full(len(buildings), _NONE, dtype=np.intp)
    if "grid_id" in buildings:
        owner = np.asarray(grids.index.get_indexer(pd.Index(buildings["grid_id"])), dtype=np.intp)
    return shapely.get_coordinates(buildings.geometry.array), counts, owner


def _residents(
    grids: gpd.GeoDataFrame, points: Floats, counts: pd.DataFrame, *, owner: Positions
) -> Floats:
    """Return the residents of each grid: its own column, else its buildings; NaN where unknown.

    A building that names no grid counts for every grid that it lies in.
    """
    if "residents" in grids:
        own: Floats = pd.to_numeric(grids["residents"]).to_numpy(float, na_value=np.nan)
    else:
        own = np.full(len(grids), np.nan)
    weight = counts["residents"].to_numpy(float)
    if np.isnan(weight).all():
        return own
    weight = np.nan_to_num(weight)
    named, unnamed = np.flatnonzero(owner >= 0), np.flatnonzero(owner < 0)
    at, holder = grids.sindex.query(shapely.points(points[unnamed]), predicate="intersects")
    summed = np.bincount(
        np.concatenate([owner[named], holder]),
        weights=weight[np.concatenate([named, unnamed[at]])],
        minlength=len(grids),
    )
    told: Floats = np.where(np.isnan(own), summed, own)
    return told
