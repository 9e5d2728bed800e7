"""Sheets to print: their size, what stands on them, and back to the map."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from maps import write_map
from tests.browser.pages import browser, open_map
from tests.unit.fake_audit import fake_audit
from tests.unit.test_maps_page import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
_POINTS = 72 / 25.4


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    marks = {"mark": "内部资料", "approval_number": "川S(2026)001号"}
    audit = replace(fake_audit(), map_marks=marks)
    return write_map(audit, tmp_path_factory.mktemp("print") / "map.html")


def pages_mm(pdf: bytes) -> list[tuple[int, int]]:
    boxes = re.findall(rb"/MediaBox\s*\[\s*0\s+0\s+([\d.]+)\s+([\d.]+)", pdf)
    return [(round(float(w) / _POINTS), round(float(h) / _POINTS)) for w, h in boxes]


@pytest.mark.parametrize(
    ("kind", "pages", "size"),
    [("a3", 1, (420, 297)), ("communities", 4, (420, 297)), ("a0", 1, (1189, 841))],
)
def test_sheets_have_their_size_marks_and_number(
    chromium: Browser, drawn: Path, kind: str, pages: int, size: tuple[int, int]
) -> None:
    found = open_map(chromium, drawn, fragment=f"#print={kind}")
    sheets = found.page.locator(".gc-sheet")
    assert sheets.count() == pages
    text = sheets.first.inner_text()
    assert "内部资料" in text
    assert "审图号：川S(2026)001号" in text
    assert "问题清单" in text
    assert found.page.locator(".gc-sheet-map path").count() > 10
    printed = found.page.pdf(prefer_css_page_size=True, print_background=True)
    for box in pages_mm(printed):
        assert box == pytest.approx(size, abs=1)
    assert len(pages_mm(printed)) == pages
    found.page.keyboard.press("Escape")
    assert sheets.count() == 0
    assert found.page.locator(".gc-panel").is_visible()
    assert found.faults == []
    found.page.close()


def test_a_sheet_names_its_community_and_its_findings(chromium: Browser, drawn: Path) -> None:
    found = open_map(chromium, drawn)
    found.page.locator('[data-print="communities"]').click()
    names = found.page.locator(".gc-sheet h1").all_inner_texts()
    assert sorted(names) == ["东风社区", "新华社区", "桃园社区", "梅苑社区"]
    sheet = found.page.locator(".gc-sheet", has_text="新华社区").first
    assert "C501" in sheet.inner_text()
    assert found.faults == []
    found.page.close()


def test_hostile_text_is_text_on_paper_too(chromium: Browser, tmp_path: Path) -> None:
    audit = fake_audit(title=HOSTILE, names={"51100200100000": HOSTILE, "u0": HOSTILE})
    audit = replace(audit, map_marks={"mark": HOSTILE})
    found = open_map(chromium, write_map(audit, tmp_path / "m.html"), fragment="#print=communities")
    assert found.page.locator(".gc-sheet-mark").first.text_content() == HOSTILE
    assert found.page.locator("img").count() == 0
    assert found.faults == []
    found.page.close()


def test_mark_and_number_are_on_the_screen_too(chromium: Browser, tmp_path: Path) -> None:
    marks = {"mark": HOSTILE, "approval_number": "川S(2026)001号"}
    path = write_map(replace(fake_audit(), map_marks=marks), tmp_path / "m.html")
    found = open_map(chromium, path)
    assert found.page.locator(".gc-mark").text_content() == HOSTILE
    assert "审图号：川S(2026)001号" in found.page.inner_text(".gc-foot")
    assert found.page.locator("img").count() == 0
    assert found.faults == []
    found.page.close()


def test_an_unknown_kind_of_sheet_is_no_error(chromium: Browser, drawn: Path) -> None:
    found = open_map(chromium, drawn, fragment="#print=toString")
    assert found.page.locator(".gc-sheet").count() == 0
    assert found.page.locator(".gc-panel").is_visible()
    assert found.faults == []
    found.page.close()
