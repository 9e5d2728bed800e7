"""Which datum the places of a layer are on: as declared, GCJ-02, BD-09 or WGS 84.

Each reading moves the places by some hundred metres; the one that is right puts them into the
grids, into the areas that they name, beside buildings and away from the borders of grids. The
evidence of each kind is in nats (natural logarithm of how much more likely), and adds up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS

from geo.crs import WGS84, is_in_mainland_china, to_crs
from geo.io.datum import DATUMS, from_wgs84, to_wgs84
from geo.io.guard.chance import away_from_chance, chance_shifts, few_misses, ranks
from geo.io.guard.claims import find_claims
from geo.io.guard.limits import GuardLimits, guard_limits
from geo.io.guard.surroundings import Surroundings

__all__ = ["DatumVerdict", "Evidence", "judge_datum"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_IS_NEAR: Final[Mapping[str, Mapping[str, bool]]] = {
    "sites": {"buildings": True, "streets": True, "borders": False},
    "other": {"buildings": True, "streets": False, "borders": False},
}
_LINES: Final = ("streets", "borders")
_HALF: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one kind of evidence says.

    `name`
        `outline`, `names`, `buildings`, `streets`, `borders`.
    `figures`
        Reading to what a user can check: how many places lie outside, or their median distance (m).
    `nats`
        Reading to how much it speaks for it.
    """

    name: str
    figures: Mapping[str, float]
    nats: Mapping[str, float]
    n: int
    column: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatumVerdict:
    """Which reading of the places is right.

    `verdict`
        `ok` (the declared one), the datum that is right instead, or `unknown`.
    `shift_m`
        By how much the declared reading is off, where another one is right.
    """

    verdict: str
    declared: str
    n: int
    evidence: tuple[Evidence, ...] = ()
    shift_m: float = 0.0

    @property
    def is_doubtful(self) -> bool:
        """True when another datum than the declared one is right."""
        return self.verdict not in ("ok", "unknown")

    def nats(self, reading: str) -> float:
        """Return how much all evidence speaks for `reading`."""
        return sum(item.nats.get(reading, 0.0) for item in self.evidence)


def judge_datum(
    frame: gpd.GeoDataFrame,
    around: Surroundings,
    *,
    declared: str = "wgs84",
    layer: str = "sites",
    limits: GuardLimits | None = None,
) -> DatumVerdict:
    """Return which datum the places of `frame` are on.

    Parameters
    ----------
    frame
        Places of one layer in the working CRS (m), brought there as `declared`; centroids count.
    around
        The other layers of the city.
    declared
        `wgs84`, `gcj02` or `bd09`: how the coordinates of the file were read.
    layer
        Its name: sites stand at buildings and streets, buildings stand away from streets.
    limits
        The shipped ones by default.

    Returns
    -------
    verdict
        `unknown` where there is too little to tell by, which is no doubt.

    Notes
    -----
    At most `most_rows` places are looked at: O(m log k) after indices of the other layers.
    """
    limits = limits or guard_limits()
    chosen = _chosen(frame, limits)
    if len(chosen) < limits.fewest_rows:
        return DatumVerdict(verdict="unknown", declared=declared, n=len(chosen))
    case = _Case(
        points=chosen,
        readings=_readings(chosen, declared),
        declared=declared,
        around=around,
        limits=limits,
    )
    if len(case.readings) == 1:
        return DatumVerdict(verdict="unknown", declared=declared, n=len(chosen))
    evidence = (_outline(case), *_names(case), *_distances(case, layer))
    verdict = _verdict(case, evidence)
    off = case.xy - case.readings.get(verdict, case.xy)
    return DatumVerdict(
        verdict=verdict,
        declared=declared,
        n=len(chosen),
        evidence=evidence,
        shift_m=float(np.median(np.hypot(*off.T))),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Case:
    """The places of a layer by each reading (m), and what they are held against."""

    points: gpd.GeoDataFrame
    readings: Mapping[str, Floats]
    declared: str
    around: Surroundings
    limits: GuardLimits

    @property
    def xy(self) -> Floats:
        """The places as declared."""
        return self.readings[self.declared]


def _chosen(frame: gpd.GeoDataFrame, limits: GuardLimits) -> gpd.GeoDataFrame:
    """Return rows with a place, one of each place, spread over the layer, as points."""
    points = shapely.centroid(np.asarray(frame.geometry.array, dtype=object))
    xy = np.column_stack([shapely.get_x(points), shapely.get_y(points)])
    known = np.flatnonzero(np.isfinite(xy).all(axis=1))
    cells = np.round(xy[known] / limits.same_place_m)
    first = known[np.sort(np.unique(cells, axis=0, return_index=True)[1])]
    if len(first) > limits.most_rows:
        first = first[np.linspace(0, len(first) - 1, limits.most_rows).astype(int)]
    return frame.iloc[first].set_geometry(
        gpd.GeoSeries(points[first], index=frame.index[first], crs=frame.crs)
    )


def _readings(points: gpd.GeoDataFrame, declared: str) -> dict[str, Floats]:
    """Return the places by each datum, in the CRS of `points`, the declared one first.

    Where web maps do not shift, outside the mainland, only a declared shift is doubted.
    """
    crs = CRS.from_user_input(points.crs)
    xy = shapely.get_coordinates(points.geometry.array)
    lonlat = _moved(xy, crs, WGS84)
    centre = np.median(lonlat, axis=0)
    if declared == "wgs84" and not is_in_mainland_china(float(centre[0]), float(centre[1])):
        return {declared: xy}
    raw = from_wgs84(lonlat, declared)
    others = (datum for datum in DATUMS if datum != declared)
    return {declared: xy, **{d: _moved(to_wgs84(raw, d), WGS84, crs) for d in others}}


def _moved(xy: Floats, source: CRS, target: CRS) -> Floats:
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(xy[:, 0], xy[:, 1]), crs=source)
    return np.asarray(shapely.get_coordinates(to_crs(points, target).geometry.array))


def _outline(case: _Case) -> Evidence:
    """Return how many places each reading leaves outside all grids."""
    outside = {name: ~case.around.is_inside(xy) for name, xy in case.readings.items()}
    return Evidence(
        name="outline",
        figures={name: float(missed.sum()) for name, missed in outside.items()},
        nats=_by_misses(case, outside, case.xy, most_share=case.limits.most_outside_share),
        n=len(case.xy),
    )


def _names(case: _Case) -> list[Evidence]:
    """Return how many places lie outside the area that a column names: the best column, if any."""
    found: list[Evidence] = []
    for claim in find_claims(case.points, case.around.areas):
        missed = {
            name: claim.misses(xy, case.limits.named_tolerance_m)
            for name, xy in case.readings.items()
        }
        most_share = case.limits.most_misnamed_share
        found.append(
            Evidence(
                name="names",
                figures={name: float(rows.sum()) for name, rows in missed.items()},
                nats=_by_misses(case, missed, case.xy[claim.rows], most_share=most_share),
                n=len(claim.rows),
                column=claim.column,
            )
        )
    return sorted(found, key=lambda item: max(item.nats.values()))[-1:]


def _by_misses(
    case: _Case, missed: Mapping[str, Bools], xy: Floats, *, most_share: float
) -> dict[str, float]:
    """Return what the misses speak for each reading, in nats above the worst.

    A reading gains only where it leaves few misses and mends most of those of another one: a list
    that goes beyond the city misses by every reading, and says nothing. Places side by side miss
    together, so they count once.
    """
    limits = case.limits
    cells = np.round(xy / limits.same_spot_m)
    _, spot = np.unique(cells, axis=0, return_inverse=True)
    size = np.bincount(spot.ravel())
    n = len(size)
    share = {name: np.bincount(spot.ravel(), weights=rows) / size for name, rows in missed.items()}
    count = {name: int((of_spot > _HALF).sum()) for name, of_spot in share.items()}
    best = min(count, key=lambda name: (count[name], name != case.declared))
    nats = dict.fromkeys(missed, 0.0)
    if count[best] > most_share * n:
        return nats
    top = few_misses(count[best], n)
    for name, k in count.items():
        mended = k - count[best] >= limits.fewest_moved
        mended &= count[best] <= (1.0 - limits.explained_share) * k
        if name != best and mended:
            nats[name] = few_misses(k, n) - top
    worst = min(nats.values())
    return {name: value - worst for name, value in nats.items()}


def _distances(case: _Case, layer: str) -> list[Evidence]:
    """Return what distances to buildings, streets and borders say; lines speak once."""
    near = _IS_NEAR["sites" if layer in ("sites", "candidates") else "other"]
    around = case.around
    inside = {name: xy[around.is_inside(xy)] for name, xy in case.readings.items()}
    shifts = [np.median(xy - case.xy, axis=0) for xy in case.readings.values()]
    moved = [case.xy + shift for shift in chance_shifts(np.array(shifts))]
    by_chance = [xy[around.is_inside(xy)] for xy in moved]
    found = {
        name: _distance(name, inside, by_chance, around=around, near=near[name])
        for name in around.names()
    }
    lines = [found.pop(name) for name in _LINES if name in found]
    return [*found.values(), max(lines, key=lambda item: max(item.nats.values()))]


def _distance(
    name: str,
    inside: Mapping[str, Floats],
    by_chance: list[Floats],
    *,
    around: Surroundings,
    near: bool,
) -> Evidence:
    distance: dict[str, Any] = {key: around.distance_m(xy, name) for key, xy in inside.items()}
    chance = [around.distance_m(xy, name) for xy in by_chance]
    pool = np.concatenate([*chance, np.empty(0)])
    luck = max((away_from_chance(ranks(d, pool), near=near) for d in chance), default=0.0)
    nats = {
        key: max(0.0, away_from_chance(ranks(d, pool), near=near) - luck)
        for key, d in distance.items()
    }
    medians = {key: float(np.median(d)) if len(d) else float("nan") for key, d in distance.items()}
    n = max(len(d) for d in distance.values())
    return Evidence(name=name, figures=medians, nats=nats, n=n)


def _verdict(case: _Case, evidence: tuple[Evidence, ...]) -> str:
    readings, declared, limits = case.readings, case.declared, case.limits
    total = {name: sum(item.nats[name] for item in evidence) for name in readings}
    best = max(readings, key=lambda name: (total[name], name == declared))
    lead = total[best] - max((total[name] for name in readings if name != best), default=0.0)
    if best == declared:
        return "ok" if lead >= limits.ok_nats else "unknown"
    against = max((item.nats[declared] - item.nats[best] for item in evidence), default=0.0)
    is_sure = total[best] - total[declared] >= limits.doubt_nats
    is_sure &= lead >= limits.apart_nats and against < limits.apart_nats
    return best if is_sure else "unknown"
