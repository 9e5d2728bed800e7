"""What loading, `check` and an audit do with coordinates that are not what they are said to be."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS

from api.commands import main
from geo.audit import run_audit
from geo.crs import WGS84, to_crs
from geo.errors import CRSError
from geo.io import Loaded, load, read_project
from geo.outputs import read_audit, write_outputs
from tests.towns import redated
from tests.unit.test_datum_guard import NEIJIANG, centres, town


def write(
    folder: Path,
    sites: gpd.GeoDataFrame,
    crs: object = NEIJIANG,
    *,
    extra: str = "",
    body: str = "",
) -> Path:
    """Write the grids and a file of sites read in `crs`; return the project file."""
    town().reset_index().to_file(folder / "grids.gpkg")
    sites = sites.reset_index().set_crs(crs, allow_override=True)
    sites.to_file(folder / "sites.gpkg")
    path = folder / "p.toml"
    path.write_text(
        '[project]\nid = "p"\nlanguage = "en"\n[layers.grids]\npath = "grids.gpkg"\n'
        f'[layers.sites]\npath = "sites.gpkg"\n{extra}\n{body}',
        encoding="utf-8",
    )
    return path


def flipped(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    moved = shapely.transform(
        np.asarray(frame.geometry.array, dtype=object), lambda xy: xy[:, ::-1]
    )
    return frame.set_geometry(gpd.GeoSeries(moved, index=frame.index))


def prefixed(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame.set_geometry(frame.translate(35e6, 0.0))


def source(loaded: Loaded, layer: str = "sites") -> object:
    return next(item for item in loaded.sources if item.layer == layer)


def check(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, object]]:
    with pytest.raises(SystemExit) as stop:
        main(["check", str(path), "--format", "json"])
    layers = json.loads(capsys.readouterr().out)["layers"]
    return int(stop.value.code or 0), next(item for item in layers if item["layer"] == "sites")


def test_sites_that_agree_are_used_as_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, centres(town()))
    loaded = load(read_project(path))
    assert source(loaded).datum_verdict == "ok"
    assert source(loaded, "grids").datum_verdict == "ok"
    assert not source(loaded).is_doubtful
    assert len(loaded.findings) == 0
    given = shapely.get_coordinates(centres(town()).geometry.array)
    assert shapely.get_coordinates(loaded.layers.sites.geometry.array).tolist() == given.tolist()
    code, entry = check(path, capsys)
    assert code == 0
    assert entry["datum"]["declared"] == "wgs84"
    assert entry["datum"]["verdict"] == "ok"
    assert entry["datum"]["evidence"]


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_a_doubtful_datum_is_one_error_and_the_sites_stay_where_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], datum: str
) -> None:
    path = write(tmp_path, redated(centres(town()), datum))
    loaded = load(read_project(path))
    assert loaded.findings["rule"].tolist() == ["D106"]
    what = loaded.findings["details"][0]["what_en"]
    assert f'Write datum = "{datum}"' in what
    assert "0 read as " in what
    assert source(loaded).is_doubtful
    assert source(loaded).problems == source(loaded).datum_evidence
    assert what in source(loaded).problems[0]
    assert len(loaded.layers.sites) == 64
    code, entry = check(path, capsys)
    assert code == 1
    assert (entry["used"], entry["quarantined"]) == (64, 0)
    assert entry["datum"]["verdict"] == datum


def test_a_declared_datum_is_shifted_and_the_result_confirmed(tmp_path: Path) -> None:
    sites = centres(town())
    path = write(tmp_path, redated(sites, "bd09"), extra='datum = "bd09"')
    loaded = load(read_project(path))
    assert source(loaded).datum_verdict == "ok"
    assert len(loaded.findings) == 0
    away = loaded.layers.sites.distance(sites, align=False)
    assert away.max() < 0.01


def test_a_datum_that_the_project_insists_on_is_used_with_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, redated(centres(town()), "gcj02"), extra='datum = "wgs84"')
    loaded = load(read_project(path))
    assert not source(loaded).is_doubtful
    assert loaded.findings["details"][0]["severity"] == "warning"
    audit = run_audit(loaded)
    assert audit.findings.loc[audit.findings["rule"] == "D106", "severity"].tolist() == ["warning"]
    assert "C501" not in audit.skipped
    assert (audit.grids["class_walk_5"] != "unknown").all()
    code, entry = check(path, capsys)
    assert code == 1
    assert entry["datum"]["verdict"] == "gcj02"


def test_an_audit_does_not_judge_coverage_by_doubtful_sites(tmp_path: Path) -> None:
    path = write(tmp_path, redated(centres(town()), "gcj02"))
    audit = run_audit(load(read_project(path)))
    for code in ("C501", "C502", "C503", "H307"):
        assert "doubtful" in audit.skipped[code]["en"]
    assert set(audit.grids["class_walk_5"]) == {"unknown"}
    assert audit.grids["covered_area_share_walk_5"].isna().all()
    assert audit.coverage_summary["walk_5"]["n_unknown"] == 64
    assert len(audit.circles) == 0
    assert not audit.grids["is_orphan"].any()
    errors = audit.findings[audit.findings["severity"] == "error"]
    assert errors["rule"].tolist() == ["D106"]


@pytest.mark.parametrize(
    ("change", "crs", "verdict", "cure"),
    [
        ("swapped", 4544, "swapped", 'axes = "yx"'),
        ("degrees", 4326, "swapped", 'axes = "yx"'),
        ("prefix", 4544, "zone", 'crs = "EPSG:4523"'),
        ("none", 4545, "zone", 'crs = "EPSG:4544"'),
    ],
)
def test_misread_axes_and_zones_are_refused_with_one_error_and_cured_by_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: str,
    crs: int,
    verdict: str,
    cure: str,
) -> None:
    sites = centres(town())
    changed = {
        "swapped": flipped,
        "prefix": prefixed,
        "degrees": lambda frame: flipped(to_crs(frame, WGS84)),
        "none": lambda frame: frame,
    }[change](sites)
    path = write(tmp_path, changed, CRS.from_epsg(crs))
    loaded = load(read_project(path))
    assert loaded.findings["rule"].tolist() == ["D105"]
    assert cure in loaded.findings["details"][0]["what_en"]
    assert len(loaded.layers.sites) == 0
    assert loaded.quarantine["row"].tolist() == list(range(1, 65))
    code, entry = check(path, capsys)
    assert code == 1
    assert (entry["rows"], entry["used"], entry["quarantined"]) == (64, 0, 64)
    assert entry["datum"]["verdict"] == verdict
    audit = run_audit(loaded)
    assert set(audit.grids["class_walk_5"]) == {"unknown"}
    write_outputs(audit, tmp_path / "out")
    assert read_audit(tmp_path / "out" / "audit.gpkg").sources[1].datum_verdict == verdict

    cured = load(read_project(write(tmp_path, changed, CRS.from_epsg(crs), extra=cure)))
    assert source(cured).datum_verdict == "ok"
    assert cured.layers.sites.distance(sites, align=False).max() < 0.01


def test_a_table_with_latitude_under_lon_is_swapped(tmp_path: Path) -> None:
    path = write(tmp_path, centres(town()))
    lonlat = shapely.get_coordinates(to_crs(centres(town()), WGS84).geometry.array)
    table = pd.DataFrame({"site_id": range(64), "lon": lonlat[:, 1], "lat": lonlat[:, 0]})
    table.to_csv(tmp_path / "sites.csv", index=False)
    text = path.read_text(encoding="utf-8").replace("sites.gpkg", "sites.csv")
    path.write_text(f'{text}\ndatum = "wgs84"\n', encoding="utf-8")
    assert source(load(read_project(path))).datum_verdict == "swapped"


def test_doubtful_buildings_are_left_out_and_are_no_evidence(tmp_path: Path) -> None:
    houses = redated(centres(town()), "gcj02").rename_axis("building_id").reset_index()
    houses.to_file(tmp_path / "houses.gpkg")
    body = '[layers.buildings]\npath = "houses.gpkg"\n'
    loaded = load(read_project(write(tmp_path, centres(town()), body=body)))
    assert source(loaded, "buildings").datum_verdict == "gcj02"
    assert source(loaded).datum_verdict == "ok"
    audit = run_audit(loaded)
    assert "buildings" in audit.skipped["H306"]["en"]
    assert set(audit.grids["demand_basis_walk_5"]) == {"area"}


def test_grids_with_swapped_axes_or_a_zone_prefix_stop_with_the_cure(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text('[project]\nid="p"\n[layers.grids]\npath="g.gpkg"\n', encoding="utf-8")
    for change, words in ((flipped, 'axes = "yx"'), (prefixed, "EPSG:4513 to 4533")):
        change(town(2)).reset_index().to_file(tmp_path / "g.gpkg")
        with pytest.raises(CRSError) as stop:
            load(read_project(path))
        assert words in stop.value.text("en")
    path.write_text(
        '[project]\nid="p"\n[layers.grids]\npath="g.gpkg"\naxes="yx"\n', encoding="utf-8"
    )
    flipped(town(2)).reset_index().to_file(tmp_path / "g.gpkg")
    assert load(read_project(path)).layers.grids.area.tolist() == pytest.approx([62_500.0] * 4)


def test_sites_beside_buildings_that_are_off_as_well_are_still_doubted(tmp_path: Path) -> None:
    off = redated(centres(town()), "gcj02")
    off.rename_axis("building_id").reset_index().to_file(tmp_path / "houses.gpkg")
    body = '[layers.buildings]\npath = "houses.gpkg"\n'
    loaded = load(read_project(write(tmp_path, off, body=body)))
    assert loaded.findings["rule"].tolist() == ["D106", "D106"]
    assert source(loaded).datum_verdict == "gcj02"
