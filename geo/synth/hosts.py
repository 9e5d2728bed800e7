"""Which grids get which defect: every grid hosts one at most, so that no two defects meet."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.synth.figures import defect_kinds
from geo.synth.mesh import N_BENDS, Mesh
from geo.synth.plan import Ints, Plan

__all__ = ["Hosts", "choose_hosts", "defect_counts"]

MIN_BORDER_M: Final = 60.0
"""A border shorter than this (m) gets no defect."""

INNER_KINDS: Final = ("overlap", "sliver_overlap", "gap", "sliver_gap")
CELL_KINDS: Final = (
    "duplicate",
    "no_parent",
    "unknown_parent",
    "wrong_parent",
    "unit_without_grids",
    "too_large",
    "too_small",
    "empty",
)
GHOST_KINDS: Final = ("island", "lone_building", "lone_site")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hosts:
    """Where the defects go.

    `dedicated`
        The base grid that each community's dedicated grid lies in, shape (c,).
    `borders`
        By kind: rows of (border, side whose cell is redrawn), shape (k, 2).
    `cells`
        By kind: base grids, shape (k,).
    `pairs`
        By kind: rows of two base grids of one community, shape (k, 2).
    `ghosts`
        By kind: rows of (ghost cell, base grid beside it), shape (k, 2).
    """

    dedicated: Ints
    borders: Mapping[str, Ints]
    cells: Mapping[str, Ints]
    pairs: Mapping[str, Ints]
    ghosts: Mapping[str, Ints]


@dataclass(slots=True)
class _Draw:
    """The cells that are taken, and what is still to be offered."""

    taken: npt.NDArray[np.bool_]
    offers: dict[str, Iterator[list[int]]] = field(default_factory=dict)

    def pick(
        self, offer: str, n: int, *, accept: Callable[[list[int]], bool] | None = None
    ) -> list[list[int]]:
        """Return up to n rows of an offer; the cells in its last two columns are then taken."""
        picked: list[list[int]] = []
        while len(picked) < n:
            row = next(self.offers[offer], None)
            if row is None:
                break
            cells = [cell for cell in row[-2:] if cell >= 0]
            if self.taken[cells].any() or (accept is not None and not accept(row)):
                continue
            self.taken[cells] = True
            picked.append(row)
        return picked


def defect_counts(n_grids: int, defect_share: float) -> dict[str, int]:
    """Return how many defects of each kind spoil `defect_share` of `n_grids`.

    Every kind comes once where that share suffices; the rest is shared out by weight.
    """
    left = round(defect_share * n_grids)
    kinds = defect_kinds()
    counts = dict.fromkeys((kind.name for kind in kinds), 0)
    if left >= sum(kind.grids for kind in kinds):
        counts = dict.fromkeys(counts, 1)
        left -= sum(kind.grids for kind in kinds)
    whole = sum(kind.weight * kind.grids for kind in kinds)
    wanted = {kind.name: left * kind.weight / whole for kind in kinds}
    for name, number in wanted.items():
        counts[name] += int(number)
    left -= sum(int(wanted[kind.name]) * kind.grids for kind in kinds)
    for kind in sorted(kinds, key=lambda kind: -(wanted[kind.name] % 1)):
        if kind.grids <= left:
            counts[kind.name] += 1
            left -= kind.grids
    return counts


def choose_hosts(
    plan: Plan, mesh: Mesh, counts: Mapping[str, int], *, n_noise: int, rng: np.random.Generator
) -> Hosts:
    """Return the hosts of `counts` defects by kind and of `n_noise` noisy borders. O(n log n)."""
    draw = _Draw(taken=np.zeros(len(plan.seeds), dtype=bool))
    per_community = plan.n_base // plan.n_communities
    dedicated = np.arange(plan.n_communities) * per_community + rng.integers(
        0, per_community, plan.n_communities
    )
    draw.taken[dedicated] = True
    draw.offers = _offers(plan, mesh, rng)
    ghosts = {kind: _array(draw.pick("rim", counts[kind]), 3)[:, [1, 0]] for kind in GHOST_KINDS}
    reach_out = _array(draw.pick("rim_border", counts["reach_out"]), 4)[:, :2]
    rim_cells = _array(draw.pick("rim_cell", counts["desert"]), 1)[:, 0]
    straddle = _straddles(plan, draw, counts["straddle"])
    borders = {kind: _array(draw.pick("inner", counts[kind]), 4)[:, :2] for kind in INNER_KINDS}
    pairs = _array(draw.pick("pair", counts["detached"]))
    cells = {kind: _array(draw.pick("cell", counts[kind]), 1)[:, 0] for kind in CELL_KINDS}
    if plan.n_communities == 1:
        cells["wrong_parent"] = cells["wrong_parent"][:0]
    noise = _array(draw.pick("inner", n_noise), 4)[:, :2]
    return Hosts(
        dedicated=dedicated,
        borders={**borders, "reach_out": reach_out, "straddle": straddle, "noise": noise},
        cells={**cells, "desert": rim_cells},
        pairs={"detached": pairs},
        ghosts=ghosts,
    )


def _straddles(plan: Plan, draw: _Draw, n: int) -> Ints:
    """Return borders inside communities, one each at most, for dedicated grids to straddle."""
    done: set[int] = set()

    def accept(row: list[int]) -> bool:
        left, right = plan.community[row[-2:]]
        if left != right or int(left) in done:
            return False
        done.add(int(left))
        return True

    return _array(draw.pick("home", n, accept=accept), 4)[:, :2]


def _offers(plan: Plan, mesh: Mesh, rng: np.random.Generator) -> dict[str, Iterator[list[int]]]:
    """Return what hosts are chosen from, in random order; the last two columns are cells."""
    community = plan.community[mesh.cells]
    ends = mesh.lines[:, N_BENDS + 1] - mesh.lines[:, 0]
    good = mesh.is_bent & (np.hypot(ends[:, 0], ends[:, 1]) >= MIN_BORDER_M)
    side = rng.integers(0, 2, len(mesh.cells))
    table = np.column_stack([np.arange(len(mesh.cells)), side, mesh.cells])
    inner = table[good & (community >= 0).all(axis=1)]
    home = table[good & (community[:, 0] == community[:, 1]) & (community[:, 0] >= 0)]
    rim = (community.max(axis=1) >= 0) & (community.min(axis=1) == -1)
    city_side = np.argmax(community, axis=1)
    table[:, 1] = city_side
    rim_border = table[rim & good]
    rows = np.flatnonzero(rim)
    rim_cells = mesh.cells[rows, city_side[rows]]
    rim_ghosts = mesh.cells[rows, 1 - city_side[rows]]
    base = np.arange(plan.n_base)
    per_community = plan.n_base // plan.n_communities
    step = rng.integers(1, per_community, plan.n_base)
    mate = base - base % per_community + (base % per_community + step) % per_community
    ghost_rows = np.column_stack([rim_cells, rim_ghosts, np.full(len(rows), -1)])
    offers = {
        "inner": inner,
        "home": home,
        "rim_border": rim_border,
        "rim": ghost_rows,
        "rim_cell": np.unique(rim_cells)[:, None],
        "pair": np.column_stack([base, mate]),
        "cell": base[:, None],
    }
    return {name: map(np.ndarray.tolist, rng.permutation(rows)) for name, rows in offers.items()}


def _array(rows: list[list[int]], width: int = 2) -> Ints:
    return np.array(rows, dtype=np.int64).reshape(-1, width)
