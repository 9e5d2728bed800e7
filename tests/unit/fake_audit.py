"""A small drawn audit with every kind of thing on it, made without running one.

6 × 6 base grids of 400 m, a dedicated grid, four communities in two streets, three sites, one
overlap, one gap, one orphan, blanks far from the sites:

    y=2400 ┌──┬──┬──┬──┬──┬──┐
           │  u2    │   u3   │   s2 in the middle of u0, s0 and s1 in u1
           ├──┼──┼──┼──┼──┼──┤
           │  u0    │   u1   │
       y=0 └──┴──┴──┴──┴──┴──┘  x=2400
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.affinity import translate

from geo.audit import Audit
from geo.coverage import CoverageRules
from geo.findings import FINDING_COLUMNS, rules
from geo.layers import Layers
from geo.standards import Figure, Standard, Tier

CRS = "EPSG:4544"
"""CGCS2000, 3-degree zone of 105° E: the zone of Neijiang."""

SIZE_M = 400.0
SIDE = 6
_EAST, _NORTH = 505_000.0, 3_270_000.0
_TIERS = {"walk_5": (5.0, 300.0), "walk_15": (15.0, 1000.0)}


def fake_audit(
    *,
    side: int = SIDE,
    has_sites: bool = True,
    has_units: bool = True,
    language: str = "zh",
    title: str = "示范区",
    names: Mapping[str, str] | None = None,
    message: str | None = None,
    n_more_findings: int = 0,
) -> Audit:
    """Return the audit; `names` (id to text) replaces names, `message` every sentence."""
    names = names or {}
    grids = _grids(side, names)
    sites = _sites(side, names) if has_sites else None
    units = _units(side, names) if has_units else None
    tiers = {
        key: Tier(
            tier_id=key,
            title={"zh": f"{m:.0f} 分钟步行", "en": f"{m:.0f}-minute walk"},
            minutes=m,
            distance_m=d,
        )
        for key, (m, d) in _TIERS.items()
    }
    if sites is not None:
        for tier in tiers.values():
            grids = _judge(grids, sites, tier)
    findings = _findings(grids, side, has_sites=has_sites, message=message, n_more=n_more_findings)
    reasons = _reasons(grids, findings)
    grids["is_orphan"] = reasons.map(bool)
    grids["orphan_reasons"] = reasons
    grids["n_findings"] = [
        sum(grid in ids for ids in findings["grid_ids"].head(200)) for grid in grids.index
    ]
    if units is not None and has_sites:
        for key in tiers:
            units[f"covered_residents_share_{key}"] = np.linspace(0.55, 1, len(units))
            units[f"covered_area_share_{key}"] = np.linspace(0.5, 1, len(units))
    return Audit(
        project_id="drawn",
        title=title,
        language=language,
        created="2026-11-21T08:00:00+00:00",
        standard=_standard(tiers),
        layers=Layers(
            grids=grids,
            units=units,
            sites=sites,
            streets=_streets(side),
            levels=("street", "community"),
        ),
        grids=grids,
        units=units,
        sites=sites,
        circles=_circles(sites, tiers),
        findings=findings,
        coverage=pd.DataFrame(),
        coverage_summary=_summary(grids, tiers) if sites is not None else {},
        noise={"n_overlaps": 0, "n_gaps": 0},
        skipped={},
        rules=("G201", "G203", "H301", "C501"),
        sources=(),
        quarantine=pd.DataFrame(),
    )


def _square(column: float, row: float, size: float = SIZE_M) -> shapely.Polygon:
    x, y = _EAST + column * SIZE_M, _NORTH + row * SIZE_M
    return shapely.box(x, y, x + size, y + size)


def _grids(side: int, names: Mapping[str, str]) -> gpd.GeoDataFrame:
    shapes = [_square(i % side, i // side) for i in range(side * side)]
    shapes[0] = shapes[0].union(translate(shapes[0], 60, 0))  # overlaps its neighbour by 60 m
    shapes[side + 2] = _square(2, 1).difference(_square(2.2, 1.2, 120))  # a gap within it
    ids = [f"51100200100{i:03d}" for i in range(side * side)]
    frame = gpd.GeoDataFrame(
        {
            "name": [f"第{i + 1}网格" for i in range(side * side)],
            "kind": "base",
            "parent_id": [
                f"u{2 * (i // side // (side / 2) >= 1) + (i % side >= side / 2)}"
                for i in range(side * side)
            ],
            "residents": [float(400 + 37 * (i % 11)) for i in range(side * side)],
            "area_m2": shapely.area(shapes),
            "compactness": 0.785,
            "n_neighbours": 4,
            "n_parts": 1,
            "head_phone": "13800000000",
        },
        geometry=shapes,
        crs=CRS,
        index=pd.Index(ids, name="grid_id"),
    )
    market = _square(4.2, 4.3, 250)
    frame.loc["zs-01"] = {
        "name": "农贸市场",
        "kind": "dedicated",
        "parent_id": "u3",
        "residents": np.nan,
        "area_m2": market.area,
        "compactness": 0.7,
        "n_neighbours": 0,
        "n_parts": 1,
        "head_phone": "13900000000",
        "geometry": market,
    }
    frame["parent_id"] = frame["parent_id"].where(frame.index != ids[side - 1], None)
    frame["name"] = [names.get(i, n) for i, n in zip(frame.index, frame["name"], strict=True)]
    return frame


def _units(side: int, names: Mapping[str, str]) -> gpd.GeoDataFrame:
    half = side / 2 * SIZE_M
    shapes = [_square(c * side / 2, r * side / 2, half) for r in (0, 1) for c in (0, 1)]
    whole = [shapely.union_all(shapes[:2]), shapely.union_all(shapes[2:])]
    ids = ["u0", "u1", "u2", "u3", "st0", "st1"]
    texts = ["梅苑社区", "桃园社区", "新华社区", "东风社区", "城南街道", "城北街道"]
    return gpd.GeoDataFrame(
        {
            "name": [names.get(i, n) for i, n in zip(ids, texts, strict=True)],
            "level": ["community"] * 4 + ["street"] * 2,
            "parent_id": ["st0", "st0", "st1", "st1", None, None],
            "n_grids_base": side * side // 4,
        },
        geometry=[*shapes, *whole],
        crs=CRS,
        index=pd.Index(ids, name="unit_id"),
    )


def _sites(side: int, names: Mapping[str, str]) -> gpd.GeoDataFrame:
    at = [(side * 0.7, side * 0.2), (side * 0.8, side * 0.35), (side * 0.2, side * 0.25)]
    ids = ["s0", "s1", "s2"]
    texts = ["党群服务中心", "网格驿站", "社区服务站"]
    return gpd.GeoDataFrame(
        {
            "name": [names.get(i, n) for i, n in zip(ids, texts, strict=True)],
            "category": ["center", "station", "station"],
        },
        geometry=[shapely.Point(_EAST + c * SIZE_M, _NORTH + r * SIZE_M) for c, r in at],
        crs=CRS,
        index=pd.Index(ids, name="site_id"),
    )


def _streets(side: int) -> gpd.GeoDataFrame:
    lines = [
        shapely.LineString(
            [
                (_EAST, _NORTH + (k + 0.5) * SIZE_M),
                (_EAST + side * SIZE_M, _NORTH + (k + 0.5) * SIZE_M),
            ]
        )
        for k in range(side)
    ]
    return gpd.GeoDataFrame(geometry=lines, crs=CRS, index=[f"r{k}" for k in range(side)])


def _judge(grids: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, tier: Tier) -> gpd.GeoDataFrame:
    key = tier.tier_id
    circles = shapely.union_all(sites.buffer(tier.distance_m, quad_segs=32))
    distance = np.min([grids.centroid.distance(p).to_numpy() for p in sites.geometry], axis=0)
    share = grids.intersection(circles).area / grids.area
    grids[f"nearest_m_{key}"] = distance
    grids[f"nearest_minutes_{key}"] = distance / (tier.distance_m / tier.minutes)
    grids[f"n_sites_{key}"] = [(sites.distance(g) <= tier.distance_m).sum() for g in grids.geometry]
    grids[f"covered_area_share_{key}"] = share
    grids[f"covered_residents_share_{key}"] = share
    grids[f"class_{key}"] = np.select([share < 1e-9, share < 0.9], ["blank", "thin"], "adequate")
    grids[f"demand_basis_{key}"] = "residents"
    return grids


def _circles(sites: gpd.GeoDataFrame | None, tiers: Mapping[str, Tier]) -> gpd.GeoDataFrame:
    rows = [
        {
            "site_id": name,
            "tier": key,
            "model": "radius",
            "minutes": tier.minutes,
            "distance_m": tier.distance_m,
            "geometry": point.buffer(tier.distance_m),
        }
        for key, tier in tiers.items()
        for name, point in (sites.geometry.items() if sites is not None else ())
    ]
    columns = ["site_id", "tier", "model", "minutes", "distance_m", "geometry"]
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry="geometry", crs=CRS)


def _findings(
    grids: gpd.GeoDataFrame, side: int, *, has_sites: bool, message: str | None, n_more: int
) -> gpd.GeoDataFrame:
    ids = list(grids.index)
    overlap = grids.geometry.iloc[0].intersection(grids.geometry.iloc[1])
    gap, orphan = _square(2.2, 1.2, 120), ids[side - 1]
    rows = [
        _row("G201", overlap, ids[:2], zh="第1网格与第2网格重叠", defect="overlap")
        | {"measure": overlap.area, "measure_unit": "m2"},
        _row("G203", gap, ids[side + 2 : side + 3], zh="存在缺口", defect="gap")
        | {"measure": gap.area, "measure_unit": "m2"},
        _row("H301", grids.geometry[orphan], [orphan], zh="没有上级编号", residents=500.0),
        _row("S404", grids.geometry.iloc[3], ids[3:4], zh="形状不紧凑", severity="info"),
    ]
    for key in _TIERS if has_sites else ():
        blank = grids[(grids[f"class_{key}"] == "blank") & (grids["kind"] == "base")]
        rows += [
            _row("C501", shape, [grid], zh="无站点覆盖", tier=key, residents=residents)
            for grid, shape, residents in zip(
                blank.index, blank.geometry, blank["residents"], strict=True
            )
        ]
    rows += [
        _row("S402", None, [ids[k % (side * side)]], zh=f"规模过小 {k}", severity="warning")
        for k in range(n_more)
    ]
    frame = gpd.GeoDataFrame(
        pd.DataFrame(rows, columns=list(FINDING_COLUMNS)), geometry="geometry", crs=CRS
    )
    frame["finding_id"] = [f"f{i:04d}" for i in range(len(frame))]
    if message is not None:
        frame["message_zh"] = message
        frame["message_en"] = message
    return frame


def _row(
    rule: str,
    geometry: shapely.Geometry | None,
    grid_ids: Sequence[str],
    *,
    zh: str,
    **more: object,
) -> dict[str, Any]:
    blank = dict.fromkeys(("residents", "households", "limit", "measure"), np.nan)
    same: dict[str, Any] = {
        "rule": rule,
        "severity": "error",
        "geometry": geometry,
        "layer": "grids",
        "grid_ids": tuple(grid_ids),
        "unit_ids": (),
        "site_ids": (),
        "message_zh": zh,
        "message_en": f"{rule} in {', '.join(grid_ids)}",
        "source": rules()[rule].source,
        "confidence": "ours",
        "status": "open",
    }
    return blank | same | more


def _reasons(grids: gpd.GeoDataFrame, findings: gpd.GeoDataFrame) -> pd.Series:
    makes = findings[findings["rule"].isin(["H301"]) | (findings["tier"] == "walk_15")]
    found: dict[str, list[str]] = {}
    for rule, ids in zip(makes["rule"], makes["grid_ids"], strict=True):
        for name in ids:
            found.setdefault(name, []).append(rule)
    values = [tuple(sorted(found.get(name, ()))) for name in grids.index]
    return pd.Series(values, index=grids.index, dtype=object)


def _summary(grids: gpd.GeoDataFrame, tiers: Mapping[str, Tier]) -> dict[str, dict[str, Any]]:
    base = grids[grids["kind"] == "base"]
    summary = {}
    for key in tiers:
        weight = base["residents"]
        classes = base[f"class_{key}"].value_counts()
        summary[key] = {
            "model": "radius",
            "area_share": float(base[f"covered_area_share_{key}"].mean()),
            "residents_share": float(
                (base[f"covered_residents_share_{key}"] * weight).sum() / weight.sum()
            ),
            "households_share": None,
            "n_sites": 3,
            "demand_basis": "residents",
            **{f"n_{c}": int(classes.get(c, 0)) for c in ("blank", "thin", "crowded", "unknown")},
        }
    return summary


def _standard(tiers: Mapping[str, Tier]) -> Standard:
    ours = {"source": "", "confidence": "ours"}
    return Standard(
        names=("gb50180-2018",),
        title={"zh": "城市居住区规划设计标准", "en": "Residential area planning standard"},
        kind="standard",
        tiers=tiers,
        orphan_tier="walk_15",
        thresholds={
            name: Figure(value=value, unit="", **ours)  # type: ignore[arg-type]
            for name, value in asdict(CoverageRules()).items()
        },
    )
