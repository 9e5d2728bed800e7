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
from scipy.spatial import cKDTree

from geo.synth.figures import limits, tiers
from geo.synth.people import Buildings
from geo.synth.plan import Floats, Ints

__all__ = ["Truth", "building_truth", "coverage_truth", "row", "size_truth"]

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
    ids: Texts, buildings: Buildings, owner: Ints, *, sites: Floats, planted: npt.NDArray[np.bool_]
) -> Iterator[Truth]:
    """Yield the base grids that are blank or thin: by the share of residents within a tier."""
    nearest_m: Floats = np.full(len(buildings), np.inf)
    if len(sites):
        nearest_m = np.asarray(cKDTree(sites).query(buildings.xy, workers=-1)[0])
    mine = owner >= 0
    n, at = len(ids), owner[mine]
    weight = buildings.residents[mine].astype(float)
    total = np.bincount(at, weights=weight, minlength=n)
    for tier, metres in tiers().items():
        inside = weight * (nearest_m[mine] <= metres)
        covered = np.bincount(at, weights=inside, minlength=n)
        share = np.where(total > 0, covered / np.maximum(total, 1), np.nan)
        for grid in np.flatnonzero(share == 0):
            yield row("C501", ids[grid], tier=tier, measure=0.0, planted=bool(planted[grid]))
        for grid in np.flatnonzero((share > 0) & (share < limits()["thin_below_share"])):
            yield row("C502", ids[grid], tier=tier, measure=share[grid], planted=False)
