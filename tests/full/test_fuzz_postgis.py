"""Broken connections and strange tables of PostGIS: no traceback, no hang, no row lost."""

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from geo.errors import GridCircleError
from geo.io import load, read_project
from tests import forms, fuzzing
from tests.service.databases import database

psycopg = pytest.importorskip("psycopg")

N_TABLES, N_LINKS = 150, 100

pytestmark = pytest.mark.full

_COLUMNS = (
    "网格编号", "名称", "社区编号", "户数", "常住人口", "kind", "fid", "geometry", "area_m2", "A b",
    'x"y', "%s", "class_walk_5", "WKT", "lon",
)  # fmt: skip
_TYPES = {
    "text": ("'51100001'", "'5110,01'", "''", "'－'", "'1e400'", "E'a\\nb'", "'空 '", "NULL"),
    "integer": ("1", "-5", "0", "2147483647", "NULL"),
    "numeric": ("'NaN'", "1e300", "12.50", "-0.0", "NULL"),
    "double precision": ("'Infinity'", "'-Infinity'", "'NaN'", "51100003.0", "1e-320", "NULL"),
    "boolean": ("true", "false", "NULL"),
    "date": ("'2024-05-01'", "'0001-01-01'", "NULL"),
    "timestamptz": ("'2024-05-01 08:00+08'", "NULL"),
    "interval": ("'3 days'", "NULL"),
    "jsonb": ("""'{"a": [1, null]}'""", "NULL"),
    "text[]": ("ARRAY['甲', NULL]", "NULL"),
    "bytea": ("'\\xdeadbeef'", "NULL"),
    "uuid": ("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "NULL"),
    "inet": ("'10.0.0.1'", "NULL"),
}
_SHAPES = (
    "POINT EMPTY", "POLYGON EMPTY", "GEOMETRYCOLLECTION EMPTY", "POINT (500000 3400000)",
    "LINESTRING (500000 3400000, 500100 3400100)",
    "POLYGON ((500000 3400000, 500100 3400100, 500000 3400100, 500100 3400000, 500000 3400000))",
    "POLYGON Z ((0 0 1, 1 0 1, 1 1 1, 0 0 1))", "POLYGON M ((0 0 1, 1 0 1, 1 1 1, 0 0 1))",
    "CURVEPOLYGON (CIRCULARSTRING (5e5 34e5, 500050 3400050, 501e3 34e5, 5e5 3399e3, 5e5 34e5))",
    "MULTISURFACE (((500000 3400000, 500100 3400000, 500100 3400100, 500000 3400000)))",
    "TRIANGLE ((500000 3400000, 500100 3400000, 500100 3400100, 500000 3400000))",
    "TIN (((500000 3400000, 500100 3400000, 500100 3400100, 500000 3400000)))",
    "POLYHEDRALSURFACE (((500000 3400000, 500100 3400000, 500100 3400100, 500000 3400000)))",
    "GEOMETRYCOLLECTION (POINT (5e5 34e5), POLYGON ((5e5 34e5, 501e3 34e5, 5e5 3401e3, 5e5 34e5)))",
)  # fmt: skip
_SCHEMES = ("postgresql://", "postgres://")
_SRIDS = (4547, 4547, 4547, 4547, 4326, 3857, 0)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with database() as address:
        yield address


def read(folder: Path, url: str, **keys: str) -> Any:  # noqa: ANN401
    text = f'[project]\nid = "p"\ncrs = "{forms.CRS}"\n[layers.grids]\npath = {json.dumps(url)}\n'
    text += "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
    (folder / "p.toml").write_text(text, encoding="utf-8")
    return load(read_project(folder / "p.toml"))


def make_table(link: Any, name: str, chance: random.Random) -> None:  # noqa: ANN401
    """Create a table of columns, cells and shapes as they come."""
    sql = psycopg.sql
    columns = chance.sample(_COLUMNS, chance.randint(0, 6))
    kinds = [chance.choice(list(_TYPES)) for _ in columns]
    place = chance.choice(("geometry", "geometry", "geometry(Geometry)", "geography", None))
    declared = [
        sql.SQL(f"{{}} {kind}").format(sql.Identifier(column))
        for column, kind in zip(columns, kinds, strict=True)
    ]
    if place is not None:
        declared.append(sql.SQL(f"geom {place}"))
    head = sql.Identifier(name)
    link.execute(sql.SQL("CREATE TABLE {} ({})").format(head, sql.SQL(", ").join(declared)))
    known = list(forms.grids(forms.SIMPLIFIED).geometry)
    for _ in range(chance.choice((0, 1, 3, 12))):
        cells = [chance.choice(_TYPES[kind]) for kind in kinds]
        cells += [] if place is None else [shape_of(chance, known, is_degrees=place == "geography")]
        insert = sql.SQL("INSERT INTO {} VALUES ({})").format(head, sql.SQL(", ".join(cells)))
        try:
            with link.transaction():
                link.execute(insert)
        except psycopg.Error:
            continue  # the database refuses it: no table can hold it


def shape_of(chance: random.Random, known: list[shapely.Geometry], *, is_degrees: bool) -> str:
    """Return SQL for a shape: whole, of a strange kind, or with its bytes broken."""
    if is_degrees:
        return chance.choice(("NULL", "'POLYGON((114 30, 114.1 30, 114.1 30.1, 114 30))'"))
    dice = chance.random()
    if dice < 0.1:
        return "NULL"
    if dice < 0.4:
        return f"ST_GeomFromText('{chance.choice(_SHAPES)}', {chance.choice(_SRIDS)})"
    wkb = bytearray(chance.choice(known).wkb)
    if dice < 0.7:
        for _ in range(chance.choice((1, 2, 8))):
            wkb[chance.randrange(9, len(wkb))] ^= 1 << chance.randrange(8)
    return f"ST_GeomFromWKB('\\x{wkb.hex()}', {chance.choice(_SRIDS)})"


def test_strange_tables_are_read_or_told(url: str, tmp_path: Path) -> None:
    kinds: Counter[str] = Counter()
    with psycopg.connect(url, autocommit=True) as link:
        for number in range(N_TABLES):
            chance = random.Random(f"table-{number}")  # noqa: S311 no secret
            name = f"t{number}"
            make_table(link, name, chance)
            count = psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier(name))
            rows = link.execute(count).fetchone()
            try:
                with fuzzing.patience():
                    loaded = read(tmp_path, url, layer=name)
            except GridCircleError as error:
                kinds[fuzzing.told(error)[0]] += 1
            else:
                kinds["read"] += 1
                fuzzing.judge(loaded)
                assert (loaded.sources[0].rows,) == rows, number
    assert set(kinds) == {"read", "told"}
    assert min(kinds.values()) > N_TABLES // 10, kinds


def test_broken_connections_are_told_without_the_password(url: str, tmp_path: Path) -> None:
    with psycopg.connect(url, autocommit=True) as link:
        link.execute("CREATE TABLE whole (网格编号 text, geom geometry(Polygon, 4547))")
        for i, shape in enumerate(forms.grids(forms.SIMPLIFIED).geometry):
            link.execute("INSERT INTO whole VALUES (%s, ST_GeomFromWKB(%s, 4547))", (i, shape.wkb))
    secret = url.rpartition("@")[0].rpartition(":")[2]
    kinds: Counter[str] = Counter()
    leaks: list[int] = []
    for number in range(N_LINKS):
        chance = random.Random(f"link-{number}")  # noqa: S311 no secret
        broken = fuzzing.broken(url.encode(), chance).decode("utf-8", errors="replace")
        broken = re.sub(r"[\x00-\x1f\x7f]", "?", broken)  # nothing else can stand in a project file
        try:
            with fuzzing.patience():
                loaded = read(tmp_path, broken, layer="whole")
        except GridCircleError as error:
            kinds[fuzzing.told(error)[0]] += 1
            said = error.text("zh") + error.text("en")
            leaks += [number] if secret in said and broken.startswith(_SCHEMES) else []
        else:
            kinds["read"] += 1
            fuzzing.judge(loaded)
    assert set(kinds) <= {"read", "told"}
    assert kinds["told"] > N_LINKS // 2, kinds
    assert leaks == []


def test_whole_tables_are_read_whole(url: str, tmp_path: Path) -> None:
    frame: gpd.GeoDataFrame = forms.grids(forms.SIMPLIFIED)
    with psycopg.connect(url, autocommit=True) as link:
        link.execute("CREATE TABLE sound (网格编号 text, geom geometry(Polygon, 4547))")
        for code, shape in zip(frame["网格编号"], frame.geometry, strict=True):
            place = (code, shape.wkb)
            link.execute("INSERT INTO sound VALUES (%s, ST_GeomFromWKB(%s, 4547))", place)
    loaded = read(tmp_path, url, layer="sound")
    assert (loaded.sources[0].rows, loaded.sources[0].used) == (12, 12)
