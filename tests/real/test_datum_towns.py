"""The datum guard on synthetic cities at five real towns, and on two real cities.

The full suite runs 20 sets of sites a town and reading, and 600 clean sets: tests/full.
"""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from pyproj import CRS

from geo.crs import to_crs
from geo.io.guard import Surroundings, judge_datum
from geo.synth import build_city
from tests.towns import READINGS, TOWNS, around, draw_sites, misread, named, redated

KINDS = ("named", "plain", "built")


@pytest.mark.parametrize("town", TOWNS)
def test_every_misreading_is_named_and_clean_sites_are_not_doubted(town: str) -> None:
    rng = np.random.default_rng([0, *map(ord, town)])
    city = build_city(15, seed=len(town), at=TOWNS[town])
    held = around(city)
    wrong = []
    for reading, right in READINGS.items():
        for kind in KINDS:
            sites = draw_sites(city, kind, int(rng.integers(30, 301)), rng)
            verdict = named(city, held, *misread(sites, reading, rng))
            if verdict not in right:
                wrong.append((reading, kind, len(sites), verdict))
    assert not wrong


@pytest.fixture(scope="module")
def las_palmas(shared_data: Path) -> tuple[gpd.GeoDataFrame, Surroundings]:
    folder, crs = shared_data / "las-palmas", CRS.from_epsg(32628)

    def read(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        return to_crs(frame if frame.crs is not None else frame.set_crs(4326), crs)

    grids = read(gpd.read_file(folder / "municipality.gpkg"))
    buildings = read(gpd.read_parquet(folder / "buildings.parquet"))
    held = Surroundings(
        grids=grids,
        areas={"grids": grids},
        buildings=buildings.set_geometry(buildings.geometry.centroid),
        streets=read(gpd.read_parquet(folder / "walk_edges.parquet")),
    )
    return read(gpd.read_file(folder / "service_sites.geojson")), held


@pytest.mark.parametrize(
    ("datum", "verdict"), [("gcj02", "ok"), ("wgs84", "wgs84"), ("bd09", "bd09")]
)
def test_real_sites_keep_to_real_buildings_and_streets(
    las_palmas: tuple[gpd.GeoDataFrame, Surroundings], datum: str, verdict: str
) -> None:
    # declared GCJ-02: only a declared shift is doubted outside the mainland
    sites, held = las_palmas
    for seed in range(4):
        rng = np.random.default_rng(seed)
        chosen = sites.iloc[rng.choice(len(sites), int(rng.integers(30, 301)), replace=False)]
        places = redated(chosen, datum, read_as="gcj02")
        found = judge_datum(places, held, declared="gcj02")
        assert found.verdict == verdict


def test_real_sites_outside_the_mainland_are_not_doubted(
    las_palmas: tuple[gpd.GeoDataFrame, Surroundings],
) -> None:
    sites, held = las_palmas
    assert judge_datum(redated(sites, "gcj02"), held).verdict == "unknown"
