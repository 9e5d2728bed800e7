"""The same town in every form that offices send gives the same audit, to the last finding."""

import subprocess
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest

from tests import forms

Words = dict[str, str]


def same_audit(folder: Path, words: Words, **specs: dict[str, Any]) -> dict[str, Any]:
    """Assert that `specs` give the audit that GeoPackages give; return what it says."""
    (folder / "plain").mkdir()
    expected = forms.told(forms.plain(folder / "plain", words))
    got = forms.told(forms.audit(folder, **specs))
    assert {f["rule"] for f in expected["findings"]} >= {"D101", "D103", "D105", "G201", "G203"}
    assert {f["rule"] for f in expected["findings"]} >= {"G204", "H301", "H302"}
    assert len(expected["quarantine"]) == 2
    for part, value in expected.items():
        assert got[part] == value, part
    return got


def shapefile(folder: Path, name: str, frame: gpd.GeoDataFrame, encoding: str) -> None:
    frame.to_file(folder / f"{name}.shp", encoding=encoding)
    (folder / f"{name}.cpg").unlink()


def encodings(folder: Path, **specs: dict[str, Any]) -> set[str | None]:
    return {source.encoding for source in forms.audit(folder, **specs).sources}


def test_gbk_shapefile(tmp_path: Path) -> None:
    specs = {}
    for name, frame in forms.layers(forms.SIMPLIFIED).items():
        shapefile(tmp_path, name, frame, "gbk")
        specs[name] = {"path": f"{name}.shp"}
    same_audit(tmp_path, forms.SIMPLIFIED, **specs)


@pytest.mark.parametrize(
    ("words", "encoding", "named"),
    [
        (forms.TRADITIONAL, "big5", "big5"),
        (forms.RARE, "gb18030", "gb18030"),
        (forms.TRADITIONAL, "gb18030", "gb18030"),
        (forms.SIMPLIFIED, "utf-16", "utf-16"),
    ],
)
def test_csv(tmp_path: Path, words: Words, encoding: str, named: str) -> None:
    specs = {}
    for name, frame in forms.layers(words).items():
        forms.csv(tmp_path / f"{name}.csv", frame, encoding)
        specs[name] = {"path": f"{name}.csv", "crs": forms.CRS}
    same_audit(tmp_path, words, **specs)
    assert encodings(tmp_path, **specs) <= {named, "utf-8"}
    assert named in encodings(tmp_path, **specs)


def test_workbook_with_a_title_and_full_width_digits(tmp_path: Path) -> None:
    specs = {}
    for name, frame in forms.layers(forms.SIMPLIFIED).items():
        forms.workbook(tmp_path / f"{name}.xlsx", frame, forms.SIMPLIFIED)
        specs[name] = {"path": f"{name}.xlsx", "crs": forms.CRS}
    same_audit(tmp_path, forms.SIMPLIFIED, **specs)


def test_old_workbook(tmp_path: Path) -> None:
    specs = {}
    for name, frame in forms.layers(forms.SIMPLIFIED).items():
        forms.workbook(tmp_path / f"{name}.xlsx", frame, forms.SIMPLIFIED)
        specs[name] = {"path": f"{name}.xls", "crs": forms.CRS}
    home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"
    command = ["soffice", home, "--headless", "--convert-to", "xls", "--outdir", str(tmp_path)]
    try:
        subprocess.run(
            [*command, *map(str, tmp_path.glob("*.xlsx"))], check=True, capture_output=True
        )
    except FileNotFoundError:
        pytest.skip("LibreOffice, which writes old workbooks, is not installed")
    same_audit(tmp_path, forms.SIMPLIFIED, **specs)


def test_zipped_tab(tmp_path: Path) -> None:
    bounds = "400000,3300000,600000,3500000"  # 0.1 mm a step: no coordinate of the town moves
    specs = {}
    for name, frame in forms.layers(forms.SIMPLIFIED).items():
        folder = tmp_path / name
        folder.mkdir()
        wide = "400000,1400000,4400000,5400000" if name == "sites" else bounds
        frame.to_file(folder / f"{name}.tab", driver="MapInfo File", ENCODING="CP936", BOUNDS=wide)
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            for part in folder.iterdir():
                archive.write(part, f"上报/{part.name}")
        specs[name] = {"path": f"{name}.zip", "crs": forms.CRS}
    same_audit(tmp_path, forms.SIMPLIFIED, **specs)
