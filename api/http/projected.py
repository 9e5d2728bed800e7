"""The geometries of one collection in one reference system."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely

from api.http.columns import Flags
from api.http.references import Box, Geometries

__all__ = ["Projected", "shape_of_box", "shapes_of_boxes"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Projected:
    """n geometries, axes in the order of the authority; `tree` is over them."""

    tree: shapely.STRtree
    is_missing: Flags
    _texts: list[bytes | None]

    @classmethod
    def of(cls, geometries: Geometries, tree: shapely.STRtree | None = None) -> "Projected":
        """Return `geometries` with their `tree`, made here unless given."""
        return cls(
            tree=shapely.STRtree(geometries) if tree is None else tree,
            is_missing=shapely.is_missing(geometries),
            _texts=[None] * len(geometries),
        )

    def encoded(self, rows: Iterable[int]) -> list[bytes]:
        """Return the geometries of `rows` as GeoJSON; each is encoded once."""
        texts = self._texts
        new = [row for row in rows if texts[row] is None]
        if new:
            for row, text in zip(new, shapely.to_geojson(self.tree.geometries[new]), strict=True):
                texts[row] = b"null" if text is None else text.encode()
        return [text for row in rows if (text := texts[row]) is not None]


def shape_of_box(box: Box) -> shapely.Geometry:
    """Return `box` as a geometry; one without an area is a line or a point."""
    minx, miny, maxx, maxy = box
    if minx == maxx and miny == maxy:
        return shapely.Point(minx, miny)
    if minx == maxx or miny == maxy:
        return shapely.LineString([(minx, miny), (maxx, maxy)])
    return shapely.box(*box)


def shapes_of_boxes(boxes: Iterable[Box]) -> shapely.Geometry:
    """Return one geometry of all `boxes`."""
    return shapely.union_all(np.array([shape_of_box(box) for box in boxes]))
