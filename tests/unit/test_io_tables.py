"""Tables as offices write them: headers below titles, slipped rows, angles, pairs in one cell."""
# ruff: noqa: RUF001 full-width digits are what is tested

import json
from pathlib import Path

import pytest
from openpyxl import Workbook

from geo.errors import LoadError
from geo.io import Loaded, load, read_project
from geo.io.formats import sheets
from geo.io.formats.angles import coordinate, pair
from tests import builders

HEAD = "站点编号,名称,经度,纬度\n"


def sites(
    folder: Path, name: str = "s.csv", text: str = "", **keys: str | int | dict[str, str]
) -> Loaded:
    if text:
        (folder / name).write_text(text, encoding="utf-8")
    builders.grids((400_000, 3_400_000, 401_000, 3_401_000)).to_file(folder / "g.gpkg")
    keys = {"path": name, "datum": "wgs84", **keys}
    project = (
        '[project]\nid = "p"\nlanguage = "en"\n[layers.grids]\npath = "g.gpkg"\n[layers.sites]\n'
    )
    for key, value in keys.items():
        shown = json.dumps(value) if not isinstance(value, dict) else table(value)
        project += f"{key} = {shown}\n"
    (folder / "p.toml").write_text(project, encoding="utf-8")
    return load(read_project(folder / "p.toml"))


def table(value: dict[str, str]) -> str:
    return "{" + ", ".join(f"{k} = {json.dumps(v)}" for k, v in value.items()) + "}"


def ids(loaded: Loaded) -> list[str]:
    assert loaded.layers.sites is not None
    return list(loaded.layers.sites.index)


def problems(loaded: Loaded) -> str:
    return " / ".join(loaded.sources[-1].problems)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("106°33′12″E", 106.553333333),
        ("106°33'12\"", 106.553333333),
        ("东经106度33分12秒", 106.553333333),
        ("106:33:12", 106.553333333),
        ("106 33 12", 106.553333333),
        ("１０６°３３′１２″", 106.553333333),
        ("106°33.2′", 106.553333333),
        ("北纬29°33′", 29.55),
        ("S12°30'", -12.5),
        ("114.05°E", 114.05),
        ("W3.5", -3.5),
        ("-3.5", -3.5),
        ("1e2", 100.0),
        ("500,123.5", 500123.5),
        (114.5, 114.5),
        ("106°61′", None),
        ("116,4", None),
        ("约114度", None),
        ("nan", None),
        ("E", None),
        ("", None),
        (None, None),
        (True, None),
    ],
)
def test_a_coordinate_is_read_or_refused_never_guessed(text: object, value: float | None) -> None:
    got = coordinate(text)
    assert got is None if value is None else got == pytest.approx(value, abs=1e-8)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("116.4,39.9", (116.4, 39.9, False)),
        ("116.4，39.9", (116.4, 39.9, False)),
        ("(116.4 39.9)", (116.4, 39.9, False)),
        ("[116.4; 39.9]", (116.4, 39.9, False)),
        ("116.4,39.9,55", (116.4, 39.9, False)),
        ("39.9N,116.4E", (39.9, 116.4, True)),
        ("116°24′0″E 39°54′0″N", (116.4, 39.9, False)),
        ("北纬39°54′，东经116°24′", (39.9, 116.4, True)),
        ('{"lng": 116.4, "lat": 39.9}', (116.4, 39.9, False)),
        ("lat:39.9,lng:116.4", (39.9, 116.4, True)),
        ("38543210.5,3456789.2", (38543210.5, 3456789.2, False)),
        ("116.4", None),
        ("甲,乙", None),
        ("", None),
    ],
)
def test_two_coordinates_in_one_cell(text: str, value: tuple[float, float, bool] | None) -> None:
    got = pair(text)
    if value is None:
        assert got is None
    else:
        assert got is not None
        assert got[:2] == pytest.approx(value[:2])
        assert got[2] is value[2]


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("经纬度", ("114.0,30.7", "114.01,30.71")),
        ("坐标", ("114.0，30.7", "114.01，30.71")),
        ("latlng", ("30.7,114.0", "30.71,114.01")),
        ("经纬度", ("30.7,114.0", "30.71,114.01")),
        ("位置坐标", ("东经114°0′ 北纬30°42′", "东经114°0′36″ 北纬30°42′36″")),
    ],
)
def test_a_column_of_pairs(tmp_path: Path, column: str, cells: tuple[str, str]) -> None:
    text = f"站点编号,{column}\n" + "".join(f'S{i},"{cell}"\n' for i, cell in enumerate(cells))
    loaded = sites(tmp_path, text=text)
    assert loaded.layers.sites is not None
    lonlat = loaded.layers.sites.to_crs(4326)
    assert lonlat.geometry.x.tolist() == pytest.approx([114.0, 114.01], abs=1e-9)
    assert lonlat.geometry.y.tolist() == pytest.approx([30.7, 30.71], abs=1e-9)
    swapped = column == "经纬度" and cells[0].startswith("30")
    assert ("latitude first" in problems(loaded)) is swapped


def test_the_project_names_the_column_of_pairs(tmp_path: Path) -> None:
    text = "站点编号,位置描述\nS1,114.0 30.7\nS2,门口\n"
    loaded = sites(tmp_path, text=text, columns={"lonlat": "位置描述"})
    assert ids(loaded) == ["S1"]
    assert loaded.quarantine[["row", "value"]].to_numpy().tolist() == [[2, "门口"]]


@pytest.mark.parametrize(
    "above",
    [
        "",
        "\n\n",
        "某区站点一览表\n",
        "某区站点一览表,,,\n单位：个,,,2024年5月\n\n",
        "某区,站点,一览,表\n填报人：张三,,联系电话,\n",
    ],
)
def test_the_header_is_found_below_titles(tmp_path: Path, above: str) -> None:
    loaded = sites(tmp_path, text=f"{above}{HEAD}S1,甲,114.0,30.7\nS2,乙,114.0,x\n")
    assert ids(loaded) == ["S1"]
    assert loaded.quarantine["row"].tolist() == [2]
    line = above.count("\n") + 1
    assert (f"in line {line} " in problems(loaded)) is bool(above.strip())


def test_a_header_of_two_lines(tmp_path: Path) -> None:
    text = "站点编号,名称,位置,\n,,经度,纬度\nS1,甲,114.0,30.7\n"
    loaded = sites(tmp_path, text=text)
    assert ids(loaded) == ["S1"]
    assert "(lines: 2)" in problems(loaded)


def test_the_project_names_the_line_of_the_header(tmp_path: Path) -> None:
    text = "a,b,c\n站点编号,经度,纬度\n编号甲,经甲,纬甲\nS1,114.0,30.7\n"
    where = {"site_id": "编号甲", "lon": "经甲", "lat": "纬甲"}
    assert ids(sites(tmp_path, text=text, header_row=3, columns=where)) == ["S1"]
    with pytest.raises(LoadError, match="line 9"):
        sites(tmp_path, text=text, header_row=9)


def test_a_file_without_known_names_begins_at_its_first_line(tmp_path: Path) -> None:
    text = "甲,乙,丙\n1,114.0,30.7\n2,114.0,30.7\n"
    loaded = sites(tmp_path, text=text, columns={"lon": "乙", "lat": "丙"})
    assert loaded.sources[-1].rows == 2


def test_a_row_with_too_many_cells_is_set_aside(tmp_path: Path) -> None:
    text = f"{HEAD}S1,甲,114.0,30.7\nS2,某街,12号,114.0,30.7\nS3,丙,114.0,30.7,,\n"
    loaded = sites(tmp_path, text=text)
    assert ids(loaded) == ["S1", "S3"]
    assert loaded.quarantine[["row", "id", "value"]].to_numpy().tolist() == [[2, "S2", "30.7"]]
    assert "slipped" in loaded.findings["details"].iloc[-1]["what_en"]
    where = sites(tmp_path, text=text, where="名称 <> '甲'")
    assert where.quarantine["row"].tolist() == [1]


def test_a_header_that_is_short_of_a_name_refuses_nothing(tmp_path: Path) -> None:
    loaded = sites(tmp_path, text=f"{HEAD}S1,甲,114.0,30.7,x\nS2,乙,114.0,30.7,y\n")
    assert ids(loaded) == ["S1", "S2"]
    assert loaded.sources[-1].unmapped == ("column_5",)


def test_an_open_quote_swallows_no_lines(tmp_path: Path) -> None:
    text = f'{HEAD}S1,"甲,114.0,30.7\nS2,乙,114.0,30.7\nS3,"丙, 丁",114.0,30.7\n'
    loaded = sites(tmp_path, text=text)
    assert ids(loaded) == ["S1", "S2", "S3"]
    assert "quotes do not close" in problems(loaded)


def test_lines_within_quotes_are_one_cell(tmp_path: Path) -> None:
    loaded = sites(tmp_path, text=f'{HEAD}S1,"甲\n乙",114.0,30.7\nS2,丙,114.0,30.7\n')
    assert ids(loaded) == ["S1", "S2"]
    assert "quotes" not in problems(loaded)


@pytest.mark.parametrize("sign", [";", "\t", "|", "，"])
def test_separators_are_told_by_the_first_lines(tmp_path: Path, sign: str) -> None:
    text = f"某区站点一览表\n{HEAD}S1,甲,114.0,30.7\n".replace(",", sign)
    assert ids(sites(tmp_path, text=text)) == ["S1"]


def test_the_separator_that_excel_writes(tmp_path: Path) -> None:
    text = f"sep=;\n{HEAD}S1,甲,114.0,30.7\n".replace(",", ";")
    assert ids(sites(tmp_path, text=text)) == ["S1"]


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(bytes(range(128, 256)) * 40)
    with pytest.raises(LoadError) as caught:
        sites(tmp_path)
    assert caught.value.key == "io.no_encoding"
    text = HEAD + "".join(f"S{i},站点,114.0,30.7\n" for i in range(9))
    (tmp_path / "s.csv").write_bytes(text.encode("utf-8").replace("站".encode(), b"\xe7\xab", 1))
    loaded = sites(tmp_path)
    assert len(ids(loaded)) == 9


def test_cells_merged_downwards_have_their_value_in_every_row(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["站点一览表", None, None, None],
        ["编号", "类别", "位置", None],
        [None, None, "经度", "纬度"],
        ["Ｓ１", "养老", "１１４．０", 30.7],
        ["S2", None, 114.01, 30.7],
        ["S3", "文化", 114.02, 30.7],
    ):
        sheet.append(row)
    for area in ("A1:D1", "A2:A3", "B2:B3", "C2:D2", "B4:B5"):
        sheet.merge_cells(area)
    book.save(tmp_path / "s.xlsx")
    loaded = sites(tmp_path, "s.xlsx")
    assert loaded.layers.sites is not None
    assert ids(loaded) == ["S1", "S2", "S3"]
    assert loaded.layers.sites["category"].tolist() == ["养老", "养老", "文化"]
    assert "cells under merged ones" in problems(loaded)


def test_the_sheet_that_the_layer_knows_best_is_read(tmp_path: Path) -> None:
    book = Workbook()
    cover = book.active
    assert cover is not None
    cover.append(["说明", "内容"])
    cover.append(["填报单位", "某街道"])
    data = book.create_sheet("数据")
    for row in (["编号", "经度", "纬度"], ["S1", 114.0, 30.7]):
        data.append(row)
    hidden = book.create_sheet("旧")
    hidden.sheet_state = "hidden"
    for row in (["编号", "名称", "经度", "纬度"], ["S9", "x", 114.0, 30.7]):
        hidden.append(row)
    book.save(tmp_path / "s.xlsx")
    loaded = sites(tmp_path, "s.xlsx")
    assert ids(loaded) == ["S1"]
    assert "数据 was read" in problems(loaded)


def test_a_workbook_at_which_the_reading_library_panics_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PanicException(BaseException):
        pass

    def panic(_path: str) -> None:
        message = "range end index 124 out of range"
        raise PanicException(message)

    monkeypatch.setattr(sheets.CalamineWorkbook, "from_path", panic)
    (tmp_path / "s.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    with (
        pytest.raises(LoadError, match="range end index 124"),
        sheets.opened_workbook(tmp_path / "s.xls", "s.xls"),
    ):
        pass
