"""Make the virtual environment that the Makefile's targets run in.

    python3 tools/setup_env.py --venv .venv --extras dev,docs

Installs this project (editable) with the named extras: with `uv` where it is on PATH, else with
pip. A second run with nothing to do ends at once. Needs nothing but the standard library and
Python 3.11 or newer.
"""
# ruff: noqa: INP001

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST = (3, 11)
NEWER_NAMES = ("python3.14", "python3.13", "python3.12", "python3.11")
STAMP = "gridcircle-env.json"


class SetupError(Exception):
    """The environment cannot be made; the message says what to do."""


def main(arguments: list[str] | None = None) -> int:
    """Make or refresh the environment; return 0, or 1 with a sentence on stderr."""
    parser = argparse.ArgumentParser(description="Make the virtual environment of GridCircle.")
    parser.add_argument("--venv", default=".venv", help="folder of the environment")
    parser.add_argument("--extras", default="", help="extras of pyproject.toml, comma-separated")
    options = parser.parse_args(arguments)
    extras = {name.strip() for name in options.extras.split(",") if name.strip()}
    folder = Path(options.venv).resolve()
    try:
        set_up(folder, extras)
    except SetupError as error:
        say(str(error))
        return 1
    return 0


def set_up(folder: Path, extras: set[str]) -> None:
    """Bring `folder` to hold this project with at least `extras`."""
    installed = read_stamp(folder) if is_usable(venv_python(folder)) else None
    if installed is not None and extras <= installed:
        return
    extras |= installed or set()
    names = ", ".join(sorted(extras)) or "none"
    say(f"installing into {folder.name} (extras: {names}); the first time this takes some minutes")
    uv = shutil.which("uv")
    if uv is None:
        install_with_pip(folder, extras)
    else:
        try:
            install_with_uv(uv, folder, extras)
        except SetupError as error:
            say(f"{error}\nuv could not do it; trying with pip")
            install_with_pip(folder, extras)
    write_stamp(folder, extras)
    say("done")


def install_with_uv(uv: str, folder: Path, extras: set[str]) -> None:
    """Make the environment where needed, and install, with uv."""
    python = venv_python(folder)
    if not is_usable(python):
        empty(folder)
        run([uv, "venv", "--quiet", "--python", base_interpreter(), str(folder)])
    run([uv, "pip", "install", "--quiet", "--python", str(python), "--editable", target(extras)])


def install_with_pip(folder: Path, extras: set[str]) -> None:
    """Make the environment where needed, and install, with venv and pip."""
    python = venv_python(folder)
    if not is_usable(python, needs_pip=True):
        empty(folder)
        hint = "On Debian and Ubuntu: apt-get install python3-venv"
        run([base_interpreter(), "-m", "venv", str(folder)], hint=hint)
    quiet = ["--quiet", "--disable-pip-version-check"]
    run([str(python), "-m", "pip", "install", *quiet, "--editable", target(extras)])


def target(extras: set[str]) -> str:
    """Return what to install: this project with its extras."""
    return f"{ROOT}[{','.join(sorted(extras))}]" if extras else str(ROOT)


def base_interpreter() -> str:
    """Return an interpreter that is new enough: this one, else a newer one on PATH."""
    if sys.version_info >= OLDEST:
        return sys.executable
    for name in NEWER_NAMES:
        found = shutil.which(name)
        if found:
            return found
    have = ".".join(map(str, sys.version_info[:3]))
    msg = (
        f"GridCircle needs Python 3.11 or newer; {sys.executable} is {have} and no newer one is on "
        "PATH. Install one, then run again, or name it: make PYTHON=/path/to/python3.12 …"
    )
    raise SetupError(msg)


def empty(folder: Path) -> None:
    """Remove an environment that cannot be used; refuse to remove anything else."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "pyvenv.cfg").is_file():
        msg = f"{folder} is there and is no virtual environment; move it away or give --venv"
        raise SetupError(msg)
    if folder.is_dir():
        shutil.rmtree(folder)


def venv_python(folder: Path) -> Path:
    """Return the path of the environment's interpreter on this system."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def is_usable(python: Path, *, needs_pip: bool = False) -> bool:
    """Return True when `python` starts, is new enough, and has pip where that is needed."""
    if not python.is_file():
        return False
    code = f"import sys\nassert sys.version_info >= {OLDEST}\n" + "import pip" * needs_pip
    done = subprocess.run([str(python), "-c", code], capture_output=True, check=False)  # noqa: S603
    return done.returncode == 0


def read_stamp(folder: Path) -> set[str] | None:
    """Return the extras that were installed for this very pyproject.toml, else None."""
    try:
        stamp = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return set(stamp["extras"]) if stamp.get("key") == key() else None


def write_stamp(folder: Path, extras: set[str]) -> None:
    """Remember what was installed."""
    text = json.dumps({"key": key(), "extras": sorted(extras)})
    (folder / STAMP).write_text(text, encoding="utf-8")


def key() -> str:
    """Return a hash of what an installation depends on: where we are, and pyproject.toml."""
    content = (ROOT / "pyproject.toml").read_bytes()
    return hashlib.sha256(str(ROOT).encode() + b"\n" + content).hexdigest()


def run(command: list[str], *, hint: str = "") -> None:
    """Run `command` in the project's folder; on failure raise with what it printed."""
    done = subprocess.run(  # noqa: S603
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        tail = "\n".join(done.stdout.strip().splitlines()[-20:])
        msg = f"{tail}\nthis command failed: {' '.join(command)}" + (f"\n{hint}" if hint else "")
        raise SetupError(msg)


def say(text: str) -> None:
    """Print one line for the user."""
    sys.stderr.write(f"setup: {text}\n")


if __name__ == "__main__":
    sys.exit(main())
