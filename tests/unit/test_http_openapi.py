"""The OpenAPI document: self-contained, complete, and true to what is answered."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.http import create_app
from tests.service.outputs import write_outputs


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    return TestClient(create_app(write_outputs(tmp_path_factory.mktemp("served") / "out")))


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi").json()
    return found


def walk(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from walk(child)


def test_every_reference_is_within_the_document(document: dict[str, Any]) -> None:
    references = {node["$ref"] for node in walk(document) if "$ref" in node}
    assert references
    for reference in references:
        assert reference.startswith("#/components/")
        target: Any = document
        for part in reference[2:].split("/"):
            target = target[part]


def test_operations_have_ids_of_their_own_and_declare_their_path(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.0.3"
    operations = {path: entry["get"] for path, entry in document["paths"].items()}
    ids = [operation["operationId"] for operation in operations.values()]
    assert len(set(ids)) == len(ids)
    for path, operation in operations.items():
        declared = {p["name"] for p in operation["parameters"] if p.get("in") == "path"}
        assert declared == set(re.findall(r"{(\w+)}", path))


def test_every_path_without_a_name_in_it_answers(
    client: TestClient, document: dict[str, Any]
) -> None:
    for path, entry in document["paths"].items():
        if "{" not in path and path not in {"/locate", "/coverage"}:
            answer = client.get(path)
            assert answer.status_code == 200, path
            assert answer.headers["content-type"].split(";")[0] in {
                media.split(";")[0] for media in entry["get"]["responses"]["200"]["content"]
            }


def test_parameters_have_the_form_of_the_standard(document: dict[str, Any]) -> None:
    found = document["components"]["parameters"]
    assert found["limit"]["schema"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 10_000,
        "default": 100,
    }
    box = found["bbox"]
    assert (box["schema"]["type"], box["style"], box["explode"]) == ("array", "form", False)
    assert (box["schema"]["minItems"], box["schema"]["maxItems"]) == (4, 6)


@pytest.mark.parametrize(
    "text",
    ["2026-01-31T23:59:59.25+08:00", "../2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z/"],
)
def test_times_of_the_documented_form_are_taken(
    client: TestClient, document: dict[str, Any], text: str
) -> None:
    pattern = document["components"]["parameters"]["datetime"]["schema"]["pattern"]
    assert re.search(pattern, text)
    answer = client.get("/collections/grids/items", params={"datetime": text})
    assert answer.status_code == 200


def test_the_examples_are_answered(client: TestClient, document: dict[str, Any]) -> None:
    shared = document["components"]["parameters"]
    n_asked = 0
    for path, entry in document["paths"].items():
        target, query = path, {}
        for given in entry["get"]["parameters"]:
            found = shared[given["$ref"].rsplit("/", 1)[-1]] if "$ref" in given else given
            example = found.get("example")
            if found["in"] == "path":
                target = target.replace(f"{{{found['name']}}}", str(example))
            elif example is not None:
                is_list = isinstance(example, list)
                text = ",".join(map(str, example)) if is_list else str(example)
                query[found["name"]] = text.lower() if isinstance(example, bool) else text
        if path not in {"/projects/{projectId}/versions", "/coverage"}:  # not in these outputs
            answer = client.get(target, params=query)
            assert answer.status_code in {200, 204}, (path, answer.text)
            n_asked += "?" in str(answer.url)
    assert n_asked > 10


def test_docs_are_a_page_without_anything_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs").text
    assert "/collections/grids/items" in page
    assert "<script" not in page
    assert set(re.findall(r'(?:src|href)="(http://[^/"]+)', page)) == {"http://testserver"}


def test_assets_are_kept_for_good_under_their_hash(client: TestClient) -> None:
    page = client.get("/docs")
    style = re.search(r'rel="stylesheet" href="(/assets/[0-9a-f]{16}/service\.css)"', page.text)
    assert style
    assert "style-src 'self'" in page.headers["content-security-policy"]
    answer = client.get(style[1])
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    links = {link["title"]: link["href"] for link in client.get("/assets").json()["links"]}
    assert "leaflet/leaflet.js" in links
    assert all(client.get(href).status_code == 200 for href in links.values())
    other = style[1].replace("/service.css", "/leaflet/leaflet.js")
    for missing in (other, "/assets/x/../../manifest.json", "/assets/0/manifest.json"):
        assert client.get(missing).status_code == 404
