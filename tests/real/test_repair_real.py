"""Repair of real borders and of a city of 2,400 grids: clean, nothing undisputed lost, once."""

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from geo.io import load, read_project
from geo.planning import RepairRules, repair_grids
from geo.synth import build_city, write_city
from tests.repair_cases import NOISE_M, RULES, SLIVER_M, check_repair, undisputed_lost_m2


@pytest.fixture(scope="module")
def catchments(shared_data: Path) -> gpd.GeoDataFrame:
    frame = gpd.read_file(shared_data / "las-palmas" / "school_catchments.gpkg")
    frame = frame.to_crs("EPSG:32628")
    frame.geometry = shapely.make_valid(frame.geometry.array)
    frame.index = [str(code).removesuffix(".0") for code in frame["Codigo"]]
    return frame.rename_axis("grid_id").assign(kind="base")[["kind", "geometry"]]


@pytest.mark.parametrize("by", ["owner", "border", "population"])
def test_las_palmas_is_mended(catchments: gpd.GeoDataFrame, by: str) -> None:
    rules = RepairRules(noise_width_m=NOISE_M, sliver_width_m=SLIVER_M, by=by)
    repair = check_repair(catchments, rules=rules)

    assert len(repair.before) == 267
    assert repair.after.empty


def test_las_palmas_is_mended_inside_its_municipality(
    shared_data: Path, catchments: gpd.GeoDataFrame
) -> None:
    outline = gpd.read_file(shared_data / "las-palmas" / "municipality.gpkg").to_crs("EPSG:32628")
    outline.index = ["u0"]
    outline = outline.rename_axis("unit_id")
    repair = repair_grids(catchments, rules=RULES, outlines=outline)

    assert not len(repair.after[repair.after["grid_ids"].map(len) > 0])  # but for the islands
    assert list(repair.proposals["status"]) == ["proposed"] * len(repair.after)
    assert undisputed_lost_m2(catchments, repair.grids) < 1e-3


def test_a_city_of_2400_grids_is_mended(tmp_path: Path) -> None:
    path = write_city(build_city(n_communities=267, seed=0), tmp_path)
    layers = load(read_project(path)).layers
    repair = check_repair(
        layers.grids,
        outlines=layers.outlines,
        buildings=layers.buildings,
        units=layers.units,
    )
    named = {grid_id for ids in repair.before["grid_ids"] for grid_id in ids}
    touched = repair.grids.index[repair.grids["status"] != "unchanged"]

    assert set(touched) <= named
    assert set(repair.after["rule"]) == {"G207"}
    assert repair.n_rounds == 1
