"""A server under load while audits run and publish beside it: no error, no wrong count, no leak."""

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import geopandas as gpd
import httpx2
import numpy as np
import pytest

from geo.audit import run_audit
from geo.io import load, read_project
from geo.store import Store, open_store
from geo.synth import build_city, write_city
from tests.service.servers import served

N_CONNECTIONS = 32
N_BLOCKS = 10
N_REQUESTS = 1000
"""In a block."""
N_WARM_BLOCKS = 3
N_HELD = 8
"""Versions that the service keeps in memory; as many are there before memory is looked at."""
N_BUSY_BLOCKS = 5
"""While versions are published; memory of the rest is looked at by its slope."""
MAX_LEAK_BYTES = 2000
"""A request, by the slope over the quiet blocks: a leak of 3 kB would be seen."""
MAX_VERSION_BYTES = 25e6
"""What the allocator may keep of a version that was read beside the requests and made way."""
_ROOT = Path(__file__).resolve().parents[2]
_PUBLISH = """
import sys
from pathlib import Path
from geo.audit import run_audit
from geo.io import load, read_project
from geo.store import open_store
audit = run_audit(load(read_project(Path(sys.argv[1]))))
open_store(Path(sys.argv[2])).publish(audit)
"""
Asked = tuple[str, int, int | None]
"""Path, status, count."""


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """The project that is audited and published."""
    return write_city(build_city(n_communities=12, seed=3), tmp_path / "city")


@pytest.fixture
def store(tmp_path: Path, city: Path) -> Store:
    """A workspace with as many versions as are held in memory."""
    made = open_store(tmp_path / "workspace", create=True)
    audit = run_audit(load(read_project(city)))
    for _ in range(N_HELD):
        made.publish(audit)
    return made


def resident_bytes(url: str) -> float:
    lines = httpx2.get(f"{url}/metrics", timeout=60).text.splitlines()
    found = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return float(found["process_resident_memory_bytes"])


def requests(ids: list[str], n: int, seed: int) -> list[Asked]:
    """Return `n` requests of all kinds, each with the status and the count that it must give."""
    pick = random.Random(seed)  # noqa: S311
    items, n_grids = "/collections/grids/items", len(ids)
    swapped = "http://www.opengis.net/def/crs/EPSG/0/4326"
    tiles = "/collections/grids/tiles/WebMercatorQuad"
    kinds = (
        lambda: (f"{items}?limit=100", 200, n_grids),
        lambda: (f"{items}?limit=50&crs={swapped}", 200, n_grids),
        lambda: (f"{items}?filter=true&limit=5", 200, n_grids),
        lambda: (f"{items}?bbox=-180,-90,180,90&limit=10", 200, n_grids),
        lambda: (f"{items}/{pick.choice(ids)}", 200, None),
        lambda: (f"{items}/none-{pick.random()}", 404, None),
        lambda: (f"{items}?none-{pick.random()}=1", 400, None),
        lambda: ("/collections/findings/items?f=html", 200, None),
        lambda: (f"{tiles}/{pick.randint(0, 3)}/0/9{pick.randint(0, 999)}", 404, None),
        lambda: (f"{tiles}/0/0/0", 204, None),
        lambda: ("/files/grids.geojson", 200, None),
        lambda: (
            (f"/coverage?add=114.{pick.randint(0, 99)},30", 200, None)
            if pick.random() < 0.2
            else ("/jobs", 200, None)
        ),
        lambda: ("/locate?lon=114&lat=30", 200, None),
        lambda: ("/openapi", 200, None),
        lambda: ("/processes", 200, None),
        lambda: ("/healthz", 200, None),
    )
    return [pick.choice(kinds)() for _ in range(n)]


def faults_of(url: str, asked: list[Asked]) -> Counter[str]:
    """Return what is wrong with the answers."""
    found: Counter[str] = Counter()
    with httpx2.Client(base_url=url, timeout=120) as client:
        for path, status, expected in asked:
            answer = client.get(path)
            if answer.status_code != status:
                found[f"{answer.status_code} {path}"] += 1
            elif expected is not None and answer.json()["numberMatched"] != expected:
                found[f"count {answer.json()['numberMatched']} {path}"] += 1
    return found


def ask_block(url: str, ids: list[str], seed: int) -> Counter[str]:
    """Send the requests of one block over all connections at once; return what is wrong."""
    faults: Counter[str] = Counter()

    def ask(connection: int) -> None:
        n = N_REQUESTS // N_CONNECTIONS + 1
        faults.update(faults_of(url, requests(ids, n, seed * N_CONNECTIONS + connection)))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(N_CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return faults


def leak_bytes(resident: list[float]) -> float:
    """Return the slope of memory after each block: bytes a request."""
    return float(np.polyfit(np.arange(len(resident)) * N_REQUESTS, resident, 1)[0])


def test_a_leak_is_seen_in_the_slope() -> None:
    noise = np.random.default_rng(0).normal(0, 1e6, N_BLOCKS)
    flat = 2e8 + noise
    assert leak_bytes(list(flat)) < MAX_LEAK_BYTES
    assert leak_bytes(list(flat + 3000 * N_REQUESTS * np.arange(N_BLOCKS))) > MAX_LEAK_BYTES


@pytest.mark.full
def test_ten_thousand_requests_while_versions_are_published(
    tmp_path: Path, city: Path, store: Store
) -> None:
    versions = store.versions()
    project = versions[0].project_id
    ids = list(gpd.read_file(store.folder(versions[-1].version_id) / "grids.geojson")["grid_id"])
    is_over = threading.Event()

    def keep_publishing() -> None:
        command = [sys.executable, "-c", _PUBLISH, str(city), str(store.workspace)]
        while not is_over.is_set():
            subprocess.run(command, check=True, cwd=_ROOT, timeout=1200)

    with served(store.workspace, tmp_path / "server.log") as url:
        for version in versions:  # all that can be held is
            root = f"{url}/projects/{project}/versions/{version.version_id}"
            assert httpx2.get(root, timeout=60).status_code == 200
        faults: Counter[str] = Counter()
        for block in range(N_WARM_BLOCKS):
            faults += ask_block(url, ids, -1 - block)
        writer = threading.Thread(target=keep_publishing)
        writer.start()
        resident = [resident_bytes(url)]
        for block in range(N_BLOCKS):
            faults += ask_block(url, ids, block)
            if block == N_BUSY_BLOCKS - 1:
                is_over.set()
                writer.join()
                n_published = len(store.versions()) - len(versions)
                wait_for(url, project, len(versions) + n_published)
                faults += ask_block(url, ids, N_BLOCKS)  # the last version is warm too
            resident.append(resident_bytes(url))
    assert not faults
    assert n_published >= 1
    busy, quiet = resident[: N_BUSY_BLOCKS + 1], resident[N_BUSY_BLOCKS:]
    assert leak_bytes(quiet) < MAX_LEAK_BYTES, resident
    assert busy[-1] - busy[0] < n_published * MAX_VERSION_BYTES, resident
    assert "Traceback" not in (tmp_path / "server.log").read_text(encoding="utf-8")


def wait_for(url: str, project: str, n_versions: int) -> None:
    """Wait until the service lists as many versions."""
    end = time.monotonic() + 60
    while len(httpx2.get(f"{url}/projects/{project}/versions").json()["versions"]) < n_versions:
        assert time.monotonic() < end
        time.sleep(0.2)
