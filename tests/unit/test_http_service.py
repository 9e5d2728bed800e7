"""What belongs to the server: links and their QR codes, figures, logs, bounds on requests."""

import io
import json
import logging
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import segno
import uvicorn
from starlette.testclient import TestClient

from api.http import Settings, create_app
from api.http.wire import PatientProtocol
from tests.service.outputs import HOSTILE, write_outputs

BROWSER = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    return TestClient(create_app(write_outputs(tmp_path_factory.mktemp("served") / "out")))


@pytest.mark.parametrize(
    ("layer", "fid", "escaped"),
    [("grids", "g0-0", "g0-0"), ("sites", "s1", "s1"), ("findings", "a/b c", "a%2Fb%20c")],
)
def test_a_code_holds_the_stable_link(
    client: TestClient, layer: str, fid: str, escaped: str
) -> None:
    link = f"http://testserver/projects/demo/collections/{layer}/items/{escaped}"
    assert client.get(link).json()["id"] == fid
    expected = io.BytesIO()
    segno.make_qr(link, error="m").save(expected, kind="png", scale=8)

    png = client.get(f"/qr/{layer}/{escaped}.png")
    assert png.headers["content-type"] == "image/png"
    assert png.content == expected.getvalue()

    svg = client.get(f"/projects/demo/qr/{layer}/{escaped}.svg")
    assert svg.headers["content-type"].startswith("image/svg+xml")
    assert ET.fromstring(svg.text).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314


@pytest.mark.parametrize("path", ["/qr/grids/none.svg", "/qr/none/g0-0.svg"])
def test_there_is_no_code_of_what_is_not_there(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_code_is_svg_or_png(client: TestClient) -> None:
    assert client.get("/qr/grids/g0-0.gif").status_code == 400
    assert client.get("/qr/grids/g0-0").status_code == 400


def test_an_item_has_a_small_map_a_code_and_a_way_to_the_map(client: TestClient) -> None:
    page = client.get("/collections/grids/items/g0-1", headers=BROWSER).text
    assert page.count("<path") == 6
    assert page.count('<path class="own"') == 1
    assert 'src="http://testserver/qr/grids/g0-1.svg"' in page
    assert "http://testserver/map#grid=g0-1" in page
    assert "<svg" in client.get("/collections/grids", headers=BROWSER).text
    nowhere = client.get("/collections/findings/items/a%2Fb%20c", headers=BROWSER).text
    assert "<svg" not in nowhere


def test_figures_are_counted(client: TestClient) -> None:
    def figures() -> dict[str, float]:
        text = client.get("/metrics").text
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    name = 'gridcircle_requests_total{method="GET",status="404"}'
    before = figures()
    client.get("/nowhere")
    client.request("BREW", "/")
    after = figures()
    assert after[name] == before.get(name, 0) + 1
    assert after['gridcircle_requests_total{method="OTHER",status="405"}'] == 1
    assert after["gridcircle_request_seconds_count"] >= 3
    assert after['gridcircle_features{collection="grids"}'] == 6
    assert client.get("/metrics").headers["content-type"].startswith("text/plain; version=0.0.4")


def test_each_request_is_one_line_of_json(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gridcircle.access")
    client.get('/no%0Aline?x="%0d%0a')
    (line,) = [r.getMessage() for r in caplog.records if r.name == "gridcircle.access"]
    assert "\n" not in line
    told = json.loads(line)
    assert (told["method"], told["path"], told["status"]) == ("GET", "/no\nline", 404)
    assert told["ms"] >= 0


def test_a_body_has_a_bound(tmp_path: Path) -> None:
    settings = Settings(max_body_bytes=100)
    client = TestClient(create_app(write_outputs(tmp_path / "out"), settings=settings))
    assert client.post("/locate", content=b"x" * 99).status_code == 405
    told = client.post("/locate", content=b"x" * 101)
    assert told.status_code == 413
    assert told.headers["content-type"] == "application/problem+json"
    wrong = client.post("/locate", content=b"x", headers={"Content-Length": "-1"})
    assert wrong.status_code == 413


def test_who_asks_too_often_waits(tmp_path: Path) -> None:
    settings = Settings(max_requests_per_second=5)
    client = TestClient(create_app(write_outputs(tmp_path / "out"), settings=settings))
    answers = [client.get("/healthz") for _ in range(20)]
    assert [a.status_code for a in answers[:10]] == [200] * 10
    assert answers[-1].status_code == 429
    assert answers[-1].headers["retry-after"] == "1"


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """A server that waits half a second for headers."""
    monkeypatch.setattr("api.http.wire._PATIENCE_SECONDS", 0.5)
    app = create_app(write_outputs(tmp_path / "out"))
    config = uvicorn.Config(app, port=0, log_level="warning", http=PatientProtocol, ws="none")
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield listener.getsockname()
    server.should_exit = True
    thread.join()
    listener.close()


def talk(address: tuple[str, int], *pieces: bytes, pause_seconds: float = 0.0) -> bytes:
    """Return what the server says to `pieces`, until it hangs up or 10 seconds are over."""
    answer = b""
    with socket.create_connection(address, timeout=10) as line:
        try:
            for piece in pieces:
                line.sendall(piece)
                time.sleep(pause_seconds)
            while part := line.recv(65536):
                answer += part
        except ConnectionError:
            pass
    return answer


def test_a_client_that_dawdles_is_let_go(address: tuple[str, int]) -> None:
    start = time.monotonic()
    assert talk(address) == b""
    trickle = [b"GET / HTTP/1.1\r\n", *[b"X-%d: 1\r\n" % n for n in range(100)]]
    assert talk(address, *trickle, pause_seconds=0.05) == b""
    assert time.monotonic() - start < 9


def test_headers_without_end_are_refused(address: tuple[str, int]) -> None:
    one = talk(address, b"GET / HTTP/1.1\r\nX: ", *[b"a" * 60_000] * 5)
    many = b"".join(b"X-%d: 1\r\n" % n for n in range(200))
    several = talk(address, b"GET / HTTP/1.1\r\nHost: a\r\n" + many + b"\r\n")
    for answer in (one, several):
        assert re.match(rb"HTTP/1\.1 (431|400) ", answer) or answer == b""


def test_an_ordinary_client_is_served(address: tuple[str, int]) -> None:
    ask = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: %b\r\n\r\n"
    answer = talk(address, ask % b"keep-alive", ask % b"close", pause_seconds=0.2)
    assert answer.count(b"HTTP/1.1 200 OK") == 2


def test_hostile_text_stays_text_beside_the_drawing(client: TestClient) -> None:
    page = client.get("/collections/grids/items/g0-0", headers=BROWSER)
    assert HOSTILE not in page.text
    assert "img-src 'self'" in page.headers["content-security-policy"]
    assert "script-src" not in page.headers["content-security-policy"]
