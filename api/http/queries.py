"""From URL parameters to checked values; whatever is not understood is refused with a sentence."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from api.http.features import Box, FeatureTable
from api.http.problems import RequestError
from api.http.settings import Settings

__all__ = ["ITEMS_PARAMETERS", "ItemsQuery", "read_items_query", "read_point", "single_values"]

ITEMS_PARAMETERS: Final = ("limit", "offset", "bbox", "datetime")
"""Parameters of items besides its properties, `f` and `lang`."""

_WHOLE: Final = re.compile(r"[0-9]{1,18}")
_INSTANT: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)
_FLAT: Final = 4
_SOLID: Final = 6
_EAST: Final = 180.0
_NORTH: Final = 90.0
_ENDS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsQuery:
    """A checked request for features; `boxes` are joined by or, `equals` by and."""

    limit: int
    offset: int
    boxes: tuple[Box, ...]
    equals: Mapping[str, str]


def single_values(pairs: Iterable[tuple[str, str]], known: Iterable[str]) -> dict[str, str]:
    """Return `pairs` by name.

    Raises
    ------
    RequestError
        If a name is not one of `known`, or comes twice.
    """
    values: dict[str, str] = {}
    for name, value in pairs:
        if name not in known:
            raise RequestError("http.unknown_parameter", name=name, known=", ".join(known))
        if name in values:
            raise RequestError("http.repeated_parameter", name=name)
        values[name] = value
    return values


def read_items_query(
    values: Mapping[str, str], table: FeatureTable, settings: Settings
) -> ItemsQuery:
    """Return the request for items that `values` make; a limit above the maximum is the maximum.

    Raises
    ------
    RequestError
        If a value cannot be read.
    """
    if "datetime" in values:
        # No layer has a time of its own, and a feature without one meets every interval.
        _require_datetime(values["datetime"])
    limit = _whole(values, "limit", settings.default_limit)
    if limit < 1:
        raise RequestError("http.bad_limit", value=values["limit"])
    return ItemsQuery(
        limit=min(limit, settings.max_limit),
        offset=_whole(values, "offset", 0),
        boxes=_boxes(values["bbox"]) if "bbox" in values else (),
        equals={name: text for name, text in values.items() if name in table.columns},
    )


def read_point(values: Mapping[str, str]) -> tuple[float, float]:
    """Return longitude and latitude (degrees) of `lon` and `lat`.

    Raises
    ------
    RequestError
        If one is missing, no number, or off the globe.
    """
    return _coordinate(values, "lon", _EAST), _coordinate(values, "lat", _NORTH)


def _coordinate(values: Mapping[str, str], name: str, highest_deg: float) -> float:
    if name not in values:
        raise RequestError("http.missing_parameter", name=name)
    number = _number(values[name])
    if number is None:
        raise RequestError("http.not_a_number", name=name, value=values[name])
    if abs(number) > highest_deg:
        raise RequestError(
            "http.bad_coordinate",
            name=name,
            lowest=-highest_deg,
            highest=highest_deg,
            value=values[name],
        )
    return number


def _whole(values: Mapping[str, str], name: str, default: int) -> int:
    if name not in values:
        return default
    if not _WHOLE.fullmatch(values[name]):
        raise RequestError(f"http.bad_{name}", value=values[name])
    return int(values[name])


def _number(text: str) -> float | None:
    """Return the finite number `text` stands for, else None."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _boxes(text: str) -> tuple[Box, ...]:
    """Return `bbox` as one box, or as two where it crosses the antimeridian."""
    numbers = [_number(part) for part in text.split(",")]
    if len(numbers) not in {_FLAT, _SOLID}:
        raise RequestError("http.bad_bbox", value=text)
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers):
        raise RequestError("http.bad_bbox", value=text)
    half = len(known) // 2
    (minx, miny, *low), (maxx, maxy, *high) = known[:half], known[half:]
    if miny > maxy or low > high:
        raise RequestError("http.bad_bbox_order", value=text)
    if minx <= maxx:
        return ((minx, miny, maxx, maxy),)
    return ((minx, miny, _EAST, maxy), (-_EAST, miny, maxx, maxy))


def _require_datetime(text: str) -> None:
    ends = text.split("/")
    instants = [None if end in {"", ".."} else _instant(end, text) for end in ends]
    if len(ends) == 1 and instants[0] is not None:
        return
    known = [instant for instant in instants if instant is not None]
    if len(ends) != _ENDS or not known or known != sorted(known):
        raise RequestError("http.bad_datetime", value=text)


def _instant(text: str, whole: str) -> datetime:
    try:
        if _INSTANT.fullmatch(text):
            return datetime.fromisoformat(text.upper())
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise RequestError("http.bad_datetime", value=whole) from error
