"""Every format gives the same layer; what cannot be read is told in one sentence."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.errors import GridCircleError, LoadError
from geo.io import Loaded, load, project_from_files, read_project

X0, Y0 = 500_000.0, 3_400_000.0


def frame(n: int = 3, crs: str | None = "EPSG:4547") -> gpd.GeoDataFrame:
    shapes = [shapely.box(X0 + 100 * i, Y0, X0 + 100 * i + 100, Y0 + 100) for i in range(n)]
    names = [f"网格{i}" for i in range(n)]
    codes = [f"51{i:04d}" for i in range(n)]
    return gpd.GeoDataFrame({"编号": codes, "名称": names}, geometry=shapes).set_crs(crs)


def shapefile(path: Path, encoding: str = "utf-8", *, cpg: bool = True) -> Path:
    frame().to_file(path, encoding=encoding)
    if not cpg:
        path.with_suffix(".cpg").unlink()
    return path


def zipped(path: Path) -> Path:
    shapefile(path.with_suffix(".shp"), "gb18030", cpg=False)
    with zipfile.ZipFile(path, "w") as archive:
        for part in path.parent.glob(f"{path.stem}.*"):
            if part.suffix != ".zip":
                archive.write(part, f"网格/{part.name}")
    return path


def saved(path: Path) -> Path:
    frame().to_file(path)
    return path


def geojson(path: Path) -> Path:
    frame().to_crs(4326).to_file(path)
    return path


def parquet(path: Path) -> Path:
    pytest.importorskip("pyarrow")
    frame().to_parquet(path)
    return path


def wkt_table(path: Path) -> Path:
    table = pd.DataFrame(frame().drop(columns="geometry"))
    table["WKT"] = frame().to_wkt()["geometry"]
    if path.suffix == ".xlsx":
        table.to_excel(path, index=False)
    else:
        table.to_csv(path, index=False, encoding="utf-8-sig")
    return path


def run(path: Path, **layer: str) -> Loaded:
    project = path.parent / "p.toml"
    keys = "".join(f"{key} = {json.dumps(value)}\n" for key, value in layer.items())
    text = f'[project]\nid="p"\n[layers.grids]\npath={json.dumps(path.name)}\n{keys}'
    project.write_text(text, encoding="utf-8")
    return load(read_project(project))


CASES: list[tuple[str, Callable[[Path], Path], dict[str, str]]] = [
    ("g.gpkg", saved, {}),
    ("g.geojson", geojson, {}),
    ("g.fgb", saved, {}),
    ("g.shp", shapefile, {}),
    ("g.shp", lambda path: shapefile(path, "gb18030", cpg=False), {}),
    ("g.shp", lambda path: shapefile(path, "gb18030", cpg=False), {"encoding": "gb18030"}),
    ("g.zip", zipped, {}),
    ("g.parquet", parquet, {}),
    ("g.csv", wkt_table, {"crs": "EPSG:4547"}),
    ("g.xlsx", wkt_table, {"crs": "EPSG:4547"}),
]


@pytest.mark.parametrize(("name", "make", "layer"), CASES)
def test_every_format_gives_the_same_grids(
    tmp_path: Path, name: str, make: Callable[[Path], Path], layer: dict[str, str]
) -> None:
    grids = run(make(tmp_path / name), **layer).layers.grids.sort_index()
    assert grids.index.tolist() == ["510000", "510001", "510002"]
    assert grids["name"].tolist() == ["网格0", "网格1", "网格2"]
    assert grids.area.tolist() == pytest.approx([10_000.0] * 3, rel=1e-3)
    assert grids.geometry.iloc[0].hausdorff_distance(frame().geometry.iloc[0]) < 0.01


@pytest.mark.parametrize("make", [saved, parquet, wkt_table])
def test_where_filters_every_format(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    suffix = {saved: ".gpkg", parquet: ".parquet", wkt_table: ".csv"}[make]
    layer = {"crs": "EPSG:4547"} if make is wkt_table else {}
    path = make(tmp_path / f"g{suffix}")
    assert run(path, where="名称 <> '网格1'", **layer).layers.grids.index.tolist() == [
        "510000",
        "510002",
    ]
    with pytest.raises(LoadError) as caught:
        run(path, where="高度 > 3", **layer)
    assert caught.value.key == "io.bad_where"


def test_the_named_layer_is_read_else_the_first_that_fits(tmp_path: Path) -> None:
    path = tmp_path / "g.gpkg"
    points = frame()
    points["geometry"] = points.centroid
    points.to_file(path, layer="points")
    frame(2).to_file(path, layer="areas")
    loaded = load(project_from_files(grids=path))
    assert len(loaded.layers.grids) == 2
    assert "areas" in loaded.sources[0].problems[0]
    assert len(run(path, layer="areas").layers.grids) == 2


def test_hash_of_a_shapefile_covers_its_table(tmp_path: Path) -> None:
    path = shapefile(tmp_path / "g.shp")
    before = load(project_from_files(grids=path)).sources[0].sha256
    data = path.with_suffix(".dbf").read_bytes()
    path.with_suffix(".dbf").write_bytes(data.replace(b"510000", b"519999"))
    assert load(project_from_files(grids=path)).sources[0].sha256 != before


def _empty_collection(path: Path) -> None:
    path.write_text('{"type":"FeatureCollection","features":[]}', encoding="utf-8")


def _no_geometries(path: Path) -> None:
    frame().set_geometry(gpd.GeoSeries([None] * 3, crs=4547)).to_file(path)


def _points(path: Path) -> None:
    frame().set_geometry(frame().centroid).to_file(path)


def _cut(suffix: str, share: float) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        frame(200).to_crs(4326).to_file(path.with_suffix(suffix))
        data = path.with_suffix(suffix).read_bytes()
        path.write_bytes(data[: int(len(data) * share)])

    return make


def _metres(path: Path) -> None:
    shape = frame().geometry.iloc[0].__geo_interface__
    feature = {"type": "Feature", "properties": {}, "geometry": shape}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")


def _text(content: str) -> Callable[[Path], None]:
    return lambda path: path.write_text(content, encoding="utf-8") and None


BAD: list[tuple[str, Callable[[Path], Any], str]] = [
    ("none.gpkg", lambda _path: None, "io.no_file"),
    ("folder.shp", lambda path: path.mkdir(), "io.empty_folder"),
    ("zero.gpkg", lambda path: path.write_bytes(b""), "io.empty_file"),
    ("nocrs.shp", lambda path: frame(crs=None).to_file(path), "io.no_crs"),
    ("points.gpkg", _points, "io.wrong_type"),
    ("empty.geojson", _empty_collection, "io.no_rows"),
    ("nothing.gpkg", _no_geometries, "io.no_geometries"),
    ("metres.geojson", _metres, "io.not_degrees"),
    ("half.gpkg", _cut(".gpkg", 0.5), "io.truncated"),
    ("most.gpkg", _cut(".gpkg", 0.97), "io.truncated"),
    ("half.fgb", _cut(".fgb", 0.6), "io.unreadable"),
    ("half.geojson", _cut(".geojson", 0.5), "io.unreadable"),
    ("text.gpkg", _text("hello"), "io.not_geopackage"),
    ("text.shp", _text("hello" * 99), "io.unknown_format"),
    ("text.xlsx", _text("hello"), "io.unreadable"),
    ("text.zip", _text("hello"), "io.unreadable"),
    ("lonlat.csv", _text("id,lon,lat\n1,114.3,30.6\n"), "io.no_crs_degrees"),
    ("xy.csv", _text("id,x,y\n1,500000,3400000\n"), "io.no_crs"),
    ("names.csv", _text("id,name\n1,a\n"), "io.no_coordinates"),
    ("header.csv", _text("id,lon,lat\n"), "io.no_rows"),
]


@pytest.mark.parametrize(("name", "make", "key"), BAD)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_bad_input_is_told_in_one_sentence_that_names_the_file(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    name: str,
    make: Callable[[Path], Any],
    key: str,
) -> None:
    make(tmp_path / name)
    capfd.readouterr()
    with pytest.raises(GridCircleError) as caught:
        load(project_from_files(grids=tmp_path / name))
    assert caught.value.key == key
    for language in ("zh", "en"):
        sentence = caught.value.text(language)
        assert name in sentence
        assert "\n" not in sentence
    assert capfd.readouterr() == ("", "")


def test_a_layer_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    saved(tmp_path / "g.gpkg")
    with pytest.raises(LoadError, match=r"no layer 'x'; it has: g$"):
        run(tmp_path / "g.gpkg", layer="x")


def test_all_missing_files_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(LoadError) as caught:
        load(project_from_files(grids=tmp_path / "a.shp", sites=tmp_path / "b.csv"))
    assert "a.shp" in str(caught.value)
    assert "b.csv" in str(caught.value)


def test_a_wrong_encoding_is_told(tmp_path: Path) -> None:
    path = tmp_path / "g.csv"
    path.write_bytes("编号,名称,lon,lat\n1,网格,114,30\n".encode("gb18030"))
    with pytest.raises(LoadError) as caught:
        run(path, encoding="utf-8", datum="wgs84")
    assert caught.value.key == "io.bad_encoding"
    with pytest.raises(LoadError) as caught:
        run(path, encoding="klingon", datum="wgs84")
    assert caught.value.key == "io.bad_encoding"


def test_tables_know_semicolons_tabs_and_sheets(tmp_path: Path) -> None:
    grids = saved(tmp_path / "g.gpkg")
    for name, text in (
        ("s.csv", "编号;经度;纬度\n1;114.0;30.7\n"),
        ("s.txt", "编号\t经度\t纬度\n1\t114.0\t30.7\n"),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pd.ExcelWriter(tmp_path / "s.xlsx") as book:
        pd.DataFrame({"a": [1]}).to_excel(book, sheet_name="说明", index=False)
        table = pd.DataFrame({"编号": [1.0], "经度": ["114.0"], "纬度": [30.7]})
        table.to_excel(book, sheet_name="站点", index=False)
    for name, sheet in (("s.csv", ""), ("s.txt", ""), ("s.xlsx", 'layer="站点"\n')):
        text = (
            f'[project]\nid="p"\n[layers.grids]\npath="{grids.name}"\n'
            f'[layers.sites]\npath="{name}"\ndatum="wgs84"\n{sheet}'
        )
        (tmp_path / "p.toml").write_text(text, encoding="utf-8")
        sites = load(read_project(tmp_path / "p.toml")).layers.sites
        assert sites is not None
        assert sites.index.tolist() == ["1"]
    (tmp_path / "p.toml").write_text(text.replace("站点", "没有"), encoding="utf-8")
    with pytest.raises(LoadError, match="说明"):
        load(read_project(tmp_path / "p.toml"))
