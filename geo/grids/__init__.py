"""Checks and measures of the grids themselves: tiling, hierarchy, size. Frames in, reports out."""

from geo.grids.borders import neighbours
from geo.grids.buildings import find_building_faults
from geo.grids.codes import find_code_faults
from geo.grids.compactness import find_not_compact
from geo.grids.containment import find_outside_parent
from geo.grids.gaps import find_gaps
from geo.grids.hierarchy import find_hierarchy_faults
from geo.grids.isolation import find_isolated
from geo.grids.measures import area_m2, compactness, n_parts
from geo.grids.overlaps import find_overlaps
from geo.grids.parts import find_detached_parts
from geo.grids.places import is_outside_units
from geo.grids.sites import find_sites_in_no_grid
from geo.grids.size import find_size_faults
from geo.grids.tiling import Tiling, tile

__all__ = [
    "Tiling",
    "area_m2",
    "compactness",
    "find_building_faults",
    "find_code_faults",
    "find_detached_parts",
    "find_gaps",
    "find_hierarchy_faults",
    "find_isolated",
    "find_not_compact",
    "find_outside_parent",
    "find_overlaps",
    "find_sites_in_no_grid",
    "find_size_faults",
    "is_outside_units",
    "n_parts",
    "neighbours",
    "tile",
]
