"""Repair of overlaps and gaps: ours against the public tools, and what each leaves behind.

mapshaper is an npm package (`npm install -g mapshaper`) and runs as a process of its own: its CPU
time is that of the process. A tool that is not here is left out, and the note says why.
"""

import shutil
import subprocess
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from importlib.util import find_spec
from io import StringIO
from multiprocessing import get_context
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from benchmarks.contest import Contest, Contestant, Frames, MissingDataError
from benchmarks.places import SHARED, synthetic
from geo.grids import find_gaps, find_overlaps
from geo.planning import RepairRules, repair_grids

NOISE_M = 0.05
SLIVER_M = 1.0
LOST_M2 = 1.0
GAP_M = 50.0
GAP_M2 = 100_000
DEFECTS = ("G201", "G202", "G203", "G204")
SLOW_FROM = 10_000
BOUND_S = 300
"""From so many grids on smart_repair runs in a process of its own, for so many seconds at most."""


def contests() -> list[Contest]:
    """Return the contests of this topic."""
    return [
        _contest("Las Palmas, 29 catchments", _las_palmas, n_grids=29),
        _contest("synthetic city, 267 communities", lambda: _city(267), n_grids=2_400),
        _contest("synthetic city, 5,556 communities", lambda: _city(5556), n_grids=50_000),
    ]


def _contest(name: str, load: Callable[[], Frames], *, n_grids: int) -> Contest:
    peers, missing = _peers(n_grids)
    return Contest(
        name=f"repair of base grids, {name}",
        load=load,
        ours={"geo.planning.repair_grids": _ours},
        peers=peers,
        difference=_difference,
        note=(
            "ours includes the audits before and after and the change table; lost: grids emptied; "
            "robbed: grids that lost over 1 m² that no other claimed; moved: symmetric difference "
            "of before and after; disputed: overlaps and gaps by our audit; left: by our audit; "
            + "; ".join(missing or ["all tools are here"])
        ),
    )


def _las_palmas() -> Frames:
    path = SHARED / "las-palmas" / "school_catchments.gpkg"
    if not path.is_file():
        msg = "the real data (../shared/data/las-palmas) is not on this machine"
        raise MissingDataError(msg)
    frame = gpd.read_file(path).to_crs("EPSG:32628")
    frame.geometry = shapely.make_valid(frame.geometry.array)
    frame.index = [str(code).removesuffix(".0") for code in frame["Codigo"]]
    return {"grids": frame.rename_axis("grid_id").assign(kind="base")[["kind", "geometry"]]}


def _city(n_communities: int) -> Frames:
    layers = synthetic(n_communities)
    outlines = layers.outlines
    assert outlines is not None
    return {"grids": layers.base_grids, "units": outlines}


def _peers(n_grids: int) -> tuple[dict[str, Contestant], list[str]]:
    """Return the tools that are here, and why others are not."""
    peers: dict[str, Contestant] = {}
    missing = []
    if hasattr(shapely, "coverage_clean"):
        peers["shapely.coverage_clean"] = _coverage_clean
    else:
        missing.append("shapely.coverage_clean left out: GEOS is older than 3.14")
    if shutil.which("mapshaper"):
        peers["mapshaper -clean"] = _mapshaper
    else:
        missing.append("mapshaper left out: not installed")
    if find_spec("maup"):
        peers["maup.smart_repair"] = _smart_repair if n_grids < SLOW_FROM else _bounded_smart_repair
    else:
        missing.append("maup.smart_repair left out: not installed")
    return peers, missing


def _ours(frames: Frames) -> gpd.GeoDataFrame:
    rules = RepairRules(noise_width_m=NOISE_M, sliver_width_m=SLIVER_M)
    repair = repair_grids(frames["grids"], rules=rules, outlines=frames.get("units"))
    mended = repair.grids
    mended.attrs = {"before": frames["grids"], "units": frames.get("units")}
    return mended


def _coverage_clean(frames: Frames) -> gpd.GeoDataFrame:
    grids = frames["grids"]
    clean = shapely.coverage_clean(grids.geometry.array, gap_width=GAP_M)
    return grids.set_geometry(gpd.GeoSeries(clean, index=grids.index, crs=grids.crs))


def _smart_repair(frames: Frames) -> gpd.GeoDataFrame:
    import maup  # noqa: PLC0415 (not everyone has it)

    grids = frames["grids"].reset_index()
    silent = StringIO()
    with warnings.catch_warnings(), redirect_stdout(silent), redirect_stderr(silent):
        warnings.simplefilter("ignore")
        mended = maup.smart_repair(grids)
    return mended.set_index("grid_id")


def _bounded_smart_repair(frames: Frames) -> gpd.GeoDataFrame | None:
    """Return what smart_repair makes of it; None where it has not ended after `BOUND_S`."""
    with tempfile.TemporaryDirectory() as name:
        given, made = Path(name) / "in.parquet", Path(name) / "out.parquet"
        frames["grids"].to_parquet(given)
        run = get_context("spawn").Process(target=_smart_repair_file, args=(given, made))
        run.start()
        run.join(BOUND_S)
        if run.is_alive():
            run.kill()
        run.join()
        return gpd.read_parquet(made) if made.is_file() else None


def _smart_repair_file(given: Path, made: Path) -> None:
    _smart_repair({"grids": gpd.read_parquet(given)}).to_parquet(made)


def _mapshaper(frames: Frames) -> gpd.GeoDataFrame:
    grids = frames["grids"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        local = grids[["geometry"]].reset_index().set_crs(None, allow_override=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # metres without a CRS are meant
            local.to_file(folder / "in.shp", engine="pyogrio")
        command = [str(shutil.which("mapshaper")), "in.shp"]
        command += ["-clean", f"gap-fill-area={GAP_M2}", "-o", "out.shp"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        mended = gpd.read_file(folder / "out.shp").set_index("grid_id")
    return grids[["kind"]].join(mended).set_geometry("geometry").set_crs(grids.crs)


def _difference(ours: gpd.GeoDataFrame, theirs: gpd.GeoDataFrame | None) -> str:
    if theirs is None:
        return f"not ended after {BOUND_S} s"
    told = {"ours": ours, "theirs": theirs}
    before, units = ours.attrs["before"], ours.attrs["units"]
    faults = _faults(before, units)
    figures = [f"{name}: {_figures(before, after, units)}" for name, after in told.items()]
    return "; ".join(
        [f"{len(faults)} defects, {faults['measure'].sum():,.0f} m² disputed", *figures]
    )


def _figures(
    before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, units: gpd.GeoDataFrame | None
) -> str:
    old = np.asarray(before.geometry.array, dtype=object)
    new = np.asarray(after.geometry.reindex(before.index).array, dtype=object)
    new = np.where(shapely.is_missing(new), shapely.Polygon(), new)
    new = shapely.make_valid(new)
    is_lost = shapely.area(new) < LOST_M2
    at = np.flatnonzero(~shapely.equals_exact(old, new) & ~is_lost)
    robbed = shapely.area(shapely.difference(_undisputed(old, at), new[at])) > LOST_M2
    moved_m2 = shapely.area(shapely.symmetric_difference(old, new)).sum()
    same = np.mean(_plain_wkb(old) == _plain_wkb(new))
    left = _left(before[~is_lost].set_geometry(_polygons(new[~is_lost], before[~is_lost])), units)
    return (
        f"{is_lost.sum()} lost, {robbed.sum()} robbed, {moved_m2:,.0f} m² moved, "
        f"left {left or 'none'}, {same:.1%} with the same vertices"
    )


def _undisputed(shapes: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return what of each of the shapes `at` no other one claims."""
    tree = shapely.STRtree(shapes)
    return np.array(
        [
            shapely.difference(
                shapes[k], shapely.union_all(shapes[[j for j in tree.query(shapes[k]) if j != k]])
            )
            for k in at
        ],
        dtype=object,
    )


def _plain_wkb(shapes: np.ndarray) -> np.ndarray:
    """Return WKB that does not depend on where rings start, which way they run, or on the type."""
    parts = [shapely.multipolygons(shapely.get_parts(shapely.normalize(each))) for each in shapes]
    return np.asarray(shapely.to_wkb(parts), dtype=object)


def _polygons(shapes: np.ndarray, like: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return `shapes` without the lines and points that a tool has left in them."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    keep = shapely.get_dimensions(parts) == 2
    groups = pd.Series(parts[keep]).groupby(owner[keep])
    union = groups.agg(lambda some: shapely.union_all(list(some))).reindex(range(len(shapes)))
    return gpd.GeoSeries(list(union), index=like.index, crs=like.crs)


def _left(after: gpd.GeoDataFrame, units: gpd.GeoDataFrame | None) -> str:
    count = Counter(_faults(after, units)["rule"])
    return " ".join(f"{rule} {n}" for rule, n in sorted(count.items()))


def _faults(grids: gpd.GeoDataFrame, units: gpd.GeoDataFrame | None) -> pd.DataFrame:
    """Return rule and measure (m²) of the overlaps, gaps and slivers."""
    limits = {"noise_width_m": NOISE_M, "sliver_width_m": SLIVER_M}
    reports = (find_overlaps(grids, **limits), find_gaps(grids, units, **limits))
    found = pd.concat([report.findings[["rule", "measure"]] for report in reports])
    return found[found["rule"].isin(DEFECTS)]
