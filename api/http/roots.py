"""Where API roots are, as routes and as paths."""

from typing import Final
from urllib.parse import quote

__all__ = ["ROOTS", "root_path", "segment"]

ROOTS: Final = ("", "/projects/{project}", "/projects/{project}/versions/{version}")
"""Where API roots are: of the default project, of any, and of one version."""


def segment(name: str) -> str:
    """Return `name` percent-encoded as one segment of a path."""
    return quote(name, safe="")


def root_path(project: str | None, version: str | None) -> str:
    """Return the path of an API root."""
    if project is None:
        return ""
    path = f"/projects/{segment(project)}"
    return path if version is None else f"{path}/versions/{segment(version)}"
