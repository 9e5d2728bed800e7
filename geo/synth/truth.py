"""The truth table: what an audit of the city must find, no more and no less.

What was planted is known from its making; coverage, size and buildings are judged by the
plainest means there are.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.synth.figures import limits, minutes, tiers
from geo.synth.people import Buildings
from geo.synth.plan import Floats, Ints
from geo.synth.walking import walks_to

__all__ = ["Truth", "building_truth", "coverage_truth", "row", "size_truth"]

_MS_PER_MINUTE = 60_000.0

Truth = dict[str, Any]
Polygons = npt.NDArray[np.object_]
Texts = npt.NDArray[np.object_]


def row(
    rule: str,
    *grid_ids: str,
    defect: str | None = None,
    tier: str | None = None,
    measure: float | None = None,
    planted: bool = True,
    unit_ids: Sequence[str] = (),
    site_ids: Sequence[str] = (),
) -> Truth:
    """Return one row of the truth table."""
    return {
        "rule": rule,
        "defect": defect,
        "grid_ids": sorted(grid_ids),
        "unit_ids": sorted(unit_ids),
        "site_ids": sorted(site_ids),
        "tier": tier,
        "measure": None if measure is None else round(float(measure), 6),
        "planted": planted,
    }


def size_truth(
    ids: Texts, people: tuple[Ints, Ints], planted: npt.NDArray[np.bool_]
) -> Iterator[Truth]:
    """Yield the base grids that are empty, too large or too small by their own columns."""
    limit = limits()
    households, residents = people
    is_empty = (households == 0) & (residents == 0)
    rules = np.select(
        [is_empty, households > limit["max_households"], households < limit["min_households"]],
        ["S403", "S401", "S402"],
        default="",
    )
    for at in np.flatnonzero(rules != ""):
        yield row(str(rules[at]), ids[at], measure=households[at], planted=bool(planted[at]))


def building_truth(
    ids: Texts, polygons: Polygons, buildings: Buildings, *, touched: Ints, lone: int
) -> tuple[list[Truth], Ints]:
    """Return the rows of H306, and the base grid each building is counted in (-1: none).

    Parameters
    ----------
    ids, polygons
        The base grids.
    touched
        Base grids whose polygon, or whose neighbour's, was changed: only there a building can be
        elsewhere than at home.
    lone
        How many buildings, the last ones, were planted outside of everything.
    """
    owner = buildings.home.copy()
    suspect = np.flatnonzero(np.isin(buildings.home, touched) | (buildings.home < 0))
    points = shapely.points(buildings.xy[suspect])
    touched = touched[np.argsort(ids[touched])]
    at, grid = shapely.STRtree(polygons[touched]).query(points, predicate="intersects")
    held = pd.DataFrame({"at": at, "grid": touched[grid], "rank": grid}).sort_values(["at", "rank"])
    owner[suspect] = -1
    first = held.drop_duplicates("at")
    owner[suspect[first["at"]]] = first["grid"]
    several = held[held["at"].duplicated(keep=False)].groupby("at")["grid"].agg(tuple)
    rows = [
        row("H306", *ids[np.array(grids)], measure=n, planted=False)
        for grids, n in several.value_counts(sort=False).items()
    ]
    nowhere = np.flatnonzero(owner < 0)
    if len(nowhere):
        nearest = _nearest(ids, polygons, buildings.xy[nowhere])
        planted = set(nearest[nowhere >= len(buildings) - lone].tolist())
        rows += [
            row("H306", ids[grid], measure=n, planted=grid in planted)
            for grid, n in zip(*np.unique(nearest, return_counts=True), strict=True)
        ]
    return rows, owner


def _nearest(ids: Texts, polygons: Polygons, xy: Floats) -> Ints:
    """Return the nearest base grid of each point; equally near: the smallest id."""
    at, grid = shapely.STRtree(polygons).query_nearest(shapely.points(xy), all_matches=True)
    order = np.lexsort((ids[grid].astype(str), at))
    first = np.unique(at[order], return_index=True)[1]
    return np.asarray(grid[order][first])


def coverage_truth(
    ids: Texts,
    polygons: Polygons,
    people: tuple[Buildings, Ints],
    *,
    sites: Floats,
    roads: Polygons,
    planted: npt.NDArray[np.bool_],
) -> Iterator[Truth]:
    """Yield the base grids that are blank, thin or barred in a tier, on foot along the roads.

    Parameters
    ----------
    ids, polygons
        The base grids.
    people
        The buildings, and the base grid that each is counted in.
    sites, roads
        Places of the sites, lines of the roads.
    planted
        Base grids that are meant to be blank.
    """
    xy, at, weight = _demand(polygons, people)
    walks = walks_to(xy, sites, roads)
    n, limit = len(ids), limits()
    known = weight * (np.isfinite(walks.ms) | (len(sites) == 0))
    total, judged = _sums(at, weight, n), _sums(at, known, n)
    barred_above = 1.0 - limit["thin_below_share"] + 1e-9
    for tier, metres in tiers().items():
        is_inside = walks.ms <= minutes()[tier] * _MS_PER_MINUTE
        share = _share(_sums(at, known * is_inside, n), judged)
        for grid in np.flatnonzero(share == 0):
            yield row("C501", ids[grid], tier=tier, measure=0.0, planted=bool(planted[grid]))
        for grid in np.flatnonzero((share > 0) & (share < limit["thin_below_share"])):
            yield row("C502", ids[grid], tier=tier, measure=share[grid], planted=False)
        is_barred = (walks.straight_m <= metres) & ~is_inside & walks.is_near
        is_barred &= walks.metres > limit["barrier_detour"] * walks.straight_m
        barred = _share(_sums(at, weight * is_barred, n), total)
        for grid in np.flatnonzero(barred > barred_above):
            yield row("C504", ids[grid], tier=tier, measure=barred[grid], planted=False)


def _demand(polygons: Polygons, people: tuple[Buildings, Ints]) -> tuple[Floats, Ints, Floats]:
    """Return place, grid and weight of the buildings; a grid without any is a lattice of points."""
    buildings, owner = people
    mine = np.flatnonzero(owner >= 0)
    empty = np.setdiff1d(np.arange(len(polygons)), owner[mine])
    cells = [_lattice(polygons[grid]) for grid in empty]
    return (
        np.concatenate([buildings.xy[mine], *cells]),
        np.concatenate([owner[mine], np.repeat(empty, [len(xy) for xy in cells])]),
        np.concatenate([buildings.residents[mine], np.ones(sum(map(len, cells)))]).astype(float),
    )


def _lattice(polygon: shapely.Geometry) -> Floats:
    """Return the points at odd multiples of half a step inside `polygon`, at least one."""
    step = limits()["lattice_m"]
    low_x, low_y, high_x, high_y = polygon.bounds
    columns = np.arange(np.floor(low_x / step), np.ceil(high_x / step)) + 0.5
    rows = np.arange(np.floor(low_y / step), np.ceil(high_y / step)) + 0.5
    x, y = (axis.ravel() * step for axis in np.meshgrid(columns, rows))
    inside = shapely.contains_xy(polygon, x, y)
    if not inside.any():
        return np.asarray(shapely.get_coordinates(shapely.point_on_surface(polygon)))
    return np.column_stack([x[inside], y[inside]])


def _sums(at: Ints, weight: Floats, n: int) -> Floats:
    return np.bincount(at, weights=weight, minlength=n).astype(float)


def _share(part: Floats, total: Floats) -> Floats:
    share: Floats = np.divide(part, total, out=np.full(len(total), np.nan), where=total > 0)
    return share
