"""The service through a test client: documents, negotiation, headers, errors."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.http import Settings, create_app
from tests.service.outputs import HOSTILE, feature, square, write_json, write_outputs

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
JSON_PATHS = (
    "/",
    "/conformance",
    "/openapi",
    "/collections",
    "/collections/grids",
    "/collections/grids/items",
    "/collections/grids/items/g0-0",
    "/collections/findings/items/a%2Fb%20c",
    "/collections/grids/queryables",
    "/collections/grids/tiles",
    "/collections/grids/tiles/WebMercatorQuad",
    "/tileMatrixSets",
    "/tileMatrixSets/WebMercatorQuad",
    "/locate?lon=120.001&lat=30.001",
    "/files",
    "/projects",
    "/projects/demo",
    "/projects/demo/collections/grids/items",
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    folder = write_outputs(tmp_path_factory.mktemp("served") / "out")
    return TestClient(create_app(folder), raise_server_exceptions=False)


def links(document: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {link["rel"]: link for link in document["links"]}


def test_landing_links_to_everything_a_client_looks_for(client: TestClient) -> None:
    found = links(client.get("/").json())

    assert found.keys() >= {
        *("self", "alternate", "service-desc", "service-doc", "conformance", "data"),
    }
    assert found["service-desc"]["type"] == "application/vnd.oai.openapi+json;version=3.0"
    assert found["data"]["href"] == "http://testserver/collections"


def test_every_link_of_the_landing_page_can_be_followed(client: TestClient) -> None:
    for link in client.get("/").json()["links"]:
        assert client.get(link["href"]).status_code == 200, link


def test_only_what_is_there_is_announced(client: TestClient) -> None:
    classes = client.get("/conformance").json()["conformsTo"]
    standards = {uri.removeprefix("http://www.opengis.net/spec/").split("/")[0] for uri in classes}
    assert standards == {
        *("ogcapi-common-1", "ogcapi-common-2", "cql2", "ogcapi-tiles-1", "tms"),
        *("ogcapi-features-1", "ogcapi-features-2", "ogcapi-features-3"),
    }
    assert not any(word in uri for uri in classes for word in ("transactions", "temporal", "gml"))


def test_collections_are_listed_in_order_with_their_extent(client: TestClient) -> None:
    found = client.get("/collections").json()["collections"]

    assert [c["id"] for c in found] == ["grids", "units", "sites", "circles", "findings"]
    assert found[0]["extent"]["spatial"]["bbox"] == [pytest.approx([120, 30, 120.03, 30.02])]
    assert found[0]["crs"][0] == "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
    assert found[0]["storageCrs"] in found[0]["crs"]
    assert found[0]["itemType"] == "feature"


@pytest.mark.parametrize("path", JSON_PATHS)
def test_json_is_the_default_and_html_what_a_browser_gets(client: TestClient, path: str) -> None:
    plain = client.get(path, headers={"Accept": "*/*"})
    assert plain.status_code == 200
    assert "json" in plain.headers["content-type"]
    assert isinstance(plain.json(), dict)

    page = client.get(path, headers=BROWSER)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")

    mark = "&" if "?" in path else "?"
    assert client.get(f"{path}{mark}f=html").headers["content-type"].startswith("text/html")
    assert "json" in client.get(f"{path}{mark}f=json", headers=BROWSER).headers["content-type"]


@pytest.mark.parametrize("path", JSON_PATHS)
def test_self_and_alternate_lead_to_the_same_resource(client: TestClient, path: str) -> None:
    document = client.get(path).json()
    if path in {"/openapi", "/tileMatrixSets/WebMercatorQuad"} or path.endswith("queryables"):
        return
    found = links(document)
    again = client.get(found["self"]["href"]).json()
    again.pop("timeStamp", None)
    document.pop("timeStamp", None)
    assert again == document
    assert client.get(found["alternate"]["href"]).headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("path", JSON_PATHS)
def test_text_of_the_data_is_never_markup(client: TestClient, path: str) -> None:
    page = client.get(path, headers=BROWSER).text
    assert "<script" not in page
    assert HOSTILE not in page


def test_hostile_text_is_shown_as_it_is(client: TestClient) -> None:
    page = client.get("/collections/grids/items/g0-0?f=html").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}&quot;&#x27;&amp;" in page


def test_hostile_parameters_are_never_markup(client: TestClient) -> None:
    for path in (
        "/collections/grids/items?f=html&name=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "/%3Cscript%3Ealert(1)%3C/script%3E",
        "/collections/%3Cscript%3E/items?f=html",
        "/?f=%3Cscript%3E",
    ):
        answer = client.get(path, headers=BROWSER)
        if answer.headers["content-type"].startswith("text/html"):
            assert "<script" not in answer.text
        else:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/collections/roads", 404),
        ("GET", "/collections/grids/items/none", 404),
        ("GET", "/projects/other/collections", 404),
        ("GET", "/files/secret.txt", 404),
        ("GET", "/?x=1", 400),
        ("GET", "/?f=xml", 400),
        ("GET", "/?lang=fr", 400),
        ("GET", "/collections/grids/items?f=json&f=json", 400),
        ("GET", "/files/summary.json?x=1", 400),
        ("POST", "/collections/grids/items", 405),
        ("PUT", "/", 405),
        ("DELETE", "/collections/grids/items/g0-0", 405),
        ("PATCH", "/map", 405),
    ],
)
def test_every_error_is_a_problem_document(
    client: TestClient, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body.keys() == {"type", "title", "status", "detail", "code"}
    assert body["detail"]
    if status == 405:
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_a_fault_of_ours_is_told_without_its_inside(tmp_path: Path) -> None:
    app = create_app(write_outputs(tmp_path / "out"))
    app.state.service = None
    answer = TestClient(app, raise_server_exceptions=False).get("/collections")

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in answer.text
    assert "NoneType" not in answer.text
    assert answer.headers["access-control-allow-origin"] == "*"


def test_problems_speak_the_language_asked_for(client: TestClient) -> None:
    path = "/collections/grids/items?limit=0"
    chinese = client.get(path, headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"})
    english = client.get(path, headers={"Accept-Language": "en-GB"})
    assert "整数" in chinese.json()["detail"]
    assert "whole number" in english.json()["detail"]


def test_titles_speak_the_language_asked_for(client: TestClient) -> None:
    assert client.get("/collections/grids?lang=en").json()["title"] == "Grids"
    assert client.get("/collections/grids?lang=zh").json()["title"] == "网格"
    page = client.get("/collections/grids?f=html", headers={"Accept-Language": "en"})
    assert '<html lang="en">' in page.text
    assert page.headers["content-language"] == "en"


@pytest.mark.parametrize("path", ["/", "/collections/grids/items", "/map", "/files/audit.gpkg"])
def test_head_and_options(client: TestClient, path: str) -> None:
    got, head, options = (client.request(m, path) for m in ("GET", "HEAD", "OPTIONS"))

    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["etag"] == got.headers["etag"]
    assert options.status_code == 204
    assert options.headers["allow"] == "GET, HEAD, OPTIONS"
    assert options.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    "path", ["/", "/collections/grids/items", "/collections/grids/items?f=html", "/map", "/openapi"]
)
def test_what_has_not_changed_is_not_sent_again(client: TestClient, path: str) -> None:
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == first.headers["etag"]

    other = client.get(path, headers={"If-None-Match": '"else"'})
    assert other.status_code == 200


def test_a_tag_belongs_to_one_form_and_one_content(client: TestClient, tmp_path: Path) -> None:
    path = "/collections/grids/items"
    tag = client.get(path).headers["etag"]
    assert client.get(path, headers=BROWSER).headers["etag"] != tag
    assert client.get(path, params={"limit": "1"}).headers["etag"] != tag

    changed = TestClient(create_app(write_outputs(tmp_path / "out", rows=3)))
    assert changed.get(path).headers["etag"] != tag


def test_headers_of_every_answer(client: TestClient) -> None:
    for path in ("/", "/collections/grids/items", "/map", "/files/audit.gpkg", "/nowhere"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["access-control-allow-origin"] == "*"
    items = client.get("/collections/grids/items").headers
    assert items["content-crs"] == "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"
    assert {"Accept", "Accept-Encoding"} <= set(items["vary"].split(", "))


def test_large_answers_are_compressed_and_small_ones_are_not(client: TestClient) -> None:
    packed = {"Accept-Encoding": "gzip"}
    assert client.get("/collections/grids/items", headers=packed).headers["content-encoding"]
    assert "content-encoding" not in client.get("/healthz", headers=packed).headers
    assert "content-encoding" not in client.get("/files/audit.gpkg", headers=packed).headers


def test_a_host_that_cannot_be_is_refused(client: TestClient) -> None:
    answer = client.get("/", headers={"Host": 'x"><script>'})
    assert answer.status_code == 400
    assert answer.json()["code"] == "http.bad_host"


def test_columns_that_an_audit_makes_have_titles(tmp_path: Path) -> None:
    made = {"n_findings": 1, "nearest_m_walk_5": 9.5, "covered_area_share_walk_5": 1.0, "own": 2}
    grid = feature("a", square(120, 30, 0.01), grid_id="a", area_m2=5.0, **made)
    folder = write_outputs(tmp_path / "out")
    write_json(folder / "grids.geojson", {"type": "FeatureCollection", "features": [grid]})
    client = TestClient(create_app(folder))
    found = client.get("/collections/grids/queryables?lang=en").json()["properties"]
    titles = {name: each["title"] for name, each in found.items() if name in {*made, "area_m2"}}
    assert titles == {
        "area_m2": "Area (m²)",
        "n_findings": "Findings",
        "nearest_m_walk_5": "walk_5: metres to the nearest site",
        "covered_area_share_walk_5": "walk_5: covered share (by area)",
        "own": "own",
    }


def test_projects_are_roots_of_the_same_form(client: TestClient) -> None:
    (project,) = client.get("/projects").json()["projects"]
    landing = client.get(project["links"][0]["href"]).json()
    found = links(landing)
    assert found["data"]["href"] == "http://testserver/projects/demo/collections"

    items = client.get("/projects/demo/collections/grids/items?limit=4").json()
    assert links(items)["next"]["href"].startswith("http://testserver/projects/demo/collections/")
    assert client.get(links(items)["next"]["href"]).json()["numberReturned"] == 2
    server = client.get("/projects/demo/openapi").json()["servers"][0]["url"]
    assert server == "http://testserver/projects/demo"


def test_settings_are_arguments(tmp_path: Path) -> None:
    settings = Settings(
        title="Another", language="en", public_url="https://grids.example/api", default_limit=2
    )
    client = TestClient(create_app(write_outputs(tmp_path / "out"), settings=settings))
    landing = client.get("/").json()
    assert landing["title"] == "Another"
    assert links(landing)["data"] == {
        "href": "https://grids.example/api/collections",
        "rel": "data",
        "type": "application/json",
        "title": "Collections",
    }
    page = client.get("/collections/grids/items").json()
    assert page["numberReturned"] == 2
    assert links(page)["next"]["href"].startswith("https://grids.example/api/collections/grids")


def test_healthz(client: TestClient) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"


def test_pages_lead_on_in_the_same_language(client: TestClient) -> None:
    for path in ("/", "/collections", "/collections/grids", "/collections/grids/items", "/files"):
        page = client.get(f"{path}?f=html&lang=en").text
        hrefs = [unescape(href) for href in re.findall(r'href="([^"]+)"', page)]
        assert len(hrefs) > 3
        for href in hrefs:
            answer = client.get(href)
            assert answer.status_code == 200, href
            if answer.headers["content-type"].startswith("text/html") and "map" not in href:
                assert ('<html lang="en">' in answer.text) == ("lang=zh" not in href), href
