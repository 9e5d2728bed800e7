"""The maps of real cities in a real browser: nothing fails, Chinese names found, clicks zoom."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest

from geo.audit import run_audit
from geo.examples import example_project
from geo.io import load, read_project
from maps import write_map
from tests.audited import audited
from tests.browser.pages import Opened, browser, open_map
from tests.builders import grids

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


def taipei(shared_data: Path, folder: Path) -> Path:
    data = (shared_data / "taipei").as_posix()
    path = folder / "project.toml"
    path.write_text(
        f"""
[project]
id = "taipei"
title = "臺北市"
[layers.grids]
path = "{data}/taipei_admin.gpkg"
layer = "villages_li"
columns = {{ grid_id = "CPTVID", name = "VNAME", parent_id = "CPTID" }}
[[layers.units]]
level = "district"
path = "{data}/taipei_admin.gpkg"
layer = "districts_qu"
columns = {{ unit_id = "CPTID", name = "TNAME" }}
[layers.sites]
path = "{data}/taipei_social_welfare_sites.geojson"
""",
        encoding="utf-8",
    )
    return path


def las_palmas(shared_data: Path, folder: Path) -> Path:
    data = (shared_data / "las-palmas").as_posix()
    path = folder / "project.toml"
    path.write_text(
        f"""
[project]
id = "las-palmas"
language = "en"
[layers.grids]
path = "{data}/school_catchments.gpkg"
columns = {{ grid_id = "Codigo", name = "Denominaci" }}
[layers.sites]
path = "{data}/service_sites.geojson"
[layers.streets]
path = "{data}/walk_edges.parquet"
""",
        encoding="utf-8",
    )
    return path


def write(project: Path) -> Path:
    return write_map(run_audit(load(read_project(project))), project.parent / "map.html")


def check(chromium: Browser, path: Path, search: str, *, finds: str | None = None) -> None:
    found = open_map(chromium, path)
    before = found.js("GC.map.getZoom()")
    found.page.locator("[data-finding]").first.click()
    assert found.js("GC.map.getZoom()") > before
    assert found.page.locator(".leaflet-popup-content .gc-message").inner_text()
    found.page.locator("#gc-search").fill(search)
    found.page.keyboard.press("Enter")
    assert (finds or search) in found.page.locator(".leaflet-popup-content").inner_text()
    other = "zh" if found.js("GC.state.language") == "en" else "en"
    found.page.locator(f'.gc-head [data-value="{other}"]').click()
    assert found.faults == []
    found.page.close()


def test_taipei(chromium: Browser, shared_data: Path, tmp_path: Path) -> None:
    path = write(taipei(shared_data, tmp_path))
    assert path.stat().st_size < 2_000_000
    check(chromium, path, "湖田里")


def test_las_palmas(chromium: Browser, shared_data: Path, tmp_path: Path) -> None:
    path = write(las_palmas(shared_data, tmp_path))
    check(chromium, path, "ceo omayra sanchez", finds="OMAYRA SÁNCHEZ")
    check_both_truths(chromium, path)


def check_both_truths(chromium: Browser, path: Path) -> None:
    """Along streets the page also tells and draws what the straight line says."""
    found = open_map(chromium, path)
    tier = "GC.tierOf(GC.state.tier)"
    assert "straight line" in found.page.locator(".gc-straight").inner_text()
    told = found.js(f"[GC.shareOf({tier}), {tier}.straight.area_share, {tier}.distance_m]")
    assert 0 < told[0] < told[1] <= 1
    assert f"{told[2]:,.0f} m" in found.page.locator(".gc-straight").inner_text()
    tiles = "[...document.querySelectorAll('canvas.leaflet-tile')].map(it => it.toDataURL()).join()"
    before = found.js(tiles)
    found.page.locator("input[data-layer=straight]").check()
    found.page.wait_for_timeout(800)
    assert found.js(tiles) != before
    found.page.locator("#gc-search").fill("ceo omayra sanchez")
    found.page.keyboard.press("Enter")
    assert "By straight line" in found.page.locator(".leaflet-popup-content").inner_text()
    assert found.faults == []
    found.page.close()


@pytest.mark.parametrize(("name", "search"), [("helsinki", "Oodi"), ("taipei", "湖田里")])
def test_shipped_examples(chromium: Browser, tmp_path: Path, name: str, search: str) -> None:
    check(chromium, write(example_project(name, tmp_path)), search)


def test_grids_of_a_finer_level_are_drawn_found_and_told(chromium: Browser, tmp_path: Path) -> None:
    # ┌──── g0 ────┬──── g1 ────┐   each base grid holds two finer ones; m0 and m1 overlap
    # │  m0 │  m1  │  m2 │  m3  │
    # └────────────┴────────────┘
    base = grids((0, 0, 400, 400), (400, 0, 800, 400), level=["基础网格"] * 2)
    boxes = [(0, 0, 220, 400), (200, 0, 400, 400), (400, 0, 600, 400), (600, 0, 800, 400)]
    finer = grids(
        *boxes, level=["微网格"] * 4, parent_id=["g0", "g0", "g1", "g1"], name=list("甲乙丙丁")
    )
    finer.index = pd.Index([f"m{k}" for k in range(4)], name="grid_id")
    both = gpd.GeoDataFrame(pd.concat([base, finer]).rename_axis("grid_id"), crs=base.crs)
    path = write_map(audited(tmp_path, grids=both), tmp_path / "map.html")
    found = open_map(chromium, path, fragment="#finer=m2")
    page = found.page
    assert "微网格" in page.locator(".gc-layers").inner_text()
    popup = page.locator(".leaflet-popup-content")
    assert popup.locator(".gc-pop-head").inner_text().split() == ["微网格", "丙"]
    assert "g1" in popup.inner_text()
    page.fill("#gc-search", "乙")
    page.keyboard.press("Enter")
    assert "m1" in popup.inner_text()
    popup.locator(".gc-link", has_text="G201").click()
    assert "甲、乙" in popup.inner_text()
    lines = """() => {
      let n = 0;
      document.querySelectorAll("canvas.leaflet-tile").forEach(tile => {
        const all = tile.getContext("2d").getImageData(0, 0, tile.width, tile.height).data;
        for (let i = 0; i < all.length; i += 4) n += all[i] < 125 && all[i + 2] > 110;
      });
      return n;
    }"""
    found.js("(GC.choose(null), GC.wholeArea(false), GC.state.layers.findings = false)")
    with_lines = _after(found, "GC.state.layers.finers = true", lines)
    without = _after(found, "GC.state.layers.finers = false", lines)
    assert with_lines > without + 300
    assert found.faults == []
    found.page.close()


def _after(found: Opened, change: str, ask: str) -> int:
    """Return what `ask` says once the map is painted anew after `change`."""
    found.js(f"new Promise(done => {{ {change}; GC.tell('layers'); GC.tiles.whenPainted(done); }})")
    return int(found.page.evaluate(ask))
