"""The report: everything inside, everything escaped, pictures that are whole SVG."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from maps.offline import external_references
from maps.reports import picture_svg, report_html, write_report, writing
from tests.unit.fake_audit import fake_audit
from tests.unit.test_maps_page import HOSTILE


def test_the_report_says_the_figures_the_rules_and_their_sources() -> None:
    marks = {"mark": "内部资料", "approval_number": "川S(2026)001号"}
    page = report_html(replace(fake_audit(), map_marks=marks))
    for told in ("示范区 · 网格体检报告", "网格 37 个", "服务空白", "内部资料", "川S(2026)001号"):
        assert told in page
    assert "68.7%" in page  # what the map says too
    assert page.count("<svg") == 2
    assert "<script" not in page
    assert external_references(page) == ()


def test_the_report_speaks_english_and_does_without_sites() -> None:
    page = report_html(fake_audit(language="en", has_sites=False, has_units=False))
    assert "Audit report" in page
    assert page.count("<svg") == 1
    assert "网" not in page.replace("示范区", "").split("<dl>")[0].split("Figure")[0]


def test_hostile_text_is_escaped() -> None:
    names = {"51100200100000": HOSTILE, "u0": HOSTILE}
    audit = fake_audit(title=HOSTILE, names=names, message=HOSTILE)
    page = report_html(replace(audit, map_marks={"mark": HOSTILE, "approval_number": HOSTILE}))
    assert "<img" not in page
    assert "</script>" not in page
    assert "{{7*7}}" in page


@pytest.mark.parametrize("kind", ["class", "findings"])
def test_a_picture_is_whole_svg_with_every_class_counted(kind: str) -> None:
    drawn = ET.fromstring(picture_svg(fake_audit(), kind=kind, language="zh"))  # noqa: S314
    told = [node.text or "" for node in drawn.iter("{http://www.w3.org/2000/svg}text")]
    if kind == "class":
        assert {"充足  22", "薄弱  5", "空白  9"} <= set(told)
    assert sum(int(text.split()[-1]) for text in told if text.split()[-1].isdigit()) == 36  # base


def test_a_folder_gets_page_and_pictures_and_no_pdf_without_chromium(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "find_chromium", lambda: None)
    written = write_report(fake_audit(), tmp_path / "out")
    assert [path.name for path in written] == ["report.html", "map_class.svg", "map_findings.svg"]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(p.name for p in written)
    (page,) = write_report(fake_audit(), tmp_path / "r.pdf")
    assert page.name == "r.html"


@pytest.mark.browser
def test_with_chromium_there_is_a_pdf(tmp_path: Path) -> None:
    if writing.find_chromium() is None:
        pytest.skip("no Chromium on this machine")
    (made,) = write_report(fake_audit(), tmp_path / "r.pdf")
    assert made.name == "r.pdf"
    assert made.read_bytes().startswith(b"%PDF")
