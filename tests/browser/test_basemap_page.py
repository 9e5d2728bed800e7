"""A basemap in a real browser: offline from the file, through the service, shifted from GCJ-02."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import uvicorn

from api.http import Settings, create_app
from geo.io.datum import wgs84_to_gcj02
from maps import write_map
from maps.basemaps import read_basemap
from maps.scene import lonlat_bounds
from tests.basemap_tiles import dot_tile, spot, write_folder
from tests.browser.pages import Opened, browser, open_map
from tests.service.outputs import write_outputs
from tests.unit.fake_audit import fake_audit
from tests.unit.test_maps_page import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

_ZOOMS = range(13, 17)
_DOT = """([lng, lat]) => {
  const at = GC.map.latLngToContainerPoint([lat, lng]);
  const box = GC.map.getContainer().getBoundingClientRect();
  const x = box.left + at.x, y = box.top + at.y;
  for (const tile of document.querySelectorAll("img[data-place]")) {
    const place = tile.getBoundingClientRect();
    if (x < place.left || x >= place.right || y < place.top || y >= place.bottom) continue;
    const canvas = document.createElement("canvas"), scale = 256 / place.width;
    canvas.width = canvas.height = 256;
    const ctx = canvas.getContext("2d");
    ctx.drawImage(tile, 0, 0);
    const i = (x - place.left) * scale, j = (y - place.top) * scale;
    return Array.from(ctx.getImageData(i, j, 1, 1).data).slice(0, 3);
  }
  return null;
}"""
"""The colour of the tile's pixel that is drawn at a place in degrees."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser(has_loopback=True) as started:
        yield started


def _spots(n: int) -> np.ndarray:
    west, south, east, north = lonlat_bounds(fake_audit().grids)
    rng = np.random.default_rng(4)
    return np.column_stack([rng.uniform(west, east, n), rng.uniform(south, north, n)])


def _tiles(folder: Path, *, places: np.ndarray) -> Path:
    """Write green tiles around the drawn audit, a red dot where `places` lie in the tiles."""
    west, south, east, north = lonlat_bounds(fake_audit().grids)
    tiles: dict[tuple[int, int, int], bytes] = {}
    for z in _ZOOMS:
        left, top, _, _ = spot(west - 0.03, north + 0.03, z)
        right, bottom, _, _ = spot(east + 0.03, south - 0.03, z)
        for x in range(left, right + 1):
            for y in range(top, bottom + 1):
                tiles[z, x, y] = dot_tile()
    for lon, lat in places:
        x, y, i, j = spot(lon, lat, _ZOOMS[-1])
        tiles[_ZOOMS[-1], x, y] = dot_tile(i, j)
    return write_folder(folder, tiles)


def _look(opened: Opened, place: np.ndarray, *, zoom: float) -> list[int] | None:
    lng, lat = place.tolist()
    opened.js(f"GC.map.setView([{lat}, {lng}], {zoom}, {{animate: false}})")
    opened.page.wait_for_function(
        "() => { const all = [...document.querySelectorAll('img[data-place]')];"
        " return all.length && all.every((one) => one.complete) && !GC.base._loading; }"
    )
    found: list[int] | None = opened.page.evaluate(_DOT, [lng, lat])
    return found


@pytest.mark.parametrize("datum", ["wgs84", "gcj02"])
def test_a_known_place_lies_on_its_pixel(chromium: Browser, tmp_path: Path, datum: str) -> None:
    places = _spots(4)
    _tiles(tmp_path / "t", places=wgs84_to_gcj02(places) if datum == "gcj02" else places)
    about = tmp_path / "b.toml"
    about.write_text(f'tiles = "t"\ndatum = "{datum}"\nattribution = "示范"\n', encoding="utf-8")
    base = read_basemap(about)
    opened = open_map(chromium, write_map(fake_audit(), tmp_path / "map.html", basemap=base))
    for place in places:
        for zoom in (16, 17.25):  # as drawn, and enlarged between two zooms
            assert _look(opened, place, zoom=zoom) == [255, 0, 0]
    away = places[0] + [0.001, 0.001]  # about 150 m beside it
    assert _look(opened, away, zoom=16) == [40, 200, 40]
    assert ("GCJ-02" in opened.page.inner_text(".gc-attribution")) == (datum == "gcj02")
    assert opened.faults == []  # no request either: the tiles are inside


def test_it_can_be_switched_off_and_its_makers_name_is_text(
    chromium: Browser, tmp_path: Path
) -> None:
    _tiles(tmp_path / "t", places=_spots(1))
    about = tmp_path / "b.toml"
    quoted = HOSTILE.replace("\\", "\\\\").replace('"', '\\"').replace("\u202e", "\\u202e")
    about.write_text(f'tiles = "t"\nattribution = "{quoted}"\n', encoding="utf-8")
    path = write_map(fake_audit(), tmp_path / "map.html", basemap=read_basemap(about))
    opened = open_map(chromium, path)
    page = opened.page
    assert HOSTILE.split("\u2028")[0] in page.inner_text(".gc-attribution")
    assert "无外部底图" not in page.inner_text(".gc-foot")
    assert opened.js("GC.tiles.options.opacity") == pytest.approx(0.7)
    page.click("input[data-layer=base]")
    assert page.locator("img[data-place]").count() == 0
    assert not page.is_visible(".gc-attribution")
    assert opened.js("GC.tiles.options.opacity") == 1
    page.click("button[data-value=en]")
    page.click("input[data-layer=base]")
    assert page.inner_text(".gc-attribution").startswith("Basemap: ")
    assert page.locator("img[src^='javascript'], img[onerror]").count() == 0
    assert opened.faults == []


def test_the_served_map_loads_its_tiles_from_the_service_alone(
    chromium: Browser, tmp_path: Path
) -> None:
    folder = write_outputs(tmp_path / "out")
    write_map(fake_audit(), folder / "map.html")
    bounds = lonlat_bounds(fake_audit().grids)
    base = read_basemap(_tiles(tmp_path / "t", places=_spots(1)))
    app = create_app(folder, settings=Settings(basemap=base))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            thread.join(0.05)
        port = server.servers[0].sockets[0].getsockname()[1]
        page: Any = chromium.new_page()
        asked: list[str] = []
        faults: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
        page.goto(f"http://127.0.0.1:{port}/map")
        page.wait_for_selector("html[data-ready]", state="attached")
        lat, lng = (bounds[1] + bounds[3]) / 2, (bounds[0] + bounds[2]) / 2
        page.evaluate(f"GC.map.setView([{lat}, {lng}], 15, {{animate: false}})")
        page.wait_for_selector("img.leaflet-tile-loaded[data-place^='15/']", state="attached")
        own = f"http://127.0.0.1:{port}/"
        assert all(url.startswith((f"{own}map", f"{own}basemap/", "data:")) for url in asked)
        assert any(url.startswith(f"{own}basemap/15/") for url in asked)
        page.evaluate("() => { new Image().src = location.origin + '/elsewhere.png'; }")
        page.wait_for_timeout(300)
        assert any("Content Security Policy" in fault for fault in faults)  # the way is narrow
        page.close()
    finally:
        server.should_exit = True
        thread.join(10)
