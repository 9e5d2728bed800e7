"""The planner's pages through a test client: who may, what is refused, what is shown."""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from starlette.testclient import TestClient

from api.http import Settings, create_app
from api.http.door.access import COOKIE, Access, AccessError
from api.http.door.desk import Desk
from geo.io.columns import map_columns
from geo.io.project import LayerSpec
from geo.schema import layer_schemas
from geo.store import open_store
from tests.fake_audit import fake_audit
from tests.unit.test_http_door_files import packed, workbook

HOME = "http://127.0.0.1:8000"
OWN = {"Origin": HOME}
TOKEN = "a token of the test"  # noqa: S105
HOSTILE = "<script>alert(1)</script>{{7*7}}\"'"


def client_of(workspace: Path, **settings: object) -> TestClient:
    app = create_app(workspace, settings=Settings(**settings))
    return TestClient(app, base_url=HOME, raise_server_exceptions=False, follow_redirects=False)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[TestClient]:
    client = client_of(tmp_path / "ws", allow_upload=True)
    yield client
    client.app.state.desk.jobs.close()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    workspace = tmp_path_factory.mktemp("door") / "ws"
    audit = fake_audit(title=HOSTILE)
    open_store(workspace, create=True).publish(
        audit, name=HOSTILE, finish=lambda folder: (folder / "map.html").write_text("map")
    )
    open_store(workspace).publish(audit)
    client = client_of(workspace, allow_upload=True)
    yield client
    client.app.state.desk.jobs.close()


def send(client: TestClient, *files: tuple[str, bytes], **headers: str) -> object:
    parts = [("files", (name, content)) for name, content in files]
    return client.post("/door/uploads", files=parts, headers={**OWN, **headers})


def reason(answer: object) -> str:
    found = re.search(r'role="alert">(.*?)</p>', answer.text, re.DOTALL)  # type: ignore[attr-defined]
    assert found is not None, answer.text  # type: ignore[attr-defined]
    return found[1]


def ids(client: TestClient, name: str) -> list[str]:
    folder = client.app.state.desk.workspace / name  # type: ignore[attr-defined]
    return sorted(path.name for path in folder.iterdir())


def test_the_page_stands_in_both_languages_and_lets_nothing_in(opened: TestClient) -> None:
    chinese = opened.get("/door", headers={"Accept-Language": "zh-CN"})
    english = opened.get("/door?lang=en")
    assert "把文件拖到这里" in chinese.text
    assert "Drop files here" in english.text
    assert "Drop files here" in opened.get("/door").text  # the cookie remembers
    policy = english.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "access-control-allow-origin" not in english.headers
    assert english.headers["referrer-policy"] == "same-origin"
    assert not re.search(r"<script(?! src)|\son\w+=|style=|javascript:", english.text)
    for name in ("door.css", "door.js"):
        assert opened.get(f"/door/assets/{name}").status_code == 200
    assert opened.get("/door/assets/..%2froutes.py").status_code in {303, 404}


def test_an_output_folder_has_no_door(tmp_path: Path) -> None:
    workspace = tmp_path / "ws"
    version = open_store(workspace, create=True).publish(fake_audit())
    folder = open_store(workspace).folder(version.version_id)
    assert client_of(folder, allow_upload=True).get("/door").status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (OWN, 400),  # it may, but there is no file
        ({}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({**OWN, "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Referer": f"{HOME}/door"}, 400),
        ({"Host": "evil.example:8000", "Origin": "http://evil.example:8000"}, 403),
    ],
)
def test_only_its_own_pages_may_write(
    opened: TestClient, headers: dict[str, str], status: int
) -> None:
    answer = opened.post("/door/uploads", files={"files": ("", b"")}, headers=headers)
    assert answer.status_code == status, answer.text
    assert ids(opened, "uploads") == []


def test_a_name_of_another_site_may_not_even_read(opened: TestClient) -> None:
    assert opened.get("/door", headers={"Host": "evil.example"}).status_code == 403


def test_without_token_or_leave_nothing_is_written(tmp_path: Path) -> None:
    open_store(tmp_path / "ws", create=True)
    client = client_of(tmp_path / "ws")
    assert "只读" in client.get("/door").text
    answer = send(client, ("a.csv", b"a,b"))
    assert answer.status_code == 403
    assert "GRIDCIRCLE_TOKEN" in reason(answer)
    client.app.state.desk.jobs.close()


def test_with_a_token_one_logs_in(tmp_path: Path) -> None:
    client = client_of(tmp_path / "ws", token=TOKEN)
    assert client.get("/door").headers["location"] == "/door/login"
    assert client.get("/door/versions/x").headers["location"] == "/door/login"
    assert send(client, ("a.csv", b"a")).status_code == 403
    wrong = client.post("/door/login", data={"token": "no"}, headers=OWN)
    assert wrong.status_code == 403
    assert client.post("/door/login", data={"token": TOKEN}).status_code == 403  # not our page
    right = client.post("/door/login", data={"token": TOKEN}, headers=OWN)
    cookie = right.headers["set-cookie"].casefold()
    assert right.status_code == 303
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert TOKEN not in cookie
    assert client.get("/door").status_code == 200
    assert send(client).status_code == 400
    client.post("/door/logout", headers=OWN)
    client.cookies.set(COOKIE, right.cookies[COOKIE])
    assert client.get("/door").status_code == 303
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    client.cookies.clear()
    assert client.get("/door", headers=bearer).status_code == 200
    client.app.state.desk.jobs.close()


def test_tokens_cannot_be_tried_without_end() -> None:
    access = Access(token=TOKEN)
    for _ in range(10):
        with pytest.raises(AccessError, match="not the token"):
            access.login("x")
    with pytest.raises(AccessError, match="too many"):
        access.login(TOKEN)


@pytest.mark.parametrize(
    ("name", "content", "status", "said"),
    [
        ("a.exe", b"MZ", 400, "not a kind of file"),
        ("a.xlsm", b"PK\x03\x04", 400, "macros"),
        ("../a.csv", b"a", 400, "file name"),
        ("..\\..\\a.csv", b"a", 400, "file name"),
        ("/etc/cron.d/a.csv", b"a", 400, "file name"),
        ("CON.csv", b"a", 400, "file name"),
        ("a.geojson", b"PK\x03\x04", 400, "export it again"),
        ("a.zip", b"PK\x03\x04", 400, "damaged"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_a_sentence(
    opened: TestClient, tmp_path: Path, name: str, content: bytes, status: int, said: str
) -> None:
    answer = send(opened, (name, content), **{"Accept-Language": "en"})
    assert answer.status_code == status
    assert said in reason(answer)
    assert ids(opened, "uploads") == []
    assert ids(opened, "jobs") == []
    assert [path.name for path in tmp_path.iterdir()] == ["ws"]


def test_hostile_archives_are_refused_at_the_door(opened: TestClient, tmp_path: Path) -> None:
    bomb = packed(tmp_path / "bomb.zip", {"a.csv": b"0" * 30_000_000}).read_bytes()
    climbing = packed(tmp_path / "up.zip", {"../../a.csv": b"1"}).read_bytes()
    macro = workbook(tmp_path / "m.xlsx", **{"xl/vbaProject.bin": b"x"}).read_bytes()
    for name, content, status, said in (
        ("bomb.zip", bomb, 413, "膨胀"),
        ("up.zip", climbing, 400, "文件名"),
        ("macro.xlsx", macro, 400, "宏"),
    ):
        answer = send(opened, (name, content), **{"Accept-Language": "zh"})
        assert (answer.status_code, said in reason(answer)) == (status, True), name
    assert ids(opened, "uploads") == []


def test_a_request_is_bounded(tmp_path: Path) -> None:
    client = client_of(tmp_path / "ws", allow_upload=True)
    desk = client.app.state.desk
    object.__setattr__(desk, "limits", replace(desk.limits, request_bytes=1000, files=2))
    assert send(client, ("a.csv", b"a" * 2000)).status_code == 413
    chunks = (b"--x\r\n" for _ in range(1000))
    headers = {**OWN, "Content-Type": "multipart/form-data; boundary=x"}
    assert client.post("/door/uploads", content=chunks, headers=headers).status_code in {400, 413}
    many = [(f"{n}.csv", b"a,b") for n in range(3)]
    assert send(client, *many).status_code == 413
    twice = [("a.csv", b"a,b"), ("A.csv", b"a,b")]
    assert send(client, *twice).status_code == 400
    long = {"token": "x" * 2_000_000}
    path = f"/door/uploads/{'a' * 32}"
    assert client.post(path, data=long, headers=OWN).status_code == 413
    assert ids(client, "uploads") == []
    desk.jobs.close()


@pytest.mark.parametrize(
    "path",
    [
        "/door/uploads/..%2f..%2fstore.gpkg",
        "/door/uploads/%2e%2e",
        "/door/uploads/jobs",
        f"/door/uploads/{'a' * 32}",
        "/door/uploads/x/quarantine.csv",
        "/door/jobs/..%2fx",
        "/door/jobs/x/state",
        "/door/lookbacks/x",
        "/door/ledgers/x",
        "/door/versions/..%2f..%2fx",
        "/door/templates/..%2fx.xlsx",
        "/door/projects/..%2fx/ledger.xlsx",
        "/door/projects/x/ledger.xlsx",
    ],
)
def test_no_path_of_a_request_reaches_the_disk(published: TestClient, path: str) -> None:
    assert published.get(path).status_code == 404, path


def test_a_result_shows_figures_findings_and_files(published: TestClient) -> None:
    page = published.get("/door/versions/drawn-1?lang=en")
    assert page.status_code == 200, page.text
    assert "Coverage of the service circles" in page.text
    assert "drawn-2" in page.text
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert "{{7*7}}" in page.text
    rule = re.search(r'<option value="([A-Z]\d{3})"', page.text)
    assert rule is not None
    some = published.get(f"/door/versions/drawn-1?lang=en&rule={rule[1]}&start=0")
    rows = re.findall(r'<tr><th scope="row">([A-Z]\d{3})', some.text)
    assert set(rows) == {rule[1]}
    assert published.get("/door/versions/drawn-1?rule=' OR 1=1&start=x").status_code == 200


def test_everything_comes_as_one_zip(published: TestClient) -> None:
    answer = published.get("/door/versions/drawn-1/files/all.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
    assert names >= {"summary.json", "audit.gpkg", "ledger.xlsx", "map.html", "grids.geojson"}
    framed = published.get("/door/versions/drawn-1/files/map.html")
    policy = framed.headers["content-security-policy"]
    assert "frame-ancestors 'self'" in policy
    assert "sandbox allow-scripts" in policy
    assert "allow-same-origin" not in policy
    for name in ("store.gpkg", "..%2fstore.gpkg", "summary.json%00", "Summary.json"):
        assert published.get(f"/door/versions/drawn-1/files/{name}").status_code == 404
    ledger = published.get("/door/projects/drawn/ledger.xlsx")
    assert openpyxl.load_workbook(io.BytesIO(ledger.content)).sheetnames[0] == "汇总"
    assert not list(published.app.state.desk.workspace.glob(".ledger-*"))


def test_comparing_needs_another_version_of_the_same_project(published: TestClient) -> None:
    path = "/door/versions/drawn-1/compare"
    published.cookies.clear()  # the language of another test
    for other in ("", "drawn-1", "../x"):
        assert published.post(path, data={"other": other}, headers=OWN).status_code == 400
    done = published.post(path, data={"other": "drawn-2"}, headers=OWN)
    assert done.headers["location"].startswith("/door/jobs/")
    job = published.app.state.desk.jobs.find(done.headers["location"].rsplit("/", 1)[1])
    assert job.inputs == {"old": "drawn-1", "new": "drawn-2", "language": "zh"}
    published.post(f"{done.headers['location']}/cancel", headers=OWN)
    assert published.app.state.desk.jobs.find(job.job_id).status == "dismissed"


@pytest.mark.parametrize("layer", ["sites", "buildings", "staff"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_templates_come_with_a_note_on_each_column_and_are_recognised(
    published: TestClient, tmp_path: Path, layer: str, lang: str
) -> None:
    answer = published.get(f"/door/templates/{layer}.xlsx?lang={lang}")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    heads = list(book.worksheets[0][1])
    columns = layer_schemas()[layer].columns
    assert len(heads) == len(columns) + 2 * (layer != "staff")
    assert all(cell.comment and cell.comment.text for cell in heads)
    row = {cell.value: "1" for cell in heads}
    spec = LayerSpec(name=layer, schema=layer, path=tmp_path / "x.csv", shown="x.csv")
    mapped = map_columns(pd.DataFrame([row]), spec)
    assert set(mapped.ours) == set(columns)


def test_what_nobody_thought_of_is_a_page_too(
    published: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Desk, "versions", lambda _self: 1 // 0)
    answer = published.get("/door?lang=en")
    assert answer.status_code == 500
    assert "ZeroDivision" not in answer.text
    assert reason(answer)
