"""The examples that travel with the program: two real places and a synthetic city.

Where the data come from and under which licences: `examples/ATTRIBUTION.md` in the source, and
the `LICENSE.txt` beside each project.
"""

import os
from importlib.resources import files
from pathlib import Path
from typing import Final

from geo.errors import NotFoundError

__all__ = ["EXAMPLES", "example_project"]

EXAMPLES: Final = ("helsinki", "taipei", "city")
"""Names of the examples; the first is the default."""

CITY_COMMUNITIES: Final = 15
"""Communities of the synthetic city: nine grids each."""


def example_project(name: str, folder: Path) -> Path:
    """Put the example `name` into `folder` and return the path of its project file.

    Parameters
    ----------
    name
        `helsinki`, `taipei` (copied out of the package) or `city` (made on the spot, the same
        every time).
    folder
        Made where it is not there. Files of the example that are in it are replaced.

    Returns
    -------
    project
        Path of a `project.toml` that can be audited.

    Raises
    ------
    NotFoundError
        If there is no such example.
    """
    if name not in EXAMPLES:
        raise NotFoundError("examples.unknown", name=name, known="、".join(EXAMPLES))
    folder.mkdir(parents=True, exist_ok=True)
    if name == "city":
        return _write_city(folder)
    source = files(__package__).joinpath("data", name)
    for item in source.iterdir():
        _replace(folder / item.name, item.read_bytes())
    return folder / "project.toml"


def _write_city(folder: Path) -> Path:
    from geo.synth import build_city, write_city  # noqa: PLC0415 (the other examples need no city)

    return write_city(build_city(n_communities=CITY_COMMUNITIES), folder)


def _replace(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that a crash leaves the old file."""
    if path.is_file() and path.read_bytes() == content:
        return
    scratch = path.with_name(path.name + ".part")
    scratch.write_bytes(content)
    os.replace(scratch, path)  # noqa: PTH105
