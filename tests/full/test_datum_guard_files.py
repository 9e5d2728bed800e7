"""The datum guard as a planner meets it: real files, `gridcircle check`, `gridcircle audit`."""

import json
import zlib
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from openpyxl import Workbook
from pyproj import CRS

from api.commands import main
from geo.crs import WGS84, to_crs
from geo.io import Loaded, load, read_project
from geo.synth import City, build_city, write_city
from tests.towns import READINGS, TOWNS, draw_sites, misread

pytestmark = pytest.mark.full

SETS = 8
CLEAN_SETS = 20
SIZES = (6, 15, 40)
KINDS = ("named", "plain", "built")
FORMS = ("gpkg", "shp", "csv", "cell", "geojson", "kml")
"""How the list of sites comes; the last four hold degrees."""

_HEAD = """[project]
id = "town"
language = "en"
[layers.grids]
path = "city/city.gpkg"
layer = "grids"
[[layers.units]]
path = "city/city.gpkg"
layer = "units_street"
level = "street"
[[layers.units]]
path = "city/city.gpkg"
layer = "units_community"
level = "community"
[layers.buildings]
path = "city/city.gpkg"
layer = "buildings"
"""
_STREETS = '[layers.streets]\npath = "city/city.gpkg"\nlayer = "roads"\n'


def written(folder: Path, sites: gpd.GeoDataFrame, crs: CRS, form: str) -> str:
    """Write a list of sites as a file of one form; return what the project says of it."""
    frame = sites.reset_index().set_crs(crs, allow_override=True)
    if form in ("gpkg", "shp") or not crs.is_geographic:
        suffix = form if form in ("gpkg", "shp") else "csv"
        path = folder / f"sites.{suffix}"
        if suffix == "csv":
            _table(frame, ("x", "y")).to_csv(path, index=False, encoding="gbk")
        elif suffix == "shp":
            frame.rename(columns={"name": "名称"}).to_file(path, encoding="gbk")
            path.with_suffix(".cpg").unlink()
        else:
            frame.to_file(path)
        return f'path = "{path.name}"\ncrs = "EPSG:{crs.to_epsg()}"\n'
    if form in ("geojson", "kml") and frame.total_bounds[3] > 90.0:
        form = "csv"  # the writer refuses such latitudes
    path = folder / f"sites.{'xlsx' if form == 'cell' else form}"
    if form == "csv":
        _table(frame, ("经度", "纬度")).to_csv(path, index=False, encoding="gbk")
    elif form == "cell":
        _sheet(path, _table(frame, ("x", "y")))
    else:
        frame.to_file(path, **({"driver": "LIBKML"} if form == "kml" else {}))
    return f'path = "{path.name}"\ncrs = "EPSG:4326"\n'


def _table(frame: gpd.GeoDataFrame, names: tuple[str, str]) -> pd.DataFrame:
    xy = shapely.get_coordinates(frame.geometry.array)
    table = pd.DataFrame(frame.drop(columns="geometry"))
    return table.assign(**{names[0]: xy[:, 0], names[1]: xy[:, 1]})


def _sheet(path: Path, table: pd.DataFrame) -> None:
    """Write a sheet with a title and both coordinates in one cell, as a phone map copies them."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["站点一览表"])
    sheet.append(["站点编号", "名称", "经纬度"])
    for row in table.itertuples():
        sheet.append([row.site_id, getattr(row, "name", None), f"{row.x:.7f},{row.y:.7f}"])
    book.save(path)


def project(
    folder: Path,
    sites: gpd.GeoDataFrame,
    crs: CRS,
    *,
    form: str,
    reading: str = "clean",
    number: int = 0,
    say: str = "",
) -> Path:
    """Write the sites and a project file of the city in `folder`; return the project file."""
    if (reading, form) == ("swapped", "cell"):
        form = "csv"  # a second number above 90 tells the reader that latitude is first
    if form in FORMS[2:] and reading in ("clean", "gcj02", "bd09"):
        sites, crs = to_crs(sites, WGS84), WGS84
    text = _HEAD + (_STREETS if number % 3 == 0 else "")
    path = folder / "town.toml"
    body = f"{text}[layers.sites]\n{written(folder, sites, crs, form)}{say}"
    path.write_text(body, encoding="utf-8")
    return path


def city_at(folder: Path, town: str, number: int) -> City:
    city = build_city(SIZES[number % len(SIZES)], seed=number, at=TOWNS[town])
    write_city(city, folder / "city")
    return city


def verdict(loaded: Loaded) -> str:
    return next(s.datum_verdict for s in loaded.sources if s.layer == "sites")


def run(call: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        main([*call, "--format", "json"])
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return int(stop.value.code or 0), said


@pytest.mark.parametrize("town", TOWNS)
def test_files_of_each_reading_are_named_right(town: str, tmp_path: Path) -> None:
    wrong = []
    for number in range(SETS):
        rng = np.random.default_rng([number, 2, zlib.crc32(town.encode())])
        city = city_at(tmp_path, town, number)
        for at, (reading, right) in enumerate(READINGS.items()):
            kind, form = KINDS[number % 3], FORMS[(number + at) % len(FORMS)]
            sites = draw_sites(city, kind, int(rng.integers(30, 301)), rng)
            read = misread(sites, reading, rng)
            path = project(tmp_path, *read, form=form, reading=reading, number=number)
            loaded = load(read_project(path))
            source = next(s for s in loaded.sources if s.layer == "sites")
            assert source.rows == source.used + source.quarantined == len(sites)
            is_right = verdict(loaded) in right and source.is_doubtful == (reading != "clean")
            if not is_right:
                wrong.append((number, reading, kind, form, len(sites), verdict(loaded)))
    assert len(wrong) <= 0.01 * SETS * len(READINGS), wrong


@pytest.mark.parametrize("town", TOWNS)
def test_clean_files_are_neither_doubted_nor_altered(town: str, tmp_path: Path) -> None:
    for number in range(CLEAN_SETS):
        rng = np.random.default_rng([number, 3, zlib.crc32(town.encode())])
        if number % 4 == 0:
            city = city_at(tmp_path, town, number)
        sites = draw_sites(city, KINDS[number % 3], int(rng.integers(30, 301)), rng)
        form = FORMS[number % len(FORMS)]
        path = project(tmp_path, sites, CRS(sites.crs), form=form, number=number)
        loaded = load(read_project(path))
        assert verdict(loaded) in ("ok", "unknown"), (number, form)
        assert set(loaded.findings["rule"]) <= {"D101"}
        got = loaded.layers.sites
        assert got is not None
        away = shapely.distance(got.geometry.array, sites.geometry.array)
        assert away.max() < (0.02 if form == "cell" else 1e-3)


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("town", TOWNS)
def test_check_says_it_and_an_audit_does_not_judge_by_it(
    town: str, reading: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng([4, zlib.crc32(town.encode())])
    city = city_at(tmp_path, town, 1)
    sites = draw_sites(city, "named", 60, rng)
    form = FORMS[list(TOWNS).index(town)]
    read = misread(sites, reading, rng)
    path = project(tmp_path, *read, form=form, reading=reading)
    is_clean = reading == "clean"

    code, said = run(["check", str(path)], capsys)
    assert code == (0 if is_clean else 1)
    entry = next(layer for layer in said["layers"] if layer["layer"] == "sites")
    assert entry["datum"]["verdict"] in READINGS[reading]
    assert entry["datum"]["evidence"]

    out = tmp_path / "out"
    code, summary = run(["audit", str(path), "-o", str(out), "--fail-on", "never"], capsys)
    assert code == 0
    n_base = int((city.grids["kind"] == "base").sum()) if "kind" in city.grids else len(city.grids)
    judged = summary["coverage"]["walk_15"]
    assert ("C501" in summary["skipped"]) == (not is_clean)
    assert (judged["n_unknown"] == n_base) == (not is_clean)
    assert (judged["residents_share"] is None) == (not is_clean)
    assert ("C501" in summary["findings"]) <= is_clean
    rules = {"gcj02": "D106", "bd09": "D106", "clean": None}
    rule = rules.get(reading, "D105")
    assert rule is None or summary["findings"][rule] == 1

    if rule == "D106":  # the project says which datum it is: shifted, and judged
        say = f'datum = "{reading}"\n'
        path = project(tmp_path, *read, form=form, reading=reading, say=say)
        code, said = run(["check", str(path)], capsys)
        entry = next(layer for layer in said["layers"] if layer["layer"] == "sites")
        assert (code, entry["datum"]["verdict"]) == (0, "ok")
        _, summary = run(["audit", str(path), "-o", str(out), "--fail-on", "never"], capsys)
        assert "C501" not in summary["skipped"]
        assert summary["coverage"]["walk_15"]["n_unknown"] < n_base
