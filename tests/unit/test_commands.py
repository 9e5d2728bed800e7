"""The command line as a user meets it: exit codes, one sentence for each fault, no traceback."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from api.commands import main

_GRID = shapely.box(500_000, 3_300_000, 500_400, 3_300_400)


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDCIRCLE_LANG", "en")


def _run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    return int(stop.value.code or 0)


def _write(folder: Path, name: str = "grids.gpkg", **columns: object) -> Path:
    frame = gpd.GeoDataFrame({"grid_id": ["a"], **columns}, geometry=[_GRID], crs="EPSG:32650")
    frame.to_file(folder / name)
    return folder / name


def _project(folder: Path, body: str) -> Path:
    path = folder / "city.toml"
    path.write_text(body, encoding="utf-8")
    return path


def _minimal(folder: Path, extra: str = "", layer: str = "") -> Path:
    _write(folder)
    return _project(
        folder, f'[project]\nid = "city"\n{extra}\n[layers.grids]\npath = "grids.gpkg"\n{layer}\n'
    )


def test_help_answers_with_examples_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("audit", "--help") == 0
    assert "gridcircle audit taipei.toml -o out" in capsys.readouterr().out


def test_audit_writes_everything_and_says_where_the_map_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = _run("audit", _minimal(tmp_path), "-o", tmp_path / "out")

    told = capsys.readouterr()
    assert code == 0  # an isolated grid (G208) is a warning only
    assert str(tmp_path / "out" / "map.html") in told.out
    for name in ("summary.json", "grids.geojson", "findings.geojson", "audit.gpkg", "ledger.xlsx"):
        assert (tmp_path / "out" / name).stat().st_size > 0


def test_fail_on_decides_the_exit_code(tmp_path: Path) -> None:
    project = _minimal(tmp_path)
    assert _run("audit", project, "-o", tmp_path / "out", "--fail-on", "warning") == 1
    assert _run("audit", project, "-o", tmp_path / "out", "--fail-on", "never") == 0


def test_select_and_ignore_choose_rules_and_the_rest_is_named_as_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = _run(
        "audit", _minimal(tmp_path), "-o", tmp_path / "out", "--select", "G", "--ignore", "G208",
        "--fail-on", "warning", "--format", "json",
    )  # fmt: skip
    summary = json.loads(capsys.readouterr().out)
    assert code == 0
    assert summary["findings"].get("G208", 0) == 0
    assert summary["skipped"]["G208"] == "not selected"
    assert summary["skipped"]["S401"] == "not selected"


def test_an_audit_without_a_project_file(tmp_path: Path) -> None:
    assert _run("audit", "--grids", _write(tmp_path), "-o", tmp_path / "out") == 0


def test_check_prints_one_entry_a_layer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("check", _minimal(tmp_path), "--format", "json") == 0
    (entry,) = json.loads(capsys.readouterr().out)["layers"]
    assert entry["layer"] == "grids"
    assert (entry["rows"], entry["used"], entry["quarantined"]) == (1, 1, 0)
    assert entry["crs"] == "EPSG:32650"


def test_rules_and_standards_list_and_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("rules", "g201") == 0
    assert "G201" in capsys.readouterr().out
    assert _run("standards", "gb50180-2018") == 0
    assert "1000" in capsys.readouterr().out
    assert _run("rules", "G999") == 2
    assert _run("standards", "gb-nothing") == 2


def test_locate_finds_the_grid_or_says_there_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = _minimal(tmp_path)
    lon, lat = (
        gpd.GeoSeries([_GRID.centroid], crs="EPSG:32650").to_crs("EPSG:4326").iloc[0].coords[0]
    )
    assert _run("locate", project, lon, lat) == 0
    assert json.loads(capsys.readouterr().out)["grid_id"] == "a"
    assert _run("locate", project, lon + 1, lat) == 1


def _vector(folder: Path, name: str, geometry: shapely.Geometry, crs: str | None) -> Path:
    gpd.GeoDataFrame({"grid_id": ["a"]}, geometry=[geometry], crs=crs).to_file(folder / name)
    return folder / name


def _text(folder: Path, name: str, body: str) -> Path:
    (folder / name).write_text(body, encoding="utf-8")
    return folder / name


def _cut(path: Path, size: int) -> Path:
    path.write_bytes(path.read_bytes()[:size])
    return path


_VOID = '{"type": "FeatureCollection", "features": []}'
_CSV = "site_id,x,y\ns1,500100,3300100\n"
_NOWHERE = '[project]\nid = "city"\n[layers.grids]\npath = "nowhere.gpkg"\n'

# name of the fault → (the arguments of the call, what its sentence must name)
_FAULTS: dict[str, tuple[Callable[[Path], list[object]], str]] = {
    "missing file": (lambda at: [_project(at, _NOWHERE)], "nowhere.gpkg"),
    "missing project": (lambda at: [at / "nowhere.toml"], "nowhere.toml"),
    "no crs": (lambda at: ["--grids", _vector(at, "naked.shp", _GRID, None)], "naked.shp"),
    "all geometries empty": (
        lambda at: ["--grids", _vector(at, "hollow.gpkg", shapely.Polygon(), "EPSG:32650")],
        "hollow.gpkg",
    ),
    "points as grids": (
        lambda at: ["--grids", _vector(at, "points.gpkg", _GRID.centroid, "EPSG:32650")],
        "points.gpkg",
    ),
    "empty feature collection": (
        lambda at: ["--grids", _text(at, "void.geojson", _VOID)],
        "void.geojson",
    ),
    "csv without crs": (
        lambda at: ["--grids", _write(at), "--sites", _text(at, "sites.csv", _CSV)],
        "sites.csv",
    ),
    "unknown standard": (lambda at: [_minimal(at, 'standard = "gb-nothing"')], "gb-nothing"),
    "unknown key": (
        lambda at: [_minimal(at, layer='colums = { grid_id = "a" }')],
        "layers.grids.colums",
    ),
    "bad toml": (lambda at: [_project(at, '[project\nid = "x"\n')], "city.toml"),
    "truncated geopackage": (lambda at: ["--grids", _cut(_write(at), 3000)], "grids.gpkg"),
    "zero bytes": (lambda at: ["--grids", _cut(_write(at), 0)], "grids.gpkg"),
    "absent column": (lambda at: [_minimal(at, layer='columns = { name = "absent" }')], "absent"),
    "unknown rule": (lambda at: [_minimal(at), "--select", "G999"], "G999"),
    "no project": (lambda _: [], "--grids"),
}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", _FAULTS)
@pytest.mark.filterwarnings("ignore:'crs' was not provided:UserWarning")
def test_bad_input_is_one_sentence_and_exit_2(
    name: str,
    language: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GRIDCIRCLE_LANG", language)
    arguments, named = _FAULTS[name]

    assert _run("audit", *arguments(tmp_path), "-o", tmp_path / "out") == 2

    told = capfd.readouterr()
    assert told.out == ""
    assert named in told.err
    assert "Traceback" not in told.err
    assert "internal fault" not in told.err
    assert "内部错误" not in told.err
    assert not (tmp_path / "out").exists()
    if name != "no project":  # click prints its usage line before the sentence
        assert len(told.err.strip().splitlines()) == 1


def test_every_fault_of_a_project_file_is_named_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = '[project]\nid = "Not Allowed"\ntitel = "x"\n[layers.grids]\n'
    assert _run("audit", _project(tmp_path, body), "-o", tmp_path / "out") == 2
    told = capsys.readouterr().err
    for place in ("project.id", "titel", "layers.grids"):
        assert place in told


def test_the_module_starts_from_a_shell_without_the_analysis_packages() -> None:
    code = (
        "import sys\n"
        "from api.commands import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'geopandas', 'shapely', 'folium', 'fastapi', 'scipy'} & set(sys.modules)\n"
        "sys.exit(f'imported for --help: {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_locate_reads_a_file_of_points(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    points = gpd.GeoSeries([_GRID.centroid], crs="EPSG:32650").to_crs("EPSG:4326")
    lon, lat = points.iloc[0].coords[0]
    path = _text(tmp_path, "cases.csv", f"case_id,lon,lat\nc1,{lon},{lat}\nc2,{lon},{lat + 0.1}\n")

    assert _run("locate", _minimal(tmp_path), "--points", path) == 1  # c2 lies in no grid
    found = json.loads(capsys.readouterr().out)
    assert [(row["point"], row["grid_id"]) for row in found] == [("c1", "a"), ("c2", None)]


def test_synth_writes_a_city_that_audits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    city = tmp_path / "city"
    assert _run("synth", "-o", city, "--communities", 2, "--defects", 0, "--seed", 3) == 0
    assert "18 grids" in capsys.readouterr().out
    assert _run("audit", city / "project.toml", "-o", tmp_path / "out", "--select", "G") == 0


def test_synth_names_a_place_it_cannot_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run("synth", "-o", tmp_path, "--communities", 2, "--at", "north") == 2
    assert "105.06,29.58; got north" in capsys.readouterr().err


def test_degrees_of_a_table_need_a_datum_which_an_option_gives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grids = _write(tmp_path)
    sites = tmp_path / "sites.csv"
    sites.write_text("site_id,lon,lat\ns,117.002,29.8200\n", encoding="utf-8")
    files = ("audit", "--grids", grids, "--sites", sites, "--fail-on", "never")
    assert _run(*files, "-o", tmp_path / "out") == 2
    assert "--datum sites=gcj02" in capsys.readouterr().err

    placed = []
    for datum in ("wgs84", "gcj02"):
        assert _run(*files, "--datum", f"sites={datum}", "-o", tmp_path / datum) == 0
        site = gpd.read_file(tmp_path / datum / "sites.geojson").to_crs("EPSG:32650")
        placed.append(site.geometry.iloc[0])
    assert 300 < placed[0].distance(placed[1]) < 700


@pytest.mark.parametrize("given", ["gcj02", "sites=wgs72", "cases=wgs84"])
def test_a_datum_names_a_layer_and_is_one_we_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: str
) -> None:
    code = _run("audit", "--grids", _write(tmp_path), "--datum", given, "-o", tmp_path / "out")
    assert code == 2
    assert "sites=gcj02" in capsys.readouterr().err


@pytest.mark.parametrize(("host", "rate"), [("127.0.0.1", None), ("0.0.0.0", 200.0)])  # noqa: S104
def test_whoever_is_not_this_machine_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, rate: float | None
) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr("api.commands.serve.serve", lambda _, **how: asked.update(how))
    assert _run("serve", tmp_path, "--host", host) == 0
    assert asked["settings"].max_requests_per_second == rate
