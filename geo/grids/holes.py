"""Where the outlines are in no grid: the polygons of gaps, before they are judged.

A gap is one connected part of (outline - union of all grids), each outline by itself; without
outlines, of the holes that the union of all grids encloses.
"""

from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from geo.grids.kernel import Faces
from geo.grids.kernel.winding import is_around
from geo.grids.tiling import Tiling
from geo.grids.widths import Geometries, mean_width_m, polygon_parts

__all__ = ["enclosed", "uncovered"]

Positions = npt.NDArray[np.intp]
_AREA_SHARED: Final = "2********"
_MARGIN_M: Final = 25.0
"""How far around a place with noise to look first: a crack of noise ends after a few vertices."""


def uncovered(tiling: Tiling, noise_width_m: float) -> tuple[Geometries, Positions]:
    """Return the parts of each outline of `tiling` in no grid, and the outline of each part.

    Every border of an outline is a border of grids or cuts the faces, so that a face that no grid
    lies over is in the same outlines throughout.
    """
    faces, outlines = tiling.faces, tiling.outlines
    if outlines is None:
        return np.zeros(0, dtype=object), np.zeros(0, np.intp)
    if faces is None:
        return _plain(tiling, outlines)
    bare = faces.n_grids <= 0
    tree = shapely.STRtree(outlines)
    if tiling.is_noisy:
        face, unit = tree.query(faces.geometry[bare], predicate="intersects")
        return _grown(tiling, faces.geometry[bare][face], unit, noise_width_m=noise_width_m)
    face, unit = tree.query(shapely.points(faces.point[bare]))
    both, n = tiling.residue.both, len(tiling.geometry)
    is_in = is_around(both, n + unit, faces.point[bare][face])
    face, unit = face[is_in], unit[is_in]
    gaps, owner = _joined(faces.geometry[bare][face], unit)
    gaps, piece = polygon_parts(gaps)
    return gaps, owner[piece]


def enclosed(tiling: Tiling, noise_width_m: float) -> Geometries:
    """Return the polygons that the union of the grids encloses and does not cover."""
    faces = tiling.faces
    if faces is None:
        return _holes(shapely.union_all(tiling.geometry))
    union = _union(faces)
    holes = _holes(union)
    if not tiling.is_noisy:
        return holes
    return _grown(tiling, holes, np.full(len(holes), -1), noise_width_m=noise_width_m)[0]


def _union(faces: Faces) -> shapely.Geometry:
    covered = faces.geometry[(faces.n_grids > 0) & ~faces.is_loop]
    return _merged(covered) if len(covered) else shapely.MultiPolygon()


def _holes(union: shapely.Geometry) -> Geometries:
    shells = shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(union)))
    return polygon_parts([shapely.difference(shapely.union_all(shells), union)])[0]


def _plain(tiling: Tiling, outlines: Geometries) -> tuple[Geometries, Positions]:
    """Compare each outline with the union of the grids that meet it."""
    geometry = tiling.geometry
    unit, grid = tiling.tree.query(outlines)
    shapely.prepare(outlines)
    meets = shapely.relate_pattern(outlines[unit], geometry[grid], _AREA_SHARED)
    unit, grid = unit[meets], grid[meets]
    order = np.argsort(unit, kind="stable")
    ends = np.searchsorted(unit[order], np.arange(len(outlines) + 1))
    covered = np.array(
        [shapely.union_all(geometry[grid[order[start:end]]]) for start, end in pairwise(ends)],
        dtype=object,
    )
    return polygon_parts(shapely.difference(outlines, covered))


def _joined(pieces: Geometries, unit: Positions) -> tuple[Geometries, Positions]:
    """Return the connected parts of the pieces of each unit."""
    order = np.argsort(unit, kind="stable")
    pieces, unit = pieces[order], unit[order]
    alone = np.ones(len(unit), dtype=bool)
    alone[1:] &= unit[1:] != unit[:-1]
    alone[:-1] &= unit[1:] != unit[:-1]
    several, ends = np.unique(unit[~alone], return_index=True)
    groups = pieces[~alone]
    unions = [_merged(groups[start:end]) for start, end in pairwise([*ends, len(groups)])]
    parts, group = shapely.get_parts(unions, return_index=True)
    return np.concatenate([pieces[alone], parts]), np.concatenate([unit[alone], several[group]])


def _merged(pieces: Geometries) -> shapely.Geometry:
    """Return the union of pieces that only touch; of ones that overlap by a hair as well."""
    try:
        return shapely.coverage_union_all(pieces)
    except shapely.GEOSException:
        return shapely.union_all(pieces)


def _grown(
    tiling: Tiling, seeds: Geometries, unit: Positions, *, noise_width_m: float
) -> tuple[Geometries, Positions]:
    """Return the exact gaps of at least the noise width at the places `seeds`.

    Around each, the grids are cut out of its outline (unit -1: of the plane) within a box, which
    grows until no part found reaches its edge.
    """
    found: dict[tuple[int, tuple[float, ...]], shapely.Polygon] = {}
    whole = shapely.total_bounds(tiling.geometry)
    size_m = float(max(whole[2] - whole[0], whole[3] - whole[1]))
    for seed, u in zip(seeds, unit, strict=True):
        for part in _exact_parts(tiling, seed, int(u), size_m=size_m, noise_width_m=noise_width_m):
            found[int(u), tuple(np.round(part.bounds, 6))] = part
    gaps = np.array(list(found.values()), dtype=object)
    return gaps, np.array([u for u, _ in found], dtype=np.intp)


def _exact_parts(
    tiling: Tiling, seed: shapely.Polygon, unit: int, *, size_m: float, noise_width_m: float
) -> Geometries:
    margin = _MARGIN_M
    x0, y0, x1, y1 = shapely.bounds(seed)
    near = shapely.buffer(seed, noise_width_m)
    while True:
        box = shapely.box(x0 - margin, y0 - margin, x1 + margin, y1 + margin)
        outlines = tiling.outlines
        place = box if unit < 0 or outlines is None else shapely.intersection(box, outlines[unit])
        around = tiling.tree.query(box, predicate="intersects")
        rest = shapely.difference(place, shapely.union_all(tiling.geometry[around]))
        parts = polygon_parts([rest])[0]
        parts = parts[shapely.intersects(parts, near)]
        parts = parts[mean_width_m(parts) >= noise_width_m]
        reaches = shapely.intersects(parts, shapely.boundary(box))
        if margin > size_m or not reaches.any():
            whole_parts: Geometries = parts[~reaches] if unit < 0 else parts
            return whole_parts
        margin *= 4.0
