"""Maps: one HTML file of an audit, or of a look-back, that opens with no network."""

import os
from pathlib import Path

from geo.audit import Audit
from maps.basemaps import Basemap
from maps.lookback import look_back_map, write_look_back_map
from maps.pages import map_page

__all__ = ["audit_map", "look_back_map", "write_look_back_map", "write_map"]


def audit_map(audit: Audit) -> str:
    """Return the map of an audit: HTML with everything inside, in both languages."""
    return map_page(audit)


def write_map(audit: Audit, path: Path, *, basemap: Basemap | None = None) -> Path:
    """Write the map of an audit to `path` (UTF-8) and return it.

    A crash on the way leaves the old file as it was. The tiles of `basemap` go into the file.

    Raises
    ------
    GridCircleError
        If the basemap is not of tiles on this machine, or has none here.
    OSError
        If the folder does not exist or cannot be written.
    """
    page = map_page(audit, basemap=basemap).encode("utf-8")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(page)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path
