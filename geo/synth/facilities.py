"""The sites (阵地) of a synthetic city."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from geo.synth.codes import Codes, Texts
from geo.synth.figures import CityFigures, limits, minutes, names, tiers
from geo.synth.hosts import Hosts
from geo.synth.mesh import Mesh
from geo.synth.plan import Floats, Ints, Plan

__all__ = ["Sites", "draw_sites"]

_OFFSET_M = 15.0
_GRID_REACH_M = 200.0
_MIN_COMMUNITIES_FOR_BLANK_15 = 100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sites:
    """s sites, the last `n_lone` of them in no grid."""

    ids: Texts
    names: Texts
    categories: Texts
    xy: Floats
    n_lone: int


def draw_sites(
    plan: Plan,
    mesh: Mesh,
    codes: Codes,
    *,
    hosts: Hosts,
    figures: CityFigures,
    rng: np.random.Generator,
) -> Sites:
    """Return sites spread over every community: none around a desert, some in no grid."""
    per_community = plan.n_base // plan.n_communities
    n_sites = round((per_community + 1) * plan.n_communities / figures.grids_per_site)
    share = np.bincount(np.arange(n_sites) % plan.n_communities, minlength=plan.n_communities)
    rank = np.argsort(rng.random((plan.n_communities, per_community)), axis=1)
    rank = np.argsort(rank, axis=1)
    # A grid without a building is judged by its area: a site of its own leaves no doubt about it.
    certain = np.concatenate([hosts.cells["empty"], hosts.cells["duplicate"]])
    chosen = (rank < share[:, None]).ravel()
    chosen[certain] = True
    cell = np.flatnonzero(chosen)
    order = rank.ravel()[cell]
    xy = mesh.centres[cell] + rng.uniform(-_OFFSET_M, _OFFSET_M, (len(cell), 2))
    keep = _away_from(mesh.centres[hosts.cells["desert"]], xy, plan) | np.isin(cell, certain)
    lone, beside = hosts.ghosts["lone_site"].T
    community = plan.community[np.concatenate([cell[keep], beside])]
    category = np.concatenate([_categories(order[keep], rng), _categories(1 + lone, rng)])
    words = np.array(names()["sites"], dtype=object)
    ids = np.empty(len(community), dtype=object)
    ids[:] = [f"S{at:06d}" for at in range(1, len(ids) + 1)]
    return Sites(
        ids=ids,
        names=codes.community_names[community] + words[category],
        categories=words[category],
        xy=np.round(np.concatenate([xy[keep], mesh.centres[lone]]), 3),
        n_lone=len(lone),
    )


def _categories(order: Ints, rng: np.random.Generator) -> Ints:
    """Return the first category for the first site of a community, any other for the rest."""
    n = len(names()["sites"])
    return np.where(order == 0, 0, rng.integers(1, n, len(order)))


def _away_from(deserts: Floats, xy: Floats, plan: Plan) -> npt.NDArray[np.bool_]:
    """Return True for sites far enough from every desert: in turn each tier is blank there."""
    walk = limits()["walk_kmh"] * 1000 / 60
    metres = [max(reach, minutes()[tier] * walk) for tier, reach in tiers().items()]
    if plan.n_communities < _MIN_COMMUNITIES_FOR_BLANK_15:
        metres = metres[:2]
    keep = np.ones(len(xy), dtype=bool)
    tree = cKDTree(xy)
    for turn, reach in enumerate(metres):
        for near in tree.query_ball_point(deserts[turn :: len(metres)], reach + _GRID_REACH_M):
            keep[near] = False
    return keep
