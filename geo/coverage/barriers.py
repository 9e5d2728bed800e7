"""C504: near in a straight line, far along the streets, and why."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import geopandas as gpd
import numpy as np
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
    limit = 1.0 - rules.thin_below_share
    for tier in tiers.values():
        chosen = site_sets(tier, sites)[ALL_CATEGORIES]
        if not chosen.any():
            continue
        located = shapely.get_coordinates(sites.geometry.array)[chosen]
        places = _places(kernel, tier, kernel.times(tier, chosen), located=located, rules=rules)
        for at, row in _barred_grids(places, kernel, limit).iterrows():
            reasons = _reasons(row, layers.streets)
            finding = _finding(grids, int(str(at)), tier, share=row["share"], reasons=reasons)
            touched = _touched(people, finding["grid_ids"][0], row["share"])
            found.append(finding | {"limit": limit} | touched)
    return Report(
        findings=findings_frame(found, grids.crs),
        thresholds=MappingProxyType({"barrier_detour": rules.barrier_detour}),
    )


def _places(
    kernel: NetworkKernel,
    tier: Tier,
    times: tuple[Times, Times],
    *,
    located: Floats,
    rules: CoverageRules,
) -> pd.DataFrame:
    """Return what each grid is judged by (points, else lattice) with weight, and what is barred."""
    demand, tree = kernel.demand, cKDTree(located)
    cells = np.flatnonzero((demand.basis == "area").to_numpy()[kernel.lattice_at])
    parts = (
        (kernel.demand.points_xy, times[0], demand.point_at, demand.grid_at, demand.basis_weight()),
        (kernel.lattice_xy, times[1], cells, kernel.lattice_at[cells], np.ones(len(cells))),
    )
    tables = []
    for xy, time, at, grid, weight in parts:
        here = xy[at]
        away, nearest = tree.query(here, workers=-1)
        metres = time.metres[at]
        detour = np.full(len(at), np.inf)
        np.divide(metres, away, out=detour, where=np.isfinite(metres) & (away > 0))
        barred = (away <= tier.distance_m) & (time.ms[at] > limit_ms(tier)) & time.is_near[at]
        barred &= detour > rules.barrier_detour
        sx, sy = located[nearest].T
        columns = {"grid": grid, "weight": weight, "barred": barred, "detour": detour}
        tables.append(
            pd.DataFrame(columns | {"x": here[:, 0], "y": here[:, 1], "sx": sx, "sy": sy})
        )
    return pd.concat(tables, ignore_index=True)


def _barred_grids(places: pd.DataFrame, kernel: NetworkKernel, limit: float) -> pd.DataFrame:
    """Return by position of a base grid the barred share of its demand, and its middle place."""
    barred = places[places["barred"]].sort_values(["grid", "detour"], kind="stable")
    group = barred.groupby("grid")
    is_middle = group.cumcount() == (group["grid"].transform("size") - 1) // 2
    middle = barred[is_middle].set_index("grid")
    total = places.groupby("grid")["weight"].sum()
    share = (group["weight"].sum() / total).reindex(middle.index)
    middle = middle.assign(share=share)
    return middle[(share > limit + _CUT) & kernel.demand.is_base[middle.index]]


def _reasons(row: pd.Series, streets: gpd.GeoDataFrame | None) -> dict[str, str]:
    """Return by language why the middle place of a grid cannot reach its nearest site in time."""
    key = "detour" if np.isfinite(row["detour"]) else "none"
    line = shapely.LineString([(row["x"], row["y"]), (row["sx"], row["sy"])])
    way = _between(line, streets)
    return {
        language: text(f"coverage.barrier_{key}", language, ratio=row["detour"])
        + (text("coverage.barrier_way", language, name=way) if way else "")
        for language in LANGUAGES
    }


def _between(line: shapely.LineString, streets: gpd.GeoDataFrame | None) -> str | None:
    """Return the name (or class) of a street across `line` that nobody walks along."""
    if streets is None or "highway" not in streets:
        return None
    across = streets.iloc[streets.sindex.query(line, predicate="intersects")]
    across = across[across["highway"].isin(_BIG)]
    if across.empty:
        return None
    names = across["name"].dropna() if "name" in across else across["highway"].iloc[:0]
    return str((names if len(names) else across["highway"]).iloc[0])


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
