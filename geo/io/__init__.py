"""From files to checked layers: project file, readers, column names, datum, quarantine."""

from geo.io.datum import DATUMS
from geo.io.loading import Loaded, load
from geo.io.project import (
    DATABASES,
    LayerSpec,
    Project,
    project_from_files,
    read_project,
)

__all__ = [
    "DATABASES",
    "DATUMS",
    "LayerSpec",
    "Loaded",
    "Project",
    "load",
    "project_from_files",
    "read_project",
]
