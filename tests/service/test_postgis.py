"""Layers in PostGIS: the same audit as from files, safe names, and no password anywhere."""

import json
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from geo.errors import GridCircleError, LoadError
from geo.io import Loaded, load, read_project
from geo.outputs import summary, write_outputs
from tests import forms
from tests.service.databases import database

psycopg = pytest.importorskip("psycopg")

SAME = ("127.0.0.1", "127.0.0.1")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with database() as address:
        with psycopg.connect(address) as link:
            link.execute("CREATE SCHEMA town")
            for name, frame in forms.layers(forms.SIMPLIFIED).items():
                store(link, ("town", name), frame)
        yield address


def secret_of(url: str) -> str:
    return url.rpartition("@")[0].rpartition(":")[2]


def store(
    link: "psycopg.Connection", name: tuple[str, ...], frame: gpd.GeoDataFrame, srid: int = 4547
) -> None:
    """Create a table as an office would have it: a key of its own, then the columns."""
    sql = psycopg.sql
    columns = [column for column in frame.columns if column != "geometry"]
    kinds = ["integer" if frame[c].dtype.kind == "i" else "text" for c in columns]
    declared = [
        sql.SQL(f"{{}} {k}").format(sql.Identifier(c)) for c, k in zip(columns, kinds, strict=True)
    ]
    table = sql.Identifier(*name)
    link.execute(
        sql.SQL("CREATE TABLE {} (fid serial PRIMARY KEY, {}, geom geometry(Geometry, {}))").format(
            table, sql.SQL(", ").join(declared), sql.SQL(str(srid))
        )
    )
    names = sql.SQL(", ").join([*map(sql.Identifier, columns), sql.Identifier("geom")])
    marks = sql.SQL(", ").join(sql.Placeholder() for _ in columns)
    insert = sql.SQL("INSERT INTO {} ({}) VALUES ({}, ST_GeomFromWKB(%s, {}))").format(
        table, names, marks, sql.SQL(str(srid))
    )
    for row, shape in zip(frame[columns].itertuples(index=False), frame.geometry, strict=True):
        cells = [cell.item() if hasattr(cell, "item") else cell for cell in row]
        link.execute(insert, [*cells, None if shape is None else shape.wkb])


def read(folder: Path, url: str, **keys: str) -> Loaded:
    text = f'[project]\nid = "p"\n[layers.grids]\npath = {json.dumps(url)}\n'
    text += "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
    (folder / "p.toml").write_text(text, encoding="utf-8")
    return load(read_project(folder / "p.toml"))


def test_tables_give_the_same_audit(url: str, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    expected = forms.told(forms.plain(tmp_path / "plain", forms.SIMPLIFIED))
    specs = {name: {"path": url, "layer": f"town.{name}"} for name in ("grids", "units", "sites")}
    audit = forms.audit(tmp_path, **specs)
    got = forms.told(audit)
    hide = f"（{audit.sources[0].path.rsplit('/', 1)[-1]}）"
    assert hide not in json.dumps(got, ensure_ascii=False, default=str)
    for part, value in expected.items():
        assert got[part] == value, part


def test_the_password_is_nowhere(url: str, tmp_path: Path) -> None:
    secret = secret_of(url)
    specs = {"grids": {"path": url, "layer": "town.grids"}}
    audit = forms.audit(tmp_path, **specs)
    assert secret not in json.dumps(summary(audit), ensure_ascii=False, default=str)
    out = tmp_path / "out"
    write_outputs(audit, out)
    for path in out.rglob("*"):
        assert secret.encode() not in path.read_bytes(), path.name
    assert secret not in repr(read_project(tmp_path / "town.toml").layers)
    assert audit.sources[0].path.startswith("postgresql://gridcircle@127.0.0.1:")


@pytest.mark.parametrize(
    ("change", "keys", "key"),
    [
        (SAME, {"layer": "town.nothing"}, "io.no_layer"),
        (SAME, {}, "io.name_table"),
        (SAME, {"layer": 'town.grids"; DROP TABLE town.grids; --'}, "io.no_layer"),
        (SAME, {"layer": "town.grids", "where": "nothing = 1"}, "io.bad_where"),
        (
            SAME,
            {"layer": "town.grids", "where": "true); DELETE FROM town.grids; SELECT (true"},
            "io.bad_where",
        ),
        (("gridcircle:", "gridcircle:wrong-"), {"layer": "town.grids"}, "io.database"),
        (("/postgres", "/nowhere"), {"layer": "town.grids"}, "io.database"),
        (("127.0.0.1:", "127.0.0.1:1"), {"layer": "town.grids"}, "io.database"),
        (("/postgres", "/postgres?sslmode=nonsense"), {"layer": "town.grids"}, "io.database"),
    ],
)
def test_what_is_wrong_is_told_without_secrets(
    url: str, tmp_path: Path, change: tuple[str, str], keys: dict[str, str], key: str
) -> None:
    wrong = url.replace(*change)
    secret = secret_of(url)
    with pytest.raises(GridCircleError) as caught:
        read(tmp_path, wrong, **keys)
    assert caught.value.key == key
    for language in ("zh", "en"):
        assert secret not in caught.value.text(language)
        assert "127.0.0.1" in caught.value.text(language)
    assert secret not in repr(caught.value.args)
    assert caught.value.__cause__ is None


def test_a_where_clause_cannot_write(url: str, tmp_path: Path) -> None:
    with psycopg.connect(url) as link:
        link.execute(
            "CREATE OR REPLACE FUNCTION town.wipe() RETURNS boolean LANGUAGE plpgsql AS "
            "$$BEGIN DELETE FROM town.sites; RETURN true; END$$"
        )
    with pytest.raises(LoadError):
        read(tmp_path, url, layer="town.grids", where="town.wipe()")
    with psycopg.connect(url) as link:
        assert link.execute("SELECT count(*) FROM town.sites").fetchone() == (7,)


def test_strange_names_arcs_heights_and_types(url: str, tmp_path: Path) -> None:
    with psycopg.connect(url) as link:
        link.execute('CREATE SCHEMA "网格 %s"')
        link.execute(
            'CREATE TABLE "网格 %s"."A "" b" ("网格编号" bigint, "备注" jsonb, '
            '"面积" numeric(12, 2), "建于" date, "标签" text[], geom geometry)'
        )
        link.execute(
            'INSERT INTO "网格 %s"."A "" b" VALUES '
            "(6301200042, '{\"a\": 1}', 12.50, '2024-05-01', ARRAY['甲','乙'], "
            "ST_GeomFromEWKT('SRID=4547;CURVEPOLYGON(COMPOUNDCURVE("
            "(500000 3400000, 500100 3400000), "
            "CIRCULARSTRING(500100 3400000, 500050 3400050, 500000 3400000)))')),"
            "(6301200043, NULL, NULL, NULL, NULL, "
            "ST_GeomFromEWKT('SRID=4547;POLYGON Z((500100 3400000 5, 500200 3400000 5, "
            "500200 3400100 5, 500100 3400000 5))')),"
            "(6301200044, NULL, NULL, NULL, NULL, "
            "ST_GeomFromEWKT('SRID=4326;POLYGON((114 30, 114.1 30, 114.1 30.1, 114 30))'))"
        )
    loaded = read(tmp_path, url, layer='网格 %s.A " b', crs="EPSG:4547")
    grids = loaded.layers.grids
    assert grids.index.tolist() == ["6301200042", "6301200043"]
    assert grids["备注"].tolist()[0] == '{"a": 1}'
    assert grids["面积"].tolist()[0] == 12.5
    assert grids["建于"].tolist()[0] == "2024-05-01"
    assert grids.area.iloc[0] == pytest.approx(3927.0, rel=2e-3)
    problems = " ".join(loaded.sources[0].problems)
    assert "1 个图形含圆弧" in problems
    assert "1 个图形带有高程" in problems
    assert loaded.quarantine["row"].tolist() == [3]


def test_a_table_without_places_and_a_hash_of_the_rows(url: str, tmp_path: Path) -> None:
    with psycopg.connect(url) as link:
        link.execute("CREATE TABLE town.points (编号 text, 经纬度 text)")
        link.execute("INSERT INTO town.points VALUES ('a', '114.0,30.7'), ('b', '114.01，30.7')")
    text = (
        f'[project]\nid = "p"\n[layers.grids]\npath = {json.dumps(url)}\nlayer = "town.grids"\n'
        f'[layers.sites]\npath = {json.dumps(url)}\nlayer = "points"\ndatum = "wgs84"\n'
    )
    (tmp_path / "p.toml").write_text(text, encoding="utf-8")

    def hashes() -> list[str]:
        return [source.sha256 for source in load(read_project(tmp_path / "p.toml")).sources]

    before = hashes()
    assert before == hashes()
    assert all(len(digest) == 64 for digest in before)
    with psycopg.connect(url) as link:
        link.execute("UPDATE town.points SET 经纬度 = '114.0,30.71' WHERE 编号 = 'a'")
    after = hashes()
    assert (before[0] == after[0], before[1] == after[1]) == (True, False)


def test_srid_of_the_database_is_the_crs(url: str, tmp_path: Path) -> None:
    frame = forms.grids(forms.SIMPLIFIED).to_crs(4490)
    with psycopg.connect(url) as link:
        store(link, ("town", "degrees"), frame, 4490)
    loaded = read(tmp_path, url, layer="town.degrees")
    assert loaded.sources[0].crs == "EPSG:4490"
    expected = pd.Series(forms.grids(forms.SIMPLIFIED).area.to_numpy())
    assert loaded.layers.grids.area.to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-3)


def test_a_column_that_is_only_called_geometry(url: str, tmp_path: Path) -> None:
    frame = forms.grids(forms.SIMPLIFIED)
    with psycopg.connect(url) as link:
        link.execute("CREATE TABLE town.words (geometry text, geom geometry(Polygon, 4547))")
        for shape in frame.geometry:
            place = ("四至", shape.wkb)
            link.execute("INSERT INTO town.words VALUES (%s, ST_GeomFromWKB(%s, 4547))", place)
        link.execute("CREATE TABLE town.wkt AS SELECT ST_AsText(geom) AS geometry FROM town.words")
    loaded = read(tmp_path, url, layer="town.words")
    assert set(loaded.layers.grids["geometry_source"]) == {"四至"}
    assert len(read(tmp_path, url, layer="town.wkt", crs="EPSG:4547").layers.grids) == 12
