"""What if a station stood here? Edits tried out on an audited city, nothing is kept."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import jsonschema
import orjson
from pyproj import Transformer

from api.http.datasets import Dataset
from api.http.problems import RequestError
from geo.crs import WGS84
from geo.errors import GridCircleError, LayerError, LoadError, NotFoundError
from geo.outputs import read_audit
from geo.outputs.geojson import feature_collection
from geo.planning.whatif import Edits, Link, NewSite, Outcome, TierOutcome, WhatIf

__all__ = [
    "EDITS_SCHEMA",
    "WHATIF_PARAMETERS",
    "BusyError",
    "Cities",
    "answer_of",
    "edits_of_values",
    "read_edits",
]

WHATIF_PARAMETERS: Final = ("add", "move", "remove", "link")
"""The same by URL: places as `lon,lat`, several parted by semicolons."""

_LOG: Final = logging.getLogger("gridcircle.http")
_MAX_EDITS: Final = 200
_MAX_LINKS: Final = 20
_MAX_CITIES: Final = 2
_MAX_AT_ONCE: Final = 2
_WAIT_SECONDS: Final = 10.0
_NAME: Final = {"type": "string", "minLength": 1, "maxLength": 200}
_PLACE: Final = {
    "lon": {"type": "number", "minimum": -180, "maximum": 180},
    "lat": {"type": "number", "minimum": -90, "maximum": 90},
}
_LONLAT: Final = {
    "type": "object",
    "required": ["lon", "lat"],
    "properties": _PLACE,
    "additionalProperties": False,
}

EDITS_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "add": {
            "type": "array",
            "maxItems": _MAX_EDITS,
            "items": {
                "type": "object",
                "required": ["lon", "lat"],
                "properties": {**_PLACE, "category": _NAME},
                "additionalProperties": False,
            },
        },
        "move": {
            "type": "array",
            "maxItems": _MAX_EDITS,
            "items": {
                "type": "object",
                "required": ["site_id", "lon", "lat"],
                "properties": {"site_id": _NAME, **_PLACE},
                "additionalProperties": False,
            },
        },
        "remove": {"type": "array", "maxItems": _MAX_EDITS, "items": _NAME},
        "links": {
            "type": "array",
            "maxItems": _MAX_LINKS,
            "items": {
                "type": "object",
                "required": ["from", "to"],
                "properties": {"from": _LONLAT, "to": _LONLAT},
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
"""What may be sent to `/coverage`."""

_VALIDATOR: Final = jsonschema.Draft202012Validator(EDITS_SCHEMA)


class BusyError(GridCircleError, RuntimeError):
    """Too many ask at once."""


def read_edits(body: bytes) -> dict[str, Any]:
    """Return the edits in the JSON `body`, checked.

    Raises
    ------
    RequestError
        If it is not what `EDITS_SCHEMA` says.
    """
    try:
        edits = orjson.loads(body)
    except ValueError as error:
        raise RequestError("processes.bad_json", reason=error) from error
    return _checked(edits)


def edits_of_values(values: Mapping[str, str]) -> dict[str, Any]:
    """Return the edits in URL parameters.

    `add=lon,lat[,category];…`, `move=lon,lat,site_id;…`, `remove=site_id;…`,
    `link=lon,lat,lon,lat;…`.

    Raises
    ------
    RequestError
        If they cannot be read.
    """
    edits: dict[str, Any] = {}
    if "add" in values:
        rows = [_split(part, "add", 3) for part in values["add"].split(";")]
        edits["add"] = [
            {**_lonlat(row, "add"), **({"category": row[2]} if len(row) > 2 else {})}  # noqa: PLR2004
            for row in rows
        ]
    if "move" in values:
        rows = [_split(part, "move", 3) for part in values["move"].split(";")]
        edits["move"] = [
            {**_lonlat(row, "move"), **({"site_id": row[2]} if len(row) > 2 else {})}  # noqa: PLR2004
            for row in rows
        ]
    if "remove" in values:
        edits["remove"] = values["remove"].split(";")
    if "link" in values:
        rows = [_split(part, "link", 4) for part in values["link"].split(";")]
        edits["links"] = [
            {"from": _lonlat(row[:2], "link"), "to": _lonlat(row[2:], "link")} for row in rows
        ]
    return _checked(edits)


def _split(text: str, name: str, most: int) -> list[str]:
    parts = text.split(",", most - 1)
    if len(parts) < 2:  # noqa: PLR2004
        raise RequestError("http.bad_edits", where=name, reason=text[:80])
    return parts


def _lonlat(parts: Sequence[str], name: str) -> dict[str, float]:
    try:
        lon, lat = (float(part) for part in parts[:2])
    except ValueError as error:
        raise RequestError("http.bad_edits", where=name, reason=",".join(parts)[:80]) from error
    return {"lon": lon, "lat": lat}


def _checked(edits: Any) -> dict[str, Any]:  # noqa: ANN401
    fault = jsonschema.exceptions.best_match(_VALIDATOR.iter_errors(edits))
    if fault is not None:
        where = "/".join(str(part) for part in fault.absolute_path) or "{}"
        raise RequestError("http.bad_edits", where=where, reason=fault.message[:300])
    found: dict[str, Any] = edits
    return found


class Cities:
    """The cities that were asked about last, each prepared once from its `audit.gpkg`."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, WhatIf | LayerError | LoadError] = OrderedDict()
        self._preparing = threading.Lock()
        self._asking = threading.BoundedSemaphore(_MAX_AT_ONCE)

    def answer(self, dataset: Dataset, edits: Mapping[str, Any], language: str) -> bytes:
        """Return as JSON what `edits` (as `EDITS_SCHEMA` says) make of the city of `dataset`.

        Raises
        ------
        NotFoundError
            If there is no `audit.gpkg` with sites and tiers, no such site, or no street near a
            link's end.
        BusyError
            If too many ask at once.
        """
        city = self._city(dataset)
        if not self._asking.acquire(timeout=_WAIT_SECONDS):
            raise BusyError("http.too_often")
        try:
            return answer_of(city, edits, language)
        finally:
            self._asking.release()

    def _city(self, dataset: Dataset) -> WhatIf:
        path = dataset.file("audit.gpkg")
        key = f"{dataset.dataset_id}\0{dataset.digest}"
        with self._preparing:
            if key not in self._held:
                try:
                    self._held[key] = WhatIf.prepare(read_audit(path))
                except (LayerError, LoadError) as error:
                    _LOG.warning("%s: %s", dataset.dataset_id, error)
                    self._held[key] = error
            self._held.move_to_end(key)
            while len(self._held) > _MAX_CITIES:
                self._held.popitem(last=False)
            found = self._held[key]
        if not isinstance(found, WhatIf):
            raise NotFoundError("planning.nothing_to_try") from found
        return found


def answer_of(city: WhatIf, edits: Mapping[str, Any], language: str) -> bytes:
    """Return as JSON what `edits` (as `EDITS_SCHEMA` says) make of `city`.

    Raises
    ------
    NotFoundError
        If a site is not there, or there is no street near a link's end.
    RequestError
        If a place is out of reach of the city's CRS.
    """
    return _told(city.ask(_placed(edits, city)), language)


def _placed(edits: Mapping[str, Any], city: WhatIf) -> Edits:
    """Return `edits` in the CRS of the city."""
    transformer = Transformer.from_crs(WGS84, city.crs, always_xy=True)

    def place(given: Mapping[str, float]) -> tuple[float, float]:
        x, y = transformer.transform(given["lon"], given["lat"])
        if not (abs(x) < _FAR_M and abs(y) < _FAR_M):
            raise RequestError("http.bad_edits", where="lon, lat", reason=str(given)[:80])
        return float(x), float(y)

    moved = edits.get("move", [])
    named = [site["site_id"] for site in moved]
    if len(set(named)) < len(named):
        raise NotFoundError("planning.no_site", sites="、".join(sorted(named)[:20]))
    return Edits(
        add=tuple(
            NewSite(at=place(site), category=site.get("category")) for site in edits.get("add", [])
        ),
        move={site["site_id"]: place(site) for site in moved},
        remove=tuple(edits.get("remove", [])),
        links=tuple(
            Link(start=place(link["from"]), end=place(link["to"]))
            for link in edits.get("links", [])
        ),
    )


_FAR_M: Final = 1e9


def _told(outcome: Outcome, language: str) -> bytes:
    circles = outcome.circles
    ids = [":".join(row) for row in zip(*(circles[c].astype(str) for c in _KEYS), strict=True)]
    shapes = feature_collection(circles, name="circles", ids=ids) if len(circles) else _NO_CIRCLES
    return orjson.dumps(
        {
            "model": outcome.model,
            "tiers": {name: _tier(tier, language) for name, tier in outcome.tiers.items()},
            "circles": orjson.Fragment(shapes),
        }
    )


_KEYS: Final = ("site_id", "tier", "model")
_NO_CIRCLES: Final = b'{"type":"FeatureCollection","features":[]}'


def _tier(tier: TierOutcome, language: str) -> dict[str, Any]:
    title = tier.tier.title
    return {
        "title": title.get(language) or next(iter(title.values()), tier.tier.tier_id),
        "demand_basis": tier.basis,
        "before": dict(tier.before),
        "after": dict(tier.after),
        "gained": tier.gained,
        "lost": tier.lost,
        "changed": [grid._asdict() for grid in tier.changed],
    }
