"""Clients in processes of their own: QGIS without a screen, two of npm, GDAL's programs."""

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

__all__ = ["ask_npm", "ask_qgis", "ogrinfo", "run"]

_PATIENCE_SECONDS = 180
_CLIENTS = Path(__file__).parent / "clients"
_PACKAGES = ("@camptocamp/ogc-client@1", "@ogcapi-js/features@1")


def ask_qgis(url: str) -> dict[str, Any]:
    """Return what QGIS reads from the server; the test skips where there is no QGIS."""
    python = _qgis()
    if python is None:
        pytest.skip("QGIS is not installed (GRIDCIRCLE_QGIS=1 bash tools/system_packages.sh)")
    own = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": ""}
    return _said([python, str(_CLIENTS / "qgis_client.py"), url], env=own)


@cache
def _qgis() -> str | None:
    """Return a Python that knows QGIS, None where there is none."""
    for python in ("/usr/bin/python3", sys.executable):
        if Path(python).exists():
            command = [python, "-c", "import qgis.core"]
            if subprocess.run(command, check=False, capture_output=True).returncode == 0:
                return python
    return None


def ask_npm(url: str, folder: Path) -> dict[str, Any]:
    """Return what two clients of npm, installed into `folder`, read from the server."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("node and npm are not installed")
    shutil.copy(_CLIENTS / "ogc_client.mjs", folder)
    install = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", *_PACKAGES]
    made = subprocess.run(
        install,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=_PATIENCE_SECONDS,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip(f"npm cannot install {', '.join(_PACKAGES)}: {made.stderr.strip()[-200:]}")
    return _said([node, "ogc_client.mjs", url], cwd=folder)


def ogrinfo(url: str, *options: str) -> str:
    """Return what Debian's ogrinfo says of the grids."""
    return run("ogrinfo", "-ro", "-so", f"OAPIF:{url}", "grids", *options)


def run(*command: str) -> str:
    """Return what a program of GDAL prints, once it has ended without an error."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=True
    )
    assert "ERROR" not in done.stderr
    return done.stdout


def _said(command: list[str], **how: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the JSON of the last line that a client prints."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False, **how
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
