"""Small pictures in SVG: where the points of a layer lie as read, and where as corrected."""

from dataclasses import dataclass
from html import escape
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer

from geo.io.datum import from_wgs84, to_wgs84
from geo.io.loading import Loaded
from geo.layers import Source

__all__ = ["datum_picture"]

Floats = npt.NDArray[np.float64]

_SIZE: Final = 300
_SHIFTED: Final = ("wgs84", "gcj02", "bd09")
_WINDOW_SHIFTS: Final = 7.0
"""The picture is so many shifts wide: the shift can be seen, and so can the grids around."""
_MOST_POINTS: Final = 160
_MOST_GRIDS: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """A square of the working CRS on a picture of `_SIZE` points."""

    west: float
    north: float
    width_m: float

    def on_picture(self, xy: Floats) -> Floats:
        scale = _SIZE / self.width_m
        return np.column_stack([(xy[:, 0] - self.west) * scale, (self.north - xy[:, 1]) * scale])

    @property
    def box(self) -> shapely.Polygon:
        return shapely.box(
            self.west, self.north - self.width_m, self.west + self.width_m, self.north
        )


def datum_picture(loaded: Loaded, source: Source) -> dict[str, Any] | None:
    """Return two pictures of a layer whose datum is doubtful, None where a shift explains nothing.

    Returns
    -------
    picture
        `read` and `corrected` (SVG, safe in HTML), `n` points, `n_read` and `n_corrected` of them
        inside a grid, `shift_m`.
    """
    frame = getattr(loaded.layers, source.layer, None)
    if frame is None or source.datum_verdict not in _SHIFTED or source.layer == "grids":
        return None
    read = _points(frame)
    if len(read) == 0:
        return None
    corrected = _corrected(read, loaded, source)
    shift_m = float(np.median(np.hypot(*(corrected - read).T)))
    grids = loaded.layers.grids
    window = _window(grids, read, corrected, shift_m=shift_m)
    shapes = _shapes(grids, window)
    return {
        "read": _svg(shapes, window, read=read, corrected=corrected, is_corrected=False),
        "corrected": _svg(shapes, window, read=read, corrected=corrected, is_corrected=True),
        "n": len(read),
        "n_read": _inside(grids, read),
        "n_corrected": _inside(grids, corrected),
        "shift_m": round(shift_m),
    }


def _points(frame: gpd.GeoDataFrame) -> Floats:
    shapes = np.asarray(frame.geometry.array, dtype=object)
    kept = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    return np.asarray(shapely.get_coordinates(shapely.centroid(kept)), dtype=np.float64)


def _corrected(read: Floats, loaded: Loaded, source: Source) -> Floats:
    """Return points as they would be on the datum that the guard found."""
    crs = loaded.layers.crs
    back = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    there = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    lonlat = np.column_stack(back.transform(read[:, 0], read[:, 1]))
    meant = to_wgs84(from_wgs84(lonlat, source.datum), source.datum_verdict)
    return np.column_stack(there.transform(meant[:, 0], meant[:, 1]))


def _window(grids: gpd.GeoDataFrame, read: Floats, corrected: Floats, *, shift_m: float) -> _Window:
    """Return a square of a few shifts around the corrected point that has most others near."""
    west, south, east, north = map(float, grids.total_bounds)
    width_m = float(np.clip(_WINDOW_SHIFTS * shift_m, 200.0, 1.2 * max(east - west, north - south)))
    inside = corrected[
        (corrected[:, 0] >= west)
        & (corrected[:, 0] <= east)
        & (corrected[:, 1] >= south)
        & (corrected[:, 1] <= north)
    ]
    some = inside[:: max(1, len(inside) // _MOST_POINTS)]
    middle = np.array([(west + east) / 2, (south + north) / 2])
    if len(some):
        near = [np.sum(np.all(np.abs(some - point) < width_m / 2, axis=1)) for point in some]
        best = some[int(np.argmax(near))]
        close = read[np.all(np.abs(corrected - best) < width_m / 2, axis=1)]
        middle = (best + close.mean(axis=0)) / 2 if len(close) else best
    return _Window(
        west=float(middle[0] - width_m / 2), north=float(middle[1] + width_m / 2), width_m=width_m
    )


def _shapes(grids: gpd.GeoDataFrame, window: _Window) -> str:
    """Return the grids in the window as one path."""
    rows = grids.sindex.query(window.box, predicate="intersects")[:_MOST_GRIDS]
    shapes = np.asarray(grids.geometry.array, dtype=object)[np.sort(rows)]
    cut = shapely.clip_by_rect(
        shapely.make_valid(shapes), *shapely.buffer(window.box, window.width_m / 10).bounds
    )
    simple = shapely.simplify(cut, window.width_m / _SIZE)
    parts = []
    for ring in shapely.get_rings(shapely.get_parts(simple)):
        xy = window.on_picture(shapely.get_coordinates(ring))
        parts.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in xy) + "Z")
    return "".join(parts)


def _inside(grids: gpd.GeoDataFrame, xy: Floats) -> int:
    found = grids.sindex.query(shapely.points(xy), predicate="intersects")
    return len(np.unique(found[0]))


def _svg(
    shapes: str, window: _Window, *, read: Floats, corrected: Floats, is_corrected: bool
) -> str:
    """Return one picture: all numbers, no text of the data."""
    step = max(1, len(read) // (8 * _MOST_POINTS))
    near = np.all(
        np.abs(corrected - [window.west + window.width_m / 2, window.north - window.width_m / 2])
        < window.width_m,
        axis=1,
    )
    old, new = (window.on_picture(xy[near][::step][:_MOST_POINTS]) for xy in (read, corrected))
    marks = []
    if is_corrected:
        marks += [
            f'<path class="move" d="M{a:.1f} {b:.1f}L{c:.1f} {d:.1f}"/>'
            for (a, b), (c, d) in zip(old, new, strict=True)
        ]
        marks += [f'<circle class="was" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in old]
        marks += [f'<circle class="now" cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in new]
    else:
        marks += [f'<circle class="doubt" cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in old]
    return (
        f'<svg class="picture" viewBox="0 0 {_SIZE} {_SIZE}" aria-hidden="true" focusable="false">'
        f'<path class="grid" d="{escape(shapes)}"/>{"".join(marks)}</svg>'
    )
