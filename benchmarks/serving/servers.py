"""The servers that are compared, one process each, features switched on."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

__all__ = ["Server", "ours", "pygeoapi", "tipg"]

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / ".venv" / "peers"
PACKAGES = ("pygeoapi", "tipg", "uvicorn[standard]", "GeoAlchemy2", "psycopg2-binary")
PATIENCE_SECONDS = 300.0

_OURS = """
import sys
from pathlib import Path
from api.http import serve
serve(Path(sys.argv[1]), port=int(sys.argv[2]))
"""
_CONFIG = """
server:
  bind: {{host: 127.0.0.1, port: {port}}}
  url: http://127.0.0.1:{port}
  mimetype: application/json; charset=UTF-8
  encoding: utf-8
  gzip: true
  languages: [en-US]
  limits: {{default_items: 100, max_items: 10000}}
  map: {{url: "http://127.0.0.1/{{z}}/{{x}}/{{y}}.png", attribution: none}}
logging: {{level: ERROR}}
metadata:
  identification:
    {{title: bench, description: bench, keywords: [bench], terms_of_service: none, url: http://a}}
  license: {{name: none, url: http://127.0.0.1}}
  provider: {{name: none, url: http://127.0.0.1}}
  contact: {{name: none}}
resources:
  grids:
    type: collection
    title: grids
    description: grids
    keywords: [grids]
    links: []
    extents: {{spatial: {{bbox: [-180, -90, 180, 90], crs: "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}}}}
    providers:
      - type: feature
        name: PostgreSQL
        data:
          {{host: {host}, port: {db_port}, dbname: {dbname}, user: {user}, password: {password},
            search_path: [public]}}
        id_field: grid_id
        table: grids
        geom_field: geom
        crs: ["http://www.opengis.net/def/crs/OGC/1.3/CRS84", "http://www.opengis.net/def/crs/EPSG/0/4326"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that runs. `process_ids`: its own, and that of the database it asks."""

    name: str
    process_ids: tuple[int, ...]
    port: int
    collection: str
    tile: Callable[[int, int, int], str] | None


@contextmanager
def ours(folder: Path, log: Path) -> Iterator[Server]:
    """Run this project's service over an output folder."""
    port = _free_port()
    command = [sys.executable, "-c", _OURS, str(folder), str(port)]
    with _running(command, port, log) as process_id:
        yield Server(
            name="gridcircle",
            process_ids=(process_id,),
            port=port,
            collection="/collections/grids",
            tile=lambda z, y, x: f"/collections/grids/tiles/WebMercatorQuad/{z}/{y}/{x}",
        )


@contextmanager
def pygeoapi(url: str, postgres_id: int, folder: Path) -> Iterator[Server]:
    """Run pygeoapi over PostGIS."""
    port, parts = _free_port(), urlsplit(url)
    config, openapi = folder / "pygeoapi.yml", folder / "pygeoapi-openapi.yml"
    content = _CONFIG.format(
        port=port,
        host=parts.hostname,
        db_port=parts.port,
        dbname=parts.path.strip("/"),
        user=parts.username,
        password=parts.password,
    )
    config.write_text(content, encoding="utf-8")
    given = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(openapi)}
    tool = _peer("pygeoapi")
    generate = [tool, "openapi", "generate", str(config), "--output-file", str(openapi)]
    subprocess.run(generate, env={**os.environ, **given}, check=True, capture_output=True)
    command = _uvicorn("pygeoapi.starlette_app:APP", port)
    with _running(command, port, folder / "pygeoapi.log", given=given) as process_id:
        yield Server(
            name="pygeoapi on PostGIS",
            process_ids=(process_id, postgres_id),
            port=port,
            collection="/collections/grids",
            tile=None,
        )


@contextmanager
def tipg(url: str, postgres_id: int, folder: Path) -> Iterator[Server]:
    """Run tipg."""
    port = _free_port()
    given = {"DATABASE_URL": url, "TIPG_DB_SCHEMAS": '["public"]'}
    with _running(
        _uvicorn("tipg.main:app", port), port, folder / "tipg.log", given=given
    ) as process_id:
        yield Server(
            name="tipg",
            process_ids=(process_id, postgres_id),
            port=port,
            collection="/collections/public.grids",
            tile=lambda z, y, x: f"/collections/public.grids/tiles/WebMercatorQuad/{z}/{x}/{y}",
        )


def install_peers() -> None:
    """Install the peers into an environment of their own, once."""
    if Path(_peer("tipg-done")).exists():
        return
    subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
    subprocess.run([_peer("pip"), "install", "--quiet", *PACKAGES], check=True)
    Path(_peer("tipg-done")).touch()


def _peer(name: str) -> str:
    return str(PEERS / ("Scripts" if os.name == "nt" else "bin") / name)


def _uvicorn(app: str, port: int) -> list[str]:
    options = ["--port", str(port), "--log-level", "warning", "--no-access-log"]
    return [_peer("python"), "-m", "uvicorn", app, *options]


@contextmanager
def _running(
    command: list[str], port: int, log: Path, *, given: dict[str, str] | None = None
) -> Iterator[int]:
    """Run `command` while inside; gives the id of its process once it answers."""
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, stdout=stream, stderr=stream, env={**os.environ, **(given or {})}, cwd=ROOT
        )
        try:
            _wait(process, port, log)
            yield process.pid
        finally:
            process.terminate()
            process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(log.read_text(encoding="utf-8")[-2000:])


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
