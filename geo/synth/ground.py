"""The polygons of a synthetic city, defects included, and the truth about them.

Base grids come in this order: the cells of the mesh, then islands, then duplicates.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import cKDTree

from geo.synth.codes import Codes
from geo.synth.figures import limits
from geo.synth.hosts import Hosts
from geo.synth.mesh import Mesh
from geo.synth.plan import Ints, Plan
from geo.synth.redraw import Redrawn, apply_redrawn, redraw, widths
from geo.synth.rings import Rings, draw_rings, polygons
from geo.synth.shapes import clearance_m, plots, rounds, scaled
from geo.synth.truth import Truth, row

__all__ = ["Ground", "base_numbers", "draw_ground"]

Polygons = npt.NDArray[np.object_]
Texts = npt.NDArray[np.object_]

_REDRAWN: Final = (
    ("overlap", "wide", True),
    ("sliver_overlap", "sliver", True),
    ("gap", "wide", False),
    ("sliver_gap", "sliver", False),
    ("reach_out", "wide", True),
)
_ISLAND_REACH: Final = 0.6
_PAPER_SCALE: Final = 0.7
_STRADDLE_REACH: Final = 0.4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """Polygons, ids and communities.

    `base_ids`, `base`, `community`
        The base grids: ids, polygons and the community each lies in.
    `rings`
        Rings of the cells of the mesh, undisturbed.
    `dedicated_ids`, `dedicated`
        One dedicated grid a community.
    `communities`, `streets`
        Polygons of the units.
    `paper_ids`, `paper`, `paper_community`
        Units that no grid belongs to, their polygons, and the community they lie in.
    `touched`
        Base grids in which a building may lie elsewhere than at home.
    `truth`
        What the drawing must give.
    `noise`
        How many overlaps and gaps are numeric noise.
    """

    base_ids: Texts
    base: Polygons
    community: Ints
    rings: Rings
    dedicated_ids: Texts
    dedicated: Polygons
    communities: Polygons
    streets: Polygons
    paper_ids: list[str]
    paper: list[shapely.Polygon]
    paper_community: list[int]
    touched: Ints
    truth: list[Truth]
    noise: dict[str, int]


def base_numbers(plan: Plan, hosts: Hosts) -> tuple[Ints, Ints]:
    """Return community and number (1, 2, …) of every base grid; the dedicated one comes next."""
    per_community = plan.n_base // plan.n_communities
    extra = np.concatenate([hosts.ghosts["island"][:, 1], hosts.cells["duplicate"]])
    community = np.concatenate([plan.community[: plan.n_base], plan.community[extra]])
    number = np.tile(np.arange(1, per_community + 1), plan.n_communities).tolist()
    after = dict.fromkeys(range(plan.n_communities), per_community + 1)
    for home in plan.community[extra].tolist():
        after[home] += 1
        number.append(after[home])
    return community, np.array(number)


def draw_ground(
    plan: Plan, mesh: Mesh, codes: Codes, *, hosts: Hosts, rng: np.random.Generator
) -> Ground:
    """Return the polygons of a city and what was planted in them. O(n log n)."""
    is_base = plan.community >= 0
    rings = draw_rings(mesh, np.where(is_base, np.arange(len(is_base)), -1))
    community, number = base_numbers(plan, hosts)
    ids = _ids(codes, community, number)
    truth: list[Truth] = []
    base, noise = _draw_base(plan, mesh, rings, ids=ids, hosts=hosts, truth=truth, rng=rng)
    islands = _islands(mesh, hosts, rng)
    base = np.concatenate([base, islands, base[hosts.cells["duplicate"]]])
    _detach(base, mesh, rings, ids=ids, hosts=hosts, truth=truth)
    first_island, first_copy = plan.n_base, plan.n_base + len(islands)
    truth += [row("G208", grid_id) for grid_id in ids[first_island:first_copy]]
    for at, copy in enumerate(hosts.cells["duplicate"], start=first_copy):
        area = shapely.area(base[copy])
        truth.append(row("G202", ids[copy], ids[at], defect="overlap", measure=area))
    dedicated_ids = _ids(
        codes,
        np.arange(plan.n_communities),
        np.full(plan.n_communities, plan.n_base // plan.n_communities + 1),
    )
    dedicated = _draw_dedicated(plan, mesh, rings, hosts=hosts, rng=rng)
    _straddle(base, dedicated, mesh, plan=plan, ids=(ids, dedicated_ids), hosts=hosts, truth=truth)
    homes = plan.community[hosts.ghosts["island"][:, 1]]
    street = np.where(is_base, plan.street[plan.community], -1)
    paper_ids, paper, paper_community = _paper_units(plan, mesh, codes, base=base, hosts=hosts)
    truth += [row("H305", unit_ids=[unit_id]) for unit_id in paper_ids]
    return Ground(
        base_ids=ids,
        base=base,
        community=community,
        rings=rings,
        dedicated_ids=dedicated_ids,
        dedicated=dedicated,
        communities=_with_islands(
            polygons(draw_rings(mesh, plan.community), plan.n_communities), homes, islands
        ),
        streets=_with_islands(
            polygons(draw_rings(mesh, street), int(plan.street.max()) + 1),
            plan.street[homes],
            islands,
        ),
        paper_ids=paper_ids,
        paper=paper,
        paper_community=paper_community,
        touched=_touched(plan, mesh, hosts, first_copy=first_copy),
        truth=truth,
        noise=noise,
    )


def _ids(codes: Codes, community: Ints, number: Ints) -> Texts:
    ids = np.empty(len(community), dtype=object)
    ids[:] = [
        f"{code}{n:03d}" for code, n in zip(codes.communities[community], number, strict=True)
    ]
    return ids


def _draw_base(
    plan: Plan,
    mesh: Mesh,
    rings: Rings,
    *,
    ids: Texts,
    hosts: Hosts,
    truth: list[Truth],
    rng: np.random.Generator,
) -> tuple[Polygons, dict[str, int]]:
    """Return the polygons of the cells, borders redrawn, and the counts of noise."""
    coordinates = rings.coordinates.copy()
    for kind, width, outwards in _REDRAWN:
        rows = hosts.borders[kind]
        redrawn = redraw(mesh, rows, outwards=outwards, width_m=widths(width, len(rows), rng))
        apply_redrawn(coordinates, rings, redrawn)
        truth += _border_truth(plan, mesh, redrawn, ids=ids, kind=kind)
    noisy = hosts.borders["noise"]
    half = len(noisy) // 2
    for rows, outwards in ((noisy[:half], True), (noisy[half:], False)):
        redrawn = redraw(mesh, rows, outwards=outwards, width_m=widths("noise", len(rows), rng))
        apply_redrawn(coordinates, rings, redrawn)
    disturbed = Rings(
        coordinates=coordinates, start=rings.start, label=rings.label, place=rings.place
    )
    noise = {"n_overlaps": half, "n_gaps": len(noisy) - half}
    return polygons(disturbed, plan.n_base), noise


def _border_truth(
    plan: Plan, mesh: Mesh, redrawn: Redrawn, *, ids: Texts, kind: str
) -> list[Truth]:
    """Return what each redrawn border gives: an overlap, a gap, and a reach outside the parent."""
    found: list[Truth] = []
    cells = mesh.cells[redrawn.border]
    at = np.arange(len(cells))
    mine, other = cells[at, redrawn.side], cells[at, 1 - redrawn.side]
    is_gap = kind.endswith("gap")
    is_sliver = redrawn.width_m < limits()["sliver_width_m"]
    for k in at:
        area = redrawn.area_m2[k]
        reaches_out = plan.community[mine[k]] != plan.community[other[k]] and not is_gap
        if kind != "reach_out":
            wide = "G203" if is_gap else "G201"
            rule = "G204" if is_sliver[k] else wide
            defect = "gap" if is_gap else "overlap"
            pair = (ids[mine[k]], ids[other[k]])
            found.append(row(rule, *pair, defect=defect, measure=area))
        if reaches_out:
            found.append(row("G210", ids[mine[k]], measure=area, planted=kind == "reach_out"))
    return found


def _islands(mesh: Mesh, hosts: Hosts, rng: np.random.Generator) -> Polygons:
    """Return the polygon of each island, well inside its ghost cell."""
    ghosts = mesh.centres[hosts.ghosts["island"][:, 0]]
    nearest_m = np.asarray(cKDTree(mesh.centres).query(ghosts.reshape(-1, 2), k=2)[0])[:, 1]
    return rounds(ghosts, _ISLAND_REACH * nearest_m / 2, rng)


def _detach(
    base: Polygons, mesh: Mesh, rings: Rings, *, ids: Texts, hosts: Hosts, truth: list[Truth]
) -> None:
    """Give the first grid of each pair a part in the middle of the second one, in place."""
    room = clearance_m(rings, mesh.centres[rings.label])
    for owner, around in hosts.pairs["detached"]:
        turn = np.random.default_rng(int(owner))
        part = rounds(mesh.centres[[around]], np.array([0.45 * room[around]]), turn)[0]
        base[around] = shapely.Polygon(base[around].exterior, [part.exterior.coords])
        base[owner] = shapely.MultiPolygon([base[owner], part])
        truth.append(row("G206", ids[owner], measure=2))


def _draw_dedicated(
    plan: Plan, mesh: Mesh, rings: Rings, *, hosts: Hosts, rng: np.random.Generator
) -> Polygons:
    """Return the plot of each community's dedicated grid, inside its host or astride a border."""
    room = clearance_m(rings, mesh.centres[rings.label])[hosts.dedicated]
    drawn = plots(
        mesh.centres[hosts.dedicated], room * rng.uniform(0.45, 0.8, plan.n_communities), rng
    )
    border = hosts.borders["straddle"][:, 0]
    middle = mesh.lines[border, 3]
    corners = np.concatenate(
        [mesh.lines[border][:, [0, -1]], mesh.centres[mesh.cells[border]]], axis=1
    )
    away = np.linalg.norm(corners - middle[:, None], axis=2).min(axis=1)
    drawn[plan.community[mesh.cells[border, 0]]] = plots(middle, _STRADDLE_REACH * away, rng)
    return drawn


def _straddle(
    base: Polygons,
    dedicated: Polygons,
    mesh: Mesh,
    *,
    plan: Plan,
    ids: tuple[Texts, Texts],
    hosts: Hosts,
    truth: list[Truth],
) -> None:
    """Add what the dedicated grids that lie astride a border give."""
    base_ids, dedicated_ids = ids
    for border in hosts.borders["straddle"][:, 0]:
        home = plan.community[mesh.cells[border, 0]]
        for cell in mesh.cells[border]:
            area = shapely.area(shapely.intersection(dedicated[home], base[cell]))
            pair = (dedicated_ids[home], base_ids[cell])
            truth.append(row("G207", *pair, defect="overlap", measure=area))


def _paper_units(
    plan: Plan, mesh: Mesh, codes: Codes, *, base: Polygons, hosts: Hosts
) -> tuple[list[str], list[shapely.Polygon], list[int]]:
    """Return ids, polygons and communities of units drawn on paper only, inside one grid."""
    ids: list[str] = []
    shapes: list[shapely.Polygon] = []
    homes: list[int] = []
    last = codes.n_in_street.copy()
    for cell in hosts.cells["unit_without_grids"]:
        home = int(plan.community[cell])
        street = plan.street[home]
        last[street] += 1
        ids.append(f"{codes.streets[street]}{last[street]:03d}")
        shapes.append(scaled(base[cell], mesh.centres[cell], _PAPER_SCALE))
        homes.append(home)
    return ids, shapes, homes


def _with_islands(drawn: Polygons, homes: Ints, islands: Polygons) -> Polygons:
    """Return units with the islands as further parts."""
    for home in np.unique(homes):
        parts = shapely.get_parts(drawn[home])
        drawn[home] = shapely.multipolygons([*parts, *islands[homes == home]])
    return drawn


def _touched(plan: Plan, mesh: Mesh, hosts: Hosts, *, first_copy: int) -> Ints:
    """Return the base grids where a building may lie in another grid, in several or in none."""
    rows = np.concatenate([hosts.borders[kind] for kind in hosts.borders])
    cells = mesh.cells[rows[:, 0]].ravel()
    copies = first_copy + np.arange(len(hosts.cells["duplicate"]))
    pairs = hosts.pairs["detached"].ravel()
    return np.unique(
        np.concatenate([cells[cells < plan.n_base], pairs, hosts.cells["duplicate"], copies])
    )
