"""An audit made by hand: two streets, three communities, four grids, and everything awkward."""

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.audit import Audit
from geo.findings import FINDING_COLUMNS
from geo.layers import Layers, Source
from geo.standards import load_standard
from tests import builders

__all__ = ["SQUARE", "fake_audit", "finding"]

SQUARE = shapely.box(500_000, 3_000_000, 500_100, 3_000_100)
_CRS = "EPSG:32650"


def fake_audit(**changes: Any) -> Audit:  # noqa: ANN401
    """Return the audit drawn below, with `changes` in its place.

    ::

        ┌── c1 (s1) ──┬── c2 (s1) ──┬── c3 (s2) ──┐
        │ g0          │ g1    ┌ g3 ─┼──┐ g2       │     100 m x 100 m each; g3 is dedicated,
        │      s0     │       └─────┼──┘          │     g2 has no name and no people
        └─────────────┴─────────────┴─────────────┘
    """
    grids = _grids()
    units, sites = _units(), _sites()
    layers = Layers(grids=grids, units=units, sites=sites, levels=("街道", "社区"))
    audit = Audit(
        project_id="drawn",
        title="画成的城市",
        language="zh",
        created="2026-11-22T08:00:00+00:00",
        standard=load_standard(["huantai"]),
        layers=layers,
        grids=grids,
        units=units,
        sites=sites,
        circles=_circles(sites),
        findings=_findings(),
        coverage=_coverage(),
        coverage_summary={"party_10": _total()},
        noise={"n_overlaps": 3, "n_gaps": 0},
        skipped={"H306": {"zh": "没有楼栋", "en": "no buildings"}},
        rules=("C501", "G201", "G203", "H305"),
        sources=(_source(),),
        quarantine=pd.DataFrame(columns=["layer", "row", "id", "column", "value", "reason"]),
        messages=({"zh": "楼栋不全，按面积判定", "en": "buildings are partial"},),
    )
    return replace(audit, **changes)


def finding(**values: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return one row of a findings frame; what is not given is missing."""
    lists = dict.fromkeys(("grid_ids", "unit_ids", "site_ids"), ())
    texts = {
        "rule": "G201",
        "severity": "error",
        "message_zh": "重叠",
        "message_en": "overlap",
        "source": "GridCircle",
        "confidence": "ours",
        "status": "new",
    }
    numbers = dict.fromkeys(("measure", "limit", "width_m", "residents", "households"), np.nan)
    return {**dict.fromkeys(FINDING_COLUMNS), **lists, **texts, **numbers, **values}


def _grids() -> gpd.GeoDataFrame:
    boxes = [(x, 3_000_000, x + 100, 3_000_100) for x in (500_000, 500_100, 500_200)]
    frame = builders.grids(*boxes, (500_180, 3_000_040, 500_220, 3_000_060))
    frame["kind"] = ["base", "base", "base", "dedicated"]
    frame["name"] = ["北网格", "=1+1", None, "市场"]
    frame["parent_id"] = ["c1", "c2", "c3", "c2"]
    frame["households"] = [320.0, 480.0, np.nan, 10.0]
    frame["NAME"] = ["a", "b", "c", "d"]
    frame["fid"] = [7, 7, 8, 9]
    frame["area_m2"] = [10_000.0, 10_000.0, 10_000.0, 800.0]
    frame["compactness"] = [0.785, 0.785, 0.785, np.inf]
    frame["n_neighbours"] = [1, 2, 1, 0]
    frame["n_parts"] = 1
    frame["is_orphan"] = [False, True, False, False]
    frame["orphan_reasons"] = pd.Series(
        [(), ("C501", "outside"), (), ()], index=frame.index, dtype=object
    )
    frame["n_findings"] = [1, 3, 1, 0]
    frame["nearest_m_party_10"] = [10.0, 700.5, np.nan, 20.0]
    frame["covered_residents_share_party_10"] = [1.0, 0.0, np.nan, np.nan]
    frame["class_party_10"] = ["adequate", "blank", "unknown", None]
    return frame[[*(n for n in frame if n != "geometry"), "geometry"]]


def _units() -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(
        {
            "name": ["一街", "二街", "甲社区", "乙社区", "丙社区"],
            "level": ["街道", "街道", "社区", "社区", "社区"],
            "parent_id": [None, None, "s1", "s1", "s2"],
            "findings_by_rule": [{"G201": 1}, {}, {"G201": 1}, {"G201": 1, "C501": 1}, {}],
        },
        geometry=[None, None, SQUARE, SQUARE, SQUARE],
        crs=_CRS,
    )
    frame.index = pd.Index(["s1", "s2", "c1", "c2", "c3"], name="unit_id")
    return frame


def _sites() -> gpd.GeoDataFrame:
    frame = builders.sites((500_050, 3_000_030), (499_000, 3_000_000))
    frame["name"] = ["中心\x07", "远站"]
    frame["category"] = ["centre", None]
    frame["services"] = pd.Series([("政务", "养老"), None], index=frame.index, dtype=object)
    return frame


def _circles(sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "site_id": sites.index,
            "tier": "party_10",
            "model": "radius",
            "minutes": 10.0,
            "distance_m": 667.0,
        },
        geometry=sites.buffer(667.0).to_numpy(),
        crs=_CRS,
    )


def _findings() -> gpd.GeoDataFrame:
    line = shapely.LineString([(500_100, 3_000_000), (500_100, 3_000_100)])
    rows = [
        finding(
            finding_id="f1", defect="overlap", layer="grids", grid_ids=("g0", "g1"),
            measure=12.5, measure_unit="m2", residents=40.0, households=12.0, geometry=SQUARE,
        ),
        finding(
            finding_id="f2", rule="C501", layer="grids", grid_ids=("g1",), tier="party_10",
            model="radius", category="all", measure=0.0, measure_unit="share", limit=0.9,
            confidence="unverified", geometry=line, message_zh='=HYPERLINK("x")',
        ),
        finding(finding_id="f3", rule="H305", severity="warning", unit_ids=("s2",)),
        finding(
            finding_id="f4", rule="G203", severity="info", layer="sites", site_ids=("s1",),
            geometry=shapely.Point(499_000, 3_000_000),
        ),
    ]  # fmt: skip
    return gpd.GeoDataFrame(rows, columns=list(FINDING_COLUMNS), geometry="geometry", crs=_CRS)


def _coverage() -> pd.DataFrame:
    rows = [
        ("grid", "g0", 1, 10.0, 0.15, 1.0, 1.0, 1.0, "adequate"),
        ("grid", "g1", 0, 700.5, 10.5, 0.0, 0.0, np.nan, "blank"),
        ("unit", "s1", 1, 355.25, 5.33, 0.5, 0.25, np.nan, "thin"),
        ("unit", "c1", 1, 10.0, 0.15, 1.0, 1.0, np.nan, "adequate"),
    ]
    columns = ("subject", "id", "n_sites", "nearest_m", "nearest_minutes", "area_share")
    frame = pd.DataFrame(rows, columns=[*columns, "residents_share", "households_share", "class"])
    frame["tier"], frame["model"], frame["category"] = "party_10", "radius", "all"
    order = [*columns[:2], "tier", "model", "category", *columns[2:]]
    frame = frame[[*order, "residents_share", "households_share", "class"]]
    need = {
        "demand_per_site": [30.0, np.nan, 60.0, 30.0],
        "location_quotient": [2.0, 0.0, 1.0, 2.0],
    }
    share = frame["residents_share"]
    band = {"residents_share_low": share, "residents_share_high": share, "certainty": "sure"}
    return frame.assign(confidence="ours", **need, **band)


def _total() -> dict[str, Any]:
    counts = {"n_sites": 2, "n_blank": 1, "n_thin": 0, "n_crowded": 0, "n_unknown": 1}
    shares = {"area_share": 0.4, "residents_share": 0.6, "households_share": None}
    return {"model": "radius", **shares, **counts, "demand_basis": "residents"}


def _source() -> Source:
    return Source(
        layer="grids",
        path="grids.gpkg",
        sha256="0" * 64,
        rows=5,
        used=4,
        quarantined=1,
        crs="EPSG:32650",
        mapped={"grid_id": "编号"},
        unmapped=("NAME", "fid"),
        problems=("…",),
    )
