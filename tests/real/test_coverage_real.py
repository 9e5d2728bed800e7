"""Taipei (sites, buildings partial) and Las Palmas (buildings) against the slow and plain way."""

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.coverage import (
    CoverageRules,
    coverage_summary,
    find_coverage_faults,
    grid_demand,
    radius_coverage,
    unit_coverage,
)
from geo.coverage.need import need_weight
from geo.layers import Layers
from geo.standards import load_standard

STANDARD = load_standard(["gb50180-2018"])
RULES = CoverageRules.from_standard(STANDARD)


def _frame(frame: gpd.GeoDataFrame, crs: str, ids: str | None = None) -> gpd.GeoDataFrame:
    frame = frame.to_crs(crs)
    return frame.set_index(frame[ids].astype(str) if ids else frame.index.astype(str))


def _points(frame: gpd.GeoDataFrame, crs: str) -> gpd.GeoDataFrame:
    frame = _frame(frame, crs)
    return frame.set_geometry(gpd.GeoSeries(shapely.centroid(frame.geometry.array), frame.index))


@pytest.fixture(scope="module")
def taipei(shared_data: Path) -> Layers:
    folder, crs = shared_data / "taipei", "EPSG:3826"
    villages = _frame(
        gpd.read_file(folder / "taipei_admin.gpkg", layer="villages_li"), crs, "CPTVID"
    )
    districts = gpd.read_file(folder / "taipei_admin.gpkg", layer="districts_qu")
    districts = _frame(districts, crs, "CPTID" if "CPTID" in districts else None)
    place = gpd.sjoin(
        gpd.GeoDataFrame(geometry=shapely.point_on_surface(villages.geometry.array), crs=crs),
        districts[["geometry"]].rename_axis("unit_id").reset_index(),
        predicate="within",
    )
    return Layers(
        grids=villages.assign(kind="base", parent_id=place["unit_id"].to_numpy()),
        units=districts.assign(level="district"),
        sites=_points(gpd.read_file(folder / "taipei_social_welfare_sites.geojson"), crs),
        buildings=_points(gpd.read_parquet(folder / "taipei_building_points.parquet"), crs),
        levels=("district",),
    )


@pytest.fixture(scope="module")
def las_palmas(shared_data: Path) -> Layers:
    folder, crs = shared_data / "las-palmas", "EPSG:5635"
    return Layers(
        grids=_frame(gpd.read_file(folder / "school_catchments.gpkg"), crs).assign(kind="base"),
        sites=_points(gpd.read_file(folder / "service_sites.geojson"), crs),
        buildings=_points(gpd.read_parquet(folder / "buildings.parquet"), crs),
    )


def _long(layers: Layers) -> pd.DataFrame:
    demand = grid_demand(layers.grids, layers.buildings)
    return radius_coverage(layers.grids, layers.sites, demand, tiers=STANDARD.tiers, rules=RULES)


def _assert_areas_equal(layers: Layers, long: pd.DataFrame) -> None:
    shapes = layers.grids.geometry.array
    for tier_id, tier in STANDARD.tiers.items():
        rows = long[long["tier"] == tier_id]
        union = shapely.union_all(
            shapely.buffer(layers.sites.geometry.array, tier.distance_m, quad_segs=128)
        )
        share = shapely.area(shapely.intersection(shapes, union)) / shapely.area(shapes)
        assert np.abs(rows["area_share"].to_numpy() - share).max() < 2e-4


def test_taipei_is_judged_by_area_since_its_buildings_are_partial(taipei: Layers) -> None:
    demand = grid_demand(taipei.grids, taipei.buildings)
    assert demand.is_partial
    assert "317 of 456 base grids" in demand.messages[0]["en"]
    long = _long(taipei)
    _assert_areas_equal(taipei, long)
    shapes, places = taipei.grids.geometry.array, taipei.sites.geometry.array
    for tier_id, tier in STANDARD.tiers.items():
        rows = long[long["tier"] == tier_id]
        away = np.array([shapely.distance(shapes, place) for place in places])
        assert rows["n_sites"].tolist() == (away <= tier.distance_m).sum(axis=0).tolist()


def test_taipei_districts_hold_what_their_villages_hold(taipei: Layers) -> None:
    demand = grid_demand(taipei.grids, taipei.buildings)
    long = _long(taipei)
    by_unit = unit_coverage(long, taipei, demand, tiers=STANDARD.tiers, rules=RULES)
    total = coverage_summary(long, demand, taipei, tiers=STANDARD.tiers)
    area = taipei.grids.area.groupby(taipei.grids["parent_id"]).sum()
    for tier_id, rows in by_unit.groupby("tier"):
        assert len(rows) == 12
        inside = rows.set_index("id")["area_share"] * area
        assert inside.sum() / area.sum() == pytest.approx(total[str(tier_id)]["area_share"])


def test_crowded_is_never_a_flood(taipei: Layers, las_palmas: Layers) -> None:
    for layers in (taipei, las_palmas):
        long = _long(layers)
        report = find_coverage_faults(long, layers.grids, tiers=STANDARD.tiers, rules=RULES)
        rules = report.findings["rule"].value_counts()
        assert 0 < rules["C503"] < len(layers.grids) / 10
        assert set(rules.index) <= {"C501", "C502", "C503"}
        crowded = int((long["class"] == "crowded").sum())
        assert rules["C503"] + report.counts["n_crowded_by_need"] == crowded


def test_what_las_palmas_has_adds_up_to_its_sites(las_palmas: Layers) -> None:
    demand = grid_demand(las_palmas.grids, las_palmas.buildings)
    long = _long(las_palmas)
    for _, rows in long.groupby("tier"):
        weight = need_weight(demand, rows)
        n_used = (weight / rows["demand_per_site"].to_numpy()).sum()
        assert n_used == pytest.approx(round(n_used), abs=1e-6)
        mean = (weight * rows["location_quotient"].to_numpy()).sum() / weight.sum()
        assert mean == pytest.approx(1.0)


def test_taipei_by_category(taipei: Layers) -> None:
    words = taipei.sites["main_type"].str.strip()
    layers = replace(taipei, sites=taipei.sites.assign(category=words))
    named = tuple(words.value_counts().index[:3])
    tiers = {"walk_15": replace(STANDARD.tiers["walk_15"], categories=named)}
    demand = grid_demand(layers.grids, layers.buildings)
    long = radius_coverage(layers.grids, layers.sites, demand, tiers=tiers, rules=RULES)
    report = find_coverage_faults(long, layers.grids, tiers=tiers, rules=RULES)
    missing = report.findings[report.findings["rule"] == "C505"]
    shapes = layers.grids.geometry.array
    for word in named:
        places = layers.sites.geometry.array[(words == word).to_numpy()]
        away = np.array([shapely.distance(shapes, place) for place in places])
        rows = long[long["category"] == word]
        assert rows["n_sites"].tolist() == (away <= 1000).sum(axis=0).tolist()
        blank = set(rows.loc[rows["class"] == "blank", "id"])
        told = set(missing.loc[missing["category"] == word, "grid_ids"].map(lambda ids: ids[0]))
        all_blank = set(long.loc[(long["category"] == "all") & (long["class"] == "blank"), "id"])
        assert told == blank - all_blank
    assert len(missing) > 0
    by_unit = unit_coverage(long, layers, demand, tiers=tiers, rules=RULES)
    assert by_unit.groupby("category", sort=False).size().to_dict() == dict.fromkeys(
        ("all", *named), 12
    )


def test_las_palmas_equals_the_distance_of_every_building_to_every_site(
    las_palmas: Layers,
) -> None:
    grids, homes, places = las_palmas.grids, las_palmas.buildings, las_palmas.sites
    owner = pd.Series(index=homes.index, dtype=object)
    for grid_id in sorted(grids.index, reverse=True):  # the smallest id in text order comes last
        owner[shapely.covers(grids.geometry[grid_id], homes.geometry.array)] = grid_id
    x, y = homes.geometry.x.to_numpy(), homes.geometry.y.to_numpy()
    away = np.hypot(
        x[:, None] - places.geometry.x.to_numpy(), y[:, None] - places.geometry.y.to_numpy()
    )
    demand = grid_demand(grids, homes)
    pd.testing.assert_series_equal(
        demand.owner.fillna("none"), owner.fillna("none"), check_names=False, check_dtype=False
    )
    long = _long(las_palmas)
    _assert_areas_equal(las_palmas, long)
    for tier_id, tier in STANDARD.tiers.items():
        rows = long[long["tier"] == tier_id].set_index("id")
        for grid_id, row in rows.iterrows():
            mine = away[(owner == grid_id).to_numpy()]
            assert row["n_sites"] == (mine.min(axis=0) <= tier.distance_m).sum()
            assert row["nearest_m"] == pytest.approx(mine.min(axis=1).mean())
            inside = (mine.min(axis=1) <= tier.distance_m).mean()
            assert row["residents_share"] == pytest.approx(inside)
