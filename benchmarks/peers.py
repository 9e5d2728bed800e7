"""Public tools on overlaps and gaps, each as a function of the grids of a contest.

A tool that is not installed raises `ImportError`, a server that cannot be started
`MissingDataError`. Answers: areas (m²) by pair of ids, or a sentence where that is all a tool says.
"""

import atexit
import subprocess
import warnings
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from benchmarks.contest import Frames, MissingDataError
from benchmarks.timing import OTHERS

Pairs = dict[tuple[str, str], float]

_POSTGIS = Path(__file__).resolve().parents[1] / "tools" / "postgis.sh"
_JOIN = (
    "SELECT a.grid_id, b.grid_id AS other, ST_Area(ST_Intersection(a.geometry, b.geometry)) AS m2 "
    "FROM grids a JOIN grids b ON ST_Intersects(a.geometry, b.geometry) WHERE a.grid_id < b.grid_id"
)


def is_valid(frames: Frames) -> Any:  # noqa: ANN401
    """One pass of shapely's `is_valid`."""
    return shapely.is_valid(frames["grids"].geometry.array)


def sjoin(frames: Frames) -> Pairs:
    """Join with GeoPandas, then intersect."""
    grids = frames["grids"][["geometry"]].reset_index(names="left")
    both = gpd.sjoin(grids, grids.rename(columns={"left": "right"}), predicate="intersects")
    both = both[both["left"] < both["right"]]
    other = grids.geometry.array[both["index_right"].to_numpy()]
    area = shapely.area(shapely.intersection(both.geometry.array, other))
    return _pairs(both["left"], both["right"], area)


def relate(frames: Frames) -> Pairs:
    """Query shapely's tree, relate, then intersect what shares an area."""
    grids = frames["grids"]
    geometry = np.asarray(grids.geometry.array, dtype=object)
    ids = grids.index.to_numpy(dtype=object)
    shapely.prepare(geometry)
    i, j = shapely.STRtree(geometry).query(geometry)
    i, j = i[ids[i] < ids[j]], j[ids[i] < ids[j]]
    meet = shapely.relate_pattern(geometry[i], geometry[j], "2********")
    i, j = i[meet], j[meet]
    area = shapely.area(shapely.intersection(geometry[i], geometry[j]))
    return _pairs(ids[i], ids[j], area)


def overlay(frames: Frames) -> Pairs:
    """Overlay the layer with itself in GeoPandas."""
    grids = frames["grids"].reset_index()[["grid_id", "geometry"]]
    both = gpd.overlay(grids, grids, how="intersection", keep_geom_type=True)
    both = both[both["grid_id_1"] < both["grid_id_2"]]
    return _pairs(both["grid_id_1"], both["grid_id_2"], both.geometry.area)


def duckdb_join(frames: Frames) -> Pairs:
    """Join in DuckDB with its spatial extension, one thread."""
    import duckdb  # noqa: PLC0415 - in the extra `bench`
    import duckdb_extension_spatial  # noqa: PLC0415

    connection = duckdb.connect(config={"threads": 1})
    folder = Path(duckdb_extension_spatial.__file__).parent
    (extension,) = folder.rglob("spatial.duckdb_extension")
    connection.load_extension(str(extension))
    grids = frames["grids"]
    table = grids[[]].assign(wkb=shapely.to_wkb(grids.geometry.array)).reset_index()
    connection.register("given", table)
    connection.execute(
        "CREATE TABLE grids AS SELECT grid_id, ST_GeomFromWKB(wkb) AS geometry FROM given"
    )
    return {(a, b): area for a, b, area in connection.execute(_JOIN).fetchall() if area > 0}


def sedona_join(frames: Frames) -> Pairs:
    """Join in SedonaDB, one partition."""
    import sedona.db  # noqa: PLC0415 - in the extra `bench`

    context = sedona.db.connect()
    context.sql("SET datafusion.execution.target_partitions = 1").execute()
    grids = frames["grids"][["geometry"]].reset_index().set_crs(None, allow_override=True)
    context.create_data_frame(grids).to_view("grids", overwrite=True)
    found = context.sql(_JOIN).to_pandas()
    return _pairs(found["grid_id"], found["other"], found["m2"])


def postgis_join(frames: Frames) -> Pairs:
    """Join in PostGIS, one process; its CPU time counts, sending the table included."""
    import psycopg  # noqa: PLC0415 - in the extra `postgis`

    grids = frames["grids"]
    with psycopg.connect(_server()) as link:
        OTHERS.watch(link.info.backend_pid)
        link.execute("SET max_parallel_workers_per_gather = 0")
        link.execute("CREATE EXTENSION IF NOT EXISTS postgis")
        link.execute("DROP TABLE IF EXISTS grids")
        link.execute("CREATE TABLE grids (grid_id text, geometry geometry)")
        with link.cursor().copy("COPY grids FROM STDIN") as copy:
            shapes = shapely.to_wkb(grids.geometry.array, hex=True)
            for row in zip(grids.index, shapes, strict=True):
                copy.write_row(row)
        link.execute("CREATE INDEX ON grids USING gist (geometry)")
        link.execute("ANALYZE grids")
        found = link.execute(_JOIN).fetchall()
        OTHERS.stop()
    return {(a, b): area for a, b, area in found if area > 0}


@cache
def _server() -> str:
    try:
        started = subprocess.run(
            ["bash", str(_POSTGIS), "start"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        msg = "PostgreSQL with PostGIS cannot be started here"
        raise MissingDataError(msg) from error
    folder, url = started.stdout.split()
    atexit.register(subprocess.run, ["bash", str(_POSTGIS), "stop", folder], check=False)
    return url


def maup_doctor(frames: Frames) -> str:
    """Ask maup whether all is well."""
    import maup  # noqa: PLC0415 - in the extra `bench`

    said = StringIO()
    with warnings.catch_warnings(), redirect_stdout(said):
        warnings.simplefilter("ignore")
        is_well = maup.doctor(frames["grids"].reset_index())
    return f"says {is_well}: {' '.join(said.getvalue().split())}"


def geoplanar_overlaps(frames: Frames) -> Pairs:
    """Return geoplanar's overlapping pairs, which have no area."""
    import geoplanar  # noqa: PLC0415 - in the extra `bench`

    grids = frames["grids"]
    i, j = geoplanar.overlaps(grids)
    ids = grids.index.to_numpy(dtype=object)
    one_way = ids[i] < ids[j]
    return dict.fromkeys(zip(ids[i[one_way]], ids[j[one_way]], strict=True), float("nan"))


def geoplanar_gaps(frames: Frames) -> str:
    """Count geoplanar's gaps."""
    import geoplanar  # noqa: PLC0415 - in the extra `bench`

    return f"says {len(geoplanar.gaps(frames['grids']))} gaps"


def coverage_edges(frames: Frames) -> str:
    """Count the polygons with edges that shapely calls invalid in a coverage."""
    edges = shapely.coverage_invalid_edges(frames["grids"].geometry.array)
    return f"says {int((~shapely.is_empty(edges)).sum())} polygons have edges that do not match"


def coverage_is_valid(frames: Frames) -> str:
    """Ask shapely whether the layer is a coverage."""
    return f"says {shapely.coverage_is_valid(frames['grids'].geometry.array)}"


def union_difference(frames: Frames) -> str:
    """Cut the union of all grids out of each unit."""
    units = frames["units"]
    outlines = units[units["level"] == units["level"].iloc[-1]].geometry.array
    rest = shapely.difference(outlines, shapely.union_all(frames["grids"].geometry.array))
    parts = shapely.get_parts(rest)
    return f"says {int((shapely.area(parts) > 0).sum())} gaps, noise among them"


def _pairs(left: Any, right: Any, area: Any) -> Pairs:  # noqa: ANN401
    return {
        (a, b): float(m2) for a, b, m2 in zip(left, right, np.asarray(area), strict=True) if m2 > 0
    }
