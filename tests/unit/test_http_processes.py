"""OGC API Processes: descriptions, execution at once and as a job, results, dismissal."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.http import Settings, create_app
from geo.store import open_store
from tests.fake_audit import fake_audit
from tests.service.outputs import write_outputs

TOKEN = "a token of the test"  # noqa: S105
BEARER = {"Authorization": f"Bearer {TOKEN}"}
ASYNC = {**BEARER, "Prefer": "respond-async"}
SLEEP = {"coverage": "tests.unit.job_tasks:sleep"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    workspace = tmp_path_factory.mktemp("processes") / "ws"
    store = open_store(workspace, create=True)
    store.publish(fake_audit())
    store.publish(fake_audit())
    app = create_app(workspace, settings=Settings(token=TOKEN))
    yield TestClient(app, raise_server_exceptions=False)
    app.state.desk.jobs.close()


def execute(client: TestClient, process: str, headers: dict[str, str], **inputs: Any) -> Any:  # noqa: ANN401
    path = f"/processes/{process}/execution"
    return client.post(path, json={"inputs": inputs}, headers=headers)


def test_processes_describe_themselves(client: TestClient) -> None:
    listed = client.get("/processes").json()["processes"]
    assert [each["id"] for each in listed] == ["audit", "coverage", "compare"]
    for each in listed:
        found = client.get(f"/processes/{each['id']}", headers={"Accept-Language": "en"}).json()
        assert found["jobControlOptions"] == ["sync-execute", "async-execute", "dismiss"]
        assert found["version"]
        assert all(item["schema"] and item["title"] for item in found["inputs"].values())
        assert found["outputs"]
    missing = client.get("/processes/plan")
    assert missing.status_code == 404
    assert missing.json()["type"].endswith("no-such-process")
    assert missing.headers["content-type"] == "application/problem+json"


def test_coverage_at_once_is_the_answer_of_what_if(client: TestClient) -> None:
    answer = execute(client, "coverage", BEARER, version="drawn-1", remove=["s0"])
    assert answer.status_code == 200, answer.text
    asked = client.post("/projects/drawn/versions/drawn-1/coverage", json={"remove": ["s0"]})
    assert answer.json() == asked.json()
    assert any(tier["changed"] for tier in asked.json()["tiers"].values())


def test_compare_as_a_job(client: TestClient) -> None:
    answer = execute(client, "compare", ASYNC, old="drawn-1", new={"value": "drawn-2"})
    assert answer.status_code == 201
    status = answer.json()
    assert status["type"] == "process"
    assert status["processID"] == "compare"
    assert answer.headers["location"] == f"http://testserver/jobs/{status['jobID']}"
    assert answer.headers["preference-applied"] == "respond-async"
    early = client.get(f"/jobs/{status['jobID']}/results")
    if early.status_code != 200:
        assert early.status_code == 404
        assert early.json()["type"].endswith("result-not-ready")
    client.app.state.desk.jobs.wait(status["jobID"], 60)
    ended = client.get(answer.headers["location"]).json()
    assert (ended["status"], ended["progress"]) == ("successful", 100), ended
    results = next(link["href"] for link in ended["links"] if link["rel"].endswith("results"))
    found = client.get(results).json()
    assert found["summary"]["n_adjusted"] == 0
    assert found["statement"]["zh"]
    assert status["jobID"] in {job["jobID"] for job in client.get("/jobs").json()["jobs"]}


def test_a_job_can_be_dismissed(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = client.app.state.desk.jobs
    monkeypatch.setattr(jobs, "_functions", {**jobs._functions, **SLEEP})  # noqa: SLF001
    job = execute(client, "coverage", ASYNC, version="drawn-1").json()["jobID"]
    for _ in range(600):
        if client.get(f"/jobs/{job}").json()["progress"] == 10:
            break
        time.sleep(0.05)
    assert client.delete(f"/jobs/{job}").status_code == 401
    assert client.delete(f"/jobs/{job}", headers=BEARER).json()["status"] == "dismissed"
    assert client.get(f"/jobs/{job}/results").status_code == 404
    assert client.delete(f"/jobs/{job}", headers=BEARER).status_code == 200
    gone = client.get(f"/jobs/{job}")
    assert gone.status_code == 404
    assert gone.json()["type"].endswith("no-such-job")


def test_an_output_folder_describes_processes_and_carries_none_out(tmp_path: Path) -> None:
    folder = write_outputs(tmp_path / "out")
    for settings in (Settings(), Settings(token=TOKEN)):
        client = TestClient(create_app(folder, settings=settings))
        for root in ("", "/projects/demo"):
            listed = client.get(f"{root}/processes").json()["processes"]
            assert [each["id"] for each in listed] == ["audit", "coverage", "compare"]
            assert client.get(f"{root}/processes/audit").json()["inputs"]
            assert client.get(f"{root}/jobs").json()["jobs"] == []
            assert client.get(f"{root}/jobs/{'a' * 32}").status_code == 404
            asked = client.post(f"{root}/processes/audit/execution", json={}, headers=BEARER)
            assert asked.status_code == 403
            assert asked.json()["code"] == "processes.no_workspace"
            assert client.delete(f"{root}/jobs/x", headers=BEARER).status_code == 403


def test_processes_are_pages_too(client: TestClient) -> None:
    for path in ("/processes", "/processes/audit", "/jobs"):
        for lang, word in (("zh", "处理过程"), ("en", "Processes")):
            page = client.get(f"{path}?lang={lang}", headers={"Accept": "text/html"})
            assert page.headers["content-type"].startswith("text/html")
            assert "default-src 'none'" in page.headers["content-security-policy"]
            assert word in page.text or path == "/jobs"
        assert client.get(f"{path}?f=json", headers={"Accept": "text/html"}).json()
        assert client.get(f"{path}?nothing=1").status_code == 400


def test_a_full_queue_is_no_fault_of_the_server(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client.app.state.desk.jobs, "_max_waiting", 0)
    answer = execute(client, "coverage", ASYNC, version="drawn-1")
    assert (answer.status_code, answer.json()["code"]) == (429, "door.jobs_full")


def test_a_second_server_starts_no_jobs(client: TestClient) -> None:
    workspace = client.app.state.desk.workspace
    other = TestClient(create_app(workspace, settings=Settings(token=TOKEN)))
    answer = execute(other, "coverage", ASYNC, version="drawn-1")
    assert (answer.status_code, answer.json()["code"]) == (409, "door.jobs_elsewhere")
    other.app.state.desk.jobs.close()


def test_only_who_knows_the_token_may_execute(client: TestClient) -> None:
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic x"}):
        answer = execute(client, "coverage", headers, version="drawn-1")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("process", "body"),
    [
        ("coverage", b"{"),
        ("coverage", b"[]"),
        ("coverage", b'{"inputs": {}}'),
        ("coverage", b'{"inputs": {"version": "drawn-9"}}'),
        ("coverage", b'{"inputs": {"version": "../../etc/passwd"}}'),
        ("coverage", b'{"inputs": {"version": "drawn-1", "path": "/etc/passwd"}}'),
        ("coverage", b'{"inputs": {"version": "drawn-1", "add": [{"lon": 500, "lat": 0}]}}'),
        ("coverage", b'{"inputs": {"version": "drawn-1"}, "outputs": {"nothing": {}}}'),
        ("coverage", b'{"inputs": {"version": "drawn-1"}, "response": {}}'),
        ("coverage", b'{"inputs": {"version": "drawn-1"}, "response": ["raw"]}'),
        ("coverage", b'{"inputs": {"version": {"value": {"value": {}}}}}'),
        ("coverage", b'{"inputs": []}'),
        ("coverage", b'{"inputs": {"version": "drawn-1"}, "outputs": [1]}'),
        ("compare", b'{"inputs": {"old": "drawn-1"}}'),
        ("audit", b'{"inputs": {"upload": "../x"}}'),
        ("audit", b'{"inputs": {"upload": "' + b"a" * 32 + b'"}}'),
        ("coverage", b"[" * 100_000),
    ],
)
def test_what_does_not_fit_is_refused(client: TestClient, process: str, body: bytes) -> None:
    headers = {**BEARER, "Content-Type": "application/json"}
    answer = client.post(f"/processes/{process}/execution", content=body, headers=headers)
    assert answer.status_code in {400, 404}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(client.get("/jobs").json()["jobs"]) <= 3


def test_a_body_is_bounded(client: TestClient) -> None:
    body = b" " * 1_100_000
    answer = client.post("/processes/audit/execution", content=body, headers=BEARER)
    assert answer.status_code == 413


def test_a_process_that_fails_says_why(client: TestClient) -> None:
    answer = execute(client, "coverage", BEARER, version="drawn-1", remove=["no such site"])
    assert answer.status_code == 422
    assert "no such site" in answer.json()["detail"]


def test_methods_are_told(client: TestClient, tmp_path: Path) -> None:
    assert "POST" in client.options("/processes/audit/execution").headers["allow"]
    assert "DELETE" in client.options("/jobs/x").headers["allow"]
    assert not list(tmp_path.iterdir())


def test_the_landing_page_announces_what_is_there(client: TestClient, tmp_path: Path) -> None:
    rels = {
        link["rel"].rsplit("/", 1)[-1]: link["href"] for link in client.get("/").json()["links"]
    }
    assert client.get(rels["processes"]).status_code == 200
    assert client.get(rels["job-list"]).status_code == 200
    classes = client.get("/conformance").json()["conformsTo"]
    assert any("ogcapi-processes-1/1.0/conf/core" in uri for uri in classes)
    assert "/door" in client.get("/?f=html").text
    assert not list(tmp_path.iterdir())


def test_every_root_has_the_processes(client: TestClient) -> None:
    for root in ("/projects/drawn", "/projects/drawn/versions/drawn-1"):
        listed = client.get(f"{root}/processes").json()
        for link in (*listed["links"], *listed["processes"][0]["links"]):
            assert link["href"].startswith(f"http://testserver{root}/")
        answer = client.post(
            f"{root}/processes/coverage/execution",
            json={"inputs": {"version": "drawn-1"}},
            headers=ASYNC,
        )
        assert answer.headers["location"].startswith(f"http://testserver{root}/jobs/")
        assert client.get(answer.headers["location"]).status_code == 200
    assert client.get("/projects/none/processes").status_code == 404
    assert client.get("/projects/drawn/versions/none/jobs").status_code == 404


def test_the_api_definition_has_the_schemas_of_the_processes(client: TestClient) -> None:
    document = client.get("/projects/drawn/openapi").json()
    execution = document["paths"]["/processes/coverage/execution"]["post"]
    schema = execution["requestBody"]["content"]["application/json"]["schema"]
    assert schema["properties"]["inputs"]["required"] == ["version"]
    assert "remove" in schema["properties"]["inputs"]["properties"]
    assert execution["security"] == [{"bearer": []}]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert {"get", "delete"} <= set(document["paths"]["/jobs/{jobId}"])
    assert "POST /processes/coverage/execution" in client.get("/docs").text
