"""The limits of the datum guard, read from `thresholds.toml`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["GuardLimits", "guard_limits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardLimits:
    """What each limit means stands beside it in `thresholds.toml`; evidence is in nats."""

    fewest_rows: int
    most_rows: int
    doubt_nats: float
    apart_nats: float
    ok_nats: float
    most_outside_share: float
    explained_share: float
    fewest_moved: int
    most_misnamed_share: float
    named_tolerance_m: float
    same_place_m: float
    same_spot_m: float
    city_margin_m: float
    most_as_is_share: float
    least_fit_share: float


@cache
def guard_limits() -> GuardLimits:
    """Return the shipped limits."""
    source = files(__package__).joinpath("thresholds.toml").read_text(encoding="utf-8")
    return GuardLimits(**{name: entry["value"] for name, entry in tomllib.loads(source).items()})
