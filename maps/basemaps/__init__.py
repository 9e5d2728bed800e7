"""Basemaps under the grids, none by default: local tiles, or a service through ours."""

from maps.basemaps.describing import Basemap, project_basemap, read_basemap
from maps.basemaps.inlining import inlined_basemap, served_basemap, with_basemap
from maps.basemaps.sources import TileFiles, raster_type

__all__ = [
    "Basemap",
    "TileFiles",
    "inlined_basemap",
    "project_basemap",
    "raster_type",
    "read_basemap",
    "served_basemap",
    "with_basemap",
]
