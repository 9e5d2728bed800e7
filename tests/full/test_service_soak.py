"""A server under load while an audit runs and publishes beside it."""

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import geopandas as gpd
import httpx2
import pytest

from geo.store import open_store
from geo.synth import build_city, write_city
from tests.service.servers import served

N_REQUESTS = 10_000
N_CONNECTIONS = 32
N_VERSIONS = 3
MAX_GROWTH = 1.5
_ROOT = Path(__file__).resolve().parents[2]
_PUBLISH = """
import sys
from pathlib import Path
from geo.audit import run_audit
from geo.io import load, read_project
from geo.store import open_store
audit = run_audit(load(read_project(Path(sys.argv[1]))))
open_store(Path(sys.argv[2]), create=True).publish(audit)
"""


def publish(project: Path, workspace: Path) -> None:
    """Audit and publish in a process of its own, as a job would."""
    command = [sys.executable, "-c", _PUBLISH, str(project), str(workspace)]
    subprocess.run(command, check=True, cwd=_ROOT, timeout=1200)


def resident_bytes(url: str) -> float:
    lines = httpx2.get(f"{url}/metrics", timeout=60).text.splitlines()
    found = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return float(found["process_resident_memory_bytes"])


def paths(ids: list[str], n_grids: int, seed: int) -> list[tuple[str, int | None]]:
    """Return requests of all kinds, each with the count that it must give, if it gives one."""
    pick = random.Random(seed)  # noqa: S311
    items = "/collections/grids/items"
    swapped = "http://www.opengis.net/def/crs/EPSG/0/4326"
    kinds = (
        lambda: (f"{items}?limit=100", n_grids),
        lambda: (f"{items}?limit=50&crs={swapped}", n_grids),
        lambda: (f"{items}?filter=true&limit=5", n_grids),
        lambda: (f"{items}?bbox=-180,-90,180,90&limit=10", n_grids),
        lambda: (f"{items}/{pick.choice(ids)}", None),
        lambda: ("/collections/findings/items?f=html", None),
        lambda: (f"/collections/grids/tiles/WebMercatorQuad/{pick.randint(0, 4)}/0/0", None),
        lambda: ("/locate?lon=114&lat=30", None),
        lambda: ("/healthz", None),
    )
    return [pick.choice(kinds)() for _ in range(N_REQUESTS // N_CONNECTIONS)]


def faults_of(url: str, asked: list[tuple[str, int | None]]) -> list[str]:
    """Return what is wrong with the answers."""
    found = []
    with httpx2.Client(base_url=url, timeout=120) as client:
        for path, expected in asked:
            answer = client.get(path)
            if answer.status_code not in {200, 204}:
                found.append(f"{answer.status_code} {path}")
            elif expected is not None and answer.json()["numberMatched"] != expected:
                found.append(f"count {answer.json()['numberMatched']} {path}")
    return found


@pytest.mark.full
def test_ten_thousand_requests_while_versions_are_published(tmp_path: Path) -> None:
    project = write_city(build_city(n_communities=12, seed=3), tmp_path / "city")
    workspace = tmp_path / "workspace"
    publish(project, workspace)
    store = open_store(workspace)
    folder = store.folder(store.versions()[-1].version_id)
    grids = gpd.read_file(folder / "grids.geojson")
    faults: Counter[str] = Counter()
    is_over = threading.Event()

    def ask(seed: int, url: str) -> None:
        faults.update(faults_of(url, paths(list(grids["grid_id"]), len(grids), seed)))

    def keep_publishing() -> None:
        for _ in range(N_VERSIONS):
            if not is_over.is_set():
                publish(project, workspace)

    with served(workspace, tmp_path / "server.log") as url:
        ask(-1, url)  # all that is kept is there
        before = resident_bytes(url)
        writer = threading.Thread(target=keep_publishing)
        readers = [threading.Thread(target=ask, args=(seed, url)) for seed in range(N_CONNECTIONS)]
        for thread in (writer, *readers):
            thread.start()
        for thread in readers:
            thread.join()
        is_over.set()
        writer.join()
        wanted = len(store.versions())
        end = time.monotonic() + 60
        listed = f"{url}/projects/{store.projects()[0]}/versions"
        while len(httpx2.get(listed).json()["versions"]) < wanted:
            assert time.monotonic() < end
            time.sleep(0.2)
        after = resident_bytes(url)
    assert not faults
    assert wanted >= 2
    assert after < before * MAX_GROWTH + 50_000_000
    log = (tmp_path / "server.log").read_text(encoding="utf-8")
    assert "Traceback" not in log
