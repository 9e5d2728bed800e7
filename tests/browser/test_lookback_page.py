"""The look-back's page in a real browser, with no network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from geo.planning.lookback import Lookback, look_back
from geo.synth import build_city
from maps import write_look_back_map
from tests.browser.pages import Opened, browser, open_map
from tests.edits import EDITS, audit_of, city_layers, edit
from tests.unit.test_lookback_outputs import awkward

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def city() -> Lookback:
    layers = city_layers(build_city(12, seed=5))
    made = edit(layers, tuple(kind for kind in EDITS if kind != "found"), seed=3, times=2)
    after = replace(layers, grids=made.grids, units=made.units, buildings=made.buildings)
    return look_back(audit_of(layers), audit_of(after))


@pytest.fixture(scope="module")
def drawn(city: Lookback, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_look_back_map(city, tmp_path_factory.mktemp("map") / "map.html")


@pytest.fixture
def opened(chromium: Browser, drawn: Path) -> Iterator[Opened]:
    found = open_map(chromium, drawn)
    yield found
    assert found.faults == []
    found.page.close()


def test_the_statement_and_the_lists_are_there_in_both_languages(opened: Opened) -> None:
    assert "调整优化网格" in opened.page.inner_text(".gc-statement")
    n = int(opened.js("GC.data.n_adjusted"))
    assert opened.page.inner_text(".gc-headline strong") == str(n)
    assert opened.page.locator(".gc-finding").count() == n
    opened.page.click('[data-value="en"]')
    assert "grids were adjusted" in opened.page.inner_text(".gc-statement")
    assert opened.page.inner_text(".gc-side-old") == "Before"


def test_the_line_moves_by_keyboard_and_cuts_both_sides(opened: Opened) -> None:
    opened.page.focus(".gc-swipe")
    before = opened.js("GC.map.getPane('gc-old').style.clip")
    for _ in range(20):
        opened.page.keyboard.press("ArrowRight")
    assert opened.js("GC.state.part") == pytest.approx(0.6)
    assert opened.js("GC.map.getPane('gc-old').style.clip") != before
    line = opened.js("document.querySelector('.gc-line').offsetLeft + 2")
    assert line == pytest.approx(opened.js("GC.map.getSize().x") * 0.6, abs=2)


def test_a_click_tells_before_on_the_left_and_after_on_the_right(opened: Opened) -> None:
    opened.page.click(".gc-finding >> nth=0")
    place = "GC.map.latLngToContainerPoint(GC.map.getCenter())"
    assert opened.page.locator(".gc-pop-head").count() == 1
    sides = {}
    for part, side in ((900, "old"), (100, "new")):
        opened.js(
            f"(() => {{ const s = GC.swipe.slider; s.value = {part};"
            " s.dispatchEvent(new Event('input')); })()"
        )
        sides[side] = opened.js(f"(GC.thingOn({place}, GC.map.getCenter()) || {{}}).side || null")
    assert sides["old"] == "old"
    assert sides["new"] in ("new", None)


def test_small_counts_are_told_as_fewer_than_k(
    chromium: Browser, city: Lookback, tmp_path: Path
) -> None:
    grids, new = city.grids.copy(), city.new_grids.copy()
    grids["residents"], grids["residents_moved"] = 2.0, 1.0
    new["residents"], new["residents_moved_in"] = 2.0, 1.0
    moves = city.moves.assign(residents=2.0)
    drawn = replace(city, grids=grids, new_grids=new, moves=moves)
    found = open_map(chromium, write_look_back_map(drawn, tmp_path / "map.html"))
    for side, name in (("old", "residents_moved"), ("new", "residents_moved_in")):
        assert set(found.js(f"GC.data.{side}.{name}")) == {-1}
        assert set(found.js(f"GC.data.{side}.residents")) == {-1}
    assert set(found.js("GC.data.moves.residents")) <= {-1}
    found.page.click(".gc-finding >> nth=0")
    assert "少于 3" in found.page.inner_text(".leaflet-popup-content")
    assert not re.search(r"\s-1\s", found.page.inner_text("#gc-app"))
    assert found.faults == []
    found.page.close()


def test_hostile_names_stay_text(chromium: Browser, tmp_path: Path) -> None:
    found = open_map(chromium, write_look_back_map(awkward(), tmp_path / "map.html"))
    assert "{{7*7}}" in found.page.inner_text("h1")
    found.page.click('[data-tab="findings"]')
    assert found.page.locator(".gc-finding").count() > 0
    assert found.faults == []
    found.page.close()
