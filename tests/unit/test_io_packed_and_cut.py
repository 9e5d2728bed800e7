"""What programs cut in two or spread over files: names in shapefiles, KMZ, packed tables."""

import tarfile
import warnings
import zipfile
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from geo.errors import LoadError
from geo.io.columns import map_columns
from geo.io.formats import read_layer
from geo.io.project import LayerSpec

CRS = "EPSG:4547"


def spec(path: Path) -> LayerSpec:
    return LayerSpec(name="grids", schema="grids", path=path, shown=path.name)


def squares(**columns: list[str]) -> gpd.GeoDataFrame:
    n = len(next(iter(columns.values())))
    shapes = [shapely.box(5e5 + 100 * i, 34e5, 5e5 + 100 * i + 100, 34e5 + 100) for i in range(n)]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)


def saved(path: Path, frame: gpd.GeoDataFrame, **how: str) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names that are cut are told by the writer, too
        frame.to_file(path, **how)
    return path


@pytest.mark.parametrize("has_cpg", [True, False])
def test_names_that_a_shapefile_cut_within_a_character(tmp_path: Path, *, has_cpg: bool) -> None:
    # 网格编号 is twelve bytes of UTF-8: ten of them are 网格编 and a third of 号
    frame = squares(网格编号=["a", "b"], 所属社区编号=["C1", "C2"], 名称=["一", "二"])
    path = saved(tmp_path / "g.shp", frame)
    if not has_cpg:
        path.with_suffix(".cpg").unlink()
    raw = read_layer(spec(path))
    assert map_columns(raw.frame, raw.spec).ours == {
        "grid_id": "网格编",
        "name": "名称",
        "parent_id": "所属社",
    }
    assert raw.problems == (("io.names_cut", {"names": "网格编, 所属社"}),)
    table = path.with_suffix(".dbf")
    raw = read_layer(LayerSpec(name="staff", schema="staff", path=table, shown="g.dbf"))
    assert raw.frame.columns.tolist()[:3] == ["网格编", "所属社", "名称"]


def test_names_cut_in_gbk_are_known_too(tmp_path: Path) -> None:
    # 所属社区编号 is twelve bytes of GBK: ten are 所属社区编
    frame = squares(编号=["a", "b"], 所属社区编号=["C1", "C2"])
    path = saved(tmp_path / "g.shp", frame, encoding="gbk")
    path.with_suffix(".cpg").unlink()
    raw = read_layer(spec(path))
    assert map_columns(raw.frame, raw.spec).ours["parent_id"] == "所属社区编"


def test_a_name_that_is_short_of_its_own_is_not_taken_for_a_cut_one(tmp_path: Path) -> None:
    path = saved(tmp_path / "g.shp", squares(编号=["a", "b"], 上级=["C1", "C2"]))
    raw = read_layer(spec(path))
    assert set(map_columns(raw.frame, raw.spec).ours) == {"grid_id"}


def test_cells_that_were_cut_within_a_character(tmp_path: Path) -> None:
    frame = squares(编号=["a", "b", "c"], 名称=["萬華區福音里", "東區", "x"])
    path = saved(tmp_path / "g.shp", frame)
    table = path.with_suffix(".dbf")
    whole = "萬華區福音里".encode()
    data = table.read_bytes()
    assert whole in data
    table.write_bytes(data.replace(whole, whole[:-1] + b" "))
    raw = read_layer(spec(path))
    assert raw.frame["名称"].tolist() == ["萬華區福音", "東區", "x"]
    assert raw.frame["编号"].tolist() == ["a", "b", "c"]
    assert raw.problems == (("io.cells_cut", {"n": 1}),)
    assert table.read_bytes() != data


def test_a_kmz_that_links_to_its_layers(tmp_path: Path) -> None:
    frame = squares(编号=["a", "b"]).to_crs(4326)
    path = saved(tmp_path / "g.kmz", frame, driver="LIBKML")
    with zipfile.ZipFile(path) as archive:
        assert "layers/g.kml" in archive.namelist()
    raw = read_layer(spec(path))
    assert raw.frame["编号"].tolist() == ["a", "b"]


def test_a_kmz_without_anything_drawn_is_told(tmp_path: Path) -> None:
    text = '<kml xmlns="http://www.opengis.net/kml/2.2"><Document/></kml>'
    with zipfile.ZipFile(tmp_path / "g.kmz", "w") as archive:
        archive.writestr("doc.kml", text)
    with pytest.raises(LoadError, match=r"g\.kmz"):
        read_layer(spec(tmp_path / "g.kmz"))


def test_packed_tables_of_one_form_are_one_layer(tmp_path: Path) -> None:
    frame = squares(编号=["a", "b", "c"], 名称=["一", "二", "三"])
    table = frame.drop(columns="geometry").assign(WKT=frame.to_wkt()["geometry"])
    with tarfile.open(tmp_path / "g.tar", "w") as archive:
        for name, rows in (("东.csv", table.iloc[:2]), ("西.csv", table.iloc[2:])):
            rows.to_csv(tmp_path / name, index=False, encoding="gbk")
            archive.add(tmp_path / name, name)
    raw = read_layer(spec(tmp_path / "g.tar"))
    assert raw.frame["编号"].tolist() == ["a", "b", "c"]
    assert raw.frame["source_file"].tolist() == ["东", "东", "西"]
