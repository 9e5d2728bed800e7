"""Minutes and speeds to metres and back, and the named constants of the field."""

from typing import Final

__all__ = ["DEFAULT_WALK_KMH", "METRES_PER_KM", "MINUTES_PER_HOUR", "distance_m", "speed_kmh"]

METRES_PER_KM: Final = 1000.0
"""Metres in a kilometre."""

MINUTES_PER_HOUR: Final = 60.0
"""Minutes in an hour."""

DEFAULT_WALK_KMH: Final = 4.0
"""Walking speed (km/h) that turns minutes into metres where no distance is published (ours)."""


def distance_m(minutes: float, speed_kmh: float = DEFAULT_WALK_KMH) -> float:
    """Return the metres covered in `minutes` at `speed_kmh`, rounded to whole metres."""
    return float(round(minutes / MINUTES_PER_HOUR * speed_kmh * METRES_PER_KM))


def speed_kmh(metres: float, minutes: float) -> float:
    """Return the speed (km/h) that covers `metres` in `minutes`."""
    return metres / METRES_PER_KM / (minutes / MINUTES_PER_HOUR)
