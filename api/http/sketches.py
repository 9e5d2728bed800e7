"""Small maps of the HTML pages: a drawing without scripts, in any browser."""

import math
from typing import Final

import numpy as np
import shapely

from api.http.features import FeatureTable
from api.http.references import Box, Geometries

__all__ = ["sketch_of"]

_WIDTH: Final = 720
_MAX_SHAPES: Final = 400
_MAX_RATIO: Final = 0.6
_DOT: Final = 4


def sketch_of(table: FeatureTable, row: int | None = None) -> str:
    """Return an SVG of a feature and what lies around it, or of a whole collection.

    North is up, and lengths are true at the middle. What is there is drawn to half a pixel; of
    many features the largest.
    """
    geometries = table.tree.geometries
    own = None if row is None else geometries[row]
    if table.bbox_deg is None or (row is not None and own is None):
        return ""
    window = _window(table.bbox_deg if own is None else own.bounds)
    near = np.sort(table.tree.query(shapely.box(*window)))
    if len(near) > _MAX_SHAPES:
        sizes = np.ptp(shapely.bounds(geometries[near]).reshape(-1, 2, 2), axis=1).sum(axis=1)
        near = np.sort(near[np.argsort(-sizes, kind="stable")[:_MAX_SHAPES]])
    scale = _WIDTH / (window[2] - window[0])
    stretch = 1 / math.cos(math.radians((window[1] + window[3]) / 2))
    height = (window[3] - window[1]) * scale * stretch
    drawn = _drawn(geometries[near], window, (scale, stretch))
    paths = "".join(
        f'<path class="own" d="{path}"/>' if at == row else f'<path d="{path}"/>'
        for at, path in sorted(zip(near.tolist(), drawn, strict=True), key=lambda p: p[0] == row)
    )
    box = f"0 0 {_WIDTH} {height:.0f}"
    return f'<svg class="sketch" viewBox="{box}" role="img" aria-hidden="true">{paths}</svg>'


def _window(bounds: Box) -> Box:
    """Return what is shown around `bounds` (degrees): a margin, and no more than the globe."""
    x, y = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    half = max(bounds[2] - bounds[0], (bounds[3] - bounds[1]) / _MAX_RATIO, 0.002) * 0.65
    tall = max((bounds[3] - bounds[1]) * 0.6, half * _MAX_RATIO)
    return x - half, max(y - tall, -85.0), x + half, min(y + tall, 85.0)


def _drawn(geometries: Geometries, window: Box, scale: tuple[float, float]) -> list[str]:
    """Return the path of each geometry."""
    width = window[2] - window[0]
    shown = shapely.clip_by_rect(
        shapely.simplify(geometries, width / _WIDTH / 2),
        *(window[0] - width, window[1] - width, window[2] + width, window[3] + width),
    )
    factor = np.array([scale[0], -scale[0] * scale[1]])
    moved = shapely.transform(shown, lambda xy: np.round((xy - (window[0], window[3])) * factor, 1))
    return [_path(shape) for shape in moved]


def _path(shape: shapely.Geometry) -> str:
    pieces = []
    for part in shapely.get_parts(shape):
        if part.geom_type == "Point":
            x, y = part.x, part.y
            pieces.append(f"M{x - _DOT:g} {y:g}l{_DOT} -{_DOT} {_DOT} {_DOT} -{_DOT} {_DOT}Z")
            continue
        lines = [part] if part.geom_type == "LineString" else shapely.get_rings(part)
        for line in lines:
            points = shapely.get_coordinates(line)
            pieces.append("M" + "L".join(f"{x:g} {y:g}" for x, y in points))
    return "".join(pieces)
