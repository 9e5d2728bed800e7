"""Dedicated grids carved out of base grids, not laid over them, where the standard says so."""

from pathlib import Path

import geopandas as gpd
import shapely

from geo.audit import Audit
from tests.audited import audited
from tests.builders import buildings, grids, units

_CARVED = "[thresholds]\ndedicated_carved = 1"

# ┌─── g0 ───────┐    g1 in the middle of g0: legal over it, a defect where grids are carved,
# │   ┌ g1 ┐     │    unless g0 has a hole for it
# └───┴────┴─────┘


def layer(*, has_hole: bool) -> gpd.GeoDataFrame:
    base, school = shapely.box(0, 0, 200, 200), shapely.box(80, 80, 120, 120)
    return grids(
        shapely.difference(base, school) if has_hole else base,
        school,
        kind=["base", "dedicated"],
        parent_id=["u0", "u0"],
    )


def codes(audit: Audit) -> set[str]:
    return set(audit.findings["rule"]) & {"G201", "G202", "G203", "G207", "G208", "H306"}


def test_an_overlay_is_legal_by_default_and_an_overlap_where_grids_are_carved(
    tmp_path: Path,
) -> None:
    whole = {"grids": layer(has_hole=False), "units": units((0, 0, 200, 200))}
    assert codes(audited(tmp_path, **whole)) == {"G208"}  # an overlay is no neighbour
    assert codes(audited(tmp_path, tail=_CARVED, **whole)) == {"G201", "G208"}


def test_a_carved_grid_in_its_hole_is_clean_with_its_buildings(tmp_path: Path) -> None:
    carved = {
        "grids": layer(has_hole=True),
        "units": units((0, 0, 200, 200)),
        "buildings": buildings((100, 100), (20, 20)),
    }
    assert codes(audited(tmp_path, tail=_CARVED, **carved)) == set()
    # the school's building is in no base grid, which only carving excuses; carved out, it is a
    # neighbour as well
    assert codes(audited(tmp_path, **carved)) == {"G208", "H306"}
