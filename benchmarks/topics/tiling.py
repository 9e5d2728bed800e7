"""The whole audit of a tiling against what peers take for its overlaps alone, and against itself.

Ours finds what is invalid, duplicates, overlaps, gaps, neighbours, mismatched borders, isolated
grids, detached parts and grids outside their parent. The peers are given less to do: the pairs that
share an area, and that area, or what the tool has to say.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from benchmarks import peers
from benchmarks.contest import Contest, Contestant, Frames
from benchmarks.meshes import mesh
from geo.findings import Report
from geo.grids import (
    find_detached_parts,
    find_gaps,
    find_isolated,
    find_outside_parent,
    find_overlaps,
    neighbours,
    tile,
)
from geo.grids.mismatches import find_mismatches
from geo.synth import build_city

WIDTHS = {"noise_width_m": 0.05, "sliver_width_m": 1.0}
MESH = 224
OFF_M2 = 0.01
SIZES = {267: "2,400", 5564: "50,000"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A layer with its units and the pairs of base grids that overlap."""

    frames: Frames
    overlaps: frozenset[tuple[str, str]]

    def score(self, answer: Any) -> tuple[float, float] | None:  # noqa: ANN401
        """Return recall and precision of the pairs of base grids that an answer tells."""
        if not isinstance(answer, dict):
            return None
        told = set(answer)
        if "overlaps" in answer:
            found = answer["overlaps"].findings
            told = set(found["grid_ids"][found["defect"] == "overlap"])
        base = self.frames["grids"].index[self.frames["grids"]["kind"] == "base"]
        known = set(base)
        told = {pair for pair in told if known.issuperset(pair)}
        hits = len(told & self.overlaps)
        return hits / max(len(self.overlaps), 1), hits / max(len(told), 1)


def contests() -> list[Contest]:
    """Return the contests of this topic."""
    few, many = (
        _contest(f"synthetic city, about {title} grids", partial(_city, n), is_small=n < MESH * 2)
        for n, title in SIZES.items()
    )
    return [
        few,
        many,
        _contest("mesh of 50,176 grids, 2 % with a defect", _mesh),
        _contest("the same in degrees, projected", partial(_mesh, in_degrees=True), few=True),
        _contest("the same, each vertex moved by up to 8 mm", partial(_mesh, noise_m=0.008)),
        _contest("the same, units drawn apart by up to 2 m", partial(_mesh, apart_m=2.0)),
        _contest("5 grids with 100,000 vertices a border", _long_borders, few=True),
        *(
            _contest(f"mesh of {n * n:,} grids", partial(_mesh, n=n), few=True)
            for n in (48, 112, 224, 448)
        ),
    ]


def _contest(
    name: str, load: Callable[[], Case], *, is_small: bool = False, few: bool = False
) -> Contest:
    return Contest(
        name=f"whole audit of the tiling, {name}",
        load=lambda: load().frames,
        ours={"geo.grids, all checks": audit},
        peers=_peers(is_small=is_small, few=few),
        difference=_difference,
        score=lambda answer: load().score(answer),
        note="peers find overlaps alone, without widths, rules and residents; recall and precision "
        "are of overlaps of base grids; the slow way is the oracle of the tests",
    )


def _peers(*, is_small: bool, few: bool) -> dict[str, Contestant]:
    """Return the peers that are installed; tools that take minutes judge small layers only."""
    if few:
        return {"one is_valid pass": peers.is_valid}
    found: dict[str, Contestant] = {
        "one is_valid pass": peers.is_valid,
        "geopandas.sjoin + intersection": peers.sjoin,
        "STRtree relate + intersection": peers.relate,
        "geopandas.overlay": peers.overlay,
        "the slow exact way, all checks": _slow_audit,
    }
    if find_spec("duckdb_extension_spatial"):
        found["DuckDB spatial join"] = peers.duckdb_join
    if find_spec("sedonadb"):
        found["SedonaDB join"] = peers.sedona_join
    if find_spec("psycopg") and shutil.which("initdb"):
        found["PostGIS join"] = peers.postgis_join
    if not is_small:
        return found
    found["shapely.coverage_is_valid"] = peers.coverage_is_valid
    found["shapely.coverage_invalid_edges"] = peers.coverage_edges
    found["union_all + difference"] = peers.union_difference
    if find_spec("maup"):
        found["maup.doctor"] = peers.maup_doctor
    if find_spec("geoplanar"):
        found["geoplanar.overlaps"] = peers.geoplanar_overlaps
        found["geoplanar.gaps"] = peers.geoplanar_gaps
    return found


@cache
def _city(n_communities: int) -> Case:
    city = build_city(n_communities, seed=0)
    units = gpd.GeoDataFrame(pd.concat([city.streets, city.communities]), crs=city.crs)
    base = set(city.grids.index[city.grids["kind"] == "base"])
    pairs = [tuple(row["grid_ids"]) for row in city.truth if row["defect"] == "overlap"]
    return Case(
        frames={"grids": city.grids, "units": units},
        overlaps=frozenset((a, b) for a, b in pairs if {a, b} <= base),
    )


@cache
def _mesh(n: int = MESH, *, in_degrees: bool = False, **options: float) -> Case:
    city = mesh(n, n_defects=n * n // 50, **options)
    frames = {"grids": city.grids, "units": city.units}
    if in_degrees:
        frames = {k: f.to_crs("EPSG:4326").to_crs(f.crs) for k, f in frames.items()}
    return Case(frames=frames, overlaps=frozenset(city.overlaps))


@cache
def _long_borders() -> Case:
    rng = np.random.default_rng(0)
    x = np.linspace(0.0, 50_000.0, 100_000)
    lines = [np.column_stack([x, 1_000.0 * k + rng.uniform(-0.2, 0.2, len(x))]) for k in range(6)]
    shapes = [shapely.Polygon(np.vstack([a, b[::-1]])) for a, b in pairwise(lines)]
    ids = [f"g{k:02}" for k in range(len(shapes))]
    grids = gpd.GeoDataFrame(
        {"kind": "base", "parent_id": "u"}, geometry=shapes, crs="EPSG:32650", index=ids
    )
    whole = shapely.Polygon(np.vstack([lines[0], lines[-1][::-1]]))
    units = gpd.GeoDataFrame({"level": ["community"]}, geometry=[whole], crs=grids.crs, index=["u"])
    return Case(
        frames={"grids": grids.rename_axis("grid_id"), "units": units.rename_axis("unit_id")},
        overlaps=frozenset(),
    )


def audit(frames: Frames) -> dict[str, Any]:
    """Check everything there is about a tiling."""
    grids, units = frames["grids"], frames["units"]
    outlines = units[units["level"] == units["level"].iloc[-1]]
    is_valid = shapely.is_valid(grids.geometry.array)
    tiling = tile(grids, outlines, noise_width_m=WIDTHS["noise_width_m"])
    borders = neighbours(grids, sliver_width_m=WIDTHS["sliver_width_m"], tiling=tiling)
    return {
        "valid": is_valid,
        "overlaps": find_overlaps(grids, **WIDTHS, tiling=tiling),
        "gaps": find_gaps(grids, outlines, **WIDTHS, tiling=tiling),
        "borders": borders,
        "mismatches": find_mismatches(
            grids, borders, sliver_width_m=WIDTHS["sliver_width_m"], tiling=tiling
        ),
        "isolated": find_isolated(grids[grids["kind"] == "base"], borders),
        "parts": find_detached_parts(grids),
        "outside": find_outside_parent(
            grids, units, noise_width_m=WIDTHS["noise_width_m"], tiling=tiling
        ),
    }


def _slow_audit(frames: Frames) -> dict[str, Any]:
    from tests import slow_tiling as slow  # noqa: PLC0415 - the oracle is no part of the package

    grids, units = frames["grids"], frames["units"]
    outlines = units[units["level"] == units["level"].iloc[-1]]
    borders = slow.neighbours(grids, sliver_width_m=WIDTHS["sliver_width_m"])
    return {
        "valid": shapely.is_valid(grids.geometry.array),
        "overlaps": slow.find_overlaps(grids, **WIDTHS),
        "gaps": slow.find_gaps(grids, outlines, **WIDTHS),
        "borders": borders,
        "mismatches": find_mismatches(grids, borders, sliver_width_m=WIDTHS["sliver_width_m"]),
        "isolated": find_isolated(grids[grids["kind"] == "base"], borders),
        "parts": find_detached_parts(grids),
        "outside": slow.find_outside_parent(grids, units, noise_width_m=WIDTHS["noise_width_m"]),
    }


def _difference(ours: dict[str, Any], theirs: Any) -> str:  # noqa: ANN401
    if isinstance(theirs, np.ndarray):
        return "" if (theirs == ours["valid"]).all() else "other grids are valid"
    if isinstance(theirs, str):
        return theirs
    if "overlaps" in theirs:
        return _other_findings(ours, theirs)
    told = ours["overlaps"].findings
    pairs = dict(zip(told["grid_ids"], told["measure"], strict=True))
    missed = sum(ids not in theirs for ids in pairs)
    off = sum(abs(theirs[ids] - m2) > OFF_M2 for ids, m2 in pairs.items() if ids in theirs)
    extra = len(theirs) - ours["overlaps"].counts["n_pairs"]
    named = {"missed": missed, "of another area": off, "more or fewer that share an area": extra}
    return "; ".join(f"{count} pairs {what}" for what, count in named.items() if count)


def _other_findings(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    found = []
    for name, mine in ours.items():
        if isinstance(mine, Report):
            a, b = (_told(report) for report in (mine, theirs[name]))
            if a != b:
                found.append(f"{len(a - b)} and {len(b - a)} other {name}")
    return "; ".join(found)


def _told(report: Report) -> set[tuple[Any, ...]]:
    table = report.findings
    return set(
        zip(
            table["rule"],
            table["grid_ids"],
            table["unit_ids"],
            table["measure"].fillna(0.0).round(2),
            strict=True,
        )
    )
