"""The independent oracle holds on real audits; it reads the source files itself."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from api.commands import main
from geo.examples import example_project


def _audit(project: Path, out: Path) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["audit", str(project), "-o", str(out), "--fail-on", "never"])
    assert not stop.value.code


def _oracle(acceptance: Path, out: Path, *arguments: object) -> None:
    done = subprocess.run(
        [sys.executable, acceptance / "oracle.py", out, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _project(folder: Path, body: str) -> Path:
    path = folder / "project.toml"
    path.write_text(body, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def taipei(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("taipei")
    data = (shared_data / "taipei").as_posix()
    body = f"""
[project]
id = "taipei"
title = "臺北市"
crs = "EPSG:3826"
[layers.grids]
path = "{data}/taipei_admin.gpkg"
layer = "villages_li"
columns = {{ grid_id = "CPTVID", name = "PTVNAME" }}
[layers.sites]
path = "{data}/taipei_social_welfare_sites.geojson"
[layers.buildings]
path = "{data}/taipei_building_points.parquet"
"""
    _audit(_project(folder, body), folder / "out")
    return folder / "out"


def test_taipei_holds(taipei: Path, shared_data: Path, acceptance: Path) -> None:
    data = shared_data / "taipei"
    _oracle(
        acceptance, taipei,
        "--grids", data / "taipei_admin.gpkg", "--layer", "villages_li", "--id", "CPTVID",
        "--sites", data / "taipei_social_welfare_sites.geojson",
        "--buildings", data / "taipei_building_points.parquet",
    )  # fmt: skip


def test_taipei_is_whole(taipei: Path) -> None:
    summary = json.loads((taipei / "summary.json").read_text(encoding="utf-8"))
    assert summary["counts"]["grids"] == 456
    assert summary["counts"]["sites"] == 578
    assert summary["findings"].get("G201", 0) == 0


def test_las_palmas_with_streets_holds(shared_data: Path, acceptance: Path, tmp_path: Path) -> None:
    data = shared_data / "las-palmas"
    body = f"""
[project]
id = "las-palmas"
title = "Las Palmas"
language = "en"
[layers.grids]
path = "{data.as_posix()}/school_catchments.gpkg"
columns = {{ grid_id = "Codigo", name = "Denominaci" }}
[layers.sites]
path = "{data.as_posix()}/service_sites.geojson"
[layers.buildings]
path = "{data.as_posix()}/buildings.parquet"
[layers.streets]
path = "{data.as_posix()}/walk_edges.parquet"
"""
    _audit(_project(tmp_path, body), tmp_path / "out")
    _oracle(
        acceptance, tmp_path / "out",
        "--grids", data / "school_catchments.gpkg", "--id", "Codigo",
        "--sites", data / "service_sites.geojson", "--buildings", data / "buildings.parquet",
    )  # fmt: skip


def test_helsinki_holds(acceptance: Path, tmp_path: Path) -> None:
    project = example_project("helsinki", tmp_path / "example")
    _audit(project, tmp_path / "out")
    source = next(project.parent.glob("*.gpkg"))
    _oracle(
        acceptance, tmp_path / "out",
        "--grids", source, "--layer", "grids", "--id", "grid_id",
        "--sites", source, "--site-layer", "sites",
        "--buildings", source, "--buildings-layer", "buildings",
    )  # fmt: skip
