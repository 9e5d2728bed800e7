"""Plans: what to change so that an audit comes out clean. Data in, proposals out; no files."""

from geo.planning.changes import CHANGE_COLUMNS
from geo.planning.levels import repair_layers
from geo.planning.repair import CHOICES, OWNERS, Repair, RepairRules, repair_grids

__all__ = [
    "CHANGE_COLUMNS",
    "CHOICES",
    "OWNERS",
    "Repair",
    "RepairRules",
    "repair_grids",
    "repair_layers",
]
