"""Nets, cuts and mismatched borders of real layers, against plain ways and what was measured.

The villages and the statistical areas of one city are two nets that were drawn apart: of 11,490
areas 507 lie for less than 90 % in one village. The areas nest in their own upper level.
"""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.grids import neighbours
from geo.grids.cuts import find_cut_buildings
from geo.grids.mismatches import find_mismatches
from geo.grids.nets import compare_nets, find_net_conflicts

NOISE_M, SLIVER_M = 0.05, 1.0


def layer(path: Path, id_column: str, crs: str, *, name: str | None = None) -> gpd.GeoDataFrame:
    read = gpd.read_parquet if path.suffix == ".parquet" else gpd.read_file
    frame = (read(path) if name is None else read(path, layer=name)).to_crs(crs)
    frame.geometry = shapely.make_valid(frame.geometry.array)
    frame.index = frame[id_column].astype(str).to_numpy(dtype=object)
    return frame.rename_axis("grid_id").assign(kind="base")


@pytest.fixture(scope="module")
def areas(shared_data: Path) -> gpd.GeoDataFrame:
    path = shared_data / "taipei" / "taipei_basic_stat_areas.parquet"
    return layer(path, "CODEBASE", "EPSG:3826")


@pytest.fixture(scope="module")
def villages(shared_data: Path) -> gpd.GeoDataFrame:
    path = shared_data / "taipei" / "taipei_admin.gpkg"
    return layer(path, "CPTVID", "EPSG:3826", name="villages_li")


def test_statistical_areas_across_villages(
    areas: gpd.GeoDataFrame, villages: gpd.GeoDataFrame
) -> None:
    found = compare_nets(areas, {"li": villages}, sliver_width_m=SLIVER_M)
    pieces = found.faces.dropna(subset=["grid_id", "net_li"])
    by_pair = pieces.groupby(["grid_id", "net_li"])["area_m2"].sum()
    most = by_pair.groupby(level=0).max().reindex(areas.index)
    assert (most / areas.area < 0.9).sum() == 507
    whole = found.faces.groupby("grid_id")["area_m2"].sum().reindex(areas.index)
    assert np.abs(whole - areas.area).max() < 0.001
    left, right = shapely.STRtree(villages.geometry.array).query(
        areas.geometry.array, predicate="intersects"
    )
    shared_m2 = shapely.area(
        shapely.intersection(areas.geometry.array[left], villages.geometry.array[right])
    ).sum()
    assert by_pair.sum() == pytest.approx(shared_m2, rel=1e-9)
    (row,) = found.agreement.to_dict("records")
    plain = by_pair.groupby(level=0).max().sum() / by_pair.sum()
    assert row["left_purity"] == pytest.approx(plain, abs=0.002)  # slivers do not count there


def test_statistical_areas_nest_in_their_own_upper_level(
    areas: gpd.GeoDataFrame, shared_data: Path
) -> None:
    upper = layer(shared_data / "taipei" / "taipei_stat_code2.parquet", "CODE2", "EPSG:3826")
    assert find_net_conflicts(areas, {"code2": upper}, sliver_width_m=SLIVER_M).ok


def test_the_borders_of_the_clean_reference_match_vertex_by_vertex(
    areas: gpd.GeoDataFrame,
) -> None:
    borders = neighbours(areas, sliver_width_m=SLIVER_M)
    report = find_mismatches(areas, borders, sliver_width_m=SLIVER_M)
    assert report.ok
    assert report.counts["n_pairs"] > 30_000


def test_buildings_cut_by_catchments_are_those_the_plain_way_finds(shared_data: Path) -> None:
    folder = shared_data / "las-palmas"
    grids = layer(folder / "school_catchments.gpkg", "Codigo", "EPSG:32628")
    drawn = gpd.read_parquet(folder / "buildings.parquet").to_crs("EPSG:32628")
    drawn.geometry = shapely.make_valid(drawn.geometry.array)
    drawn = drawn[drawn.geom_type.isin(["Polygon", "MultiPolygon"])]
    drawn.index = [f"b{i}" for i in range(len(drawn))]
    report = find_cut_buildings(grids, drawn, noise_width_m=NOISE_M)
    plain = {
        building: side
        for building, shape in drawn.geometry.items()
        if (side := _smaller_side_m2(shape, list(grids.geometry))) is not None
    }
    assert len(plain) > 50
    assert sorted(report.findings["measure"]) == pytest.approx(sorted(plain.values()), abs=0.3)


def _smaller_side_m2(shape: shapely.Geometry, grids: list[shapely.Geometry]) -> float | None:
    if any(grid.covers(shape) for grid in grids):
        return None
    inside = [grid.intersection(shape) for grid in grids if grid.intersects(shape)]
    inside = [part for part in inside if _width_m(part) >= NOISE_M]
    if not inside:
        return None
    largest = max(inside, key=lambda part: part.area)
    covered = shapely.union_all(inside)
    mostly_out = shape.area - covered.area > largest.area
    smaller = covered if mostly_out else shape.difference(largest)
    parts = [part for part in shapely.get_parts(smaller) if _width_m(part) >= NOISE_M]
    return sum(part.area for part in parts) or None


def _width_m(shape: shapely.Geometry) -> float:
    parts = shapely.get_parts(shape)
    return max((2 * part.area / part.length for part in parts if part.area), default=0.0)
