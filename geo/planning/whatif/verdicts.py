"""From places inside and outside to shares and classes of grids, and who gains and who loses."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.coverage import CoverageRules, Demand, classify

__all__ = ["Ground", "Judged"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """One tier judged: by place whether it is inside and known, by grid the verdict.

    `inside`, `known`: length k. `share`, `n_sites`, `classes`: length n.
    """

    inside: Mask
    known: Mask
    share: Floats
    n_sites: Counts
    classes: npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """The places of one demand, and the grids they belong to.

    `grid_at`, `place_at`, `weight`
        Memberships, length m: place `place_at[i]` stands in grid `grid_at[i]` for `weight[i]`.
    `head_at`, `head_grid`, `head_weight`
        Those that totals are summed over: of base grids, by the basis of the totals.
    `head_area_m2`
        Length n: what the shares of the grids themselves count in the totals, where these are of
        areas and there are no lattice points for them; else 0.
    """

    demand: Demand
    rules: CoverageRules
    n_places: int
    grid_at: Positions
    place_at: Positions
    weight: Floats
    head_at: Positions
    head_grid: Positions
    head_weight: Floats
    head_area_m2: Floats
    grid_ids: npt.NDArray[np.object_]

    @classmethod
    def of(
        cls,
        demand: Demand,
        rules: CoverageRules,
        *,
        weight: Floats,
        cells: tuple[Positions, Floats] | None = None,
    ) -> "Ground":
        """Return the ground of `demand`.

        `weight` is that of its memberships by the basis of their grids; `cells` are grid and area
        of the lattice points of grids that are judged by their area, places after the points.
        """
        cell_grid, cell_m2 = cells or (np.zeros(0, dtype=np.intp), np.zeros(0))
        k = len(demand.points_xy)
        grid_at = np.concatenate([demand.grid_at, cell_grid])
        place_at = np.concatenate([demand.point_at, k + np.arange(len(cell_grid))])
        both = np.concatenate([weight, np.ones(len(cell_grid))])
        counted = np.concatenate([weight, cell_m2])
        is_head = demand.is_base & (demand.basis == demand.totals_basis).to_numpy()
        head = np.flatnonzero(is_head[grid_at])
        is_by_area = is_head & (demand.totals_basis == "area") & (cells is None)
        return cls(
            demand=demand,
            rules=rules,
            n_places=k + len(cell_grid),
            grid_at=grid_at.astype(np.intp),
            place_at=place_at.astype(np.intp),
            weight=both,
            head_at=place_at[head].astype(np.intp),
            head_grid=grid_at[head].astype(np.intp),
            head_weight=counted[head],
            head_area_m2=np.where(is_by_area, demand.area_m2, 0.0),
            grid_ids=demand.grid_ids.to_numpy(dtype=object),
        )

    def judge(self, inside: Mask, known: Mask, n_sites: Counts) -> Judged:
        """Return the verdicts of the grids. O(m + n log n)."""
        n = len(self.demand.grid_ids)
        weight = self.weight * known[self.place_at]
        total = np.bincount(self.grid_at, weights=weight, minlength=n)
        hit = np.bincount(self.grid_at, weights=weight * inside[self.place_at], minlength=n)
        share = np.divide(hit, total, out=np.full(n, np.nan), where=total > 0)
        return self.judged(share, n_sites, places=(inside, known))

    def judged(self, share: Floats, n_sites: Counts, *, places: tuple[Mask, Mask]) -> Judged:
        """Return the verdicts of grids whose shares are known already."""
        return Judged(
            inside=places[0],
            known=places[1],
            share=share,
            n_sites=n_sites,
            classes=classify(share, n_sites, rules=self.rules),
        )

    def total_share(self, judged: Judged) -> float | None:
        """Return the covered share of everybody that could be judged; None where nobody was."""
        weight = self.head_weight * judged.known[self.head_at]
        area_m2 = self.head_area_m2 * ~np.isnan(judged.share)
        total = float(weight.sum() + area_m2.sum())
        hit = (weight * judged.inside[self.head_at]).sum()
        hit += (area_m2 * np.nan_to_num(judged.share)).sum()
        return float(hit) / total if total > 0 else None

    def gains(self, before: Judged, after: Judged) -> tuple[Floats, Floats]:
        """Return by grid who is inside only afterwards, and who only before, by the basis.

        Areas (m²) are those that the grid as a whole gains or loses.
        """
        n, at = len(self.demand.grid_ids), self.head_at
        wider = np.nan_to_num(after.share - before.share) * self.head_area_m2
        gained = (after.inside & ~before.inside)[at] * self.head_weight
        lost = (before.inside & ~after.inside)[at] * self.head_weight
        return (
            np.bincount(self.head_grid, gained, minlength=n).astype(float) + wider.clip(min=0.0),
            np.bincount(self.head_grid, lost, minlength=n).astype(float) - wider.clip(max=0.0),
        )
