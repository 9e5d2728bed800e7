"""The planner's page as a new user meets it: Chromium, no network, no mouse, no console error."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest

from geo.io.datum import wgs84_to_gcj02
from geo.synth import City, build_city
from tests.browser.pages import browser
from tests.service.servers import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

PATIENCE_MS = 240_000
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
CHINESE = {
    "grid_id": "网格编号",
    "name": "网格名称",
    "kind": "网格类型",
    "parent_id": "上级编号",
    "households": "户数",
    "residents": "常住人口",
}


@pytest.fixture(scope="module")
def city() -> City:
    return build_city(4, seed=3)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser(has_loopback=True) as started:
        yield started


class Planner:
    """Somebody with a keyboard."""

    def __init__(self, page: Page, shots: Path) -> None:
        self.page = page
        self.shots = shots
        self.faults: list[str] = []
        page.on("console", lambda m: self.faults.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("requestfailed", self._note)

    def _note(self, request: Any) -> None:  # noqa: ANN401
        """Note what could not be loaded; a page that turns out to be a download is none."""
        if not (request.is_navigation_request() and request.failure == "net::ERR_ABORTED"):
            self.faults.append(f"failed {request.url} {request.failure}")

    def tab_to(self, selector: str) -> None:
        """Press Tab until the element has the focus."""
        for _ in range(150):
            self.page.keyboard.press("Tab")
            if self.page.evaluate(f"document.activeElement.matches({selector!r})"):
                return
        pytest.fail(f"{selector} cannot be reached by keyboard")

    def press(self, selector: str) -> None:
        self.tab_to(selector)
        self.page.keyboard.press("Enter")

    def choose_files(self, selector: str, *paths: Path) -> None:
        self.tab_to(selector)
        with self.page.expect_file_chooser() as chooser:
            self.page.keyboard.press("Space")
        chooser.value.set_files([str(path) for path in paths])

    def type(self, selector: str, text: str) -> None:
        self.tab_to(selector)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def wait(self, selector: str) -> Any:  # noqa: ANN401
        """Return an element once it is there; what went wrong on the way is told."""
        self.page.wait_for_selector(f"{selector}, .alert", timeout=PATIENCE_MS)
        alert = self.page.query_selector(".alert")
        assert alert is None, alert.inner_text()
        return self.page.locator(selector).first

    def shot(self, name: str) -> None:
        """Take a picture; a frame that is not on the screen would be blank on it."""
        maps = self.page.locator(".map")
        if maps.count():
            maps.scroll_into_view_if_needed()
            self.page.wait_for_timeout(500)
        self.page.screenshot(path=self.shots / f"{name}.png", full_page=not maps.count())


def shapefile(frame: gpd.GeoDataFrame, path: Path) -> Path:
    """Write a zip of a shapefile with an attribute table in GBK."""
    folder = path.with_suffix("")
    folder.mkdir()
    renamed = frame.reset_index().rename(columns=CHINESE)
    renamed.to_file(folder / "网格.shp", engine="pyogrio", encoding="GB18030")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.iterdir()):
            if part.suffix != ".cpg":
                archive.write(part, part.name)
    return path


def workbook_of_sites(city: City, path: Path) -> Path:
    """Write the sites as somebody does who copies coordinates from a phone's map."""
    places = city.sites.to_crs(4326).geometry
    shifted = wgs84_to_gcj02(np.column_stack([places.x, places.y]))
    table = {
        "站点编号": city.sites.index,
        "站点名称": city.sites["name"],
        "类别": city.sites["category"],
        "经度": shifted[:, 0],
        "纬度": shifted[:, 1],
    }
    pd.DataFrame(table).to_excel(path, index=False)
    return path


def next_year(city: City) -> gpd.GeoDataFrame:
    """Return the grids with two neighbours merged into one."""
    grids = city.grids.copy()
    base = grids[grids["kind"] == "base"]
    pairs = (
        (a, b)
        for a in base.index
        for b in base.index[base.touches(base.geometry[a])]
        if base["parent_id"][a] == base["parent_id"][b] is not None
        and base.geometry[a].intersection(base.geometry[b]).length > 50
    )
    kept, gone = next(pairs)
    grids.loc[kept, "geometry"] = grids.geometry[[kept, gone]].union_all()
    for column in ("households", "residents"):
        grids.loc[kept, column] += grids.loc[gone, column]
    return grids.drop(index=gone)


def test_from_a_zip_and_a_workbook_to_map_ledger_and_look_back(
    chromium: Browser, city: City, tmp_path: Path
) -> None:
    walk(chromium, city, tmp_path, lang="zh")


@pytest.mark.full
def test_the_same_in_english(chromium: Browser, city: City, tmp_path: Path) -> None:
    walk(chromium, city, tmp_path, lang="en")


def walk(chromium: Browser, city: City, tmp_path: Path, *, lang: str) -> None:
    grids = shapefile(city.grids, tmp_path / "网格2025.zip")
    sites = workbook_of_sites(city, tmp_path / "站点.xlsx")
    later = shapefile(next_year(city), tmp_path / "网格2026.zip")
    with served(tmp_path / "ws", tmp_path / "log.txt", allow_upload=True) as url:
        context = chromium.new_context(
            viewport={"width": 1366, "height": 768}, locale=LOCALES[lang], accept_downloads=True
        )
        planner = Planner(context.new_page(), tmp_path)
        planner.page.goto(f"{url}/door")
        first_audit(planner, grids, sites, lang=lang)
        send_ledger_back(planner, url, tmp_path)
        look_back(planner, url, later, lang=lang)
        assert planner.faults == []
        context.close()


def first_audit(planner: Planner, *files: Path, lang: str) -> None:
    """Upload, be warned, accept the correction, audit, and see figures, map and findings."""
    planner.shot("home")
    planner.choose_files("#files", *files)
    planner.type("input[name=title]", "示范区网格")
    planner.press("button.main")
    picture = planner.wait(".verdict.doubt svg.picture")
    planner.shot("warned")
    assert picture.is_visible()
    warned = planner.page.locator(".verdict.doubt").inner_text()
    assert "GCJ-02" in warned
    assert ("个点中" if lang == "zh" else "inside a grid") in warned
    assert planner.page.locator("select[name^=role]").count() == 2
    planner.press("button[value^='accept']")
    planner.wait(".verdict.fine")
    planner.shot("accepted")
    assert planner.page.locator(".verdict.doubt").count() == 0
    planner.type("input[name=name]", "2025")
    planner.press("button[value='audit']")
    planner.wait(".figures")
    frame = planner.page.frame_locator(".map iframe")
    frame.locator("html[data-ready]").wait_for(state="attached", timeout=PATIENCE_MS)
    assert frame.locator("h1").inner_text() == "示范区网格"
    assert frame.locator("html").get_attribute("lang") == ("zh-Hans" if lang == "zh" else "en")
    planner.shot("audited")
    assert planner.page.locator("table.findings tbody tr").count() > 2


def send_ledger_back(planner: Planner, url: str, folder: Path) -> None:
    """Fetch the ledger, write into it, send it back, and read what became of it."""
    planner.page.goto(f"{url}/door")
    planner.press(".project summary")
    planner.tab_to(".project a.button")
    with planner.page.expect_download() as download:
        planner.page.keyboard.press("Enter")
    path = folder / "台账.xlsx"
    download.value.save_as(path)
    book = openpyxl.load_workbook(path)
    sheet = book["问题清单"]
    head = next(row for row in sheet.iter_rows() if any(cell.value == "责任单位" for cell in row))
    column = next(cell.column for cell in head if cell.value == "责任单位")
    sheet.cell(row=head[0].row + 1, column=column, value="桂园街道办")
    book.save(path)
    planner.choose_files("input[name=ledger]", path)
    planner.press("form[action$=ledger] button")
    planner.wait(".figures .strong")
    planner.shot("ledger")
    assert planner.page.locator(".figures .strong b").inner_text() == "1"
    assert "桂园街道办" in planner.page.locator("main").inner_text()


def look_back(planner: Planner, url: str, grids: Path, *, lang: str) -> None:
    """Upload next year's grids as a new version, sites taken over, and compare."""
    planner.page.goto(f"{url}/door")
    planner.choose_files("#files", grids)
    planner.tab_to("select[name=project]")
    planner.page.keyboard.press("ArrowDown")
    planner.press("form[action$=uploads] button.main")
    planner.wait(".verdict.fine")
    planner.shot("carried")
    assert planner.page.locator(".facts .tag").count() == 1
    assert planner.page.locator("select[name^=datum]").input_value() == "gcj02"
    planner.type("input[name=name]", "2026")
    planner.press("button[value='audit']")
    planner.wait(".figures")
    planner.press("form[action$=compare] button.main")
    planner.wait(".statement")
    frame = planner.page.frame_locator(".map iframe")
    frame.locator("html[data-ready]").wait_for(state="attached", timeout=PATIENCE_MS)
    assert frame.locator("html").get_attribute("lang") == ("zh-Hans" if lang == "zh" else "en")
    planner.shot("lookback")
    told = planner.page.locator(".statement").inner_text()
    assert ("调整优化网格 2 个" if lang == "zh" else "2") in told, told
    figures = planner.page.locator(".figures").inner_text()
    assert ("合并" if lang == "zh" else "merged") in figures
