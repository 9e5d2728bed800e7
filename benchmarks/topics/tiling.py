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
from typing import Any, Literal

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
from geo.layers import Layers
from geo.synth import build_city
from geo.validity import is_valid

WIDTHS = {"noise_width_m": 0.05, "sliver_width_m": 1.0}
Against = Literal["all", "join", "validity"]
"""The peers: all that are installed, a join and one validity pass, or that pass alone."""
MESH = 224
FEW, MANY = 267, 5564
OFF_M2 = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A layer with its units and the pairs of base grids that overlap."""

    frames: Frames
    overlaps: frozenset[tuple[str, str]]

    def score(self, answer: Any) -> tuple[float, float] | None:  # noqa: ANN401
        """Return recall and precision of the pairs of base grids that an answer tells."""
        if not isinstance(answer, dict) or not self.overlaps:
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
    """Return the contests of this topic: small layers, and ours at four sizes."""
    return [
        contest("synthetic city, 18 % planted defects", partial(city, FEW), is_small=True),
        contest(
            "mesh with 69 planted defects",
            partial(layer, 48, n_defects=69, overlap_share=2 / 3),
            is_small=True,
        ),
        *(
            contest(
                f"mesh of {n * n:,} grids, 2 % with a defect", partial(layer, n), against="validity"
            )
            for n in (48, 112, 224, 448)
        ),
    ]


def contest(
    name: str, load: Callable[[], Case], *, is_small: bool = False, against: Against = "all"
) -> Contest:
    """Return the contest of the whole audit on one layer."""
    return Contest(
        name=f"whole audit of the tiling, {name}",
        load=lambda: load().frames,
        ours={"geo.grids, all checks": audit},
        peers=_peers(is_small=is_small, against=against),
        difference=_difference,
        score=lambda answer: load().score(answer),
        note="peers find overlaps alone, without widths, rules and residents; recall and precision "
        "are of overlaps of base grids; the slow way is the oracle of the tests",
    )


def _peers(*, is_small: bool, against: Against) -> dict[str, Contestant]:
    """Return the peers that are installed; tools that take minutes judge small layers only."""
    if against == "validity":
        return {"one is_valid pass": peers.is_valid}
    if against == "join":
        return {
            "one is_valid pass": peers.is_valid,
            "geopandas.sjoin + intersection": peers.sjoin,
        }
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
    found["shapely.coverage_is_valid"] = peers.coverage_is_valid
    found["shapely.coverage_invalid_edges"] = peers.coverage_edges
    if not is_small:
        return found
    found["union_all + difference"] = peers.union_difference
    if find_spec("maup"):
        found["maup.doctor"] = peers.maup_doctor
    if find_spec("geoplanar"):
        found["geoplanar.overlaps"] = peers.geoplanar_overlaps
        found["geoplanar.gaps"] = peers.geoplanar_gaps
    return found


@cache
def city(n_communities: int) -> Case:
    """Return a synthetic city."""
    made = build_city(n_communities, seed=0)
    units = gpd.GeoDataFrame(pd.concat([made.streets, made.communities]), crs=made.crs)
    base = set(made.grids.index[made.grids["kind"] == "base"])
    pairs = [tuple(row["grid_ids"]) for row in made.truth if row["defect"] == "overlap"]
    return Case(
        frames={"grids": made.grids, "units": units},
        overlaps=frozenset((a, b) for a, b in pairs if {a, b} <= base),
    )


@cache
def layer(
    n: int = MESH, *, in_degrees: bool = False, n_defects: int | None = None, **options: float
) -> Case:
    """Return a mesh of n × n grids of 41 vertices, 2 % of them with a defect."""
    made = mesh(n, n_defects=n * n // 50 if n_defects is None else n_defects, **options)
    frames = {"grids": made.grids, "units": made.units}
    if in_degrees:
        frames = {k: f.to_crs("EPSG:4326").to_crs(f.crs) for k, f in frames.items()}
    return Case(frames=frames, overlaps=frozenset(made.overlaps))


def audit(frames: Frames) -> dict[str, Any]:
    """Check everything there is about a tiling."""
    grids, units = frames["grids"], frames["units"]
    levels = tuple(units["level"].unique())
    outlines = Layers(grids=grids, units=units, levels=levels).outlines
    valid = is_valid(grids.geometry.array)
    tiling = tile(grids, outlines, noise_width_m=WIDTHS["noise_width_m"])
    borders = neighbours(grids, sliver_width_m=WIDTHS["sliver_width_m"], tiling=tiling)
    return {
        "valid": valid,
        "overlaps": find_overlaps(grids, **WIDTHS, tiling=tiling),
        "gaps": find_gaps(grids, outlines, **WIDTHS, tiling=tiling),
        "borders": borders,
        "mismatches": find_mismatches(
            grids, borders, sliver_width_m=WIDTHS["sliver_width_m"], tiling=tiling
        ),
        "isolated": find_isolated(grids, borders, tiling=tiling),
        "parts": find_detached_parts(grids, tiling=tiling),
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
        "isolated": find_isolated(grids, borders),
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
