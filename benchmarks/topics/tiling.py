"""The whole audit of a tiling against what peers take for its overlaps alone, and against itself.

Ours finds what is invalid, duplicates, overlaps, gaps, neighbours, isolated grids, detached parts
and grids outside their parent. The peers are given less to do: the pairs that share an area, and
that area.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from benchmarks.contest import Contest, Frames, MissingDataError
from benchmarks.meshes import mesh
from benchmarks.places import synthetic
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

WIDTHS = {"noise_width_m": 0.05, "sliver_width_m": 1.0}
MESH = 224
SIZES = {267: "2,400", 5564: "50,000"}


def contests() -> list[Contest]:
    """Return the contests of this topic."""
    cities = [
        _contest(f"synthetic city, about {title} grids", partial(_city, n))
        for n, title in SIZES.items()
    ]
    return [
        *cities,
        _contest("mesh of 50,176 grids, 2 % with a defect", _mesh),
        _contest("the same, each vertex moved by up to 8 mm", partial(_mesh, noise_m=0.008)),
        _contest("the same, units drawn apart by up to 2 m", partial(_mesh, apart_m=2.0)),
    ]


def _contest(name: str, load: Callable[[], Frames]) -> Contest:
    peers: dict[str, Callable[[Frames], Any]] = {
        "one is_valid pass": _is_valid,
        "geopandas.sjoin + intersection": _sjoin,
        "STRtree relate + intersection": _relate,
        "DuckDB spatial join": _duckdb,
        "geopandas.overlay": _overlay,
        "the slow exact way, all checks": _slow_audit,
    }
    return Contest(
        name=f"whole audit of the tiling, {name}",
        load=load,
        ours={"geo.grids, all checks": audit},
        peers=peers,
        difference=_difference,
        note="peers find overlaps alone, without widths, rules and residents; "
        "the slow way is the oracle of the tests",
    )


def _city(n_communities: int) -> Frames:
    layers = synthetic(n_communities)
    if layers.units is None:
        msg = "the city has no units"
        raise MissingDataError(msg)
    return {"grids": layers.grids, "units": layers.units}


def _mesh(**options: float) -> Frames:
    city = mesh(MESH, n_defects=MESH * MESH // 50, **options)
    return {"grids": city.grids, "units": city.units}


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
        "isolated": find_isolated(grids[grids["kind"] == "base"], borders),
        "parts": find_detached_parts(grids),
        "outside": slow.find_outside_parent(grids, units, noise_width_m=WIDTHS["noise_width_m"]),
    }


def _is_valid(frames: Frames) -> Any:  # noqa: ANN401
    return shapely.is_valid(frames["grids"].geometry.array)


def _sjoin(frames: Frames) -> dict[tuple[str, str], float]:
    grids = frames["grids"][["geometry"]].reset_index(names="left")
    both = gpd.sjoin(grids, grids.rename(columns={"left": "right"}), predicate="intersects")
    both = both[both["left"] < both["right"]]
    other = grids.geometry.array[both["index_right"].to_numpy()]
    area = shapely.area(shapely.intersection(both.geometry.array, other))
    return _pairs(both["left"], both["right"], area)


def _relate(frames: Frames) -> dict[tuple[str, str], float]:
    grids = frames["grids"]
    geometry = np.asarray(grids.geometry.array, dtype=object)
    ids = grids.index.to_numpy(dtype=object)
    shapely.prepare(geometry)
    i, j = shapely.STRtree(geometry).query(geometry)
    i, j = i[ids[i] < ids[j]], j[ids[i] < ids[j]]
    meet = shapely.relate_pattern(geometry[i], geometry[j], "2********")
    i, j = i[meet], j[meet]
    area = shapely.area(shapely.intersection(geometry[i], geometry[j]))
    return _pairs(ids[i], ids[j], area)


def _overlay(frames: Frames) -> dict[tuple[str, str], float]:
    grids = frames["grids"].reset_index()[["grid_id", "geometry"]]
    both = gpd.overlay(grids, grids, how="intersection", keep_geom_type=True)
    both = both[both["grid_id_1"] < both["grid_id_2"]]
    return _pairs(both["grid_id_1"], both["grid_id_2"], both.geometry.area)


def _duckdb(frames: Frames) -> dict[tuple[str, str], float]:
    import duckdb  # noqa: PLC0415 - in the extra `bench`
    import duckdb_extension_spatial  # noqa: PLC0415

    grids = frames["grids"]
    connection = duckdb.connect(config={"threads": 1})
    folder = Path(duckdb_extension_spatial.__file__).parent
    (extension,) = folder.rglob("spatial.duckdb_extension")
    connection.load_extension(str(extension))
    table = grids[[]].assign(wkb=shapely.to_wkb(grids.geometry.array)).reset_index()
    connection.register("given", table)
    connection.execute(
        "CREATE TABLE g AS SELECT grid_id AS id, ST_GeomFromWKB(wkb) AS geom FROM given"
    )
    rows = connection.execute(
        "SELECT a.id, b.id, ST_Area(ST_Intersection(a.geom, b.geom)) FROM g a JOIN g b "
        "ON ST_Intersects(a.geom, b.geom) WHERE a.id < b.id"
    ).fetchall()
    return {(a, b): area for a, b, area in rows if area > 0}


def _pairs(left: Any, right: Any, area: Any) -> dict[tuple[str, str], float]:  # noqa: ANN401
    return {
        (a, b): float(m2) for a, b, m2 in zip(left, right, np.asarray(area), strict=True) if m2 > 0
    }


def _difference(ours: dict[str, Any], theirs: Any) -> str:  # noqa: ANN401
    if isinstance(theirs, np.ndarray):
        return "" if (theirs == ours["valid"]).all() else "other grids are valid"
    if "overlaps" in theirs:
        return _other_findings(ours, theirs)
    told = ours["overlaps"].findings
    pairs = dict(zip(told["grid_ids"], told["measure"], strict=True))
    missed = sum(ids not in theirs for ids in pairs)
    off = sum(abs(theirs[ids] - m2) > 0.01 for ids, m2 in pairs.items() if ids in theirs)
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
