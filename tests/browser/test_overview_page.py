"""The overview map of a batch in headless Chromium: no request, no fault, texts as they are."""

from pathlib import Path
from typing import Any

import pytest

from geo.batch.table import totals
from maps.overview import write_overview
from tests.browser.pages import browser, open_map

pytestmark = pytest.mark.browser

_HOSTILE = "</script><img src=x onerror=alert(1)>{{7*7}} 内江"
_RING = [[105.0, 29.5], [105.2, 29.5], [105.2, 29.6], [105.0, 29.5]]


def _row(folder: str, state: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    counts = ("n_grids", "n_base", "n_dedicated", "n_orphans", "n_sites", "n_units")
    row = {
        **dict.fromkeys((*counts, "n_quarantined"), 7),
        "id": folder,
        "folder": folder,
        "title": folder,
        "state": state,
        "seconds": 1.0,
        "residents": None,
        "area_m2": None,
        "severities": {"error": 3, "warning": 2, "info": 0},
        "findings": {},
        "coverage": {},
        "tiers": {},
        "sentence_zh": "说明",
        "sentence_en": "it says",
        "outline_lonlat": [_RING],
        "links": {"map": f"{folder}/map.html", "ledger": f"{folder}/ledger.xlsx"},
    }
    return {**row, **more}


def test_the_overview_tells_each_project_and_leads_to_its_map(tmp_path: Path) -> None:
    coverage = {"demand_basis": "residents", "residents_share": 0.876, "area_share": 0.5}
    judged = {
        "coverage": {"walk_15": {**coverage, "n_blank": 1, "n_thin": 2}},
        "tiers": {"walk_15": {"zh": "一刻钟", "en": "15"}},
    }
    rows = [
        _row("calm", "ok", severities={"error": 0, "warning": 0, "info": 0}),
        _row("loud", "findings", title=_HOSTILE, **judged),
        _row("gone", "failed", outline_lonlat=[], links={}, severities={}, sentence_zh="文件不在"),
    ]
    path = write_overview(
        tmp_path / "map.html", rows, totals(rows[:2]), title=_HOSTILE, language="zh"
    )

    with browser() as started:
        opened = open_map(started, path)
        page = opened.page
        assert page.title() == _HOSTILE
        listed = page.eval_on_selector_all(
            ".ov-list button", "all => all.map(b => b.dataset.folder)"
        )
        assert listed == ["gone", "loud", "calm"]  # the worst first
        assert "文件不在" in page.inner_text('[data-folder="gone"]')
        assert page.inner_text('[data-folder="loud"] .ov-name').startswith(_HOSTILE)
        assert len(page.query_selector_all("path.leaflet-interactive")) == 4

        page.focus('[data-folder="loud"]')
        page.keyboard.press("Enter")
        assert "87.6%" in page.inner_text(".leaflet-popup")
        assert page.get_attribute(".leaflet-popup .ov-links a", "href") == "loud/map.html"

        page.click('[data-key="en"]')
        page.fill(".gc-search", "CALM")
        assert "calm" in page.inner_text(".ov-list")
        assert len(page.query_selector_all(".ov-list button")) == 1
        page.fill(".gc-search", "")
        page.click('[data-key="failed"]')
        assert "it says" in page.inner_text('[data-folder="gone"]')
        assert opened.faults == []


def test_an_overview_without_any_place_opens(tmp_path: Path) -> None:
    rows = [_row("gone", "failed", outline_lonlat=[], links={}, severities={})]
    path = write_overview(tmp_path / "map.html", rows, totals(rows), title="x", language="en")
    with browser() as started:
        opened = open_map(started, path)
        assert len(opened.page.query_selector_all(".ov-list button")) == 1
        assert opened.faults == []
