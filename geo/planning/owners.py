"""Who gets a disputed piece, and by which rule.

In this order: the grid that was stated; the grid that would otherwise lose more than half of
itself; the grid in whose parent the piece lies; the base grid that holds a dedicated grid in the
piece. Then, as chosen: the grid that most residents of the piece name as theirs, the fewest
residents, or the longest border, which also decides where the others do not. Equal: the smallest
id.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np
import shapely

from geo.planning.cuts import cut
from geo.planning.pieces import Cluster, Piece
from geo.planning.tiling import Tiling

__all__ = ["FORCED", "OwnerRules", "Verdict", "choose_owner"]

FORCED: Final = frozenset({"stated", "keep", "parent", "host", "split"})
"""Rules whose verdict no other consideration may turn."""

_NOTHING_SHARE: Final = 0.05
_TIE_M: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerRules:
    """How pieces are given away.

    `by`
        `owner` (the grid that the buildings name), `border` (longest common border) or
        `population` (fewest residents).
    `min_kept_share`
        A grid that would keep less than this share of its area takes the piece.
    `stated`
        Finding position to the position of the grid that shall have it.
    """

    by: str = "owner"
    min_kept_share: float = 0.5
    stated: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Verdict:
    """One piece, or part of one, and where it goes. `winner` -1: to nobody (nobody may have it).

    `polygons`: the faces that change hands, `rule` the name of the owner rule, `border_m` the
    length of common border.
    """

    piece: Piece
    polygons: tuple[shapely.Polygon, ...]
    winner: int
    losers: tuple[int, ...]
    rule: str
    border_m: float
    area_m2: float


def choose_owner(
    piece: Piece, cluster: Cluster, tiling: Tiling, *, rules: OwnerRules, barred: int = -1
) -> list[Verdict]:
    """Return who gets `piece`: one verdict, several where it is cut, none where nobody may.

    `barred`: a claimant that shall not have it for once, unless a rule of `FORCED` says so.
    """
    borders = cluster.borders_m(piece)
    if piece.is_gap:
        return _gap(piece, cluster, tiling, rules=rules, borders=borders)
    needy = _needy(piece, tiling, rules)
    winner, rule = _first(
        (_stated(piece, rules), "stated"),
        (needy[0] if needy else None, "keep"),
        (_by_parent(piece, tiling), "parent"),
        (_by_host(piece, tiling), "host"),
        (_by_buildings(piece, tiling, piece.claimants, rules=rules), "buildings"),
    )
    if rule == "keep" and len(needy) > 1:
        shared = _split(piece, tiling, needy)
        if len(shared) > 1:
            return shared
    if winner is None or (winner == barred and rule not in FORCED):
        open_to = [k for k in piece.claimants if k != barred]
        winner, rule = _by_choice(open_to, tiling, by=rules.by, borders=borders)
    return [_whole(piece, cluster, winner, rule=rule, borders=borders)]


def _first(*offers: tuple[int | None, str]) -> tuple[int | None, str]:
    return next(((winner, rule) for winner, rule in offers if winner is not None), (None, ""))


def _whole(
    piece: Piece, cluster: Cluster, winner: int, *, rule: str, borders: Mapping[int, float]
) -> Verdict:
    return Verdict(
        piece=piece,
        polygons=tuple(cluster.arrangement.faces[f].polygon for f in piece.faces),
        winner=winner,
        losers=tuple(k for k in piece.claimants if k != winner),
        rule=rule,
        border_m=borders.get(winner, 0.0),
        area_m2=piece.area_m2,
    )


def _stated(piece: Piece, rules: OwnerRules) -> int | None:
    named = (rules.stated.get(each.finding) for each in piece.disputes)
    return next((k for k in named if k is not None and k in piece.claimants), None)


def _needy(piece: Piece, tiling: Tiling, rules: OwnerRules) -> list[int]:
    """Return the claimants that need the piece.

    Those that have nothing else, now or still to come, the smallest first; where there is none,
    the smallest of those that would keep too little.
    """
    area = {k: tiling.kept_m2[k] + tiling.open_m2[k] for k in piece.claimants}
    by_size = sorted(piece.claimants, key=lambda k: (area[k], str(tiling.ids[k])))
    hoped_m2 = {k: tiling.kept_m2[k] + tiling.open_m2[k] - piece.area_m2 for k in by_size}
    bare = [k for k in by_size if hoped_m2[k] < _NOTHING_SHARE * area[k]]
    short = [k for k in by_size if tiling.kept_m2[k] < rules.min_kept_share * area[k]]
    return bare or short[:1]


def _by_parent(piece: Piece, tiling: Tiling) -> int | None:
    if piece.unit < 0:
        return None
    at_home = [k for k in piece.claimants if tiling.is_coded[k] and tiling.parent[k] == piece.unit]
    return at_home[0] if len(at_home) == 1 else None


def _by_host(piece: Piece, tiling: Tiling) -> int | None:
    """Return the base grid that holds a dedicated grid reaching into the piece."""
    hosts = [k for k in tiling.hosts_in(piece.polygon) if k in piece.claimants]
    return hosts[0] if hosts else None


def _by_buildings(
    piece: Piece, tiling: Tiling, open_to: Iterable[int], *, rules: OwnerRules
) -> int | None:
    if rules.by != "owner":
        return None
    at = tiling.points_in(piece.polygon)
    owner, weight = tiling.point_owner[at], tiling.point_weights[at]
    named = {k: float(weight[owner == k].sum()) for k in open_to if bool((owner == k).any())}
    if not named:
        return None
    best = max(named.values())
    return min((k for k in named if named[k] == best), key=lambda k: tiling.ids[k])


def _by_choice(
    open_to: Sequence[int], tiling: Tiling, *, by: str, borders: Mapping[int, float]
) -> tuple[int, str]:
    """Return the grid with the longest border, or the fewest residents, and which of the two it is.

    Where the residents of one are unknown, or all have the same, the border decides. Equal: the
    smallest id.
    """
    residents = tiling.residents[list(open_to)]
    is_told = by == "population" and bool(np.ptp(residents) > 0)  # False for unknown ones (NaN)

    def rank(k: int) -> tuple[float, float, str]:
        border = -round(borders.get(k, 0.0) / _TIE_M) * _TIE_M
        people = float(tiling.residents[k]) if is_told else 0.0
        return (people, border, str(tiling.ids[k]))

    return min(open_to, key=rank), "population" if is_told else "border"


def _split(piece: Piece, tiling: Tiling, needy: list[int]) -> list[Verdict]:
    """Return the piece cut among those who would otherwise be left with nothing."""
    if piece.polygon.geom_type != "Polygon":
        return []
    at = tiling.points_in(piece.polygon)
    parts = cut(piece.polygon, tiling.points[at], tiling.point_weights[at], n=len(needy))
    if len(parts) < len(needy):
        return []
    return [
        Verdict(
            piece=piece,
            polygons=(part,),
            winner=winner,
            losers=tuple(k for k in piece.claimants if k != winner),
            rule="split",
            border_m=0.0,
            area_m2=part.area,
        )
        for part, winner in zip(parts, sorted(needy, key=lambda k: tiling.ids[k]), strict=True)
    ]


def _gap(
    piece: Piece,
    cluster: Cluster,
    tiling: Tiling,
    *,
    rules: OwnerRules,
    borders: Mapping[int, float],
) -> list[Verdict]:
    """Return the neighbour of the same parent that gets a gap; none where there is no such one."""
    beside = [k for k, length in borders.items() if length > 0.0 and not tiling.is_dedicated[k]]
    unit = max(each.unit for each in piece.disputes)
    if unit >= 0:
        if piece.unit >= 0:
            unit = piece.unit
        beside = [k for k in beside if tiling.parent[k] == unit]
    if not beside:
        return []
    stated = [rules.stated.get(each.finding, -1) for each in piece.disputes]
    named = [k for k in beside if k in stated]
    winner, rule = _first(
        (named[0] if named else None, "stated"),
        (_by_buildings(piece, tiling, beside, rules=rules), "buildings"),
    )
    if winner is None:
        winner, rule = _by_choice(beside, tiling, by=rules.by, borders=borders)
    return [_whole(piece, cluster, winner, rule=rule, borders=borders)]
