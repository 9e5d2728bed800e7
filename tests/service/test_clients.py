"""Clients other than GDAL's against a running server: OWSLib, QGIS, two of npm, and validators."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import httpx2
import pytest

from tests.service.client_runs import ask_npm, ask_qgis
from tests.service.outputs import write_outputs
from tests.service.servers import served

COLUMNS, ROWS = 60, 40
N_GRIDS = COLUMNS * ROWS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = write_outputs(tmp_path_factory.mktemp("clients") / "out", columns=COLUMNS, rows=ROWS)
    (made / "audit.gpkg").unlink()
    grids = gpd.read_file(made / "grids.geojson")
    grids.to_file(made / "audit.gpkg", layer="grids")
    return made


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with served(folder, folder.parent / "server.log") as address:
        yield address


class TestOWSLib:
    """OWSLib: asks with `Accept: */*`, pages by offset or by `next`."""

    @pytest.fixture
    def client(self, url: str) -> Any:  # noqa: ANN401
        features = pytest.importorskip("owslib.ogcapi.features", reason="OWSLib is not installed")
        return features.Features(f"{url}/")

    def test_it_finds_the_collections(self, client: Any) -> None:  # noqa: ANN401
        assert client.feature_collections() == ["grids", "units", "sites", "circles", "findings"]
        assert "households" in client.collection_queryables("grids")["properties"]

    def test_pages_hold_every_feature_once(self, client: Any) -> None:  # noqa: ANN401
        seen: list[str] = []
        for offset in range(0, N_GRIDS, 1000):
            page = client.collection_items("grids", limit=1000, offset=offset)
            seen += [found["id"] for found in page["features"]]
        assert len(seen) == len(set(seen)) == N_GRIDS

    def test_it_filters_by_cql2(self, client: Any) -> None:  # noqa: ANN401
        page = client.collection_items(
            "grids",
            filter="households > 355 AND name LIKE '第7行%'",
            **{"filter-lang": "cql2-text"},
        )
        assert page["numberMatched"] == 4

    def test_it_asks_for_a_box_and_one_feature(self, client: Any) -> None:  # noqa: ANN401
        page = client.collection_items("grids", bbox=[120.1, 30.1, 120.2, 30.2])
        assert page["numberMatched"] == 144
        assert client.collection_item("grids", "g1-1")["id"] == "g1-1"


def test_qgis_reads_features_tiles_and_files(url: str) -> None:
    found = ask_qgis(url)
    assert found.pop("pixels") > 10_000
    assert found == {
        "valid": True,
        "crs": "EPSG:4326",
        "all": N_GRIDS,
        "in_box": 144,
        "expression": 40,
        "subset": 40,
        "tiles": True,
        "gpkg": N_GRIDS,
        "fgb": N_GRIDS,
    }


def test_clients_of_npm_read_the_service(url: str, tmp_path: Path) -> None:
    found = ask_npm(url, tmp_path)
    assert found["collections"] == ["grids", "units", "sites", "circles", "findings"]
    assert found["items"] == [f"g0-{n}" for n in range(10, 15)]
    assert "grids" in found["tiles"]
    assert "http://www.opengis.net/def/crs/EPSG/0/4326" in found["crs"]
    assert (found["all"], found["page"], found["one"]) == (N_GRIDS, 144, "g1-1")


def test_the_registry_finds_no_fault(url: str) -> None:
    registry = pytest.importorskip("ogcapi_registry", reason="ogcapi-registry is not installed")
    document = httpx2.get(f"{url}/openapi").json()
    classes = registry.parse_conformance_classes(httpx2.get(f"{url}/conformance").json())
    for result in (
        registry.validate_openapi_structure(document),
        registry.validate_openapi_with_pydantic(document),
        registry.validate_ogc_api(document, classes),
    ):
        assert result.is_valid
        assert result.errors == ()
    report = registry.validate_conformance([entry.uri for entry in classes])
    assert len(classes) > 20
    assert report is not None
