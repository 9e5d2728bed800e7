"""Audit what is installed against the published advisories (pip-audit), where they can be had.

    python tools/audit_deps.py

Ends with 0 where nothing is known against any package, or where the advisories cannot be reached
(then it says so); else with pip-audit's own status.
"""
# ruff: noqa: INP001, T201

import subprocess
import sys
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

OUT_OF_REACH = ("ConnectionError", "not found on PyPI", "Max retries", "ServiceError")


def main() -> int:
    """Run pip-audit over the packages of this environment."""
    if find_spec("pip_audit") is None:
        print("skipped: pip-audit is not installed")
        return 0
    pins = sorted(
        f"{found.name}=={found.version}" for found in distributions() if found.name != "gridcircle"
    )
    with TemporaryDirectory() as folder:
        listed = Path(folder) / "requirements.txt"
        listed.write_text("\n".join(pins) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip"]
        done = subprocess.run(  # noqa: S603 nothing in it comes from outside
            [*command, "--progress-spinner", "off", "-r", str(listed)],
            capture_output=True,
            text=True,
            check=False,
        )
    print(done.stdout, end="")
    if any(sign in done.stdout + done.stderr for sign in OUT_OF_REACH):
        print("skipped, in part or whole: advisories cannot be had for every package")
        return done.returncode if "Found " in done.stderr else 0
    print(done.stderr, end="", file=sys.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
