"""Tables of cells that no one should write and someone has, by hypothesis."""
# ruff: noqa: RUF001 full-width digits are among them

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from geo.errors import GridCircleError
from geo.io import load, read_project
from tests import forms, fuzzing

_NAMES = (
    "站点编号", "名称", "类别", "经度", "纬度", "经纬度", "WKT", "x", "y", "服务能力", "geometry",
    "geom", "fid", "备注", "备注", "", "site_id", "kind", "category", "area_m2", "n_sites_walk_5",
)  # fmt: skip
_PLACES = (
    "114.0", "30.7", "114.0,30.7", "30.7，114.0", "东经114°0′", "114°61′", "POINT (114 30.7)",
    "POINT EMPTY", "POINT (nan nan)", "POLYGON ((0 0, 1 1, 0 1, 1 0, 0 0))",
    "LINESTRING (0 0, 1 1)",
    "GEOMETRYCOLLECTION (POINT (114 30))", "CURVEPOLYGON (CIRCULARSTRING (0 0, 1 1, 0 0))", "inf",
    "-inf", "nan", "1e308", "1e-320", "0", "-0", "38500000.5",
    "180.0000001", "SRID=4326;POINT (1 2)",
)  # fmt: skip
_CELLS = st.one_of(
    st.sampled_from(_PLACES),
    st.sampled_from(
        ("S1", "S1", "S1.0", "养老", "=1+1", "-", "#N/A", "TRUE", "２０", "1,000", "\u3000")
    ),
    st.text(max_size=12),
    st.floats().map(str),
    st.integers().map(str),
    st.just(""),
)
_ROWS = st.lists(st.lists(_CELLS, min_size=1, max_size=9), min_size=0, max_size=12)
_HEADERS = st.lists(st.sampled_from(_NAMES), min_size=1, max_size=8)
_ENCODINGS = st.sampled_from(("utf-8", "utf-8-sig", "gb18030", "utf-16", "big5"))


def check_strange_tables(folder: Path, *, n: int) -> None:
    """Load `n` strange tables: each is read with every row accounted for, or told."""
    forms.grids(forms.SIMPLIFIED).to_file(folder / "base.gpkg")

    @settings(
        max_examples=n,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        header=_HEADERS,
        rows=_ROWS,
        encoding=_ENCODINGS,
        sign=st.sampled_from(",;\t"),
        as_sheet=st.booleans(),
    )
    def check(
        header: list[str], rows: list[list[str]], encoding: str, sign: str, *, as_sheet: bool
    ) -> None:
        lines = [header, *rows]
        name = "s.xlsx" if as_sheet else "s.csv"
        if as_sheet:
            _sheet(folder / name, lines)
        else:
            text = _text(lines, sign)
            (folder / name).write_bytes(text.encode(encoding, errors="replace"))
        project = folder / "p.toml"
        head = f'[project]\nid = "p"\ncrs = "{forms.CRS}"\n[layers.grids]\npath = "base.gpkg"\n'
        text = f'{head}[layers.sites]\npath = "{name}"\ndatum = "wgs84"\n'
        project.write_text(text, encoding="utf-8")
        try:
            loaded = load(read_project(project))
        except GridCircleError as error:
            sentences = error.text("zh") + error.text("en")
        else:
            sentences = ""
            fuzzing.judge(loaded)
        assert "\n" not in sentences

    check()


def _sheet(path: Path, lines: Sequence[Sequence[str]]) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for line in lines:
        sheet.append([ILLEGAL_CHARACTERS_RE.sub("", cell) for cell in line])
    book.save(path)


def _text(lines: Sequence[Sequence[str]], sign: str) -> str:
    target = io.StringIO()
    csv.writer(target, delimiter=sign).writerows(lines)
    return target.getvalue()
