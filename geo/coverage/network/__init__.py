"""Circles along streets: the network of a mode, snapping, searches and what they reach."""

from geo.coverage.network.graph import Graph, build_graph
from geo.coverage.network.kernel import NETWORK, NetworkKernel
from geo.coverage.network.modes import Mode, Ways, modes, the_mode, ways_of
from geo.coverage.network.search import (
    Places,
    Reached,
    arrival_ms,
    junction_counts,
    nearest_ms,
    reached,
)
from geo.coverage.network.snap import Snapper, places_of

__all__ = [
    "NETWORK",
    "Graph",
    "Mode",
    "NetworkKernel",
    "Places",
    "Reached",
    "Snapper",
    "Ways",
    "arrival_ms",
    "build_graph",
    "junction_counts",
    "modes",
    "nearest_ms",
    "places_of",
    "reached",
    "the_mode",
    "ways_of",
]
