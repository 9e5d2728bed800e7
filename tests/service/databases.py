"""A PostgreSQL with PostGIS on a free port, started by the project's own script."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "postgis.sh"


@contextmanager
def database() -> Iterator[str]:
    """Give the URL of an empty database while inside; skip with the reason where none can run."""
    try:
        started = subprocess.run(
            ["bash", str(_SCRIPT), "start"],
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
    except FileNotFoundError:
        pytest.skip("there is no bash to start PostgreSQL with")
    if started.returncode != 0:
        pytest.skip(started.stderr.strip() or "PostgreSQL with PostGIS cannot be started")
    folder, url = started.stdout.split()
    try:
        yield url
    finally:
        subprocess.run(["bash", str(_SCRIPT), "stop", folder], check=False, timeout=60)
