"""The reference systems that features are given out in, and boxes and filters given in.

Coordinates stand in the order of the authority: CRS84 is longitude, latitude; EPSG:4326 latitude,
longitude; the CGCS2000 zones north, east.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS

from api.http.problems import RequestError
from geo.crs import WGS84, choose_working_crs, crs_name, is_in_mainland_china, read_crs, to_crs
from geo.errors import CRSError

__all__ = [
    "CRS84",
    "CRS84_URI",
    "Box",
    "Geometries",
    "Reference",
    "find_reference",
    "references_of",
]

Box = tuple[float, float, float, float]
Geometries = npt.NDArray[np.object_]

CRS84_URI: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
WGS84_URI: Final = "http://www.opengis.net/def/crs/EPSG/0/4326"
"""What is named as the storage CRS: GDAL reads a layer in it, and knows it by its code."""

_EPSG: Final = re.compile(
    r"(?:https?://www\.opengis\.net/def/crs/EPSG/0/|urn:ogc:def:crs:EPSG:[0-9.]*:|\[?EPSG:)(\d+)\]?",
    re.IGNORECASE | re.ASCII,
)
_PLANE_DECIMALS: Final = 4
_DEGREE_DECIMALS: Final = 10
_EVERYWHERE: Final = ("EPSG:4326", "EPSG:3857")
_MAINLAND: Final = "EPSG:4490"
_FLAT: Final = 4
_SOLID: Final = 6
_EAST_DEG: Final = 180.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reference:
    """One reference system.

    `uri`
        Its name in documents, parameters and headers.
    `crs`
        Geometries are handled in it as x, y.
    `is_swapped`
        True where its authority puts y (latitude, northing) first.
    """

    uri: str
    crs: CRS
    is_swapped: bool = False

    @property
    def is_geographic(self) -> bool:
        """True for degrees."""
        return bool(self.crs.is_geographic)

    @property
    def decimals(self) -> int:
        """Decimals that coordinates are given with: 0.1 mm, or less in degrees."""
        return _DEGREE_DECIMALS if self.is_geographic else _PLANE_DECIMALS

    def boxes(self, numbers: Sequence[float]) -> tuple[Box, ...]:
        """Return 4 or 6 numbers as one box, or as two where it crosses the antimeridian.

        Raises
        ------
        RequestError
            If they are not 4 or 6 finite numbers, or the lowest of an axis is above its highest.
        """
        shown = ",".join(str(number) for number in numbers)
        if len(numbers) not in {_FLAT, _SOLID} or not np.isfinite(numbers).all():
            raise RequestError("http.bad_bbox", value=shown)
        half = len(numbers) // 2
        (a, b, *low), (c, d, *high) = numbers[:half], numbers[half:]
        if low > high:
            raise RequestError("http.bad_bbox_order", value=shown)
        if self.is_swapped:
            flipped = _split((b, a, d, c), shown, self.is_geographic)
            return tuple((y0, x0, y1, x1) for x0, y0, x1, y1 in flipped)
        return _split((a, b, c, d), shown, self.is_geographic)

    def project(self, geometries: Geometries) -> Geometries:
        """Return WGS 84 geometries (longitude, latitude) in this system and its order of axes.

        Degrees of WGS 84 stay as they are to the last digit; others are rounded. What cannot be
        projected is missing.
        """
        if self.crs == WGS84:
            turned: Geometries = shapely.transform(geometries, lambda xy: xy[:, ::-1])
            return turned
        frame = gpd.GeoDataFrame(geometry=gpd.GeoSeries(geometries, crs=WGS84))
        moved = np.asarray(to_crs(frame, self.crs).geometry.array)
        decimals, step = self.decimals, -1 if self.is_swapped else 1
        found: Geometries = shapely.transform(moved, lambda xy: np.round(xy[:, ::step], decimals))
        broken = ~np.isfinite(shapely.bounds(found)).all(axis=1) & ~shapely.is_empty(found)
        found[broken] = None
        return found


CRS84: Final = Reference(uri=CRS84_URI, crs=WGS84)
"""What features are held in."""


WEB_MERCATOR: Final = Reference(
    uri="http://www.opengis.net/def/crs/EPSG/0/3857", crs=CRS.from_epsg(3857)
)
"""What tiles are cut from."""


def references_of(bbox_deg: Box | None, working: str | None) -> tuple[Reference, ...]:
    """Return the systems for features within `bbox_deg`, CRS84 first.

    Besides those known everywhere: `working`, the one an audit measured in, CGCS2000 in mainland
    China, and the zone of the place.
    """
    names = [*_EVERYWHERE, *([working] if working else [])]
    if bbox_deg is not None:
        centre = ((bbox_deg[0] + bbox_deg[2]) / 2, (bbox_deg[1] + bbox_deg[3]) / 2)
        if is_in_mainland_china(*centre):
            names.append(_MAINLAND)
        place = gpd.GeoDataFrame(geometry=[shapely.Point(centre)], crs=WGS84)
        names.append(crs_name(choose_working_crs(place)))
    return (CRS84, *_known(dict.fromkeys(names)))


def find_reference(text: str, name: str, references: Iterable[Reference]) -> Reference:
    """Return the one of `references` that parameter `name` asks for.

    Raises
    ------
    RequestError
        If it is none of them.
    """
    known = {reference.uri: reference for reference in references}
    code = _EPSG.fullmatch(text)
    uri = _uri(code[1]) if code else text.replace("https://", "http://", 1)
    if uri not in known:
        raise RequestError("http.bad_choice", name=name, known=", ".join(known), value=text[:200])
    return known[uri]


def _known(names: Iterable[str]) -> Iterable[Reference]:
    for name in names:
        if not name.startswith("EPSG:"):
            continue
        try:
            crs = read_crs(name, place="summary.json")
        except CRSError:
            continue
        first = crs.axis_info[0].direction if crs.axis_info else ""
        is_swapped = first.startswith("north")
        yield Reference(uri=_uri(name.removeprefix("EPSG:")), crs=crs, is_swapped=is_swapped)


def _uri(code: str) -> str:
    return f"http://www.opengis.net/def/crs/EPSG/0/{code}"


def _split(box: Box, shown: str, is_geographic: bool) -> tuple[Box, ...]:  # noqa: FBT001
    """Return `box` (x, y), cut in two where it crosses the antimeridian."""
    minx, miny, maxx, maxy = box
    if miny > maxy or (minx > maxx and not is_geographic):
        raise RequestError("http.bad_bbox_order", value=shown)
    if minx <= maxx:
        return (box,)
    return ((minx, miny, _EAST_DEG, maxy), (-_EAST_DEG, miny, maxx, maxy))
