"""Base grids that a departmental net cuts across: N701.

A net that only divides the grids more finely, or only joins whole grids, agrees with them: no
border cuts across. A grid is in conflict when it lies in several polygons of the net and one of
these reaches out of it. The measure is the least ground that has to change hands so that the grid
nests: everything but the largest piece of a polygon that reaches out, or all such pieces where the
rest of the grid (polygons wholly inside it, ground in no polygon) is larger than that one.

Pieces narrower than `sliver_width_m` come from one border drawn twice and are left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geo.findings import Report, concat_findings, findings_frame
from geo.grids.names import display_names, listed
from geo.grids.pairs import Mask, Positions
from geo.grids.widths import Geometries, Pieces
from geo.layers import require_columns, require_metric, require_polygons, require_same_crs

__all__ = ["find_net_conflicts"]

Floats = npt.NDArray[np.float64]

_NONE = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Shared:
    """The k pieces of grids, by polygon of a net; polygon -1: ground of the grid in none.

    `reaches_out` (k): the polygon has ground outside the grid.
    """

    grid: Positions
    polygon: Positions
    pieces: Pieces
    reaches_out: Mask

    @classmethod
    def of(cls, grids: Geometries, net: Geometries, *, sliver_width_m: float) -> Self:
        """Intersect the grids of a net with those of another. O(n log n + c), c pairs that meet."""
        tree = shapely.STRtree(net)
        grid, polygon = tree.query(grids, predicate="intersects")
        pieces = Pieces.of(
            shapely.intersection(grids[grid], net[polygon]), min_width_m=sliver_width_m
        )
        keep = pieces.area_m2 > 0.0
        grid, polygon, pieces = grid[keep], polygon[keep], pieces.take(keep)
        bare = _rest(grids, net, by=(grid, polygon), sliver_width_m=sliver_width_m)
        over = _rest(net, grids, by=(polygon, grid), sliver_width_m=sliver_width_m)
        n_grids = np.bincount(polygon, minlength=len(net)) + (over.area_m2 > 0.0)
        alone = np.flatnonzero(bare.area_m2 > 0.0)
        out = np.append(n_grids[polygon] > 1, np.zeros(len(alone), dtype=bool))
        return cls(
            grid=np.append(grid, alone),
            polygon=np.append(polygon, np.full(len(alone), _NONE)),
            pieces=Pieces(
                geometry=np.append(pieces.geometry, bare.geometry[alone]),
                area_m2=np.append(pieces.area_m2, bare.area_m2[alone]),
                width_m=np.append(pieces.width_m, bare.width_m[alone]),
            ),
            reaches_out=out,
        )

    def by_grid(self) -> Sequence[Positions]:
        """Return the pieces of each grid: those that reach out first, then the largest."""
        order = np.lexsort((self.polygon, -self.pieces.area_m2, ~self.reaches_out, self.grid))
        starts = np.flatnonzero(np.diff(self.grid[order])) + 1
        return np.split(order, starts) if len(order) else []


def _rest(
    inner: Geometries, outer: Geometries, *, by: tuple[Positions, Positions], sliver_width_m: float
) -> Pieces:
    """Return what of each of `inner` lies in none of the `outer` it meets, slivers left out."""
    whole, part = by
    order = np.argsort(whole, kind="stable")
    whole, part = whole[order], part[order]
    starts = np.searchsorted(whole, np.arange(len(inner) + 1))
    is_inside = np.zeros(len(inner), dtype=bool)
    is_inside[whole[shapely.covers(outer[part], inner[whole])]] = True
    rest = inner.copy()
    rest[is_inside] = None
    for at in np.flatnonzero(~is_inside & (np.diff(starts) > 0)):
        held = shapely.union_all(outer[part[starts[at] : starts[at + 1]]])
        rest[at] = shapely.difference(inner[at], held)
    return Pieces.of(rest, min_width_m=sliver_width_m)


def find_net_conflicts(
    grids: gpd.GeoDataFrame, nets: Mapping[str, gpd.GeoDataFrame], *, sliver_width_m: float
) -> Report:
    """Report every base grid that a polygon of a net cuts across.

    Parameters
    ----------
    grids
        n polygons with `kind`, projected CRS in metres; base grids are judged.
    nets
        Name to the polygons of a departmental net, same CRS.
    sliver_width_m
        Pieces of a smaller mean width do not count.

    Returns
    -------
    report
        A finding for each grid and net: `measure` the ground that has to change hands (m²),
        geometry that ground, `category` the net. A grid in no polygon at all is none. `counts`:
        `n_grids`, and of each net `n_<name>` in conflict.

    Raises
    ------
    CRSError, LayerError
        If a frame is not in metres, two differ in CRS, or rows hold no polygon.
    """
    require_metric(grids, "grids")
    require_polygons(grids, "grids")
    require_columns(grids, ["kind"], "grids")
    base = grids[grids["kind"] == "base"].sort_index()
    found, counts = [], {"n_grids": len(base)}
    for name, net in nets.items():
        require_polygons(net, f"nets.{name}")
        require_same_crs({"grids": grids, f"nets.{name}": net})
        conflicts = _rows(base, net.sort_index(), name=name, sliver_width_m=sliver_width_m)
        rows = findings_frame(conflicts, grids.crs)
        counts[f"n_{name}"] = len(rows)
        found.append(rows)
    return Report(
        findings=concat_findings(found, grids.crs),
        thresholds={"sliver_width_m": sliver_width_m},
        counts=counts,
    )


def _rows(
    base: gpd.GeoDataFrame, net: gpd.GeoDataFrame, *, name: str, sliver_width_m: float
) -> Iterator[Mapping[str, Any]]:
    polygons = np.asarray(base.geometry.array, dtype=object)
    areas = np.asarray(net.geometry.array, dtype=object)
    shared = _Shared.of(polygons, areas, sliver_width_m=sliver_width_m)
    ids, net_ids, names = base.index.to_numpy(), net.index.to_numpy(), display_names(net)
    grid_m2, piece_m2 = shapely.area(polygons), shared.pieces.area_m2
    for pieces in shared.by_grid():
        moved = _to_move(piece_m2[pieces], shared.reaches_out[pieces])
        if moved is None:
            continue
        owned = pieces[shared.polygon[pieces] != _NONE]
        main = net_ids[shared.polygon[owned[np.argmax(piece_m2[owned])]]]
        at, moved = shared.grid[pieces[0]], pieces[moved]
        measure = float(piece_m2[moved].sum())
        yield {
            "rule": "N701",
            "layer": f"nets.{name}",
            "grid_ids": (ids[at],),
            "category": name,
            "measure": measure,
            "width_m": float(shared.pieces.width_m[moved].max()),
            "geometry": shapely.union_all(shared.pieces.geometry[moved]),
            "details": {
                "net": name,
                "share": measure / float(grid_m2[at]),
                "n_polygons": len(owned),
                "main": names.get(main, main),
                **listed("polygons", net_ids[np.sort(shared.polygon[owned])], names),
            },
        }


def _to_move(area_m2: Floats, reaches_out: Mask) -> Positions | None:
    """Return which pieces of one grid have to change hands, None where it nests.

    The pieces come with those that reach out first, the largest of them before the others.
    """
    if len(area_m2) == 1 or not reaches_out[0]:
        return None
    others = np.arange(1, len(area_m2))
    is_less = area_m2[reaches_out].sum() < area_m2[others].sum()
    return np.flatnonzero(reaches_out) if is_less else others
