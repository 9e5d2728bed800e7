"""The look-back recovers every edit planted in a random city, and sees none where there is none."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from geo.audit import run_audit
from geo.io import load, read_project
from geo.layers import Layers
from geo.planning.lookback import Lookback, look_back
from geo.synth import build_city, write_city
from tests.edits import EDITS, audit_of, city_layers, disagreements, edit


def edited_pair(seed: int, kinds: tuple[str, ...], *, defect_share: float, times: int = 2) -> None:
    layers = city_layers(build_city(12, seed=seed, defect_share=defect_share))
    made = edit(layers, kinds, seed=seed, times=times)
    after = replace(layers, grids=made.grids, units=made.units, buildings=made.buildings)
    assert disagreements(look_back(audit_of(layers), audit_of(after)), made) == []
    assert len(made.done) >= 0.7 * len(kinds)


@pytest.mark.parametrize("seed", range(10))
def test_all_edits_mixed_are_recovered(seed: int) -> None:
    edited_pair(seed, EDITS, defect_share=0.18 if seed % 2 else 0.0, times=1 + seed % 2)


@pytest.mark.parametrize("kind", EDITS)
def test_one_edit_alone_is_recovered(kind: str) -> None:
    edited_pair(41, (kind,), defect_share=0.0)


@pytest.fixture(scope="module")
def city() -> Layers:
    return city_layers(build_city(15, seed=7))


def nothing_adjusted(found: Lookback) -> None:
    assert found.n_adjusted == 0
    assert len(found.moved_buildings) == 0
    assert sum(found.flag_counts.values()) == 0
    people = found.residents
    assert (people["before"], people["moved"], people["gone"], people["new"]) == (
        people["after"],
        0,
        0,
        0,
    )


def test_the_same_city_twice_has_nothing_adjusted(city: Layers) -> None:
    found = look_back(audit_of(city), audit_of(city))
    nothing_adjusted(found)
    assert found.lineage_counts["unchanged"] == len(city.grids)


@pytest.mark.parametrize("crs", ["EPSG:32648", "EPSG:4545"])
def test_another_projection_is_no_change(city: Layers, crs: str) -> None:
    assert city.units is not None
    assert city.sites is not None
    assert city.buildings is not None
    moved = replace(
        city,
        grids=city.grids.to_crs(crs),
        units=city.units.to_crs(crs),
        sites=city.sites.to_crs(crs),
        buildings=city.buildings.to_crs(crs),
    )
    found = look_back(audit_of(city), audit_of(moved))
    nothing_adjusted(found)
    assert found.lineage_counts["unchanged"] == len(city.grids)


def test_vertices_and_rows_in_another_order_are_no_change(city: Layers) -> None:
    rng = np.random.default_rng(0)

    def turned(shape: shapely.Geometry) -> shapely.Geometry:
        if shape.geom_type == "MultiPolygon":
            return shapely.MultiPolygon([turned(part) for part in reversed(shape.geoms)])
        rings = []
        for ring in (shape.exterior, *shape.interiors):
            xy = np.roll(np.asarray(ring.coords)[:-1], int(rng.integers(50)), axis=0)
            rings.append(xy[::-1] if rng.random() < 0.5 else xy)
        return shapely.Polygon(rings[0], rings[1:])

    grids = city.grids.set_geometry([turned(shape) for shape in city.grids.geometry])
    grids = grids.set_crs(city.grids.crs).sample(frac=1, random_state=1)
    found = look_back(audit_of(city), audit_of(replace(city, grids=grids)))
    nothing_adjusted(found)
    assert found.lineage_counts["unchanged"] == len(city.grids)


def test_borders_simplified_by_five_metres_are_resurveyed(city: Layers) -> None:
    grids = city.grids.set_geometry(city.grids.simplify(5))
    found = look_back(audit_of(city), audit_of(replace(city, grids=grids)), border_tolerance_m=5)
    nothing_adjusted(found)
    assert found.lineage_counts["resurveyed"] > 100


def test_borders_beyond_the_tolerance_are_redrawn(city: Layers) -> None:
    grids = city.grids.set_geometry(city.grids.simplify(5))
    found = look_back(audit_of(city), audit_of(replace(city, grids=grids)), border_tolerance_m=1)
    assert found.lineage_counts["redrawn"] > 50
    assert found.n_adjusted == found.lineage_counts["redrawn"]


def test_an_edited_city_on_disk_is_loaded_audited_and_compared(tmp_path: Path) -> None:
    city = build_city(8, seed=3)
    before, after = (write_city(city, tmp_path / name) for name in ("before", "after"))
    made = edit(city_layers(city), EDITS, seed=3)
    for name, frame in (("grids", made.grids), ("buildings", made.buildings)):
        frame.reset_index().to_file(after.with_name("city.gpkg"), layer=name, driver="GPKG")
    old, new = (run_audit(load(read_project(path))) for path in (before, after))
    found = look_back(old, new)
    assert disagreements(found, made) == []
    assert found.n_defects("left") > 0
    assert found.n_defects("introduced") > 0
    total = found.n_defects("left") + found.n_defects("introduced")
    assert total == new.n_findings("error") + new.n_findings("warning")
