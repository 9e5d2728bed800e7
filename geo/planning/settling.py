"""One cluster of disputes settled: arranged, given away, and the grids drawn anew."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import shapely

from geo.planning.arrangement import Arrangement, Vertex, arrange, ring_edges
from geo.planning.disputes import Dispute
from geo.planning.owners import FORCED, OwnerRules, Verdict, choose_owner
from geo.planning.pieces import Cluster, Piece
from geo.planning.redrawing import redrawn, with_vertices
from geo.planning.tiling import Tiling

__all__ = ["Settlement", "settle"]

_OUTLINE: Final = -1
_NOBODY: Final = -1
_FEW_CORNERS: Final = 8
_TOUCHING_M: Final = 1e-6
_CRUMB_M2: Final = 1e-6
_MAX_TRIES: Final = 4
_TWIN_SHARE: Final = 0.9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Settlement:
    """What became of one cluster: who gets what, the new shapes, and what stays open.

    `changed`, `noded`: position to new geometry; `unsettled`: disputes without a solution.
    """

    verdicts: tuple[Verdict, ...]
    changed: Mapping[int, shapely.Geometry]
    noded: Mapping[int, shapely.Geometry]
    unsettled: tuple[Dispute, ...]


def settle(disputes: Sequence[Dispute], tiling: Tiling, *, rules: OwnerRules) -> Settlement:
    """Return how one cluster of disputes is settled; `tiling` itself is not changed.

    A solution that leaves a grid in more parts than before is given up for the one that does not,
    where there is such a one.
    """
    members = _members(disputes, tiling)
    arrangement = _arrangement(disputes, tiling, members)
    if arrangement is None:
        return Settlement(verdicts=(), changed={}, noded={}, unsettled=tuple(disputes))
    best = _solve(disputes, tiling, arrangement, members=members, rules=rules, barred={})
    barred: dict[tuple[int, ...], int] = {}
    for _ in range(_MAX_TRIES):
        more = _to_bar(best, tiling)
        if not more:
            break
        barred = {**barred, **more}
        other = _solve(disputes, tiling, arrangement, members=members, rules=rules, barred=barred)
        if _n_parts(other, tiling) >= _n_parts(best, tiling):
            break
        best = other
    return best


def _members(disputes: Sequence[Dispute], tiling: Tiling) -> list[int]:
    """Return the grids of the kinds in dispute that come near it."""
    zone = shapely.multipolygons([each.polygon for each in disputes])
    near = tiling.near(zone)
    if disputes[0].form == "spill":
        return near
    kind = any(
        each.form == "overlap" and bool(tiling.is_dedicated[each.grids[0]]) for each in disputes
    )
    return [k for k in near if bool(tiling.is_dedicated[k]) is kind]


def _arrangement(
    disputes: Sequence[Dispute], tiling: Tiling, members: Sequence[int]
) -> Arrangement | None:
    parts = [each.polygon for each in disputes]
    zone = parts[0] if len(parts) == 1 else shapely.union_all(parts)
    borders = {k: tiling.segments_of(k) for k in members}
    outlines = tiling.outline_segments(zone)
    if len(outlines):
        borders[_OUTLINE] = outlines
    n_corners = min(shapely.get_num_coordinates(part) for part in parts)
    return arrange(borders, zone, halve=n_corners <= _FEW_CORNERS and _has_twins(disputes, tiling))


def _has_twins(disputes: Sequence[Dispute], tiling: Tiling) -> bool:
    return any(
        each.form == "overlap"
        and all(each.polygon.area > _TWIN_SHARE * tiling.geometry[k].area for k in each.grids)
        for each in disputes
    )


def _solve(
    disputes: Sequence[Dispute],
    tiling: Tiling,
    arrangement: Arrangement,
    *,
    members: Sequence[int],
    rules: OwnerRules,
    barred: Mapping[tuple[int, ...], int],
) -> Settlement:
    cluster = Cluster.of(arrangement, disputes, tiling, members=members)
    kept, still_open = tiling.kept_m2.copy(), tiling.open_m2.copy()
    verdicts: list[Verdict] = []
    unsettled: list[Dispute] = []
    try:
        for piece in _ordered(cluster.pieces, tiling):
            found = _verdicts(piece, cluster, tiling, rules=rules, barred=barred)
            if not found and (piece.is_gap or len(piece.claimants) > 1):
                unsettled += [each for each in piece.disputes if each.form != "spill"]
            for each in found:
                cluster.give(each.piece, each.losers, each.winner)
                tiling.book(each.winner, each.losers, each.area_m2)
            verdicts += found
    finally:
        tiling.kept_m2, tiling.open_m2 = kept, still_open
    toggled = _toggled(verdicts)
    first = _drawn(verdicts, cluster, tiling, members=members, toggled=toggled)
    dust = _dust(first, tiling)
    if dust:
        toggled = {k: [*toggled.get(k, ()), *dust.get(k, ())] for k in {*toggled, *dust}}
        first = _drawn(verdicts, cluster, tiling, members=members, toggled=toggled)
    return replace(first, unsettled=tuple(unsettled))


def _toggled(verdicts: Sequence[Verdict]) -> dict[int, list[shapely.Polygon]]:
    """Return the faces that each grid loses or gains."""
    toggled: dict[int, list[shapely.Polygon]] = {}
    for each in verdicts:
        gains = (each.winner,) if each.piece.is_gap else ()
        for k in (*each.losers, *gains):
            toggled.setdefault(k, []).extend(each.polygons)
    return toggled


def _dust(settlement: Settlement, tiling: Tiling) -> dict[int, list[shapely.Polygon]]:
    """Return the crumbs cut off a grid that are too small to matter, to be given to a neighbour.

    Each crumb stands with the grid that loses it and the one that gains it.
    """
    dust: dict[int, list[shapely.Polygon]] = {}
    for k, crumb in _crumbs(settlement, tiling):
        mine = set(ring_edges(crumb))
        for other, drawn in settlement.changed.items():
            if other != k and mine.intersection(ring_edges(drawn)):
                dust.setdefault(k, []).append(crumb)
                dust.setdefault(other, []).append(crumb)
                break
    return dust


def _crumbs(settlement: Settlement, tiling: Tiling) -> Iterator[tuple[int, shapely.Polygon]]:
    for k, drawn in settlement.changed.items():
        parts = shapely.get_parts(drawn)
        if len(parts) > shapely.get_num_geometries(tiling.geometry[k]):
            yield from ((k, part) for part in parts[shapely.area(parts) < _CRUMB_M2])


def _ordered(pieces: Sequence[Piece], tiling: Tiling) -> list[Piece]:
    """Return the pieces in the order they are given away: of the smallest grids, then by size."""

    def rank(piece: Piece) -> tuple[bool, float, float, tuple[float, ...]]:
        whole = [tiling.kept_m2[k] + tiling.open_m2[k] for k in piece.claimants]
        is_needed = any(
            2.0 * tiling.kept_m2[k] < area for k, area in zip(piece.claimants, whole, strict=True)
        )
        smallest = min(whole) if is_needed else 0.0
        return (not is_needed, smallest, -piece.area_m2, piece.polygon.bounds)

    return sorted(pieces, key=rank)


def _verdicts(
    piece: Piece,
    cluster: Cluster,
    tiling: Tiling,
    *,
    rules: OwnerRules,
    barred: Mapping[tuple[int, ...], int],
) -> list[Verdict]:
    if piece.disputes[0].form == "spill":
        return _trimmed(piece, cluster, tiling)
    if not piece.is_gap and len(piece.claimants) < 2:  # noqa: PLR2004
        return []
    who = barred.get(piece.faces, _NOBODY)
    return choose_owner(piece, cluster, tiling, rules=rules, barred=who)


def _trimmed(piece: Piece, cluster: Cluster, tiling: Tiling) -> list[Verdict]:
    """Return the verdict that takes what a dedicated grid spills over its main base grid away."""
    given = piece.disputes[0].grids
    (dedicated,) = (k for k in given if tiling.is_dedicated[k])
    main = tiling.host_of(dedicated)
    held = {k for f in piece.faces for k in cluster.holders[f]}
    if dedicated not in held or main in held:
        return []
    return [
        Verdict(
            piece=piece,
            polygons=tuple(cluster.arrangement.faces[f].polygon for f in piece.faces),
            winner=next(k for k in given if k != dedicated),
            losers=(dedicated,),
            rule="trim",
            border_m=0.0,
            area_m2=piece.area_m2,
        )
    ]


def _drawn(
    verdicts: Sequence[Verdict],
    cluster: Cluster,
    tiling: Tiling,
    *,
    members: Sequence[int],
    toggled: Mapping[int, Sequence[shapely.Polygon]],
) -> Settlement:
    """Draw the grids that gain or lose anew, and give their neighbours the new vertices."""
    used: set[Vertex] = {
        vertex
        for faces in toggled.values()
        for polygon in faces
        for pair in ring_edges(polygon)
        for vertex in pair
    }
    arrangement = cluster.arrangement
    changed = {
        k: redrawn(tiling.geometry[k], faces, arrangement, used=used)
        for k, faces in toggled.items()
    }
    noded = {}
    is_trim = any(each.rule == "trim" for each in verdicts)
    for k in () if is_trim else members:
        if k not in changed and not tiling.is_dedicated[k]:
            drawn = with_vertices(tiling.geometry[k], arrangement, used)
            if drawn is not tiling.geometry[k]:
                noded[k] = drawn
    return Settlement(verdicts=tuple(verdicts), changed=changed, noded=noded, unsettled=())


def _to_bar(settlement: Settlement, tiling: Tiling) -> dict[tuple[int, ...], int]:
    """Return the pieces that cut a part off a grid, with the grid that they went to."""
    found: dict[tuple[int, ...], int] = {}
    for k, drawn in settlement.changed.items():
        parts = shapely.get_parts(drawn)
        if len(parts) <= shapely.get_num_geometries(tiling.geometry[k]):
            continue
        off = shapely.multipolygons(np.delete(parts, int(np.argmax(shapely.area(parts)))))
        for each in settlement.verdicts:
            is_open = k in each.losers and each.rule not in FORCED
            if is_open and shapely.dwithin(each.piece.polygon, off, _TOUCHING_M):
                found[each.piece.faces] = each.winner
    return found


def _n_parts(settlement: Settlement, tiling: Tiling) -> int:
    """Return how many parts more than before the changed grids have."""
    return sum(
        int(shapely.get_num_geometries(drawn) - shapely.get_num_geometries(tiling.geometry[k]))
        for k, drawn in settlement.changed.items()
    )
