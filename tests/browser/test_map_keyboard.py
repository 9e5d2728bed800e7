"""The map by keyboard alone: every control is reached, shows that it is, answers, and lets go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from geo.audit import run_audit
from geo.examples import example_project
from geo.io import load, read_project
from maps import write_map
from tests.browser.pages import Opened, browser, open_map

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

_FOCUSED = """(() => {
  const at = document.activeElement, look = getComputedStyle(at), box = at.getBoundingClientRect();
  const mid = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return {
    tag: at.tagName, name: GC.NAMED.concat("data-tool", "data-skip").map(n => at.getAttribute(n) &&
      n + "=" + at.getAttribute(n)).find(Boolean) || at.className || at.textContent.trim(),
    shown: look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 2,
    seen: box.width > 0 && box.height > 0 && !!mid && (at.contains(mid) || mid.contains(at)),
  };
})()"""
_CONTROLS = """Array.from(document.querySelectorAll(
  "a[href], button, input, select, summary, [tabindex='0']"))
  .filter(one => one.offsetParent !== null && one.tabIndex >= 0 && !one.closest("[hidden]"))
  .length"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the map of the shipped city: streets, circles along them, what if, units, findings."""
    folder = tmp_path_factory.mktemp("map")
    audit = run_audit(load(read_project(example_project("city", folder))))
    return write_map(audit, folder / "map.html")


@pytest.fixture
def opened(chromium: Browser, drawn: Path) -> Iterator[Opened]:
    found = open_map(chromium, drawn, fragment="#lang=en")
    yield found
    assert found.faults == []
    found.page.close()


def tab_to(opened: Opened, query: str, *, most: int = 300) -> None:
    """Press Tab until what `query` names has the focus, and check that one can see it."""
    for _ in range(most):
        opened.page.keyboard.press("Tab")
        if opened.page.evaluate("query => document.activeElement.matches(query)", query):
            assert opened.js(_FOCUSED)["shown"], query
            return
    pytest.fail(f"Tab does not reach {query}")


def has_focus(opened: Opened, query: str) -> bool:
    found: bool = opened.page.evaluate("query => document.activeElement.matches(query)", query)
    return found


def press(opened: Opened, *keys: str) -> None:
    for key in keys:
        opened.page.keyboard.press(key)


def test_tab_walks_every_control_once_and_leaves_the_page(opened: Opened) -> None:
    n_controls = opened.js(_CONTROLS)
    walked = []
    for _ in range(n_controls + 20):
        press(opened, "Tab")
        if has_focus(opened, "body"):
            break
        walked.append(opened.js(_FOCUSED))
    assert has_focus(opened, "body"), f"a trap: {walked[-3:]}"
    assert len(walked) == n_controls
    assert [one for one in walked if not one["shown"]] == []
    assert [one for one in walked if not one["seen"]] == []
    names = " ".join(one["name"] for one in walked)
    for name in ("skip_to_map", "gc-search", "gc-tab-all", "gc-filter", "data-rule", "data-key"):
        assert name in names
    assert opened.js("document.querySelectorAll('summary').length") == 3  # layers, legend, what if


def test_tab_goes_back_too(opened: Opened) -> None:
    tab_to(opened, "#gc-search")
    press(opened, "Shift+Tab")
    assert has_focus(opened, '[data-value="en"]')


def test_search_language_and_circle(opened: Opened) -> None:
    tab_to(opened, '[data-value="zh"]')
    press(opened, "Enter")
    assert opened.page.evaluate("document.documentElement.lang") == "zh-Hans"
    assert has_focus(opened, '[data-value="zh"]')  # the page was drawn anew around it
    tab_to(opened, "#gc-search")
    opened.page.keyboard.type("街道")
    press(opened, "ArrowDown", "Enter")
    assert opened.js("GC.state.selected.kind") == "unit"
    press(opened, "Escape")
    assert opened.page.locator("#gc-search").input_value() == ""
    tab_to(opened, '.gc-figure [aria-pressed="false"]')
    name = opened.js("document.activeElement.dataset.value")
    press(opened, "Space")
    assert opened.js("GC.state.tier") == name
    assert has_focus(opened, f'[data-value="{name}"][aria-pressed="true"]')


def test_list_filter_order_and_finding(opened: Opened) -> None:
    tab_to(opened, "#gc-tab-all")
    press(opened, "ArrowRight", "ArrowLeft")
    assert has_focus(opened, "#gc-tab-all")
    tab_to(opened, "#gc-scope-button")
    press(opened, "Enter")
    assert opened.js("GC.state.allTiers")
    assert has_focus(opened, "#gc-scope-button")
    press(opened, "Enter")
    tab_to(opened, "#gc-filter")
    opened.page.keyboard.type("overlap")
    assert opened.js("GC.inList().length") > 0
    tab_to(opened, '[data-value="rank"]')
    press(opened, "Enter")
    assert has_focus(opened, '[data-value="rank"]')
    tab_to(opened, "[data-finding]")
    press(opened, "Enter")
    assert opened.page.locator(".leaflet-popup-content").is_visible()
    assert has_focus(opened, "[data-finding][aria-current]")
    press(opened, "Escape")
    assert opened.page.locator(".leaflet-popup-content").count() == 0


def test_a_rule_folds_and_tells_its_state(opened: Opened) -> None:
    tab_to(opened, "[data-rule]")
    press(opened, "Enter")
    assert has_focus(opened, '[data-rule][aria-expanded="false"]')
    press(opened, "Enter")
    assert has_focus(opened, '[data-rule][aria-expanded="true"]')


def test_map_popup_and_its_links(opened: Opened) -> None:
    press(opened, "Tab", "Tab")
    assert has_focus(opened, '[data-skip="skip_to_map"]')
    press(opened, "Enter")
    assert has_focus(opened, ".folium-map")
    before = opened.js("GC.map.getZoom()")
    press(opened, "+")
    opened.page.wait_for_timeout(600)  # the zoom runs
    assert opened.js("GC.map.getZoom()") > before
    grid = (
        "GC.model.findingsOf.findIndex((list, g) => list.some(GC.inTier) &&"
        " GC.gridAt(...GC.anchor(GC.data.shapes.grids, g)).at === g)"
    )
    opened.js(f"GC.map.setView(GC.latLng(...GC.anchor(GC.data.shapes.grids, {grid})), 15)")
    press(opened, "Enter")
    assert opened.js("GC.state.selected.kind") == "grid"
    tab_to(opened, ".gc-link", most=6)
    press(opened, "Enter")
    assert opened.js("GC.state.selected.kind") == "finding"
    assert has_focus(opened, ".folium-map")  # the popup that had it is gone
    tab_to(opened, ".leaflet-popup-close-button", most=6)
    press(opened, "Enter")
    assert opened.page.locator(".leaflet-popup-content").count() == 0
    assert has_focus(opened, ".folium-map")


def test_layers_colouring_and_legend(opened: Opened) -> None:
    tab_to(opened, '[data-value="minutes"]')
    press(opened, "Enter")
    assert opened.js("GC.state.mode") == "minutes"
    assert has_focus(opened, '[data-value="minutes"]')
    tab_to(opened, '[data-layer="streets"]')
    press(opened, "Space")
    assert not opened.js("GC.state.layers.streets")
    assert has_focus(opened, '[data-layer="streets"]')
    tab_to(opened, ".gc-legend [data-key]")
    key = opened.js("document.activeElement.dataset.key")
    press(opened, "Enter")
    assert opened.js(f"GC.state.hidden['{key}']")
    assert has_focus(opened, f'[data-key="{key}"][aria-pressed="false"]')
    press(opened, "Shift+Tab")
    assert has_focus(opened, ".gc-legend summary")
    press(opened, "Enter")
    assert opened.js("document.querySelector('.gc-legend').open") is False


def test_what_if_from_opening_to_taking_back(opened: Opened) -> None:
    tab_to(opened, ".gc-whatif summary")
    press(opened, "Enter")
    opened.page.locator('[data-tool="add"]').wait_for()
    tab_to(opened, '[data-tool="add"]', most=3)
    press(opened, "Enter")
    assert has_focus(opened, '[data-tool="add"][aria-pressed="true"]')
    opened.page.locator(".folium-map").focus()
    press(opened, "Enter")
    assert opened.js("GC.tried.edits.add.length") == 1
    tab_to(opened, ".gc-try-list button")
    press(opened, "Enter")
    assert opened.js("GC.tried.edits.add.length") == 0
    for name in ("save", "load", "clear"):
        tab_to(opened, f'[data-tool="{name}"]')


def test_sheets_open_and_esc_goes_back(opened: Opened) -> None:
    tab_to(opened, '[data-print="a3"]')
    press(opened, "Enter")
    assert opened.page.locator(".gc-sheet").count() == 1
    assert has_focus(opened, ".gc-print-tools button")
    tab_to(opened, ".gc-print-tools button", most=3)
    press(opened, "Escape")
    assert opened.page.locator(".gc-sheet").count() == 0
    assert has_focus(opened, '[data-print="a3"]')
