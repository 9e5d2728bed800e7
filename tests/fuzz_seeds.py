"""A whole file of every format that is read: what the fuzzing harness breaks."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import pyogrio
import shapely

from tests import forms

__all__ = ["BASE", "office", "write_seeds"]

BASE = "base.gpkg"
"""The grids beside which a layer of sites or streets is read: never broken."""

_WORDS = forms.SIMPLIFIED
_GRAPHML = """<?xml version="1.0" encoding="utf-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="d0" for="graph" attr.name="crs" attr.type="string"/>
<key id="d1" for="node" attr.name="x" attr.type="double"/>
<key id="d2" for="node" attr.name="y" attr.type="double"/>
<key id="d3" for="edge" attr.name="highway" attr.type="string"/>
<key id="d4" for="edge" attr.name="geometry" attr.type="string"/>
<graph edgedefault="directed"><data key="d0">epsg:4326</data>
"""


def write_seeds(folder: Path, *, with_office: bool = False) -> list[str]:
    """Write a whole file of every format into `folder`; return their names, sorted.

    With `with_office` also old workbooks and those of LibreOffice, where it is installed: that
    takes some seconds.
    """
    frames = {"grids": forms.grids(_WORDS), "sites": forms.sites(_WORDS)}
    frames["grids"].to_file(folder / BASE)
    for layer, frame in frames.items():
        _vectors(folder, layer, frame)
        _tables(folder, layer, frame)
        _packed(folder, layer, frame)
    (folder / "grids.dxf").write_text(_drawing(frames["grids"]), encoding="gbk")
    pairs = "站点编号,名称,经纬度\n" + "".join(
        f"S{i},站点{i},114°0{i}′{i}″E，30°4{i}′N\n" for i in range(8)
    )
    (folder / "sites_pairs.csv").write_text(pairs, encoding="gbk")
    _streets(folder, frames["grids"])
    for schema in folder.glob("*.xsd"):
        schema.unlink()
    if with_office and office() is not None:
        for ending in ("xls", "ods"):
            _converted(folder, ending)
    return sorted(path.name for path in folder.iterdir() if path.name != BASE)


def office() -> str | None:
    """Return LibreOffice, None where it is not installed."""
    return shutil.which("soffice")


def _vectors(folder: Path, layer: str, frame: gpd.GeoDataFrame) -> None:
    frame.to_file(folder / f"{layer}.gpkg")
    frame.to_file(folder / f"{layer}.fgb", SPATIAL_INDEX="NO")
    frame.to_file(folder / f"{layer}.gml", driver="GML")
    frame.to_file(folder / f"{layer}.sqlite", driver="SQLite")
    degrees = frame.to_crs(4326)
    degrees.to_file(folder / f"{layer}.geojson")
    degrees.to_file(folder / f"{layer}.kml", driver="LIBKML")
    degrees.to_file(folder / f"{layer}.kmz", driver="LIBKML")
    frame.to_parquet(folder / f"{layer}.parquet")
    frame.to_parquet(folder / f"{layer}_plain.geoparquet", compression=None)


def _tables(folder: Path, layer: str, frame: gpd.GeoDataFrame) -> None:
    forms.csv(folder / f"{layer}.csv", frame, "gbk")
    forms.csv(folder / f"{layer}_utf8.csv", frame, "utf-8-sig")
    forms.csv(folder / f"{layer}_utf16.txt", frame, "utf-16")
    forms.workbook(folder / f"{layer}.xlsx", frame, _WORDS)
    if layer == "sites":
        known = frame[frame.geometry.notna()]
        places = {"x": known.geometry.x, "y": known.geometry.y}
        table = known.drop(columns="geometry").assign(**places)
        path = folder / f"{layer}.dbf"
        pyogrio.write_dataframe(table, path, driver="ESRI Shapefile", encoding="gbk")
        path.with_suffix(".cpg").unlink()


def _packed(folder: Path, layer: str, frame: gpd.GeoDataFrame) -> None:
    _zip_of(folder / f"{layer}_shp.zip", frame, "ESRI Shapefile", "shp", encoding="gbk")
    _zip_of(folder / f"{layer}_tab.zip", frame, "MapInfo File", "tab", ENCODING="CP936")
    _zip_of(folder / f"{layer}_mif.zip", frame, "MapInfo File", "mif", ENCODING="CP936")
    whole = {"TARGET_ARCGIS_VERSION": "ARCGIS_PRO_3_2_OR_LATER"}
    _zip_of(folder / f"{layer}_gdb.zip", frame, "OpenFileGDB", "gdb", **whole)
    halves = folder / "halves"
    halves.mkdir()
    for name, rows in (("东", frame.iloc[:4]), ("西", frame.iloc[4:])):
        forms.csv(halves / f"{name}.csv", rows, "gbk")
    with tarfile.open(folder / f"{layer}_halves.tar", "w") as archive:
        for path in sorted(halves.iterdir()):
            archive.add(path, path.name)
    with tarfile.open(folder / f"{layer}_halves.tar.gz", "w:gz") as archive:
        for path in sorted(halves.iterdir()):
            archive.add(path, path.name)
    shutil.rmtree(halves)


def _zip_of(path: Path, frame: gpd.GeoDataFrame, driver: str, suffix: str, **how: str) -> None:
    """Write `frame` by `driver`, and all the files of it into a zip."""
    folder = path.parent / path.stem
    folder.mkdir()
    target = folder / f"g.{suffix}"
    frame.to_file(target, driver=driver, **how)
    if suffix == "shp":
        (folder / "g.cpg").unlink()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.rglob("*")):
            if part.is_file():
                archive.write(part, part.relative_to(folder).as_posix())
    shutil.rmtree(folder)


def _drawing(frame: gpd.GeoDataFrame) -> str:
    lines = ["0", "SECTION", "2", "HEADER", "9", "$ACADVER", "1", "AC1015", "0", "ENDSEC"]
    lines += ["0", "SECTION", "2", "ENTITIES"]
    for i, shape in enumerate(frame.geometry):
        points = list(shape.exterior.coords)[:-1]
        lines += ["0", "LWPOLYLINE", "100", "AcDbEntity", "8", "网格", "100", "AcDbPolyline"]
        lines += ["90", str(len(points)), "70", "1"]
        for x, y in points:
            lines += ["10", f"{x}", "20", f"{y}"]
        x, y = shape.centroid.coords[0]
        lines += ["0", "TEXT", "8", "注记", "10", f"{x}", "20", f"{y}", "40", "2", "1", f"WG-{i}"]
    return "\n".join([*lines, "0", "ENDSEC", "0", "EOF", ""])


def _streets(folder: Path, grids: gpd.GeoDataFrame) -> None:
    """Write the sides of the grids as streets: shared corners are shared nodes."""
    corners: dict[tuple[float, float], int] = {}
    rings = []
    for shape in grids.to_crs(4326).geometry:
        ring = [(round(x, 7), round(y, 7)) for x, y in shape.exterior.coords]
        rings.append([corners.setdefault(place, len(corners) + 1) for place in ring])
    places = {ref: place for place, ref in corners.items()}
    _write_graph(folder / "streets.graphml", places, rings)
    sides = [shapely.LineString([places[ref] for ref in ring]) for ring in rings]
    lines = gpd.GeoDataFrame({"oneway": ["no"] * len(sides)}, geometry=sides, crs=4326)
    lines.to_file(folder / "streets.geojson")
    _write_pbf(folder / "streets.osm.pbf", places, rings)
    _write_pbf(folder / "streets_plain.osm.pbf", places, rings, form="pbf,pbf_compression=none")


def _write_graph(
    path: Path, places: dict[int, tuple[float, float]], rings: list[list[int]]
) -> None:
    text = _GRAPHML
    for ref, (x, y) in places.items():
        text += f'<node id="{ref}"><data key="d1">{x}</data><data key="d2">{y}</data></node>\n'
    for ring in rings:
        for start, end in pairwise(ring):
            line = shapely.LineString([places[start], places[end]]).wkt
            text += f'<edge source="{start}" target="{end}"><data key="d3">residential</data>'
            text += f'<data key="d4">{line}</data></edge>\n'
    path.write_text(f"{text}</graph></graphml>\n", encoding="utf-8")


def _write_pbf(
    path: Path,
    places: dict[int, tuple[float, float]],
    rings: list[list[int]],
    *,
    form: str = "pbf",
) -> None:
    try:
        import osmium  # noqa: PLC0415 an extra
    except ImportError:
        return
    node, way = osmium.osm.mutable.Node, osmium.osm.mutable.Way
    with osmium.SimpleWriter(osmium.io.File(str(path), form)) as writer:
        for ref, place in places.items():
            tags = {"barrier": "gate", "locked": "yes"} if ref == 4 else {}
            writer.add_node(node(id=ref, location=place, tags=tags))
        for number, ring in enumerate(rings, 1):
            tags = {"highway": "footway", "name": f"第{number}路", "maxspeed": "20 mph"}
            writer.add_way(way(id=number, nodes=ring, tags=tags))


def _converted(folder: Path, ending: str) -> None:
    """Let LibreOffice write the workbooks in another form of its own."""
    home = folder.parent / "office"
    command = [str(office()), f"-env:UserInstallation={home.as_uri()}", "--headless"]
    command += ["--convert-to", ending, "--outdir", str(folder)]
    books = [str(folder / f"{layer}.xlsx") for layer in ("grids", "sites")]
    subprocess.run([*command, *books], check=True, capture_output=True)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    write_seeds(target, with_office=True)
