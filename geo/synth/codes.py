"""Codes (county 6 + street 3 + community 3 + grid 3 digits) and Chinese names from word lists."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from geo.synth.figures import CityFigures, names
from geo.synth.plan import Ints, Plan

__all__ = ["Codes", "Texts", "draw_codes", "place_name", "road_name"]

Texts = npt.NDArray[np.object_]

_COMMUNITY_SHIFT = 317
_ROAD_SHIFT = 101


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Codes:
    """Codes and names of the units of a city, in the order of the plan."""

    streets: Texts
    street_names: Texts
    communities: Texts
    community_names: Texts
    n_in_street: Ints

    def grid_id(self, community: int, number: int) -> str:
        """Return the id of grid `number` (1, 2, …) of a community."""
        return f"{self.communities[community]}{number:03d}"


def draw_codes(plan: Plan, figures: CityFigures) -> Codes:
    """Return the codes and names of `plan`. O(n)."""
    n_in_street = np.bincount(plan.street)
    first = np.concatenate([[0], np.cumsum(n_in_street)[:-1]])
    per_county = figures.streets_per_county
    streets = [
        f"{figures.first_county + at // per_county:06d}{at % per_county + 1:03d}"
        for at in range(len(n_in_street))
    ]
    communities = [
        f"{streets[street]}{at - first[street] + 1:03d}" for at, street in enumerate(plan.street)
    ]
    words = names()
    return Codes(
        streets=_texts(streets),
        street_names=_texts(
            [words["street"].format(place=place_name(at)) for at in range(len(streets))]
        ),
        communities=_texts(communities),
        community_names=_texts(
            [
                words["community"].format(place=place_name(at + _COMMUNITY_SHIFT))
                for at in range(len(communities))
            ]
        ),
        n_in_street=n_in_street,
    )


def place_name(at: int) -> str:
    """Return one of the 900 names of places; neighbours in number share no word."""
    words = names()
    first, second = words["first"], words["second"]
    n = len(first)
    return f"{first[(7 * at) % n]}{second[(11 * at + at // n) % len(second)]}"


def road_name(pattern: str, at: int) -> str:
    """Return the name of a road by `pattern`."""
    return pattern.format(place=place_name(at + _ROAD_SHIFT))


def _texts(values: list[Any]) -> Texts:
    result = np.empty(len(values), dtype=object)
    result[:] = values
    return result
