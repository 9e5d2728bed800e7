"""Column names, ids, numbers."""
# ruff: noqa: RUF001 full width is what is tested

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import LoadError
from geo.io.columns import id_text, map_columns, normalised, parse_number, plain_text
from geo.io.project import LayerSpec


def spec(schema: str = "grids", **columns: str) -> LayerSpec:
    return LayerSpec(
        name=schema, schema=schema, path=Path("a.gpkg"), shown="a.gpkg", columns=columns
    )


def mapped(names: dict[str, list[object]], schema: str = "grids", **columns: str) -> dict[str, str]:
    return dict(map_columns(pd.DataFrame(names), spec(schema, **columns)).ours)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (6301200042.0, "6301200042"),
        ("6301200042.0", "6301200042"),
        (" 510112001 ", "510112001"),
        ("６３０１", "6301"),
        (7, "7"),
        (np.int64(7), "7"),
        ("0012", "0012"),
        ("A-1.50", "A-1.50"),
        (1.5, "1.5"),
        ("", None),
        ("  ", None),
        (None, None),
        (float("nan"), None),
        (pd.NA, None),
    ],
)
def test_ids_are_text(value: object, expected: str | None) -> None:
    assert id_text(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1,234", 1234.0),
        ("１２３４", 1234.0),
        ("１，２３４．５", 1234.5),
        ("1 234", 1234.0),
        ("-5", -5.0),
        (12, 12.0),
        ("约300", None),
        ("nan", None),
        ("inf", None),
        (float("inf"), None),
        (True, None),
        (None, None),
    ],
)
def test_numbers_are_read_as_offices_write_them(value: object, expected: float | None) -> None:
    assert parse_number(value) == expected


@settings(deadline=None)
@given(st.integers(-(10**12), 10**12))
def test_every_whole_number_survives_its_ways_of_writing(number: int) -> None:
    wide = f"{number:,}".translate(str.maketrans("0123456789,-", "０１２３４５６７８９，－"))
    assert parse_number(f"{number:,}") == parse_number(wide) == parse_number(number) == number
    assert id_text(float(number)) == id_text(str(number)) == str(number)


@settings(deadline=None)
@given(st.text(max_size=20))
def test_text_of_a_cell_is_stripped_or_missing(text: str) -> None:
    read = plain_text(text)
    assert read is None or (read == read.strip() and read)


def test_case_blanks_joints_width_and_units_do_not_matter() -> None:
    assert (
        normalised("Grid_ID") == normalised("grid id") == normalised("ＧＲＩＤ－ＩＤ") == "gridid"
    )
    assert normalised("户数（户）") == normalised("户数(户)") == "户数"


def test_chinese_columns_are_recognised() -> None:
    names = {
        "网格编号": ["1"],
        "网格名称": ["a"],
        "所属社区编码": ["c"],
        "户数（户）": [3],
        "备注": ["x"],
    }
    assert mapped(names) == {
        "grid_id": "网格编号",
        "name": "网格名称",
        "parent_id": "所属社区编码",
        "households": "户数（户）",
    }


def test_codes_of_taiwan_villages_are_recognised() -> None:
    names = {"TOWNCODE": ["1", "1"], "VILLCODE": ["11", "12"], "VILLNAME": ["a", "b"], "id": [1, 2]}
    expected = {"grid_id": "VILLCODE", "name": "VILLNAME", "parent_id": "TOWNCODE"}
    assert mapped(names) == expected


@pytest.mark.parametrize("name", ["fid", "OBJECTID", "gid", "ogc_fid", "FID_1", "序列"])
def test_row_counters_are_no_ids(name: str) -> None:
    assert mapped({name: [1, 2, 3], "AREA": [1.0, 2.0, 3.0]}) == {}


def test_a_generic_id_serves_when_it_tells_rows_apart() -> None:
    assert mapped({"id": ["a", "b", "c"]}) == {"grid_id": "id"}
    assert mapped({"id": ["a", "a", "a"]}) == {}
    assert mapped({"id": ["a", None, "c"]}) == {}


def test_a_synonym_that_repeats_throughout_is_no_id() -> None:
    names = {"code": ["63", "63", "63", "63"]}
    assert mapped(names) == {}


def test_a_canonical_id_is_taken_even_when_it_repeats() -> None:
    assert mapped({"grid_id": ["a", "a", "a"], "code": ["1", "2", "3"]}) == {"grid_id": "grid_id"}


def test_a_type_column_is_the_kind_only_when_its_words_are_kinds() -> None:
    assert mapped({"类型": ["基础网格", "专属网格", "商圈"]}) == {"kind": "类型"}
    assert mapped({"类型": ["城镇", "农村", "城镇"]}) == {}


def test_the_projects_mapping_comes_first_and_clashes_get_a_suffix() -> None:
    frame = pd.DataFrame({"grid_id": ["x"], "CODE": ["1"], "Area_m2": [2.0], "FID": [3]})
    found = map_columns(frame, spec(grid_id="CODE"))
    assert found.ours == {"grid_id": "CODE"}
    assert found.renamed == {
        "grid_id": "grid_id_source",
        "Area_m2": "Area_m2_source",
        "FID": "FID_source",
    }


def test_columns_of_an_earlier_audit_are_kept_under_another_name() -> None:
    columns = {"grid_id": ["a"], "class_walk_5": [""], "n_sites_walk_5": [1], "Class_source": [1]}
    assert map_columns(pd.DataFrame(columns), spec()).renamed == {
        "class_walk_5": "class_walk_5_source",
        "n_sites_walk_5": "n_sites_walk_5_source",
        "Class_source": "Class_source",
    }


def test_a_mapping_to_an_absent_column_names_file_column_and_what_there_is() -> None:
    with pytest.raises(LoadError) as caught:
        mapped({"a": [1], "b": [2]}, grid_id="CPTVID")
    assert caught.value.key == "io.no_column"
    for language in ("zh", "en"):
        text = caught.value.text(language)
        assert all(word in text for word in ("a.gpkg", "CPTVID", "grid_id", "a, b"))


def test_sites_and_buildings_of_openstreetmap() -> None:
    names = {"osm": ["n1", "n2"], "amenity": ["school", None], "name": ["a", None]}
    expected = {"site_id": "osm", "name": "name", "category": "amenity"}
    assert mapped(names, "sites") == expected
    names = {"osm": [1, 2], "building": ["yes", "yes"], "levels": [1, 2]}
    assert mapped(names, "buildings") == {"building_id": "osm"}
