"""The layers of one city, and the guards at the door of every kernel.

A frame in `Layers` is projected, in metres, in one CRS, with its text ids as a unique index.
Kernels check once with
`require_*` and then trust.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geo.errors import CRSError, LayerError

__all__ = [
    "ENTRANCE",
    "OUTLINE",
    "Layers",
    "Source",
    "ancestors",
    "is_metric",
    "require_columns",
    "require_metric",
    "require_points",
    "require_polygons",
    "require_same_crs",
    "require_unique_ids",
]

OUTLINE = "outline"
"""Column of the buildings with the polygons they were given as, missing where it was a point."""

ENTRANCE = "entrance_point"
"""Column of the buildings with the points where people enter them, missing where not known."""

_POLYGONS = (3, 6)
_POINT = 0
_MAX_LEVELS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where one layer came from and what became of its rows: `rows = used + quarantined`.

    `datum_verdict`
        `ok`, `unknown` (too little to judge by), or what the coordinates look like instead:
        `wgs84`, `gcj02`, `bd09`, `swapped` (axes), `zone`.
    `datum_evidence`
        What the verdict rests on, in the project's language.
    `is_doubtful`
        True where the places cannot be trusted and the project does not say which datum it is.
    `problems`, `notes`
        What wants attention, and how the layer was read, in the project's language.
    """

    layer: str
    path: str
    sha256: str
    rows: int
    used: int
    quarantined: int
    repaired: int = 0
    crs: str | None = None
    datum: str = "wgs84"
    datum_verdict: str = "unknown"
    datum_evidence: tuple[str, ...] = ()
    is_doubtful: bool = False
    encoding: str | None = None
    mapped: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    unmapped: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layers:
    """The layers of one city, all in one working CRS in metres.

    `grids`
        Index `grid_id` (text, unique); columns `kind` (always) and `name`, `parent_id`,
        `households`, `residents`
        where the source has them; any further columns of the source; polygons.
    `units`
        Index `unit_id`; columns `level` (always), `name`, `parent_id`, …; polygons, or missing
        geometry where a
        unit came from a table.
    `sites`
        Index `site_id`; points (centroids of what was given).
    `buildings`
        Index `building_id`; points (centroids); `outline`: the polygons, where they were given;
        `entrance_point`: where people enter, where that was given.
    `streets`
        Index `street_id`; lines.
    `barriers`
        Index `barrier_id`; lines (outlines of areas) that only a street can cross; `class` (river,
        railway, motorway, wall) and `name` where known.
    `nets`
        Departmental nets by name; polygons.
    `finer`
        Grids of the levels below that of `grids` (微网格), level to frame, from coarse to fine;
        columns as those of `grids`. A parent may be a unit or a grid of a coarser level.
    `grid_levels`
        The level of `grids`, then those of `finer`; empty where grids have one level only.
    `levels`
        Levels of the units, from the top down; the last is the lowest, the parents of grids.
    `outline_ids`
        Units that are outlines, where not every one of the lowest level is; None: all are.
    `has_all_buildings`
        True where the project says `complete = true`: a grid without a building is then truly
        empty.
    """

    grids: gpd.GeoDataFrame
    units: gpd.GeoDataFrame | None = None
    sites: gpd.GeoDataFrame | None = None
    buildings: gpd.GeoDataFrame | None = None
    streets: gpd.GeoDataFrame | None = None
    barriers: gpd.GeoDataFrame | None = None
    candidates: gpd.GeoDataFrame | None = None
    estates: gpd.GeoDataFrame | None = None
    staff: pd.DataFrame | None = None
    cases: gpd.GeoDataFrame | None = None
    nets: Mapping[str, gpd.GeoDataFrame] = field(default_factory=lambda: MappingProxyType({}))
    finer: Mapping[str, gpd.GeoDataFrame] = field(default_factory=lambda: MappingProxyType({}))
    grid_levels: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    outline_ids: frozenset[str] | None = None
    has_all_buildings: bool = False

    @property
    def crs(self) -> CRS:
        """The working CRS that all layers share."""
        crs: CRS = self.grids.crs
        return crs

    @property
    def base_grids(self) -> gpd.GeoDataFrame:
        """The grids of kind `base`."""
        return self.grids[self.grids["kind"] == "base"]

    @property
    def all_grids(self) -> gpd.GeoDataFrame:
        """The grids of all levels, those of `grids` first."""
        if not self.finer:
            return self.grids
        joined = pd.concat([self.grids, *self.finer.values()])
        return gpd.GeoDataFrame(joined, geometry="geometry", crs=self.crs)

    @property
    def parents(self) -> gpd.GeoDataFrame | None:
        """What may be a parent: the units, and the grids that have a finer level below them."""
        return self.parents_above(len(self.finer))

    def parents_above(self, n_levels: int) -> gpd.GeoDataFrame | None:
        """Return the units and the grids of the `n_levels` coarsest levels, as units.

        Where a unit and a grid share an id it is the grid.
        """
        if not n_levels:
            return self.units
        frames = [] if self.units is None else [self.units]
        for level, grids in zip(self.grid_levels, (self.grids, *self.finer.values()), strict=True):
            frames.append(grids[grids["kind"] == "base"].assign(level=level))
        kept = ["name", "level", "parent_id", "geometry"]
        frames = frames[: len(frames) - len(self.grid_levels) + n_levels]
        joined = pd.concat([frame[[name for name in kept if name in frame]] for frame in frames])
        joined = joined[~joined.index.duplicated(keep="last")]
        return gpd.GeoDataFrame(joined, geometry="geometry", crs=self.crs).rename_axis("unit_id")

    @property
    def outlines(self) -> gpd.GeoDataFrame | None:
        """The units of the lowest level that has polygons: where gaps are looked for; or None."""
        if self.units is None:
            return None
        geometry = np.asarray(self.units.geometry.array, dtype=object)
        is_drawn = ~(shapely.is_missing(geometry) | shapely.is_empty(geometry))
        level_of = self.units["level"].array
        for level in reversed(self.levels):
            is_found = is_drawn & np.asarray(level_of == level, dtype=bool)
            if not is_found.any():
                continue
            if self.outline_ids is not None:
                is_found &= self.units.index.isin(self.outline_ids)
            return self.units if is_found.all() else self.units[is_found]
        return None

    def at_level(self, number: int) -> "Layers":
        """Return the layers as they look from the grids of one level, 0 the coarsest.

        Its grids are the `grids`; the units are what is above: units, and the grids of the coarser
        levels down to the finest that a grid names as its parent. Those named are then the
        outlines: a coarser grid need not have finer ones.
        """
        if not number:
            return replace(self, finer=MappingProxyType({}), grid_levels=())
        coarser = [self.grids, *self.finer.values()][:number]
        grids = self.finer[self.grid_levels[number]]
        named = frozenset(grids["parent_id"].dropna()) if "parent_id" in grids else frozenset()
        above = [k for k, frame in enumerate(coarser, 1) if not named.isdisjoint(frame.index)]
        n_above = max(above, default=0)
        return replace(
            self,
            grids=grids,
            finer=MappingProxyType({}),
            grid_levels=(),
            units=self.parents_above(n_above),
            levels=(*self.levels, *self.grid_levels[:n_above]),
            outline_ids=named if n_above else None,
        )

    def with_grids(self, grids: gpd.GeoDataFrame) -> "Layers":
        """Return the layers with the rows of `grids` in place of the grids, level by level."""
        finer = {level: grids.loc[frame.index] for level, frame in self.finer.items()}
        return replace(self, grids=grids.loc[self.grids.index], finer=MappingProxyType(finer))

    @property
    def building_outlines(self) -> gpd.GeoDataFrame | None:
        """The buildings that were given as polygons, as polygons; None where none was."""
        if self.buildings is None or OUTLINE not in self.buildings:
            return None
        drawn = self.buildings[self.buildings[OUTLINE].notna()]
        placed = drawn.drop(columns=drawn.geometry.name)
        return placed.set_geometry(OUTLINE, crs=self.crs) if len(placed) else None


def is_metric(crs: CRS | None) -> bool:
    """Return True for a projected CRS whose axes are in metres."""
    return (
        crs is not None
        and crs.is_projected
        and all(axis.unit_conversion_factor == 1.0 for axis in crs.axis_info)
    )


def require_metric(frame: gpd.GeoDataFrame, layer: str) -> None:
    """Raise `CRSError` unless `frame` is in a projected CRS in metres."""
    crs = frame.crs
    if crs is None:
        raise CRSError("layers.no_crs", layer=layer)
    if not is_metric(crs):
        unit = crs.axis_info[0].unit_name if crs.axis_info else "?"
        raise CRSError("layers.not_metric", layer=layer, crs=f"{crs.to_string()} ({unit})")


def require_same_crs(frames: Mapping[str, gpd.GeoDataFrame]) -> None:
    """Raise `CRSError` unless all `frames` (name to frame) share one CRS."""
    (first, frame), *rest = frames.items()
    crs = frame.crs
    for name, other in rest:
        if other.crs != crs:
            raise CRSError(
                "layers.different_crs", left=first, right=name, left_crs=crs, right_crs=other.crs
            )


def require_unique_ids(frame: pd.DataFrame, layer: str) -> None:
    """Raise `LayerError` when an index label of `frame` repeats."""
    ids = pd.Series(frame.index.array, copy=False)  # the index itself would keep a table of all
    if ids.nunique(dropna=False) < len(ids):
        example = ids[ids.duplicated()].iloc[0]
        raise LayerError("layers.repeated_ids", layer=layer, example=example)


def require_polygons(frame: gpd.GeoDataFrame, layer: str) -> None:
    """Raise `LayerError` unless ids are unique and every geometry is a polygon, not empty."""
    require_unique_ids(frame, layer)
    _require_types(frame, _POLYGONS, key="layers.not_polygons", layer=layer)


def require_points(frame: gpd.GeoDataFrame, layer: str) -> None:
    """Raise `LayerError` unless ids are unique and every geometry is a point that is not empty."""
    require_unique_ids(frame, layer)
    _require_types(frame, (_POINT,), key="layers.not_points", layer=layer)


def require_columns(frame: pd.DataFrame, columns: Sequence[str], layer: str) -> None:
    """Raise `LayerError` naming every one of `columns` that `frame` lacks."""
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise LayerError("layers.no_columns", layer=layer, columns=", ".join(missing))


def _require_types(
    frame: gpd.GeoDataFrame, allowed: tuple[int, ...], *, key: str, layer: str
) -> None:
    geometry = np.asarray(frame.geometry.array, dtype=object)
    types = shapely.get_type_id(geometry)
    is_other = np.logical_and.reduce([types != kind for kind in allowed])
    bad = is_other | shapely.is_empty(geometry)
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        found = geometry[at]
        got = "missing" if found is None else "empty" if found.is_empty else found.geom_type
        raise LayerError(key, layer=layer, row=frame.index[at], got=got)


def ancestors(grids: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    """Return each grid with every unit above it by parent codes: columns `grid_id`, `unit_id`.

    Grids without a known parent have no row; a circle of parents ends after 16
    levels. O(n × levels).
    """
    empty = pd.DataFrame({"grid_id": [], "unit_id": []}, dtype=object)
    if "parent_id" not in grids:
        return empty
    above = grids["parent_id"][grids["parent_id"].isin(units.index)]
    up = units["parent_id"] if "parent_id" in units else pd.Series(dtype=object)
    steps = []
    for _ in range(_MAX_LEVELS):
        if above.empty:
            break
        steps.append(pd.DataFrame({"grid_id": above.index, "unit_id": above.to_numpy()}))
        above = above.map(up.to_dict())
        above = above[above.isin(units.index)]
    joined = pd.concat(steps, ignore_index=True) if steps else empty
    return joined.drop_duplicates(ignore_index=True)
