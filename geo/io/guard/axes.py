"""Coarse misreadings of coordinates: axes, zone prefix, zone, degrees for metres.

They move places by hundreds of kilometres, so one question tells: which reading brings them to the
city, that is to the extent of its grids and twenty kilometres around?
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS

from geo.crs import WGS84, crs_name, to_crs
from geo.errors import CRSError
from geo.io.guard.limits import GuardLimits, guard_limits

__all__ = ["Area", "Misreading", "find_misreading", "own_misreading"]

Floats = npt.NDArray[np.float64]

_PREFIX_M: Final = 1e6
_FIRST_PREFIXED_M: Final = 1e7
_DEGREES: Final = 180.0
_MOST_ROWS: Final = 2000
_LON: Final = (72.0, 138.0)
_LAT: Final = (0.0, 60.0)
_ZONES: Final = (75, 135)
_REACH_DEG: Final = 10.0
_USE_MARGIN_DEG: Final = 3.0
_MOST: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Where the city is: the extent of its grids in the working CRS, and the CRS of their file."""

    crs: CRS
    bounds: tuple[float, float, float, float]
    own_crs: CRS

    def share(self, xy: Floats, margin_m: float) -> float:
        """Return the share of places in the extent, widened by `margin_m`."""
        low, high = np.array(self.bounds[:2]) - margin_m, np.array(self.bounds[2:]) + margin_m
        inside = (xy >= low).all(axis=1) & (xy <= high).all(axis=1)
        return float(inside.mean()) if len(xy) else 0.0

    def lonlat(self) -> Floats:
        """Return longitude and latitude of the centre of the extent."""
        centre = np.array([self.bounds[:2], self.bounds[2:]]).mean(axis=0)
        return np.asarray(_projected(centre[None], self.crs, WGS84)[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Misreading:
    """What the coordinates of a layer really are.

    `name`
        `swapped`, `zone_prefix`, `no_zone_prefix`, `wrong_zone`, `degrees` (read as metres),
        `metres` (read as degrees).
    `crs`
        Name of the CRS by which they lie in the city.
    `share`, `share_as_is`
        Share of the places at the city by this reading, and as declared.
    `prefix`
        Zone number before the eastings, 0 without.
    """

    name: str
    crs: str
    declared: str
    share: float
    share_as_is: float
    n: int
    prefix: int = 0

    @property
    def verdict(self) -> str:
        """`swapped` or `zone`, as `check` says it."""
        return "swapped" if self.name == "swapped" else "zone"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Reading:
    name: str
    xy: Floats
    crs: CRS
    prefix: int = 0


def find_misreading(
    xy: Floats, crs: CRS, area: Area, *, limits: GuardLimits | None = None
) -> Misreading | None:
    """Return how the coordinates of a layer were misread, None where they may stand as they are.

    Parameters
    ----------
    xy
        Coordinates as in the file, one a row, shape (n, 2): x, y in the order of the file.
    crs
        How they are read.
    area
        Where the city is.
    limits
        The shipped ones by default.

    Notes
    -----
    O(n) for each of some twenty readings, of 2,000 rows at most.
    """
    limits = limits or guard_limits()
    known = xy[np.isfinite(xy).all(axis=1)]
    if len(known) > _MOST_ROWS:
        known = known[np.linspace(0, len(known) - 1, _MOST_ROWS).astype(int)]
    if len(known) == 0:
        return None
    as_is = area.share(_projected(known, crs, area.crs), limits.city_margin_m)
    if as_is >= limits.most_as_is_share:
        return None
    best: tuple[float, _Reading] | None = None
    for reading in _readings(known, crs, area):
        share = area.share(_projected(reading.xy, reading.crs, area.crs), limits.city_margin_m)
        if best is None or share > best[0]:
            best = share, reading
    if best is None or best[0] < limits.least_fit_share:
        return None
    share, reading = best
    return Misreading(
        name=reading.name,
        crs=crs_name(reading.crs),
        declared=crs_name(crs),
        share=share,
        share_as_is=as_is,
        n=len(known),
        prefix=reading.prefix,
    )


def own_misreading(xy: Floats, crs: CRS) -> str | None:
    """Return how the coordinates of the grids themselves were misread, None where they may stand.

    There is no city to hold them against but the area of use of their CRS, so only `swapped` and
    `zone_prefix` can be told.
    """
    use = crs.area_of_use
    known = xy[np.isfinite(xy).all(axis=1)]
    if use is None or len(known) == 0:
        return None
    low = np.array([use.west, use.south]) - _USE_MARGIN_DEG
    high = np.array([use.east, use.north]) + _USE_MARGIN_DEG

    def is_in_use(places: Floats) -> bool:
        lonlat = _projected(places, crs, WGS84)
        return bool((((lonlat >= low) & (lonlat <= high)).all(axis=1)).mean() > _MOST)

    if is_in_use(known):
        return None
    if is_in_use(known[:, ::-1]):
        return "swapped"
    for name, places in (("zone_prefix", known), ("swapped", known[:, ::-1])):
        bare = places - np.array([_prefix(places[:, 0]) * _PREFIX_M, 0.0])
        if is_in_use(bare):
            return name
    return None


def _readings(xy: Floats, crs: CRS, area: Area) -> Iterator[_Reading]:
    """Return every other reading of `xy`, the plainest first."""
    flipped = xy[:, ::-1]
    yield _Reading(name="swapped", xy=flipped, crs=crs)
    if (np.abs(xy) <= _DEGREES).all():
        if not crs.is_geographic:
            yield _Reading(name="degrees", xy=xy, crs=WGS84)
            yield _Reading(name="swapped", xy=flipped, crs=WGS84)
        return
    name = "metres" if crs.is_geographic else "wrong_zone"
    for places, kind in ((xy, name), (flipped, "swapped")):
        yield from _projected_readings(places, crs, area, kind=kind)


def _projected_readings(xy: Floats, crs: CRS, area: Area, *, kind: str) -> Iterator[_Reading]:
    prefix = _prefix(xy[:, 0])
    bare = xy - np.array([prefix * _PREFIX_M, 0.0])
    for plain, prefixed in _zones(area):
        if prefix:
            name = "zone_prefix" if kind == "wrong_zone" else kind
            expected = CRS.from_epsg(prefixed) if _zone_number(prefixed) == prefix else None
            target = expected or CRS.from_epsg(plain)
            places = xy if expected is not None else bare
            yield _Reading(name=name, xy=places, crs=target, prefix=prefix)
        else:
            is_missing = kind == "wrong_zone" and crs.to_epsg() == prefixed
            name = "no_zone_prefix" if is_missing else kind
            yield _Reading(name=name, xy=xy, crs=CRS.from_epsg(plain))
    others = (area.own_crs, area.crs, *_neighbours(crs))
    for other in others:
        if other.is_projected and other != crs:
            yield _Reading(name=kind, xy=xy, crs=other)


def _prefix(eastings: Floats) -> int:
    """Return the zone number before eastings of eight digits, 0 without."""
    middle = float(np.median(eastings))
    return int(middle // _PREFIX_M) if _FIRST_PREFIXED_M <= middle < 10 * _FIRST_PREFIXED_M else 0


def _zones(area: Area) -> Iterator[tuple[int, int]]:
    """Return EPSG codes, without and with prefix, of the CGCS2000 zones around the city."""
    lon, lat = area.lonlat()
    if not (_LON[0] <= lon <= _LON[1] and _LAT[0] <= lat <= _LAT[1]):
        return
    for first_plain, first_prefixed, width in ((4534, 4513, 3), (4502, 4491, 6)):
        for number in range((_ZONES[1] - _ZONES[0]) // width + 1):
            if abs(_ZONES[0] + width * number - lon) <= _REACH_DEG:
                yield first_plain + number, first_prefixed + number


def _zone_number(prefixed: int) -> int:
    """Return the number before the eastings of a prefixed CGCS2000 zone."""
    return prefixed - 4513 + 25 if prefixed >= 4513 else prefixed - 4491 + 13  # noqa: PLR2004


def _neighbours(crs: CRS) -> Iterator[CRS]:
    """Return the UTM zones beside a UTM zone."""
    code = crs.to_epsg() or 0
    for first in (32600, 32700):
        zone = code - first
        if 1 <= zone <= 60:  # noqa: PLR2004 zones of UTM
            for near in (zone - 1, zone + 1):
                yield CRS.from_epsg(first + (near - 1) % 60 + 1)


def _projected(xy: Floats, source: CRS, target: CRS) -> Floats:
    """Return `xy` in `target`, infinite where there is no way."""
    points: Any = gpd.GeoDataFrame(geometry=gpd.points_from_xy(xy[:, 0], xy[:, 1]), crs=source)
    if source.is_geographic:
        points = points[(np.abs(xy[:, 0]) <= _DEGREES) & (np.abs(xy[:, 1]) <= _DEGREES / 2)]
    try:
        moved = shapely.get_coordinates(to_crs(points, target).geometry.array)
    except CRSError:
        moved = np.empty((0, 2))
    lost = np.full((len(xy) - len(moved), 2), np.inf)
    return np.concatenate([np.asarray(moved, dtype=float), lost])
