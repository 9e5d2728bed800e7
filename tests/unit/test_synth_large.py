"""Large synthetic cities."""

from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely

from geo.synth import build_city, write_city


@pytest.mark.full
def test_a_hundred_thousand_grids_are_a_valid_tiling(tmp_path: Path) -> None:
    city = build_city(11_112, seed=2)
    base = city.grids[city.grids["kind"] == "base"]
    assert len(city.grids) > 100_000
    assert shapely.is_valid(city.grids.geometry.array).all()
    assert city.grids.index.is_unique
    on_paper = [row["unit_ids"][0] for row in city.truth if row["rule"] == "H305"]
    outlines = city.communities.drop(on_paper)
    more = base.geometry.area.sum() - outlines.geometry.area.sum()
    sign = {"overlap": 1, "gap": -1}
    planted = sum(
        row["measure"] * sign.get(row["defect"], 1)
        for row in city.truth
        if row["planted"] and row["rule"] in {"G201", "G202", "G203", "G204", "G210"}
    )
    assert more == pytest.approx(planted, rel=1e-3)
    counties = np.unique(city.streets.index.str[:6])
    assert len(counties) > 10
    path = write_city(city, tmp_path).with_name("city.gpkg")
    info = pyogrio.read_info(path, layer="buildings")
    assert info["features"] == len(city.buildings) > 1_000_000
