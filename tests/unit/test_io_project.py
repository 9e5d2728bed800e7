"""The project file: every fault at once, each with its place."""

from pathlib import Path

import pytest

from geo.errors import ProjectError
from geo.io import project_from_files, read_project

FULL = """
[project]
id = "taipei"
title = "臺北市"
standards = ["gb50180-2018", "own/city.toml"]
crs = "EPSG:3826"
language = "en"
residents_basis = "户籍"

[layers.grids]
path = "data/admin.gpkg"
layer = "villages"
crs = "EPSG:4490"
datum = "gcj02"
encoding = "gb18030"
where = "VNAME <> ''"
columns = { grid_id = "CPTVID", name = "PTVNAME" }
defaults = { kind = "base" }

[[layers.units]]
path = "data/admin.gpkg"
level = "district"
[[layers.units]]
path = "data/admin.gpkg"
level = "community"

[layers.buildings]
path = "b.csv"
complete = true
[layers.nets.police]
path = "p.shp"

[categories]
"銀髮族服務" = "elderly"
[tiers.walk_15]
categories = ["elderly"]
[thresholds]
max_snap_m = 150
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "project.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_part_of_the_contracts_example_is_read(tmp_path: Path) -> None:
    project = read_project(write(tmp_path, FULL))
    assert (project.project_id, project.title, project.language) == ("taipei", "臺北市", "en")
    assert project.standards == ("gb50180-2018", tmp_path / "own/city.toml")
    assert project.crs == "EPSG:3826"
    assert project.residents_basis == "户籍"
    assert [spec.name for spec in project.layers] == [
        "grids", "units", "units", "buildings", "nets.police",
    ]  # fmt: skip
    grids = project.layers[0]
    assert grids.path == tmp_path / "data/admin.gpkg"
    assert (grids.layer, grids.crs, grids.datum) == ("villages", "EPSG:4490", "gcj02")
    assert (grids.encoding, grids.where) == ("gb18030", "VNAME <> ''")
    assert dict(grids.columns) == {"grid_id": "CPTVID", "name": "PTVNAME"}
    assert dict(grids.defaults) == {"kind": "base"}
    assert [spec.level for spec in project.specs("units")] == ["district", "community"]
    assert project.has_all_buildings
    assert dict(project.categories) == {"銀髮族服務": "elderly"}
    assert project.tiers["walk_15"] == {"categories": ["elderly"]}
    assert dict(project.thresholds) == {"max_snap_m": 150}


def test_defaults_of_a_short_project(tmp_path: Path) -> None:
    text = '[project]\nid="a"\nstandard="lusong"\ncomplete=true\n[layers.grids]\npath="g.shp"\n'
    project = read_project(write(tmp_path, text))
    assert (project.title, project.language, project.crs) == ("a", "zh", None)
    assert project.standards == ("lusong",)
    assert project.has_all_buildings
    none = read_project(write(tmp_path, text.replace('standard="lusong"\n', "")))
    assert none.standards == ("gb50180-2018",)


def test_every_fault_is_named_at_once_with_its_place(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
[project]
id = "A b"
titel = "x"
language = "fr"
[layers.grids]
paht = "x"
datum = "gcj2"
[[layers.units]]
path = "u.shp"
level = 3
[layers.nets.police]
path = "p.shp"
layr = "x"
[tiers.walk_15]
minute = 3
[thresholds]
max_snap_m = "wide"
""",
    )
    with pytest.raises(ProjectError) as caught:
        read_project(path)
    english = caught.value.text("en")
    for said in (
        "project.id",
        "project.titel is an unknown key, did you mean title?",
        "project.language",
        "layers.grids.paht is an unknown key, did you mean path?",
        "layers.grids.path is missing",
        "layers.grids.datum",
        "layers.units[0].level",
        "layers.nets.police.layr is an unknown key, did you mean layer?",
        "tiers.walk_15.minute is an unknown key, did you mean minutes?",
        "thresholds.max_snap_m",
    ):
        assert said in english
    assert "是否想写 title" in caught.value.text("zh")


def test_a_column_of_ours_that_does_not_exist_is_named(tmp_path: Path) -> None:
    text = '[project]\nid="a"\n[layers.grids]\npath="g.shp"\ncolumns={gridid="X"}\n'
    with pytest.raises(ProjectError, match=r"layers\.grids\.columns\.gridid .* mean grid_id"):
        read_project(write(tmp_path, text))


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"[project\nid = 1", "io.project_syntax"),
        ('[project]\ntitle = "桓台"'.encode("gbk"), "io.project_encoding"),
        (b"", "io.project_faults"),
        (b"\xef\xbb\xbf[project]\nid='a'\n", "io.project_faults"),
    ],
)
def test_what_is_no_project_is_told(tmp_path: Path, content: bytes, key: str) -> None:
    path = tmp_path / "p.toml"
    path.write_bytes(content)
    with pytest.raises(ProjectError) as caught:
        read_project(path)
    assert caught.value.key == key
    assert "p.toml" in caught.value.text("zh")


def test_a_missing_project_and_a_folder_are_told(tmp_path: Path) -> None:
    for path, key in ((tmp_path / "no.toml", "io.no_file"), (tmp_path, "io.is_folder")):
        with pytest.raises(ProjectError) as caught:
            read_project(path)
        assert caught.value.key == key


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Grids 2024_v2.gpkg", "grids-2024-v2"), ("网格.shp", "project"), ("a.shp.zip", "a")],
)
def test_files_alone_make_a_project(name: str, expected: str) -> None:
    project = project_from_files(grids=Path(name), sites=Path("s.csv"), standard="lusong")
    assert project.project_id == expected
    assert [spec.name for spec in project.layers] == ["grids", "sites"]
    assert project.standards == ("lusong",)


def test_a_database_may_stand_for_a_file() -> None:
    project = project_from_files(grids="postgresql://me:secret@db/city#town.grids", sites="s.csv")
    grids, sites = project.layers
    assert (grids.url, grids.layer) == ("postgresql://me:secret@db/city", "town.grids")
    assert grids.shown == "postgresql://me@db/city"
    assert (project.project_id, sites.url, sites.path) == (
        "town-grids",
        None,
        Path("s.csv"),
    )
    assert "secret" not in repr(project)
