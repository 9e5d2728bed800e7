"""Run a real audit over layers drawn in a test: written, loaded and judged as a user's would be."""

from pathlib import Path

import geopandas as gpd

from geo.audit import Audit, run_audit
from geo.io import load, read_project

__all__ = ["audited"]

_ORIGIN = (500_000, 3_300_000)
"""Where drawn layers are put: on the central meridian, so that the working CRS is theirs."""


def audited(
    folder: Path, *, head: str = "", tail: str = "", select: tuple[str, ...] = (), **layers: object
) -> Audit:
    """Write `layers` (name to frame with an id index) beside a project file, and audit it.

    `head` goes below `[project]`, `tail` to the end of the project file.
    """
    lines = ["[project]", 'id = "drawn"', 'title = "Drawn"', head]
    for name, frame in layers.items():
        assert isinstance(frame, gpd.GeoDataFrame)
        moved = frame.set_geometry(frame.translate(*_ORIGIN))
        moved.reset_index().to_file(folder / f"{name}.gpkg")
        lines += [f"[layers.{name}]", f'path = "{name}.gpkg"']
    path = folder / "project.toml"
    path.write_text("\n".join([*lines, tail]) + "\n", encoding="utf-8")
    return run_audit(load(read_project(path)), select=select)
