"""Entrances of buildings: read in the layer's own CRS and datum, moved as the buildings are."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.io import Loaded, load, project_from_files, read_project
from geo.io.datum import wgs84_to_gcj02
from geo.layers import ENTRANCE

CRS = "EPSG:4547"
X, Y = 500_000.0, 3_400_000.0


def _grids(folder: Path) -> Path:
    shape = shapely.box(X, Y, X + 300, Y + 300)
    gpd.GeoDataFrame({"grid_id": ["a"]}, geometry=[shape], crs=CRS).to_file(folder / "g.gpkg")
    return folder / "g.gpkg"


def _doors(loaded: Loaded) -> list[tuple[float, float] | None]:
    homes = loaded.layers.buildings
    assert homes is not None
    assert homes.crs == loaded.layers.grids.crs
    return [None if door is None else (door.x, door.y) for door in homes[ENTRANCE]]


def test_entrances_are_read_and_what_lies_far_away_is_none(tmp_path: Path) -> None:
    # b0 entered at its eastern wall, b1 has none, that of b2 lies 5 km away
    shapes = [shapely.box(X + 50 * i, Y, X + 50 * i + 20, Y + 20) for i in range(3)]
    homes = gpd.GeoDataFrame(
        {"entrance_x": [X + 20, np.nan, X + 5000], "entrance_y": [Y + 10, np.nan, Y]},
        geometry=shapes,
        crs=CRS,
    )
    homes.to_file(tmp_path / "b.gpkg")
    loaded = load(project_from_files(grids=_grids(tmp_path), buildings=tmp_path / "b.gpkg"))
    assert _doors(loaded) == [(X + 20, Y + 10), None, None]
    assert loaded.layers.buildings is not None
    assert loaded.layers.buildings.geometry.iloc[0].coords[0] == (X + 10, Y + 10)


def test_entrances_are_shifted_back_with_their_datum(tmp_path: Path) -> None:
    true = gpd.GeoSeries(gpd.points_from_xy([X + 10, X + 20], [Y + 10, Y + 10]), crs=CRS)
    shifted = wgs84_to_gcj02(shapely.get_coordinates(true.to_crs("EPSG:4326")))
    gpd.GeoDataFrame(
        {"entrance_lon": [shifted[1][0]], "entrance_lat": [shifted[1][1]]},
        geometry=[shapely.Point(shifted[0])],
        crs="EPSG:4326",
    ).to_file(tmp_path / "b.gpkg")
    _grids(tmp_path)
    (tmp_path / "p.toml").write_text(
        '[project]\nid = "p"\n[layers.grids]\npath = "g.gpkg"\n'
        '[layers.buildings]\npath = "b.gpkg"\ndatum = "gcj02"\n',
        encoding="utf-8",
    )
    (door,) = _doors(load(read_project(tmp_path / "p.toml")))
    assert door == pytest.approx((X + 20, Y + 10), abs=0.01)
