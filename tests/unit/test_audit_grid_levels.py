"""Grids of several levels in one pass: each level a tiling of its own inside the one above."""

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.audit import Audit, run_audit
from geo.errors import NotFoundError
from geo.io import load, read_project
from geo.outputs import write_outputs
from geo.outputs.reading import read_audit
from geo.planning import RepairRules, repair_layers
from tests.audited import audited
from tests.builders import buildings, grids, units

# ┌─────── g0 ───────┬─────── g1 ───────┬── g2 ──┐   base grids of 100 m x 100 m, no defect.
# │ m0 ┌─┬ gap  ┐    │        ┌┬        │        │   m0 and m1 overlap by 5 m, 20 m of g0 are in
# │    │ │  m1  │    │   m2   ││  m3    │  none  │   no micro grid, m3 reaches 10 m into g2, and
# └────┴─┴──────┴────┴────────┴┴────────┴────────┘   m2 and m3 share a border
_BASE = [(0, 0, 100, 100), (100, 0, 200, 100), (200, 0, 300, 100)]
_MICRO = [(0, 0, 45, 100), (40, 0, 80, 100), (100, 0, 150, 100), (150, 0, 210, 100)]
_BASE_LEVEL, _MICRO_LEVEL = "基础网格", "微网格"


def _layer(*, parents: tuple[str | None, ...] = ("g0", "g0", "g1", "g1")) -> gpd.GeoDataFrame:
    base = grids(*_BASE, level=[_BASE_LEVEL] * 3, parent_id=["u0"] * 3)
    micro = grids(*_MICRO, level=[_MICRO_LEVEL] * 4, parent_id=list(parents))
    micro.index = pd.Index([f"m{k}" for k in range(4)], name="grid_id")
    return gpd.GeoDataFrame(pd.concat([micro, base]).rename_axis("grid_id"), crs=base.crs)


def _outline() -> gpd.GeoDataFrame:
    return units((0, 0, 300, 100))


def _found(audit: Audit) -> set[tuple[str, tuple[str, ...], float]]:
    tiling = audit.findings[audit.findings["rule"].str.startswith(("G", "H"))]
    tiling = tiling[tiling["rule"] != "G205"]
    return {
        (row.rule, row.grid_ids, round(row.measure, 3) if row.measure == row.measure else 0.0)
        for row in tiling.itertuples()
    }


_EXPECTED = {
    ("G201", ("m0", "m1"), 500.0),
    ("G203", ("m1", "m2"), 2000.0),
    ("G210", ("m3",), 1000.0),
}


def test_each_level_is_a_tiling_of_its_own_inside_its_parents(tmp_path: Path) -> None:
    audit = audited(tmp_path, grids=_layer(), units=_outline())
    assert _found(audit) == _EXPECTED
    assert audit.layers.grid_levels == (_BASE_LEVEL, _MICRO_LEVEL)
    assert any("基础网格 3 > 微网格 4" in message["zh"] for message in audit.messages)
    row = audit.findings.set_index("rule")
    assert row.loc["G210", "unit_ids"] == ("g1", "u0")
    assert row.loc["G203", "unit_ids"] == ("g0", "u0")
    assert row.loc["G201", "owner_id"] == "m0"


def test_what_is_missing_or_wrong_above_is_told(tmp_path: Path) -> None:
    layer = _layer(parents=("g0", None, "nobody", "g2"))
    found = {row[:2] for row in _found(audited(tmp_path, grids=layer, units=_outline()))}
    assert {("H301", ("m1",)), ("H302", ("m2",)), ("H303", ("m3",))} <= found
    assert not {row for row in found if row[0] == "H305"}


def test_parents_that_are_units_make_their_outlines_the_outlines(tmp_path: Path) -> None:
    layer = _layer(parents=("u0",) * 4)
    audit = audited(tmp_path, grids=layer, units=_outline())
    assert _found(audit) == {
        ("G201", ("m0", "m1"), 500.0),
        ("G203", ("m1", "m2"), 2000.0),
        ("G203", ("m3",), 9000.0),
    }


def test_people_and_buildings_are_counted_at_the_coarsest_level_only(tmp_path: Path) -> None:
    homes = buildings(
        (10, 50), (42, 50), (90, 50), (120, 50), (250, 50), residents=[5, 7, 11, 13, 17]
    )
    audit = audited(tmp_path, grids=_layer(), units=_outline(), buildings=homes)
    rows = audit.findings.set_index("rule")
    assert rows.loc["G201", "residents"] == 7
    assert rows.loc["G203", "residents"] == 11
    assert audit.grids["residents"].sum() == 53
    assert rows.loc["H306", "grid_ids"] == ("m0", "m1")  # in two micro grids; none is missing
    assert len(audit.findings[audit.findings["rule"] == "H306"]) == 1


def test_two_files_of_a_project_give_the_same_as_one_with_a_column(tmp_path: Path) -> None:
    layer = _layer()
    layer = layer.set_geometry(layer.translate(500_000, 3_300_000))
    above = _outline()
    above.set_geometry(above.translate(500_000, 3_300_000)).reset_index().to_file(
        tmp_path / "units.gpkg"
    )
    lines = ["[project]", 'id = "two"', "[layers.units]", 'path = "units.gpkg"']
    for name, level in (("base", _BASE_LEVEL), ("micro", _MICRO_LEVEL)):
        rows = layer[layer["level"] == level].drop(columns="level")
        rows.reset_index().to_file(tmp_path / f"{name}.gpkg")
        lines += ["[[layers.grids]]", f'path = "{name}.gpkg"', f'level = "{level}"']
    path = tmp_path / "project.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert _found(run_audit(load(read_project(path)))) == _EXPECTED


def test_a_column_that_is_no_level_changes_nothing(tmp_path: Path) -> None:
    plain = grids((0, 0, 60, 100), (50, 0, 100, 100), (100, 0, 200, 100))
    graded = plain.assign(level=["A", "B", "A"])
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    assert _found(audited(one, grids=graded)) == _found(audited(other, grids=plain))
    audit = audited(one, grids=graded)
    assert audit.layers.grid_levels == ()
    assert "一级体检" in " ".join(audit.sources[0].notes)


def test_dedicated_grids_alone_are_no_level(tmp_path: Path) -> None:
    layer = grids(
        (0, 0, 100, 100),
        (100, 0, 200, 100),
        (80, 40, 120, 60),
        kind=["base", "base", "dedicated"],
        level=["基础网格", "基础网格", "专属网格"],
    )
    assert {row[0] for row in _found(audited(tmp_path, grids=layer))} == {"G207"}


def test_three_levels_are_audited_and_written_and_read_back(tmp_path: Path) -> None:
    layer = _layer()
    cells = grids((0, 0, 20, 100), (21, 0, 45, 100), level=["楼群"] * 2, parent_id=["m0"] * 2)
    cells.index = pd.Index(["n0", "n1"], name="grid_id")
    layer = gpd.GeoDataFrame(pd.concat([cells, layer]), crs=layer.crs).rename_axis("grid_id")
    audit = audited(tmp_path, grids=layer, units=_outline())
    assert _found(audit) == _EXPECTED | {("G204", ("n0", "n1"), 100.0)}
    write_outputs(audit, tmp_path / "out")
    told = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert told["grid_levels"] == {_BASE_LEVEL: 3, _MICRO_LEVEL: 4, "楼群": 2}
    assert told["grids"]["n_base"] == 3
    collection = json.loads((tmp_path / "out" / "grids.geojson").read_text(encoding="utf-8"))
    assert len(collection["features"]) == 9
    again = read_audit(tmp_path / "out" / "audit.gpkg")
    assert list(again.grids.index) == list(audit.grids.index)
    assert again.finer is not None
    assert set(again.finer.index) == {"m0", "m1", "m2", "m3", "n0", "n1"}
    assert again.layers.grid_levels == audit.layers.grid_levels
    assert shapely.area(again.finer.geometry.array).sum() == pytest.approx(
        shapely.area(audit.finer.geometry.array).sum()
    )


def test_repair_mends_every_level_inside_what_is_above_it(tmp_path: Path) -> None:
    layers = audited(tmp_path, grids=_layer(), units=_outline()).layers
    rules = RepairRules(noise_width_m=0.05, sliver_width_m=1.0)
    repair = repair_layers(layers, rules=rules)
    assert set(repair.grids.index) == set(layers.all_grids.index)
    base = repair.grids.loc[["g0", "g1", "g2"]]
    assert (base["status"] == "unchanged").all()
    assert sorted(repair.changes["area_m2"].round(3)) == [500.0, 2000.0]
    assert repair.after.empty
    assert repair.grids.loc[["m0", "m1"]].area.sum() == pytest.approx(10_000)  # all of g0
    again = repair_layers(layers.with_grids(repair.grids.drop(columns="status")), rules=rules)
    assert again.changes.empty
    assert (again.grids["status"] == "unchanged").all()


def test_a_choice_about_one_level_leaves_the_other_alone(tmp_path: Path) -> None:
    audit = audited(tmp_path, grids=_layer(), units=_outline())
    overlap = audit.findings.set_index("rule").loc["G201", "finding_id"]
    rules = RepairRules(noise_width_m=0.05, sliver_width_m=1.0, choices={overlap: "to:m1"})
    repair = repair_layers(audit.layers, rules=rules)
    assert repair.grids.geometry["m0"].area == pytest.approx(4000)
    assert repair.grids.geometry["m1"].area == pytest.approx(6000)
    unknown = RepairRules(noise_width_m=0.05, sliver_width_m=1.0, choices={"0" * 12: "fix"})
    with pytest.raises(NotFoundError):
        repair_layers(audit.layers, rules=unknown)
