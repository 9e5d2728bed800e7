"""From URL parameters to checked values; whatever is not understood is refused with a sentence."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from api.http.features import FeatureTable
from api.http.filters import FILTER_LANGUAGES, parse_filter
from api.http.problems import RequestError
from api.http.references import CRS84, Box, Reference, find_reference
from api.http.settings import Settings

__all__ = [
    "ITEMS_PARAMETERS",
    "ITEM_PARAMETERS",
    "ItemsQuery",
    "read_items_query",
    "read_point",
    "read_reference",
    "single_values",
]

ITEMS_PARAMETERS: Final = (
    *("limit", "offset", "after", "bbox", "bbox-crs", "crs", "datetime"),
    *("filter", "filter-lang", "filter-crs", "skipGeometry"),
)
"""Parameters of items besides its properties, `f` and `lang`."""

ITEM_PARAMETERS: Final = ("crs",)
"""Parameters of one item besides `f` and `lang`."""

_WHOLE: Final = re.compile(r"[0-9]{1,18}")
_INSTANT: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)
_CURSOR: Final = re.compile(r"([0-9]{1,12})\.(.*)", re.DOTALL)
_EAST: Final = 180.0
_NORTH: Final = 90.0
_ENDS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsQuery:
    """A checked request for features.

    `after`
        Row and id of the feature that the page begins after; None: it begins at `offset`.
    `boxes`
        In `box_reference`, joined by or.
    `equals`
        Text that properties equal, joined by and.
    `tree`
        A CQL2 filter, None where there is none; its geometries are in `filter_reference`.
    `reference`
        What the features are given out in.
    `has_geometry`
        Whether the features are given out with their geometry.
    """

    limit: int
    offset: int
    after: tuple[int, str] | None
    boxes: tuple[Box, ...]
    box_reference: Reference
    equals: Mapping[str, str]
    tree: Any
    filter_reference: Reference
    reference: Reference
    has_geometry: bool


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
    values: Mapping[str, str],
    table: FeatureTable,
    settings: Settings,
    *,
    references: Sequence[Reference],
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
    box_reference = read_reference(values, "bbox-crs", references)
    return ItemsQuery(
        limit=min(limit, settings.max_limit),
        offset=_whole(values, "offset", 0),
        after=_cursor(values["after"]) if "after" in values else None,
        boxes=_boxes(values["bbox"], box_reference) if "bbox" in values else (),
        box_reference=box_reference,
        equals={name: text for name, text in values.items() if name in table.columns},
        tree=_filter(values),
        filter_reference=read_reference(values, "filter-crs", references),
        reference=read_reference(values, "crs", references),
        has_geometry=not _flag(values, "skipGeometry"),
    )


def read_reference(
    values: Mapping[str, str], name: str, references: Sequence[Reference]
) -> Reference:
    """Return the reference system that parameter `name` asks for; CRS84 when it does not.

    Raises
    ------
    RequestError
        If it is none of `references`.
    """
    return find_reference(values[name], name, references) if name in values else CRS84


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


def _boxes(text: str, reference: Reference) -> tuple[Box, ...]:
    """Return `bbox` as one box, or as two where it crosses the antimeridian."""
    numbers = [_number(part) for part in text.split(",")]
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers):
        raise RequestError("http.bad_bbox", value=text)
    return reference.boxes(known)


def _cursor(text: str) -> tuple[int, str]:
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise RequestError("http.bad_after", value=text[:80])
    return int(found[1]), found[2]


def _flag(values: Mapping[str, str], name: str) -> bool:
    text = values.get(name, "false")
    if text not in {"true", "false"}:
        raise RequestError("http.not_a_flag", name=name, value=text[:80])
    return text == "true"


def _filter(values: Mapping[str, str]) -> Any:  # noqa: ANN401
    """Return the filter as a tree, None where there is none."""
    language = values.get("filter-lang", FILTER_LANGUAGES[0])
    if language not in FILTER_LANGUAGES:
        known = ", ".join(FILTER_LANGUAGES)
        raise RequestError("http.bad_choice", name="filter-lang", known=known, value=language[:80])
    return parse_filter(values["filter"], language) if "filter" in values else None


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
