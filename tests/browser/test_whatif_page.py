"""What if in the page: by the hand of a planner, and equal to what Python says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from geo.audit import Audit, run_audit
from geo.errors import NotFoundError
from geo.io import load, project_from_files, read_project
from geo.planning.whatif import Edits, Link, NewSite, WhatIf
from geo.planning.whatif.along import AlongStreets
from geo.planning.whatif.edits import edited
from geo.planning.whatif.straight import StraightLines
from geo.synth import build_city, write_city
from maps import write_map
from maps.whatif.members import pooled
from tests.browser.pages import Opened, browser, open_map
from tests.unit.fake_audit import fake_audit
from tests.unit.test_maps_page import HOSTILE
from tests.whatif_cases import random_edits

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

_OPEN = """() => {
  document.getElementById("gc-whatif").open = true;
  return GC.openWhatIf();
}"""
_JUDGE = """(edits) => {
  const city = GC.tried.city, found = GC.whatIfJudge(city, edits).tiers, told = {};
  for (const name in found) {
    const gains = GC.whatIfGains(city, city.before[name], found[name]);
    told[name] = {
      share: Array.from(found[name].share, (v) => isNaN(v) ? -1 : v),
      classes: found[name].classes, total: found[name].total,
      n_sites: Array.from(found[name].sites), gained: gains.gained, lost: gains.lost
    };
  }
  return told;
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    path = write_city(build_city(3, seed=5), tmp_path_factory.mktemp("whatif"))
    return run_audit(load(read_project(path)), select=("C",))


@pytest.fixture(scope="module")
def page(chromium: Browser, audit: Audit, tmp_path_factory: pytest.TempPathFactory) -> Opened:
    path = write_map(audit, tmp_path_factory.mktemp("page") / "map.html")
    opened = open_map(chromium, path)
    opened.page.evaluate(_OPEN)
    return opened


def _tries(city: WhatIf, rng: np.random.Generator, kind: int) -> tuple[Edits, dict[str, Any]]:
    """Return edits for Python and the same ones for the page: a site, a move, or two links."""
    at = int(rng.integers(len(city.sites.ids)))

    def spot() -> list[float]:
        near: np.ndarray = city.sites.xy[rng.integers(len(city.sites.ids))]
        return (near + rng.normal(0, 300, 2)).tolist()

    empty: dict[str, Any] = {"add": [], "move": {}, "remove": [], "links": []}
    xy = spot()
    if kind == 0:
        category = None if city.sites.category is None else city.sites.category[at]
        site = NewSite(at=(xy[0], xy[1]), category=category)
        return Edits(add=(site,)), empty | {"add": [{"xy": xy, "category": category}]}
    if kind == 1:
        return Edits(move={city.sites.ids[at]: (xy[0], xy[1])}), empty | {"move": {at: xy}}
    ends = [(a, (np.array(a) + rng.normal(0, 200, 2)).tolist()) for a in (xy, spot())]
    links = tuple(Link(start=(a[0], a[1]), end=(b[0], b[1])) for a, b in ends)
    return (
        Edits(links=links, remove=(city.sites.ids[at],)),
        empty | {"remove": [at], "links": [{"from": a, "to": b} for a, b in ends]},
    )


def _compare(opened: Opened, city: WhatIf, seeds: range) -> list[int]:
    """Check each try; return how many there were of each kind."""
    model = city.models[0]
    assert isinstance(model, AlongStreets)
    n = [0, 0, 0]
    for seed in seeds:
        edits, same = _tries(city, np.random.default_rng(seed), seed % 3)
        try:
            judged = model.after(edited(city.sites, edits), edits.links)
        except NotFoundError:
            continue
        n[seed % 3] += 1
        told = opened.page.evaluate(_JUDGE, same)
        for name, tier in judged.items():
            gained, lost = model.ground.gains(model.before[name], tier)
            assert told[name]["classes"] == tier.classes.tolist()
            assert told[name]["n_sites"] == tier.n_sites.tolist()
            np.testing.assert_array_equal(told[name]["share"], np.nan_to_num(tier.share, nan=-1))
            assert told[name]["gained"] == pytest.approx(gained.sum(), rel=1e-12)
            assert told[name]["lost"] == pytest.approx(lost.sum(), rel=1e-12)
    return n


def test_the_page_says_what_python_says(page: Opened, audit: Audit) -> None:
    n = _compare(page, WhatIf.prepare(audit), range(60))
    assert min(n) >= 10
    assert page.faults == []


def _require_same_streets(opened: Opened, audit: Audit, *, off_m: float) -> None:
    """Check that the page has the whole milliseconds of Python, and its vertices."""
    (model,) = WhatIf.prepare(audit).models
    assert isinstance(model, AlongStreets)
    (network,) = model.networks.values()
    graph, snapper = network.net.graph, network.net.snapper
    edges = np.unique(snapper.edge)
    for name, values in {
        "start": graph.chains.start,
        "end": graph.chains.end,
        "ms": graph.chains.time_ms,
        "edgeMs": graph.edge_ms[edges],
        "edgeFrom": graph.edge_from_ms[edges],
        "edgeChain": graph.edge_chain[edges],
        "edgeFlipped": graph.edge_flipped[edges],
    }.items():
        told = opened.page.evaluate("(name) => Array.from(GC.tried.city[name])", name)
        np.testing.assert_array_equal(told, values, err_msg=name)
    segments = opened.page.evaluate(
        """() => {
        const xy = GC.tried.city.xy;
        return Array.from(GC.tried.city.segPoint, (p) => Array.from(xy.slice(2 * p, 2 * p + 4)));
    }"""
    )
    np.testing.assert_allclose(segments, snapper.segments, rtol=0, atol=off_m)


def test_the_page_has_the_streets_of_python_to_the_last_bit(page: Opened, audit: Audit) -> None:
    _require_same_streets(page, audit, off_m=0)


@pytest.mark.full
def test_fifty_sites_moves_and_links_of_las_palmas(
    chromium: Browser, shared_data: Path, tmp_path: Path
) -> None:
    folder = shared_data / "las-palmas"
    project = project_from_files(
        grids=folder / "school_catchments.gpkg",
        sites=folder / "service_sites.geojson",
        buildings=folder / "buildings.parquet",
        streets=folder / "walk_edges.parquet",
    )
    audit = run_audit(load(project), select=("C501",))
    opened = open_map(chromium, write_map(audit, tmp_path / "map.html"))
    opened.page.evaluate(_OPEN)
    _require_same_streets(opened, audit, off_m=2**-15)
    n = _compare(opened, WhatIf.prepare(audit), range(240))
    assert min(n) >= 50
    assert opened.faults == []


def _require_same_by_radius(
    opened: Opened, audit: Audit, seeds: range, *, tolerance: float = 0.0
) -> int:
    """Check each try by radius; return how many judged tiers gained or lost anybody or area."""
    city = WhatIf.prepare(audit)
    (model,) = city.models
    assert isinstance(model, StraightLines)
    number = {name: at for at, name in enumerate(city.sites.ids)}
    n_changed = 0
    for seed in seeds:
        edits = random_edits(city, np.random.default_rng(seed))
        told = opened.page.evaluate(
            _JUDGE,
            {
                "add": [{"xy": site.at, "category": site.category} for site in edits.add],
                "move": {str(number[name]): xy for name, xy in edits.move.items()},
                "remove": [number[name] for name in edits.remove],
                "links": [],
            },
        )
        for name, tier in model.after(edited(city.sites, edits)).items():
            gained, lost = model.ground.gains(model.before[name], tier)
            assert told[name]["classes"] == tier.classes.tolist()
            assert told[name]["n_sites"] == tier.n_sites.tolist()
            share = np.nan_to_num(tier.share, nan=-1)
            np.testing.assert_allclose(told[name]["share"], share, rtol=0, atol=tolerance)
            assert told[name]["total"] == pytest.approx(model.ground.total_share(tier), abs=1e-6)
            slack = tolerance * model.ground.head_area_m2.sum()
            assert told[name]["gained"] == pytest.approx(gained.sum(), rel=1e-12, abs=slack)
            assert told[name]["lost"] == pytest.approx(lost.sum(), rel=1e-12, abs=slack)
            n_changed += int(gained.sum() + lost.sum() > 0)
    assert opened.faults == []
    return n_changed


@pytest.mark.parametrize("has_buildings", [True, False])
def test_without_streets_the_page_says_what_python_says_by_radius(
    chromium: Browser, tmp_path: Path, *, has_buildings: bool
) -> None:
    left_out = {"streets"} if has_buildings else {"streets", "buildings"}
    project = read_project(write_city(build_city(6, seed=5), tmp_path))
    layers = tuple(layer for layer in project.layers if layer.name not in left_out)
    audit = run_audit(load(replace(project, layers=layers)), select=("C",))
    assert audit.verdict_model == "radius"
    opened = open_map(chromium, write_map(audit, tmp_path / "map.html"))
    opened.page.evaluate(_OPEN)
    tolerance = 0.0 if has_buildings else 1e-7  # borders are packed to a sixteenth of a millimetre
    n_changed = _require_same_by_radius(opened, audit, range(40), tolerance=tolerance)
    assert n_changed >= 10


@pytest.mark.full
@pytest.mark.parametrize("has_buildings", [True, False])
def test_las_palmas_without_streets(
    chromium: Browser, shared_data: Path, tmp_path: Path, *, has_buildings: bool
) -> None:
    folder = shared_data / "las-palmas"
    project = project_from_files(
        grids=folder / "school_catchments.gpkg",
        sites=folder / "service_sites.geojson",
        buildings=folder / "buildings.parquet" if has_buildings else None,
    )
    audit = run_audit(load(project), select=("C501",))
    opened = open_map(chromium, write_map(audit, tmp_path / "map.html"))
    opened.page.evaluate(_OPEN)
    tolerance = 0.0 if has_buildings else 1e-7
    assert _require_same_by_radius(opened, audit, range(50), tolerance=tolerance) > 0


def test_a_planner_tries_saves_and_takes_back(page: Opened) -> None:
    tab = page.page
    tab.evaluate("GC.clearTried()")
    tab.click("#gc-whatif button[data-tool=add]")
    assert tab.get_attribute("#gc-whatif button[data-tool=add]", "aria-pressed") == "true"
    tab.evaluate("GC.map.getContainer().focus()")
    tab.keyboard.press("Enter")
    assert tab.locator(".gc-try-list li").count() == 1
    assert tab.locator(".gc-try-figures tr[data-tier]").count() == 3
    assert "whatif=" in tab.evaluate("location.hash")
    kept = tab.evaluate("JSON.stringify(GC.triedJson())")
    tab.evaluate("GC.clearTried()")
    assert tab.locator(".gc-try-list li").count() == 0
    tab.evaluate("(text) => GC.loadTried(text)", kept)
    assert tab.evaluate("JSON.stringify(GC.triedJson())") == kept
    tab.evaluate('GC.loadTried(\'{"remove": ["nobody"]}\')')
    assert tab.locator(".gc-try-list li").count() == 1
    tab.click(".gc-try-list button")
    assert tab.locator(".gc-try-list li").count() == 0
    tab.evaluate("GC.useTool(null)")
    assert page.faults == []


def test_the_panel_speaks_both_languages(page: Opened) -> None:
    assert page.page.inner_text("#gc-whatif summary") == "假如…"
    page.page.click("button[data-value=en]")
    assert page.page.inner_text("#gc-whatif summary") == "What if…"
    page.page.click("button[data-value=zh]")


def test_a_phone_shows_every_circle_and_the_map_above(
    chromium: Browser, audit: Audit, tmp_path: Path
) -> None:
    opened = open_map(chromium, write_map(audit, tmp_path / "map.html"), size=(390, 844))
    opened.page.evaluate(_OPEN)
    opened.js("(GC.useTool('add'), GC.tryAt(GC.map.getCenter()))")
    rows = opened.page.locator(".gc-try-figures tr[data-tier]")
    assert rows.count() == 3
    sheet, last = opened.page.locator("#gc-whatif").bounding_box(), rows.last.bounding_box()
    assert last["y"] + last["height"] <= sheet["y"] + sheet["height"]
    assert sheet["y"] > 250
    assert opened.js("GC.map.getSize().y") == opened.js("GC.main.clientHeight")
    assert opened.faults == []
    opened.page.close()


def test_hostile_names_stay_text_in_the_panel(chromium: Browser, tmp_path: Path) -> None:
    long = HOSTILE + "长" * 10_000
    names = {"s0": long, "s1": HOSTILE}
    path = write_map(fake_audit(names=names), tmp_path / "map.html")
    opened = open_map(chromium, path)
    opened.page.evaluate(_OPEN)
    move = {"site_id": "s0", "lon": 105.06, "lat": 29.55}
    add = [{"lon": 105.06, "lat": 29.55, "category": HOSTILE}]
    text = json.dumps({"add": add, "move": [move], "remove": ["s1"]})
    opened.page.evaluate("(text) => GC.loadTried(text)", text)
    rows = opened.page.locator(".gc-try-list li span").all_text_contents()
    assert len(rows) == 3
    assert long in rows[1]
    assert HOSTILE in rows[2]
    assert (
        json.loads(opened.page.evaluate("JSON.stringify(GC.triedJson())"))["add"][0]["category"]
        == HOSTILE
    )
    assert opened.page.locator("img").count() == 0
    assert opened.faults == []


def test_by_radius_there_are_rings_and_no_links(chromium: Browser, tmp_path: Path) -> None:
    project = read_project(write_city(build_city(2, seed=5), tmp_path))
    layers = tuple(layer for layer in project.layers if layer.name != "streets")
    audit = run_audit(load(replace(project, layers=layers)), select=("C501",))
    opened = open_map(chromium, write_map(audit, tmp_path / "map.html"))
    tab = opened.page
    tab.evaluate(_OPEN)
    tab.click("#gc-whatif button[data-tool=add]")
    tools = [node.get_attribute("data-tool") for node in tab.query_selector_all("[data-tool]")]
    assert tools == ["add", "move", "remove", "save", "load", "clear"]
    box = tab.locator(".leaflet-container").bounding_box()
    tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert tab.locator(".gc-try-list li").count() == 1
    assert tab.locator("path.leaflet-interactive, svg path").count() >= 1
    before = tab.evaluate("JSON.stringify(GC.triedJson())")
    mark = tab.locator(".gc-try-mark").bounding_box()
    tab.mouse.move(mark["x"] + 10, mark["y"] + 10)
    tab.mouse.down()
    tab.mouse.move(mark["x"] + 60, mark["y"] + 40, steps=4)
    tab.mouse.up()
    assert tab.evaluate("JSON.stringify(GC.triedJson())") != before  # it was dragged
    assert opened.faults == []


def test_the_panel_says_why_nothing_can_be_tried(
    chromium: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maps.pages.max_bytes", lambda _: 1)
    opened = open_map(chromium, write_map(fake_audit(), tmp_path / "map.html"))
    opened.page.click("#gc-whatif summary")
    assert "2 MB" in opened.page.inner_text("#gc-whatif .gc-note")
    opened.page.click("button[data-value=en]")
    assert "too large" in opened.page.inner_text("#gc-whatif .gc-note")
    assert opened.page.locator("#gc-whatif button").count() == 0
    assert opened.faults == []


def test_small_counts_of_people_are_pooled() -> None:
    weight = np.array([2.0, 9.0, 1.0, 3.0, 1.0])
    grid = np.array([0, 0, 0, 0, 1])
    people = np.ones(5, dtype=bool)
    found = pooled(weight, np.arange(5), grid, is_people=people, k=5.0)
    assert found.tolist() == [0.0, 15.0, 0.0, 0.0, 0.0]
    assert pooled(weight, np.arange(5), grid, is_people=~people, k=5.0).tolist() == weight.tolist()
