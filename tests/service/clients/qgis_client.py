"""QGIS without a screen against a server: prints what it reads as JSON. Run by QGIS' own Python."""

# ruff: noqa: INP001, T201, FBT003
from __future__ import annotations

import json
import os
import sys

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsFeatureRequest,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorTileLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

url = sys.argv[1]
QgsApplication.setPrefixPath("/usr", True)
application = QgsApplication([], False)
application.initQgis()


def count(layer: QgsVectorLayer, request: QgsFeatureRequest | None = None) -> int:
    """Return how many features `request` finds."""
    return sum(1 for _ in layer.getFeatures(request or QgsFeatureRequest()))


def drawn(layer: QgsVectorTileLayer, extent: QgsRectangle) -> int:
    """Return how many pixels of a picture of 256 x 256 are not white."""
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setBackgroundColor(QColor("white"))
    settings.setOutputSize(QSize(256, 256))
    settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    settings.setExtent(extent)
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    picture = job.renderedImage()
    white = QColor("white").rgb()
    places = [(x, y) for x in range(256) for y in range(256)]
    return sum(picture.pixel(x, y) != white for x, y in places)


uri = f"url='{url}' typename='grids' pagingEnabled='true' restrictToRequestBBOX='0'"
items = QgsVectorLayer(uri, "grids", "OAPIF")
box = QgsFeatureRequest().setFilterRect(QgsRectangle(120.1, 30.1, 120.2, 30.2))
found = {
    "valid": items.isValid(),
    "crs": items.crs().authid(),
    "all": count(items),
    "in_box": count(items, box),
    "expression": count(items, QgsFeatureRequest().setFilterExpression('"households" = 310')),
}
items.setSubsetString("households = 310")
found["subset"] = count(items)

template = f"{url}/collections/grids/tiles/WebMercatorQuad/%7Bz%7D/%7By%7D/%7Bx%7D"
tiles = QgsVectorTileLayer(f"type=xyz&url={template}&zmin=0&zmax=16", "tiles")
found["tiles"] = tiles.isValid()
found["pixels"] = drawn(tiles, QgsRectangle(13358400, 3503500, 13425100, 3555000))

for name, path in (("gpkg", "audit.gpkg|layername=grids"), ("fgb", "grids.fgb")):
    layer = QgsVectorLayer(f"/vsicurl/{url}/files/{path}", name, "ogr")
    found[name] = count(layer) if layer.isValid() else None
print(json.dumps(found))
sys.stdout.flush()
os._exit(0)
