"""Why a page cannot try out sites."""

from enum import Enum

__all__ = ["LeftOut"]


class LeftOut(Enum):
    """Why what is needed to try out sites was left out; the page has a sentence for each value."""

    LARGE = "large"
    """More grids, buildings, places or streets than a page can answer for."""

    STREETS = "streets"
    """The streets cannot be walked both ways at one speed, or there is more than one mode."""

    HEAVY = "heavy"
    """The page would be heavier than a page of so many grids may be."""
