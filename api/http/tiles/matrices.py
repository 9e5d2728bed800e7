"""The tile matrix set WebMercatorQuad: where tiles lie."""

import re
from dataclasses import dataclass
from typing import Any, Final

from api.http.references import Box
from geo.errors import NotFoundError

__all__ = ["EXTENT", "MATRIX_SET", "MATRIX_SET_URI", "MAX_ZOOM", "Tile", "read_tile"]

MATRIX_SET: Final = "WebMercatorQuad"
MATRIX_SET_URI: Final = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
MAX_ZOOM: Final = 22

EXTENT: Final = 4096
"""Units along the side of a tile."""

_HALF_M: Final = 20037508.342789244
_PIXEL_M: Final = 0.00028
_SIDE_PIXELS: Final = 256
_WHOLE: Final = re.compile(r"0|[1-9][0-9]{0,7}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile; rows count from the north."""

    zoom: int
    row: int
    column: int

    @property
    def side_m(self) -> float:
        """Length of a side in metres of the projection."""
        return 2 * _HALF_M / (1 << self.zoom)

    @property
    def origin(self) -> tuple[float, float]:
        """Upper left corner (EPSG:3857)."""
        side = self.side_m
        return self.column * side - _HALF_M, _HALF_M - self.row * side

    def box(self, margin_units: float = 0.0) -> Box:
        """Return the bounds (EPSG:3857), `margin_units` wider on all sides."""
        west, north = self.origin
        margin_m = margin_units * self.side_m / EXTENT
        south, east = north - self.side_m, west + self.side_m
        return west - margin_m, south - margin_m, east + margin_m, north + margin_m


def read_tile(zoom: str, row: str, column: str) -> Tile:
    """Return the tile that a path names.

    Raises
    ------
    NotFoundError
        If there is no such tile.
    """
    texts = (zoom, row, column)
    numbers = [int(text) if _WHOLE.fullmatch(text) else -1 for text in texts]
    z, y, x = numbers
    if not 0 <= z <= MAX_ZOOM or not (0 <= y < 1 << z and 0 <= x < 1 << z):
        raise NotFoundError("http.no_tile", tile="/".join(text[:20] for text in texts))
    return Tile(z, y, x)


def tile_matrix_set() -> dict[str, Any]:
    """Return the definition of the tile matrix set."""
    matrices = []
    for zoom in range(MAX_ZOOM + 1):
        cell_m = Tile(zoom, 0, 0).side_m / _SIDE_PIXELS
        matrices.append(
            {
                "id": str(zoom),
                "scaleDenominator": cell_m / _PIXEL_M,
                "cellSize": cell_m,
                "cornerOfOrigin": "topLeft",
                "pointOfOrigin": [-_HALF_M, _HALF_M],
                "tileWidth": _SIDE_PIXELS,
                "tileHeight": _SIDE_PIXELS,
                "matrixWidth": 1 << zoom,
                "matrixHeight": 1 << zoom,
            }
        )
    return {
        "id": MATRIX_SET,
        "title": "Google Maps Compatible for the World",
        "uri": MATRIX_SET_URI,
        "crs": "http://www.opengis.net/def/crs/EPSG/0/3857",
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": matrices,
    }
