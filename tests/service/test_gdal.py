"""GDAL's own OAPIF driver against a running server: every feature, and the right ones."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import httpx2
import pyogrio
import pytest
import shapely

from tests.service.client_runs import ogrinfo, run
from tests.service.outputs import write_outputs
from tests.service.servers import served

COLUMNS, ROWS = 60, 40
N_GRIDS = COLUMNS * ROWS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_outputs(tmp_path_factory.mktemp("gdal") / "out", columns=COLUMNS, rows=ROWS)


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with served(folder, folder.parent / "server.log") as address:
        yield address


@pytest.fixture(scope="module")
def expected(folder: Path) -> gpd.GeoDataFrame:
    return gpd.read_file(folder / "grids.geojson").set_index("grid_id")


def read(url: str, layer: str = "grids", **how: object) -> gpd.GeoDataFrame:
    return pyogrio.read_dataframe(f"OAPIF:{url}", layer=layer, **how)


def test_all_layers_are_listed(url: str) -> None:
    names = [name for name, _ in pyogrio.list_layers(f"OAPIF:{url}")]
    assert names == ["grids", "units", "sites", "circles", "findings"]


def test_every_feature_is_read_once(url: str, expected: gpd.GeoDataFrame) -> None:
    found = read(url).set_index("grid_id")

    assert len(found) == N_GRIDS
    assert found.index.is_unique
    found = found.loc[expected.index]
    assert shapely.equals(found.geometry.array, expected.geometry.array).all()
    for column in ("name", "households", "area_m2", "is_orphan", "note"):
        assert found[column].tolist() == expected[column].tolist()
    assert found.crs.to_epsg() == 4326


@pytest.mark.parametrize(
    "bbox",
    [
        (120.1, 30.1, 120.2, 30.2),
        (120.105, 30.105, 120.1051, 30.1051),
        (120.6, 30.4, 121, 31),
        (119.9, 29.9, 120.0, 30.0),
        (-10.0, -10.0, 10.0, 10.0),
        (120.123456789012345, 30.012345678901234, 120.4, 30.2),
    ],
)
def test_exactly_the_features_in_a_box(
    url: str, expected: gpd.GeoDataFrame, bbox: tuple[float, float, float, float]
) -> None:
    found = read(url, bbox=bbox)
    inside = expected[expected.intersects(shapely.box(*bbox))]
    assert sorted(found["grid_id"]) == sorted(inside.index)


@pytest.mark.parametrize(
    "where",
    [
        "name = '第7行5列'",
        "households = 310",
        "area_m2 = 1003.5",
        "parent_id = 'west' AND households = 305",
        "households > 350",
        "is_orphan = 1",
        "grid_id = 'g1-1' OR grid_id = 'g2-2'",
    ],
)
def test_exactly_the_features_of_an_attribute(
    url: str, expected: gpd.GeoDataFrame, where: str
) -> None:
    conditions = {
        "name = '第7行5列'": expected["name"] == "第7行5列",
        "households = 310": expected["households"] == 310,
        "area_m2 = 1003.5": expected["area_m2"] == 1003.5,
        "parent_id = 'west' AND households = 305": (expected["parent_id"] == "west")
        & (expected["households"] == 305),
        "households > 350": expected["households"] > 350,
        "is_orphan = 1": expected["is_orphan"].astype(bool),
        "grid_id = 'g1-1' OR grid_id = 'g2-2'": expected.index.isin(["g1-1", "g2-2"]),
    }
    found = read(url, where=where)
    assert sorted(found["grid_id"]) == sorted(expected.index[conditions[where]])
    assert len(found) > 0


def test_a_filter_in_a_box(url: str, expected: gpd.GeoDataFrame) -> None:
    box = (120.0, 30.0, 120.099, 30.099)
    found = read(url, bbox=box, where="households = 305")
    inside = expected[expected.intersects(shapely.box(*box)) & (expected["households"] == 305)]
    assert sorted(found["grid_id"]) == sorted(inside.index)
    assert len(found) == 10


def test_features_without_a_place_are_read_too(url: str) -> None:
    found = read(url, "findings")
    assert found["finding_id"].tolist() == ["a/b c", "f2"]
    assert found.geometry.isna().tolist() == [True, False]


def test_the_served_geopackage_is_the_file(url: str, folder: Path) -> None:
    answer = httpx2.get(f"{url}/files/audit.gpkg")
    assert answer.content == (folder / "audit.gpkg").read_bytes()


def test_raw_paths_do_not_leave_the_folder(url: str) -> None:
    for path in ("/files/../secret.txt", "/files/%2e%2e%2fsecret.txt", "/files/..%5csecret.txt"):
        answer = httpx2.get(f"{url}{path}")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.skipif(shutil.which("ogrinfo") is None, reason="gdal-bin is not installed")
class TestTheToolsOfTheSystem:
    """Debian's GDAL, older than the one in the wheel."""

    def test_ogrinfo_counts_all(self, url: str) -> None:
        assert f"Feature Count: {N_GRIDS}" in ogrinfo(url)

    def test_ogrinfo_counts_in_a_box(self, url: str) -> None:
        box = ("-spat", "120.001", "30.001", "120.019", "30.009")
        assert "Feature Count: 2" in ogrinfo(url, *box)

    def test_ogrinfo_counts_an_attribute(self, url: str) -> None:
        assert "Feature Count: 40" in ogrinfo(url, "-where", "households = 310")

    def test_ogr2ogr_copies_all(self, url: str, tmp_path: Path) -> None:
        copy = tmp_path / "copy.geojson"
        run("ogr2ogr", "-f", "GeoJSON", str(copy), f"OAPIF:{url}", "grids")
        assert pyogrio.read_info(copy)["features"] == N_GRIDS


def test_a_layer_in_another_crs(url: str, expected: gpd.GeoDataFrame) -> None:
    for crs in ("EPSG:4549", "EPSG:3857"):
        found = read(url, CRS=crs).set_index("grid_id").loc[expected.index]
        assert found.crs.to_epsg() == int(crs.removeprefix("EPSG:"))
        moved = expected.to_crs(crs)
        assert shapely.hausdorff_distance(found.geometry.array, moved.geometry.array).max() < 0.001


def test_a_box_in_another_crs(url: str, expected: gpd.GeoDataFrame) -> None:
    moved = expected.to_crs("EPSG:4549")
    box = tuple(moved.loc["g7-5"].geometry.centroid.buffer(1800).bounds)
    found = read(url, bbox=box, CRS="EPSG:4549")
    inside = moved[moved.intersects(shapely.box(*box))]
    assert sorted(found["grid_id"]) == sorted(inside.index)
    assert len(found) > 9


def test_an_equality_is_left_to_the_server(url: str, folder: Path) -> None:
    assert len(read(url, where="households = 333 AND parent_id = 'east'")) == ROWS
    log = (folder.parent / "server.log").read_text(encoding="utf-8")
    assert "households=333" in log
    assert "parent_id=east" in log


def test_locate_finds_the_grid_of_a_click(url: str, expected: gpd.GeoDataFrame) -> None:
    for fid in ("g0-0", "g39-59"):
        place = expected.loc[fid].geometry.centroid
        answer = httpx2.get(f"{url}/locate", params={"lon": place.x, "lat": place.y})
        assert answer.json()["grid"]["id"] == fid
