"""The shapes of the page are those of the audit, also those taken along an earlier border."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely

from geo.audit import run_audit
from geo.io import load, read_project
from geo.synth import build_city, write_city
from maps import write_map
from maps.packing import FINE_DEG
from maps.scene import lonlat
from tests.browser.pages import browser, open_map

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

_RINGS = """(name) => {
  const shapes = GC.data.shapes[name], told = [];
  for (let i = 0; i < shapes.n; i++) {
    told.push(GC.ringsOf(shapes, i).map((ring) => ring.map((at) => [at.lng, at.lat])));
  }
  return told;
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


def test_every_grid_and_unit_has_its_own_shape(chromium: Browser, tmp_path: Path) -> None:
    audit = run_audit(load(read_project(write_city(build_city(4, seed=3), tmp_path))))
    opened = open_map(chromium, write_map(audit, tmp_path / "map.html"))
    for name, frame in (("units", audit.units), ("grids", audit.grids)):
        told = opened.page.evaluate(_RINGS, name)  # units first: their borders are those of grids
        shapes = lonlat(frame)
        assert len(told) == len(shapes)
        for rings, shape in zip(told, shapes, strict=True):
            given = shapely.get_rings(shapely.get_parts(shape))
            assert len(rings) == len(given)
            for ring, wanted in zip(rings, given, strict=True):
                xy = shapely.get_coordinates(wanted)[:-1]
                np.testing.assert_allclose(ring, xy, rtol=0, atol=FINE_DEG)
    assert opened.faults == []
