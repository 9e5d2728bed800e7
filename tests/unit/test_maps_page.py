"""The page: everything inside, nothing of the data in a template, no column that was not named."""

import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from branca.element import CssLink, JavascriptLink

from geo import words
from geo.errors import GridCircleError, NotFoundError
from maps import audit_map, write_map
from maps.figure import OfflineFigure, RawElement, script
from maps.offline import external_references, require_offline
from maps.pages import DATA_ID
from maps.vendored import (
    APP_SCRIPTS,
    LOOK_BACK_SCRIPTS,
    app_script,
    look_back_script,
    manifest,
    vendored_file,
    vendored_text,
)
from tests.unit.fake_audit import fake_audit
from tests.unit.test_maps_packing import integers, unpack

HOSTILE = "</script><img src=x onerror=alert(1)>{{7*7}}{%x%}{#y#}\u2028\"'\u202e\\"


def scene(page: str) -> tuple[dict[str, Any], bytes]:
    start = page.index(f'id="{DATA_ID}">') + len(f'id="{DATA_ID}">')
    return unpack(page[start : page.index("</script>", start)])


def test_the_page_names_every_layer_and_both_languages() -> None:
    header, body = scene(audit_map(fake_audit()))
    assert len(header["grids"]["id"]) == 37
    assert sum(integers(header, body, "grids.rings")) == 38  # one grid has a hole
    assert header["words"] == words.table("maps")
    assert [tier["id"] for tier in header["tiers"]] == ["walk_5", "walk_15"]
    assert header["circles"]["key"] == ["walk_5", "walk_15"]
    assert header["grid_tiers"]["walk_15"]["class"].count("blank") == 9
    assert header["project"]["crs"] == "EPSG:4544"


def test_a_finding_that_is_just_its_grid_carries_no_shape_of_its_own() -> None:
    header, body = scene(audit_map(fake_audit()))
    own = dict(zip(header["findings"]["rule"], header["findings"]["is_own"], strict=True))
    assert own == {"G201": 1, "G203": 1, "H301": 0, "S404": 0, "C501": 0}
    assert len(integers(header, body, "findings.rings")) == 2


def test_no_column_that_is_not_named_reaches_the_page() -> None:
    header, _ = scene(audit_map(fake_audit()))
    text = json.dumps(header, ensure_ascii=False)
    assert "head_phone" not in text
    assert "1390000" not in text


def test_hostile_text_stays_out_of_the_page_and_whole_in_the_data() -> None:
    names = {"51100200100000": HOSTILE, "s0": HOSTILE, "u0": HOSTILE}
    page = audit_map(fake_audit(title=HOSTILE, names=names, message=HOSTILE))
    header, _ = scene(page)
    assert header["grids"]["name"][0] == HOSTILE
    assert header["project"]["title"] == HOSTILE
    assert header["findings"]["message_zh"][0] == HOSTILE
    assert "onerror=alert" not in page.replace("&lt;img src=x onerror=alert(1)&gt;", "")
    assert "<title>&lt;/script&gt;" in page
    assert "{{7*7}}" in page.split("</title>", 1)[0]


def test_two_pages_of_one_audit_are_the_same() -> None:
    assert audit_map(fake_audit()) == audit_map(fake_audit())


def test_without_sites_there_are_no_tiers() -> None:
    header, _ = scene(audit_map(fake_audit(has_sites=False, has_units=False)))
    assert header["tiers"] == []
    assert header["units"] == {"id": []}
    assert header["circles"]["key"] == []


def test_the_policy_forbids_every_request() -> None:
    page = audit_map(fake_audit())
    head = page[: page.index("<title>")]
    assert "default-src &#x27;none&#x27;" in head
    assert "unsafe" not in head
    assert external_references(page) == ()


def test_a_file_is_written_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = write_map(fake_audit(), tmp_path / "map.html")
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [item.name for item in tmp_path.iterdir()] == ["map.html"]


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://a.example/x.js"></script>',
        '<link rel="stylesheet" href="x.css">',
        '<img src="//a.example/x.png">',
        "<style>@import 'x.css';</style>",
        "<style>a { background: url(x.png) }</style>",
        '<p style="background:url(http://a.example/x)">',
        "<iframe></iframe>",
        '<meta http-equiv="refresh" content="0;url=x">',
        '<a href="https://a.example">x</a>',
    ],
)
def test_the_gate_refuses_what_loads_from_elsewhere(html: str) -> None:
    with pytest.raises(GridCircleError, match="elsewhere"):
        require_offline(html)


@pytest.mark.parametrize(
    "html",
    [
        '<img src="data:image/png;base64,AA==">',
        "<style>a { behavior: url(#default#VML) } b { src: url(data:x/y,z) }</style>",
        "<script>var s = '<img src=x>', t = 'https://a.example';</script>",
        '<a href="#grid=1">x</a>',
    ],
)
def test_the_gate_lets_pass_what_lies_inside(html: str) -> None:
    assert require_offline(html) == html


@pytest.mark.parametrize("link", [JavascriptLink, CssLink])
def test_a_link_that_is_not_vendored_is_refused(link: type) -> None:
    figure = OfflineFigure(title="t", language="en")
    figure.header.add_child(link("https://cdn.example/leaflet@2.0.0/dist/leaflet.js"))
    with pytest.raises(NotFoundError, match="not vendored"):
        figure.render()


def test_a_raw_element_passes_no_template() -> None:
    figure = OfflineFigure(title="t", language="en")
    figure.html.add_child(RawElement("<p>{{7*7}} {%x%}</p>"))
    assert "<p>{{7*7}} {%x%}</p>" in figure.render()


def test_a_closing_tag_in_a_script_cannot_end_it() -> None:
    assert script("var a = '</script><!--';").count("</script>") == 1


def test_vendored_files_are_those_of_the_manifest() -> None:
    root = files("maps").joinpath("assets")
    for library in manifest().values():
        assert library["licence"]
        assert library["licence_file"] in library["files"]
        for path, entry in library["files"].items():
            content = root.joinpath(path).read_bytes()
            assert hashlib.sha256(content).hexdigest() == entry["sha256"], path


def test_vendored_style_needs_no_other_file() -> None:
    path = vendored_file("https://cdn.example/npm/leaflet@1.9.3/dist/leaflet.css")
    assert external_references(f"<style>{vendored_text(path)}</style>") == ()


def test_every_part_of_our_script_is_listed() -> None:
    folder = files("maps").joinpath("assets", "app")
    found = {item.name for item in folder.iterdir() if item.name.endswith(".js")}
    assert found == {*APP_SCRIPTS, *LOOK_BACK_SCRIPTS}


def test_our_script_never_writes_markup() -> None:
    code = app_script() + look_back_script()
    for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert sink not in code


def test_every_word_the_script_asks_for_is_there() -> None:
    asked = set(re.findall(r'GC\.t\("([a-z_0-9]+[a-z0-9])"', app_script()))
    assert asked
    assert asked <= set(words.table("maps"))
    for key, entry in words.table("maps").items():
        holes = {lang: set(re.findall(r"\{(\w+)\}", text)) for lang, text in entry.items()}
        assert holes["zh"] == holes["en"], key
