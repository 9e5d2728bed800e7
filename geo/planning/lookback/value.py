"""A look-back (回头看) as one frozen value: what every output of it is made from."""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from geo.audit import Audit

__all__ = ["Lookback"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lookback:
    """The comparison of two audits. All frames in the old one's working CRS.

    `old`, `new`
        The two audits; the new one brought into the CRS of the old.
    `grids`
        The old grids, index `grid_id`: `name, kind, parent_id, fate, successor_id, matched_by`
        (`id`, `name`, `residents`, `area`), `border_m` (how far the border moved), `recoded,
        renamed, reparented, rekinded, area_m2, residents, residents_moved, n_buildings_moved`.
    `new_grids`
        The new grids, index `grid_id`: `name, kind, parent_id, origin, predecessor_ids` (of what
        it continues), `from_ids` (old base grids that a carved one lies on), `area_m2, residents,
        residents_moved_in`.
    `lineage`
        `old_id, new_id, fate, shared_area_m2, residents_moved, kind, matched_by, border_m`, the
        flags, `from_ids`. A row a relation; `new_id` missing for abolished grids, `old_id` for new
        and carved ones. `residents_moved` sums to `residents["moved"]`.
    `moves`
        Where people went: `from_id, to_id, n_buildings, residents, households`; `to_id` is missing
        where they are in no base grid now.
    `moved_buildings`
        The buildings that changed grid, index `building_id`, at their new place: `from_id, to_id,
        residents`.
    `transfers`
        Ground that changed hands, `old_id, new_id, area_m2`, polygons: pieces of base grids that
        went to a grid which does not continue the old one; nothing narrower than a sliver.
    `findings`
        Findings of both audits with `change` (`fixed`, `left`, `introduced`) and `old_id` (the
        finding's id in the old audit): the new row where there is one.
    `coverage`
        `subject` (`city`, `unit`), `level, old_id, new_id, name, tier`, and before and after of
        `residents_share`, `area_share`, `class`.
    `units`
        A row a unit, index `unit_id`: grids, adjusted ones, residents before and after, moved in
        and out, findings before and after.
    `lineage_counts`, `flag_counts`, `n_adjusted`
        As in `summary.json` (contract.md).
    `residents`
        `before, after, moved, gone, new`; before = after + gone - new. None where unknown.
    `not_compared`
        Rule to the reason why its findings are in no count (judged in one audit only).
    `messages`
        What the user should know of how it was compared, each language to text.
    """

    old: Audit
    new: Audit
    grids: gpd.GeoDataFrame
    new_grids: gpd.GeoDataFrame
    lineage: pd.DataFrame
    moves: pd.DataFrame
    moved_buildings: gpd.GeoDataFrame
    transfers: gpd.GeoDataFrame
    findings: gpd.GeoDataFrame
    coverage: pd.DataFrame
    units: pd.DataFrame
    lineage_counts: Mapping[str, int]
    flag_counts: Mapping[str, int]
    n_adjusted: int
    residents: Mapping[str, float | None]
    not_compared: Mapping[str, Mapping[str, str]]
    border_tolerance_m: float
    messages: tuple[Mapping[str, str], ...] = ()

    @property
    def language(self) -> str:
        """The language of the new version's project."""
        return self.new.language

    @property
    def title(self) -> str:
        """The name of what is compared."""
        return self.new.title or self.old.title or self.new.project_id

    def n_defects(self, change: str) -> int:
        """Return how many errors and warnings are `fixed`, `left` or `introduced`."""
        found = self.findings
        counts = (found["change"] == change) & found["severity"].isin(("error", "warning"))
        return int(counts.sum())
