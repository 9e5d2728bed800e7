"""Vector tiles: read back by GDAL, rings by a decoder of a few lines."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.http import create_app
from api.http.tiles import Tile, read_tile
from api.http.tiles.shapes import LINE, POINT, POLYGON, encode_shapes
from api.http.tiles.varints import varint, varints, zigzag
from geo.errors import NotFoundError
from tests.service.outputs import feature, square, write_json, write_outputs

MVT = "application/vnd.mapbox-vector-tile"
SET = "tiles/WebMercatorQuad"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    return TestClient(create_app(write_outputs(tmp_path_factory.mktemp("served") / "out")))


def tile_at(lon: float, lat: float, zoom: int) -> Tile:
    n = 1 << zoom
    y = np.arcsinh(np.tan(np.radians(lat))) / np.pi
    return Tile(zoom, int((1 - y) / 2 * n), int((lon + 180) / 360 * n))


def url(tile: Tile, layer: str = "grids") -> str:
    return f"/collections/{layer}/{SET}/{tile.zoom}/{tile.row}/{tile.column}"


def decoded(content: bytes, tile: Tile, folder: Path) -> gpd.GeoDataFrame:
    """Return what GDAL reads, EPSG:3857."""
    path = folder / f"{tile.zoom}-{tile.column}-{tile.row}.mvt"
    path.write_bytes(content)
    return pyogrio.read_dataframe(path, X=tile.column, Y=tile.row, Z=tile.zoom, CLIP=False)


@pytest.mark.parametrize("zoom", [8, 10, 12, 13, 14])
def test_gdal_reads_the_same_features(client: TestClient, tmp_path: Path, zoom: int) -> None:
    tile = tile_at(120.015, 30.012, zoom)
    answer = client.get(url(tile))
    assert answer.headers["content-type"] == MVT
    found = decoded(answer.content, tile, tmp_path).set_index("id")

    held = gpd.GeoDataFrame.from_features(client.get("/collections/grids/items").json(), crs=4326)
    held = held.set_index("grid_id").to_crs(3857)
    unit_m = tile.side_m / 4096
    inside = held[held.intersects(shapely.box(*tile.box(64)))]
    assert sorted(found.index) == sorted(inside.index)
    clipped = inside.intersection(shapely.box(*tile.box(64)))
    for fid, row in found.iterrows():
        assert row.geometry.hausdorff_distance(clipped[fid]) <= 1.5 * unit_m
        assert row["households"] == inside.loc[fid, "households"]
        assert row["area_m2"] == inside.loc[fid, "area_m2"]
        assert row["name"] == inside.loc[fid, "name"]
        assert row["note"] == inside.loc[fid, "note"]
    assert found["is_orphan"].astype(bool).sum() == inside["is_orphan"].sum()


def test_lists_are_json_text_and_what_is_missing_is_left_out(
    client: TestClient, tmp_path: Path
) -> None:
    tile = tile_at(120.0005, 30.0005, 14)
    grids = decoded(client.get(url(tile)).content, tile, tmp_path).set_index("id")
    assert grids.loc["g0-0", "orphan_reasons"] == '["H301","C501"]'
    findings = decoded(client.get(url(tile, "findings")).content, tile, tmp_path)
    assert findings["id"].tolist() == ["f2"]
    assert "tier" not in findings or findings["tier"].isna().all()


def test_points_and_circles_are_tiles_too(client: TestClient, tmp_path: Path) -> None:
    tile = tile_at(120.0005, 30.0005, 12)
    sites = decoded(client.get(url(tile, "sites")).content, tile, tmp_path)
    assert sorted(sites["id"]) == ["s0", "s1"]
    expected = gpd.GeoSeries(shapely.points([(120, 30), (120.015, 30)]), crs=4326).to_crs(3857)
    moved = sites.set_index("id").loc[["s0", "s1"]].geometry
    assert (shapely.distance(moved.array, expected.array) < tile.side_m / 4096).all()
    circles = decoded(client.get(url(tile, "circles")).content, tile, tmp_path)
    assert sorted(circles["id"]) == ["s0.walk_15.radius", "s1.walk_15.radius"]


def test_an_empty_tile_has_no_content(client: TestClient) -> None:
    answer = client.get(url(tile_at(-60, -30, 12)))
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    "path",
    ["23/0/0", "1/2/0", "1/0/2", "-1/0/0", "1/-1/0", "a/0/0", "1/0/0.5", "1/00/0", "99999999/1/1"],
)
def test_a_tile_that_cannot_be_is_not_found(client: TestClient, path: str) -> None:
    answer = client.get(f"/collections/grids/{SET}/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert client.get(f"/collections/none/{SET}/0/0/0").status_code == 404
    assert client.get("/collections/grids/tiles/Other/0/0/0").status_code == 404


def test_rows_come_before_columns() -> None:
    tile = read_tile("2", "1", "3")
    assert (tile.zoom, tile.row, tile.column) == (2, 1, 3)
    # the last column of four ends at the antimeridian; row 1 ends at the equator
    assert tile.box()[1] == pytest.approx(0)
    assert tile.box()[2] == pytest.approx(20037508.342789244)
    with pytest.raises(NotFoundError):
        read_tile("2", "1", "4")


def test_a_tile_is_compressed_once_and_tagged(client: TestClient) -> None:
    path = url(tile_at(120.015, 30.012, 12))
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content  # the client unpacks the first
    again = client.get(path, headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.head(path).status_code == 200
    assert client.options(path).headers["allow"] == "GET, HEAD, OPTIONS"


def test_links_lead_to_the_tile(client: TestClient) -> None:
    collection = client.get("/collections/grids").json()
    rel = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"
    (sets,) = [link["href"] for link in collection["links"] if link["rel"] == rel]
    entry = client.get(sets).json()["tilesets"][0]
    itself = next(link["href"] for link in entry["links"] if link["rel"] == "self")
    tileset = client.get(itself).json()
    assert tileset["dataType"] == "vector"
    links = {link["rel"]: link for link in tileset["links"]}
    tile = tile_at(120.015, 30.012, 10)
    template = links["item"]["href"]
    assert links["item"]["templated"]
    filled = template.format(tileMatrix=tile.zoom, tileRow=tile.row, tileCol=tile.column)
    assert client.get(filled).content == client.get(url(tile)).content

    described = client.get(links["describedby"]["href"]).json()
    assert described["tilejson"] == "3.0.0"
    filled = described["tiles"][0].format(z=tile.zoom, y=tile.row, x=tile.column)
    assert client.get(filled).content == client.get(url(tile)).content
    assert described["bounds"] == pytest.approx([120, 30, 120.03, 30.02])
    scheme = client.get(links["http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"]["href"])
    assert scheme.json()["tileMatrices"][0]["scaleDenominator"] == pytest.approx(559082264.0287178)


def test_a_crowded_tile_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.http.tiles.cutting._MAX_FEATURES", 2)
    folder = write_outputs(tmp_path / "out")
    sizes = {"small": 0.001, "large": 0.1, "middle": 0.01}
    features = [feature(fid, square(n, 0, w)) for n, (fid, w) in enumerate(sizes.items())]
    write_json(folder / "grids.geojson", {"type": "FeatureCollection", "features": features})
    tile = Tile(0, 0, 0)
    client = TestClient(create_app(folder))
    tile = tile_at(1.0, 0.05, 5)
    found = decoded(client.get(url(tile)).content, tile, tmp_path)
    assert sorted(found["id"]) == ["large", "middle"]


# ── the encoder by itself ──


def commands(content: bytes) -> list[int]:
    numbers, value, shift = [], 0, 0
    for byte in content:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(value)
            value = shift = 0
    return numbers


def runs(content: bytes) -> Iterator[tuple[list[tuple[int, int]], bool]]:
    """Give the runs of points of a geometry, and whether each is closed."""
    numbers = iter(commands(content))
    x = y = 0
    points: list[tuple[int, int]] = []
    for header in numbers:
        command, count = header & 7, header >> 3
        if command == 7:
            yield points, True
            points = []
            continue
        if command == 1 and points:
            yield points, False
            points = []
        for _ in range(count):
            dx, dy = next(numbers), next(numbers)
            x += (dx >> 1) ^ -(dx & 1)
            y += (dy >> 1) ^ -(dy & 1)
            points.append((x, y))
    if points:
        yield points, False


def encoded(
    kind: int, *geometries: shapely.Geometry
) -> dict[int, list[tuple[list[tuple[int, int]], bool]]]:
    parts, owner = shapely.get_parts(np.array(geometries, dtype=object), return_index=True)
    shapes = encode_shapes(kind, parts, owner)
    return {
        int(row): list(runs(content))
        for row, content in zip(shapes.features, shapes.commands, strict=True)
    }


def test_a_square_with_a_hole_turns_the_right_way() -> None:
    # ┌───────┐   drawn y up, then read y down: whatever way the input turns, the outer ring has a
    # │ ┌─┐   │   positive area in the formula of surveyors, the hole a negative one
    # │ └─┘   │
    # └───────┘
    outer, hole = [(0, 0), (9, 0), (9, 9), (0, 9)], [(2, 2), (4, 2), (4, 4), (2, 4)]
    for ring in (outer, outer[::-1]):
        for inner in (hole, hole[::-1]):
            ((points, closed), (inside, inside_closed)) = encoded(
                POLYGON, shapely.Polygon(ring, [inner])
            )[0]
            assert closed
            assert inside_closed
            assert surveyed(points) == 81
            assert surveyed(inside) == -4


def surveyed(points: list[tuple[int, int]]) -> float:
    following = [*points[1:], points[0]]
    return sum(x * y1 - x1 * y for (x, y), (x1, y1) in zip(points, following, strict=True)) / 2


def test_what_has_no_extent_is_left_out() -> None:
    thin = shapely.Polygon([(0, 0), (5, 0), (9, 0)])
    point = shapely.Polygon([(1, 1), (1, 1), (1, 1)])
    whole = shapely.Polygon([(0, 0), (5, 0), (5, 0), (5, 5), (0, 0)], [[(1, 0), (2, 0), (3, 0)]])
    found = encoded(POLYGON, thin, point, whole)
    assert found == {2: [([(0, 0), (5, 0), (5, 5)], True)]}
    assert encoded(LINE, shapely.LineString([(3, 3), (3, 3)])) == {}
    assert encoded(POLYGON, thin) == {}


def test_lines_and_points() -> None:
    lines = shapely.MultiLineString([[(0, 0), (1, 1), (1, 1), (2, 0)], [(5, 5), (6, 6)]])
    assert encoded(LINE, lines) == {
        0: [([(0, 0), (1, 1), (2, 0)], False), ([(5, 5), (6, 6)], False)]
    }
    dots = [shapely.Point(3, 4), shapely.MultiPoint([(1, 1), (-2, 5)])]
    assert encoded(POINT, *dots) == {0: [([(3, 4)], False)], 1: [([(1, 1), (-2, 5)], False)]}


@given(values=st.lists(st.integers(0, 2**53), min_size=1, max_size=40))
def test_varints_are_those_of_one_at_a_time(values: list[int]) -> None:
    written, ends = varints(np.array(values, dtype=np.int64))
    assert written == b"".join(varint(value) for value in values)
    assert ends[-1] == len(written)


@given(value=st.integers(-(2**31), 2**31))
def test_zigzag_goes_back(value: int) -> None:
    (found,) = zigzag(np.array([value], dtype=np.int64))
    assert (int(found) >> 1) ^ -(int(found) & 1) == value


_CORNER = st.tuples(st.integers(-100, 4200), st.integers(-100, 4200))


@settings(max_examples=80, deadline=None)
@given(rings=st.lists(st.lists(_CORNER, min_size=3, max_size=9), min_size=1, max_size=5))
def test_any_polygons_keep_their_area(rings: list[list[tuple[int, int]]]) -> None:
    polygons = [shapely.Polygon(ring) for ring in rings]
    whole = [polygon for polygon in polygons if polygon.is_valid]
    found = encoded(POLYGON, *whole)
    for row, polygon in enumerate(whole):
        area = sum(surveyed(points) for points, _ in found.get(row, []))
        assert area == pytest.approx(polygon.area)


def test_packed_tiles_are_gzip(client: TestClient) -> None:
    tile = tile_at(120.015, 30.012, 12)
    with client.stream("GET", url(tile), headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert gzip.decompress(raw) == client.get(url(tile)).content


def test_numbers_of_either_sign(tmp_path: Path) -> None:
    folder = write_outputs(tmp_path / "out")
    values = {"a": (-1, -0.5), "b": (-300, 1e300), "c": (0, 0.25), "d": (2**40, None)}
    features = [
        feature(fid, square(n, 0, 0.5), whole=whole, real=real)
        for n, (fid, (whole, real)) in enumerate(values.items())
    ]
    write_json(folder / "grids.geojson", {"type": "FeatureCollection", "features": features})
    tile = tile_at(1.0, 0.25, 5)
    answer = TestClient(create_app(folder)).get(url(tile))
    found = decoded(answer.content, tile, tmp_path).set_index("id")
    assert {fid: found.loc[fid, "whole"] for fid in values} == {f: v[0] for f, v in values.items()}
    assert found.loc[["a", "b", "c"], "real"].tolist() == [-0.5, 1e300, 0.25]
    assert np.isnan(found.loc["d", "real"])
