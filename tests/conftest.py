"""Fixtures that find what lies beside the project, and skip with the reason where it is absent."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Shared machines are slow at times: a test fails for what it finds, never for how long it took.
# `make test` tries the same examples each time; `make test-full` looks for new ones.
_LASTING = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "print_blob": True}
settings.register_profile("same", derandomize=True, **_LASTING)
settings.register_profile("explore", **_LASTING)
settings.load_profile(os.environ.get("GRIDCIRCLE_EXAMPLES", "same"))

_ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real data; the test skips where it is not there."""
    folder = _ROOT.parent / "shared" / "data"
    if not (folder / "README.md").is_file():
        pytest.skip("the real data (../shared/data) is not on this machine")
    return folder


@pytest.fixture(scope="session")
def acceptance() -> Path:
    """Folder of the independent oracles, from GRIDCIRCLE_ACCEPTANCE; the test skips without it."""
    folder = os.environ.get("GRIDCIRCLE_ACCEPTANCE", "")
    if not folder or not (Path(folder) / "oracle.py").is_file():
        pytest.skip("GRIDCIRCLE_ACCEPTANCE names no folder with oracle.py")
    return Path(folder)
