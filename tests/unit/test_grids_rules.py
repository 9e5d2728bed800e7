"""The texts of the tiling, hierarchy and size rules: complete, and fed by what the checks give."""

import string
from collections.abc import Iterator

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.findings import findings_frame, rules
from geo.grids import (
    find_building_faults,
    find_detached_parts,
    find_gaps,
    find_hierarchy_faults,
    find_isolated,
    find_not_compact,
    find_outside_parent,
    find_overlaps,
    find_sites_in_no_grid,
    find_size_faults,
    neighbours,
)
from geo.grids.cuts import find_cut_buildings
from geo.grids.mismatches import find_mismatches
from geo.grids.nets import find_net_conflicts
from geo.grids.unevenness import UnevennessRules, find_uneven_communities
from geo.standards import load_standard
from tests.builders import buildings, grids, sites, units

CODES = [
    *(f"G{n}" for n in range(201, 211)),
    *(f"H{n}" for n in range(301, 308)),
    *(f"S{n}" for n in range(401, 406)),
    "N701",
]
NOT_YET = {"H304"}
FROM_AUDIT = {"grids", "units", "sites", "measure", "limit", "width_m", "residents", "households"}


def broken_city() -> gpd.GeoDataFrame:
    """Return grids that break every rule that is judged."""
    wide = {"noise_width_m": 0.05, "sliver_width_m": 1.0}
    far = shapely.MultiPolygon([shapely.box(500, 0, 520, 20), shapely.box(540, 0, 560, 2)])
    frame = grids(
        (0, 0, 100, 100),
        (0, 0, 100, 100),
        (90, 0, 200, 100),
        (80, 40, 130, 60),
        (199.5, 0, 300, 99.5),
        far,
        (0, 100, 300, 101),
        kind=["base", "base", "base", "dedicated", "base", "base", "base"],
        parent_id=["u0", None, "u9", "u0", "u0", "u1", "u1"],
    )
    above = units((0, 0, 150, 100), (150, 0, 320, 120), (0, 900, 10, 910))
    people = pd.Series([900.0, 10.0, 0.0, 0.0, 400.0, 400.0, 400.0], index=frame.index)
    reports = [
        find_overlaps(frame, **wide),
        find_gaps(frame, above, **wide),
        find_gaps(frame, None, **wide),
        find_detached_parts(frame),
        find_isolated(frame, neighbours(frame, sliver_width_m=1.0)),
        find_outside_parent(frame, above, noise_width_m=0.05),
        find_hierarchy_faults(frame, above, ("community",)),
        find_building_faults(frame, buildings((50, 50), (700, 0))),
        find_sites_in_no_grid(frame, sites((700, 0))),
        find_size_faults(
            frame, households=people, residents=None, min_households=300, max_households=500
        ),
        find_not_compact(frame, min_compactness=0.15),
        find_cut_buildings(
            frame, units((195, 10, 210, 20)).rename_axis("building_id"), noise_width_m=0.05
        ),
        find_mismatches(frame, neighbours(frame, sliver_width_m=1.0), sliver_width_m=1.0),
        find_uneven_communities(
            frame,
            above,
            households=people * [1, 1, 1, 1, 1, 9, 9],
            residents=None,
            rules=UnevennessRules.from_standard(load_standard()),
        ),
        find_net_conflicts(frame, {"police": units((0, 0, 95, 50))}, sliver_width_m=1.0),
    ]
    return pd.concat([report.findings for report in reports], ignore_index=True)


@pytest.fixture(scope="module")
def found() -> gpd.GeoDataFrame:
    return broken_city()


def fields(template: str) -> Iterator[str]:
    return (name for _, name, _, _ in string.Formatter().parse(template) if name)


@pytest.mark.parametrize("code", CODES)
def test_every_rule_has_all_its_texts_in_both_languages(code: str) -> None:
    rule = rules()[code]
    for texts in (rule.title, rule.explanation, rule.advice, rule.message):
        assert set(texts) == {"zh", "en"}
        assert all(texts.values())
    assert rule.confidence in {"published", "secondary", "unverified", "ours"}
    assert rule.verb in {"build", "change", "merge", "split", "adjust", ""}


def test_the_severities_are_those_of_the_contract() -> None:
    warnings = {"G204", "G206", "G208", "G209", "H305", "H306", "H307", *CODES[17:]} - {"S404"}
    for code in CODES:
        expected = "warning" if code in warnings else "error"
        assert rules()[code].severity == ("info" if code in {"G205", "S404"} else expected), code
    assert {c for c in CODES if rules()[c].orphan} == {"H301", "H302", "H303", "G208"}


def test_every_judged_rule_is_broken_somewhere(found: gpd.GeoDataFrame) -> None:
    assert set(found["rule"]) == set(CODES) - NOT_YET


def test_each_sentence_finds_its_values(found: gpd.GeoDataFrame) -> None:
    for row in found.to_dict("records"):
        known = set(row["details"])
        known |= {name for name in FROM_AUDIT if not (name in row and pd.isna(row[name]))}
        for template in rules()[row["rule"]].message.values():
            assert set(fields(template)) <= known, row["rule"]
            values = dict.fromkeys(("grids", "units", "sites"), "x") | row | row["details"]
            assert template.format(**values)


def test_details_hold_plain_values_only(found: gpd.GeoDataFrame) -> None:
    for details in found["details"]:
        assert all(isinstance(value, str | int | float) for value in details.values()), details


def test_no_finding_is_a_frame_of_no_rows() -> None:
    assert len(findings_frame([], "EPSG:32650")) == 0
