"""The examples are complete, tile where they say so, and travel inside the wheel."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.errors import NotFoundError
from geo.examples import EXAMPLES, example_project

ROOT = Path(__file__).resolve().parents[2]


def read(project: Path, layer: str) -> gpd.GeoDataFrame:
    return gpd.read_file(project.parent / f"{project.parent.name}.gpkg", layer=layer)


@pytest.fixture(scope="module")
def helsinki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return example_project("helsinki", tmp_path_factory.mktemp("examples") / "helsinki")


@pytest.fixture(scope="module")
def taipei(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return example_project("taipei", tmp_path_factory.mktemp("examples") / "taipei")


def test_an_unknown_name_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r'called "atlantis".*helsinki、taipei、city') as caught:
        example_project("atlantis", tmp_path)
    assert "示例" in caught.value.text("zh")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["helsinki", "taipei"])
def test_a_project_names_only_files_that_are_beside_it(name: str, tmp_path: Path) -> None:
    project = example_project(name, tmp_path / name)
    content = tomllib.loads(project.read_text(encoding="utf-8"))
    assert content["project"]["id"] == name
    for layer in content["layers"].values():
        for entry in layer if isinstance(layer, list) else [layer]:
            assert (project.parent / entry["path"]).is_file()
    assert "icen" in (project.parent / "LICENSE.txt").read_text(encoding="utf-8")


def test_a_second_call_mends_what_was_changed_and_leaves_the_rest(tmp_path: Path) -> None:
    project = example_project("taipei", tmp_path / "taipei")
    data, notes = project.with_name("taipei.gpkg"), project.with_name("notes.txt")
    whole = data.read_bytes()
    data.write_bytes(whole[:1000])
    notes.write_text("mine", encoding="utf-8")

    assert example_project("taipei", tmp_path / "taipei") == project

    assert data.read_bytes() == whole
    assert notes.read_text(encoding="utf-8") == "mine"
    assert not list(project.parent.glob("*.part"))


def test_the_blocks_of_helsinki_tile_one_connected_area_exactly(helsinki: Path) -> None:
    grids = read(helsinki, "grids")
    union = shapely.union_all(grids.geometry.array)

    assert grids["grid_id"].is_unique
    assert grids["name"].str.len().min() > 0
    assert grids.is_valid.all()
    assert shapely.coverage_is_valid(grids.geometry.array)
    assert union.geom_type == "Polygon"
    assert not union.interiors
    assert grids.area.sum() == pytest.approx(union.area, abs=1e-6)
    assert grids.area.min() >= 2000.0


def test_helsinki_has_public_services_only_and_buildings_in_four_fifths_of_the_blocks(
    helsinki: Path,
) -> None:
    grids, sites, buildings = (read(helsinki, name) for name in ("grids", "sites", "buildings"))

    assert sites["site_id"].is_unique
    assert sites["category"].notna().all()
    assert not set(sites["category"]) & {"bench", "cafe", "restaurant", "parking"}
    assert not {"residents", "households"} & set(buildings.columns)
    centroids = gpd.GeoDataFrame(geometry=buildings.centroid, crs=buildings.crs)
    held = centroids.sjoin(grids, predicate="intersects")
    assert len(held) == len(buildings)
    assert held["grid_id"].nunique() >= 0.8 * len(grids)


def test_helsinki_streets_keep_the_vertices_that_ways_share(helsinki: Path) -> None:
    streets = read(helsinki, "streets")
    xy, street = shapely.get_coordinates(streets.geometry.array, return_index=True)
    vertices = pd.DataFrame({"x": xy[:, 0], "y": xy[:, 1], "street": street}).drop_duplicates()
    n_ways = vertices.groupby(["x", "y"])["street"].transform("size")
    joined = vertices.loc[n_ways > 1, "street"].nunique()
    assert joined > 0.95 * len(streets)
    assert streets["modes"].str.startswith("walk").all()


def test_taipei_has_456_villages_each_in_one_of_12_districts(taipei: Path) -> None:
    villages, districts = read(taipei, "villages"), read(taipei, "districts")

    assert (len(villages), len(districts)) == (456, 12)
    assert villages["VILLCODE"].is_unique
    assert set(villages["TOWNCODE"]) == set(districts["TOWNCODE"])
    assert villages["VILLNAME"].str.endswith("里").all()
    assert districts["TOWNNAME"].str.endswith("區").all()
    assert int((~villages.is_valid).sum()) == 1


def test_the_city_is_written_where_it_was_asked_for(tmp_path: Path) -> None:

    project = example_project("city", tmp_path / "city")
    assert project.parent == tmp_path / "city"
    assert (project.parent / "truth.json").is_file()
    assert tomllib.loads(project.read_text(encoding="utf-8"))["layers"]["grids"]


def test_the_wheel_carries_the_examples_and_they_work_from_it(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="hatchling is not installed: no wheel can be built")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)

    code = (
        f"import sys; sys.path[0] = {str(site)!r}\n"
        "import geo.examples as e; from pathlib import Path\n"
        f"assert Path(e.__file__).is_relative_to({str(site)!r}), e.__file__\n"
        f"print(e.example_project('helsinki', Path({str(tmp_path / 'out')!r})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True
    )

    assert Path(done.stdout.strip()).is_file()
    assert (tmp_path / "out" / "helsinki.gpkg").stat().st_size > 100_000
    assert {folder.name for folder in (site / "geo/examples/data").iterdir()} == set(EXAMPLES[:2])
