"""kill -9 of the server while a job runs: the worker ends, the restart says what was lost."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from api.http.jobs import Jobs
from tests.unit.test_http_jobs import FUNCTIONS, is_alive, until

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(os.name != "posix", reason="kills as POSIX has it"),
]

_CODE = """
import sys, time
from pathlib import Path
from api.http.jobs import Jobs
from tests.unit.test_http_jobs import FUNCTIONS
folder = Path(sys.argv[1])
jobs = Jobs(folder / "jobs", workspace=folder, functions=FUNCTIONS)
jobs.submit("sleep", {})
jobs.submit("add", {"a": 1, "b": 2})
time.sleep(600)
"""
_ROOT = Path(__file__).resolve().parents[2]


def states(folder: Path) -> dict[str, int]:
    """Return task to the process that works on it, once it says so."""
    found = list(folder.glob("jobs/*/pid"))
    return {path.parent.name: int(path.read_text(encoding="utf-8") or 0) for path in found}


@pytest.mark.parametrize("n", range(5))
def test_a_server_that_is_killed_takes_its_workers_along(tmp_path: Path, n: int) -> None:
    command = [sys.executable, "-c", _CODE, str(tmp_path)]
    server = subprocess.Popen(command, cwd=_ROOT)
    patient(lambda: any(states(tmp_path).values()))
    (job_id, pid), *_ = states(tmp_path).items()
    time.sleep(0.1 * n)
    server.send_signal(signal.SIGKILL)
    server.wait()
    until(lambda: not is_alive(pid))
    jobs = Jobs(tmp_path / "jobs", workspace=tmp_path, functions=FUNCTIONS)
    try:
        assert jobs.find(job_id).status == "failed"
        waiting = next(job for job in jobs.all() if job.task == "add")
        assert jobs.wait(waiting.job_id, 60).status == "successful"
    finally:
        jobs.close()


def patient(condition: Callable[[], bool]) -> None:
    for _ in range(5):
        try:
            until(condition)
        except pytest.fail.Exception:
            continue
        return
    pytest.fail("the worker never began")
