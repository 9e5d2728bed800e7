"""A synthetic city: its shape, its proportions, its files."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.testing import assert_geometries_equal

from geo.errors import LayerError
from geo.synth import City, build_city, write_city


@pytest.fixture(scope="module")
def clean() -> City:
    return build_city(40, defect_share=0.0)


def base_of(city: City) -> gpd.GeoDataFrame:
    return city.grids[city.grids["kind"] == "base"]


def test_a_clean_city_is_a_coverage_without_gap_or_overlap(clean: City) -> None:
    base = base_of(clean).geometry.array
    assert shapely.is_valid(base).all()
    assert shapely.coverage_is_valid(base)
    # Eight base grids tile each community exactly.
    tiled = pd.Series(base, index=base_of(clean)["parent_id"]).groupby(level=0).agg(list)
    for unit_id, parts in tiled.items():
        outline = clean.communities.geometry[unit_id]
        assert shapely.difference(outline, shapely.union_all(parts)).area == 0
        assert len(parts) == 8


def test_outlines_have_the_vertices_of_their_grids(clean: City) -> None:
    corners = {tuple(xy) for xy in shapely.get_coordinates(base_of(clean).geometry.array)}
    for units in (clean.communities, clean.streets):
        outline = {tuple(xy) for xy in shapely.get_coordinates(units.geometry.array)}
        assert outline <= corners


def test_streets_hold_about_eight_communities_and_tile_the_city(clean: City) -> None:
    sizes = clean.communities.groupby("parent_id").size()
    assert sizes.between(6, 11).all()
    assert clean.streets.geometry.area.sum() == pytest.approx(clean.communities.geometry.area.sum())


def test_proportions_are_those_of_real_districts(clean: City) -> None:
    assert len(clean.grids) == 40 * 9
    assert (clean.grids["kind"] == "dedicated").mean() == pytest.approx(0.111, abs=0.001)
    assert len(clean.buildings) == 40 * 8 * 14
    assert len(clean.grids) / len(clean.sites) == pytest.approx(1.7, abs=0.01)
    assert base_of(clean)["households"].between(300, 500).all()
    assert base_of(clean).geometry.area.between(10_000, 200_000).all()


def test_a_dedicated_grid_lies_inside_one_base_grid_of_its_community(clean: City) -> None:
    dedicated = clean.grids[clean.grids["kind"] == "dedicated"]
    hosts = gpd.sjoin(dedicated[["parent_id", "geometry"]], base_of(clean), predicate="within")
    assert len(hosts) == 40
    assert (hosts["parent_id_left"] == hosts["parent_id_right"]).all()


def test_every_building_lies_in_its_grid_and_their_people_add_up(clean: City) -> None:
    base = base_of(clean)
    held = gpd.sjoin(clean.building_frame(), base[["geometry"]], predicate="within")
    assert len(held) == len(clean.buildings)
    for column in ("households", "residents"):
        sums = held.groupby("grid_id")[column].sum()
        assert (sums == base[column].reindex(sums.index)).all()


def test_ids_follow_the_code_scheme_and_names_are_chinese(clean: City) -> None:
    assert clean.grids.index.is_unique
    assert clean.grids.index.str.fullmatch(r"\d{15}").all()
    assert (clean.grids.index.str[:12] == clean.grids["parent_id"]).all()
    assert (clean.communities.index.str[:9] == clean.communities["parent_id"]).all()
    assert clean.communities["name"].str.endswith("社区").all()
    assert clean.streets["name"].str.endswith("街道").all()
    assert (
        not clean.communities.groupby("parent_id")["name"].agg(lambda s: s.duplicated().any()).any()
    )


def test_grids_are_numbered_from_north_to_south(clean: City) -> None:
    base = base_of(clean)
    number = base.index.str[-3:].astype(int)
    north = base.geometry.centroid.y
    first, last = north[number == 1].to_numpy(), north[number == 8].to_numpy()
    assert (first > last).all()


def test_a_river_parts_a_larger_city_and_bridges_cross_it(clean: City) -> None:
    banks = shapely.union_all(clean.communities.geometry.array)
    assert len(shapely.get_parts(banks)) == 2
    north, south = shapely.get_parts(banks)
    touches = clean.roads.intersects(north) & clean.roads.intersects(south)
    assert touches.any()
    assert set(clean.roads["rank"]) == {"主干路", "次干路", "支路", "巷道"}


def test_the_same_seed_gives_the_same_city_and_another_another() -> None:
    one, same, other = (build_city(3, seed=seed) for seed in (5, 5, 6))
    assert_geometries_equal(one.grids.geometry.array, same.grids.geometry.array)
    assert one.truth == same.truth
    assert np.array_equal(one.buildings.residents, same.buildings.residents)
    assert not np.array_equal(one.grids.total_bounds, other.grids.total_bounds)


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(1, 60), seed=st.integers(0, 10_000), share=st.sampled_from([0.0, 0.02, 0.18, 0.3])
)
def test_any_city_has_valid_polygons(n: int, seed: int, share: float) -> None:
    city = build_city(n, defect_share=share, seed=seed)
    for frame in (city.grids, city.communities, city.streets):
        assert shapely.is_valid(frame.geometry.array).all()
        assert frame.index.is_unique
    assert city.grids.geometry.area.min() > 100


@pytest.mark.parametrize(
    ("at", "epsg"),
    [((105.06, 29.58), 4544), ((118.1, 36.96), 4548), ((2.35, 48.86), 32631), ((151, -33), 32756)],
)
def test_the_zone_is_that_of_the_place(at: tuple[float, float], epsg: int) -> None:
    city = build_city(2, at=at)
    assert city.crs.to_epsg() == epsg
    middle = city.grids.to_crs(4326).total_bounds
    assert np.allclose([middle[[0, 2]].mean(), middle[[1, 3]].mean()], at, atol=0.02)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_communities": 0}, "at least 1"),
        ({"n_communities": 2, "defect_share": 0.9}, "between 0 and 0.3"),
        ({"n_communities": 2, "seed": -1}, "seed"),
        ({"n_communities": 2, "at": (200.0, 10.0)}, "longitude"),
    ],
)
def test_numbers_out_of_range_are_refused(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(LayerError, match=message):
        build_city(**arguments)


def test_the_files_give_back_the_city_to_the_last_bit(tmp_path: Path) -> None:
    city = build_city(3, seed=1)
    told: list[str] = []
    project = write_city(city, tmp_path / "城市", progress=told.append)
    path = project.with_name("city.gpkg")
    assert sorted(project.parent.iterdir()) == sorted(
        [project, path, project.with_name("truth.json")]
    )
    read = pyogrio.read_dataframe(path, layer="grids").set_index("grid_id")
    assert read.index.equals(city.grids.index)
    assert_geometries_equal(_normal(read), _normal(city.grids), tolerance=0)
    assert len(pyogrio.read_dataframe(path, layer="buildings")) == len(city.buildings)
    truth = json.loads(project.with_name("truth.json").read_text(encoding="utf-8"))
    assert truth["findings"] == list(city.truth)
    assert told


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "city").write_text("", encoding="utf-8")
    with pytest.raises(ValueError, match="cannot write"):
        write_city(build_city(1), tmp_path / "city")


def _normal(frame: gpd.GeoDataFrame) -> list[shapely.Geometry]:
    parts = [shapely.get_parts(geometry).tolist() for geometry in frame.geometry]
    return [shapely.MultiPolygon(some).normalize() for some in parts]
