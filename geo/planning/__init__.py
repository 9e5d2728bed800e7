"""Plans: what to change so that an audit comes out clean. Data in, proposals out; no files."""

from geo.planning.changes import CHANGE_COLUMNS
from geo.planning.repair import CHOICES, OWNERS, Repair, RepairRules, outlines_of, repair_grids

__all__ = [
    "CHANGE_COLUMNS",
    "CHOICES",
    "OWNERS",
    "Repair",
    "RepairRules",
    "outlines_of",
    "repair_grids",
]
