"""Levels of units and their parents: several in one table, by column, by id, by place."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from geo.audit import run_audit
from geo.errors import LoadError, ProjectError
from geo.io import Loaded, load, read_project

CRS = "EPSG:4547"
X0, Y0 = 500_000.0, 3_400_000.0


def box(column: float, row: float = 0, width: float = 1, height: float = 1) -> shapely.Polygon:
    x, y = X0 + column * 100, Y0 + row * 100
    return shapely.box(x, y, x + width * 100, y + height * 100)


def write(path: Path, geometry: list[Any], **columns: list[Any]) -> None:
    gpd.GeoDataFrame(dict(columns), geometry=geometry, crs=CRS).to_file(path)


def project(folder: Path, text: str) -> Loaded:
    path = folder / "p.toml"
    path.write_text(text if "[project]" in text else f'[project]\nid = "p"\n{text}', "utf-8")
    return load(read_project(path))


GRIDS = '[layers.grids]\npath = "g.gpkg"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    #   ids  111 112 121 199   (four squares in a row)
    ids = ["111", "112", "121", "199"]
    write(tmp_path / "g.gpkg", [box(i) for i in range(4)], grid_id=ids)
    return tmp_path


TABLE = """区县,区县代码,街道,街道代码,社区,社区代码,户数
甲区,1,东街,11,东一,111,5
甲区,1,东街,11,东二,112,6
甲区,1,西街,12,西一,121,7
"""
LEVELS = """[layers.units]
path = "t.csv"
levels = [
  { level = "county", unit_id = "区县代码", name = "区县" },
  { level = "street", unit_id = "街道代码", name = "街道" },
  { level = "community", unit_id = "社区代码", name = "社区" },
]
"""


def test_one_table_gives_three_levels_in_six_lines(folder: Path) -> None:
    (folder / "t.csv").write_text(TABLE, encoding="gb18030")
    loaded = project(folder, GRIDS + LEVELS)
    units = loaded.layers.units
    assert units is not None
    assert loaded.layers.levels == ("county", "street", "community")
    assert units["level"].value_counts().to_dict() == {"community": 3, "street": 2, "county": 1}
    assert units["parent_id"].dropna().to_dict() == {
        "11": "1", "12": "1", "111": "11", "112": "11", "121": "12",
    }  # fmt: skip
    assert units["name"].to_dict()["12"] == "西街"
    assert len(loaded.findings) == 0
    sources = loaded.sources[1:]
    assert [(s.rows, s.used, s.quarantined) for s in sources] == [(3, 3, 0)] * 3
    assert sources[0].notes == ("3 行中有 1 个不同的单元",)
    assert sources[2].notes == ()
    assert "户数" not in units.columns or units.loc[["1", "11"], "户数"].isna().all()


def test_a_unit_that_is_described_in_two_ways_is_told(folder: Path) -> None:
    (folder / "t.csv").write_text(TABLE.replace("甲区,1,西街,12", "乙区,1,西街,12"), "utf-8")
    loaded = project(folder, GRIDS + LEVELS)
    assert loaded.findings["rule"].tolist() == ["D101"]
    said = loaded.findings["details"][0]["what_en"]
    assert said == "the unit 1 has different values of name (in row 3: '乙区'); the first was taken"
    assert loaded.layers.units is not None
    assert loaded.layers.units["name"]["1"] == "甲区"


def test_rows_that_name_no_unit_of_a_level_are_told_and_the_rest_is_used(folder: Path) -> None:
    (folder / "t.csv").write_text(TABLE + "甲区,1,北街,13,,,\n", encoding="utf-8")
    loaded = project(folder, GRIDS + LEVELS)
    assert loaded.sources[3].notes == ("另有 1 行没有这一级的单元编号",)
    assert loaded.sources[3].rows == loaded.sources[3].used == 3
    assert loaded.layers.units is not None
    assert loaded.layers.units["level"]["13"] == "street"


def test_upper_levels_of_a_polygon_layer_are_the_union_of_their_parts(folder: Path) -> None:
    write(
        folder / "u.gpkg", [box(0), box(1), box(2)],
        区县代码=["1"] * 3, 区县=["甲区"] * 3, 街道代码=["11", "11", "12"], 街道=["东", "东", "西"],
        社区代码=["111", "112", "121"], 社区=["a", "b", "c"],
    )  # fmt: skip
    units = project(folder, GRIDS + LEVELS.replace("t.csv", "u.gpkg")).layers.units
    assert units is not None
    assert units.area.round().to_dict() == {
        "1": 30_000, "11": 20_000, "12": 10_000, "111": 10_000, "112": 10_000, "121": 10_000,
    }  # fmt: skip


UNITS = """[[layers.units]]
path = "d.gpkg"
level = "district"
[[layers.units]]
path = "c.gpkg"
level = "community"
"""


def two_levels(folder: Path) -> None:
    #  district 1 holds communities 1 and 2, district 2 holds community 3
    write(folder / "d.gpkg", [box(0, width=2), box(2, width=2)], unit_id=["1", "2"])
    write(
        folder / "c.gpkg", [box(0), box(1), box(2, width=2)],
        unit_id=["1", "2", "3"], parent_id=["1", "1", "2"],
    )  # fmt: skip
    write(
        folder / "g.gpkg", [box(i) for i in range(4)],
        grid_id=["a", "b", "c", "d"], parent_id=["1", "2", "3", "3"],
    )  # fmt: skip


def test_ids_that_repeat_across_levels_are_told_apart_and_references_follow(
    tmp_path: Path,
) -> None:
    two_levels(tmp_path)
    loaded = project(tmp_path, GRIDS + UNITS)
    units = loaded.layers.units
    assert units is not None
    assert units.index.tolist() == ["district:1", "district:2", "community:1", "community:2", "3"]
    assert units["parent_id"].dropna().to_dict() == {
        "community:1": "district:1", "community:2": "district:1", "3": "district:2",
    }  # fmt: skip
    grids = loaded.layers.grids
    assert grids["parent_id"].tolist() == ["community:1", "community:2", "3", "3"]
    assert len(loaded.findings) == 0
    assert "2 个单元编号在几个层级中重复" in loaded.sources[1].notes[0]
    audit = run_audit(loaded, select=["H"])
    assert audit.findings["rule"].tolist() == []


def test_levels_in_one_file_are_told_apart_too(tmp_path: Path) -> None:
    two_levels(tmp_path)
    write(
        tmp_path / "u.gpkg", [box(0, width=2), box(2, width=2), box(0), box(1), box(2, width=2)],
        unit_id=["1", "2", "1", "2", "3"], level=["district"] * 2 + ["community"] * 3,
        parent_id=[None, None, "1", "1", "2"],
    )  # fmt: skip
    text = '[project]\nid = "p"\nlevels = ["district", "community"]\n' + GRIDS
    loaded = project(tmp_path, text + '[layers.units]\npath = "u.gpkg"\n')
    assert loaded.layers.units is not None
    assert "community:1" in loaded.layers.units.index
    assert loaded.layers.levels == ("district", "community")
    assert run_audit(loaded, select=["H"]).findings["rule"].tolist() == []


def test_an_id_twice_in_one_level_is_still_a_fault(tmp_path: Path) -> None:
    two_levels(tmp_path)
    write(tmp_path / "d.gpkg", [box(0, width=2), box(2, width=2)], unit_id=["9", "9"])
    loaded = project(tmp_path, GRIDS + UNITS)
    assert loaded.findings["rule"].tolist() == ["D101"]
    assert loaded.layers.units is not None
    assert {"9", "9#2"} <= set(loaded.layers.units.index)


def test_parents_by_prefix_and_what_should_be_there(folder: Path) -> None:
    (folder / "t.csv").write_text(TABLE, encoding="utf-8")
    text = LEVELS.replace('{ level = "community", unit_id = "社区代码", name = "社区" },\n', "")
    loaded = project(folder, GRIDS + 'parent = "prefix"\n' + text)
    # 199 should lie in street 19, which is not there: never passed over for county 1
    assert loaded.layers.grids["parent_id"].tolist() == ["11", "11", "12", "19"]
    assert loaded.sources[0].notes == ("上级按编号前缀取得：4 行有上级，0 行没有",)
    assert loaded.sources_in["zh"] == loaded.sources
    (told,) = loaded.sources_in["en"][0].notes
    assert told.isascii()
    assert "4" in told
    found = run_audit(loaded, select=["H302"]).findings
    assert found["grid_ids"].tolist() == [("199",)]


def test_codes_filled_up_with_zeros_are_prefixes_without_them(folder: Path) -> None:
    rows = ["511002000000,区,county", "511002001000,街,street", "511002001201,村,village"]
    (folder / "t.csv").write_text("\n".join(["编码,名称,层级", *rows]), encoding="utf-8")
    write(folder / "g.gpkg", [box(0)], grid_id=["511002001201001"])
    head = '[project]\nid = "p"\nlevels = ["county", "street", "village"]\n'
    units = '[layers.units]\npath = "t.csv"\nparent = "prefix"\ncodes = "stat-12"\n'
    loaded = project(folder, head + GRIDS + 'parent = "prefix"\n' + units)
    assert loaded.layers.units is not None
    assert loaded.layers.units["parent_id"].tolist() == [None, "511002000000", "511002001000"]
    assert loaded.layers.grids["parent_id"].tolist() == ["511002001201"]


def test_the_parent_part_of_a_scheme_counts_where_it_is_no_prefix(folder: Path) -> None:
    write(folder / "g.gpkg", [box(0)], grid_id=["01010511010100100200"])
    (folder / "t.csv").write_text("unit_id,name\n110101001002,社区\n", encoding="utf-8")
    grids = GRIDS + 'parent = "prefix"\ncodes = "cjt349-20"\n'
    loaded = project(folder, grids + '[layers.units]\npath = "t.csv"\nlevel = "community"\n')
    assert loaded.layers.grids["parent_id"].tolist() == ["110101001002"]
    assert loaded.project.codes == {"grids": "cjt349-20"}


def test_parents_by_place_a_tie_goes_to_the_smallest_id(tmp_path: Path) -> None:
    #  units   |  u2   |  u1   |      grids: a in u2, b half and half, c in u1, d outside
    write(tmp_path / "u.gpkg", [box(0, width=2), box(2, width=2)], unit_id=["u2", "u1"])
    write(
        tmp_path / "g.gpkg", [box(0), box(1.5), box(3), box(9)],
        grid_id=["a", "b", "c", "d"], parent_id=["x"] * 4,
    )  # fmt: skip
    units = '[layers.units]\npath = "u.gpkg"\nlevel = "community"\n'
    loaded = project(tmp_path, GRIDS + 'parent = "place"\n' + units)
    assert loaded.layers.grids["parent_id"].tolist() == ["u2", "u1", "u1", None]
    assert loaded.sources[0].notes == (
        "上级按位置（共有面积最大的单元）取得：3 行有上级，1 行没有",
    )
    audit = run_audit(loaded, select=["H301", "H303"])
    assert audit.findings["grid_ids"].tolist() == [("d",)]
    assert "按位置" in audit.skipped["H303"]["zh"]


def test_without_a_column_nothing_is_guessed_and_a_note_says_so(folder: Path) -> None:
    write(folder / "u.gpkg", [box(0, width=4)], unit_id=["1"])
    loaded = project(folder, GRIDS + '[layers.units]\npath = "u.gpkg"\nlevel = "street"\n')
    assert "parent_id" not in loaded.layers.grids
    assert "没有上级编号列" in loaded.sources[0].notes[0]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (GRIDS + 'parent = "column"\n[layers.units]\npath = "t.csv"\n', "io.no_parent_column"),
        (GRIDS + 'parent = "place"\n[layers.units]\npath = "t.csv"\n', "io.no_polygons_for_parent"),
        (GRIDS + 'parent = "prefix"\n', "io.no_units_for_parent"),
    ],
)
def test_a_way_that_cannot_be_gone_is_refused(folder: Path, text: str, key: str) -> None:
    (folder / "t.csv").write_text("unit_id,name\n1,甲\n", encoding="utf-8")
    with pytest.raises(LoadError) as caught:
        project(folder, text)
    assert caught.value.key == key
    assert caught.value.text("zh")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GRIDS + 'parent = "postcode"\n', "layers.grids.parent"),
        (GRIDS + 'codes = "bj15"\n', "layers.grids.codes"),
        (GRIDS + 'levels = [{ level = "a", unit_id = "x" }]\n', "layers.grids.levels belongs to"),
        (GRIDS + '[layers.sites]\npath = "s.csv"\nparent = "place"\n', "layers.sites.parent"),
        (
            GRIDS + '[layers.units]\npath = "u"\nlevels = [{ level = "a" }]\n',
            "layers.units.levels[0].unit_id",
        ),
        (
            GRIDS + '[layers.units]\npath = "u"\nlevel = "a"\n'
            'levels = [{ level = "a", unit_id = "x" }]\n',
            "layers.units has both level and levels",
        ),
    ],
)
def test_faults_of_the_hierarchy_are_named_with_their_place(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(ProjectError) as caught:
        project(tmp_path, text)
    assert said in caught.value.text("en")


@pytest.mark.parametrize("first", ["street", "community"])
def test_the_chain_of_parents_says_which_level_is_above_whatever_the_order_of_the_layers(
    folder: Path, first: str
) -> None:
    write(folder / "street.gpkg", [box(0, width=4)], unit_id=["1"])
    write(folder / "community.gpkg", [box(0, width=2), box(2, width=2)],
          unit_id=["11", "12"], parent_id=["1", "1"])  # fmt: skip
    second = {"street": "community", "community": "street"}[first]
    layers = "".join(
        f'[[layers.units]]\nlevel = "{level}"\npath = "{level}.gpkg"\n' for level in (first, second)
    )
    assert project(folder, GRIDS + layers).layers.levels == ("street", "community")
    head = f'[project]\nid = "p"\nlevels = ["{first}", "{second}"]\n'
    assert project(folder, head + GRIDS + layers).layers.levels == (first, second)
