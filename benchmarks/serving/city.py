"""The city that is served: one layer of polygons, as a folder and as a table of PostGIS."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import orjson
import pandas as pd
import psycopg
import pyogrio
import shapely

from geo.synth import build_city, write_city

__all__ = ["COLUMNS", "database", "read_city", "write_folder"]

DECIMALS = 10
"""Of degrees in what `gridcircle audit` writes; PostGIS gives nine, pygeoapi all."""

COLUMNS = ("name", "kind", "parent_id", "households", "residents")

_POSTGIS = Path(__file__).resolve().parents[2] / "tools" / "postgis.sh"
_TABLE = """
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE TABLE grids (grid_id text PRIMARY KEY, name text, kind text, parent_id text,
    households integer, residents integer, geom geometry(Geometry, 4326));
"""
_INDEX = "CREATE INDEX ON grids USING gist (geom); ANALYZE grids;"


def read_city(n_communities: int) -> gpd.GeoDataFrame:
    """Return the grids of a synthetic city, WGS 84, by `grid_id`."""
    with tempfile.TemporaryDirectory() as folder:
        project = write_city(build_city(n_communities=n_communities, seed=0), Path(folder))
        source = project.with_name("city.gpkg")
        grids = pyogrio.read_dataframe(source, layer="grids")
    grids = grids.drop_duplicates("grid_id").dropna(subset="grid_id").set_index("grid_id")
    return grids.reindex(columns=[*COLUMNS, "geometry"]).to_crs(4326)


def write_folder(grids: gpd.GeoDataFrame, folder: Path) -> Path:
    """Write what the service needs of an output folder."""
    folder.mkdir(parents=True, exist_ok=True)
    places = shapely.transform(grids.geometry.array, lambda xy: xy.round(DECIMALS))
    document = (
        grids.set_geometry(places, crs=grids.crs)
        .assign(grid_id=grids.index)
        .to_json(show_bbox=False)
    )
    (folder / "grids.geojson").write_text(document, encoding="utf-8")
    summary = {"schema_version": "1.0", "project": "bench", "language": "en"}
    (folder / "summary.json").write_bytes(orjson.dumps(summary))
    return folder


@contextmanager
def database(grids: gpd.GeoDataFrame) -> Iterator[tuple[str, int]]:
    """Give a PostGIS of our own that holds the table `grids`, while inside: URL, process id.

    `CalledProcessError` where none can run.
    """
    command = ["bash", str(_POSTGIS), "start"]
    started = subprocess.run(command, capture_output=True, text=True, check=True)
    folder, url = started.stdout.split()
    try:
        with psycopg.connect(url) as line:
            line.execute(_TABLE)
            with line.cursor().copy("COPY grids FROM STDIN") as copy:
                for row in zip(
                    grids.index,
                    *(grids[name].tolist() for name in COLUMNS),
                    shapely.to_wkb(grids.geometry.array, hex=True, include_srid=True),
                    strict=True,
                ):
                    copy.write_row([None if pd.isna(value) else value for value in row])
            line.execute(_INDEX)
        (lock,) = Path(folder).rglob("postmaster.pid")
        yield url, int(lock.read_text(encoding="utf-8").splitlines()[0])
    finally:
        subprocess.run(["bash", str(_POSTGIS), "stop", folder], check=False)
