"""The code tables of five counties and cities as units without geometry."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.audit import run_audit
from geo.codes import code_faults, code_scheme, match_names
from geo.io import Loaded, load, read_project

PROJECT = """[project]
id = "codes"
[layers.grids]
path = "g.gpkg"
parent = "prefix"
codes = "bj-15"
[layers.units]
path = "{path}"
codes = "stat-12"
levels = [
  {{ level = "county", unit_id = "areaCode", name = "区县" }},
  {{ level = "street", unit_id = "streetCode", name = "街道乡镇" }},
  {{ level = "village", unit_id = "village_code", name = "村居委会" }},
]
"""
# file: counties, streets and towns, villages and communities
TABLES = {
    "chenzhou": (11, 162, 2420),
    "huantai": (1, 9, 353),
    "neijiang": (5, 83, 1290),
    "yuxi": (9, 76, 718),
    "zhuzhou": (9, 112, 1400),
    "zhuzhou_lusong_gb18030": (1, 8, 81),
}


def loaded(folder: Path, table: Path, ids: list[str], zone: str = "EPSG:4544") -> Loaded:
    x, y = 500_000.0, 3_270_000.0
    boxes = [shapely.box(x + 100 * i, y, x + 100 * (i + 1), y + 100) for i in range(len(ids))]
    gpd.GeoDataFrame({"grid_id": ids}, geometry=boxes, crs=zone).to_file(folder / "g.gpkg")
    path = folder / "p.toml"
    path.write_text(PROJECT.format(path=table.as_posix()), encoding="utf-8")
    return load(read_project(path))


@pytest.fixture(params=sorted(TABLES))
def table(request: pytest.FixtureRequest, shared_data: Path) -> Path:
    return shared_data / "china-codes" / f"{request.param}.csv"


def codes_of(table: Path) -> pd.DataFrame:
    encoding = "gb18030" if "gb18030" in table.name else "utf-8-sig"
    return pd.read_csv(table, dtype=str, encoding=encoding)


def test_one_table_is_three_levels_of_units(table: Path, tmp_path: Path) -> None:
    rows = codes_of(table)
    ids = [f"{rows['village_code'].iloc[at]}{at + 1:03d}" for at in range(3)]
    found = loaded(tmp_path, table, [*ids, "511002998001001"])
    units = found.layers.units
    assert units is not None
    assert units.geometry.isna().all()
    counts = units["level"].value_counts()
    levels = ("county", "street", "village")
    assert tuple(counts[list(levels)]) == TABLES[table.stem]
    assert found.layers.levels == levels
    # every parent is the prefix of its unit, and nobody is lost
    below = units[units["level"] != "county"]
    assert below["parent_id"].isin(units.index).all()
    assert all(name.startswith(above) for name, above in below["parent_id"].items())
    assert set(units.index) == set(rows["areaCode"]) | set(rows["streetCode"]) | set(
        rows["village_code"]
    )
    assert all(s.rows == s.used == len(rows) and s.quarantined == 0 for s in found.sources[1:])
    assert not (found.findings["rule"] == "D101").any()
    assert found.layers.grids["parent_id"].tolist() == [*rows["village_code"][:3], "511002998001"]


def test_real_codes_follow_the_scheme_and_a_wrong_parent_is_found(
    table: Path, tmp_path: Path
) -> None:
    rows = codes_of(table)
    for column in ("areaCode", "streetCode", "village_code"):
        assert code_faults(list(rows[column]), code_scheme("stat-12")) == ([], 0)
    found = loaded(tmp_path, table, [f"{rows['village_code'].iloc[0]}001", "511002998001001"])
    findings = run_audit(found, select=["H302", "H304"]).findings
    assert findings["rule"].tolist() == ["H302"]
    assert findings["grid_ids"].tolist() == [("511002998001001",)]


def test_names_repeat_inside_a_county_so_only_codes_match(shared_data: Path) -> None:
    told = {"chenzhou": 14, "huantai": 12, "neijiang": 2, "yuxi": 1, "zhuzhou": 1}
    for name, n in told.items():
        rows = codes_of(shared_data / "china-codes" / f"{name}.csv")
        assert rows.duplicated(["areaCode", "村居委会"]).sum() == n
        repeated = rows[rows.duplicated(["areaCode", "村居委会"], keep=False)]
        names = dict(zip(rows["village_code"], rows["村居委会"], strict=True))
        county = dict(zip(rows["village_code"], rows["areaCode"], strict=True))
        matches = match_names(names, names, within_left=county, within_right=county)
        matched = {match.left_id for match in matches}
        assert matched == set(rows["village_code"]) - set(repeated["village_code"])


def test_the_village_of_taipei_with_three_writings_is_proposed(shared_data: Path) -> None:
    old = gpd.read_file(shared_data / "taipei" / "taipei_admin.gpkg", layer="villages_li")
    new = gpd.read_file(shared_data / "taipei" / "taipei_villages_2021_simplified.gpkg")
    found = match_names(
        dict(zip(old["CPTVID"], old["VNAME"], strict=True)),
        dict(zip(new["VILLCODE"], new["VILLNAME"], strict=True)),
        within_left=dict(zip(old["CPTVID"], old["TNAME"], strict=True)),
        within_right=dict(zip(new["VILLCODE"], new["TOWNNAME"], strict=True)),
    )
    assert len(found) == 456
    (other,) = [match for match in found if match.how != "same"]
    assert other.how == "variant"
    assert {other.left_name, other.right_name} <= {"糖蔀里", "糖廍里", "糖部里"}
