"""What-if over HTTP: a served output folder is asked, nothing is kept."""

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.http import create_app
from geo.audit import run_audit
from geo.io import load, read_project
from geo.outputs import write_outputs
from geo.synth import build_city, write_city
from tests.service.outputs import write_outputs as drawn

TIERS = {"walk_5", "walk_10", "walk_15"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    folder = tmp_path_factory.mktemp("whatif")
    audit = run_audit(load(read_project(write_city(build_city(2, seed=5), folder))), select=("C",))
    write_outputs(audit, folder / "out")
    return TestClient(create_app(folder / "out"))


@pytest.fixture(scope="module")
def place(client: TestClient) -> tuple[float, float, str]:
    site = client.get("/collections/sites/items?limit=1").json()["features"][0]
    lon, lat = site["geometry"]["coordinates"]
    return lon, lat, site["id"]


def test_nothing_asked_is_the_city_as_it_is(client: TestClient) -> None:
    answer = client.get("/coverage").json()
    assert answer["model"] == "network"
    assert set(answer["tiers"]) == TIERS
    for tier in answer["tiers"].values():
        assert tier["before"] == tier["after"]
        assert tier["changed"] == []
    assert answer["circles"]["features"] == []


def test_body_and_url_ask_the_same(client: TestClient, place: tuple[float, float, str]) -> None:
    lon, lat, site = place
    body = {
        "add": [{"lon": lon + 0.001, "lat": lat}],
        "remove": [site],
        "links": [{"from": {"lon": lon, "lat": lat}, "to": {"lon": lon + 0.002, "lat": lat}}],
    }
    sent = client.post("/projects/synth-2-5/coverage", json=body)
    assert sent.status_code == 200, sent.text
    assert sent.headers["access-control-allow-origin"] == "*"
    link = f"{lon},{lat},{lon + 0.002},{lat}"
    got = client.get(
        "/coverage", params={"add": f"{lon + 0.001},{lat}", "remove": site, "link": link}
    )
    assert sent.json() == got.json()
    circles = sent.json()["circles"]["features"]
    assert {circle["properties"]["site_id"] for circle in circles} == {"new-1"}
    assert any(tier["changed"] for tier in sent.json()["tiers"].values())
    assert client.get("/coverage?f=html").headers["content-type"].startswith("text/html")


def test_removed_sites_lose_whom_they_served(client: TestClient) -> None:
    every = [site["id"] for site in client.get("/collections/sites/items").json()["features"]]
    tier = client.post("/coverage", json={"remove": every}).json()["tiers"]["walk_15"]
    assert tier["after"]["share"] == 0.0
    assert tier["lost"] > 0
    assert tier["gained"] == 0.0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"add": [{"lon": 1}]}',
        b'{"add": [{"lon": NaN, "lat": 1}]}',
        b'{"add": [{"lon": 1e308, "lat": 1}]}',
        b'{"path": "/etc/passwd"}',
        b'{"move": [{"lon": 1, "lat": 2}]}',
        b'{"remove": [1]}',
        b"[" * 50_000,
        b'{"add": [' + b",".join([b'{"lon":1,"lat":1}'] * 201) + b"]}",
    ],
)
def test_a_bad_body_is_refused(client: TestClient, body: bytes) -> None:
    answer = client.post("/coverage", content=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("query", ["add=1", "add=x,y", "move=1,2", "link=1,2,3", "what=1", "add="])
def test_a_bad_url_is_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/coverage?{query}").status_code == 400


def test_a_large_body_is_refused(client: TestClient) -> None:
    assert client.post("/coverage", content=b" " * 200_000).status_code == 413


def test_what_is_not_there_is_told(client: TestClient) -> None:
    answer = client.post(
        "/coverage", json={"remove": ["nobody"]}, headers={"Accept-Language": "en"}
    )
    assert answer.status_code == 404
    assert "nobody" in answer.json()["detail"]
    far = {"lon": 0.0, "lat": 0.0}
    assert client.post("/coverage", json={"links": [{"from": far, "to": far}]}).status_code == 404


def test_other_sites_may_ask(client: TestClient) -> None:
    answer = client.options("/coverage")
    assert answer.status_code == 204
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "Content-Type" in answer.headers["access-control-allow-headers"]


def test_it_is_documented(client: TestClient) -> None:
    document: dict[str, Any] = client.get("/openapi?f=json").json()
    assert set(document["paths"]["/coverage"]) == {"get", "post"}


@pytest.mark.parametrize("is_there", [True, False])
def test_a_folder_without_a_good_audit_has_none(tmp_path: Path, is_there: bool) -> None:  # noqa: FBT001
    folder = drawn(tmp_path / "out")
    (folder / "audit.gpkg").write_bytes(b"no database")
    if not is_there:
        (folder / "audit.gpkg").unlink()
    lone = TestClient(create_app(folder))
    assert lone.get("/coverage").status_code == 404
    assert ("/coverage" in lone.get("/openapi?f=json").json()["paths"]) == is_there
