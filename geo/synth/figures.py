"""The proportions of a synthetic city, read from `figures.toml` and `names.toml`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = [
    "CityFigures",
    "DefectKind",
    "city_figures",
    "defect_kinds",
    "limits",
    "minutes",
    "names",
    "noise_share",
    "tiers",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CityFigures:
    """How a synthetic city is made; lengths in metres."""

    base_grids: int
    buildings: int
    units_per_building: int
    grids_per_site: float
    communities_per_street: float
    streets_per_county: int
    first_county: int
    block_m: float
    river_m: float
    min_communities_for_river: int
    min_households: int
    max_households: int
    min_persons_per_household: float
    max_persons_per_household: float
    elderly_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DefectKind:
    """One kind of planted defect: how often (`weight`), and how many grids one of them spoils."""

    name: str
    weight: float
    grids: int


@cache
def _table(name: str) -> dict[str, Any]:
    text = files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def city_figures() -> CityFigures:
    """Return the proportions of a city."""
    return CityFigures(**_table("figures")["city"])


def defect_kinds() -> tuple[DefectKind, ...]:
    """Return the kinds of planted defects, in the order of the file."""
    return tuple(
        DefectKind(name=name, **entry) for name, entry in _table("figures")["defects"].items()
    )


def noise_share() -> float:
    """Return the share of the base grids that get a border with numeric noise."""
    return float(_table("figures")["noise"]["share"])


def limits() -> dict[str, float]:
    """Return the limits that the truth is judged by (contract.md, Thresholds)."""
    return dict(_table("figures")["limits"])


def tiers() -> dict[str, float]:
    """Return the metres of each tier that the truth is judged by."""
    return dict(_table("figures")["tiers"])


def minutes() -> dict[str, float]:
    """Return the minutes on foot of each tier that the truth is judged by."""
    return dict(_table("figures")["minutes"])


def names() -> dict[str, Any]:
    """Return the word lists and the patterns of names."""
    return _table("names")
