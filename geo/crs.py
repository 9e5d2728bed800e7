"""The working CRS of a city: chosen or checked, and reached without silent shifts.

Everything is measured in one projected CRS in metres. PROJ answers with an unshifted "ballpark"
where it knows no way between two datums, tens of metres off for Beijing 54 and Xi'an 80; here that
is an error. CGCS2000 and WGS 84 count as one datum (EPSG:4490 → 4326 is a null transformation).
"""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Proj, Transformer
from pyproj.exceptions import CRSError as ProjCRSError
from pyproj.exceptions import ProjError

from geo.errors import CRSError

__all__ = [
    "GIVEN_SCALE_TOLERANCE",
    "OWN_SCALE_TOLERANCE",
    "WGS84",
    "choose_working_crs",
    "crs_name",
    "is_in_mainland_china",
    "read_crs",
    "require_known_datum",
    "scale_error",
    "to_crs",
    "to_metric",
]

Array = npt.NDArray[Any]

OWN_SCALE_TOLERANCE: Final = 0.001
"""The grids' own CRS is kept while its scale is within this of 1 (contract, Working CRS)."""

GIVEN_SCALE_TOLERANCE: Final = 0.01
"""A CRS given by the project is refused when its scale is off by more (contract, Working CRS)."""

WGS84: Final = CRS.from_epsg(4326)
"""Longitude and latitude; always handled in the order x, y."""

_CGCS2000: Final = CRS.from_epsg(4490)
_OLD_DATUMS: Final = ("beijing 1954", "beijing_1954", "xian 1980", "xian_1980", "new beijing")
_CGCS2000_NAMES: Final = ("china 2000", "china_2000", "china geodetic coordinate system 2000")
_WGS84_NAMES: Final = ("world geodetic system 1984", "wgs_1984", "wgs84", "wgs 84")

# Mainland China, drawn by hand to about 50 km (lon, lat); Hong Kong, Macao and Taiwan lie outside.
# It decides between two good CRSs only, never a shift.
_MAINLAND: Final = shapely.Polygon(
    [
        (73.5, 39.4), (74.8, 40.5), (80.2, 42.0), (80.2, 45.0), (82.5, 45.3), (83.0, 47.2),
        (85.5, 47.1), (85.6, 48.4), (87.8, 49.2), (91.0, 45.4), (95.4, 44.3), (97.0, 42.8),
        (105.0, 41.6), (111.8, 43.6), (111.9, 45.0), (119.8, 46.6), (115.6, 47.9), (117.8, 49.5),
        (119.9, 51.9), (120.8, 53.3), (123.6, 53.6), (126.0, 52.8), (127.6, 49.8), (130.9, 48.9),
        (131.0, 47.7), (135.1, 48.4), (133.1, 45.1), (131.3, 45.0), (131.3, 43.5), (130.6, 42.4),
        (128.1, 42.0), (126.9, 41.8), (124.4, 40.1), (121.5, 38.6), (122.8, 37.4), (119.6, 35.0),
        (122.2, 31.6), (123.0, 30.6), (121.9, 28.0), (120.3, 26.4), (118.9, 24.6), (117.2, 23.3),
        (114.6, 22.5), (114.0, 22.52), (113.6, 22.2), (113.5, 22.2), (113.0, 21.6), (111.0, 19.9),
        (110.2, 18.0), (108.4, 18.4), (108.2, 21.4), (106.6, 22.0), (105.3, 23.3), (102.4, 22.4),
        (101.7, 21.1), (99.2, 22.1), (97.5, 23.9), (98.7, 27.6), (97.3, 28.2), (92.1, 26.9),
        (88.9, 27.3), (85.9, 27.9), (81.3, 30.0), (78.7, 31.3), (78.4, 32.6), (79.5, 33.5),
        (77.8, 35.5), (74.5, 37.2), (73.5, 39.4),
    ]
)  # fmt: skip


def read_crs(text: str, *, place: str) -> CRS:
    """Return the CRS that a user wrote as `text` (`EPSG:4547`, WKT, PROJ) at `place`.

    Raises
    ------
    CRSError
        If PROJ does not know it.
    """
    try:
        return CRS.from_user_input(text)
    except ProjCRSError as error:
        raise CRSError("crs.unknown", crs=text, place=place) from error


def crs_name(crs: CRS) -> str:
    """Return `EPSG:n`, or WKT where `crs` has no code."""
    code = crs.to_epsg()
    return f"EPSG:{code}" if code is not None else str(crs.to_wkt())


def choose_working_crs(frame: gpd.GeoDataFrame, given: str | None = None) -> CRS:
    """Return the projected CRS in metres in which the layers of a city are measured.

    Parameters
    ----------
    frame
        The grids, in any known CRS, with at least one geometry that is not empty.
    given
        The CRS that the project asks for, if any.

    Returns
    -------
    CRS
        `given` when it can measure here; else the grids' own when it is projected, not
        Mercator-like and true to 0.1 %; else in mainland China the 3-degree CGCS2000 zone, else
        the UTM zone, of the centre of the extent. Feet become metres of the same projection.

    Raises
    ------
    CRSError
        If the frame has no CRS or an old datum, or `given` cannot measure here.
    """
    if frame.crs is None:
        raise CRSError("layers.no_crs", layer="grids")
    require_known_datum(frame.crs, place="grids")
    lonlat = _lonlat_bounds(frame)
    if given is not None:
        return _checked(read_crs(given, place="project.crs"), lonlat)
    own = CRS.from_user_input(frame.crs)
    if own.is_projected and not _is_mercator(own):
        metric = to_metric(own)
        if scale_error(metric, lonlat) <= OWN_SCALE_TOLERANCE:
            return metric
    return _zone_of((lonlat[0] + lonlat[2]) / 2, (lonlat[1] + lonlat[3]) / 2)


def to_metric(crs: CRS) -> CRS:
    """Return `crs` with axes in metres: itself, or the same projection without its feet."""
    if all(axis.unit_conversion_factor == 1.0 for axis in crs.axis_info):
        return crs
    data = (crs.sub_crs_list[0] if crs.is_compound else crs).to_json_dict()
    for axis in data["coordinate_system"]["axis"]:
        axis["unit"] = "metre"
    data.pop("id", None)
    data["name"] = f"{data['name']} (metres)"
    return CRS.from_json_dict(data)


def scale_error(crs: CRS, lonlat: tuple[float, float, float, float]) -> float:
    """Return how far the scale of `crs` strays from 1 over `lonlat`.

    `lonlat` is minx, miny, maxx, maxy in degrees. The worst direction counts, at 25 places of the
    extent with its corners and centre; infinite where the projection is not defined.
    """
    x, y = np.meshgrid(np.linspace(lonlat[0], lonlat[2], 5), np.linspace(lonlat[1], lonlat[3], 5))
    try:
        factors = Proj(crs).get_factors(x.ravel(), y.ravel(), errcheck=False)
    except (ProjError, ProjCRSError):
        return float("inf")
    scales = np.concatenate([np.abs(factors.tissot_semimajor), np.abs(factors.tissot_semiminor)])
    return float(np.max(np.abs(scales - 1.0))) if np.isfinite(scales).all() else float("inf")


def to_crs(frame: gpd.GeoDataFrame, crs: CRS) -> gpd.GeoDataFrame:
    """Return `frame` in `crs`, vertices as they are, never by a ballpark shift.

    Missing geometries stay missing; heights are dropped. A vertex that cannot be projected comes
    out as infinity, for the caller to judge.

    Raises
    ------
    CRSError
        If the frame has no CRS, or PROJ knows no exact way between the two datums.
    """
    if frame.crs is None:
        raise CRSError("layers.no_crs", layer="frame")
    source = CRS.from_user_input(frame.crs)
    geometry = shapely.force_2d(frame.geometry.array)
    if source != crs:
        require_known_datum(source, place=source.name)
        for step in _way(source.to_wkt(), crs.to_wkt()):
            geometry = shapely.transform(geometry, step)
    moved = frame.set_geometry(gpd.GeoSeries(geometry, index=frame.index), crs=None)
    return moved.set_crs(crs, allow_override=True)


def require_known_datum(crs: CRS, *, place: str) -> None:
    """Raise `CRSError` for Beijing 54 and Xi'an 80 without local parameters."""
    if not crs.is_bound and _datum_name(crs).startswith(_OLD_DATUMS):
        raise CRSError("crs.old_datum", place=place, crs=crs.name)


def is_in_mainland_china(lon_deg: float, lat_deg: float) -> bool:
    """Return True inside mainland China, to about 50 km."""
    return bool(shapely.contains_xy(_MAINLAND, lon_deg, lat_deg))


def _checked(crs: CRS, lonlat: tuple[float, float, float, float]) -> CRS:
    require_known_datum(crs, place="project.crs")
    if not crs.is_projected:
        raise CRSError("crs.not_projected", crs=crs_name(crs))
    if crs.coordinate_operation and "Pseudo" in crs.coordinate_operation.method_name:
        raise CRSError("crs.web_mercator", crs=crs_name(crs))
    metric = to_metric(crs)
    error = scale_error(metric, lonlat)
    if error > GIVEN_SCALE_TOLERANCE:
        raise CRSError("crs.cannot_measure", crs=crs_name(crs), error=error)
    return metric


def _zone_of(lon_deg: float, lat_deg: float) -> CRS:
    if is_in_mainland_china(lon_deg, lat_deg):
        meridian = 3 * round(lon_deg / 3)
        return CRS.from_epsg(4534 + (meridian - 75) // 3)
    zone = int((lon_deg + 180) // 6) % 60 + 1
    return CRS.from_epsg((32600 if lat_deg >= 0 else 32700) + zone)


def _lonlat_bounds(frame: gpd.GeoDataFrame) -> tuple[float, float, float, float]:
    """Return the extent of `frame` in degrees, of its own datum."""
    minx, miny, maxx, maxy = (float(v) for v in frame.total_bounds)
    if not np.isfinite([minx, miny, maxx, maxy]).all():
        raise CRSError("crs.no_extent", layer="grids")
    crs = CRS.from_user_input(frame.crs)
    if crs.is_geographic:
        return minx, miny, maxx, maxy
    back = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    x, y = np.meshgrid(np.linspace(minx, maxx, 5), np.linspace(miny, maxy, 5))
    lon, lat = back.transform(x.ravel(), y.ravel())
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        raise CRSError("crs.no_extent", layer="grids")
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


def _is_mercator(crs: CRS) -> bool:
    operation = crs.coordinate_operation
    method = operation.method_name if operation else ""
    return "Mercator" in method and "Transverse" not in method and "Oblique" not in method


def _datum_name(crs: CRS) -> str:
    base = crs.geodetic_crs
    datum = base.datum if base is not None else None
    return (datum.name if datum is not None else "").casefold().removeprefix("d_")


@cache
def _way(source_wkt: str, target_wkt: str) -> tuple[Callable[[Array], Array], ...]:
    """Return the steps from source to target: direct, or through WGS 84 ≡ CGCS2000."""
    source, target = CRS.from_wkt(source_wkt), CRS.from_wkt(target_wkt)
    try:
        return (_step(source, target),)
    except ProjError:
        pass
    try:
        return (_step(source, _twin_of(source)), _step(_twin_of(target), target))
    except ProjError as error:
        raise CRSError("crs.no_way", source=source.name, target=target.name) from error


def _twin_of(crs: CRS) -> CRS:
    """Return the geographic CRS through which `crs` is joined to WGS 84."""
    name = _datum_name(crs)
    if crs.geodetic_crs is not None and (
        name.startswith(_CGCS2000_NAMES) or _is_wgs84_ellipsoid_only(crs)
    ):
        return CRS.from_user_input(crs.geodetic_crs)
    return WGS84


def _is_wgs84_ellipsoid_only(crs: CRS) -> bool:
    """Return True for an unnamed datum on the WGS 84 or GRS 80 ellipsoid, as PROJ strings give."""
    name = _datum_name(crs)
    ellipsoid = crs.ellipsoid.name if crs.ellipsoid is not None else ""
    return (name.startswith("unknown") and ellipsoid.startswith(("WGS 84", "WGS84"))) or (
        name.startswith(_WGS84_NAMES)
    )


def _step(source: CRS, target: CRS) -> Callable[[Array], Array]:
    transformer = Transformer.from_crs(source, target, always_xy=True, allow_ballpark=False)

    def step(xy: Array) -> Array:
        x, y = transformer.transform(xy[:, 0], xy[:, 1])
        return np.column_stack([x, y])

    return step
