"""Circles along streets: the network of a mode, snapping, searches and what they reach."""

from geo.coverage.network.counts import CountedPlaces, counted_places, site_counts
from geo.coverage.network.graph import Graph, build_graph
from geo.coverage.network.kernel import NETWORK, NetworkKernel, Times, limit_ms
from geo.coverage.network.modes import Mode, Ways, modes, the_mode, ways_of
from geo.coverage.network.search import (
    Places,
    Reached,
    arrival_ms,
    nearest_ms,
    reached,
    targets_of,
)
from geo.coverage.network.snap import Snapper, places_of

__all__ = [
    "NETWORK",
    "CountedPlaces",
    "Graph",
    "Mode",
    "NetworkKernel",
    "Places",
    "Reached",
    "Snapper",
    "Times",
    "Ways",
    "arrival_ms",
    "build_graph",
    "counted_places",
    "limit_ms",
    "modes",
    "nearest_ms",
    "places_of",
    "reached",
    "site_counts",
    "targets_of",
    "the_mode",
    "ways_of",
]
