"""The map in a real browser, with no network: drawn, searched, clicked, switched, linked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from geo.standards import Figure
from maps import write_map
from tests.browser.pages import Opened, browser, open_map
from tests.unit.fake_audit import fake_audit
from tests.unit.test_maps_page import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


K_THREE = Figure(value=3, unit="persons", source="", confidence="ours", title={})


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_map(fake_audit(), tmp_path_factory.mktemp("map") / "map.html")


@pytest.fixture
def opened(chromium: Browser, drawn: Path) -> Iterator[Opened]:
    found = open_map(chromium, drawn)
    yield found
    assert found.faults == []
    found.page.close()


def view(opened: Opened) -> tuple[float, float, float]:
    lat, lon, zoom = opened.js("[GC.map.getCenter().lat, GC.map.getCenter().lng, GC.map.getZoom()]")
    return lat, lon, zoom


def on_screen(opened: Opened, place: str) -> tuple[float, float]:
    """Return where on the screen a place of the map is."""
    x, y = opened.js(
        "(() => { const box = GC.map.getContainer().getBoundingClientRect(),"
        f" at = GC.map.latLngToContainerPoint({place}); return [box.left + at.x,"
        " box.top + at.y]; })()"
    )
    return x, y


def colours(opened: Opened) -> list[str]:
    """Return the colours on the tiles, as text, the commonest first."""
    return opened.js(
        """(() => {
          const count = {};
          document.querySelectorAll("canvas.leaflet-tile").forEach(tile => {
            const data = tile.getContext("2d").getImageData(0, 0, tile.width, tile.height).data;
            for (let i = 0; i < data.length; i += 4 * 97) {
              if (data[i + 3] < 255) continue;
              const key = data[i] + "," + data[i + 1] + "," + data[i + 2];
              count[key] = (count[key] || 0) + 1;
            }
          });
          return Object.keys(count).sort((a, b) => count[b] - count[a]).slice(0, 12);
        })()"""
    )


def test_the_page_is_drawn_in_chinese(opened: Opened) -> None:
    page = opened.page
    assert page.locator("h1").inner_text() == "示范区"
    assert page.evaluate("document.documentElement.lang") == "zh-Hans"
    assert page.title() == "示范区"
    assert "居民在 15 分钟" in page.locator(".gc-headline").inner_text()
    assert [c.inner_text().split("\n")[0] for c in page.locator(".gc-card").all()][:2] == [
        "37",
        "3",
    ]
    assert "93,159,209" in colours(opened)  # adequate
    assert "188,214,235" in colours(opened)  # thin


def test_chinese_glyphs_are_drawn_and_differ(opened: Opened) -> None:
    # A missing glyph draws the same box for every character.
    inks = opened.js(
        """["网", "格", "圈"].map(text => {
          const canvas = document.createElement("canvas"), ctx = canvas.getContext("2d");
          ctx.font = "40px " + getComputedStyle(document.body).fontFamily;
          ctx.fillText(text, 0, 45);
          return Array.from(ctx.getImageData(0, 0, 60, 60).data).join("");
        })"""
    )
    assert len(set(inks)) == 3


def test_figures_reconcile(opened: Opened) -> None:
    page = opened.page
    page.locator('[data-key="blank"]').wait_for()
    assert page.locator('[data-key="blank"] .gc-n').inner_text().startswith("9 ")
    assert page.locator("#gc-tab-blank .gc-count").inner_text() == "9"
    assert page.locator(".gc-bar-blank").get_attribute("title").startswith("空白 9 ")
    assert page.locator(".gc-caption").inner_text() == "网格按等级：充足 22 · 薄弱 5 · 空白 9"
    assert page.locator(".gc-card").nth(0).inner_text() == "37\n网格\n含专属 1"
    assert page.locator(".gc-card").nth(3).inner_text() == "10\n孤立网格\n仅因空白 9"


def test_a_click_on_a_finding_zooms_marks_and_explains(opened: Opened) -> None:
    before = view(opened)
    opened.page.locator('[data-finding="f0000"]').click()
    after = view(opened)
    assert after[2] > before[2] + 1
    assert after[:2] != before[:2]
    popup = opened.page.locator(".leaflet-popup-content")
    assert popup.is_visible()
    text = popup.inner_text()
    assert "第1网格与第2网格重叠" in text
    assert "G201" in text
    assert "24,000" in text
    assert "建议" in text
    assert opened.page.locator(".leaflet-overlay-pane svg path").count() >= 3
    assert opened.page.locator("[aria-current]").get_attribute("data-finding") == "f0000"
    assert opened.page.url.endswith("#finding=f0000")
    box = popup.bounding_box()
    assert box["x"] > 372
    assert box["y"] >= 0


def test_every_finding_can_be_chosen(opened: Opened) -> None:
    count = opened.js("GC.data.findings.rule.length")
    for f in range(count):
        opened.js(f"GC.choose({{kind: 'finding', at: {f}}})")
        assert opened.page.locator(".leaflet-popup-content").count() == 1


def test_a_click_on_the_map_says_what_lies_there(opened: Opened) -> None:
    for kind, words in (
        ("grid", "第15网格"),
        ("site", "党群服务中心"),
        ("finding", "第1网格"),
    ):
        place = {
            "grid": "GC.latLng(...GC.anchor(GC.data.shapes.grids, 14))",
            "site": "GC.sitePlace(0)",
            "finding": "GC.latLng(...GC.anchor(GC.data.shapes.findings, 0))",
        }[kind]
        opened.js("(GC.choose(null), GC.wholeArea(false))")
        point = on_screen(opened, place)
        opened.page.mouse.click(*point)
        assert words in opened.page.locator(".gc-pop-head").inner_text()
        assert opened.js("GC.state.selected.kind") == kind


def test_hover_shows_a_tooltip(opened: Opened) -> None:
    x, y = on_screen(opened, "GC.latLng(...GC.anchor(GC.data.shapes.grids, 14))")
    opened.page.mouse.move(x - 3, y)
    opened.page.mouse.move(x, y)
    tip = opened.page.locator(".gc-tip")
    assert tip.is_visible()
    assert "第15网格" in tip.inner_text()
    assert "桃园社区" in tip.inner_text() or "梅苑社区" in tip.inner_text()


@pytest.mark.parametrize(
    ("typed", "kind"),
    [("51100200100014", "grid"), ("第15网格", "grid"), ("驿站", "site"), ("东风", "unit")],
)
def test_search_finds_by_id_and_by_chinese_name(opened: Opened, typed: str, kind: str) -> None:
    before = view(opened)
    opened.page.locator("#gc-search").fill(typed)
    assert opened.page.locator("#gc-results li").count() >= 1
    opened.page.keyboard.press("ArrowDown")
    opened.page.keyboard.press("Enter")
    assert opened.js("GC.state.selected.kind") == kind
    assert view(opened) != before
    assert opened.page.locator(".leaflet-popup-content").is_visible()


def test_search_says_when_nothing_matches(opened: Opened) -> None:
    opened.page.locator("#gc-search").fill("没有这个")
    assert opened.page.locator("#gc-results").inner_text() == "没有匹配的结果"


def test_language_switch(opened: Opened) -> None:
    page = opened.page
    page.locator('[data-finding="f0000"]').click()
    page.locator('.gc-head [data-value="en"]').click()
    assert "of residents within the 15-minute" in page.locator(".gc-headline").inner_text()
    assert page.locator("#gc-tab-all").inner_text().startswith("All")
    popup = page.locator(".leaflet-popup-content").inner_text()
    assert "G201 in" in popup
    assert "Principle: grids neither cross nor overlap" in popup
    assert page.evaluate("document.documentElement.lang") == "en"
    page.locator('.gc-head [data-value="zh"]').click()
    assert page.locator("#gc-tab-all").inner_text().startswith("全部")


def test_tier_switch_changes_figure_colours_and_list(opened: Opened) -> None:
    page = opened.page
    before = page.locator(".gc-headline").inner_text(), page.locator("#gc-tab-blank").inner_text()
    page.locator('.gc-figure [data-value="walk_5"]').click()
    after = page.locator(".gc-headline").inner_text(), page.locator("#gc-tab-blank").inner_text()
    assert before[0] != after[0]
    assert before[1] != after[1]
    assert opened.js("[GC.state.layers.circles.walk_5, GC.state.layers.circles.walk_15]") == [
        True,
        False,
    ]


def test_legend_rows_filter(opened: Opened) -> None:
    opened.page.locator('[data-key="adequate"]').click()
    assert "93,159,209" not in colours(opened)
    opened.page.locator('[data-key="adequate"]').click()
    assert "93,159,209" in colours(opened)


def test_modes_and_layers_draw(opened: Opened) -> None:
    for mode in ("minutes", "residents", "findings", "class"):
        opened.page.locator(f'.gc-layers [data-value="{mode}"]').click()
        assert opened.js("GC.state.mode") == mode
    opened.page.locator('[data-layer="sites"]').uncheck()
    assert "20,32,46" not in colours(opened)


def test_deep_links(chromium: Browser, drawn: Path) -> None:
    for fragment, words in (("#grid=51100200100014", "第15网格"), ("#finding=f0001", "缺口")):
        found = open_map(chromium, drawn, fragment=fragment)
        assert words in found.page.locator(".leaflet-popup-content").inner_text()
        assert found.faults == []
        found.page.close()


def test_an_unknown_link_is_no_error(chromium: Browser, drawn: Path) -> None:
    found = open_map(chromium, drawn, fragment="#finding=nothing&x=%E0%A4%A")
    assert found.page.locator(".leaflet-popup-content").count() == 0
    assert found.faults == []
    found.page.close()


def test_keyboard_only(opened: Opened) -> None:
    page = opened.page
    page.locator('[data-finding="f0000"]').focus()
    page.keyboard.press("Enter")
    assert page.locator(".leaflet-popup-content").is_visible()
    page.keyboard.press("Escape")
    assert page.locator(".leaflet-popup-content").count() == 0
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "gc-search"
    page.locator("#gc-tab-all").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "gc-tab-blank"
    assert opened.js("GC.state.tab") == "blank"


def test_without_sites_the_findings_colour_the_map(chromium: Browser, tmp_path: Path) -> None:
    path = write_map(fake_audit(has_sites=False, has_units=False), tmp_path / "map.html")
    found = open_map(chromium, path)
    assert "个网格有问题（共 37 个）" in found.page.locator(".gc-headline").inner_text()
    assert found.js("GC.state.mode") == "findings"
    assert "143,185,220" in colours(found)
    assert found.faults == []
    found.page.close()


def test_hostile_text_is_shown_as_text(chromium: Browser, tmp_path: Path) -> None:
    names = {"51100200100000": HOSTILE, "51100200100001": HOSTILE, "s0": HOSTILE, "u0": HOSTILE}
    audit = fake_audit(title=HOSTILE, names=names, message=HOSTILE)
    found = open_map(chromium, write_map(audit, tmp_path / "map.html"))
    page = found.page
    assert page.locator("h1").text_content() == HOSTILE
    page.locator("#gc-search").fill("onerror")
    assert HOSTILE in page.locator("#gc-results").text_content()
    for thing in ("finding", "grid", "site", "unit"):
        found.js(f"GC.choose({{kind: '{thing}', at: 0}})")
        assert HOSTILE in page.locator(".leaflet-popup-content").text_content()
        found.js(
            f"GC.append(GC.clear(GC.tip), '{thing}' === 'unit' ? '' : GC.tipOf(GC.state.selected))"
        )
    assert page.locator("img").count() == 0
    assert "49" not in page.locator("h1").text_content()
    assert found.faults == []
    page.close()


def test_a_browser_without_decompression_reads_the_same(chromium: Browser, drawn: Path) -> None:
    new, old = (
        open_map(chromium, drawn, before=code) for code in ("", "delete window.DecompressionStream")
    )
    assert old.js("typeof DecompressionStream") == "undefined"
    assert old.js("JSON.stringify(GC.data)") == new.js("JSON.stringify(GC.data)")
    assert old.faults == new.faults == []
    old.page.close()
    new.page.close()


def test_thousands_of_findings_do_not_freeze(chromium: Browser, tmp_path: Path) -> None:
    path = write_map(fake_audit(side=20, n_more_findings=5000), tmp_path / "map.html")
    found = open_map(chromium, path)
    found.page.locator('[data-value="rank"]').click()
    assert found.page.locator("[data-finding]").count() == 200
    found.page.locator(".gc-more").click()
    assert found.page.locator("[data-finding]").count() == 400
    assert found.faults == []
    found.page.close()


def test_findings_are_grouped_by_rule_and_fold(opened: Opened) -> None:
    page = opened.page
    rules = page.locator("[data-rule]")
    assert [rules.nth(i).get_attribute("data-rule") for i in range(rules.count())] == [
        "C501",
        "H301",
        "G201",
        "G203",
        "S404",
    ]
    assert page.locator("#gc-rule-C501 [data-finding]").count() == 5
    page.locator("#gc-rule-C501 .gc-more").click()
    assert page.locator("#gc-rule-C501 [data-finding]").count() == 9
    page.locator('[data-rule="C501"]').click()
    assert page.locator("#gc-rule-C501 [data-finding]").count() == 0
    assert page.locator('[data-rule="C501"]').get_attribute("aria-expanded") == "false"
    assert page.evaluate("document.activeElement.dataset.rule") == "C501"
    opened.js("GC.choose({kind: 'finding', at: GC.listed(null)[7]})")
    assert page.locator("[aria-current]").is_visible()


def test_the_filter_looks_in_sentences_rules_and_ids(opened: Opened) -> None:
    page = opened.page
    for typed, rules in (
        ("缺口", ["G203"]),
        ("h301", ["H301"]),
        ("第1网格与", ["G201"]),
        ("不存在", []),
    ):
        page.locator("#gc-filter").fill(typed)
        found = page.locator("[data-rule]")
        assert [found.nth(i).get_attribute("data-rule") for i in range(found.count())] == rules
    assert page.locator('[role="status"]').inner_text() == "0 条问题"


def test_a_screen_reader_is_told_what_is_chosen(opened: Opened) -> None:
    opened.page.locator('[data-finding="f0000"]').click()
    assert "第1网格与第2网格重叠" in opened.page.locator('[role="status"]').text_content()
    opened.page.locator(".folium-map").focus()
    opened.page.keyboard.press("Enter")
    assert opened.js("GC.state.selected.kind") == "grid"


def test_sites_that_would_cover_each_other_are_left_out(chromium: Browser, tmp_path: Path) -> None:
    audit = fake_audit()
    first = audit.sites.iloc[[0] * 6]
    near = first.translate(0.5).to_numpy()
    near[1:] = first.translate(1.5).to_numpy()[1:]
    near[2:] = first.translate(30).to_numpy()[2:]
    more = first.assign(geometry=near).set_index(pd.Index([f"n{k}" for k in range(6)]))
    sites = pd.concat([audit.sites, more])
    found = open_map(chromium, write_map(replace(audit, sites=sites), tmp_path / "map.html"))
    drawn = "Array.from(GC.drawnSites(Math.pow(2, GC.map.getZoom()))).filter(Boolean).length"
    assert found.js(drawn) < 9
    assert found.page.locator("#gc-thinned").is_visible()
    found.js("GC.map.setView(GC.sitePlace(0), 22, {animate: false})")
    assert found.js(drawn) == 6  # four of the nine lie on one place
    assert found.faults == []
    found.page.close()


def test_small_counts_are_told_as_fewer_than_k(chromium: Browser, tmp_path: Path) -> None:
    audit = fake_audit()
    grids = audit.grids.assign(residents=[2.0, *audit.grids["residents"].tolist()[1:]])
    standard = replace(
        audit.standard, thresholds={**audit.standard.thresholds, "k_anonymity": K_THREE}
    )
    changed = replace(audit, grids=grids, standard=standard)
    found = open_map(chromium, write_map(changed, tmp_path / "map.html"))
    found.js("GC.choose({kind: 'grid', at: 0})")
    assert "居民\n少于 3" in found.page.locator(".leaflet-popup-content").inner_text()
    assert found.js("GC.data.grids.residents[0]") == -1
    found.page.locator('.gc-layers [data-value="residents"]').click()
    assert found.js("GC.model.classes[0]") == "s1"
    assert found.faults == []
    found.page.close()


def test_a_phone_can_use_it(chromium: Browser, drawn: Path) -> None:
    found = open_map(chromium, drawn, size=(390, 844))
    size = found.js("[GC.map.getSize().x, GC.map.getSize().y]")
    assert size[0] == 390
    assert size[1] > 300
    assert found.js("document.documentElement.scrollWidth") == 390
    assert found.faults == []
    found.page.close()


def test_an_audit_with_one_grid_and_no_findings(chromium: Browser, tmp_path: Path) -> None:
    audit = fake_audit(has_sites=False, has_units=False)
    few = replace(audit, grids=audit.grids.head(1), findings=audit.findings.head(0))
    found = open_map(chromium, write_map(few, tmp_path / "map.html"))
    assert "没有这一类问题" in found.page.locator("#gc-list").inner_text()
    assert found.faults == []
    found.page.close()


def test_a_unit_without_a_shape_can_be_found(chromium: Browser, tmp_path: Path) -> None:
    audit = fake_audit()
    units = audit.units.set_geometry([None] * len(audit.units), crs=audit.crs)
    found = open_map(chromium, write_map(replace(audit, units=units), tmp_path / "map.html"))
    found.page.locator("#gc-search").fill("梅苑社区")
    found.page.keyboard.press("Enter")
    assert "梅苑社区" in found.page.locator(".leaflet-popup-content").inner_text()
    assert found.faults == []
    found.page.close()


def test_2400_grids_are_drawn_soon_and_small(chromium: Browser, tmp_path: Path) -> None:
    path = write_map(fake_audit(side=49, n_more_findings=2000), tmp_path / "map.html")
    assert path.stat().st_size < 2_000_000
    found = open_map(chromium, path, before="performance.mark('start')")
    assert found.js("performance.now()") < 10_000  # about 1 s on a free machine
    assert found.faults == []
    found.page.close()
