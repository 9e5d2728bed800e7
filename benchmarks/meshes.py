"""Large layers of grids drawn in a moment: wavy cells, their units, defects of known place."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

CRS = "EPSG:32650"
ORIGIN = (500_000.0, 3_400_000.0)
STEP_M = 10.0
SIDE = 10
BLOCK = 4

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mesh:
    """n × n cells of 40 segments each and the units of 4 × 4 cells, in metres.

    `overlaps`, `gaps`: what was planted, area (m²) by the ids of the two grids; a gap names the
    grid that gave way and its neighbour.
    """

    grids: gpd.GeoDataFrame
    units: gpd.GeoDataFrame
    overlaps: dict[tuple[str, str], float]
    gaps: dict[tuple[str, str], float]


def mesh(
    n: int,
    *,
    n_defects: int = 0,
    overlap_share: float = 0.5,
    apart_m: float = 0.0,
    noise_m: float = 0.0,
) -> Mesh:
    """Return a mesh of n × n cells, n a multiple of 4.

    Parameters
    ----------
    n_defects
        So many cells have one vertex of their eastern border moved: out (overlap) or in (gap).
    overlap_share
        How likely a defect is an overlap.
    apart_m
        Units are drawn apart: each of their vertices moved by up to so much, fewer vertices.
    noise_m
        Each vertex of each grid is moved by up to so much, apart from its neighbour's.
    """
    rng = np.random.default_rng(n)
    size = n * SIDE + 1
    steps = np.arange(size) * STEP_M
    xy = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1)
    xy += rng.uniform(-0.3, 0.3, xy.shape) * STEP_M + np.array(ORIGIN)
    rings = _rings(xy, SIDE)
    at = np.sort(rng.choice(_inner(n), n_defects, replace=False))
    side = np.where(rng.random(n_defects) < overlap_share, 1.0, -1.0)
    push_m = side * rng.uniform(1.5, 3.0, n_defects)
    area_m2 = _push(rings, at, push_m)
    names = np.array([f"g{k:07d}" for k in range(len(rings))], dtype=object)
    pairs = [(names[k], names[k + n]) for k in at]
    if noise_m:
        moved = rings[:, :-1] + rng.uniform(-noise_m, noise_m, rings[:, :-1].shape)
        rings = np.concatenate([moved, moved[:, :1]], axis=1)
    outer = _rings(xy, SIDE * BLOCK)
    if apart_m:
        outer = outer[:, ::3] + rng.uniform(-apart_m, apart_m, outer[:, ::3].shape)
        outer = np.concatenate([outer, outer[:, :1]], axis=1)
    return Mesh(
        grids=_grids(rings, names, n),
        units=_units(outer),
        overlaps={p: a for p, a, m in zip(pairs, area_m2, push_m, strict=True) if m > 0},
        gaps={p: a for p, a, m in zip(pairs, area_m2, push_m, strict=True) if m < 0},
    )


def _rings(xy: Floats, side: int) -> Floats:
    """Return the closed rings (cells, 4·side + 1, 2) of cells of `side` steps, by column."""
    n = (len(xy) - 1) // side
    k = np.arange(side)
    full = np.full(side, side)
    i = np.concatenate([k, full, full - k, 0 * k, [0]])
    j = np.concatenate([0 * k, k, full, full - k, [0]])
    column, row = (
        side * a.ravel()[:, None] for a in np.meshgrid(*[np.arange(n)] * 2, indexing="ij")
    )
    return xy[column + i, row + j]


def _inner(n: int) -> npt.NDArray[np.int64]:
    """Return every second cell of every second column but the last: none beside another."""
    column, row = np.meshgrid(np.arange(0, n - 2, 2), np.arange(0, n, 2), indexing="ij")
    return (column * n + row).ravel()


def _push(rings: Floats, at: npt.NDArray[np.int64], push_m: Floats) -> Floats:
    """Move the middle vertex of the eastern border of the cells `at`; return the areas (m²)."""
    middle = SIDE + SIDE // 2
    before, here, after = (rings[at, middle + step] for step in (-1, 0, 1))
    along = after - before
    across = np.column_stack([along[:, 1], -along[:, 0]]) / np.hypot(*along.T)[:, None]
    rings[at, middle] = here + push_m[:, None] * across
    return np.abs(push_m) * np.hypot(*along.T) / 2.0


def _grids(rings: Floats, names: npt.NDArray[np.object_], n: int) -> gpd.GeoDataFrame:
    k = np.arange(len(rings))
    block = (k // n // BLOCK) * (n // BLOCK) + k % n // BLOCK
    frame = gpd.GeoDataFrame(
        {"kind": "base", "parent_id": [f"u{b}" for b in block]},
        geometry=shapely.polygons(rings),
        crs=CRS,
        index=names,
    )
    return frame.rename_axis("grid_id")


def _units(rings: Floats) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(
        {"level": ["community"] * len(rings)},
        geometry=shapely.polygons(rings),
        crs=CRS,
        index=[f"u{k}" for k in range(len(rings))],
    )
    return frame.rename_axis("unit_id")
