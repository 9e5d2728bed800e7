"""Files to layers: rows, ids, values, repair, quarantine, findings."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.crs import crs_name
from geo.io import Loaded, load, project_from_files, read_project

CRS = "EPSG:4547"
X0, Y0 = 500_000.0, 3_400_000.0


def box(column: int, row: int = 0, size: float = 100.0) -> shapely.Polygon:
    """Square number `column` of a row of squares, in EPSG:4547 near 114°E, 30.7°N."""
    x, y = X0 + column * size, Y0 + row * size
    return shapely.box(x, y, x + size, y + size)


def write(path: Path, geometry: list[Any], crs: str = CRS, **columns: list[Any]) -> Path:
    gpd.GeoDataFrame(dict(columns), geometry=geometry, crs=crs).to_file(path)
    return path


def grids(folder: Path, **columns: list[Any]) -> Path:
    n = len(next(iter(columns.values()))) if columns else 3
    return write(folder / "grids.gpkg", [box(i) for i in range(n)], **columns)


def project(folder: Path, text: str) -> Loaded:
    path = folder / "p.toml"
    head = '[project]\nid = "p"\n'
    path.write_text(text if "[project]" in text else head + text, encoding="utf-8")
    return load(read_project(path))


def rules(loaded: Loaded) -> list[tuple[str, str]]:
    return list(zip(loaded.findings["rule"], loaded.findings["layer"], strict=True))


def whats(loaded: Loaded, language: str = "en") -> list[str]:
    return [details[f"what_{language}"] for details in loaded.findings["details"]]


def test_a_clean_layer_comes_through_as_it_is(tmp_path: Path) -> None:
    path = grids(tmp_path, grid_id=["a", "b", "c"], households=[1, 2, 3], note=["x", "y", "z"])
    loaded = load(project_from_files(grids=path))
    frame = loaded.layers.grids
    assert frame.index.tolist() == ["a", "b", "c"]
    assert frame.index.name == "grid_id"
    assert list(frame.columns) == ["kind", "households", "note", "geometry"]
    assert frame["kind"].tolist() == ["base"] * 3
    assert frame["households"].tolist() == [1.0, 2.0, 3.0]
    assert frame.area.tolist() == pytest.approx([10_000.0] * 3)
    assert crs_name(loaded.layers.crs) == CRS
    assert len(loaded.findings) == 0
    assert len(loaded.quarantine) == 0
    (source,) = loaded.sources
    assert (source.rows, source.used, source.quarantined, source.repaired) == (3, 3, 0, 0)
    assert len(source.sha256) == 64
    assert source.mapped == {"grid_id": "grid_id", "households": "households"}
    assert source.unmapped == ("note",)


def test_without_an_id_column_the_row_number_serves_and_one_info_says_so(tmp_path: Path) -> None:
    loaded = load(project_from_files(grids=grids(tmp_path, note=["x", "y", "z"])))
    assert loaded.layers.grids.index.tolist() == ["1", "2", "3"]
    assert rules(loaded) == [("D101", "grids")]
    assert loaded.findings["details"][0]["severity"] == "info"
    assert len(loaded.quarantine) == 0


def test_repeated_and_missing_ids_are_kept_and_told(tmp_path: Path) -> None:
    path = grids(tmp_path, grid_id=["a", "a", None, "a", "a#2"])
    loaded = load(project_from_files(grids=path))
    assert loaded.layers.grids.index.tolist() == ["a", "a#3", "row-3", "a#4", "a#2"]
    assert rules(loaded) == [("D101", "grids")] * 3
    assert all("severity" not in details for details in loaded.findings["details"])
    assert loaded.findings["grid_ids"].tolist() == [("a#3",), ("row-3",), ("a#4",)]
    assert loaded.findings.geometry.notna().all()


def test_ids_and_references_are_text_however_the_file_has_them(tmp_path: Path) -> None:
    path = grids(tmp_path, grid_id=[6301200042.0, 6301200043.0], parent_id=["63012 ", "63012.0"])
    frame = load(project_from_files(grids=path)).layers.grids
    assert frame.index.tolist() == ["6301200042", "6301200043"]
    assert frame["parent_id"].tolist() == ["63012", "63012"]


def test_values_out_of_range_are_missing_and_told_and_the_row_stays(tmp_path: Path) -> None:
    path = grids(
        tmp_path,
        grid_id=["a", "b", "c", "d"],
        households=["1,200", "-3", "many", None],
        kind=["基础网格", "专属", "banana", None],
    )
    loaded = load(project_from_files(grids=path))
    frame = loaded.layers.grids
    assert frame["households"].tolist()[0] == 1200.0
    assert frame["households"].isna().tolist() == [False, True, True, True]
    assert frame["kind"].tolist() == ["base", "dedicated", "base", "base"]
    assert sorted(loaded.findings["grid_ids"]) == [("b",), ("c",), ("c",)]
    assert set(loaded.findings["rule"]) == {"D102"}
    assert any("-3" in what for what in whats(loaded))
    assert any("banana" in what for what in whats(loaded, "zh"))


def test_rows_without_geometry_are_quarantined_and_rows_add_up(tmp_path: Path) -> None:
    path = write(
        tmp_path / "g.gpkg",
        [box(0), None, shapely.Polygon(), box(1)],
        grid_id=["a", "b", "c", "d"],
    )
    loaded = load(project_from_files(grids=path))
    assert loaded.layers.grids.index.tolist() == ["a", "d"]
    assert rules(loaded) == [("D103", "grids")] * 2
    assert loaded.quarantine[["layer", "row", "id", "column"]].to_numpy().tolist() == [
        ["grids", 2, "b", "geometry"],
        ["grids", 3, "c", "geometry"],
    ]
    assert "没有几何" in loaded.quarantine["reason"][0]
    (source,) = loaded.sources
    assert source.rows == source.used + source.quarantined == 4


def test_an_invalid_ring_is_repaired_and_told(tmp_path: Path) -> None:
    # A bow tie: two triangles of 2,500 m² each that meet in the middle.
    bow = shapely.Polygon([(X0, Y0), (X0 + 100, Y0 + 100), (X0 + 100, Y0), (X0, Y0 + 100)])
    path = write(tmp_path / "g.gpkg", [bow, box(2)], grid_id=["bow", "b"])
    loaded = load(project_from_files(grids=path))
    repaired = loaded.layers.grids.geometry["bow"]
    assert repaired.is_valid
    assert repaired.area == pytest.approx(5000.0)
    assert rules(loaded) == [("D104", "grids")]
    assert "to 5,000.0 m²" in whats(loaded)[0]
    assert loaded.sources[0].repaired == 1
    assert loaded.sources[0].quarantined == 0


def test_a_ring_without_any_area_is_set_aside(tmp_path: Path) -> None:
    flat = shapely.Polygon([(X0, Y0), (X0 + 100, Y0), (X0 + 50, Y0)])
    path = write(tmp_path / "g.gpkg", [flat, box(2)], grid_id=["flat", "b"])
    loaded = load(project_from_files(grids=path))
    assert loaded.layers.grids.index.tolist() == ["b"]
    assert rules(loaded) == [("D103", "grids")]
    assert loaded.quarantine["id"].tolist() == ["flat"]


def test_a_stray_point_among_polygons_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "g.geojson"
    shapes = [box(0), shapely.Point(X0, Y0), shapely.GeometryCollection([box(1), box(1).exterior])]
    lonlat = gpd.GeoDataFrame({"grid_id": ["a", "p", "c"]}, geometry=shapes, crs=CRS).to_crs(4326)
    path.write_text(lonlat.to_json(), encoding="utf-8")
    loaded = load(project_from_files(grids=path))
    assert loaded.layers.grids.index.tolist() == ["a", "c"]
    assert loaded.layers.grids.geom_type.tolist() == ["Polygon", "Polygon"]
    assert loaded.quarantine["value"].tolist() == ["Point"]


def test_a_place_out_of_degrees_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text(
        "site_id,经度,纬度\na,114.0,30.7\nb,30.7,114.0\nc,,\nd,东经约114°,30.7\ne,114.001°,30.7N\n",
        encoding="gb18030",
    )
    grids(tmp_path, grid_id=["g"])
    loaded = project(
        tmp_path,
        '[layers.grids]\npath = "grids.gpkg"\n[layers.sites]\npath = "s.csv"\ndatum = "wgs84"\n',
    )
    assert loaded.layers.sites is not None
    assert loaded.layers.sites.index.tolist() == ["a", "e"]
    told = dict(zip(loaded.quarantine["id"], loaded.findings["rule"], strict=True))
    assert told == {"b": "D105", "c": "D103", "d": "D105"}
    assert loaded.sources[1].encoding == "gb18030"


def test_a_place_far_from_all_others_is_set_aside_and_does_not_move_the_crs(
    tmp_path: Path,
) -> None:
    shapes = gpd.GeoSeries([box(i) for i in range(5)], crs=CRS).to_crs(4326).tolist()
    null_island = shapely.box(0.0, 0.0, 0.001, 0.001)
    names = ["a", "b", "c", "d", "e", "lost"]
    path = write(tmp_path / "g.gpkg", [*shapes, null_island], "EPSG:4326", grid_id=names)
    loaded = load(project_from_files(grids=path))
    assert loaded.layers.grids.index.tolist() == names[:5]
    assert crs_name(loaded.layers.crs) == CRS
    assert loaded.findings["rule"].tolist() == ["D105"]
    assert loaded.quarantine["id"].tolist() == ["lost"]


def test_sites_declared_in_a_shifted_datum_are_moved_back(tmp_path: Path) -> None:
    grids(tmp_path, grid_id=["g"])
    # 113.912316, 22.543847 in WGS 84
    csv = "site_id,lng,lat\ns,113.9171764808363,22.540796131694766\n"
    (tmp_path / "s.csv").write_text(csv, encoding="utf-8")
    text = '[layers.grids]\npath="grids.gpkg"\n[layers.sites]\npath="s.csv"\ndatum="gcj02"\n'
    loaded = project(tmp_path, text)
    assert loaded.layers.sites is not None
    place = loaded.layers.sites.to_crs(4326).geometry.iloc[0]
    assert (place.x, place.y) == pytest.approx((113.912316, 22.543847), abs=1e-8)
    assert loaded.sources[1].datum == "gcj02"


def test_polygons_and_lines_of_sites_become_centroids_in_metres(tmp_path: Path) -> None:
    grids(tmp_path, grid_id=["g"])
    corner = shapely.LineString([(X0, Y0), (X0 + 100, Y0)])
    shapes = [box(0), corner, shapely.MultiPoint([(X0, Y0), (X0 + 10, Y0)])]
    write(tmp_path / "s.gpkg", shapes, site_id=["a", "b", "c"])
    loaded = load(project_from_files(grids=tmp_path / "grids.gpkg", sites=tmp_path / "s.gpkg"))
    assert loaded.layers.sites is not None
    xy = shapely.get_coordinates(loaded.layers.sites.geometry.array)
    assert xy.tolist() == [[X0 + 50, Y0 + 50], [X0 + 50, Y0], [X0 + 5, Y0]]


def test_the_datas_words_become_ours_and_are_kept_beside(tmp_path: Path) -> None:
    grids(tmp_path, grid_id=["g"])
    points = [box(0).centroid] * 3
    write(tmp_path / "s.gpkg", points, site_id=["a", "b", "c"], type=["銀髮族服務", "x", None])
    text = (
        '[layers.grids]\npath="grids.gpkg"\n[layers.sites]\npath="s.gpkg"\n'
        '[categories]\n"銀髮族服務"="elderly"\n'
    )
    sites = project(tmp_path, text).layers.sites
    assert sites is not None
    assert sites["category"].tolist() == ["elderly", "x", None]
    assert sites["category_source"].tolist() == ["銀髮族服務", "x", None]


def test_defaults_fill_what_is_missing(tmp_path: Path) -> None:
    path = write(
        tmp_path / "grids.gpkg", [box(0), box(1)], grid_id=["a", "b"], kind=["dedicated", None]
    )
    text = f'[layers.grids]\npath="{path.name}"\ndefaults={{kind="base", households=300}}\n'
    frame = project(tmp_path, text).layers.grids
    assert frame["kind"].tolist() == ["dedicated", "base"]
    assert frame["households"].tolist() == [300.0, 300.0]


def test_a_reference_that_names_nothing_is_told(tmp_path: Path) -> None:
    grids(tmp_path, grid_id=["g"])
    points = [box(0).centroid] * 3
    write(tmp_path / "b.gpkg", points, building_id=["1", "2", "3"], grid_id=["g", "h", "i"])
    (tmp_path / "staff.csv").write_text("人员编号,岗位,网格编号\n1,网格员,g\n2,网格员,z\n", "utf-8")
    text = (
        '[layers.grids]\npath="grids.gpkg"\n[layers.buildings]\npath="b.gpkg"\n'
        '[layers.staff]\npath="staff.csv"\n'
    )
    loaded = project(tmp_path, text)
    assert rules(loaded) == [("D107", "buildings"), ("D107", "staff")]
    assert "2 such rows" in whats(loaded)[0]
    assert loaded.layers.staff is not None
    assert loaded.layers.staff["role"].tolist() == ["网格员", "网格员"]


def test_levels_as_listed_one_file_each(tmp_path: Path) -> None:
    grids(tmp_path, grid_id=["g"])
    write(tmp_path / "d.gpkg", [box(0, size=900)], unit_id=["1"], name=["区"])
    write(tmp_path / "c.gpkg", [box(0, size=300)], unit_id=["11"], parent_id=["1"])
    (tmp_path / "s.csv").write_text("unit_id,name,parent_id\n101,街道,1\n", encoding="utf-8")
    text = (
        '[layers.grids]\npath="grids.gpkg"\n'
        '[[layers.units]]\npath="d.gpkg"\nlevel="district"\n'
        '[[layers.units]]\npath="s.csv"\nlevel="street"\n'
        '[[layers.units]]\npath="c.gpkg"\nlevel="community"\n'
    )
    loaded = project(tmp_path, text)
    assert loaded.layers.levels == ("district", "street", "community")
    units = loaded.layers.units
    assert units is not None
    assert units["level"].to_dict() == {"1": "district", "101": "street", "11": "community"}
    assert units.geometry.isna().to_dict() == {"1": False, "101": True, "11": False}
    assert units.crs == loaded.layers.grids.crs
    assert [source.crs for source in loaded.sources] == [CRS, CRS, None, CRS]


def test_levels_of_one_file_follow_the_chain_of_parents(tmp_path: Path) -> None:
    grids(tmp_path, grid_id=["g"])
    write(
        tmp_path / "u.gpkg",
        [box(0), box(0, size=900), box(0, size=300), box(1)],
        unit_id=["c1", "d1", "s1", "c2"],
        层级=["社区", "区", "街道", "社区"],
        parent_id=["s1", None, "d1", "s1"],
    )
    loaded = load(project_from_files(grids=tmp_path / "grids.gpkg", units=tmp_path / "u.gpkg"))
    assert loaded.layers.levels == ("区", "街道", "社区")


def test_levels_without_a_column_come_from_the_chain_or_are_one(tmp_path: Path) -> None:
    grids(tmp_path, grid_id=["g"])
    path = tmp_path / "u.gpkg"
    write(path, [box(0), box(0, size=900)], unit_id=["c", "d"], parent_id=["d", None])
    loaded = load(project_from_files(grids=tmp_path / "grids.gpkg", units=path))
    assert loaded.layers.levels == ("level_1", "level_2")
    assert loaded.layers.units is not None
    assert loaded.layers.units["level"].to_dict() == {"c": "level_2", "d": "level_1"}
    write(path, [box(0), box(1)], unit_id=["c", "d"])
    loaded = load(project_from_files(grids=tmp_path / "grids.gpkg", units=path))
    assert loaded.layers.levels == ("unit",)


def test_every_layer_arrives_in_the_working_crs(tmp_path: Path) -> None:
    grids(tmp_path, grid_id=["g"])
    lonlat = gpd.GeoSeries([box(0).centroid], crs=CRS).to_crs(4326)
    write(tmp_path / "s.geojson", list(lonlat), crs="EPSG:4326", site_id=["s"])
    utm = gpd.GeoSeries([box(0).boundary], crs=CRS).to_crs(32650)
    write(tmp_path / "r.shp", list(utm), crs="EPSG:32650", street_id=["r"])
    loaded = load(
        project_from_files(
            grids=tmp_path / "grids.gpkg",
            sites=tmp_path / "s.geojson",
            streets=tmp_path / "r.shp",
        )
    )
    layers = loaded.layers
    assert layers.sites is not None
    assert layers.streets is not None
    assert layers.sites.crs == layers.streets.crs == layers.grids.crs
    assert layers.sites.geometry.iloc[0].distance(box(0).centroid) < 1e-3
    assert layers.streets.geometry.iloc[0].hausdorff_distance(box(0).boundary) < 1e-3


def test_the_projects_crs_wins_over_the_files_and_says_so(tmp_path: Path) -> None:
    grids(tmp_path, grid_id=["g"])
    text = '[layers.grids]\npath="grids.gpkg"\ncrs="EPSG:4548"\n'
    loaded = project(tmp_path, text)
    assert crs_name(loaded.layers.crs) == "EPSG:4548"
    assert "EPSG:4547" in loaded.sources[0].problems[0]


def test_nets_and_progress(tmp_path: Path) -> None:
    grids(tmp_path, grid_id=["g"])
    write(tmp_path / "n.gpkg", [box(0)], 警务区编号=["p1"])
    text = (
        '[project]\nid="p"\n[layers.grids]\npath="grids.gpkg"\n[layers.nets.police]\npath="n.gpkg"'
    )
    path = tmp_path / "p.toml"
    path.write_text(text, encoding="utf-8")
    said: list[str] = []
    loaded = load(read_project(path), progress=said.append)
    assert said == ["grids", "nets.police"]
    assert loaded.layers.nets["police"].index.tolist() == ["p1"]


def test_the_input_frame_order_is_the_files(tmp_path: Path) -> None:
    names = [f"g{i}" for i in (3, 1, 2)]
    loaded = load(project_from_files(grids=grids(tmp_path, grid_id=names)))
    assert loaded.layers.grids.index.tolist() == names


def test_a_geojson_in_metres_needs_only_its_crs_declared(tmp_path: Path) -> None:
    feature = {"type": "Feature", "properties": {"id": "a"}, "geometry": box(0).__geo_interface__}
    path = tmp_path / "g.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    loaded = project(tmp_path, '[layers.grids]\npath="g.geojson"\ncrs="EPSG:4547"\n')
    assert loaded.layers.grids.area.tolist() == pytest.approx([10_000.0])
    assert loaded.sources[0].problems == ()


def test_further_columns_come_as_numbers_or_text(tmp_path: Path) -> None:
    feature = {
        "type": "Feature",
        "properties": {"id": "a", "tags": ["x", "y"], "count": 3},
        "geometry": gpd.GeoSeries([box(0)], crs=CRS).to_crs(4326).iloc[0].__geo_interface__,
    }
    path = tmp_path / "g.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    frame = load(project_from_files(grids=path)).layers.grids
    assert json.loads(frame["tags"].iloc[0]) == ["x", "y"]
    assert frame["count"].tolist() == [3]


def test_names_cut_by_a_shapefile_are_recognised(tmp_path: Path) -> None:
    path = write(tmp_path / "g.shp", [box(0), box(1)], 网格编=["a", "b"], 常住人=[3, 4])
    frame = load(project_from_files(grids=path)).layers.grids
    assert frame.index.tolist() == ["a", "b"]
    assert frame["residents"].tolist() == [3.0, 4.0]


def test_empty_quarantine_has_the_contracts_columns(tmp_path: Path) -> None:
    loaded = load(project_from_files(grids=grids(tmp_path, grid_id=["g"])))
    assert isinstance(loaded.quarantine, pd.DataFrame)
    assert list(loaded.quarantine.columns) == ["layer", "row", "id", "column", "value", "reason"]
