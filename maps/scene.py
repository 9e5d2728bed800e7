"""One audit as the scene that the page draws: header (tables, words, rules) and packed shapes."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from geo import words
from geo.audit import Audit
from geo.coverage import RADIUS
from geo.crs import crs_name, to_crs
from geo.findings import Rule, rules
from geo.standards import Tier
from maps.packing import COARSE_DEG, FINE_DEG, Packer
from maps.privacy import least_count, with_small_counts_hidden
from maps.simplifying import drawn_grids, drawn_units
from maps.streets import street_lines
from maps.tables import (
    FINDING_FIELDS,
    FINER_FIELDS,
    GRID_FIELDS,
    SITE_FIELDS,
    UNIT_FIELDS,
    positions,
    table,
    tier_table,
)

__all__ = ["LONLAT", "MANY_VERTICES", "lonlat", "lonlat_bounds", "pack_scene"]

LONLAT: Final = CRS.from_epsg(4326)
"""The CRS of the page: WGS 84, x = longitude, y = latitude."""

MANY_VERTICES: Final = 500_000
"""Above this number of vertices in the grids, coordinates keep six decimals instead of seven."""

_STREET_GAP_PX: Final = 6.0
"""Mean distance of the streets that are drawn, in pixels: closer ones would be a grey wash."""

_OPENING_PX: Final = 900.0
"""Pixels that the longer side of the area fills when the page opens on a large screen."""

_LATE_TEXTS: Final = frozenset({"message_zh", "message_en", "source"})
"""Columns of findings that are read when a finding is chosen or searched for, not before."""

_CIRCLE_TOLERANCE_M: Final = 5.0
_MANY_CIRCLES: Final = 5_000

_OVERLAP: Final = frozenset({"G201", "G202", "G207"})
_GAP: Final = frozenset({"G203", "G204"})

Shapes = npt.NDArray[np.object_]


def pack_scene(audit: Audit) -> str:
    """Return everything the page shows, as one text of base64.

    Shapes are exact up to the step of the coordinates (1e-7 degrees; 1e-6 for streets and circles);
    grids, units and streets of very many vertices are simplified, and the header says so.
    """
    west, south, _, _ = lonlat_bounds(audit.grids)
    packer = Packer(origin_lonlat=(west, south))
    grids = drawn_grids(audit.grids)
    step = FINE_DEG if not grids.tolerance_m else COARSE_DEG
    units = drawn_units(audit.units, grids)
    packer.add_shapes("grids", lonlat(grids.frame), step_deg=grids.step_deg, is_shared=True)
    packer.add_shapes("units", lonlat(units), step_deg=grids.step_deg, is_shared=True)
    finer = drawn_units(audit.finer, grids)
    packer.add_shapes("finers", lonlat(finer), step_deg=grids.step_deg, is_shared=True)
    packer.add_shapes("sites", lonlat(audit.sites), step_deg=step)
    streets = _add_streets(packer, audit)
    own, drawn = _finding_shapes(audit)
    packer.add_shapes("findings", lonlat(drawn), step_deg=step, is_shared=True)
    circles = _outlines_of_circles(audit)
    packer.add_shapes("circles", lonlat(circles), step_deg=COARSE_DEG)
    blanks = _outlines_of_blanks(audit)
    packer.add_shapes("blanks", lonlat(blanks), step_deg=step, is_shared=True)
    header = _header(audit)
    header["streets"] = streets
    for name in _LATE_TEXTS & set(header["findings"]):
        packer.add_late(f"findings.{name}", header["findings"].pop(name))
    header["simplified"] = {"tolerance_m": grids.tolerance_m, "is_coverage": grids.is_coverage}
    header["findings"]["is_own"] = own
    header["circles"] = {"key": list(circles.index)}
    header["blanks"] = {"key": list(blanks.index)}
    return packer.blob(header)


def lonlat_bounds(frame: gpd.GeoDataFrame) -> tuple[float, float, float, float]:
    """Return west, south, east, north (degrees) of the frame's shapes."""
    west, south, east, north = shapely.total_bounds(lonlat(frame)).tolist()
    return west, south, east, north


def _header(audit: Audit) -> dict[str, Any]:
    suffix = "" if audit.verdict_model == RADIUS else f"_{audit.verdict_model}"
    tiers = _judged_tiers(audit)
    findings, grids = audit.findings, audit.grids
    hidden = partial(with_small_counts_hidden, k=least_count(audit.standard))
    units_index = audit.units.index if audit.units is not None else pd.Index([])
    finer_index = audit.finer.index if audit.finer is not None else pd.Index([])
    sites_index = audit.sites.index if audit.sites is not None else pd.Index([])
    return {
        "version": 1,
        "project": _project(audit),
        "words": words.table("maps"),
        "levels": list(audit.layers.levels),
        "tiers": [_tier(tier, audit) for tier in tiers.values()],
        "orphan_tier": audit.standard.orphan_tier,
        "rules": {code: _rule(rules()[code]) for code in sorted(set(findings["rule"]))},
        "sources": _sources(findings["source"]),
        "grids": hidden(table(grids, GRID_FIELDS)) | {"orphan_reasons": _reasons(grids)},
        "grid_tiers": {tier: tier_table(grids, tier + suffix) for tier in tiers},
        "units": hidden(table(audit.units, UNIT_FIELDS)),
        "finers": hidden(table(audit.finer, FINER_FIELDS)),
        "grid_straight": _straight_shares(audit, tiers),
        "unit_tiers": {tier: tier_table(audit.units, tier + suffix) for tier in tiers},
        "sites": table(audit.sites, SITE_FIELDS),
        "findings": hidden(table(findings, FINDING_FIELDS))
        | {
            "grids": positions(findings["grid_ids"], grids.index),
            "units": positions(findings["unit_ids"], units_index),
            "finers": positions(findings["grid_ids"], finer_index),
            "sites": positions(findings["site_ids"], sites_index),
        },
    }


def _straight_shares(audit: Audit, tiers: Mapping[str, Tier]) -> dict[str, list[Any]]:
    """Return by tier each grid's share by straight line, where the verdict is along streets."""
    if audit.verdict_model == RADIUS:
        return {}
    found = {}
    for tier in tiers:
        told = tier_table(audit.grids, tier)
        found[tier] = [
            area if basis == "area" else share
            for basis, area, share in zip(
                told["demand_basis"],
                told["covered_area_share"],
                told["covered_residents_share"],
                strict=True,
            )
        ]
    return found


def _project(audit: Audit) -> dict[str, Any]:
    return {
        "id": audit.project_id,
        "title": audit.title,
        "created": audit.created,
        "language": audit.language,
        "standards": list(audit.standard.names),
        "standard_title": dict(audit.standard.title),
        "crs": crs_name(audit.crs),
        "model": audit.verdict_model,
        "marks": dict(audit.map_marks),
        "least_count": least_count(audit.standard),
        "thin_below_share": audit.standard.limit("thin_below_share"),
    }


def _judged_tiers(audit: Audit) -> Mapping[str, Tier]:
    """Return the tiers of the standard that the audit has figures for; none without sites."""
    summary = audit.coverage_summary
    return {name: tier for name, tier in audit.standard.tiers.items() if name in summary}


def _tier(tier: Tier, audit: Audit) -> dict[str, Any]:
    figures = {
        name: None if isinstance(value, float) and not np.isfinite(value) else value
        for name, value in audit.coverage_summary[tier.tier_id].items()
        if isinstance(value, str | int | float)
    }
    return {
        "id": tier.tier_id,
        "title": dict(tier.marked_title),
        "minutes": tier.minutes,
        "distance_m": tier.distance_m,
        "categories": list(tier.categories) if tier.categories is not None else None,
        "source": tier.source,
        "confidence": tier.confidence,
        "distance_confidence": tier.distance_confidence,
        "summary": figures,
        "straight": audit.coverage_summary[tier.tier_id].get("by_radius"),
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "title": dict(rule.title),
        "explanation": dict(rule.explanation),
        "advice": dict(rule.advice),
        "severity": rule.severity,
        "source": rule.source,
        "group": _group(rule),
    }


def _sources(cited: pd.Series) -> dict[str, dict[str, str]]:
    """Return how each source is told by language, where that is not simply as it is cited."""
    told = {
        source: {language: words.source_in(source, language) for language in words.LANGUAGES}
        for source in cited.dropna().unique()
    }
    return {source: each for source, each in told.items() if set(each.values()) != {source}}


def _group(rule: Rule) -> str:
    """Return what a rule is listed and drawn as: blank, overlap, gap, orphan or other."""
    if rule.code == "C501":
        return "blank"
    if rule.code in _OVERLAP:
        return "overlap"
    if rule.code in _GAP:
        return "gap"
    return "orphan" if rule.orphan else "other"


def _reasons(grids: gpd.GeoDataFrame) -> list[list[str]]:
    if "orphan_reasons" not in grids:
        return [[] for _ in range(len(grids))]
    return [
        [str(reason) for reason in reasons] if isinstance(reasons, tuple | list) else []
        for reasons in grids["orphan_reasons"]
    ]


def _finding_shapes(audit: Audit) -> tuple[list[int], gpd.GeoDataFrame]:
    """Return which findings have a shape of their own, and those shapes.

    A finding that is just its one grid is drawn from the grid, so the shape is not carried twice.
    """
    findings = audit.findings
    grid_of = audit.grids.geometry
    shapes = findings.geometry.array
    single = [ids[0] if len(ids) == 1 else None for ids in findings["grid_ids"]]
    grid_shapes = np.array(
        [grid_of.get(name) if name is not None else None for name in single], dtype=object
    )
    same = shapely.equals_identical(np.asarray(shapes, dtype=object), grid_shapes)
    own = ~(same | shapely.is_missing(shapes) | shapely.is_empty(shapes))
    return own.astype(int).tolist(), findings[own]


def _add_streets(packer: Packer, audit: Audit) -> dict[str, float]:
    """Add the streets in two parts: those drawn at the scale of the whole area, and the rest.

    Returns the area of the grids (m²), the length of the first part and of all (m): at every scale
    the page draws as many metres as keep `_STREET_GAP_PX` apart on the screen.
    """
    streets = street_lines(audit.layers.streets)
    if streets is None or not len(streets):
        return {"area_m2": 0, "first_m": 0, "all_m": 0, "gap_px": _STREET_GAP_PX}
    area_m2 = float(shapely.area(audit.grids.geometry.array).sum())
    west, south, east, north = audit.grids.total_bounds
    m_per_px = max(east - west, north - south) / _OPENING_PX
    running_m = np.cumsum(shapely.length(streets.geometry.array))
    n_first = int(np.searchsorted(running_m, area_m2 / (_STREET_GAP_PX * m_per_px)))
    shapes = lonlat(streets)
    packer.add_shapes("streets", shapes[:n_first], step_deg=COARSE_DEG)
    packer.add_shapes("streets_rest", shapes[n_first:], step_deg=COARSE_DEG)
    return {
        "area_m2": round(area_m2),
        "first_m": round(float(running_m[n_first - 1]), 1) if n_first else 0,
        "all_m": round(float(running_m[-1]), 1),
        "gap_px": _STREET_GAP_PX,
    }


def _outlines_of_circles(audit: Audit) -> gpd.GeoDataFrame:
    """Return the union of all circles of each tier, of the model that gives the verdict.

    Along streets, by `<tier> straight`, also of the circles by straight line where these are few.
    """
    circles = audit.circles
    rows = circles[circles["model"] == audit.verdict_model] if len(circles) else circles
    if len(rows) > _MANY_CIRCLES:  # a union of so many full circles takes minutes
        thinner = shapely.simplify(
            np.asarray(rows.geometry.array), _CIRCLE_TOLERANCE_M, preserve_topology=False
        )
        rows = rows.set_geometry(
            gpd.GeoSeries(thinner, index=rows.index, crs=rows.crs).make_valid()
        )
    tiers = {str(tier): part.geometry.array for tier, part in rows.groupby("tier", sort=False)}
    if audit.verdict_model != RADIUS and len(circles):
        beside = circles[circles["model"] == RADIUS]
        if len(beside) <= _MANY_CIRCLES:
            for tier, part in beside.groupby("tier", sort=False):
                tiers[f"{tier} straight"] = part.geometry.array
    with ThreadPoolExecutor() as pool:  # shapely lets go of the interpreter
        unions = list(pool.map(shapely.union_all, tiers.values()))
    return _by_key(dict(zip(tiers, unions, strict=True)), audit.crs)


def _outlines_of_blanks(audit: Audit) -> gpd.GeoDataFrame:
    """Return the union of the blank grids of each tier, by tier id."""
    suffix = "" if audit.verdict_model == RADIUS else f"_{audit.verdict_model}"
    parts: dict[str, shapely.Geometry] = {}
    for tier in _judged_tiers(audit):
        name = f"class_{tier}{suffix}"
        if name in audit.grids:
            blank = audit.grids[audit.grids[name] == "blank"]
            if len(blank):
                parts[tier] = shapely.union_all(blank.geometry.array)
    return _by_key(parts, audit.crs)


def _by_key(parts: Mapping[str, shapely.Geometry], crs: CRS) -> gpd.GeoDataFrame:
    index = pd.Index(list(parts), dtype=object)
    return gpd.GeoDataFrame(geometry=gpd.GeoSeries(list(parts.values()), index=index, crs=crs))


def lonlat(frame: gpd.GeoDataFrame | None) -> Shapes:
    """Return the shapes of `frame` as lon, lat, shape (n,); none for no frame."""
    if frame is None or not len(frame):
        return np.empty(0, dtype=object)
    found: Shapes = np.asarray(to_crs(frame, LONLAT).geometry.array, dtype=object)
    return found
