"""Schemathesis asks what the OpenAPI document says can be asked, of a folder and of a workspace.

`make test` asks a workspace for every kind of value once; `make test-full` all of them at random.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from geo.store import open_store
from tests.fake_audit import fake_audit
from tests.service.outputs import write_outputs
from tests.service.servers import served

TOKEN = "a-token-of-the-test"  # noqa: S105
BEARER = {"Authorization": f"Bearer {TOKEN}"}
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance"
)
PATIENCE_SECONDS = 1200
CONFIG = """
[[operations]]
include-path = ["/jobs/{jobId}", "/jobs/{jobId}/results"]
include-method = "GET"
parameters = { jobId = "JOB" }
"""


@dataclass(frozen=True)
class Asked:
    """A server, and a job of it that has ended."""

    url: str
    job: str


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A workspace with two versions, and a job that ended well."""
    folder = tmp_path_factory.mktemp("asked") / "ws"
    store = open_store(folder, create=True)
    store.publish(fake_audit())
    store.publish(fake_audit())
    with served(folder, folder.parent / "server.log", token=TOKEN) as url:
        body = {"inputs": {"old": "drawn-1", "new": "drawn-2"}}
        headers = {**BEARER, "Prefer": "respond-async"}
        made = httpx2.post(f"{url}/processes/compare/execution", json=body, headers=headers)
        while httpx2.get(made.headers["location"]).json()["status"] in {"accepted", "running"}:
            time.sleep(0.1)
        yield Asked(url, made.json()["jobID"])
        log = (folder.parent / "server.log").read_text(encoding="utf-8")
        assert "Traceback" not in log


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    made = write_outputs(tmp_path_factory.mktemp("asked") / "out")
    with served(made, made.parent / "server.log") as url:
        yield Asked(url, "0" * 32)


def faults_of(asked: Asked, tmp_path: Path, *options: str) -> str:
    """Return what schemathesis says against a server, nothing where that is nothing."""
    program = Path(sys.executable).with_name("schemathesis")
    if not program.exists():
        pytest.skip("schemathesis is not installed")
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG.replace("JOB", asked.job), encoding="utf-8")
    command = [str(program), "--config-file", str(config), "run", f"{asked.url}/openapi"]
    done = subprocess.run(
        [*command, "--checks", CHECKS, "--no-color", "--seed", "1", *options],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
        cwd=tmp_path,
    )
    return "" if done.returncode == 0 else done.stdout[-8000:] + done.stderr[-2000:]


def bearer() -> tuple[str, str]:
    return "-H", f"Authorization: {BEARER['Authorization']}"


def test_a_workspace_with_its_token(workspace: Asked, tmp_path: Path) -> None:
    quick = (
        "--phases",
        "examples,coverage",
        "--include-path-regex",
        "jobs|processes|coverage|docs",
    )
    assert faults_of(workspace, tmp_path, *quick, *bearer(), "-H", "Prefer: respond-async") == ""


@pytest.mark.full
class TestEveryOperation:
    """Examples, every kind of value, and random ones, of all operations."""

    options = (
        *("--phases", "examples,coverage,fuzzing", "--max-examples", "30"),
        *("--request-timeout", "600"),  # an execution waits for those before it
    )

    def test_an_output_folder(self, folder: Asked, tmp_path: Path) -> None:
        assert faults_of(folder, tmp_path, *self.options) == ""

    def test_a_workspace_with_its_token(self, workspace: Asked, tmp_path: Path) -> None:
        assert faults_of(workspace, tmp_path, *self.options, *bearer()) == ""

    def test_a_workspace_without_it(self, workspace: Asked, tmp_path: Path) -> None:
        assert faults_of(workspace, tmp_path, *self.options) == ""
