"""The report: everything inside, everything escaped, pictures that are whole SVG."""

import re
import struct
import xml.etree.ElementTree as ET
import zlib
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.errors import MissingExtraError, OutputError
from geo.standards import Figure
from maps.offline import external_references
from maps.reports import (
    picture_png,
    picture_svg,
    pictures,
    rasters,
    report_html,
    write_report,
    writing,
)
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


def test_small_counts_of_people_are_hidden() -> None:
    audit = fake_audit(message="缺站点，涉及 2 人")
    audit = replace(audit, findings=audit.findings.assign(residents=2.0))
    thresholds = {
        **audit.standard.thresholds,
        "k_anonymity": Figure(value=3.0, unit="", source="", confidence="ours"),
    }
    page = report_html(replace(audit, standard=replace(audit.standard, thresholds=thresholds)))
    assert "涉及 2 人" not in page
    assert "涉及 &lt;3 人" in page
    assert "少于 3" in page


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
    monkeypatch.setattr(rasters, "find_spec", lambda _: None)
    written = write_report(fake_audit(), tmp_path / "out")
    assert [path.name for path in written] == ["report.html", "map_class.svg", "map_findings.svg"]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(p.name for p in written)
    (page,) = write_report(fake_audit(), tmp_path / "r.pdf")
    assert page.name == "r.html"


def test_word_gets_png_as_wide_as_a4_with_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("resvg_py", reason="the extra png is not installed")
    if rasters.why_no_png() is not None:
        pytest.skip("no font with Chinese on this machine")
    monkeypatch.setattr(writing, "find_chromium", lambda: None)
    written = write_report(fake_audit(), tmp_path)
    assert [path.name for path in written if path.suffix == ".png"] == [
        "map_class.png",
        "map_findings.png",
    ]
    raw = (tmp_path / "map_class.png").read_bytes()
    assert struct.unpack(">II", raw[16:24]) == (2480, 1786)  # 210 mm, and 720/1000 of it
    assert raw[37:41] == b"pHYs"
    assert struct.unpack(">IIB", raw[41:50]) == (11811, 11811, 1)  # 300 dots an inch, in metres
    assert struct.unpack(">I", raw[50:54])[0] == zlib.crc32(raw[37:50])
    drawn = (tmp_path / "map_class.svg").read_text(encoding="utf-8")
    without = re.sub(r"<text.*?</text>", "", drawn)
    assert picture_png(without) != raw  # the words were drawn


def test_without_its_extra_or_a_font_there_is_no_png_and_it_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rasters, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"gridcircle\[png\]"):
        picture_png("<svg/>")
    monkeypatch.setattr(rasters, "find_spec", lambda _: True)
    monkeypatch.setattr(rasters, "_has_fonts", lambda: False)
    with pytest.raises(OutputError, match="font"):
        picture_png("<svg/>")


def test_hostile_marks_are_text_in_a_picture() -> None:
    marks = {"mark": HOSTILE + "\x01", "approval_number": HOSTILE}
    drawn = picture_svg(replace(fake_audit(), map_marks=marks), kind="class", language="zh")
    root = ET.fromstring(drawn)  # noqa: S314
    told = [node.text or "" for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert HOSTILE in told
    assert f"审图号：{HOSTILE}" in told
    assert {node.tag.split("}")[1] for node in root.iter()} == {
        *("svg", "defs", "pattern", "path", "rect", "text")
    }


def test_an_overlap_is_filled_and_a_hole_is_not() -> None:
    # ┌──────┐       two squares of one class that overlap, the left one with a hole:
    # │ ▢ ┌──┼───┐   by the winding rule the overlap is inside, the hole outside
    # └───┼──┘   │
    shell = shapely.box(0, 0, 10, 10)
    left = shell.difference(shapely.box(1, 1, 3, 3))
    both = gpd.GeoDataFrame(geometry=[left, shapely.box(5, 0, 15, 10)], crs="EPSG:4544")
    frame = pictures._Frame(both)  # noqa: SLF001
    path = frame.path(both.geometry.array.to_numpy())
    turns = []
    for ring in path.split("M")[1:]:
        xy = np.array([step.split() for step in ring.split("L")], dtype=float)
        turns.append(float(np.sign(shapely.linearrings(xy).is_ccw - 0.5)))
    assert sorted(turns) in ([-1, -1, 1], [-1, 1, 1])
    assert turns[0] == turns[2]  # both shells run the same way
    assert "evenodd" not in picture_svg(fake_audit(), kind="class", language="zh")


@pytest.mark.browser
def test_with_chromium_there_is_a_pdf(tmp_path: Path) -> None:
    if writing.find_chromium() is None:
        pytest.skip("no Chromium on this machine")
    (made,) = write_report(fake_audit(), tmp_path / "r.pdf")
    assert made.name == "r.pdf"
    assert made.read_bytes().startswith(b"%PDF")
