"""Several levels in one pass: the units above the grids as tilings of their own."""

from pathlib import Path

import pytest

from tests.audited import audited
from tests.builders import grids, units

# ┌────────── s0 ───────────┐   street s0 of 300 m; communities u0 and u1 overlap by 10 m, and
# │ ┌── u0 ──┬┬── u1 ──┐    │   leave 40 m of the street; the grids are clean
# └─┴────────┴┴────────┴────┘
_BOXES = [(0, 0, 130, 100), (120, 0, 260, 100), (0, 0, 300, 100)]


def _city() -> dict[str, object]:
    above = units(*_BOXES, level=["community", "community", "street"], parent_id=["s0", "s0", None])
    above = above.set_axis(["u0", "u1", "s0"]).rename_axis("unit_id")
    below = grids((0, 0, 120, 100), (120, 0, 260, 100), parent_id=["u0", "u1"])
    return {"grids": below, "units": above}


def test_units_are_judged_where_the_standard_says_so(tmp_path: Path) -> None:
    tail = "[thresholds]\nunit_tiling = 1"
    audit = audited(tmp_path, tail=tail, **_city())
    found = audit.findings[audit.findings["layer"] == "units"].set_index("rule")
    assert found.loc["G201", "unit_ids"] == ("u0", "u1")
    assert found.loc["G201", "measure"] == pytest.approx(1000)
    assert found.loc["G203", "unit_ids"] == ("s0", "u1")
    assert found.loc["G203", "measure"] == pytest.approx(4000)
    assert (found["grid_ids"] == ()).all()
    assert "u0、u1 重叠" in found.loc["G201", "message_zh"]


def test_by_default_only_the_grids_are(tmp_path: Path) -> None:
    audit = audited(tmp_path, **_city())
    assert not (audit.findings["layer"] == "units").any()
