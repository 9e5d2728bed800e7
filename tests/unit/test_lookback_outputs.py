"""`gridcircle compare` end to end: exit codes, files, findings before and after, the map."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import openpyxl
import pyogrio
import pytest
import shapely

from api.commands import main
from geo.outputs import read_audit
from geo.outputs.lookback import write_look_back
from geo.planning.lookback import Lookback, look_back
from maps import look_back_map, write_look_back_map
from maps.offline import external_references
from tests import builders
from tests.edits import audit_of
from tests.fake_audit import fake_audit, finding

_HOSTILE = "</script><img src=x onerror=alert(1)>{{7*7}}=1+1"

#  ┌─ g0 ─┬─ g1 ─┬─ g2 ─┐     100 m x 100 m each
#  └──────┴──────┴──────┘
_BOXES = ((0, 0, 100, 100), (100, 0, 200, 100), (200, 0, 300, 100))
_ORIGIN = (500_000, 3_300_000)


def write_project(folder: Path, *boxes: tuple[float, ...], ids: tuple[str, ...] = ()) -> Path:
    """Write grids and two buildings in each, and a project file of them."""
    folder.mkdir()
    frame = builders.grids(*boxes, name=[f"{k}号" for k in range(len(boxes))])
    if ids:
        frame.index = frame.index.map(dict(zip(frame.index, ids, strict=True)))
        frame.index.name = "grid_id"
    homes = [(x, y) for x in (50, 150, 250) for y in (20, 80)]
    people = builders.buildings(*homes, residents=[10, 20, 30, 40, 50, 60])
    for name, layer in (("grids", frame), ("buildings", people)):
        moved = layer.set_geometry(layer.translate(*_ORIGIN))
        moved.reset_index().to_file(folder / f"{name}.gpkg")
    project = folder / "project.toml"
    project.write_text(
        '[project]\nid = "drawn"\ntitle = "画成"\n[layers.grids]\npath = "grids.gpkg"\n'
        '[layers.buildings]\npath = "buildings.gpkg"\ncomplete = true\n',
        encoding="utf-8",
    )
    return project


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as done:
        main([str(argument) for argument in arguments])
    return int(done.value.code or 0)


def summary(folder: Path) -> dict[str, object]:
    content: dict[str, object] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("versions")
    overlapping = ((0, 0, 100, 100), (100, 0, 200, 100), (190, 0, 300, 100))
    return (
        write_project(folder / "old", *overlapping),
        write_project(folder / "new", (0, 0, 200, 100), (200, 0, 300, 100), ids=("g0", "g2")),
    )


def test_a_project_is_compared_and_everything_is_written(
    projects: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run("compare", *projects, "-o", out) == 0
    assert {path.name for path in out.iterdir()} == {
        "summary.json",
        "lineage.csv",
        "moves.csv",
        "compare.gpkg",
        "map.html",
        "ledger.xlsx",
    }
    found = summary(out)
    assert found["lineage"] == {
        **dict.fromkeys(("unchanged", "redrawn", "split", "abolished", "new", "carved"), 0),
        "merged": 2,
        "resurveyed": 1,
    }
    assert found["n_adjusted"] == 2
    assert found["residents"] == {"before": 210, "after": 210, "moved": 0, "gone": 0, "new": 0}
    assert found["defects"]["introduced"] == 0  # type: ignore[index]
    assert found["findings"]["fixed"]["G201"] == 1  # type: ignore[index]
    assert "调整优化网格 2 个" in str(found["statement"])
    assert "调整优化网格 2 个" in capsys.readouterr().out


def test_the_other_way_round_a_defect_is_introduced(
    projects: tuple[Path, Path], tmp_path: Path
) -> None:
    assert run("compare", projects[1], projects[0], "-o", tmp_path / "out") == 1
    found = summary(tmp_path / "out")
    assert found["findings"]["introduced"]["G201"] == 1  # type: ignore[index]
    assert found["lineage"]["split"] == 1  # type: ignore[index]


def test_two_audit_files_compare_like_their_projects(
    projects: tuple[Path, Path], tmp_path: Path
) -> None:
    for name, project in zip("ab", projects, strict=True):
        run("audit", project, "-o", tmp_path / name, "--fail-on", "never")
    assert run("compare", tmp_path / "a" / "audit.gpkg", tmp_path / "b", "-o", tmp_path / "c") == 0
    assert run("compare", *projects, "-o", tmp_path / "d") == 0
    left, right = summary(tmp_path / "c"), summary(tmp_path / "d")
    for found in (left, right):
        del found["old"], found["new"]
    assert left == right
    for name in ("lineage.csv", "moves.csv"):
        assert (tmp_path / "c" / name).read_bytes() == (tmp_path / "d" / name).read_bytes()


def test_the_audit_file_keeps_the_buildings(projects: tuple[Path, Path], tmp_path: Path) -> None:
    run("audit", projects[0], "-o", tmp_path, "--fail-on", "never")
    buildings = read_audit(tmp_path / "audit.gpkg").layers.buildings
    assert buildings is not None
    assert buildings["residents"].tolist() == [10, 20, 30, 40, 50, 60]
    assert list(buildings.index) == [f"b{k}" for k in range(6)]


@pytest.mark.parametrize("name", ["nothing.toml", "nothing.gpkg", "grids.txt"])
def test_what_is_no_version_is_refused_with_a_sentence(
    name: str, projects: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("compare", tmp_path / name, projects[1], "-o", tmp_path / "out") == 2
    assert name in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def awkward() -> Lookback:
    """Return a look-back in which names are hostile and every change of a finding occurs."""
    before = fake_audit()
    grids = before.layers.grids.copy()
    grids["name"] = [_HOSTILE, "b", None, "d"]
    grids.index = [f"{name}x" for name in grids.index]
    grids.index.name = "grid_id"
    new = finding(
        finding_id="n1", layer="grids", grid_ids=("g0x", "g1x"), geometry=shapely.Point(0, 0)
    )
    fresh = finding(finding_id="n2", layer="grids", grid_ids=("g2x",), message_zh=_HOSTILE)
    findings = gpd.GeoDataFrame(
        [new, fresh], columns=before.findings.columns, geometry="geometry", crs=before.crs
    )
    layers = replace(before.layers, grids=grids)
    after = fake_audit(layers=layers, grids=grids, findings=findings, title=_HOSTILE)
    return look_back(before, after)


def test_a_finding_stays_the_same_when_its_grids_are_recoded() -> None:
    found = awkward().findings
    assert found.loc[found["change"] == "left", ["finding_id", "old_id"]].to_numpy().tolist() == [
        ["n1", "f1"]
    ]
    assert found.loc[found["change"] == "introduced", "finding_id"].tolist() == ["n2"]
    assert set(found.loc[found["change"] == "fixed", "old_id"]) == {"f2", "f3", "f4"}


def test_a_rule_that_only_one_audit_judged_is_in_no_count() -> None:
    before = fake_audit()
    after = replace(before, findings=before.findings.iloc[:0], rules=("G201", "H305"))
    found = look_back(before, after)
    assert set(found.not_compared) == {"C501", "G203"}
    assert set(found.findings["rule"]) == {"G201", "H305"}


def test_the_ledger_opens_with_the_statement_first(tmp_path: Path) -> None:
    write_look_back(awkward(), tmp_path)
    book = openpyxl.load_workbook(tmp_path / "ledger.xlsx")
    assert book.sheetnames == ["结论", "沿革", "人口流向", "问题对照", "覆盖对照", "单元对照"]
    page = book["结论"]
    assert page["A2"].value == "结论"
    assert page["C2"].value.startswith("原有网格 4 个")
    cells = [cell.value for row in book["沿革"].iter_rows() for cell in row]
    assert any(_HOSTILE in str(value) for value in cells)
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)


def test_the_geopackage_holds_both_versions(tmp_path: Path) -> None:
    write_look_back(awkward(), tmp_path)
    path = tmp_path / "compare.gpkg"
    layers = {name for name, _ in pyogrio.list_layers(path)}
    assert {"old_grids", "new_grids", "findings", "lineage", "summary"} <= layers
    assert pyogrio.read_dataframe(path, layer="old_grids")["fate"].tolist() == ["unchanged"] * 4


def test_lineage_as_csv_guards_formulas(tmp_path: Path) -> None:
    write_look_back(awkward(), tmp_path)
    with (tmp_path / "lineage.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["old_id"], row["new_id"]) for row in rows] == [
        (f"g{k}", f"g{k}x") for k in range(4)
    ]


def test_the_map_loads_nothing_and_passes_no_template(tmp_path: Path) -> None:
    page = look_back_map(awkward())
    assert external_references(page) == ()
    assert "<img src=x" not in page
    assert "{{7*7}}" in page.split("</title>")[0]
    first = write_look_back_map(awkward(), tmp_path / "map.html")
    assert first.read_text(encoding="utf-8") == page


def test_nothing_to_compare_people_by_is_said(tmp_path: Path) -> None:
    audit = audit_of(replace(fake_audit().layers, buildings=None))
    found = look_back(audit, audit)
    write_look_back(found, tmp_path)
    assert summary(tmp_path)["messages"]


def test_verdicts_by_another_model_are_not_compared() -> None:
    before = fake_audit()
    found = look_back(before, replace(before, verdict_model="network"))
    assert not found.findings["tier"].notna().any()
    assert found.coverage.empty
    assert any("along streets" in message["en"] for message in found.messages)
