"""How soon the map page answers a dragged site: Wuhan's streets in headless Chromium.

Run it: `python -m benchmarks.dragging [--drags 40]`. The streets are real (92,667 edges, 82,902
nodes); 300 sites and 30,000 buildings are drawn at random beside them, and a net of squares over
them: those of its 900 grids that hold a building.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from benchmarks.maps import chromium
from benchmarks.places import MissingDataError
from benchmarks.report import machine, write_json
from benchmarks.towns import street_file
from geo.audit import Audit, run_audit
from geo.findings import findings_frame
from geo.io import Loaded
from geo.io.project import LayerSpec, Project
from geo.layers import Layers
from geo.standards import load_standard
from maps import write_map

N_SITES, N_BUILDINGS, N_GRIDS_A_SIDE = 300, 30_000, 30
NEAR_M = 60.0
LIMIT_MS = 300
_OPEN = """async () => {
  document.getElementById("gc-whatif").open = true;
  await GC.openWhatIf();
  GC.tried.edits.move[0] = [GC.tried.city.siteXY[0], GC.tried.city.siteXY[1]];
  GC.runWhatIf();
}"""
_DRAG = """(xy) => {
  const begin = performance.now(), edits = GC.tried.edits;
  edits.move[0] = xy;
  GC.tried.result = GC.whatIfJudge(GC.tried.city, edits);
  GC.drawWhatIf();
  const dragged = performance.now() - begin;
  GC.runWhatIf();
  return [dragged, performance.now() - begin - dragged];
}"""


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dragging", description=__doc__)
    parser.add_argument("--drags", type=int, default=40)
    options = parser.parse_args()
    try:
        city = wuhan()
    except MissingDataError as error:
        print(f"skipped: {error}")
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        page = write_map(city, Path(scratch) / "map.html")
        size_mb = page.stat().st_size / 1e6
        spent = dragged(page, places(city, options.drags))
    row: dict[str, Any] = {"page_mb": round(size_mb, 2), "drags": options.drags}
    for name, column in (("while dragged", 0), ("let go", 1)):
        middle, most = np.median(spent[:, column]), spent[:, column].max()
        row[name] = {"median_ms": round(float(middle), 1), "most_ms": round(float(most), 1)}
        verdict = "kept" if most < LIMIT_MS else "NOT KEPT"
        print(f"{name:14} median {middle:6.1f} ms, most {most:6.1f} ms, {LIMIT_MS}: {verdict}")
    print(f"page {size_mb:.1f} MB")
    print(write_json("dragging", {"machine": machine(), "wuhan": row}).name)
    return 0


def wuhan() -> Audit:
    """Return an audit of coverage along the streets of Wuhan."""
    path, crs, _ = street_file("wuhan")
    lines = shapely.from_wkb(pd.read_parquet(path, columns=["geometry"])["geometry"].to_numpy())
    streets = gpd.GeoDataFrame(geometry=lines, crs=crs).rename_axis("street_id")
    rng = np.random.default_rng(3)
    xy = shapely.get_coordinates(lines)

    def beside(n: int) -> Any:  # noqa: ANN401
        return shapely.points(xy[rng.integers(len(xy), size=n)] + rng.normal(0, NEAR_M / 2, (n, 2)))

    sites = gpd.GeoDataFrame(geometry=beside(N_SITES), crs=crs).rename(index="s{}".format)
    buildings = gpd.GeoDataFrame(
        {"residents": rng.integers(10, 400, N_BUILDINGS)}, geometry=beside(N_BUILDINGS), crs=crs
    ).rename(index="b{}".format)
    west, south, east, north = streets.total_bounds
    x, y = (np.linspace(a, b, N_GRIDS_A_SIDE + 1) for a, b in ((west, east), (south, north)))
    boxes = shapely.box(*np.meshgrid(x[:-1], y[:-1]), *np.meshgrid(x[1:], y[1:])).ravel()
    held = np.unique(shapely.STRtree(boxes).query(buildings.geometry.array)[1])
    grids = gpd.GeoDataFrame({"kind": "base"}, geometry=boxes[held], crs=crs, index=held)
    layers = Layers(
        grids=grids.rename(index="g{}".format).rename_axis("grid_id"),
        sites=sites.rename_axis("site_id"),
        buildings=buildings.rename_axis("building_id"),
        streets=streets,
        has_all_buildings=True,
    )
    spec = LayerSpec(name="grids", schema="grids", path=Path("wuhan"), shown="wuhan")
    return run_audit(
        Loaded(
            project=Project(project_id="wuhan", title="Wuhan", layers=(spec,)),
            layers=layers,
            standard=load_standard(["gb50180-2018"]),
            sources=(),
            findings=findings_frame([], layers.crs),
            quarantine=pd.DataFrame(),
        ),
        select=("C",),
    )


def places(city: Audit, n: int) -> np.ndarray:
    """Return n places (metres) to drag a site to: where other sites are."""
    found: np.ndarray = shapely.get_coordinates(city.layers.sites.geometry.array)[1 : n + 1]
    return found


def dragged(path: Path, at: np.ndarray) -> np.ndarray:
    """Return ms of each drag in the page: while it is dragged, and when it is let go."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.set_default_timeout(120_000)
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready]", state="attached")
        page.evaluate(_OPEN)
        return np.array([page.evaluate(_DRAG, [float(x), float(y)]) for x, y in at])


if __name__ == "__main__":
    sys.exit(main())
