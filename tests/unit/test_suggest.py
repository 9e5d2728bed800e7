"""A project file out of a folder of data, and what `check` says of columns and names."""

import json
import tomllib
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from api.commands import main
from geo.errors import LoadError
from geo.io import load, read_project
from geo.io.datum import wgs84_to_gcj02
from geo.io.proposals import propose_parents
from geo.io.suggest import suggest_project

CRS = "EPSG:4547"
X0, Y0 = 500_000.0, 3_400_000.0
N = 6


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDCIRCLE_LANG", "en")


def squares(n: int, size: float) -> list[shapely.Polygon]:
    return [
        shapely.box(X0 + i * size, Y0 + j * size, X0 + (i + 1) * size, Y0 + (j + 1) * size)
        for j in range(n)
        for i in range(n)
    ]


def write(path: Path, geometry: list[Any], **columns: list[Any]) -> None:
    gpd.GeoDataFrame(columns, geometry=geometry, crs=CRS).to_file(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """36 grids of 300 m in 4 communities of one street, sites in degrees, a table of codes."""
    at = tmp_path / "某区"
    at.mkdir()
    community = [f"51100200100{1 + 2 * (j // 3) + i // 3}" for j in range(N) for i in range(N)]
    ids = [f"{code}{n:03d}" for n, code in enumerate(community, 1)]
    write(at / "网格.shp", squares(N, 300.0), 编号=ids, 户数=[400] * len(ids))
    rng = np.random.default_rng(3)
    xy = rng.uniform(200, 1600, (40, 2)) + np.array([X0, Y0])
    lonlat = gpd.GeoSeries(gpd.points_from_xy(*xy.T), crs=CRS).to_crs(4326)
    degrees = np.column_stack([lonlat.x, lonlat.y])
    kinds = ["养老", "托幼"] * 20
    table = {"站点编号": range(40), "类别": kinds, "经度": degrees[:, 0], "纬度": degrees[:, 1]}
    pd.DataFrame(table).to_csv(at / "站点.csv", index=False, encoding="gb18030")
    codes = sorted(set(community))
    names = ["东社区", "西社区", "南社区", "糖廍社区"]
    rows = {"街道": "甲街道", "街道代码": [code[:9] for code in codes], "社区": names}
    pd.DataFrame({**rows, "社区代码": codes}).to_csv(at / "区划.csv", index=False)
    return at


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    return int(stop.value.code or 0)


def test_a_folder_becomes_a_project_that_passes_check(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("check", folder, "--suggest", "--format", "json") == 0
    told = capsys.readouterr()
    path = folder / "project.toml"
    assert str(path) in told.err
    project = tomllib.loads(path.read_text(encoding="utf-8"))
    layers = project["layers"]
    assert layers["grids"]["path"] == "网格.shp"
    assert layers["grids"]["columns"] == {"grid_id": "编号", "households": "户数"}
    assert (layers["grids"]["parent"], layers["grids"]["codes"]) == ("prefix", "bj-15")
    assert layers["sites"]["datum"] == "wgs84"
    assert [each["level"] for each in layers["units"][0]["levels"]] == ["street", "community"]
    assert [each["name"] for each in layers["units"][0]["levels"]] == ["街道", "社区"]
    entries = {(each["layer"], each["level"]): each for each in json.loads(told.out)["layers"]}
    assert entries["units", "street"]["used"] == 4
    assert entries["sites", None]["reasons"]["类别"] == "named by the project"
    assert run("check", path) == 0  # and passes check by itself
    loaded = load(read_project(path))
    assert loaded.layers.grids["parent_id"].nunique() == 4
    assert len(loaded.findings) == 0


def test_places_of_a_phone_map_are_recognised_and_the_evidence_is_written_down(
    folder: Path,
) -> None:
    table = pd.read_csv(folder / "站点.csv", encoding="gb18030")
    shifted = wgs84_to_gcj02(table[["经度", "纬度"]].to_numpy())
    table[["经度", "纬度"]] = shifted
    table.to_csv(folder / "站点.csv", index=False)
    text = suggest_project(folder).text
    assert tomllib.loads(text)["layers"]["sites"]["datum"] == "gcj02"
    assert "judged by how it fits the other layers, please check" in text


def test_nothing_of_the_planners_is_written_over(folder: Path) -> None:
    own = folder / "project.toml"
    own.write_text('[project]\nid = "ours"\ntitle = "我们的"\n', encoding="utf-8")
    first = suggest_project(own)
    assert first.path.name == "project.suggested.toml"
    assert tomllib.loads(first.text)["project"]["title"] == "我们的"
    assert suggest_project(folder).path.name == "project.suggested-2.toml"
    assert "我们的" in own.read_text(encoding="utf-8")
    assert not list(folder.glob(".*"))


def test_what_is_unsure_stays_a_comment_and_what_is_left_over_is_listed(folder: Path) -> None:
    (folder / "网格.shp").rename(folder / "a.shp")
    for ending in (".dbf", ".shx", ".prj", ".cpg"):
        (folder / f"网格{ending}").rename(folder / f"a{ending}")
    write(folder / "网格.gpkg", squares(N, 300.0), 编号=[f"g{i}" for i in range(N * N)])
    write(folder / "街道.gpkg", squares(1, 1800.0), 名称=["甲街道"])
    (folder / "区划.csv").unlink()
    pd.DataFrame({"a": [1], "b": ["x"]}).to_csv(folder / "备忘.csv", index=False)
    (folder / "坏.geojson").write_text('{"type": "Feat', encoding="utf-8")
    suggestion = suggest_project(folder)
    assert suggestion.fault is None
    text = suggestion.text
    assert '# parent = "place"' in text
    assert "#   备忘.csv: a, b" in text
    assert "坏.geojson" in text.split("Files that could not be read:")[1]
    layers = tomllib.loads(text)["layers"]
    assert layers["grids"]["path"] == "网格.gpkg"  # by its name, though a.shp has as many polygons
    assert "parent" not in layers["grids"]


def test_a_folder_without_polygons_is_refused_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "s.csv").write_text("site_id,lon,lat\na,114,30\n", encoding="utf-8")
    assert run("check", tmp_path, "--suggest") == 2
    assert "no polygons that could be the grids (it has: s.csv)" in capsys.readouterr().err
    assert not (tmp_path / "project.toml").exists()
    with pytest.raises(LoadError):
        suggest_project(tmp_path / "nowhere")


def test_a_draft_that_cannot_be_loaded_is_written_with_the_reason(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "网格.prj").unlink()
    assert run("check", folder, "--suggest") == 2
    assert "has no CRS" in capsys.readouterr().err
    text = (folder / "project.toml").read_text(encoding="utf-8")
    assert "# ! cannot be loaded yet:" in text
    assert '# crs = "EPSG:4547"' in text


def test_why_each_column_is_ours_or_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        tmp_path / "g.gpkg", squares(2, 100.0), grid_id=list("abcd"), 户数=[1] * 4, 总户数=[1] * 4,
        人口总数=[2] * 4, 负责人=["x"] * 4, 类型=["p", "q", "r", "s"],
    )  # fmt: skip
    project = tmp_path / "p.toml"
    project.write_text('[project]\nid = "p"\n[layers.grids]\npath = "g.gpkg"\n', encoding="utf-8")
    assert run("check", project, "--format", "json") == 0
    (entry,) = json.loads(capsys.readouterr().out)["layers"]
    assert entry["reasons"] == {
        "grid_id": "our own name",
        "户数": "a known synonym",
        "总户数": "'户数' already serves as households",
        "人口总数": "much like a name of residents; if it is, say so under columns",
        "负责人": "no column that this layer uses; kept as it is",
        "类型": "named like kind, but its values speak against it",
    }
    assert run("check", project) == 0
    out = capsys.readouterr().out
    assert "households ← 户数  (a known synonym)" in out


def test_names_instead_of_codes_are_proposed_never_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parents = ["糖蔀社区", "和平社区", "中心社区", "c1"]
    write(tmp_path / "g.gpkg", squares(2, 100.0), grid_id=list("abcd"), parent_id=parents)
    rows = "unit_id,name,level\nc1,糖廍社区,x\nc2,和平社区,x\nc3,中心社区,x\nc4,中心社区,x\n"
    (tmp_path / "u.csv").write_text(rows, encoding="utf-8")
    project = tmp_path / "p.toml"
    layers = '[layers.grids]\npath = "g.gpkg"\n[layers.units]\npath = "u.csv"\n'
    project.write_text(f'[project]\nid = "p"\n{layers}', encoding="utf-8")
    loaded = load(read_project(project))
    assert loaded.layers.grids["parent_id"].tolist() == parents  # nothing was taken
    found = {each.value: (each.how, each.candidates) for each in propose_parents(loaded.layers)}
    assert found == {
        "中心社区": ("repeats", (("c3", "中心社区"), ("c4", "中心社区"))),
        "和平社区": ("same", (("c2", "和平社区"),)),
        "糖蔀社区": ("variant", (("c1", "糖廍社区"),)),
    }
    assert run("check", project) == 0
    out = capsys.readouterr().out
    assert "it may mean 糖廍社区 (c1) (variant characters 蔀/廍). Not taken" in out
    assert "several units have that name; only the id tells them apart" in out
    assert run("check", project, "--format", "json") == 0
    assert len(json.loads(capsys.readouterr().out)["proposals"]) == 3
