"""The basemap of the served map: a bounded proxy that is off unless set up, and local tiles."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.http import Settings, basemaps, create_app
from maps import write_map
from maps.basemaps import Basemap, read_basemap
from tests.basemap_tiles import dot_tile, write_folder
from tests.service.outputs import write_outputs
from tests.unit.fake_audit import fake_audit

TILE = dot_tile(7, 9)


@contextmanager
def tile_host(*, status: int = 200, body: bytes = TILE) -> Iterator[tuple[str, list[str]]]:
    """Run a host of tiles on the loopback address; give its address and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", "http://127.0.0.1:9/elsewhere.png")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()


def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str) -> Basemap:
    """Return a basemap set up as Tianditu's would be, at another host."""
    about = tmp_path / "basemap.toml"
    about.write_text(
        f'tiles = "{host}/vec_w/wmts?TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={{key}}"\n'
        'key_env = "MY_KEY"\nattribution = "天地图 <b>"\nmax_zoom = 17\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("MY_KEY", "s3cret")
    return read_basemap(about)


@pytest.fixture
def client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: Path
) -> Iterator[tuple[TestClient, list[str]]]:
    with tile_host() as (host, asked):
        basemap = remote(tmp_path, monkeypatch, host)
        yield TestClient(create_app(served, settings=Settings(basemap=basemap))), asked


def test_a_tile_is_asked_for_once_with_the_key_that_stays_here(
    client: tuple[TestClient, list[str]],
) -> None:
    http, asked = client
    for _ in range(2):
        answer = http.get("/basemap/12/3335/1700")
        assert (answer.status_code, answer.content) == (200, TILE)
        assert answer.headers["content-type"] == "image/png"
    assert asked == ["/vec_w/wmts?TILEMATRIX=12&TILEROW=1700&TILECOL=3335&tk=s3cret"]


@pytest.mark.parametrize(
    "path",
    ["18/0/0", "3/8/0", "3/0/8", "a/0/0", "3/-1/0", "3/0/0.5", "3/0/http:%2F%2Fother", "3/0"],
)
def test_only_whole_numbers_in_range_are_passed_on(
    client: tuple[TestClient, list[str]], path: str
) -> None:
    http, asked = client
    assert http.get(f"/basemap/{path}").status_code == 404
    assert asked == []


def test_the_map_may_load_pictures_from_the_proxy_alone_and_holds_no_key(
    client: tuple[TestClient, list[str]],
) -> None:
    http, _ = client
    answer = http.get("/map")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "img-src data: blob: http://testserver/basemap/;" in policy
    assert "default-src 'none'" in policy
    assert "img-src data: http://testserver/basemap/;" in answer.text
    assert "s3cret" not in answer.text
    assert "天地图 <b>" not in answer.text
    again = http.get("/map", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_without_a_basemap_there_is_no_such_way(served: Path) -> None:
    http = TestClient(create_app(served))
    assert http.get("/basemap/3/1/1").status_code == 404
    assert "basemap/" not in http.get("/map").headers["content-security-policy"]


@pytest.mark.parametrize(
    ("status", "body"),
    [(302, b""), (403, b"key s3cret"), (200, b"<html>"), (200, TILE + b"\0" * 2_000_000)],
)
def test_what_is_no_tile_is_a_problem_that_tells_no_key(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    served: Path,
    *,
    status: int,
    body: bytes,
) -> None:
    with tile_host(status=status, body=body) as (host, asked):
        basemap = remote(tmp_path, monkeypatch, host)
        http = TestClient(create_app(served, settings=Settings(basemap=basemap)))
        answer = http.get("/basemap/3/1/1")
    assert answer.status_code == 502
    assert answer.headers["content-type"] == "application/problem+json"
    assert "s3cret" not in answer.text
    assert host not in answer.text
    assert len(asked) == 1


def test_a_host_that_is_slow_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: Path
) -> None:
    monkeypatch.setattr(basemaps, "_TIMEOUT_S", -1.0)

    class Slow:
        def read(self, _: int) -> bytes:
            return b"x"

    with pytest.raises(TimeoutError):
        basemaps._bounded(Slow())  # type: ignore[arg-type]  # noqa: SLF001
    basemap = remote(tmp_path, monkeypatch, "http://127.0.0.1:9")
    monkeypatch.setattr(basemaps, "_TIMEOUT_S", 1.0)
    http = TestClient(create_app(served, settings=Settings(basemap=basemap)))
    assert http.get("/basemap/3/1/1").status_code == 502


def test_local_tiles_are_served_too(tmp_path: Path, served: Path) -> None:
    folder = write_folder(tmp_path / "tiles", {(3, 1, 2): TILE})
    http = TestClient(create_app(served, settings=Settings(basemap=read_basemap(folder))))
    assert http.get("/basemap/3/1/2").content == TILE
    assert http.get("/basemap/3/1/3").status_code == 404


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an output folder with a map."""
    folder = write_outputs(tmp_path_factory.mktemp("served"))
    write_map(fake_audit(), folder / "map.html")
    return folder
