"""`requirements.lock` locks what `pyproject.toml` asks for, each file by its hash."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LINE = re.compile(r"(?P<name>[\w.-]+)==(?P<version>\S+) --hash=sha256:[0-9a-f]{64}")


def asked() -> Iterator[Requirement]:
    """Yield what `gridcircle[all]` asks for on Linux."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    (everything,) = optional["all"]
    extras = Requirement(everything).extras
    lines = [*project["dependencies"], *(line for extra in extras for line in optional[extra])]
    yield from (Requirement(line) for line in lines)


def test_the_lock_holds_a_fitting_version_of_all_that_is_asked_for() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    found = [LINE.fullmatch(line) for line in lines if not line.startswith("#")]
    assert None not in found
    locked = {canonicalize_name(row["name"]): row["version"] for row in found if row}
    for requirement in asked():
        version = locked.get(canonicalize_name(requirement.name))
        assert version is not None, requirement
        assert requirement.specifier.contains(version, prereleases=True), requirement
