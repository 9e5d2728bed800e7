"""A tier may serve those who work outdoors instead of residents."""

from pathlib import Path

import pytest

from geo.audit import Audit
from geo.coverage import grid_demand
from tests.audited import audited
from tests.builders import buildings, grids, sites
from tests.coverage_cases import streets_of

# ┌──── g0 ────┬──── g1 ────┐   b0 near the site: 90 residents, 1 rider; b1 far from it: 10 and 9;
# │ s0 b0   b1 │     b2     │   b2: 5 residents, no rider
# └────────────┴────────────┘
TAIL = """
[tiers.home]
minutes = 1
distance_m = 50
[tiers.riders]
minutes = 1
distance_m = 50
demand = "workers"
"""


def _audit(folder: Path, *, streets: bool = False, **workers: list[float]) -> Audit:
    layers = {
        "grids": grids((0, 0, 200, 100), (200, 0, 400, 100)),
        "sites": sites((10, 50), capacity=[10]),
        "buildings": buildings((20, 50), (150, 50), (300, 50), residents=[90, 10, 5], **workers),
    }
    if streets:
        layers["streets"] = streets_of([(0, 50), (400, 50)])
    return audited(folder, tail=TAIL, **layers)


@pytest.mark.parametrize("streets", [False, True])
def test_shares_are_by_workers_else_buildings(tmp_path: Path, *, streets: bool) -> None:
    audit = _audit(tmp_path, streets=streets, outdoor_workers=[1, 9, 0])
    model = "_network" if streets else ""
    by_grid = audit.grids
    assert by_grid[f"covered_residents_share_home{model}"].tolist() == pytest.approx([0.9, 0.0])
    assert by_grid[f"covered_residents_share_riders{model}"].tolist() == pytest.approx([0.1, 0.0])
    assert by_grid[f"demand_basis_riders{model}"].tolist() == ["workers", "buildings"]
    total = audit.coverage_summary
    assert total["home"]["residents_share"] == pytest.approx(90 / 105)
    assert total["riders"]["residents_share"] == pytest.approx(0.1)
    assert total["riders"]["demand_basis"] == "workers"
    rows = audit.findings[(audit.findings["rule"] == "C502") & (audit.findings["tier"] == "riders")]
    assert "户外劳动者" in rows["message_zh"].iloc[0]
    assert "access_home" in by_grid
    assert "access_riders" not in by_grid  # residents share a capacity, workers are not among them


def test_without_workers_the_tier_is_judged_by_residents(tmp_path: Path) -> None:
    audit = _audit(tmp_path)
    home, riders = (
        audit.grids[f"covered_residents_share_{name}"].tolist() for name in ("home", "riders")
    )
    assert home == riders
    assert set(audit.grids["demand_basis_riders"]) == {"residents"}


def test_workers_of_a_grid_are_spread_over_its_buildings(tmp_path: Path) -> None:
    layers = {
        "grids": grids((0, 0, 200, 100), outdoor_workers=[10]),
        "sites": sites((10, 50)),
        "buildings": buildings((20, 50), (150, 50), residents=[90, 10]),
    }
    audit = audited(tmp_path, tail=TAIL, **layers)
    assert audit.grids["covered_residents_share_riders"].tolist() == [0.5]
    assert "outdoor workers: 10 were spread" in " ".join(note["en"] for note in audit.messages)


def test_residents_stay_what_they_are() -> None:
    homes = buildings((5, 5), residents=[3], outdoor_workers=[8])
    demand = grid_demand(grids((0, 0, 10, 10)), homes)
    assert demand.totals_basis == "residents"
    assert demand.of_workers().totals_basis == "workers"
    assert demand.of_workers().weight("workers").tolist() == [8.0]
