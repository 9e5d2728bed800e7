"""The geometries of a layer: their CRS and datum, their types, their repair."""

from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS

from geo import words
from geo.crs import WGS84, crs_name, read_crs, require_known_datum, to_crs
from geo.errors import CRSError, LoadError
from geo.io.datum import to_wgs84
from geo.io.entrances import moved_entrances, near_entrances, with_entrances
from geo.io.formats import RawLayer
from geo.io.formats.raw import Note
from geo.io.guard import Area, Misreading, find_misreading, misreading_note, own_misreading
from geo.io.project import LayerSpec
from geo.io.records import Records
from geo.layers import OUTLINE
from geo.schema import layer_schemas
from geo.validity import is_valid

__all__ = ["Located", "located", "to_working"]

_POLYGONS: Final = (3, 6)
_LINES: Final = (1, 2, 5)
_COLLECTION: Final = 7
_FARTHEST: Final = 1e8
"""No projected coordinate on Earth is larger, zone prefixes included."""
_DEGREES: Final = 180.0
_FAR_M: Final = 500_000.0
_METRES_PER_DEGREE: Final = 111_000.0
_FEWEST: Final = 5
"""Rows below which no place can be called far from the others."""

_WANTED: Final = {
    "polygon": {"zh": "面", "en": "polygons"},
    "line": {"zh": "线", "en": "lines"},
}
_GOT: Final = {"Point": "点", "LineString": "线", "Polygon": "面"}


class Located(NamedTuple):
    """A layer with a known CRS, notes on how it was found, and how axes or zone were misread."""

    frame: gpd.GeoDataFrame
    notes: tuple[Note, ...]
    misread: Misreading | None = None


def located(
    raw: RawLayer, frame: gpd.GeoDataFrame, *, records: Records, area: Area | None = None
) -> Located:
    """Return `frame` with a known CRS on an unshifted datum, and notes on how it was found.

    Rows without a usable place are refused: missing (D103) or out of range (D105). Where axes or
    zone were misread (the places lie in `area`, the city, by another reading only), all rows are
    refused with one D105; units keep their rows, for their codes are needed by the grids.

    Raises
    ------
    LoadError
        If no row has a geometry, or none lies within the range of its CRS.
    CRSError
        If the CRS is missing, unknown or on an old datum.
    """
    spec = raw.spec
    geometry = shapely.force_2d(frame.geometry.array)
    empty = shapely.is_missing(geometry) | shapely.is_empty(geometry)
    if empty.all():
        raise LoadError("io.no_geometries", path=spec.shown, rows=len(frame))
    geometry[empty] = None
    if spec.axes == "yx":
        geometry = shapely.transform(geometry, lambda xy: xy[:, ::-1])
    crs, notes = _crs_of(raw, geometry[~empty])
    require_known_datum(crs, place=spec.shown)
    _refuse_missing(frame, empty, raw, records=records)
    misread = _misreading(geometry, crs, area, spec=spec)
    if misread is not None:
        _refuse_misread(frame, geometry, misread, records=records)
        geometry[:] = None
        placed = frame.set_geometry(gpd.GeoSeries(geometry, index=frame.index), crs=None)
        return Located(placed.set_crs(crs, allow_override=True), notes, misread)
    outside = ~empty & _is_out_of_range(geometry, crs)
    if outside.any() and outside.sum() == (~empty).sum():
        first = geometry[int(np.flatnonzero(outside)[0])]
        raise CRSError("io.not_degrees", path=spec.shown, value=_shown(first), crs=crs_name(crs))
    for position in np.flatnonzero(outside):
        row = int(frame.index[position])
        value = _shown(geometry[position])
        records.refuse("D105", "io.coordinates_bad", row=row, value=value)
    geometry[outside] = None
    for position in np.flatnonzero(_is_far(geometry, crs)):
        row = int(frame.index[position])
        value = _shown(geometry[position])
        records.refuse("D105", "io.coordinates_far", row=row, value=value)
        geometry[position] = None
    placed = frame.set_geometry(gpd.GeoSeries(geometry, index=frame.index), crs=None)
    placed = placed.set_crs(crs, allow_override=True)
    if spec.schema == "buildings":
        placed = with_entrances(placed)
    if spec.datum in ("gcj02", "bd09"):
        placed = _unshifted(placed, spec.datum)
    return Located(placed, notes)


def _misreading(
    geometry: npt.NDArray[Any], crs: CRS, area: Area | None, *, spec: LayerSpec
) -> Misreading | None:
    """Return how axes or zone were misread; of the grids themselves that is an error."""
    bounds = shapely.bounds(geometry)
    centres = (bounds[:, :2] + bounds[:, 2:]) / 2.0
    if area is not None:
        return find_misreading(centres, crs, area)
    fault = own_misreading(centres, crs)
    if fault is not None:
        first = geometry[int(np.flatnonzero(np.isfinite(centres).all(axis=1))[0])]
        key = "io.zone_prefix" if fault == "zone_prefix" else "io.swapped_axes"
        raise CRSError(key, path=spec.shown, value=_shown(first), crs=crs_name(crs))
    return None


def _refuse_misread(
    frame: gpd.GeoDataFrame, geometry: npt.NDArray[Any], misread: Misreading, *, records: Records
) -> None:
    key, values = misreading_note(misread)
    drawn = np.flatnonzero(~shapely.is_missing(geometry))
    rows = {int(frame.index[position]): _shown(geometry[position]) for position in drawn}
    keeps_rows = records.spec.schema == "units"
    records.refuse_all("D105", key, values_of_rows={} if keeps_rows else rows, **values)


def to_working(
    frame: gpd.GeoDataFrame, spec: LayerSpec, working: CRS, *, records: Records
) -> gpd.GeoDataFrame:
    """Return `frame` in the working CRS, valid, of the layer's type, points where it has points.

    Invalid polygons are rebuilt from their lines after projection and noted (D104); what does not
    fit the layer is refused (D103), what cannot be projected too (D105). Buildings given as areas
    become points and keep their areas in the column `outline`.

    Raises
    ------
    LoadError
        If no geometry at all fits the layer.
    """
    wanted = layer_schemas()[spec.schema].geometry
    moved = moved_entrances(frame, to_crs(frame, working), lambda doors: to_crs(doors, working))
    geometry = np.asarray(moved.geometry.array, dtype=object)
    lost = ~np.isfinite(shapely.bounds(geometry)).all(axis=1) & ~shapely.is_missing(geometry)
    for position in np.flatnonzero(lost):
        row = int(frame.index[position])
        value = _shown(np.asarray(frame.geometry.array)[position])
        records.refuse("D105", "io.coordinates_bad", row=row, value=value)
    geometry[lost] = None
    geometry = _repaired(geometry, frame, records=records)
    if spec.schema == "barriers":
        is_area = np.isin(shapely.get_type_id(geometry), _POLYGONS)
        geometry[is_area] = shapely.boundary(geometry[is_area])
    if wanted in ("polygon", "line"):
        geometry = _of_type(geometry, frame, spec, wanted=wanted, records=records)
    else:
        is_point = shapely.get_type_id(geometry) == 0
        areas = geometry
        centroids = np.asarray(shapely.centroid(geometry), dtype=object)
        geometry = np.where(is_point, geometry, centroids)
        if spec.schema == "buildings":
            moved = _with_outlines(moved, outlines=areas, crs=working)
    return near_entrances(
        moved.set_geometry(gpd.GeoSeries(geometry, index=moved.index, crs=working))
    )


def _with_outlines(
    frame: gpd.GeoDataFrame, *, outlines: npt.NDArray[Any], crs: CRS
) -> gpd.GeoDataFrame:
    """Return `frame` with the polygons it was given as a column `outline`, if there are any."""
    is_area = np.isin(shapely.get_type_id(outlines), _POLYGONS)
    if not is_area.any():
        return frame
    kept = outlines.copy()
    kept[~is_area] = None
    drawn = gpd.GeoSeries(kept, index=frame.index, crs=crs)
    return frame.rename(columns={OUTLINE: f"{OUTLINE}_source"}).assign(**{OUTLINE: drawn})


def _crs_of(raw: RawLayer, geometry: npt.NDArray[Any]) -> tuple[CRS, tuple[Note, ...]]:
    spec: LayerSpec = raw.spec
    declared = read_crs(spec.crs, place=f"layers.{spec.name}.crs") if spec.crs else None
    frame: gpd.GeoDataFrame = raw.frame
    found = _flat(CRS.from_user_input(frame.crs)) if frame.crs is not None else None
    if declared is not None:
        if found is None or found == declared or not raw.has_own_crs:
            return _flat(declared), ()
        values = {"file_crs": crs_name(found), "crs": crs_name(declared)}
        return _flat(declared), (("io.crs_overridden", values),)
    if found is not None:
        return found, ()
    farthest = np.nanmax(np.abs(shapely.bounds(geometry)), axis=1)
    looks_like_degrees = bool((farthest <= _DEGREES).mean() > 0.5)  # noqa: PLR2004 most
    if spec.datum is not None and looks_like_degrees:
        return WGS84, (("io.degrees_assumed", {"datum": spec.datum}),)
    if looks_like_degrees:
        columns = ", ".join(raw.position_columns) or words.text("io.coordinates", "en")
        raise CRSError("io.no_crs_degrees", path=spec.shown, columns=columns)
    raise CRSError("io.no_crs", path=spec.shown)


def _flat(crs: CRS) -> CRS:
    """Return the horizontal part of `crs`."""
    if crs.is_compound:
        crs = crs.sub_crs_list[0]
    if crs.geodetic_crs is None:
        raise CRSError("crs.local", crs=crs.name)
    return crs.to_2d() if len(crs.axis_info) > 2 else crs  # noqa: PLR2004 x and y


def _refuse_missing(
    frame: gpd.GeoDataFrame, empty: npt.NDArray[np.bool_], raw: RawLayer, *, records: Records
) -> None:
    """Refuse rows without a geometry; a unit stays, for its code is needed by the grids."""
    unread = raw.bad_positions or {}
    for position in np.flatnonzero(empty):
        row = int(frame.index[position])
        if int(position) in unread:
            value = unread[int(position)]
            records.refuse("D105", "io.coordinates_text", row=row, value=value)
        elif raw.spec.schema == "units":
            records.note("D103", "io.geometry_missing_kept", row=row, column="geometry")
        else:
            records.refuse("D103", "io.geometry_missing", row=row)


def _is_out_of_range(geometry: npt.NDArray[Any], crs: CRS) -> npt.NDArray[np.bool_]:
    """Return True for geometries beyond degrees, or beyond any projected coordinate."""
    limit_x, limit_y = (180.0, 90.0) if crs.is_geographic else (_FARTHEST, _FARTHEST)
    bounds = np.abs(shapely.bounds(geometry))
    inside = (bounds[:, [0, 2]] <= limit_x).all(axis=1) & (bounds[:, [1, 3]] <= limit_y).all(axis=1)
    xy, owner = shapely.get_coordinates(geometry, return_index=True)
    inside[owner[~np.isfinite(xy).all(axis=1)]] = False
    return np.asarray(~inside, dtype=bool)


def _is_far(geometry: npt.NDArray[Any], crs: CRS) -> npt.NDArray[np.bool_]:
    """Return True for geometries far from all the others, such as 0°, 0° in a Chinese city.

    Far is 500 km from the median place, or twenty times the median distance from it where the
    layer itself is that large.
    """
    bounds = shapely.bounds(geometry)
    centre = (bounds[:, :2] + bounds[:, 2:]) / 2.0
    known = np.isfinite(centre).all(axis=1)
    far = np.zeros(len(centre), dtype=bool)
    if known.sum() < _FEWEST:
        return far
    away = np.abs(centre[known] - np.median(centre[known], axis=0)).max(axis=1)
    limit = _FAR_M / _METRES_PER_DEGREE if crs.is_geographic else _FAR_M
    far[known] = away > max(limit, 20.0 * float(np.median(away)))
    return far


def _unshifted(frame: gpd.GeoDataFrame, datum: str) -> gpd.GeoDataFrame:
    """Return `frame` in WGS 84 degrees, shifted back from `datum`."""
    lonlat = to_crs(frame, WGS84)
    shifted = shapely.transform(
        np.asarray(lonlat.geometry.array, dtype=object), lambda xy: to_wgs84(xy, datum)
    )
    placed = lonlat.set_geometry(gpd.GeoSeries(shifted, index=frame.index, crs=WGS84))
    return moved_entrances(frame, placed, lambda doors: _unshifted(doors, datum))


def _repaired(
    geometry: npt.NDArray[Any], frame: gpd.GeoDataFrame, *, records: Records
) -> npt.NDArray[Any]:
    """Return valid polygons; each repair is noted with the area before and after."""
    is_area = np.isin(shapely.get_type_id(geometry), (*_POLYGONS, _COLLECTION))
    invalid = is_area & ~is_valid(geometry)
    for position in np.flatnonzero(invalid):
        before = geometry[position]
        after = _polygonal(shapely.make_valid(before))
        row = int(frame.index[position])
        reason = shapely.is_valid_reason(before).split("[")[0].strip()
        if after is None:
            records.refuse("D103", "io.geometry_hopeless", row=row, value=reason)
        else:
            records.repaired += 1
            records.note(
                "D104",
                "io.geometry_repaired",
                row=row,
                column="geometry",
                value=reason,
                parts=int(shapely.get_num_geometries(after)),
                before=abs(before.area),
                after=after.area,
            )
        geometry[position] = after
    return geometry


def _of_type(
    geometry: npt.NDArray[Any],
    frame: gpd.GeoDataFrame,
    spec: LayerSpec,
    *,
    wanted: str,
    records: Records,
) -> npt.NDArray[Any]:
    """Return `geometry` with what is no polygon (or line) refused."""
    types = shapely.get_type_id(geometry)
    if wanted == "polygon":
        for position in np.flatnonzero(types == _COLLECTION):
            geometry[position] = _polygonal(geometry[position]) or geometry[position]
        types = shapely.get_type_id(geometry)
    fits = np.isin(types, _POLYGONS if wanted == "polygon" else _LINES)
    wrong = ~fits & ~shapely.is_missing(geometry)
    if wrong.any() and not fits.any():
        got = geometry[int(np.flatnonzero(wrong)[0])].geom_type
        raise LoadError(
            "io.wrong_type",
            path=spec.shown,
            got_zh=_GOT.get(got.removeprefix("Multi"), got),
            got=got,
            layer_zh=words.text(f"io.layer_{spec.schema}", "zh"),
            layer=spec.name,
            wanted_zh=_WANTED[wanted]["zh"],
            wanted=_WANTED[wanted]["en"],
        )
    for position in np.flatnonzero(wrong):
        row = int(frame.index[position])
        kind = geometry[position].geom_type
        records.refuse("D103", "io.geometry_type", row=row, value=kind)
        geometry[position] = None
    return geometry


def _polygonal(shape: shapely.Geometry) -> shapely.Geometry | None:
    """Return the areal parts of `shape`, None without any."""
    if shapely.get_type_id(shape) in _POLYGONS:
        return None if shape.is_empty else shape
    parts = [
        part
        for part in shapely.get_parts(shapely.get_parts(shape))
        if shapely.get_type_id(part) in _POLYGONS
    ]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else shapely.union_all(parts)


def _shown(shape: shapely.Geometry) -> str:
    """Return the first vertex of `shape` for a sentence."""
    xy = shapely.get_coordinates(shape)[0]
    return f"{xy[0]:.10g}, {xy[1]:.10g}"
