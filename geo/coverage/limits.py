"""The limits that coverage is judged by, as one frozen value."""

from dataclasses import dataclass
from typing import Final, Self

from geo.standards import Standard

__all__ = ["MIN_CROWDED_SITES", "CoverageRules"]

MIN_CROWDED_SITES: Final = 4
"""Fewest circles over one grid that can be called crowded (contract, Thresholds)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRules:
    """Limits of the coverage verdicts.

    `lattice_m`
        Spacing of the lattice that stands for a grid without building points (m).
    `thin_below_share`
        A grid with a covered share below this is thin (0 to 1).
    `crowded_quotient`
        A grid is crowded above this many times the median number of sites.
    `crowded_need_quotient`
        A crowded grid is told (C503) from this many times the city's sites per demand.
    `max_snap_m`
        What is further than this from every street (m) cannot be judged along streets.
    `barrier_detour`
        A way along the streets longer than this many times the straight line goes around
        something.
    `min_capacity_ratio`
        Capacity for one resident below which a grid is short of it; 0: not judged.
    `place_uncertainty_m`, `snap_uncertainty_m`, `speed_uncertainty_share`
        How far a straight line may be off (m), how much more along streets (m), and by which share
        a speed may be.
    """

    lattice_m: float = 25.0
    thin_below_share: float = 0.9
    crowded_quotient: float = 3.0
    crowded_need_quotient: float = 2.0
    max_snap_m: float = 100.0
    barrier_detour: float = 1.5
    min_capacity_ratio: float = 0.0
    place_uncertainty_m: float = 10.0
    snap_uncertainty_m: float = 10.0
    speed_uncertainty_share: float = 0.1

    @classmethod
    def from_standard(cls, standard: Standard) -> Self:
        """Return the limits of `standard`.

        Raises
        ------
        StandardError
            If it lacks one of the thresholds.
        """
        return cls(
            lattice_m=standard.limit("lattice_m"),
            thin_below_share=standard.limit("thin_below_share"),
            crowded_quotient=standard.limit("crowded_quotient"),
            crowded_need_quotient=standard.limit("crowded_need_quotient"),
            max_snap_m=standard.limit("max_snap_m"),
            barrier_detour=standard.limit("barrier_detour"),
            min_capacity_ratio=standard.limit("min_capacity_ratio"),
            place_uncertainty_m=standard.limit("place_uncertainty_m"),
            snap_uncertainty_m=standard.limit("snap_uncertainty_m"),
            speed_uncertainty_share=standard.limit("speed_uncertainty_share"),
        )
