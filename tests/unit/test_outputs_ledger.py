"""The ledger: its sheets and columns, what stands in them, and that nothing in it can run."""

from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from geo.findings import FINDING_COLUMNS
from geo.outputs.ledger import write_ledger
from geo.outputs.ledger.places import places_of
from tests.fake_audit import SQUARE, fake_audit, finding

SHEETS = ["汇总", "问题清单", "网格", "站点", "规则"]
ISSUES = [
    "序号",
    "街道",
    "社区",
    "网格",
    "问题类型",
    "问题描述",
    "涉及户数",
    "涉及人数",
    "依据",
    "建议",
    "责任单位",
    "责任人",
    "整改时限",
    "整改情况",
    "销号",
]
HIDDEN = ["问题编号", "台账版本"]


def _open(folder: Path, **changes: object) -> openpyxl.Workbook:
    path = folder / "ledger.xlsx"
    write_ledger(fake_audit(**changes), path)
    return openpyxl.load_workbook(path)


def _rows(sheet: Worksheet) -> list[dict[str, object]]:
    head, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> openpyxl.Workbook:
    return _open(tmp_path_factory.mktemp("ledger"))


def test_sheets_and_columns_are_those_of_the_contract(book: openpyxl.Workbook) -> None:
    assert book.sheetnames == SHEETS
    assert [cell.value for cell in book["问题清单"][1]] == [*ISSUES, *HIDDEN]


def test_every_finding_is_a_row_with_its_place_and_people(book: openpyxl.Workbook) -> None:
    rows = _rows(book["问题清单"])
    assert [row["序号"] for row in rows] == [1, 2, 3, 4]
    first = rows[0]
    assert (first["街道"], first["社区"]) == ("一街", "甲社区、乙社区")
    assert first["网格"] == "北网格（g0）、=1+1（g1）"
    assert str(first["问题类型"]).startswith("G201 ")
    assert (first["涉及户数"], first["涉及人数"]) == (12, 40)
    assert str(first["建议"])[:2] in {"建：", "改：", "合：", "分：", "调："}
    assert [first[name] for name in ISSUES[10:]] == [None] * 5


def test_a_basis_tells_source_confidence_and_limit(book: openpyxl.Workbook) -> None:
    first, second, *_ = _rows(book["问题清单"])
    assert first["依据"] == "GridCircle（本软件默认）"
    assert second["依据"] == "GridCircle（未核实）；限值 90%"


def test_a_finding_of_a_unit_stands_in_its_street(book: openpyxl.Workbook) -> None:
    third = _rows(book["问题清单"])[2]
    assert (third["街道"], third["社区"], third["网格"]) == ("二街", None, None)


def test_overview_tells_the_city_then_streets_with_their_communities(
    book: openpyxl.Workbook,
) -> None:
    rows = _rows(book["汇总"])
    heads = [(row["层级"], row["街道"], row["社区"], row["编号"]) for row in rows]
    assert heads == [
        ("合计", None, None, None),
        ("街道", "一街", "小计", "s1"),
        ("社区", "一街", "甲社区", "c1"),
        ("社区", "一街", "乙社区", "c2"),
        ("街道", "二街", "小计", "s2"),
        ("社区", "二街", "丙社区", "c3"),
    ]
    names = ("网格数", "基础网格", "专属网格", "孤立网格", "错误", "警告", "提示", "户数")
    numbers = [tuple(row[name] for name in names) for row in rows]
    assert numbers == [
        (4, 3, 1, 1, 2, 1, 1, 800),  # the dedicated grid's 10 households are in its base grid
        (3, 2, 1, 1, 2, 0, 0, 800),
        (1, 1, 0, 0, 1, 0, 0, 320),
        (2, 1, 1, 1, 2, 0, 0, 480),
        (1, 1, 0, 0, 0, 1, 0, None),
        (1, 1, 0, 0, 0, 0, 0, None),
    ]
    shares = [row["10分钟党群服务圈覆盖率（按人口）"] for row in rows]
    assert shares == [0.6, 0.25, 1, None, None, None]


def test_grids_and_sites_stand_with_their_measures(book: openpyxl.Workbook) -> None:
    grids = {row["编号"]: row for row in _rows(book["网格"])}
    assert grids["g1"]["孤立"] == "是"
    assert str(grids["g1"]["孤立原因"]).endswith("在所有单元之外")
    assert grids["g1"]["10分钟党群服务圈评价"] == "空白"
    assert grids["g3"]["类别"] == "专属"
    assert grids["g3"]["紧凑度"] is None
    near, far = _rows(book["站点"])
    assert (near["名称"], near["社区"], near["网格"]) == ("中心", "甲社区", "北网格（g0）")
    assert near["服务事项"] == "政务、养老"
    assert (far["网格"], far["问题数"]) == (None, 1)


def test_rules_tell_what_was_skipped_and_every_limit(book: openpyxl.Workbook) -> None:
    rows = {row["编号"]: row for row in _rows(book["规则"])}
    assert (rows["H306"]["状态"], rows["H306"]["说明"]) == ("未检查", "没有楼栋")
    assert (rows["G201"]["状态"], rows["G201"]["问题数"]) == ("已检查", 1)
    assert (rows["max_households"]["数值"], rows["max_households"]["可信度"]) == (500, "转引")
    assert rows["party_10.minutes"]["可信度"] == "已公布"


def test_no_text_is_a_formula(book: openpyxl.Workbook) -> None:
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}
    risky = [cell for cell in cells if str(cell.value).startswith("=")]
    assert {cell.value for cell in risky} == {"=1+1", "=1+1（g1）", '=HYPERLINK("x")'}
    assert all(cell.quotePrefix for cell in risky)


def test_header_is_frozen_filtered_and_printed_on_every_page(book: openpyxl.Workbook) -> None:
    for sheet in book:
        assert str(sheet.freeze_panes).endswith("2")
        assert sheet.auto_filter.ref.startswith("A1:")
        assert sheet.print_title_rows in {"$1:$1", "1:1"}
        assert sheet.page_setup.orientation == "landscape"
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert all(column.width >= 6 for column in sheet.column_dimensions.values())
    issues = book["问题清单"]
    assert issues.auto_filter.ref == "A1:Q5"  # with the hidden ids, else sorting tears them off
    (choices,) = issues.data_validations.dataValidation
    assert (choices.formula1, str(choices.sqref)) == ('"是,否"', "O2:O5")
    assert issues["E2"].fill.fgColor.rgb != issues["E4"].fill.fgColor.rgb


def test_a_long_sentence_makes_its_row_high(tmp_path: Path) -> None:
    row = finding(finding_id="f", message_zh="很长的一句话。" * 40, geometry=SQUARE)
    frame = gpd.GeoDataFrame([row], columns=list(FINDING_COLUMNS), geometry="geometry")
    sheet = _open(tmp_path, findings=frame.set_crs(32650))["问题清单"]
    assert sheet.row_dimensions[2].height > 11 * 14


def test_english_is_told_in_notes_and_a_guide(tmp_path: Path) -> None:
    book = _open(tmp_path, language="en")
    assert book.sheetnames == [*SHEETS, "说明 Guide"]
    issues = book["问题清单"]
    assert [cell.value for cell in issues[1]] == [*ISSUES, *HIDDEN]
    assert issues["F1"].comment.text == "What is wrong"
    assert issues["F2"].value == "overlap"
    guide = {(row["工作表"], row["列"]): row["英文"] for row in _rows(book["说明 Guide"])}
    assert guide["问题清单", "涉及人数"] == "Residents touched"


def test_a_city_without_findings_units_or_sites(tmp_path: Path) -> None:
    audit = fake_audit()
    bare = {"units": None, "sites": None, "findings": audit.findings.iloc[:0]}
    book = _open(tmp_path, **bare, coverage=audit.coverage.iloc[:0])
    assert _rows(book["问题清单"]) == []
    assert _rows(book["站点"]) == []
    assert len(_rows(book["汇总"])) == 1


def test_units_in_a_circle_end() -> None:
    units = fake_audit().units
    assert units is not None
    units = units.assign(parent_id=["s2", "s1", "s1", "s1", "s2"])
    places = places_of(fake_audit(units=units))
    assert places.chains["c1"] == ("s2", "s1", "c1")
    assert pd.Series(places.by_grid).map(len).eq(2).all()
