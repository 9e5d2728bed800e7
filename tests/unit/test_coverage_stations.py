"""C508: one centre and at least one station in every community."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from geo.audit import run_audit
from geo.coverage import find_incomplete_communities
from geo.io import load, read_project
from geo.layers import Layers
from geo.standards import load_standard
from tests.builders import grids, sites, units

FIGURES = load_standard(["huantai"]).figures

# u0 ┌────┬────┐ u1      u0: centre and station    u1: a station only
#    │ C S│ S  │         u2: a centre only         u3: neither
# u2 ├────┼────┤ u3
#    │ C  │    │
#    └────┴────┘
BOXES = ((0, 0, 10, 10), (10, 0, 20, 10), (0, 10, 10, 20), (10, 10, 20, 20))
POINTS = ((2, 2), (5, 2), (15, 5), (5, 15))
KINDS = ["党群服务中心", "党群服务站", "station", "Centre"]


def _layers(**columns: list[object]) -> Layers:
    given = {"category": KINDS, **columns}
    return Layers(
        grids=grids(*BOXES, parent_id=["u0", "u1", "u2", "u3"]),
        units=units(*BOXES),
        sites=sites(*POINTS, **{key: value for key, value in given.items() if value}),
        levels=("street", "community"),
    )


def _missing(layers: Layers) -> dict[str, tuple[int, int]]:
    found = find_incomplete_communities(layers, FIGURES).findings
    return {
        row.unit_ids[0]: (row.details["n_centres"], row.details["n_stations"])
        for row in found.itertuples()
    }


def test_communities_without_a_centre_or_a_station() -> None:
    assert _missing(_layers()) == {"u1": (0, 1), "u2": (1, 0), "u3": (0, 0)}


def test_a_finding_tells_how_much_is_there_and_who_lives_there() -> None:
    people = pd.DataFrame(
        {"residents": [1.0, 20, 300, 4000], "households": [1.0, 2, 3, 4]},
        index=["g0", "g1", "g2", "g3"],
    )
    report = find_incomplete_communities(_layers(), FIGURES, people=people)
    found = report.findings
    assert (found["rule"].unique(), found["layer"].unique()) == (["C508"], ["units"])
    assert found["measure"].tolist() == [0.5, 0.5, 0.0]
    assert found["limit"].tolist() == [1.0] * 3
    assert found["residents"].tolist() == [20, 300, 4000]
    assert found.geometry.iloc[0].bounds == (10, 0, 20, 10)
    assert found["details"].iloc[0]["confidence"] == "ours"
    assert dict(report.counts) == {"n_judged": 4, "n_centres": 2, "n_stations": 2}


def test_the_figure_of_the_unit_itself_comes_first() -> None:
    layers = _layers()
    layers.units["residents"] = [1.0, 77.0, None, 5.0]  # type: ignore[index]
    people = pd.DataFrame({"residents": 9.0, "households": 3.0}, index=layers.grids.index)
    found = find_incomplete_communities(layers, FIGURES, people=people).findings
    assert found["residents"].tolist() == [77, 9, 5]


def test_a_community_from_a_table_has_the_sites_of_its_grids() -> None:
    layers = _layers()
    layers.units["geometry"] = gpd.GeoSeries([None] * 4, index=layers.units.index, crs=layers.crs)  # type: ignore[index]
    assert _missing(layers) == {"u1": (0, 1), "u2": (1, 0), "u3": (0, 0)}
    found = find_incomplete_communities(layers, FIGURES).findings
    assert found.geometry.iloc[2].bounds == (10, 10, 20, 20)


def test_the_level_is_the_one_that_the_standard_names() -> None:
    layers = _layers()
    layers.units["level"] = ["社区", "网格片", "社区", "网格片"]  # type: ignore[index]
    below = Layers(
        grids=layers.grids, units=layers.units, sites=layers.sites, levels=("社区", "网格片")
    )
    assert _missing(below) == {"u2": (1, 0)}
    no_level = {name: FIGURES[name] for name in FIGURES if name != "circle.unit_levels"}
    lowest = find_incomplete_communities(below, no_level).findings
    assert lowest["unit_ids"].tolist() == [("u1",), ("u3",)]


@pytest.mark.parametrize(
    ("category", "reason"),
    [(None, "coverage.no_site_categories"), (["学校"] * 4, "coverage.no_centre_or_station")],
)
def test_skipped_where_centre_and_station_cannot_be_told(
    category: list[str] | None, reason: str
) -> None:
    report = find_incomplete_communities(_layers(category=category), FIGURES)
    assert report.ok
    assert dict(report.skipped) == {"C508": reason}


def test_skipped_where_the_standard_does_not_say() -> None:
    report = find_incomplete_communities(_layers(), load_standard().figures)
    assert dict(report.skipped) == {"C508": "coverage.no_one_plus_n"}


PROJECT = """
[project]
id = "h"
title = "h"
standards = ["huantai"]
crs = "EPSG:32650"
[layers.grids]
path = "city.gpkg"
layer = "grids"
[[layers.units]]
path = "city.gpkg"
layer = "units"
level = "社区"
[layers.sites]
path = "city.gpkg"
layer = "sites"
[categories]
"服务大厅" = "centre"
[tiers.party_10]
services = ["elderly", "health"]
"""


def _scaled(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    placed = frame.scale(100, 100, origin=(0, 0)).translate(500_000, 4_000_000)
    return frame.set_geometry(placed).reset_index()


def test_an_audit_says_it_in_words(tmp_path: Path) -> None:
    layers = _layers(services=["助餐", "预防接种", "修鞋", None], category=["服务大厅", *KINDS[1:]])
    for name, frame in (("grids", layers.grids), ("units", layers.units), ("sites", layers.sites)):
        _scaled(frame).drop(columns="level", errors="ignore").to_file(
            tmp_path / "city.gpkg", layer=name
        )
    (tmp_path / "project.toml").write_text(PROJECT, encoding="utf-8")
    audit = run_audit(load(read_project(tmp_path / "project.toml")))
    rows = audit.findings[audit.findings["rule"] == "C508"]
    assert sorted(rows["message_zh"]) == [
        "u1 的“1 个中心 + N 个站点”不齐：中心 0 个，站点 1 个。",
        "u2 的“1 个中心 + N 个站点”不齐：中心 1 个，站点 0 个。",
        "u3 的“1 个中心 + N 个站点”不齐：中心 0 个，站点 0 个。",
    ]
    assert set(rows["confidence"]) == {"ours"}
    missing = audit.findings[audit.findings["rule"] == "C505"]
    assert set(missing["category"]) == {"service:elderly", "service:health"}
    assert "内没有提供“养老助残”的站点" in missing["message_zh"].iloc[0]
    assert audit.services["unknown"] == {"修鞋": 1}
    assert any("修鞋" in note["zh"] for note in audit.messages)
    assert list(audit.need["party_10"]) == [
        "all", "service:elderly", "service:health", "Centre", "centre", "station", "党群服务站"
    ]  # fmt: skip
    assert audit.units is not None
    assert audit.units["class_by_category"]["u3"] == {
        "party_10": {"service:elderly": "blank", "service:health": "blank"}
    }
