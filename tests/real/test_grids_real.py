"""Overlaps and gaps of real layers against the plain, slow way and against what was measured.

The reference here is written apart from the checks: every pair by `intersection`, and one
difference with the union of all grids.
"""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.findings import Report
from geo.grids import (
    find_detached_parts,
    find_gaps,
    find_hierarchy_faults,
    find_isolated,
    find_outside_parent,
    find_overlaps,
    find_sites_in_no_grid,
    is_outside_units,
    neighbours,
)

NOISE_M, SLIVER_M = 0.05, 1.0


def layer(path: Path, id_column: str, crs: str, *, name: str | None = None) -> gpd.GeoDataFrame:
    """Return the polygons of a file with text ids, valid, in metres."""
    read = gpd.read_parquet if path.suffix == ".parquet" else gpd.read_file
    frame = read(path) if name is None else read(path, layer=name)
    frame = frame.to_crs(crs)
    frame.geometry = shapely.make_valid(frame.geometry.array)
    frame.index = [str(v).removesuffix(".0") for v in frame[id_column]]
    return frame.rename_axis("grid_id").assign(kind="base")


@pytest.fixture(scope="module")
def catchments(shared_data: Path) -> gpd.GeoDataFrame:
    return layer(shared_data / "las-palmas" / "school_catchments.gpkg", "Codigo", "EPSG:32628")


@pytest.fixture(scope="module")
def villages(shared_data: Path) -> gpd.GeoDataFrame:
    path = shared_data / "taipei" / "taipei_admin.gpkg"
    frame = layer(path, "CPTVID", "EPSG:3826", name="villages_li")
    return frame.rename(columns={"CPTID": "parent_id", "PTVNAME": "name"})


@pytest.fixture(scope="module")
def districts(shared_data: Path) -> gpd.GeoDataFrame:
    path = shared_data / "taipei" / "taipei_admin.gpkg"
    frame = layer(path, "CPTID", "EPSG:3826", name="districts_qu")
    return frame.assign(level="district").rename_axis("unit_id")


def overlaps(frame: gpd.GeoDataFrame) -> Report:
    return find_overlaps(frame, noise_width_m=NOISE_M, sliver_width_m=SLIVER_M)


def gaps(frame: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame | None = None) -> Report:
    return find_gaps(frame, outlines, noise_width_m=NOISE_M, sliver_width_m=SLIVER_M)


def polygons(geometry: shapely.Geometry | None) -> list[shapely.Polygon]:
    if geometry is None or geometry.is_empty:
        return []
    if geometry.geom_type == "Polygon":
        return [geometry]
    return [p for part in getattr(geometry, "geoms", ()) for p in polygons(part)]


def width_m(polygon: shapely.Polygon) -> float:
    return 2 * polygon.area / polygon.length


def slow_overlaps(frame: gpd.GeoDataFrame) -> dict[tuple[str, ...], list[shapely.Polygon]]:
    found = {}
    for i, a in enumerate(frame.geometry):
        for j in range(i):
            shared = polygons(a.intersection(frame.geometry.iloc[j]))
            if any(width_m(p) >= NOISE_M for p in shared):
                found[tuple(sorted((frame.index[i], frame.index[j])))] = shared
    return found


def slow_gaps(frame: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame | None) -> list[shapely.Polygon]:
    union = shapely.union_all(frame.geometry.array)
    if outlines is None:
        shells = [shapely.Polygon(p.exterior) for p in polygons(union)]
        found = polygons(shapely.union_all(shells).difference(union))
    else:
        found = [p for g in outlines.geometry for p in polygons(g.difference(union))]
    return [p for p in found if width_m(p) >= NOISE_M]


def check_overlaps(frame: gpd.GeoDataFrame) -> None:
    truth, told = slow_overlaps(frame), overlaps(frame).findings
    assert sorted(told["grid_ids"]) == sorted(truth)
    for row in told.itertuples():
        parts = truth[row.grid_ids]
        assert row.measure == pytest.approx(sum(p.area for p in parts))
        assert row.rule == ("G201" if max(map(width_m, parts)) >= SLIVER_M else "G204")


def check_gaps(frame: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame | None) -> None:
    truth, told = slow_gaps(frame, outlines), gaps(frame, outlines).findings
    assert sorted(told["measure"]) == pytest.approx(sorted(p.area for p in truth), rel=1e-6)
    wide = sum(width_m(p) >= SLIVER_M for p in truth)
    assert (told["rule"] == "G203").sum() == wide


def test_las_palmas_has_the_overlaps_and_gaps_that_were_measured(
    shared_data: Path, catchments: gpd.GeoDataFrame
) -> None:
    own = layer(shared_data / "las-palmas" / "school_catchments.gpkg", "Codigo", "EPSG:5635")
    all_widths = find_overlaps(own, noise_width_m=0.0, sliver_width_m=SLIVER_M).findings
    all_gaps = find_gaps(own, None, noise_width_m=0.0, sliver_width_m=SLIVER_M).findings

    assert (all_widths["measure"] > 1.0).sum() == 44
    assert all_widths["measure"].sum() == pytest.approx(703_885, rel=1e-3)
    assert (all_gaps["measure"] > 1.0).sum() == 219
    assert all_gaps["measure"].sum() == pytest.approx(1.06e6, rel=0.01)
    assert len(find_detached_parts(catchments).findings) == 4


def test_las_palmas_equals_the_slow_way(shared_data: Path, catchments: gpd.GeoDataFrame) -> None:
    municipality = gpd.read_file(shared_data / "las-palmas" / "municipality.gpkg")
    check_overlaps(catchments)
    check_gaps(catchments, None)
    check_gaps(catchments, municipality.to_crs("EPSG:32628"))


def test_the_sites_of_las_palmas_outside_all_catchments_are_those_measured(
    shared_data: Path, catchments: gpd.GeoDataFrame
) -> None:
    sites = gpd.read_file(shared_data / "las-palmas" / "service_sites.geojson")
    sites = sites.to_crs("EPSG:32628")
    sites.geometry = sites.geometry.centroid
    sites.index = [f"s{i}" for i in range(len(sites))]

    assert len(find_sites_in_no_grid(catchments, sites).findings) == 20


def test_the_villages_of_taipei_tile_up_to_noise(
    villages: gpd.GeoDataFrame, districts: gpd.GeoDataFrame
) -> None:
    report = gaps(villages)

    assert overlaps(villages).ok
    assert list(report.findings["rule"]) == ["G204"]
    assert report.findings["measure"].iloc[0] == pytest.approx(4.0, abs=0.05)
    check_gaps(villages, None)
    check_gaps(villages, districts)


def test_every_village_of_taipei_lies_in_its_district_beside_another(
    villages: gpd.GeoDataFrame, districts: gpd.GeoDataFrame
) -> None:
    levels = ("district",)
    borders = neighbours(villages, sliver_width_m=SLIVER_M)

    assert find_hierarchy_faults(villages, districts, levels).ok
    assert not is_outside_units(villages, districts, levels).any()
    assert find_isolated(villages, borders).ok


def test_the_villages_that_reach_outside_their_district_are_those_of_the_slow_way(
    villages: gpd.GeoDataFrame, districts: gpd.GeoDataFrame
) -> None:
    outside = {}
    for grid_id, parent_id, geometry in zip(
        villages.index, villages["parent_id"], villages.geometry, strict=True
    ):
        parts = polygons(geometry.difference(districts.geometry[parent_id]))
        area_m2 = sum(p.area for p in parts if width_m(p) >= NOISE_M)
        if area_m2:
            outside[grid_id] = area_m2
    told = find_outside_parent(villages, districts, noise_width_m=NOISE_M).findings

    assert [ids[0] for ids in told["grid_ids"]] == list(outside)
    assert list(told["measure"]) == pytest.approx(list(outside.values()), rel=1e-6)
    assert len(told) == 28


@pytest.mark.parametrize(
    ("file", "id_column", "n_overlaps", "n_gaps"),
    [("taipei_stat_code1.parquet", "CODE1", 2, 1), ("taipei_stat_code2.parquet", "CODE2", 0, 1)],
)
def test_the_statistical_areas_of_taipei_have_the_defects_that_were_measured(
    shared_data: Path, file: str, id_column: str, *, n_overlaps: int, n_gaps: int
) -> None:
    frame = layer(shared_data / "taipei" / file, id_column, "EPSG:3826")
    shared, missing = overlaps(frame).findings, gaps(frame).findings

    assert (shared["measure"] > 1.0).sum() == n_overlaps
    assert (missing["measure"] > 1.0).sum() == n_gaps


def test_the_common_border_is_the_one_of_plain_geometry(catchments: gpd.GeoDataFrame) -> None:
    exact = {}
    boundary = catchments.geometry.boundary
    for i in range(len(catchments)):
        for j in range(i):
            shared = shapely.intersection(boundary.iloc[i], boundary.iloc[j]).length
            if shared >= 1.0:
                exact[tuple(sorted((catchments.index[i], catchments.index[j])))] = shared
    borders = neighbours(catchments, sliver_width_m=SLIVER_M)
    told = {(r.left_id, r.right_id): r.border_m for r in borders.itertuples()}

    assert set(exact) <= set(told)
    assert np.all([told[pair] >= length - 2.5 for pair, length in exact.items()])
