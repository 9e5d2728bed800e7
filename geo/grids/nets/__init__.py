"""Departmental nets against the base grids (多网合一): how far apart, where, and what then."""

from geo.grids.nets.agreement import agreement
from geo.grids.nets.comparison import NetComparison, compare_nets
from geo.grids.nets.conflicts import find_net_conflicts
from geo.grids.nets.proposal import propose_one_net
from geo.grids.nets.refinement import face_weights, net_column, refinement

__all__ = [
    "NetComparison",
    "agreement",
    "compare_nets",
    "face_weights",
    "find_net_conflicts",
    "net_column",
    "propose_one_net",
    "refinement",
]
