"""`gridcircle repair`: its files, and a second run over them."""

import json
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely

from api.commands import main
from geo.io import read_project
from geo.outputs.repaired_project import repaired_project
from tests.builders import grids, units

_ORIGIN = (500_000, 3_300_000)


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDCIRCLE_LANG", "en")


def _run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    return int(stop.value.code or 0)


def _project(folder: Path) -> Path:
    """Two grids that overlap by 20 m x 200 m, a third with a gap of 10 m before it."""
    frames = {
        "grids": grids(
            (0, 0, 200, 200),
            (180, 0, 400, 200),
            (410, 0, 600, 200),
            name=["=1+1", "B", "C"],
            parent_id=["u0"] * 3,
        ),
        "units": units((0, 0, 600, 200)),
    }
    lines = ["[project]", 'id = "drawn"', 'title = "Drawn \\"city\\""', 'language = "en"']
    lines += ["[thresholds]", "min_households = 0"]
    for name, frame in frames.items():
        frame.set_geometry(frame.translate(*_ORIGIN)).reset_index().to_file(folder / f"{name}.gpkg")
        lines += [f"[layers.{name}]", f'path = "{name}.gpkg"']
    path = folder / "city.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_repair_writes_the_grids_the_changes_and_the_audit_after(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code = _run("repair", _project(tmp_path), "-o", out)
    told = capsys.readouterr().out
    changes = pd.read_csv(out / "changes.csv", dtype=str)
    mended = gpd.read_file(out / "grids.gpkg", layer="grids").set_index("grid_id")
    record = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    after = json.loads((out / "after" / "summary.json").read_text(encoding="utf-8"))

    assert code == 0
    assert "none lost" in told
    assert list(changes["method"]) == ["border", "border"]
    assert changes["from_name"][0] in ("B", "'=1+1")
    assert mended.area.sum() == pytest.approx(600 * 200)
    assert record["findings_before"] == {"G201": 1, "G203": 1}
    assert record["findings_after"] == {}
    assert record["moved_m2"] == pytest.approx(20 * 200 + 10 * 200)
    assert not {"G201", "G202", "G203", "G204", "G210"} & set(after["findings"])
    assert (out / "after" / "map.html").is_file()


def test_the_table_for_excel_is_in_the_language_and_holds_no_formula(tmp_path: Path) -> None:
    _run("repair", _project(tmp_path), "-o", tmp_path / "out")
    sheet = openpyxl.load_workbook(tmp_path / "out" / "changes.xlsx").active

    rows = list(sheet.iter_rows())
    assert [cell.value for cell in rows[0]][:3] == ["No.", "Finding", "Rule"]
    assert {cell.data_type for row in rows for cell in row} <= {"s", "n"}
    assert len(rows) == 3


def test_rows_without_a_geometry_are_told_and_who_gets_a_piece_is_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _project(tmp_path)
    frame = gpd.read_file(tmp_path / "grids.gpkg").assign(residents=[90, 20, 5])
    frame.loc[2, "geometry"] = None
    frame.to_file(tmp_path / "grids.gpkg")
    for by, taker in (("border", "g0"), ("population", "g1"), ("owner", "g0")):
        assert _run("repair", path, "-o", tmp_path / by, "--by", by) == 0
        assert "are not in the result: 1, see" in capsys.readouterr().out
        changes = pd.read_csv(tmp_path / by / "changes.csv", dtype=str)
        assert changes.loc[changes["rule"] == "G201", "to_id"].tolist() == [taker]
        assert (tmp_path / by / "after" / "quarantine.csv").is_file()
    assert _run("repair", path, "-o", tmp_path / "out", "--by", "chance") == 2


def test_a_second_run_over_its_own_project_changes_nothing(tmp_path: Path) -> None:
    _run("repair", _project(tmp_path), "-o", tmp_path / "out")
    code = _run("repair", tmp_path / "out" / "project.toml", "-o", tmp_path / "again")
    first, second = (
        gpd.read_file(tmp_path / name / "grids.gpkg", layer="grids") for name in ("out", "again")
    )

    assert code == 0
    assert list(second["status"]) == ["unchanged"] * 3
    assert (shapely.to_wkb(first.geometry.array) == shapely.to_wkb(second.geometry.array)).all()
    assert len(pd.read_csv(tmp_path / "again" / "changes.csv")) == 0


def test_choices_are_taken_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _project(tmp_path)
    options = ("--choose", "G201=ask", "--choose", "G203=leave", "--format", "json")
    assert _run("repair", path, "-o", tmp_path / "out", *options) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["n_applied"], record["n_proposed"], record["n_left"]) == (0, 1, 1)
    assert record["grids"]["unchanged"] == 3

    assert _run("repair", path, "-o", tmp_path / "out", "--choose", "G201") == 2
    assert _run("repair", path, "-o", tmp_path / "out", "--choose", "G201=nonsense") == 2
    assert "unknown choice nonsense" in capsys.readouterr().err


def test_the_new_project_keeps_all_else_of_the_old_one(tmp_path: Path) -> None:
    path = _project(tmp_path)
    text = path.read_text(encoding="utf-8") + (
        '[layers.nets.police]\npath = "police.gpkg"\n[categories]\n"养老 院" = "elderly"\n'
        '[tiers.walk_15]\ncategories = ["elderly", "clinic"]\n'
    )
    path.write_text(text, encoding="utf-8")
    (tmp_path / "out").mkdir()
    new = tmp_path / "out" / "project.toml"
    new.write_text(repaired_project(path, new.parent, crs="EPSG:32650"), encoding="utf-8")
    old_read, new_read = read_project(path), read_project(new)

    assert (new_read.title, new_read.crs) == ('Drawn "city"', "EPSG:32650")
    assert dict(new_read.categories) == dict(old_read.categories)
    assert dict(new_read.tiers) == dict(old_read.tiers)
    assert dict(new_read.thresholds) == {"min_households": 0}
    moved = {spec.name: spec.path.resolve() for spec in new_read.layers}
    assert moved["units"] == (tmp_path / "units.gpkg").resolve()
    assert moved["nets.police"] == (tmp_path / "police.gpkg").resolve()
    assert moved["grids"] == (tmp_path / "out" / "grids.gpkg").resolve()
