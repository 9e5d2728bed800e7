"""Readers of one family each: drawings, KML, geodatabases, folders, archives, encodings."""

import gzip
import json
import re
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from geo.errors import GridCircleError, LoadError
from geo.io import Loaded, load, read_project
from geo.io.formats.encodings import decode, name_of_member

X0, Y0 = 500_000.0, 3_400_000.0


def frame(n: int = 3, start: int = 0, crs: str | None = "EPSG:4547") -> gpd.GeoDataFrame:
    shapes = [shapely.box(X0 + 100 * i, Y0, X0 + 100 * i + 100, Y0 + 100) for i in range(n)]
    rows = range(start, start + n)
    columns = {"编号": [f"51{i:04d}" for i in rows], "名称": [f"网格{i}" for i in rows]}
    shapes = [shapely.affinity.translate(shape, 100 * start) for shape in shapes]
    return gpd.GeoDataFrame(columns, geometry=shapes).set_crs(crs)


def run(folder: Path, schema: str = "grids", **keys: str) -> Loaded:
    text = '[project]\nid = "p"\nlanguage = "en"\n'
    if schema != "grids":
        frame().to_file(folder / "base.gpkg")
        text += '[layers.grids]\npath = "base.gpkg"\n'
    text += f"[layers.{schema}]\n"
    text += "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
    (folder / "p.toml").write_text(text, encoding="utf-8")
    return load(read_project(folder / "p.toml"))


def problems(loaded: Loaded) -> str:
    return " / ".join(loaded.sources[-1].problems)


# Encodings.


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "big5", "utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    "text", ["編號,名稱\n1,萬華區福音里\n", "臺北市北投區", "銀髮族服務,老人日間照顧中心"]
)
def test_traditional_text_is_told_in_every_encoding(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize(
    "text", ["编号,名称,户数", "内江市东兴区", "青羊区草市街街道", "攸县网岭镇"]
)
def test_simplified_text_is_told(text: str) -> None:
    decoded = decode(text.encode("gbk"))
    assert (decoded.text, decoded.encoding) == (text, "gb18030")


def test_spanish_is_not_taken_for_chinese() -> None:
    text = "código,denominación\n1,Núñez de Balboa\n2,Señal año\n"
    assert decode(text.encode("latin-1")).text == text


@pytest.mark.parametrize("cpg", ["UTF-8", "1252", "GBK", "936", "ANSI 936", "nonsense", ""])
def test_a_cpg_that_the_table_breaks_is_not_believed(tmp_path: Path, cpg: str) -> None:
    frame().to_file(tmp_path / "g.shp", encoding="gbk")
    (tmp_path / "g.cpg").write_text(cpg, encoding="ascii")
    assert run(tmp_path, path="g.shp").layers.grids["name"].tolist() == ["网格0", "网格1", "网格2"]


def test_the_project_has_the_last_word_on_the_encoding(tmp_path: Path) -> None:
    frame().rename(columns={"名称": "name"}).to_file(tmp_path / "g.shp", encoding="gbk")
    (tmp_path / "g.cpg").unlink()
    loaded = run(tmp_path, path="g.shp", encoding="big5")
    assert loaded.sources[0].encoding == "big5"
    assert loaded.layers.grids["name"].tolist() != ["网格0", "网格1", "网格2"]


def test_mapinfo_that_names_a_wrong_charset(tmp_path: Path) -> None:
    for suffix in ("tab", "mif"):
        path = tmp_path / f"g.{suffix}"
        frame().to_file(path, driver="MapInfo File", ENCODING="CP936")
        data = path.read_bytes().replace(b"WindowsSimpChinese", b"WindowsLatin1")
        path.write_bytes(data)
        loaded = run(tmp_path, path=path.name)
        assert loaded.layers.grids["name"].tolist() == ["网格0", "网格1", "网格2"]
        assert "says that its text is windowslatin1, but it is gb18030" in problems(loaded)
        path.write_bytes(data.replace(b"WindowsLatin1", b"Neutral"))
        assert run(tmp_path, path=path.name).layers.grids["name"].iloc[0] == "网格0"


def test_a_local_system_needs_a_crs_of_the_project(tmp_path: Path) -> None:
    path = tmp_path / "g.mif"
    frame().to_file(path, driver="MapInfo File", ENCODING="CP936")
    data = re.sub(rb"CoordSys [^\r\n]*", b'CoordSys NonEarth Units "m"', path.read_bytes())
    path.write_bytes(data)
    with pytest.raises(GridCircleError):
        run(tmp_path, path="g.mif")
    loaded = run(tmp_path, path="g.mif", crs="EPSG:4547")
    assert len(loaded.layers.grids) == 3
    assert "local system" in problems(loaded)


def test_two_columns_of_one_name_are_told_apart(tmp_path: Path) -> None:
    frame().assign(户数a=[1, 2, 3], 户数b=[4, 5, 6]).to_file(tmp_path / "g.shp", encoding="gbk")
    path = tmp_path / "g.dbf"
    path.write_bytes(path.read_bytes().replace("户数b".encode("gbk"), "户数a".encode("gbk")))
    grids = run(tmp_path, path="g.shp").layers.grids
    assert grids["户数a"].tolist() == [1, 2, 3]
    assert grids["户数a_4"].tolist() == [4, 5, 6]


# Drawings.


def dxf(path: Path, parts: list[tuple[str, Any]]) -> None:
    """Write closed and open polylines, with bulges where given, and texts, as R12-like DXF."""
    lines = ["0", "SECTION", "2", "ENTITIES"]
    for layer, part in parts:
        if isinstance(part, tuple):
            x, y, text = part
            lines += ["0", "TEXT", "8", layer, "10", f"{x}", "20", f"{y}", "40", "2", "1", text]
            continue
        closed, points = part["closed"], part["points"]
        lines += ["0", "LWPOLYLINE", "100", "AcDbEntity", "8", layer, "100", "AcDbPolyline"]
        lines += ["90", str(len(points)), "70", "1" if closed else "0"]
        for x, y, *bulge in points:
            lines += ["10", f"{x}", "20", f"{y}", *(["42", f"{bulge[0]}"] if bulge else [])]
    path.write_text("\n".join([*lines, "0", "ENDSEC", "0", "EOF", ""]), encoding="utf-8")


def outline(column: int, *, closed: bool = True, bulge: bool = False) -> dict[str, Any]:
    x = X0 + 100 * column
    points: list[tuple[float, ...]] = [(x, Y0), (x + 100, Y0), (x + 100, Y0 + 100), (x, Y0 + 100)]
    if bulge:
        points[2] = (*points[2], 0.5)
    return {"closed": closed, "points": points if closed else [*points, points[0]]}


def test_outlines_of_a_drawing_become_areas_and_texts_their_names(tmp_path: Path) -> None:
    # ┌─ closed ─┬─ closed by its points ─┬─ two open lines ─┐   one line by itself: refused
    x = X0 + 200
    halves = [
        {"closed": False, "points": [(x, Y0), (x + 100, Y0), (x + 100, Y0 + 100)]},
        {"closed": False, "points": [(x + 100, Y0 + 100), (x, Y0 + 100), (x, Y0)]},
    ]
    stray = {"closed": False, "points": [(X0, Y0 + 500), (X0 + 300, Y0 + 500)]}
    texts = [
        (X0 + 50, Y0 + 50, "511001"),
        (X0 + 40, Y0 + 30, "东兴一网格"),
        (x + 9, Y0 + 9, "WG-3"),
    ]
    texts.append((X0, Y0 + 900, "图例"))
    shapes = [outline(0), outline(1, closed=False), *halves, stray]
    dxf(tmp_path / "g.dxf", [("网格", shape) for shape in shapes] + [("注记", t) for t in texts])
    loaded = run(tmp_path, path="g.dxf", crs="EPSG:4547")
    grids = loaded.layers.grids
    assert len(grids) == 3
    assert grids.area.tolist() == pytest.approx([10_000.0] * 3)
    assert grids.index.tolist()[0] == "511001"
    assert "WG-3" in grids.index
    assert grids["name"].tolist()[0] == "东兴一网格"
    assert len(loaded.quarantine) == 1
    assert (loaded.sources[0].rows, loaded.sources[0].used) == (4, 3)
    assert "2 closed outlines became areas, 1 areas were made of several lines" in problems(loaded)
    assert "1 of them lie in no area" in problems(loaded)


def test_one_layer_of_a_drawing_and_its_arcs(tmp_path: Path) -> None:
    shapes = [("网格", outline(0, bulge=True)), ("网格", outline(3)), ("道路", outline(1))]
    dxf(tmp_path / "g.dxf", shapes)
    loaded = run(tmp_path, path="g.dxf", layer="网格", crs="EPSG:4547")
    assert len(loaded.layers.grids) == 2
    assert max(loaded.layers.grids.area) > 10_500
    assert "1 shapes had arcs" in problems(loaded)
    with pytest.raises(LoadError, match="网格, 道路"):
        run(tmp_path, path="g.dxf", layer="宗地", crs="EPSG:4547")


def test_texts_of_a_drawing_are_sites(tmp_path: Path) -> None:
    dxf(tmp_path / "s.dxf", [("站点", (X0 + 50, Y0 + 50, "社区服务站")), ("框", outline(0))])
    loaded = run(tmp_path, "sites", path="s.dxf", layer="站点", crs="EPSG:4547")
    assert loaded.layers.sites is not None
    assert loaded.layers.sites["name"].tolist() == ["社区服务站"]


def test_a_dwg_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "g.dwg").write_bytes(b"AC1027" + b"\0" * 99)
    with pytest.raises(LoadError, match="save it as DXF"):
        run(tmp_path, path="g.dwg")


# KML and geodatabases.


@pytest.mark.parametrize("suffix", ["kml", "kmz"])
def test_folders_of_a_kml_are_one_layer(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "doc.kml"
    for number in range(2):
        part = frame(2, 2 * number).rename(columns={"名称": "Name"}).to_crs(4326)
        part.to_file(path, driver="LIBKML", layer=f"片区{number}", append=number > 0)
    if suffix == "kmz":
        with zipfile.ZipFile(tmp_path / "g.kmz", "w") as archive:
            archive.write(path, "doc.kml")
        path = tmp_path / "g.kmz"
    loaded = run(tmp_path, path=path.name)
    assert loaded.layers.grids.index.tolist() == ["510000", "510001", "510002", "510003"]
    assert loaded.layers.grids["name"].tolist() == ["网格0", "网格1", "网格2", "网格3"]
    assert "the 2 layers (folders) of the file were joined" in problems(loaded)
    assert not {"icon", "tessellate", "visibility"} & set(loaded.layers.grids.columns)
    assert len(run(tmp_path, path=path.name, layer="片区1").layers.grids) == 2


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_geodatabase(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "g.gdb"
    frame().to_file(path, driver="OpenFileGDB", layer="网格")
    if kind == "zip":
        with zipfile.ZipFile(tmp_path / "g.zip", "w") as archive:
            for part in path.iterdir():
                archive.write(part, f"数据/g.gdb/{part.name}")
        path = tmp_path / "g.zip"
    loaded = run(tmp_path, path=path.name, layer="网格")
    assert loaded.layers.grids["name"].tolist() == ["网格0", "网格1", "网格2"]


CURVE = "CURVEPOLYGON(COMPOUNDCURVE((500000 3400000,500100 3400000),CIRCULARSTRING(500100 3400000,500050 3400050,500000 3400000)))"  # noqa: E501


@pytest.mark.parametrize("suffix", ["csv", "gpkg", "gdb"])
def test_arcs_and_heights_are_told(tmp_path: Path, suffix: str) -> None:
    plain = "POLYGON Z((500100 3400000 1,500200 3400000 1,500200 3400100 1,500100 3400000 1))"
    table = tmp_path / "g.csv"
    table.write_text(f'编号,WKT\n1,"{CURVE}"\n2,"{plain}"\n', encoding="utf-8")
    path = tmp_path / f"g.{suffix}"
    if suffix != "csv":
        translate(table, path)
    loaded = run(tmp_path, path=path.name, crs="EPSG:4547")
    assert loaded.layers.grids.area.tolist() == pytest.approx([3927.0, 5000.0], rel=2e-3)
    assert "1 shapes had arcs" in problems(loaded)
    assert "1 shapes had heights" in problems(loaded)


def translate(source: Path, target: Path) -> None:
    """Write a table with WKT as another format by GDAL, whose driver keeps arcs."""
    driver = {".gpkg": "GPKG", ".gdb": "OpenFileGDB"}[target.suffix]
    command = ["ogr2ogr", "-f", driver, str(target), str(source), "-a_srs", "EPSG:4547"]
    command += ["-nln", "g", *(["-nlt", "MULTISURFACE"] if driver == "OpenFileGDB" else [])]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("GDAL's programs are not installed")


# Folders and archives.


def test_a_folder_is_one_layer_in_one_crs(tmp_path: Path) -> None:
    folder = tmp_path / "街道上报"
    folder.mkdir()
    frame(2).to_file(folder / "a.gpkg")
    frame(2, 2).to_crs(4490).to_file(folder / "b.geojson", driver="GeoJSON")
    frame(1, 4).to_file(folder / "c.shp", encoding="gbk")
    (folder / "说明.txt").write_text("not data", encoding="utf-8")
    (folder / "~$b.xlsx").write_bytes(b"x")
    loaded = run(tmp_path, path="街道上报")
    grids = loaded.layers.grids
    assert grids.index.tolist() == [f"51{i:04d}" for i in range(5)]
    assert grids["source_file"].tolist() == ["a", "a", "b", "b", "c"]
    assert grids.area.tolist() == pytest.approx([10_000.0] * 5, rel=1e-3)
    assert "a.gpkg 1–2, b.geojson 3–4, c.shp 5–5" in problems(loaded)
    assert len(run(tmp_path, path="街道上报", layer="a").layers.grids) == 2


def test_refused_rows_of_a_folder_count_over_all_files(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    folder.mkdir()
    (folder / "a.csv").write_text("编号,经度,纬度\n1,114.0,30.7\n2,x,30\n", encoding="gbk")
    (folder / "b.csv").write_text("编号,经度,纬度\n3,114.0,30.7\n4,114,30,9,9\n", encoding="gbk")
    loaded = run(tmp_path, "sites", path="s", datum="wgs84")
    assert loaded.quarantine["row"].tolist() == [2, 4]
    assert loaded.sources[-1].rows == loaded.sources[-1].used + 2


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_files_without_a_crs_among_others_are_told(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    frame(1).to_file(tmp_path / "s" / "a.shp")
    frame(1, 1, crs=None).to_file(tmp_path / "s" / "b.shp")
    with pytest.raises(GridCircleError, match=r"s/b\.shp"):
        run(tmp_path, path="s")


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "gz", "tar"])
@pytest.mark.parametrize("inner", ["g.csv", "g.xlsx", "g.gpkg", "g.parquet"])
def test_anything_packed(tmp_path: Path, kind: str, inner: str) -> None:
    source = tmp_path / "in" / inner
    source.parent.mkdir()
    table = pd.DataFrame(frame().drop(columns="geometry")).assign(WKT=frame().to_wkt()["geometry"])
    if inner.endswith("csv"):
        table.to_csv(source, index=False, encoding="gbk")
    elif inner.endswith("xlsx"):
        table.to_excel(source, index=False)
    elif inner.endswith("parquet"):
        pytest.importorskip("pyarrow")
        frame().to_parquet(source)
    else:
        frame().to_file(source)
    path = tmp_path / (f"{inner}.gz" if kind == "gz" else f"g.{kind}")
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(source, f"../..//C:/数据/{inner}")
    elif kind == "gz":
        path.write_bytes(gzip.compress(source.read_bytes()))
    else:
        with tarfile.open(path, "w:gz" if kind.endswith("gz") else "w") as archive:
            archive.add(source, f"/abs/../{inner}")
    loaded = run(tmp_path, path=path.name, crs="EPSG:4547")
    assert loaded.layers.grids["name"].tolist() == ["网格0", "网格1", "网格2"]
    assert loaded.sources[0].path == path.name


def test_names_in_a_chinese_zip(tmp_path: Path) -> None:
    frame().to_file(tmp_path / "g.shp", encoding="gbk")
    with zipfile.ZipFile(tmp_path / "g.zip", "w") as archive:
        for suffix in ("shp", "shx", "dbf", "prj"):
            archive.write(tmp_path / f"g.{suffix}", f"WGwg.{suffix}")
    data = (tmp_path / "g.zip").read_bytes()  # without the flag that names are UTF-8
    (tmp_path / "g.zip").write_bytes(data.replace(b"WGwg.", "网格.".encode("gbk")))
    assert name_of_member("网格.shp".encode("gbk").decode("cp437"), is_utf8=False) == "网格.shp"
    assert run(tmp_path, path="g.zip", layer="网格").layers.grids["name"].iloc[0] == "网格0"


def test_a_zip_of_several_layers_gives_the_one_that_fits_and_says_so(tmp_path: Path) -> None:
    points = frame()
    points["geometry"] = points.centroid
    with zipfile.ZipFile(tmp_path / "g.zip", "w") as archive:
        for name, part in (("a", points), ("b", frame(2)), ("c", frame(1, 2))):
            pyogrio.write_dataframe(part, tmp_path / f"{name}.gpkg")
            archive.write(tmp_path / f"{name}.gpkg", f"{name}.gpkg")
    loaded = run(tmp_path, path="g.zip")
    assert loaded.layers.grids.index.tolist() == ["510000", "510001", "510002"]
    assert "b.gpkg, c.gpkg was read" in problems(loaded)
    assert len(run(tmp_path, path="g.zip", layer="c").layers.grids) == 1


def test_a_locked_zip_is_told(tmp_path: Path) -> None:
    path = tmp_path / "g.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("g.csv", "a,b\n1,2\n")
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(LoadError, match="encrypted"):
        run(tmp_path, path="g.zip")
