"""The map page: a Folium map as the shell, our own script and style, and the packed scene."""

from functools import partial
from typing import Any, Final

import folium

from geo.audit import Audit
from maps.basemaps import Basemap, inlined_basemap, with_basemap
from maps.figure import OfflineFigure, RawElement, style
from maps.offline import require_offline
from maps.scene import lonlat_bounds, pack_scene
from maps.vendored import app_script, app_style
from maps.whatif import LeftOut, pack_whatif

__all__ = ["DATA_ID", "WHATIF_ID", "map_page", "max_bytes", "offline_page"]

DATA_ID: Final = "gridcircle-data"
"""Id of the element that holds the packed scene."""

WHATIF_ID: Final = "gridcircle-whatif"
"""Id of the element that holds the streets and the demand, unpacked when they are asked for."""

_MAX_BYTES: Final = 16_000_000
_MANY_GRIDS: Final = 1000
_MAX_BYTES_OF_MANY: Final = 2_000_000
_GRIDS_OF_MANY: Final = 2400
"""The page of a district of 2,400 grids stays below 2 MB, one of more grids in proportion."""

_MAP_ID: Final = "gridcircle"
_MAX_ZOOM: Final = 22
_START_ZOOM: Final = 11
_SHELL: Final = frozenset({"leaflet", "leaflet_css"})


def map_page(audit: Audit, *, basemap: Basemap | None = None) -> str:
    """Return the page of an audit as HTML that opens with no network at all.

    Raises
    ------
    GridCircleError
        If the basemap is not of tiles on this machine, or has none here.
    """
    bounds = lonlat_bounds(audit.grids)
    told = None if basemap is None else inlined_basemap(basemap, bounds)
    made = partial(
        offline_page,
        title=audit.title or audit.project_id,
        language=audit.language,
        bounds=bounds,
        scene=pack_scene(audit),
        code=(app_script(), app_style()),
    )
    whatif = pack_whatif(audit)
    page = made(whatif=whatif)
    if isinstance(whatif, str) and len(page.encode("utf-8")) > max_bytes(len(audit.grids)):
        page = made(whatif=LeftOut.HEAVY)
    return page if told is None else require_offline(with_basemap(page, told))


def max_bytes(n_grids: int) -> int:
    """Return how heavy a page of so many grids may become by what is needed to try out sites."""
    if n_grids < _MANY_GRIDS:
        return _MAX_BYTES
    return min(_MAX_BYTES, _MAX_BYTES_OF_MANY * max(n_grids, _GRIDS_OF_MANY) // _GRIDS_OF_MANY)


def offline_page(
    *,
    title: str,
    language: str,
    bounds: tuple[float, float, float, float],
    scene: str,
    code: tuple[str, str],
    whatif: str | LeftOut | None = None,
) -> str:
    """Return a page of one Folium map that opens with no network at all.

    Parameters
    ----------
    title, language
        Of the page as it opens.
    bounds
        West, south, east, north (degrees) of what it shows.
    scene
        Its data, packed.
    code
        Our own script, run last, and our own style sheet.
    whatif
        The streets and the demand to try out sites with, packed, or why they were left out; None
        where there is nothing to try.
    """
    west, south, east, north = bounds
    figure = OfflineFigure(title=title, language=language, last_script=code[0])
    figure.add_child(_shell(latitude=(south + north) / 2, longitude=(west + east) / 2))
    figure.header.add_child(
        RawElement('<meta name="color-scheme" content="light">'), name="meta_scheme"
    )
    figure.header.add_child(RawElement(style(code[1])), name="app_style")
    figure.html.add_child(RawElement(_BODY), name="app_body")
    blob = f'<script type="application/octet-stream" id="{DATA_ID}">{scene}</script>'
    figure.html.add_child(RawElement(blob), name="app_data")
    if whatif is not None:
        mark = f' data-left-out="{whatif.value}"' if isinstance(whatif, LeftOut) else ""
        text = whatif if isinstance(whatif, str) else ""
        blob = f'<script type="application/octet-stream" id="{WHATIF_ID}"{mark}>{text}</script>'
        figure.html.add_child(RawElement(blob), name="app_whatif")
    html: str = figure.render()
    return html


_BODY: Final = """<div id="gc-app" class="gc-app" hidden></div>
<noscript>此地图需要启用 JavaScript。 / This map needs JavaScript.</noscript>"""


def _shell(*, latitude: float, longitude: float) -> Any:  # noqa: ANN401
    """Return the Folium map: Leaflet and its options, no tiles, no data but its centre."""
    shell = folium.Map(
        location=(latitude, longitude),
        tiles=None,
        zoom_start=_START_ZOOM,
        zoom_control=False,
        maxZoom=_MAX_ZOOM,
        zoomSnap=0.25,
        fadeAnimation=False,
        attributionControl=False,
    )
    shell._id = _MAP_ID  # noqa: SLF001  (a random id would make two pages of one audit differ)
    shell.default_js = [link for link in shell.default_js if link[0] in _SHELL]
    shell.default_css = [link for link in shell.default_css if link[0] in _SHELL]
    return shell
