"""C504: near in a straight line, far along the streets, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from geo.coverage.faults import reach_text
from geo.coverage.limits import CoverageRules
from geo.coverage.measures import ALL_CATEGORIES, site_sets
from geo.coverage.network import NETWORK, NetworkKernel, Times, limit_ms
from geo.coverage.network.arrays import Floats
from geo.findings import Report, findings_frame
from geo.layers import Layers
from geo.standards import Tier
from geo.words import LANGUAGES, text

__all__ = ["find_barriers"]

_BIG: Final = ("motorway", "motorway_link", "trunk", "trunk_link")
"""Classes of street that lie between rather than lead across."""

_KIND_COLUMNS: Final = ("class", "waterway", "railway", "barrier", "natural", "highway")
"""Where a barrier says what it is: our column, else those of OpenStreetMap, the first that does."""

_KINDS: Final = {
    "river": "river riverbank canal stream drain water waterway lake"
    " 河 河流 河道 水系 水域 运河 湖泊 沟渠",
    "railway": "rail railway light_rail tram narrow_gauge 铁路 轨道 轻轨",
    "motorway": " ".join(_BIG) + " expressway 高速 高速公路 快速路 高架",
    "wall": "wall city_wall fence retaining_wall 围墙 围栏 院墙",
}
"""Words for each kind of barrier."""

_MOST_NAMED: Final = 3

Lines = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]

_CUT: Final = 1e-9
"""Shares differ by rounding of sums only below this."""


def find_barriers(
    kernel: NetworkKernel,
    layers: Layers,
    *,
    tiers: Mapping[str, Tier],
    rules: CoverageRules,
    people: pd.DataFrame | None = None,
) -> Report:
    """Report base grids whose demand is barred from sites that lie near in a straight line.

    A place is barred in a tier when it is inside a circle by radius and outside along the streets,
    where these do not lead to any site, or by a way of more than `barrier_detour` × the straight
    line. A place without a street near it is unknown, not barred.

    Parameters
    ----------
    kernel
        Prepared for the same layers and tiers.
    layers
        Grids, sites and streets.
    people
        `residents` and `households` by grid id: the findings touch the barred share of them.

    Returns
    -------
    report
        C504 for each base grid and tier with a barred share of more than 1 - `thin_below_share`
        (the limit; the measure is the share).

    Notes
    -----
    O(k log s) for k demand and lattice points and s sites.
    """
    found: list[Mapping[str, Any]] = []
    sites, grids = layers.sites, layers.grids
    if sites is None:
        return Report(findings=findings_frame(found, grids.crs))
    limit, things = 1.0 - rules.thin_below_share, _Things.of(layers)
    for tier in tiers.values():
        chosen = site_sets(tier, sites)[ALL_CATEGORIES]
        if not chosen.any():
            continue
        located = shapely.get_coordinates(sites.geometry.array)[chosen]
        barred = _barred(kernel, tier, kernel.times(tier, chosen), located=located, rules=rules)
        grid_at, share, lines, detour = _by_grid(barred, kernel, limit)
        between = things.between(lines)
        for at, part, ratio, names in zip(grid_at, share, detour, between, strict=True):
            reasons = _reasons(ratio, names, is_complete=layers.barriers is not None)
            finding = _finding(grids, int(at), tier, share=part, reasons=reasons)
            touched = _touched(people, finding["grid_ids"][0], part)
            found.append(finding | {"limit": limit} | touched)
    return Report(
        findings=findings_frame(found, grids.crs),
        thresholds=MappingProxyType({"barrier_detour": rules.barrier_detour}),
    )


class _Barred(NamedTuple):
    """Places that are barred: grid, weight, detour, their own x, y and their nearest site's."""

    grid_at: Positions
    weight: Floats
    detour: Floats
    xy: Floats
    site_xy: Floats


def _barred(
    kernel: NetworkKernel,
    tier: Tier,
    times: tuple[Times, Times],
    *,
    located: Floats,
    rules: CoverageRules,
) -> _Barred:
    """Return what is barred of the places that the grids are judged by (points, else lattice)."""
    demand, tree = kernel.demand, cKDTree(located)
    cells = kernel.cells_by_area
    parts = (
        (demand.points_xy, times[0], demand.point_at, demand.grid_at, kernel.basis_weight),
        (kernel.lattice_xy, times[1], cells, kernel.lattice_at[cells], np.ones(len(cells))),
    )
    found = []
    for xy, time, at, grid, weight in parts:
        is_late = (time.ms > limit_ms(tier)) & time.is_near
        late = np.flatnonzero(is_late[at])
        here, metres = xy[at[late]], time.metres[at[late]]
        away, nearest = (np.asarray(part) for part in tree.query(here, workers=-1))
        detour = np.full(len(late), np.inf)
        np.divide(metres, away, out=detour, where=np.isfinite(metres) & (away > 0))
        keep = (away <= tier.distance_m) & (detour > rules.barrier_detour)
        mine = late[keep]
        sites = located[nearest[keep]]
        found.append((grid[mine], weight[mine], detour[keep], here[keep], sites))
    return _Barred(*(np.concatenate(pair) for pair in zip(*found, strict=True)))


def _by_grid(
    barred: _Barred, kernel: NetworkKernel, limit: float
) -> tuple[Positions, Floats, Lines, Floats]:
    """Return base grids with a barred share above `limit`: share, and the middle place's way.

    The way is the line from the place in the middle of the order of detours to its nearest site,
    and its detour.
    """
    n = len(kernel.demand.grid_ids)
    total = kernel.demand.sum_by_grid(kernel.basis_weight)
    total += np.bincount(kernel.lattice_at[kernel.cells_by_area], minlength=n)
    weight = np.bincount(barred.grid_at, weights=barred.weight, minlength=n)
    share = np.divide(weight, total, out=np.zeros(n), where=total > 0)
    chosen = (share > limit + _CUT) & kernel.demand.is_base
    mine = np.flatnonzero(chosen[barred.grid_at])
    mine = mine[np.lexsort((barred.detour[mine], barred.grid_at[mine]))]
    grids, begin, count = np.unique(barred.grid_at[mine], return_index=True, return_counts=True)
    middle = mine[begin + (count - 1) // 2]
    lines = shapely.linestrings(np.stack([barred.xy[middle], barred.site_xy[middle]], axis=1))
    return grids, share[grids], lines, barred.detour[middle]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Things:
    """What can lie between: the layer of barriers, and streets that lead along, not across."""

    shapes: Lines
    kinds: npt.NDArray[np.object_]
    names: npt.NDArray[np.object_]

    @classmethod
    def of(cls, layers: Layers) -> "_Things":
        """Return the barriers and the motorways of `layers`."""
        frames = [] if layers.barriers is None else [layers.barriers]
        streets = layers.streets
        if streets is not None and "highway" in streets:
            frames.append(streets[streets["highway"].isin(_BIG)])
        shapes = [np.asarray(frame.geometry.array, dtype=object) for frame in frames]
        kinds = [_first_text(frame, _KIND_COLUMNS) for frame in frames]
        names = [_first_text(frame, ("name",)) for frame in frames]
        none = np.zeros(0, dtype=object)
        return cls(
            shapes=np.concatenate([none, *shapes]),
            kinds=np.concatenate([none, *kinds]),
            names=np.concatenate([none, *names]),
        )

    def between(self, lines: Lines) -> list[list[tuple[str, str]]]:
        """Return kind and name of what crosses each line, in order along it, each once."""
        line, thing = shapely.STRtree(self.shapes).query(lines, predicate="intersects")
        crossing = shapely.intersection(lines[line], self.shapes[thing])
        along = shapely.distance(shapely.get_point(lines[line], 0), crossing)
        found: list[list[tuple[str, str]]] = [[] for _ in lines]
        for k in np.lexsort((along, line)):
            seen = (str(self.kinds[thing[k]]), str(self.names[thing[k]]))
            if seen not in found[line[k]]:
                found[line[k]].append(seen)
        return found


def _first_text(frame: gpd.GeoDataFrame, columns: Sequence[str]) -> npt.NDArray[np.object_]:
    """Return in each row the first of `columns` that says something, else nothing."""
    texts = np.full(len(frame), "", dtype=object)
    for column in columns:
        if column in frame:
            given = frame[column].fillna("").astype(str).to_numpy(dtype=object)
            texts = np.where(texts == "", given, texts)
    return texts


def _reasons(
    detour: float, between: Sequence[tuple[str, str]], *, is_complete: bool
) -> dict[str, str]:
    """Return by language why the middle place of a grid cannot reach its nearest site in time."""
    key = "detour" if np.isfinite(detour) else "none"
    reasons = {}
    for language in LANGUAGES:
        reason = text(f"coverage.barrier_{key}", language, ratio=detour)
        shown = [_called(kind, name, language) for kind, name in between[:_MOST_NAMED]]
        if shown:
            names = text("coverage.barrier_join", language).join(dict.fromkeys(shown))
            reason += text("coverage.barrier_way", language, name=names)
        elif is_complete:
            reason += text("coverage.barrier_gap", language)
        reasons[language] = reason
    return reasons


def _called(kind: str, name: str, language: str) -> str:
    """Return what lies between in words: a river, the railway “…”."""
    word = kind.casefold()
    group = next((group for group, words in _KINDS.items() if word in words.split()), None)
    if group is None:
        return name or kind or text("coverage.barrier_thing", language)
    if name:
        return text(f"coverage.barrier_{group}_named", language, name=name)
    return text(f"coverage.barrier_{group}", language)


def _finding(
    grids: gpd.GeoDataFrame, at: int, tier: Tier, *, share: float, reasons: Mapping[str, str]
) -> dict[str, Any]:
    words = {f"reason_{language}": reason for language, reason in reasons.items()}
    words |= {f"reach_{language}": reach_text(tier, NETWORK, language) for language in LANGUAGES}
    return {
        "rule": "C504",
        "layer": "grids",
        "grid_ids": (grids.index[at],),
        "tier": tier.tier_id,
        "model": NETWORK,
        "category": None,
        "measure": float(share),
        "details": {**words, "minutes": tier.minutes, "distance_m": tier.distance_m},
        "geometry": grids.geometry.iloc[at],
    }


def _touched(people: pd.DataFrame | None, grid_id: str, share: float) -> dict[str, float]:
    """Return the residents and households that are barred, as whole numbers (NaN: unknown)."""
    if people is None:
        return {}
    living = people.loc[grid_id]
    return {str(name): float(np.round(living[name] * share)) for name in people.columns}
