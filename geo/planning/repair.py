"""Repair (修边): a tiling without overlaps and gaps, no grid lost, every change explained.

Only the disputed areas are drawn anew; every border beside them stays as it is to the last digit.
Each disputed piece goes whole to one grid by the rules of `geo.planning.owners`, gaps only inside
their outline. A round may lay bare what another hid, so rounds follow until nothing is left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

import geopandas as gpd
import numpy as np

from geo.errors import NotFoundError
from geo.layers import (
    require_columns,
    require_metric,
    require_polygons,
    require_same_crs,
)
from geo.planning.changes import Told, changes_frame, proposals_frame
from geo.planning.disputes import (
    Dispute,
    clusters,
    disputes_of,
    find_faults,
    open_areas,
    with_origins,
)
from geo.planning.owners import OwnerRules, Verdict
from geo.planning.settling import Settlement, settle
from geo.planning.tiling import Tiling

__all__ = ["CHOICES", "OWNERS", "Repair", "RepairRules", "repair_grids"]

CHOICES: Final = ("fix", "ask", "leave")
"""What may be done about a finding: mend it, propose only, or nothing."""

OWNERS: Final = ("owner", "border", "population")
"""What may decide who gets a disputed piece."""

_TO: Final = "to:"
_MAX_ROUNDS: Final = 6
_EMPTY_M2: Final = 1e-3
_NO_CHOICES: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairRules:
    """By what limits and rules a tiling is repaired.

    `noise_width_m`, `sliver_width_m`
        As in the audit; what is narrower than noise is left alone.
    `by`
        What decides between those in whose parent a piece lies: `owner`, the grid that the
        buildings in it name, else the longest common border; `border`, the longest common border;
        `population`, the fewest residents.
    `min_kept_share`
        A grid that would lose more than the rest of itself takes a disputed piece.
    `choices`
        Finding id or rule code to `fix`, `ask`, `leave` or `to:<grid id>`; `fix` when not named.
        An id goes before a code. A grid named for a rule code counts where it claims or borders on
        what is disputed.
    """

    noise_width_m: float
    sliver_width_m: float
    by: str = "owner"
    min_kept_share: float = 0.5
    choices: Mapping[str, str] = field(default_factory=lambda: _NO_CHOICES)

    def choice(self, finding_id: str, rule: str) -> str:
        """Return what to do about a finding."""
        return self.choices.get(finding_id, self.choices.get(rule, "fix"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Repair:
    """What was repaired.

    `grids`
        The layer with its borders mended, same index and columns, and `status`: `unchanged` (the
        same geometry to the last bit), `noded` (only vertices added, where a mended border ends on
        it) or `changed`.
    `changes`
        What moved: `finding_id, rule, status, from_id, to_id, area_m2, residents, households,
        method, reason_zh, reason_en`, geometry; `status` `applied`. A gap comes from nobody.
    `proposals`
        The same columns for what was not applied: `status` `proposed`, with what would be done
        about it if it were to be fixed, or `left`.
    `before`, `after`
        Findings G201-G204 and G207 of the layer before and after.
    """

    grids: gpd.GeoDataFrame
    changes: gpd.GeoDataFrame
    proposals: gpd.GeoDataFrame
    before: gpd.GeoDataFrame
    after: gpd.GeoDataFrame
    n_rounds: int


def repair_grids(
    grids: gpd.GeoDataFrame,
    *,
    rules: RepairRules,
    outlines: gpd.GeoDataFrame | None = None,
    buildings: gpd.GeoDataFrame | None = None,
) -> Repair:
    """Mend the overlaps and gaps of `grids`.

    Parameters
    ----------
    grids
        n polygons with `kind`, projected CRS in metres, unique text ids; `parent_id` and
        `residents` are used where they are there. Not modified.
    rules
        Limits, owner rule, and choices by finding.
    outlines
        Units of the lowest level that has polygons; gaps are judged and filled inside them.
    buildings
        Points with `residents`, `households` and `grid_id` where known: whose a piece is, and
        whom a change touches.

    Returns
    -------
    repair
        A second run over its grids changes nothing.

    Raises
    ------
    CRSError, LayerError
        If a frame is not in metres, CRS differ, or a row holds no polygon.
    NotFoundError
        If a choice names no finding, no rule, or no grid that may have what is disputed; if `by`
        is none of the three.

    Notes
    -----
    A round costs one audit of overlaps and gaps and O(c log c) for c segments beside what is
    disputed.
    """
    require_metric(grids, "grids")
    require_polygons(grids, "grids")
    require_columns(grids, ["kind"], "grids")
    if outlines is not None:
        outlines = outlines[~(outlines.geometry.isna() | outlines.geometry.is_empty)]
        require_same_crs({"grids": grids, "units": outlines})
    tiling = Tiling.of(grids, outlines, buildings)
    limits = {"noise_width_m": rules.noise_width_m, "sliver_width_m": rules.sliver_width_m}
    before = find_faults(grids, outlines, **limits)
    _require_choices(before, grids, rules)
    after = before = before.assign(origin_id=before["finding_id"], origin_rule=before["rule"])
    verdicts: list[Told] = []
    stuck: set[str] = set()
    n_rounds = 0
    for _ in range(_MAX_ROUNDS):
        done, failed = _round(after, tiling, outlines, rules=rules, stuck=stuck)
        stuck |= failed
        if not done:
            break
        n_rounds += 1
        verdicts += done
        after = with_origins(find_faults(_frame(grids, tiling), outlines, **limits), before)
    return Repair(
        grids=_with_status(grids, tiling),
        changes=changes_frame(verdicts, grids, tiling),
        proposals=proposals_frame(
            after,
            grids,
            tiling,
            choice=rules.choice,
            asked=_asked(after, tiling, outlines, rules=rules),
        ),
        before=before.drop(columns=["origin_id", "origin_rule"]),
        after=after.drop(columns=["origin_id", "origin_rule"]),
        n_rounds=n_rounds,
    )


def _asked(
    faults: gpd.GeoDataFrame,
    tiling: Tiling,
    outlines: gpd.GeoDataFrame | None,
    *,
    rules: RepairRules,
) -> list[Told]:
    """Return what would be done about the findings to be asked about."""
    codes = dict(zip(faults["origin_id"], faults["origin_rule"], strict=True))
    choices = {
        each: "fix" if rules.choice(each, code) == "ask" else "leave"
        for each, code in codes.items()
    }
    if "fix" not in choices.values():
        return []
    trial = replace(rules, choices=choices)
    return _round(faults, tiling.copy(), outlines, rules=trial, stuck=set())[0]


def _round(
    faults: gpd.GeoDataFrame,
    tiling: Tiling,
    outlines: gpd.GeoDataFrame | None,
    *,
    rules: RepairRules,
    stuck: set[str],
) -> tuple[list[Told], set[str]]:
    """Settle what is to be fixed; return the verdicts applied and the findings that resist."""
    choices = [
        rules.choice(finding_id, rule)
        for finding_id, rule in zip(faults["origin_id"], faults["origin_rule"], strict=True)
    ]
    is_open = [
        choice not in ("ask", "leave") and finding_id not in stuck
        for choice, finding_id in zip(choices, faults["origin_id"], strict=True)
    ]
    disputes = disputes_of(faults[is_open], tiling, outlines)
    if any(each.form != "spill" for each in disputes):
        disputes = [each for each in disputes if each.form != "spill"]
    _open(disputes, tiling)
    position = {grid_id: k for k, grid_id in enumerate(tiling.ids)}
    stated = {
        k: position[choice.removeprefix(_TO)]
        for k, choice in enumerate(choices)
        if choice.startswith(_TO)
    }
    owner_rules = OwnerRules(by=rules.by, min_kept_share=rules.min_kept_share, stated=stated)
    done: list[Told] = []
    failed: set[str] = set()
    names = faults["origin_id"].to_dict(), faults["origin_rule"].to_dict()
    for group in clusters(disputes, tiling):
        settlement = settle(group, tiling, rules=owner_rules)
        if _empties(settlement):
            failed |= {names[0][each.finding] for each in group}
            continue
        failed |= {names[0][each.finding] for each in settlement.unsettled}
        _apply(settlement, tiling)
        done += [(each, *_told(each, names)) for each in settlement.verdicts]
    return done, failed


def _open(disputes: Sequence[Dispute], tiling: Tiling) -> None:
    """Note how much of each grid is disputed."""
    area_m2 = np.array([shape.area for shape in tiling.geometry])
    tiling.open_m2 = np.zeros(len(area_m2))
    for k, open_m2 in open_areas(disputes).items():
        tiling.open_m2[k] = min(open_m2, area_m2[k])
    tiling.kept_m2 = area_m2 - tiling.open_m2


def _empties(settlement: Settlement) -> bool:
    return any(drawn.area <= _EMPTY_M2 for drawn in settlement.changed.values())


def _apply(settlement: Settlement, tiling: Tiling) -> None:
    for k, drawn in settlement.noded.items():
        tiling.replace(k, drawn, is_changed=False)
    for k, drawn in settlement.changed.items():
        tiling.replace(k, drawn, is_changed=True)
    for each in settlement.verdicts:
        tiling.book(each.winner, each.losers, each.area_m2)


def _told(verdict: Verdict, names: tuple[Mapping[int, str], Mapping[int, str]]) -> tuple[str, str]:
    """Return the id and the rule of the finding that a verdict answers."""
    given = verdict.piece.disputes
    concerned = {verdict.winner, *verdict.losers}
    first = next((each for each in given if concerned.issuperset(each.grids)), given[0])
    return names[0][first.finding], names[1][first.finding]


def _frame(grids: gpd.GeoDataFrame, tiling: Tiling) -> gpd.GeoDataFrame:
    shapes = gpd.GeoSeries(tiling.geometry.copy(), index=grids.index, crs=grids.crs)
    return grids.set_geometry(shapes)


def _with_status(grids: gpd.GeoDataFrame, tiling: Tiling) -> gpd.GeoDataFrame:
    status = np.full(len(grids), "unchanged", dtype=object)
    status[list(tiling.noded)] = "noded"
    status[list(tiling.changed)] = "changed"
    frame = _frame(grids, tiling)
    frame["status"] = status
    return frame


def _require_choices(faults: gpd.GeoDataFrame, grids: gpd.GeoDataFrame, rules: RepairRules) -> None:
    if rules.by not in OWNERS:
        raise NotFoundError("planning.no_owner_rule", by=rules.by, known="、".join(OWNERS))
    known = {*faults["finding_id"], "G201", "G202", "G203", "G204", "G207"}
    for name, choice in rules.choices.items():
        if name not in known:
            raise NotFoundError("planning.no_finding", finding=name)
        grid = choice.removeprefix(_TO)
        if choice not in CHOICES and not (choice.startswith(_TO) and grid in grids.index):
            raise NotFoundError("planning.no_choice", choice=choice, known="、".join(CHOICES))
        for ids in faults.loc[faults["finding_id"] == name, "grid_ids"]:
            if choice not in CHOICES and grid not in ids:
                of = "、".join(ids)
                raise NotFoundError("planning.no_claimant", finding=name, grid=grid, known=of)
