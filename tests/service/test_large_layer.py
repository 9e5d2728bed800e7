"""A layer of 50,000 features: every client counts as GeoPandas counts on the same file."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest

from tests.service.client_runs import ask_npm, ask_qgis, ogrinfo
from tests.service.outputs import write_outputs
from tests.service.servers import served

COLUMNS, ROWS = 250, 200
BOX = (120.1, 30.1, 120.2, 30.2)
WHERE = "households = 310"
Counts = dict[str, int]


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, gpd.GeoDataFrame]:
    """The folder that is served, and its grids as GeoPandas reads them."""
    folder = tmp_path_factory.mktemp("large") / "out"
    write_outputs(folder, columns=COLUMNS, rows=ROWS)
    grids = gpd.read_file(folder / "grids.geojson")
    (folder / "audit.gpkg").unlink()
    grids.to_file(folder / "audit.gpkg", layer="grids")
    return folder, grids


@pytest.fixture(scope="module")
def url(held: tuple[Path, gpd.GeoDataFrame]) -> Iterator[str]:
    with served(held[0], held[0].parent / "server.log") as address:
        yield address


@pytest.fixture(scope="module")
def expected(held: tuple[Path, gpd.GeoDataFrame]) -> Counts:
    grids = held[1]
    west, south, east, north = BOX
    return {
        "all": len(grids),
        "box": len(grids.cx[west:east, south:north]),
        "where": int((grids["households"] == 310).sum()),
    }


def test_geopandas_counts_what_was_drawn(expected: Counts) -> None:
    assert expected == {"all": 50_000, "box": 144, "where": ROWS}


def test_gdal_of_the_wheel(url: str, expected: Counts) -> None:
    source = f"OAPIF:{url}"
    read = pyogrio.read_dataframe
    every = read(source, layer="grids")
    assert every["grid_id"].is_unique
    assert {
        "all": len(every),
        "box": len(read(source, layer="grids", bbox=BOX)),
        "where": len(read(source, layer="grids", where=WHERE)),
    } == expected
    swapped = read(source, layer="grids", bbox=BOX, CRS="EPSG:4326")
    assert len(swapped) == expected["box"]
    some = read(source, layer="grids", where="households > 500 AND name LIKE '第17行%'")
    assert len(some) == COLUMNS - 201


@pytest.mark.skipif(shutil.which("ogrinfo") is None, reason="gdal-bin is not installed")
def test_gdal_of_the_system(url: str, expected: Counts) -> None:
    spat = ("-spat", *(str(number) for number in BOX))
    for options, count in (((), "all"), (spat, "box"), (("-where", WHERE), "where")):
        assert f"Feature Count: {expected[count]}\n" in ogrinfo(url, *options)


def test_owslib(url: str, expected: Counts) -> None:
    features = pytest.importorskip("owslib.ogcapi.features", reason="OWSLib is not installed")
    client = features.Features(f"{url}/")
    ids: set[str] = set()
    for offset in range(0, expected["all"], 10_000):
        page = client.collection_items("grids", limit=10_000, offset=offset)
        ids |= {found["id"] for found in page["features"]}
    asked = {"filter": WHERE, "filter-lang": "cql2-text"}
    assert {
        "all": len(ids),
        "box": client.collection_items("grids", bbox=list(BOX))["numberMatched"],
        "where": client.collection_items("grids", **asked)["numberMatched"],
    } == expected


def test_qgis(url: str, expected: Counts) -> None:
    found = ask_qgis(url)
    assert {"all": found["all"], "box": found["in_box"], "where": found["subset"]} == expected
    assert (found["expression"], found["tiles"]) == (expected["where"], True)
    assert (found["gpkg"], found["fgb"]) == (expected["all"], expected["all"])


def test_clients_of_npm(url: str, expected: Counts, tmp_path: Path) -> None:
    found = ask_npm(url, tmp_path)
    assert (found["all"], found["page"]) == (expected["all"], expected["box"])
