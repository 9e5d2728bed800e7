"""A lattice of points that stands for the area of a grid where no building is known."""

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["lattice_points"]

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]


def lattice_points(
    polygons: npt.NDArray[np.object_], *, spacing_m: float
) -> tuple[Floats, Positions]:
    """Return the lattice points inside each polygon, and the polygon of each point.

    One lattice serves the whole plane (its points lie at odd multiples of half the spacing), so two
    polygons that share a border share no point and leave none out.

    Parameters
    ----------
    polygons
        n valid (multi)polygons, metres.
    spacing_m
        Distance between neighbouring points (m).

    Returns
    -------
    points_xy, polygon_at
        Shapes (k, 2) and (k,), sorted by polygon. A polygon that no lattice point meets has one
        representative point.

    Notes
    -----
    Scan lines by the even-odd rule: O(v + r log r + k) for v vertices and r crossings of edges with
    lattice rows.
    """
    row, x, owner = _crossings(polygons, spacing_m)
    order = np.lexsort((x, row, owner))
    row, x, owner = row[order], x[order], owner[order]
    # Crossings come in pairs (in, out) along each row of each polygon.
    first = np.ceil(x[0::2] / spacing_m - 0.5).astype(np.int64)
    last = np.ceil(x[1::2] / spacing_m - 0.5).astype(np.int64)
    counts = np.maximum(last - first, 0)
    column = np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
    points = np.column_stack([column + 0.5, np.repeat(row[0::2], counts) + 0.5]) * spacing_m
    polygon_at = np.repeat(owner[0::2], counts).astype(np.intp)

    lacking = np.flatnonzero(np.bincount(polygon_at, minlength=len(polygons)) == 0)
    inner = shapely.get_coordinates(shapely.point_on_surface(polygons[lacking]))
    points, polygon_at = np.vstack([points, inner]), np.concatenate([polygon_at, lacking])
    order = np.argsort(polygon_at, kind="stable")
    return points[order], polygon_at[order]


def _crossings(
    polygons: npt.NDArray[np.object_], spacing_m: float
) -> tuple[npt.NDArray[np.int64], Floats, Positions]:
    """Return row number, x and polygon of every crossing of an edge with a lattice row.

    An edge crosses the rows from its lower end (included) to its upper end (left out), so that a
    vertex on a row counts once.
    """
    parts, part_owner = shapely.get_parts(polygons, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    xy, ring_at = shapely.get_coordinates(rings, return_index=True)
    start = np.flatnonzero(ring_at[1:] == ring_at[:-1])
    a, b = xy[start], xy[start + 1]
    edge_owner = part_owner[ring_part[ring_at[start]]]
    low = np.minimum(a[:, 1], b[:, 1])
    high = np.maximum(a[:, 1], b[:, 1])
    first = np.ceil(low / spacing_m - 0.5).astype(np.int64)
    counts = np.ceil(high / spacing_m - 0.5).astype(np.int64) - first
    edge = np.repeat(np.arange(len(start)), counts)
    row = np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
    y = (row + 0.5) * spacing_m
    slope = (b[edge, 0] - a[edge, 0]) / (b[edge, 1] - a[edge, 1])
    x = a[edge, 0] + (y - a[edge, 1]) * slope
    return row, x, edge_owner[edge]
