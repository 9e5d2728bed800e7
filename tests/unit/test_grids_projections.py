"""Overlaps and gaps that projecting alone has made: marked, not called a defect."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import CRS

from geo.audit import Audit, run_audit
from geo.findings import Report
from geo.grids import find_gaps, find_overlaps
from geo.grids.projections import is_caused_by_projection
from geo.io import load, read_project

DEGREES, METRES = "EPSG:4490", "EPSG:4548"
X, Y = 117.2, 31.0


def strips(width_deg: float, *, lift_deg: float = 0.0) -> gpd.GeoDataFrame:
    """Two grids, one above the other; the upper one has 19 more vertices on the common border.

    `lift_deg` moves the upper edge of the lower grid: a true overlap besides.
    """
    # ┌─·──·──·─ g0 ─·──·──·───┐
    # ├─·──·──·──·──·──·──·──·─┤  ← one segment of g1, twenty of g0, along the parallel, which runs
    # └────────── g1 ──────────┘    south of its chord
    xs = np.linspace(X, X + width_deg, 21)
    upper = shapely.Polygon([*[(x, Y) for x in xs], (X + width_deg, Y + 0.01), (X, Y + 0.01)])
    lower = shapely.box(X, Y - 0.01, X + width_deg, Y + lift_deg)
    frame = gpd.GeoDataFrame(
        {"kind": "base"}, geometry=[upper, lower], index=["g0", "g1"], crs=DEGREES
    )
    return frame.rename_axis("grid_id")


def marked(
    report: Report,
    grids: gpd.GeoDataFrame,
    *,
    noise_width_m: float,
    units: gpd.GeoDataFrame | None = None,
) -> list[bool]:
    sources = {"grids": CRS(DEGREES), "units": CRS(DEGREES)}
    return list(
        is_caused_by_projection(
            report.findings, grids, units, sources=sources, noise_width_m=noise_width_m
        )
    )


def test_the_known_case_of_8_square_metres_is_noise_by_its_width() -> None:
    grids = strips(0.0105).to_crs(METRES)
    shared = shapely.intersection(*grids.geometry)

    assert shared.area == pytest.approx(7.96, abs=0.2)
    report = find_overlaps(grids, noise_width_m=0.05, sliver_width_m=1.0)
    assert report.ok
    assert report.counts == {"n_pairs": 1, "n_noise": 1}


def test_the_known_case_is_told_as_an_effect_of_projecting_where_noise_is_narrower() -> None:
    grids = strips(0.0105).to_crs(METRES)
    report = find_overlaps(grids, noise_width_m=0.001, sliver_width_m=1.0)

    assert list(report.findings["rule"]) == ["G204"]
    assert marked(report, grids, noise_width_m=0.001) == [True]


@pytest.mark.parametrize("lift_deg", [1e-6, 1e-5])
def test_a_true_overlap_of_the_same_border_stays_a_defect(lift_deg: float) -> None:
    grids = strips(0.05, lift_deg=lift_deg).to_crs(METRES)
    report = find_overlaps(grids, noise_width_m=0.05, sliver_width_m=1.0)

    assert len(report.findings) == 1
    assert marked(report, grids, noise_width_m=0.05) == [False]


def test_a_gap_along_a_unit_with_fewer_vertices_is_told_so() -> None:
    # the southern edge of g0 is one segment, that of its unit has twenty and bends away from it
    width = 0.05
    xs = np.linspace(X, X + width, 21)
    grids = gpd.GeoDataFrame(
        {"kind": ["base"]},
        geometry=[shapely.box(X, Y, X + width, Y + 0.01)],
        index=["g0"],
        crs=DEGREES,
    ).rename_axis("grid_id")
    unit = shapely.Polygon([*[(x, Y) for x in xs], (X + width, Y + 0.01), (X, Y + 0.01)])
    units = gpd.GeoDataFrame(
        {"level": ["community"]}, geometry=[unit], index=["u0"], crs=DEGREES
    ).rename_axis("unit_id")
    metric, above = grids.to_crs(METRES), units.to_crs(METRES)
    report = find_gaps(metric, above, noise_width_m=0.05, sliver_width_m=1.0)

    assert list(report.findings["rule"]) == ["G204"]
    assert marked(report, metric, noise_width_m=0.05, units=above) == [True]


def test_files_in_metres_are_taken_as_they_are() -> None:
    grids = strips(0.05).to_crs(METRES)
    report = find_overlaps(grids, noise_width_m=0.05, sliver_width_m=1.0)
    told = is_caused_by_projection(
        report.findings, grids, None, sources={"grids": CRS(METRES)}, noise_width_m=0.05
    )

    assert list(told) == [False]


def audit_of(folder: Path, grids: gpd.GeoDataFrame) -> Audit:
    grids.reset_index().to_file(folder / "grids.gpkg")
    project = folder / "project.toml"
    project.write_text(
        f'[project]\nid = "two"\ncrs = "{METRES}"\n[layers.grids]\npath = "grids.gpkg"\n',
        encoding="utf-8",
    )
    return run_audit(load(read_project(project)), select=("G201", "G204"))


def test_the_audit_marks_it_in_a_column_with_severity_info_and_the_remedy(tmp_path: Path) -> None:
    (row,) = audit_of(tmp_path, strips(0.05)).findings.to_dict("records")

    assert row["caused_by_projection"] is True
    assert row["severity"] == "info"
    assert "补上" in row["message_zh"]
    assert "add the vertices" in row["message_en"]


def test_the_audit_leaves_a_true_overlap_as_it_is(tmp_path: Path) -> None:
    (row,) = audit_of(tmp_path, strips(0.05, lift_deg=1e-4)).findings.to_dict("records")

    assert row["caused_by_projection"] is False
    assert (row["rule"], row["severity"]) == ("G201", "error")
