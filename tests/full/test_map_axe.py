"""axe-core (MPL-2.0, from npm, never shipped) finds no serious fault on the page, in any state."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from geo.audit import run_audit
from geo.examples import example_project
from geo.io import load, read_project
from geo.synth import build_city, write_city
from maps import write_map
from maps.reports import report_html
from tests.browser.pages import browser
from tests.browser.test_map_real import las_palmas, taipei
from tests.unit.fake_audit import fake_audit

pytestmark = [pytest.mark.browser, pytest.mark.full]
_AXE = "axe-core@4.10.3"
_RUN = "axe.run(document, {resultTypes: ['violations'], iframes: false})"
_STATES = {
    "whole area": "null",
    "a finding": "GC.choose({kind: 'finding', at: 0})",
    "a grid in English": "(GC.choose({kind: 'grid', at: 3}), GC.state.language = 'en',"
    " GC.tell('language'))",
    "ranked and filtered": "(GC.choose(null), GC.state.order = 'rank', GC.drawPanel(GC.panel))",
    "all circles, boxes open": "(GC.state.allTiers = true, GC.tell('tier'),"
    " document.querySelectorAll('.gc-side details').forEach(box => { box.open = true; }))",
    "what if": """(async () => {
        document.querySelectorAll(".gc-side details").forEach(box => { box.open = false; });
        if (!document.getElementById("gc-whatif")) return;
        document.getElementById("gc-whatif").open = true;
        if (GC.tried.leftOut) return;
        await GC.openWhatIf();
        GC.useTool("add");
        GC.tryAt(GC.map.getCenter());
    })()""",
    # axe takes minutes over the sheets of hundreds of communities, which are all alike.
    "sheets": "GC.showSheets(GC.data.units.id.length > 60 ? 'a3' : 'communities')",
}


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not on this machine, so axe-core cannot be fetched")
    folder = tmp_path_factory.mktemp("axe")
    command = [npm, "pack", _AXE, "--silent"]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)
    except (subprocess.SubprocessError, OSError) as fault:
        pytest.skip(f"npm cannot be reached for {_AXE}: {fault}")
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as packed:
        member = packed.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode("utf-8")


def serious(page: object) -> list[str]:
    found = page.evaluate(_RUN)["violations"]  # type: ignore[attr-defined]
    return [
        f"{fault['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for fault in found
        if fault["impact"] in {"serious", "critical"}
        for node in fault["nodes"][:3]
    ]


@pytest.fixture(scope="module", params=["example", "taipei", "las-palmas", 267, 5_564])
def drawn(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the map of the example, of a real city, or of a synthetic one of n communities."""
    folder, place = tmp_path_factory.mktemp("drawn"), request.param
    if place == "example":
        project = example_project("city", folder)
    elif isinstance(place, str):
        shared_data = request.getfixturevalue("shared_data")
        project = (taipei if place == "taipei" else las_palmas)(shared_data, folder)
    else:
        project = write_city(build_city(n_communities=place), folder)
    audit = replace(run_audit(load(read_project(project))), map_marks={"mark": "内部资料"})
    return write_map(audit, folder / "map.html")


@pytest.mark.parametrize("size", [(1600, 1000), (390, 844)])
def test_no_serious_fault_on_the_map(axe: str, drawn: Path, size: tuple[int, int]) -> None:
    with browser() as started:
        context = started.new_context(
            bypass_csp=True, viewport={"width": size[0], "height": size[1]}
        )
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.goto(drawn.as_uri())
        page.wait_for_selector("html[data-ready]", state="attached")
        page.evaluate(axe)
        for state, code in _STATES.items():
            page.evaluate(f"async () => {{ await {code} }}")
            assert serious(page) == [], state


def test_no_serious_fault_in_the_report(axe: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(report_html(fake_audit()), encoding="utf-8")
    with browser() as started:
        page = started.new_context(bypass_csp=True).new_page()
        page.goto(path.as_uri())
        page.evaluate(axe)
        assert serious(page) == []
