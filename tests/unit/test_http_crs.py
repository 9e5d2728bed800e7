"""OGC API – Features Part 2: reference systems, and axes in the order of their authority."""

from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
from starlette.testclient import TestClient

from api.http import create_app
from tests.service.outputs import feature, square, write_json, write_outputs

ITEMS = "/collections/grids/items"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
NORTH_FIRST = (4326, 4490, 4549)  # EPSG:4549 is the CGCS2000 zone of 120° E: north, east
EAST_FIRST = (3857,)


def uri(code: int) -> str:
    return f"http://www.opengis.net/def/crs/EPSG/0/{code}"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    return TestClient(create_app(write_outputs(tmp_path_factory.mktemp("served") / "out")))


def ring(document: dict[str, Any]) -> np.ndarray:
    return np.array(document["geometry"]["coordinates"][0])


def test_a_collection_names_its_systems(client: TestClient) -> None:
    found = client.get("/collections/grids").json()
    assert found["crs"] == [CRS84, *(uri(code) for code in (4326, 3857, 4490, 4549))]
    assert found["storageCrs"] == uri(4326)


@pytest.mark.parametrize("code", [*NORTH_FIRST, *EAST_FIRST])
def test_coordinates_are_those_of_proj_in_the_order_of_the_authority(
    client: TestClient, code: int
) -> None:
    held = client.get(f"{ITEMS}/g1-2").json()
    answer = client.get(f"{ITEMS}/g1-2", params={"crs": uri(code)})
    assert answer.headers["content-crs"] == f"<{uri(code)}>"

    # always_xy is off: PROJ itself gives the axes in the order of the authority
    to = pyproj.Transformer.from_crs("OGC:CRS84", f"EPSG:{code}")
    expected = np.column_stack(to.transform(*ring(held).T))
    assert ring(answer.json()) == pytest.approx(expected, abs=1e-4)
    assert answer.json()["properties"] == held["properties"]

    (listed,) = client.get(ITEMS, params={"crs": uri(code), "grid_id": "g1-2"}).json()["features"]
    assert listed["geometry"] == answer.json()["geometry"]


def test_latitude_comes_first_in_4326_and_last_in_crs84(client: TestClient) -> None:
    assert ring(client.get(f"{ITEMS}/g0-0").json())[0].tolist() == [120, 30]
    swapped = client.get(f"{ITEMS}/g0-0", params={"crs": uri(4326)}).json()
    assert ring(swapped)[0].tolist() == [30, 120]


@pytest.mark.parametrize("code", [*NORTH_FIRST, *EAST_FIRST])
def test_a_box_is_read_in_its_own_system(client: TestClient, code: int) -> None:
    to = pyproj.Transformer.from_crs("OGC:CRS84", f"EPSG:{code}")
    low, high = to.transform(120.012, 30.002), to.transform(120.018, 30.008)
    box = ",".join(f"{number:.18g}" for number in (*low, *high))
    page = client.get(ITEMS, params={"bbox": box, "bbox-crs": uri(code)}).json()
    assert [found["id"] for found in page["features"]] == ["g0-1"]
    assert (page["numberMatched"], ring(page["features"][0])[0][0]) == (1, 120.01)


def test_what_crosses_the_antimeridian_does_so_in_either_order(client: TestClient) -> None:
    for name, box in ((CRS84, "120.025,29,-170,31"), (uri(4326), "29,120.025,31,-170")):
        page = client.get(ITEMS, params={"bbox": box, "bbox-crs": name}).json()
        assert [found["id"] for found in page["features"]] == ["g0-2", "g1-2"]
    wrong = client.get(ITEMS, params={"bbox": "2,0,1,9", "bbox-crs": uri(3857)})
    assert wrong.status_code == 400


@pytest.mark.parametrize(
    "name", [CRS84, CRS84.replace("http:", "https:"), "EPSG:4326", "urn:ogc:def:crs:EPSG::4326"]
)
def test_other_spellings_are_understood(client: TestClient, name: str) -> None:
    answer = client.get(ITEMS, params={"crs": name})
    expected = CRS84 if "CRS84" in name else uri(4326)
    assert answer.headers["content-crs"] == f"<{expected}>"


@pytest.mark.parametrize("parameter", ["crs", "bbox-crs", "filter-crs"])
@pytest.mark.parametrize("name", [uri(27700), "EPSG:0", "", "x" * 5000, "EPSG:\uff14326"])
def test_a_system_that_is_not_listed_is_refused(
    client: TestClient, parameter: str, name: str
) -> None:
    answer = client.get(ITEMS, params={parameter: name, "bbox": "0,0,1,1"})
    assert answer.status_code == 400
    assert len(answer.content) < 2000


def test_next_keeps_the_system(client: TestClient) -> None:
    page = client.get(ITEMS, params={"crs": uri(4326), "limit": "2"}).json()
    following = next(link["href"] for link in page["links"] if link["rel"] == "next")
    answer = client.get(following)
    assert answer.headers["content-crs"] == f"<{uri(4326)}>"
    assert ring(answer.json()["features"][0])[0][0] == 30


def test_the_working_crs_of_the_audit_is_one(tmp_path: Path) -> None:
    folder = write_outputs(tmp_path / "out")
    summary = {"schema_version": 1, "project": "demo", "crs": "EPSG:32651"}
    write_json(folder / "summary.json", summary)
    systems = TestClient(create_app(folder)).get("/collections/sites").json()["crs"]
    assert uri(32651) in systems


def test_what_cannot_be_projected_has_no_place(tmp_path: Path) -> None:
    # Mercator has no pole
    folder = write_outputs(tmp_path / "out")
    pole = {"type": "Point", "coordinates": [0, 90]}
    features = [feature("pole", pole), feature("a", square(0, 0, 1)), feature("none", None)]
    write_json(folder / "grids.geojson", {"type": "FeatureCollection", "features": features})
    client = TestClient(create_app(folder))
    page = client.get(ITEMS, params={"crs": uri(3857)}).json()
    shapes = {found["id"]: found["geometry"] for found in page["features"]}
    assert shapes["none"] is None
    assert shapes["a"]["coordinates"][0][1][0] == pytest.approx(111319.4908)
    assert shapes["pole"] is None or shapes["pole"]["coordinates"][1] > 1e8
