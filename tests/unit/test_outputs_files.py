"""Every file of an audit: summary, GeoJSON, CSV, GeoPackage, and back from it."""

import json
import math
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import LoadError, OutputError
from geo.grids.nets import compare_nets
from geo.outputs import read_audit, summary, write_outputs
from geo.outputs.geojson import feature_collection
from geo.outputs.staging import staging
from geo.outputs.tables import COVERAGE_COLUMNS
from geo.outputs.values import json_column, json_value
from tests import builders
from tests.fake_audit import SQUARE, fake_audit

FILES = {
    "summary.json",
    "grids.geojson",
    "sites.geojson",
    "units.geojson",
    "circles.geojson",
    "findings.geojson",
    "coverage.csv",
    "audit.gpkg",
    "ledger.xlsx",
}


def _strict(path: Path) -> dict:
    """Read JSON that may hold no NaN and no Infinity."""

    def refuse(word: str) -> None:
        raise AssertionError(word)

    return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("out") / "一夜" / "out"
    told: list[str] = []
    written = write_outputs(fake_audit(), path, progress=told.append)
    assert {p.name for p in written} == FILES
    assert set(told) == FILES
    return path


def test_all_files_are_there_and_nothing_else(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == FILES


def test_summary_has_every_key_of_the_contract(folder: Path) -> None:
    told = _strict(folder / "summary.json")
    assert told["project"] == "drawn"
    assert told["standards"] == ["huantai"]
    assert told["crs"] == "EPSG:32650"
    assert told["verdict_model"] == "radius"
    assert (told["noise_width_m"], told["sliver_width_m"]) == (0.05, 1)
    assert told["noise"] == {"n_overlaps": 3, "n_gaps": 0}
    assert told["counts"] == {"grids": 4, "units": 5, "sites": 2}
    assert told["findings"] == {"C501": 1, "G201": 1, "G203": 1, "H305": 1}
    assert told["severities"] == {"error": 2, "warning": 1, "info": 1}
    assert told["skipped"] == {"H306": "没有楼栋"}
    assert told["messages"] == ["楼栋不全，按面积判定"]
    assert told["demand_basis"] == "residents"
    (tier,) = told["tiers"]
    assert {name: tier[name] for name in ("tier", "model", "minutes", "distance_m")} == {
        "tier": "party_10",
        "model": "radius",
        "minutes": 10,
        "distance_m": 667,
    }
    assert tier["speed_kmh"] == pytest.approx(4.002)
    assert tier["categories"] is None
    (source,) = told["inputs"]
    assert list(source)[:8] == [
        "layer", "path", "sha256", "rows", "used", "quarantined", "crs", "datum",
    ]  # fmt: skip
    assert told["coverage"]["party_10"]["n_blank"] == 1
    assert told["thresholds"]["max_households"]["confidence"] == "secondary"
    assert told["created"]
    assert told["schema_version"]


def test_along_streets_a_tier_has_the_speed_of_its_mode_not_of_its_metres() -> None:
    told = summary(replace(fake_audit(), verdict_model="network"))["tiers"]
    speeds = {tier["model"]: tier["speed_kmh"] for tier in told}
    assert speeds == {"radius": pytest.approx(4.002), "network": 4.0}


def test_summary_tells_categories_as_the_file_has_them() -> None:
    audit = fake_audit()
    tiers = {"party_10": replace(audit.standard.tiers["party_10"], categories=("centre",))}
    audit = replace(audit, standard=replace(audit.standard, tiers=tiers))
    assert summary(audit)["tiers"][0]["categories"] == ["centre"]
    assert audit.sites is not None
    sites = audit.sites.assign(category_source=["党群中心", "别的"])
    assert summary(replace(audit, sites=sites))["tiers"][0]["categories"] == ["党群中心"]


def test_summary_speaks_the_language_of_the_audit() -> None:
    assert summary(fake_audit(language="en"))["skipped"] == {"H306": "no buildings"}


def test_grids_are_features_with_ids_and_typed_values(folder: Path) -> None:
    features = _strict(folder / "grids.geojson")["features"]
    assert [feature["id"] for feature in features] == ["g0", "g1", "g2", "g3"]
    second = features[1]["properties"]
    assert second["grid_id"] == "g1"
    assert second["name"] == "=1+1"
    assert second["is_orphan"] is True
    assert second["orphan_reasons"] == ["C501", "outside"]
    assert second["households"] == 480
    assert features[2]["properties"]["name"] is None
    assert features[2]["properties"]["households"] is None
    assert features[3]["properties"]["compactness"] is None
    assert features[0]["properties"]["fid"] == 7


def test_findings_keep_lists_and_nulls(folder: Path) -> None:
    features = _strict(folder / "findings.geojson")["features"]
    assert [feature["id"] for feature in features] == ["f1", "f2", "f3", "f4"]
    assert features[0]["properties"]["grid_ids"] == ["g0", "g1"]
    assert features[0]["properties"]["site_ids"] == []
    assert features[0]["properties"]["limit"] is None
    assert features[2]["geometry"] is None
    assert features[1]["geometry"]["type"] == "LineString"


def test_places_are_wgs84_to_a_millimetre_and_rings_run_counter_clockwise(folder: Path) -> None:
    document = _strict(folder / "grids.geojson")
    assert "crs" not in document
    frame = gpd.read_file(folder / "grids.geojson")
    assert frame.crs.to_epsg() == 4326
    lon, lat = frame.geometry[0].centroid.coords[0]
    assert (lon, lat) == (pytest.approx(117.0005, abs=1e-3), pytest.approx(27.1, abs=0.1))
    assert all(shapely.is_ccw(shapely.get_exterior_ring(frame.geometry.array)))
    back = frame.to_crs(32650).geometry.array
    assert shapely.hausdorff_distance(back, fake_audit().grids.geometry.array).max() < 1e-3
    first = document["features"][0]["geometry"]["coordinates"][0][0]
    assert all(len(str(value).split(".")[1]) >= 9 for value in first)


def test_circles_have_one_id_each(folder: Path) -> None:
    features = _strict(folder / "circles.geojson")["features"]
    assert [f["id"] for f in features] == ["s0:party_10:radius", "s1:party_10:radius"]


def test_coverage_csv_has_the_columns_in_order(folder: Path) -> None:
    assert (folder / "coverage.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(folder / "coverage.csv", dtype={"id": str})
    assert list(table) == list(COVERAGE_COLUMNS)
    assert list(table["id"]) == ["g0", "g1", "s1", "c1"]
    assert table["nearest_m"][1] == 700.5


def test_geopackage_holds_all_layers_in_the_working_crs(folder: Path) -> None:
    path = folder / "audit.gpkg"
    layers = dict(pyogrio.list_layers(path))
    assert layers == {
        "grids": "MultiPolygon",
        "units": "MultiPolygon",
        "sites": "Point",
        "circles": "MultiPolygon",
        "findings": "Unknown",
        "coverage": None,
        "summary": None,
    }
    grids = gpd.read_file(path, layer="grids")
    assert grids.crs.to_epsg() == 32650
    assert grids.geometry[0].equals(fake_audit().grids.geometry.iloc[0])
    assert list(grids["fid_source"]) == [7, 7, 8, 9]
    assert list(grids["NAME_source"]) == ["a", "b", "c", "d"]
    findings = gpd.read_file(path, layer="findings")
    assert findings["grid_ids"][0] == '["g0","g1"]'
    row = pyogrio.read_dataframe(path, layer="summary", read_geometry=False)
    assert json.loads(row["summary"][0]) == _strict(folder / "summary.json")


def test_the_same_audit_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_outputs(fake_audit(), tmp_path)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_an_audit_comes_back_from_its_geopackage(folder: Path) -> None:
    audit, again = fake_audit(), read_audit(folder / "audit.gpkg")
    for name in ("grids", "units", "sites", "circles", "findings"):
        was = getattr(audit, name).replace({np.inf: np.nan})  # what is infinite is unknown
        order = [*was.columns.drop("geometry"), "geometry"]
        assert_geodataframe_equal(getattr(again, name), was[order])
    pd.testing.assert_frame_equal(again.coverage, audit.coverage)
    assert again.crs == audit.crs
    assert again.standard == audit.standard
    assert again.layers.levels == audit.layers.levels
    assert again.sources == audit.sources
    assert again.rules == audit.rules
    assert summary(again) == summary(audit)


def test_refused_rows_are_written_and_go_when_there_are_none(tmp_path: Path) -> None:
    rows = [("sites", 3, "s9", "name", "=cmd()", "说明"), ("grids", 4, "g9", "x", "-5", "负数")]
    columns = ["layer", "row", "id", "column", "value", "reason"]
    refused = fake_audit(quarantine=pd.DataFrame(rows, columns=columns))
    write_outputs(refused, tmp_path)
    table = pd.read_csv(tmp_path / "quarantine.csv", dtype=str)
    assert list(table) == columns
    assert list(table["value"]) == ["'=cmd()", "-5"]
    assert read_audit(tmp_path / "audit.gpkg").quarantine["value"][0] == "=cmd()"
    write_outputs(fake_audit(), tmp_path)
    assert not (tmp_path / "quarantine.csv").exists()


def test_an_audit_of_grids_alone(tmp_path: Path) -> None:
    audit = fake_audit()
    layers = replace(audit.layers, units=None, sites=None, levels=())
    bare = replace(
        audit,
        layers=layers,
        grids=audit.grids[["kind", "is_orphan", "geometry"]],
        units=None,
        sites=None,
        circles=audit.circles.iloc[:0],
        findings=audit.findings.iloc[:0],
        coverage=audit.coverage.iloc[:0],
        coverage_summary={},
    )
    write_outputs(bare, tmp_path)
    for layer in ("sites", "units", "circles", "findings"):
        assert _strict(tmp_path / f"{layer}.geojson")["features"] == []
    again = read_audit(tmp_path / "audit.gpkg")
    assert again.sites is None
    assert again.units is None
    assert len(again.findings) == 0
    assert list(again.coverage) == list(audit.coverage)


def test_a_crash_leaves_the_last_good_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_outputs(fake_audit(), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("geo.outputs.writing.write_ledger", fail)
    with pytest.raises(KeyboardInterrupt):
        write_outputs(fake_audit(title="另一座"), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_file_as_folder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match="is not a folder"):
        write_outputs(fake_audit(), path)


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    def write() -> None:
        with staging(tmp_path) as aside:
            (aside / "x").write_text("x", encoding="utf-8")
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="No space left") as caught:
        write()
    assert "磁盘" in caught.value.text("zh")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_audit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="is not there"):
        read_audit(tmp_path / "none.gpkg")
    empty = tmp_path / "empty.gpkg"
    empty.write_bytes(b"")
    with pytest.raises(LoadError, match=r"empty\.gpkg is not an audit\.gpkg"):
        read_audit(empty)
    other = tmp_path / "other.gpkg"
    fake_audit().grids[["geometry"]].to_file(other)
    with pytest.raises(LoadError, match=r"other\.gpkg is not an audit\.gpkg"):
        read_audit(other)


def test_a_geometry_that_has_no_place_is_null() -> None:
    shapes = [SQUARE, None, shapely.Polygon(), shapely.Point(math.inf, math.inf)]
    frame = gpd.GeoDataFrame({"a": [1, 2, 3, 4]}, geometry=shapes, crs="EPSG:32650")
    features = json.loads(feature_collection(frame, name="x", ids=list("abcd")))["features"]
    assert [feature["geometry"] is None for feature in features] == [False, True, True, True]


def test_outer_rings_run_counter_clockwise_and_holes_clockwise() -> None:
    # ┌───────┐
    # │ ┌───┐ │   both rings are given the wrong way round
    # │ └───┘ │
    # └───────┘
    outer = [(500_000, 0), (500_000, 90), (500_090, 90), (500_090, 0)]
    inner = [(500_030, 30), (500_060, 30), (500_060, 60), (500_030, 60)]
    frame = gpd.GeoDataFrame(geometry=[shapely.Polygon(outer, [inner])], crs="EPSG:32650")
    (feature,) = json.loads(feature_collection(frame, name="x", ids=["a"]))["features"]
    rings = [shapely.LinearRing(ring) for ring in feature["geometry"]["coordinates"]]
    assert [ring.is_ccw for ring in rings] == [True, False]


def test_units_from_a_table_have_no_place(tmp_path: Path) -> None:
    units = fake_audit().units
    assert units is not None
    nowhere = units.set_geometry(gpd.GeoSeries([None] * len(units), index=units.index, crs=32650))
    write_outputs(fake_audit(units=nowhere), tmp_path)
    assert {f["geometry"] for f in _strict(tmp_path / "units.geojson")["features"]} == {None}
    again = read_audit(tmp_path / "audit.gpkg").units
    assert again is not None
    assert again.geometry.isna().all()
    assert list(again["name"]) == list(units["name"])


json_like = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@given(st.lists(json_like, max_size=6))
def test_any_value_becomes_strict_json(values: list) -> None:
    plain = json_column(pd.Series(values, dtype=object))
    json.dumps(plain, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.float64("nan"), None),
        (np.int64(3), 3),
        (np.array(["a", "b"]), ["a", "b"]),
        (pd.NaT, None),
        (pd.NA, None),
        (pd.Timestamp("2026-01-02"), "2026-01-02T00:00:00"),
        (("a", ("b", float("inf"))), ["a", ["b", None]]),
        ({2: {"y", "x"}}, {"2": ["x", "y"]}),
        (b"\x01", "01"),
        (SQUARE.centroid, "POINT (500050 3000050)"),
    ],
)
def test_awkward_values(value: object, plain: object) -> None:
    assert json_value(value) == plain


def test_departmental_nets_come_back(tmp_path: Path) -> None:
    # ┌── g0 ──┬── g1 ──┐   100 m x 100 m each; the police net has its border 50 m further east
    # └────────┴────────┘
    base = builders.grids((0, 0, 100, 100), (100, 0, 200, 100)).assign(kind="base")
    net = builders.grids((0, 0, 150, 100), (150, 0, 200, 100))
    nets = compare_nets(base, {"police": net}, sliver_width_m=1.0)
    write_outputs(fake_audit(nets=nets), tmp_path)
    back = read_audit(tmp_path / "audit.gpkg").nets

    assert back is not None
    assert back.basis == nets.basis
    pd.testing.assert_frame_equal(back.agreement, nets.agreement)
    for name in ("faces", "proposal"):
        before, after = getattr(nets, name), getattr(back, name)
        assert list(after.index) == list(before.index)
        assert list(after.columns) == list(before.columns)
        assert pd.DataFrame(after).equals(pd.DataFrame(before))
    assert len(back.conflicts) == 1
