"""The fast way against the slow exact way on real layers: every finding, its area and its width."""

from pathlib import Path

import geopandas as gpd
import pytest

import geo.grids as fast
from tests import slow_tiling as slow
from tests.real.test_grids_real import layer
from tests.unit.test_grids_kernel_same import WIDTHS, assert_same, assert_same_borders


def check(grids: gpd.GeoDataFrame, units: gpd.GeoDataFrame | None = None) -> None:
    tiling = fast.tile(grids, units, noise_width_m=WIDTHS["noise_width_m"])
    assert_same(
        fast.find_overlaps(grids, **WIDTHS, tiling=tiling), slow.find_overlaps(grids, **WIDTHS)
    )
    assert_same(
        fast.find_gaps(grids, units, **WIDTHS, tiling=tiling),
        slow.find_gaps(grids, units, **WIDTHS),
    )
    assert_same_borders(grids, tiling)
    if units is not None:
        assert_same(
            fast.find_outside_parent(grids, units, noise_width_m=0.05, tiling=tiling),
            slow.find_outside_parent(grids, units, noise_width_m=0.05),
        )


def test_las_palmas(shared_data: Path) -> None:
    path = shared_data / "las-palmas" / "school_catchments.gpkg"
    check(layer(path, "Codigo", "EPSG:32628"))


def test_the_villages_of_taipei(shared_data: Path) -> None:
    path = shared_data / "taipei" / "taipei_admin.gpkg"
    villages = layer(path, "CPTVID", "EPSG:3826", name="villages_li")
    districts = layer(path, "CPTID", "EPSG:3826", name="districts_qu")
    check(
        villages.rename(columns={"CPTID": "parent_id", "PTVNAME": "name"}),
        districts.assign(level="district").rename_axis("unit_id"),
    )


@pytest.mark.parametrize(
    ("file", "id_column"),
    [
        ("taipei_stat_code2.parquet", "CODE2"),
        pytest.param("taipei_stat_code1.parquet", "CODE1", marks=pytest.mark.full),
    ],
)
def test_the_statistical_areas_of_taipei(shared_data: Path, file: str, id_column: str) -> None:
    check(layer(shared_data / "taipei" / file, id_column, "EPSG:3826"))
