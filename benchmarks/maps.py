"""Our map against plain Folium GeoJson on the same grids, in headless Chromium.

Run it: `python -m benchmarks.maps [--communities 267 5556] [--audit AUDIT_GPKG …] [--rounds 3]`.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from statistics import median
from typing import Any

import folium

from benchmarks.report import machine, write_json
from geo.audit import Audit, run_audit
from geo.io import load, read_project
from geo.outputs import read_audit
from geo.synth import build_city, write_city
from maps import write_map

NOTE = (
    "first full drawing: seconds from opening the file to the second frame after everything is on "
    "the page; frames a second: 40 steps of panning by 16 pixels; every other request blocked"
)
_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
_READY = """
window.drawn = new Promise(done => {
  const ready = () => document.readyState === "complete" &&
    (document.documentElement.hasAttribute("data-ready") || !document.getElementById("gc-app"));
  const look = () => ready()
    ? requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))
    : requestAnimationFrame(look);
  requestAnimationFrame(look);
});
"""
_PAN = """async () => {
  const name = Object.keys(window).find(key => window[key] instanceof L.Map);
  const map = window[name], frame = () => new Promise(requestAnimationFrame);
  map.setZoom(map.getZoom() + 1, {animate: false});
  for (let k = 0; k < 3; k++) await frame();
  const from = performance.now();
  let n = 0;
  while (n < 40 && performance.now() - from < 20000) {
    map.panBy([n % 20 < 10 ? 16 : -16, 4], {animate: false});
    await frame();
    n++;
  }
  return n * 1000 / (performance.now() - from);
}"""


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.maps", description=__doc__)
    parser.add_argument("--communities", type=int, nargs="*", default=[267, 5556])
    parser.add_argument("--audit", type=Path, nargs="*", help="audits to draw instead")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    cities = []
    with tempfile.TemporaryDirectory() as scratch:
        for audit in audits(options, Path(scratch)):
            cities.append(measure(audit, Path(scratch), rounds=options.rounds))
            show(cities[-1])
    print(write_json("maps", {"note": NOTE, "machine": machine(), "cities": cities}).name)
    return 0


def audits(options: argparse.Namespace, scratch: Path) -> Iterator[Audit]:
    """Yield the audits to draw: those given, else synthetic cities."""
    if options.audit:
        yield from map(read_audit, options.audit)
        return
    for n in options.communities:
        project = write_city(build_city(n_communities=n), scratch / str(n))
        yield run_audit(load(read_project(project)))


def measure(audit: Audit, scratch: Path, *, rounds: int) -> dict[str, Any]:
    """Return size, time to the first full drawing and frames a second of the three pages."""
    pages = {
        "ours, same grids": write_map(grids_alone(audit), scratch / "same.html"),
        "Folium GeoJson": write_folium(audit, scratch / "folium.html"),
        "ours, whole map": write_map(audit, scratch / "whole.html"),
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in pages}
    for _ in range(rounds):
        for name, path in pages.items():
            with chromium() as browser:  # a new one each: no page pays for the one before
                taken[name].append(opened(browser, path))
    rows = {
        name: {
            "bytes": path.stat().st_size,
            "drawn_seconds": round(median(t for t, _ in taken[name]), 3),
            "frames_per_second": round(median(f for _, f in taken[name]), 2),
        }
        for name, path in pages.items()
    }
    return {"n_grids": len(audit.grids), "rounds": rounds, "pages": rows, "ratios": ratios(rows)}


def ratios(rows: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return how much sooner, smaller and smoother ours is than Folium on the same grids."""
    ours, plain = rows["ours, same grids"], rows["Folium GeoJson"]
    return {
        "sooner": round(plain["drawn_seconds"] / ours["drawn_seconds"], 1),
        "smaller": round(plain["bytes"] / ours["bytes"], 1),
        "more frames": round(ours["frames_per_second"] / plain["frames_per_second"], 1),
    }


def grids_alone(audit: Audit) -> Audit:
    """Return the audit with its grids and their columns alone: what the plain page shows too."""
    bare = replace(audit.layers, units=None, sites=None, streets=None, buildings=None, levels=())
    return replace(
        audit,
        layers=bare,
        units=None,
        sites=None,
        findings=audit.findings.head(0),
        circles=audit.circles.head(0),
    )


def write_folium(audit: Audit, path: Path) -> Path:
    """Write the page that a script of a few lines would: one GeoJson with style and tooltip."""
    tier = audit.standard.orphan_tier
    names = ["name", "residents", f"class_{tier}", f"nearest_m_{tier}"]
    fields = [name for name in names if name in audit.grids]
    frame = audit.grids[[*fields, "geometry"]].to_crs(4326).reset_index()
    colours = {"blank": "#ee8a4a", "thin": "#bcd6eb", "crowded": "#235c9f"}
    west, south, east, north = frame.total_bounds
    page = folium.Map(tiles=None, max_zoom=22)
    folium.GeoJson(
        frame,
        style_function=lambda feature: {
            "fillColor": colours.get(feature["properties"].get(f"class_{tier}"), "#5d9fd1"),
            "color": "#fff",
            "weight": 0.7,
            "fillOpacity": 1,
        },
        tooltip=folium.GeoJsonTooltip([frame.columns[0], *fields]),
    ).add_to(page)
    page.fit_bounds([[south, west], [north, east]])
    page.save(str(path))
    return path


@contextmanager
def chromium() -> Iterator[Any]:
    """Start Chromium."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    from tests.browser.pages import chromium_path  # noqa: PLC0415

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium_path(), args=list(_ARGUMENTS), timeout=60_000
        )
        try:
            yield started
        finally:
            started.close()


def opened(browser: Any, path: Path) -> tuple[float, float]:  # noqa: ANN401
    """Return seconds until all is drawn, and frames a second while panning."""
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.set_default_timeout(300_000)
    leaflet = files("maps").joinpath("assets", "leaflet", "leaflet.js").read_text(encoding="utf-8")

    def answer(route: Any) -> None:  # noqa: ANN401
        url = route.request.url
        if url.startswith("file:"):
            route.continue_()
        elif url.endswith("leaflet.js"):
            route.fulfill(body=leaflet, content_type="text/javascript")
        else:
            route.fulfill(body="", content_type="text/css" if "css" in url else "text/javascript")

    page.route("**/*", answer)
    page.add_init_script(_READY)
    page.goto(path.as_uri(), timeout=300_000)
    drawn_ms = page.evaluate("window.drawn")
    frames = page.evaluate(_PAN)
    page.close()
    return drawn_ms / 1000, frames


def show(city: Mapping[str, Any]) -> None:
    """Print one city as a table."""
    print(f"\n{city['n_grids']:,} grids")
    print(f"  {'':20}{'MB':>8}{'drawn s':>10}{'frames/s':>10}")
    for name, row in city["pages"].items():
        size, seconds, frames = row["bytes"] / 1e6, row["drawn_seconds"], row["frames_per_second"]
        print(f"  {name:20}{size:>8.2f}{seconds:>10.2f}{frames:>10.1f}")
    print("  " + ", ".join(f"{value} × {name}" for name, value in city["ratios"].items()))


if __name__ == "__main__":
    sys.exit(main())
