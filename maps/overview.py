"""The overview map of many projects: a dot and an outline each, key figures, a link to its map."""

import json
import os
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely

from geo import words
from geo.audit import Audit
from geo.crs import to_crs
from maps.figure import OfflineFigure, RawElement, script, style
from maps.scene import LONLAT
from maps.vendored import app_style, vendored_text

__all__ = ["overview_page", "project_outline", "write_overview"]

_MANY_GRIDS: Final = 5000
_DETAIL: Final = 200
_DECIMALS: Final = 6
_DATA_ID: Final = "gridcircle-overview"
_SCRIPTS: Final = ("app/base.js", "overview/overview.js")

Ring = list[list[float]]


def project_outline(audit: Audit) -> list[Ring]:
    """Return the outline of what was audited as outer rings of lon, lat (WGS 84).

    The union of the uppermost units that have polygons, else of the grids (above 5000: their convex
    hull), simplified to a two-hundredth of its extent.
    """
    shapes = _uppermost(audit)
    extent = shapely.total_bounds(shapes)
    step = float(np.hypot(extent[2] - extent[0], extent[3] - extent[1])) / _DETAIL
    if len(shapes) > _MANY_GRIDS:
        whole = shapely.convex_hull(shapely.union_all(shapely.envelope(shapes)))
    else:
        closed = shapely.buffer(shapely.simplify(shapes, step / 4), step / 2, join_style="mitre")
        whole = shapely.buffer(shapely.union_all(closed), -step / 2, join_style="mitre")
    parts = shapely.get_parts(shapely.simplify(whole, step / 2))
    solid = [shapely.Polygon(part.exterior) for part in parts if part.geom_type == "Polygon"]
    frame = audit.grids.iloc[:0][["geometry"]]
    frame = type(frame)(geometry=np.array(solid, dtype=object), crs=audit.crs)
    placed = to_crs(frame, LONLAT).geometry
    return [
        np.round(shapely.get_coordinates(shape.exterior), _DECIMALS).tolist() for shape in placed
    ]


def overview_page(
    rows: Sequence[Mapping[str, Any]], totals: Mapping[str, Any], *, title: str, language: str
) -> str:
    """Return the page over the rows of a batch as HTML that opens with no network at all.

    Parameters
    ----------
    rows
        The rows of the table, each with `outline_lonlat` (rings, none for a project that failed)
        and `links` (what to its address relative to the page).
    totals
        The totals of the table.
    title, language
        As the page opens; it holds both languages.
    """
    data = {"title": title, "language": language, "rows": list(rows), "totals": dict(totals)}
    data["words"] = words.table("batch")
    text = json.dumps(data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    figure = OfflineFigure(
        title=title, language=language, last_script="\n".join(map(_read, _SCRIPTS))
    )
    head = {
        "meta_scheme": '<meta name="color-scheme" content="light">',
        "leaflet": script(vendored_text("leaflet/leaflet.js")),
        "leaflet_style": style(vendored_text("leaflet/leaflet.css")),
        "app_style": style(app_style() + _read("overview/overview.css")),
    }
    for name, element in head.items():
        figure.header.add_child(RawElement(element), name=name)
    blob = f'<script type="application/json" id="{_DATA_ID}">{text}</script>'
    figure.html.add_child(RawElement(_BODY + blob), name="app_body")
    html: str = figure.render()
    return html


_BODY: Final = """<div id="gc-app" class="gc-app"></div>
<noscript>此地图需要启用 JavaScript。 / This map needs JavaScript.</noscript>"""


def write_overview(
    path: Path,
    rows: Sequence[Mapping[str, Any]],
    totals: Mapping[str, Any],
    *,
    title: str,
    language: str,
) -> Path:
    """Write the overview page to `path` (UTF-8) at one stroke and return it.

    Raises
    ------
    OSError
        If the folder does not exist or cannot be written.
    """
    page = overview_page(rows, totals, title=title, language=language).encode("utf-8")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(page)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _uppermost(audit: Audit) -> Any:  # noqa: ANN401
    """Return the polygons of the highest level of units that has any, else those of the grids."""
    for level in audit.layers.levels if audit.units is not None else ():
        units = audit.units
        if units is None:
            break
        shapes = np.asarray(units.loc[units["level"] == level].geometry.array, dtype=object)
        shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
        if len(shapes):
            return shapes
    return np.asarray(audit.grids.geometry.array, dtype=object)


def _read(path: str) -> str:
    text = files(__package__).joinpath("assets", path).read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")
