"""Loading the real layers: Taipei, Las Palmas, the code tables of five counties."""

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from geo.crs import crs_name
from geo.io import Loaded, load, project_from_files, read_project

TAIPEI = """
[project]
id = "taipei"
title = "臺北市"
{head}
[layers.grids]
path = "{data}/taipei/taipei_admin.gpkg"
layer = "villages_li"
columns = {{ grid_id = "CPTVID", name = "PTVNAME", parent_id = "CPTID" }}
[[layers.units]]
path = "{data}/taipei/taipei_admin.gpkg"
layer = "districts_qu"
level = "district"
columns = {{ unit_id = "CPTID", name = "PTNAME" }}
[layers.sites]
path = "{data}/taipei/taipei_social_welfare_sites.geojson"
[layers.buildings]
path = "{data}/taipei/taipei_building_points.parquet"
"""


def taipei(data: Path, folder: Path, head: str = "") -> Loaded:
    path = folder / "taipei.toml"
    path.write_text(TAIPEI.format(data=data.resolve().as_posix(), head=head), encoding="utf-8")
    return load(read_project(path))


def test_taipei_comes_through_whole(shared_data: Path, tmp_path: Path) -> None:
    loaded = taipei(shared_data, tmp_path, 'crs = "EPSG:3826"')
    layers = loaded.layers
    assert layers.units is not None
    assert layers.sites is not None
    assert layers.buildings is not None
    sizes = [len(layers.grids), len(layers.units), len(layers.sites), len(layers.buildings)]
    assert sizes == [456, 12, 578, 19_878]
    assert crs_name(layers.crs) == "EPSG:3826"
    assert layers.grids.loc["6301200042", "name"] == "臺北市北投區湖田里"
    assert set(layers.grids["parent_id"]) == set(layers.units.index)
    assert layers.levels == ("district",)
    assert layers.sites["category"].nunique() > 5
    assert layers.grids.area.sum() / 1e6 == pytest.approx(271, rel=0.02)
    assert loaded.findings["rule"].tolist() == ["D101", "D101"]  # sites and buildings without ids
    assert len(loaded.quarantine) == 0


def test_taipei_in_degrees_gets_its_utm_zone_not_a_mainland_one(
    shared_data: Path, tmp_path: Path
) -> None:
    assert crs_name(taipei(shared_data, tmp_path).layers.crs) == "EPSG:32651"


def test_vertices_are_projected_as_they_are(shared_data: Path, tmp_path: Path) -> None:
    grids = taipei(shared_data, tmp_path, 'crs = "EPSG:3826"').layers.grids
    path = shared_data / "taipei" / "taipei_admin.gpkg"
    slow = gpd.read_file(path, layer="villages_li").to_crs(3826)
    slow.index = slow["CPTVID"].astype(str)
    distance = shapely.hausdorff_distance(grids.geometry.array, slow.geometry[grids.index].array)
    assert distance.max() < 1e-6


def test_las_palmas_without_a_project(shared_data: Path) -> None:
    folder = shared_data / "las-palmas"
    loaded = load(
        project_from_files(
            grids=folder / "school_catchments.gpkg",
            sites=folder / "service_sites.geojson",
            units=folder / "municipality.gpkg",
            buildings=folder / "buildings.parquet",
        )
    )
    layers = loaded.layers
    # EPSG:5635 is an equal-area projection of all Spain's islands, off by 3.6 % here.
    assert crs_name(layers.crs) == "EPSG:32628"
    assert loaded.sources[0].crs == "EPSG:5635"
    assert layers.sites is not None
    assert layers.buildings is not None
    assert [len(layers.grids), len(layers.sites), len(layers.buildings)] == [29, 603, 20_683]
    assert loaded.sources[0].mapped == {"grid_id": "Codigo", "name": "Denominaci"}
    assert loaded.sources[2].mapped == {
        "site_id": "osm",
        "name": "name",
        "category": "amenity",
    }
    assert layers.buildings.index.is_unique
    assert set(layers.buildings.geom_type) == {"Point"}
    assert len(loaded.quarantine) == 0


def test_streets_of_an_openstreetmap_extract(shared_data: Path) -> None:
    folder = shared_data / "las-palmas"
    loaded = load(
        project_from_files(
            grids=folder / "school_catchments.gpkg",
            streets=folder / "las_palmas_2023_osm_20230221.osm.pbf",
        )
    )
    streets = loaded.layers.streets
    assert streets is not None
    assert len(streets) > 13_000
    assert streets["highway"].notna().all()
    assert set(streets.geom_type) == {"LineString"}


def test_codes_of_another_vintage_are_recognised_and_its_ring_is_repaired(
    shared_data: Path,
) -> None:
    path = shared_data / "taipei" / "taipei_villages_2021_simplified.gpkg"
    loaded = load(project_from_files(grids=path))
    assert loaded.sources[0].mapped == {
        "grid_id": "VILLCODE",
        "name": "VILLNAME",
        "parent_id": "TOWNCODE",
    }
    assert loaded.sources[0].repaired == 1
    assert loaded.findings["rule"].tolist() == ["D104"]
    assert loaded.layers.grids.is_valid.all()


def test_two_bow_ties_among_the_statistical_areas(shared_data: Path) -> None:
    loaded = load(project_from_files(grids=shared_data / "taipei" / "taipei_stat_code2.parquet"))
    assert len(loaded.layers.grids) == 907
    assert loaded.findings["rule"].tolist() == ["D101", "D104", "D104"]


@pytest.mark.parametrize(
    ("name", "rows", "encoding"),
    [("huantai.csv", 353, "utf-8"), ("zhuzhou_lusong_gb18030.csv", 81, "gb18030")],
)
def test_code_tables_serve_as_units_without_places(
    shared_data: Path, name: str, rows: int, encoding: str
) -> None:
    folder = shared_data / "taipei"
    loaded = load(
        project_from_files(
            grids=folder / "taipei_villages_2021_simplified.gpkg",
            units=shared_data / "china-codes" / name,
        )
    )
    units = loaded.layers.units
    assert units is not None
    assert len(units) == rows
    assert units.index.str.len().unique().tolist() == [12]
    assert units["parent_id"].str.len().unique().tolist() == [9]
    assert units.geometry.isna().all()
    assert loaded.sources[1].encoding == encoding
