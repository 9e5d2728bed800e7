"""Who is served: demand of the grids, circles by radius, the long table and its verdicts."""

from geo.coverage.barriers import find_barriers
from geo.coverage.circles import circles
from geo.coverage.classes import CLASSES, classify
from geo.coverage.demand import Demand, grid_demand, grid_totals
from geo.coverage.faults import find_coverage_faults
from geo.coverage.limits import CoverageRules
from geo.coverage.measures import ALL_CATEGORIES
from geo.coverage.need import need_summary, need_weight
from geo.coverage.network import NETWORK, NetworkKernel
from geo.coverage.network.contours import network_circles
from geo.coverage.network.rows import network_coverage
from geo.coverage.radius import RADIUS, Pairs, demand_pairs
from geo.coverage.responsibility import responsibility_areas
from geo.coverage.services import service_census, service_notes
from geo.coverage.shortage import Capacity, capacity_of, find_short_capacity, no_capacity
from geo.coverage.spreading import spread_totals, spreading_notes
from geo.coverage.stations import find_incomplete_communities
from geo.coverage.table import (
    LONG_COLUMNS,
    coverage_columns,
    coverage_summary,
    radius_coverage,
)
from geo.coverage.units import unit_coverage

__all__ = [
    "ALL_CATEGORIES",
    "CLASSES",
    "LONG_COLUMNS",
    "NETWORK",
    "RADIUS",
    "Capacity",
    "CoverageRules",
    "Demand",
    "NetworkKernel",
    "Pairs",
    "capacity_of",
    "circles",
    "classify",
    "coverage_columns",
    "coverage_summary",
    "demand_pairs",
    "find_barriers",
    "find_coverage_faults",
    "find_incomplete_communities",
    "find_short_capacity",
    "grid_demand",
    "grid_totals",
    "need_summary",
    "need_weight",
    "network_circles",
    "network_coverage",
    "no_capacity",
    "radius_coverage",
    "responsibility_areas",
    "service_census",
    "service_notes",
    "spread_totals",
    "spreading_notes",
    "unit_coverage",
]
