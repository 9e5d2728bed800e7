"""A small town with planted faults, and every form in which a planner may hold its layers.

┌────┬────┬────┬────┐
│ 8  │ 9  │ 10 │ 11 │      twelve grids of 300 m, three communities side by side: 4 × 3;
├────┼────┼────┼────┤      5 reaches 20 m into 6 (overlap), 10 lacks a strip of 12 m (gap),
│ 4  │ 5 ▐│ 6  │ 7  │      3 lacks 0.5 m at its east end (sliver), 11 has no parent,
├────┼────┼────┼────┤      1 has an unknown parent; site 3 repeats the id of site 2,
│ 0  │ 1  │ 2  │ 3  │      site 5 has no place, and row 7 of the sites is far away.
└────┴────┴────┴────┘
"""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from openpyxl import Workbook

from geo.audit import run_audit
from geo.audit.value import Audit
from geo.io import load, read_project

CRS = "EPSG:4547"
X0, Y0, SIDE = 500_000.0, 3_400_000.0, 300.0

SIMPLIFIED = {
    "grid": "网格编号", "name": "名称", "parent": "社区编号", "households": "户数",
    "site": "站点编号", "category": "类别", "hall": "社区服务中心",
    "old": "长者照护站", "town": "胜利街道双洞子社区第",
}  # fmt: skip
TRADITIONAL = {
    "grid": "網格編號", "name": "名稱", "parent": "上級編號", "households": "戶數",
    "site": "站點編號", "category": "類別", "hall": "社區服務中心",
    "old": "銀髮族照顧站", "town": "萬華區福音里第",
}  # fmt: skip
RARE = SIMPLIFIED | {"town": "东兴镇𠮷㐂社区第"}
"""With characters that GBK does not have."""

HALL = ("community_service", "elderly")
CATEGORIES = "\n".join(
    f'"{words[key]}" = "{ours}"'
    for words in (SIMPLIFIED, TRADITIONAL)
    for key, ours in zip(("hall", "old"), HALL, strict=True)
)


def grids(words: dict[str, str]) -> gpd.GeoDataFrame:
    shapes = [_cell(i) for i in range(12)]
    shapes[5] = shapely.box(X0 + 300, Y0 + 300, X0 + 620, Y0 + 600)
    shapes[10] = shapely.box(X0 + 600, Y0 + 612, X0 + 900, Y0 + 900)
    shapes[3] = shapely.box(X0 + 900, Y0, X0 + 1199.5, Y0 + 300)
    parents = [f"C{i // 4 + 1}" for i in range(12)]
    parents[11], parents[1] = "", "C9"
    columns = {
        words["grid"]: [f"5110{i:04d}" for i in range(12)],
        words["name"]: [f"{words['town']}{i}{words['grid'][:2]}" for i in range(12)],
        words["parent"]: parents,
        words["households"]: [300 + 10 * i for i in range(12)],
    }
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)


def units() -> gpd.GeoDataFrame:
    rows = [shapely.box(X0, Y0 + 300 * i, X0 + 1200, Y0 + 300 * i + 300) for i in range(3)]
    codes = ["C1", "C2", "C3"]
    return gpd.GeoDataFrame({"unit_id": codes, "name": codes}, geometry=rows, crs=CRS)


def sites(words: dict[str, str]) -> gpd.GeoDataFrame:
    points: list[Any] = [shapely.Point(X0 + 150 + 160 * i, Y0 + 200 + 64.5 * i) for i in range(7)]
    points[5] = None
    points[6] = shapely.Point(X0 + 3_000_000, Y0 + 1000)
    columns = {
        words["site"]: ["S1", "S2", "S2", "S4", "S5", "S6", "S7"],
        words["name"]: [f"{words['hall']}{i}" for i in range(7)],
        words["category"]: [words["hall"], words["old"]] * 3 + [words["hall"]],
    }
    return gpd.GeoDataFrame(columns, geometry=points, crs=CRS)


def layers(words: dict[str, str]) -> dict[str, gpd.GeoDataFrame]:
    return {"grids": grids(words), "units": units(), "sites": sites(words)}


def audit(folder: Path, **specs: dict[str, Any]) -> Audit:
    """Audit the town whose layers `specs` describe, as the project file in `folder` says."""
    text = f'[project]\nid = "town"\ncrs = "{CRS}"\nlanguage = "zh"\n'
    for name, keys in specs.items():
        values = "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
        text += f"[layers.{name}]\n{values}"
    text += f"[categories]\n{CATEGORIES}\n"
    path = folder / "town.toml"
    path.write_text(text, encoding="utf-8")
    return run_audit(load(read_project(path)))


def plain(folder: Path, words: dict[str, str]) -> Audit:
    """Audit the town as GeoPackages: what every other form must give too."""
    specs = {}
    for name, frame in layers(words).items():
        frame.to_file(folder / f"{name}.gpkg")
        specs[name] = {"path": f"{name}.gpkg"}
    return audit(folder, **specs)


def told(audit: Audit) -> dict[str, Any]:
    """Return all that an audit says, without the names of its files, for comparison."""
    findings = pd.DataFrame(audit.findings.drop(columns="geometry"))
    shapes = audit.findings.geometry
    names = {source.path: source.layer for source in audit.sources}
    for path, layer in names.items():
        for column in ("message_zh", "message_en"):
            stem = path.rsplit("/", 1)[-1]
            findings[column] = [text.replace(f"({stem})", layer).replace(f"（{stem}）", layer)
                                for text in findings[column]]  # fmt: skip
    numbers = findings.select_dtypes("number").columns
    findings[numbers] = findings[numbers].astype(float).round(3)
    bounds = shapely.bounds(shapes.array).round(3).tolist()
    return {
        "findings": findings.astype(object).where(findings.notna(), None).to_dict("records"),
        "places": [[None if c != c else c for c in place] for place in bounds],  # noqa: PLR0124
        "coverage": audit.coverage.round(9).astype(str).to_dict("records"),
        "quarantine": audit.quarantine[["layer", "row", "id", "reason"]].to_dict("records"),
        "rows": [(s.layer, s.rows, s.used, s.quarantined, s.repaired) for s in audit.sources],
        "grids": audit.grids["name"].to_dict(),
    }


def workbook(path: Path, frame: gpd.GeoDataFrame, words: dict[str, str]) -> Path:
    """Write a sheet as it comes out of an office: a merged title, a date, full-width digits."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    table = _with_wkt(frame)
    sheet.append([f"{words['town']}一览表"])
    sheet.append(["填报单位：办公室", None, "填报日期：２０２４年５月"])
    sheet.append([])
    sheet.append(list(table.columns))
    for row in table.itertuples(index=False):
        sheet.append([_wide(cell) for cell in row])
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(table.columns))
    book.save(path)
    return path


def csv(path: Path, frame: gpd.GeoDataFrame, encoding: str) -> Path:
    _with_wkt(frame).to_csv(path, index=False, encoding=encoding)
    return path


def _with_wkt(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    table = pd.DataFrame(frame.drop(columns="geometry"))
    wkt = shapely.to_wkt(frame.geometry.array, rounding_precision=-1)
    return table.assign(WKT=wkt)


def _wide(cell: object) -> object:
    """Return digits in full width, as an input method leaves them; WKT as it is."""
    text = str(cell)
    if not text.isdigit():
        return cell
    return "".join(chr(ord(char) + 0xFEE0) for char in text)


def _cell(i: int) -> shapely.Polygon:
    x, y = X0 + SIDE * (i % 4), Y0 + SIDE * (i // 4)
    return shapely.box(x, y, x + SIDE, y + SIDE)
