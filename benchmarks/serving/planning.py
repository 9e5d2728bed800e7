"""What a planner waits for: what-if and locate on Las Palmas, from a server that is warm."""

from pathlib import Path

import numpy as np

from benchmarks.contest import MissingDataError
from benchmarks.places import SHARED
from benchmarks.serving.asking import cost_ms, wall_ms
from benchmarks.serving.servers import Server, ours
from geo.audit import Audit, run_audit
from geo.crs import WGS84
from geo.io import load, project_from_files
from geo.outputs import write_outputs

__all__ = ["WAITS", "Waits", "measure_waits"]

WAITS = ("what if", "locate")
SHARE = 0.95
N_WARM = 10
Waits = dict[str, dict[str, float]]


def measure_waits(folder: Path, *, n: int) -> Waits:
    """Return milliseconds by kind of request: `p50`, `p95` as a client waits, `cpu` of the server.

    Each request adds a site somewhere, moves one and removes one. `MissingDataError` without data.
    """
    audit = _las_palmas()
    write_outputs(audit, folder / "las-palmas")
    with ours(folder / "las-palmas", folder / "las-palmas.log") as server:
        asked = {"what if": _edits(audit, n), "locate": _points(audit, n)}
        return {kind: _wait(server, paths) for kind, paths in asked.items()}


def _wait(server: Server, paths: list[str]) -> dict[str, float]:
    wall_ms(server, paths[:N_WARM])
    taken = np.array(wall_ms(server, paths))
    cpu = cost_ms(server, paths)
    return {"p50": float(np.median(taken)), "p95": float(np.quantile(taken, SHARE)), "cpu": cpu}


def _las_palmas() -> Audit:
    source = SHARED / "las-palmas"
    if not source.is_dir():
        msg = "the real data (../shared/data/las-palmas) is not on this machine"
        raise MissingDataError(msg)
    project = project_from_files(
        grids=source / "school_catchments.gpkg",
        sites=source / "service_sites.geojson",
        buildings=source / "buildings.parquet",
        streets=source / "walk_edges.parquet",
    )
    return run_audit(load(project), select=("C501",))


def _places(audit: Audit, n: int, seed: int) -> list[tuple[float, float]]:
    """Return `n` places of sites, each moved by 200 m or so, as longitude and latitude."""
    random = np.random.default_rng(seed)
    sites = audit.layers.sites
    points = sites.geometry.sample(n, replace=True, random_state=seed)
    shifted = points.translate(*random.normal(0, 200, 2)).to_crs(WGS84)
    return [(round(point.x, 6), round(point.y, 6)) for point in shifted]


def _edits(audit: Audit, n: int) -> list[str]:
    ids = np.random.default_rng(0).choice(list(audit.layers.sites.index), (n, 2))
    places = zip(ids, _places(audit, n, 1), _places(audit, n, 2), strict=True)
    return [
        f"/coverage?add={a[0]},{a[1]}&move={b[0]},{b[1]},{moved}&remove={removed}"
        if moved != removed
        else f"/coverage?add={a[0]},{a[1]}"
        for (moved, removed), a, b in places
    ]


def _points(audit: Audit, n: int) -> list[str]:
    return [f"/locate?lon={lon}&lat={lat}" for lon, lat in _places(audit, n, 3)]
