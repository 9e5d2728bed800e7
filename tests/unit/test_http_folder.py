"""What the service starts from, and the files it gives out."""

from pathlib import Path

import geopandas as gpd
import pytest
from starlette.testclient import TestClient

from api.http import Settings, create_app, serve
from geo.errors import GridCircleError, LoadError, NotFoundError, ProjectError
from tests.service.outputs import feature, write_json, write_outputs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_outputs(tmp_path / "out")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"there is no folder .*nowhere"):
        create_app(tmp_path / "nowhere")


def test_a_folder_that_is_no_output_folder(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"not an output folder.*summary\.json, grids\.geojson"):
        create_app(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("grids.geojson", b"{", r"grids\.geojson is not valid JSON"),
        ("grids.geojson", b"", r"grids\.geojson is not valid JSON"),
        ("grids.geojson", b"[]", r"grids\.geojson is not a GeoJSON FeatureCollection"),
        ("sites.geojson", b'{"features": [1]}', r"sites\.geojson is not a GeoJSON"),
        ("summary.json", b"\xff", r"summary\.json is not valid JSON"),
        ("summary.json", b"{}", r"summary\.json does not name its project"),
        ("summary.json", b"null", r"summary\.json does not name its project"),
    ],
)
def test_a_broken_file_is_named(folder: Path, name: str, content: bytes, message: str) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(LoadError, match=message):
        create_app(folder)


def test_a_broken_geometry_is_named_with_its_row(folder: Path) -> None:
    bad = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}
    features = [feature("a", None), feature("b", bad)]
    write_json(folder / "grids.geojson", {"type": "FeatureCollection", "features": features})
    with pytest.raises(LoadError, match=r"feature 2 of .*grids\.geojson"):
        create_app(folder)


def test_errors_have_both_languages() -> None:
    with pytest.raises(GridCircleError) as caught:
        create_app(Path("nowhere"))
    assert "不存在" in caught.value.text("zh")


def test_a_project_may_be_told_with_its_title(folder: Path) -> None:
    project = {"id": "taipei", "title": "臺北市", "language": "en"}
    write_json(folder / "summary.json", {"project": project})
    client = TestClient(create_app(folder))
    assert client.get("/").json()["title"] == "臺北市"
    assert client.get("/projects/taipei").status_code == 200
    assert client.get("/collections/grids").json()["title"] == "Grids"


def test_layers_that_are_not_there_are_not_listed(folder: Path) -> None:
    for name in ("units.geojson", "sites.geojson", "circles.geojson", "findings.geojson"):
        (folder / name).unlink()
    (folder / "map.html").unlink()
    client = TestClient(create_app(folder))
    assert [c["id"] for c in client.get("/collections").json()["collections"]] == ["grids"]
    assert client.get("/map").status_code == 404
    assert "preview" not in {link["rel"] for link in client.get("/").json()["links"]}
    assert client.get("/locate?lon=120.001&lat=30.001").json()["units"] == []


def test_an_empty_layer_is_a_collection_without_features(folder: Path) -> None:
    write_json(folder / "findings.geojson", {"type": "FeatureCollection", "features": []})
    client = TestClient(create_app(folder))
    page = client.get("/collections/findings/items?bbox=0,0,1,1").json()
    assert (page["numberMatched"], page["features"]) == (0, [])
    assert "extent" not in client.get("/collections/findings").json()


def test_repeated_ids_stay_apart(folder: Path) -> None:
    features = [feature(fid, None, n=n) for n, fid in enumerate(("a", "a", "a#2", "a"))]
    write_json(folder / "sites.geojson", {"type": "FeatureCollection", "features": features})
    client = TestClient(create_app(folder))
    found = client.get("/collections/sites/items").json()["features"]
    ids = [one["id"] for one in found]
    assert len(set(ids)) == 4
    assert (ids[0], ids[2]) == ("a", "a#2")
    for n, fid in enumerate(ids):
        url = f"/collections/sites/items/{fid.replace('#', '%23')}"
        assert client.get(url).json()["properties"]["n"] == n


def test_the_map_is_shut_off_from_the_network(folder: Path) -> None:
    answer = TestClient(create_app(folder)).get("/map")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "http" not in answer.headers["content-security-policy"]
    assert "地图" in answer.text


def test_files_are_given_in_parts(folder: Path) -> None:
    client = TestClient(create_app(folder))
    whole = client.get("/files/audit.gpkg")
    part = client.get("/files/audit.gpkg", headers={"Range": "bytes=100-199"})

    assert whole.content == (folder / "audit.gpkg").read_bytes()
    assert whole.headers["accept-ranges"] == "bytes"
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.content)}"
    resumed = {"Range": "bytes=5100-", "If-Range": whole.headers["etag"]}
    assert client.get("/files/audit.gpkg", headers=resumed).content == whole.content[5100:]
    stale = {"Range": "bytes=5100-", "If-Range": '"else"'}
    assert client.get("/files/audit.gpkg", headers=stale).status_code == 200


@pytest.mark.parametrize(
    ("asked", "status"), [("bytes=99999-", 416), ("lines=1-2", 400), ("bytes=5-2", 400)]
)
def test_a_range_that_cannot_be_is_a_problem(folder: Path, asked: str, status: int) -> None:
    client = TestClient(create_app(folder))
    answer = client.get("/files/audit.gpkg", headers={"Range": asked})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "http.bad_range"
    if status == 416:
        assert answer.headers["content-range"] == "bytes */5120"


@pytest.mark.parametrize(
    "name",
    [
        *("secret.txt", "..%2Fsecret.txt", "..%2Fout%2Fsecret.txt", "%2e%2e/secret.txt"),
        *("%2Fetc%2Fpasswd", "..%5Csecret.txt", "summary.json%00", "SUMMARY.JSON"),
    ],
)
def test_only_outputs_are_given_out(folder: Path, name: str) -> None:
    (folder.parent / "secret.txt").write_text("secret", encoding="utf-8")
    answer = TestClient(create_app(folder)).get(f"/files/{name}")
    assert answer.status_code == 404
    assert "secret\n" not in answer.text
    assert str(folder) not in answer.text


def test_a_file_that_went_away_is_not_found(folder: Path) -> None:
    client = TestClient(create_app(folder))
    (folder / "audit.gpkg").unlink()
    assert client.get("/files/audit.gpkg").status_code == 404


def test_limits_that_cannot_be_are_refused() -> None:
    with pytest.raises(ProjectError, match="1 ≤ default ≤ maximum"):
        Settings(default_limit=20, max_limit=10)


def test_a_port_that_is_taken_is_told(folder: Path) -> None:
    with pytest.raises(ProjectError, match="cannot listen on"):
        serve(folder, host="192.0.2.1", port=1)


@pytest.mark.parametrize("ending", ["fgb", "parquet"])
@pytest.mark.parametrize("layer", ["grids", "findings", "sites"])
def test_layers_in_other_formats(folder: Path, tmp_path: Path, layer: str, ending: str) -> None:
    if ending == "parquet":
        pytest.importorskip("pyarrow")
    client = TestClient(create_app(folder))
    answer = client.get(f"/files/{layer}.{ending}")
    assert answer.status_code == 200
    path = tmp_path / f"copy.{ending}"
    path.write_bytes(answer.content)
    read = gpd.read_parquet if ending == "parquet" else gpd.read_file
    found = read(path)
    items = client.get(f"/collections/{layer}/items").json()["features"]
    assert len(found) == len(items)
    assert found.crs.is_geographic
    key = f"{layer.removesuffix('s')}_id"
    assert sorted(found[key]) == sorted(item["properties"][key] for item in items)
    part = client.get(f"/files/{layer}.{ending}", headers={"Range": "bytes=0-99"})
    assert (part.status_code, part.content) == (206, answer.content[:100])
    assert f"/files/{layer}.{ending}" in client.get("/files").text
    assert client.get(f"/files/{layer}.exe").status_code == 404
