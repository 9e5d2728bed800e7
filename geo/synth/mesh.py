"""The borders of a synthetic city: one polyline for each pair of neighbours, shared by both.

The grids are the Voronoi cells of the seeds, their borders bent, the whole warped. A bent border
stays within the two triangles between it and the seeds of its sides, so no two borders cross;
that every grid is star-shaped about its seed is checked after rounding, and a border that fails
is drawn straight.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.spatial import Delaunay

from geo.synth.plan import Floats, Ints, Plan

__all__ = ["N_BENDS", "Mesh", "draw_mesh"]

N_BENDS: Final = 5
"""Vertices between the ends of a bent border."""

_MIN_BENT_M: Final = 25.0
_DECIMALS: Final = 3
_WAVES_M: Final = ((5200.0, 200.0), (2900.0, 90.0), (1500.0, 35.0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mesh:
    """e borders between the cells of s seeds, in the working CRS, rounded to millimetres.

    `centres`
        The seeds, shape (s, 2).
    `cells`
        Seed on the left and on the right of each border, shape (e, 2).
    `nodes`
        First and last node of each border, shape (e, 2): three borders meet in a node.
    `lines`
        Vertices, shape (e, N_BENDS + 2, 2).
    `is_bent`
        False where the border is straight and only the ends count, shape (e,).
    """

    centres: Floats
    cells: Ints
    nodes: Ints
    lines: Floats
    is_bent: npt.NDArray[np.bool_]


def draw_mesh(plan: Plan, origin: Floats, rng: np.random.Generator) -> Mesh:
    """Return the borders of the grids of `plan` and of its river, about `origin`. O(n log n)."""
    cells, nodes, corners = _voronoi(plan)
    lines, is_bent = _bend(plan.seeds, cells, corners[nodes], rng=rng)
    waves = rng.uniform(0, 2 * np.pi, (len(_WAVES_M), 2, 2))
    lines = _rounded(_warp(lines.reshape(-1, 2), waves).reshape(lines.shape) + origin)
    centres = _rounded(_warp(plan.seeds, waves) + origin)
    is_bent &= _is_star(centres, cells, lines)
    return Mesh(centres=centres, cells=cells, nodes=nodes, lines=lines, is_bent=is_bent)


def _voronoi(plan: Plan) -> tuple[Ints, Ints, Floats]:
    """Return cells (e, 2), left first, node numbers (e, 2) and positions of the nodes.

    Triangles run counterclockwise, so the sides follow from their order, however short a border
    is.
    """
    seeds = plan.seeds
    mesh = Delaunay(seeds)
    triangles = mesh.simplices.astype(np.int64)
    corners = _circumcentres(seeds[triangles])
    at, side = np.nonzero(mesh.neighbors > np.arange(len(triangles))[:, None])
    cells = np.column_stack([triangles[at, (side + 2) % 3], triangles[at, (side + 1) % 3]])
    nodes = np.column_stack([at, mesh.neighbors[at, side]]).astype(np.int64)
    kept = plan.community[cells]
    keep = (kept >= 0).any(axis=1) | (kept == -2).all(axis=1)  # noqa: PLR2004
    cells, nodes = cells[keep], nodes[keep]
    used, nodes = np.unique(nodes, return_inverse=True)
    return cells, nodes.reshape(-1, 2), corners[used]


def _circumcentres(triangles: Floats) -> Floats:
    """Return the circumcentre of each triangle, shape (t, 2)."""
    a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
    ab, ac = b - a, c - a
    twice = 2 * _cross(ab, ac)
    ab2, ac2 = (ab**2).sum(axis=1), (ac**2).sum(axis=1)
    x = ac[:, 1] * ab2 - ab[:, 1] * ac2
    y = ab[:, 0] * ac2 - ac[:, 0] * ab2
    return a + np.column_stack([x, y]) / twice[:, None]


def _bend(
    seeds: Floats, cells: Ints, ends: Floats, *, rng: np.random.Generator
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return the vertices of each border, pushed towards either seed, and which are bent."""
    t = np.linspace(0, 1, N_BENDS + 2)
    straight = ends[:, :1] + t[None, :, None] * (ends[:, 1:] - ends[:, :1])
    n = len(cells)
    bow = rng.normal(0, 0.09, (n, 1)) * np.sin(np.pi * t) + rng.normal(0, 0.05, (n, 1)) * np.sin(
        2 * np.pi * t
    )
    rough = rng.normal(0, 0.01, (n, N_BENDS + 2)) * np.sin(np.pi * t)
    push = np.clip(bow + rough, -0.25, 0.25)[..., None]
    left, right = (seeds[cells[:, side], None] for side in (0, 1))
    lines = straight + np.where(push > 0, push * (left - straight), -push * (right - straight))
    is_bent = np.hypot(*(ends[:, 1] - ends[:, 0]).T) > _MIN_BENT_M
    return lines, is_bent


def _warp(points: Floats, phases: Floats) -> Floats:
    """Return `points` moved by long smooth waves; their slope is far below 1, so nothing folds."""
    moved = points.copy()
    for (length, height), phase in zip(_WAVES_M, phases, strict=True):
        k = 2 * np.pi / length
        x, y = points[:, 0], points[:, 1]
        moved[:, 0] += height * np.sin(k * (y + 0.3 * x) + phase[0, 0])
        moved[:, 1] += height * np.sin(k * (x - 0.2 * y) + phase[1, 0])
    return moved


def _is_star(centres: Floats, cells: Ints, lines: Floats) -> npt.NDArray[np.bool_]:
    """Return True for each border that both its cells see in full from their seeds."""
    start, end = lines[:, :-1], lines[:, 1:]
    left, right = (centres[cells[:, side], None] for side in (0, 1))
    seen_left = _cross(start - left, end - left) > 0
    seen_right = _cross(start - right, end - right) < 0
    return np.asarray((seen_left & seen_right).all(axis=1))


def _cross(a: Floats, b: Floats) -> Floats:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])


def _rounded(points: Floats) -> Floats:
    return np.round(points, _DECIMALS)
