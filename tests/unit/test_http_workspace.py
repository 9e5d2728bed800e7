"""A workspace served: every version an API root, and a publish seen without a restart."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.http import create_app
from geo.audit import Audit
from geo.store import Store, open_store
from tests.audited import audited
from tests.builders import grids, units
from tests.service.outputs import write_outputs

PATIENCE_SECONDS = 60.0


def audit_of(folder: Path, n_grids: int) -> Audit:
    folder.mkdir()
    boxes = [(200 * n, 0, 200 * n + 200, 200) for n in range(n_grids)]
    parents = ["u0"] * n_grids
    return audited(
        folder, grids=grids(*boxes, parent_id=parents), units=units((0, 0, 200 * n_grids, 200))
    )


@pytest.fixture(scope="module")
def audits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Audit, Audit]:
    """Two years of one project: three grids, then four."""
    folder = tmp_path_factory.mktemp("drawn")
    return audit_of(folder / "a", 3), audit_of(folder / "b", 4)


@pytest.fixture
def store(tmp_path: Path, audits: tuple[Audit, Audit]) -> Store:
    found = open_store(tmp_path / "workspace", create=True)
    found.publish(audits[0], name="2025")
    return found


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, audits: tuple[Audit, Audit]) -> TestClient:
    """A server of a workspace in which nothing changes."""
    found = open_store(tmp_path_factory.mktemp("standing") / "workspace", create=True)
    found.publish(audits[0], name="2025")
    return served(found)


def served(store: Store) -> TestClient:
    return TestClient(create_app(store.workspace))


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def n_grids(client: TestClient, root: str = "") -> int:
    found: int = client.get(f"{root}/collections/grids/items").json()["numberMatched"]
    return found


def rels(document: dict[str, Any]) -> dict[str, str]:
    return {link["rel"]: link["href"] for link in document["links"]}


def test_a_publish_is_seen_without_a_restart(store: Store, audits: tuple[Audit, Audit]) -> None:
    client = served(store)
    project = audits[0].project_id
    assert n_grids(client) == n_grids(client, f"/projects/{project}") == 3
    tag = client.get("/collections/grids/items").headers["etag"]

    second = store.publish(audits[1], name="2026")
    until(lambda: n_grids(client) == 4)
    assert n_grids(client, f"/projects/{project}") == 4
    assert client.get("/collections/grids/items").headers["etag"] != tag

    versions = client.get(f"/projects/{project}/versions").json()["versions"]
    assert [(each["name"], each["latest"]) for each in versions] == [
        ("2025", False),
        ("2026", True),
    ]
    assert versions[1]["supersedes"] == versions[0]["id"]
    roots = [rels(each)["item"] for each in versions]
    assert [n_grids(client, root) for root in roots] == [3, 4]
    assert roots[1].endswith(f"/projects/{project}/versions/{second.version_id}")


def test_a_version_is_a_root_of_the_same_form(standing: TestClient) -> None:
    client = standing
    (version,) = client.get("/projects/drawn/versions").json()["versions"]
    root = f"/projects/drawn/versions/{version['id']}"
    landing = client.get(root).json()
    base = f"http://testserver{root}"
    assert rels(landing)["data"] == f"{base}/collections"
    assert rels(landing)["latest-version"] == "http://testserver/projects/drawn"
    for link in landing["links"]:
        assert client.get(link["href"]).status_code == 200, link
    assert client.get(f"{root}/openapi").json()["servers"][0]["url"] == base
    page = client.get(f"{root}/collections/grids/items?limit=2").json()
    following = client.get(rels(page)["next"]).json()
    assert following["numberReturned"] == 1
    assert client.get(f"{root}/files/summary.json").json()["project"] == "drawn"


@pytest.mark.parametrize(
    "path",
    [
        "/projects/none",
        "/projects/none/versions",
        "/projects/drawn/versions/none",
        "/projects/drawn/versions/none/collections",
        "/projects/drawn/versions/..%2f..%2fetc",
        "/projects/..%2f..",
    ],
)
def test_what_is_not_there_is_not_found(standing: TestClient, path: str) -> None:
    answer = standing.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_empty_workspace_has_a_landing_page(tmp_path: Path, audits: tuple[Audit, Audit]) -> None:
    store = open_store(tmp_path / "new", create=True)
    client = served(store)
    assert client.get("/").status_code == 200
    assert client.get("/collections").json()["collections"] == []
    assert client.get("/projects").json()["projects"] == []
    assert client.get("/openapi").status_code == 200
    for path in ("/", "/projects", "/collections", "/docs"):
        assert client.get(f"{path}?f=html").status_code == 200

    store.publish(audits[0])
    until(lambda: client.get("/collections/grids/items").status_code == 200)
    assert len(client.get("/projects").json()["projects"]) == 1


def test_readers_see_one_state_or_the_other(store: Store, audits: tuple[Audit, Audit]) -> None:
    """While a publish goes on, counts and items of one answer belong together."""
    client = served(store)
    seen: set[tuple[int, int]] = set()
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            page = client.get("/collections/grids/items").json()
            seen.add((page["numberMatched"], len(page["features"])))

    reader = threading.Thread(target=read)
    reader.start()
    store.publish(audits[1])
    until(lambda: n_grids(client) == 4)
    is_over.set()
    reader.join()
    assert seen <= {(3, 3), (4, 4)}


def test_a_folder_written_anew_is_read_anew(tmp_path: Path) -> None:
    folder = write_outputs(tmp_path / "out")
    client = TestClient(create_app(folder))
    assert n_grids(client) == 6
    write_outputs(folder, rows=3)
    until(lambda: n_grids(client) == 9)


def test_a_broken_folder_leaves_the_old_state(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = write_outputs(tmp_path / "out")
    client = TestClient(create_app(folder))
    (folder / "grids.geojson").write_bytes(b"{")
    (folder / "summary.json").write_bytes(b'{"project": "demo" }')

    def is_told() -> bool:
        client.get("/")
        return "cannot be read" in caplog.text

    until(is_told)
    assert n_grids(client) == 6


def test_a_folder_has_no_versions(tmp_path: Path) -> None:
    client = TestClient(create_app(write_outputs(tmp_path / "out")))
    assert client.get("/projects/demo/versions").json()["versions"] == []
    assert client.get("/projects/demo/versions/1").status_code == 404
