"""Simplified grids still meet; where they never did, it is said."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from maps.simplifying import drawn_grids, drawn_units


def wavy(shift_m: float = 0.0) -> gpd.GeoDataFrame:
    # ┌─────~─────┐   two grids of 100 m whose common border wiggles by 0.2 m, 101 points;
    # │  g0 ~ g1  │   g1 moved by `shift_m`
    # └─────~─────┘
    y = np.linspace(0, 100, 101)
    line = np.column_stack([100 + 0.2 * np.sin(y), y])
    left = shapely.Polygon([(0, 0), *line, (0, 100)])
    right = shapely.Polygon([(200, 0), *line, (200, 100)])
    right = shapely.transform(right, lambda xy: xy + np.array([shift_m, 0]))
    return gpd.GeoDataFrame(
        {"kind": "base"},
        geometry=[left, right],
        crs="EPSG:32650",
        index=pd.Index(["g0", "g1"], name="grid_id"),
    )


def test_few_vertices_stay_as_they_are() -> None:
    grids = wavy()
    drawn = drawn_grids(grids)
    assert drawn.tolerance_m == 0
    assert drawn.frame is grids
    assert drawn_units(grids, drawn) is grids


def test_the_common_border_is_simplified_once() -> None:
    grids = wavy()
    drawn = drawn_grids(grids, many_vertices=10)
    assert drawn.is_coverage
    assert drawn.tolerance_m == 3
    shapes = np.asarray(drawn.frame.geometry.array)
    assert shapely.get_num_coordinates(shapes).sum() < 30
    assert shapely.coverage_is_valid(shapes)
    assert shapely.area(shapely.intersection(*shapes)) == 0


def test_a_broken_coverage_is_told() -> None:
    assert not drawn_grids(wavy(-0.5), many_vertices=10).is_coverage


def test_dedicated_grids_and_tiny_ones_stay() -> None:
    grids = wavy().assign(kind=["base", "dedicated"])
    tiny = gpd.GeoDataFrame(
        {"kind": ["base"]}, geometry=[shapely.box(0, 300, 0.1, 300.1)], crs=grids.crs, index=["g2"]
    )
    drawn = drawn_grids(pd.concat([grids, tiny]), many_vertices=10).frame
    assert drawn.geometry["g1"].equals_exact(grids.geometry["g1"], 0)
    assert drawn.geometry["g2"].area > 0
