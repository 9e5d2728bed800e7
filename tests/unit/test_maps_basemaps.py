"""Basemaps: read from each kind of file, told to the page, refused where they cannot be."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from api.commands import main
from geo.errors import GridCircleError, LoadError, ProjectError
from geo.io.datum import wgs84_to_gcj02
from maps import audit_map, write_map
from maps.basemaps import inlining, raster_type, read_basemap, served_basemap, with_basemap
from maps.basemaps.inlining import BASEMAP_ID, inlined_basemap
from maps.offline import external_references
from maps.scene import lonlat_bounds
from tests.basemap_tiles import dot_tile, spot, write_folder, write_mbtiles, write_pmtiles
from tests.unit.fake_audit import fake_audit
from tests.unit.test_maps_page import HOSTILE

BOUNDS = (113.10, 27.80, 113.14, 27.84)
_WRITERS = {"tiles": write_folder, "a.mbtiles": write_mbtiles, "a.pmtiles": write_pmtiles}


def _tiles(
    bounds: tuple[float, float, float, float], zooms: range
) -> dict[tuple[int, int, int], bytes]:
    found = {}
    for z in zooms:
        left, top, _, _ = spot(bounds[0] - 0.02, bounds[3] + 0.02, z)
        right, bottom, _, _ = spot(bounds[2] + 0.02, bounds[1] - 0.02, z)
        for x in range(left, right + 1):
            for y in range(top, bottom + 1):
                found[z, x, y] = dot_tile(x % 200, y % 200)
    return found


@pytest.mark.parametrize("name", list(_WRITERS))
def test_tiles_come_back_from_each_kind_of_file(tmp_path: Path, name: str) -> None:
    if name.endswith("pmtiles"):
        pytest.importorskip("pmtiles")
    tiles = _tiles(BOUNDS, range(12, 15))
    basemap = read_basemap(_WRITERS[name](tmp_path / name, tiles))
    assert basemap.files is not None
    assert (basemap.min_zoom, basemap.max_zoom) == (12, 14)
    assert all(basemap.files.tile(*place) == tile for place, tile in tiles.items())
    assert basemap.files.tile(14, 0, 0) is None


def test_whole_zooms_go_into_the_page_up_to_the_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiles = _tiles(BOUNDS, range(12, 17))
    basemap = read_basemap(write_folder(tmp_path / "t", tiles))
    told = json.loads(inlined_basemap(basemap, BOUNDS))
    assert (told["min_zoom"], told["max_zoom"], told["shift"]) == (14, 16, None)
    by_zoom = {z: sum(key.startswith(f"{z}/") for key in told["tiles"]) for z in (14, 15, 16)}
    assert by_zoom[16] > by_zoom[15] > by_zoom[14] > 0
    size = sum(len(uri) for key, uri in told["tiles"].items() if key.startswith("14/"))
    monkeypatch.setattr(inlining, "MAX_INLINED_BYTES", size)
    told = json.loads(inlined_basemap(basemap, BOUNDS))
    assert (told["min_zoom"], told["max_zoom"]) == (14, 14)
    monkeypatch.setattr(inlining, "MAX_INLINED_BYTES", size - 1)
    with pytest.raises(LoadError, match="no tile here"):
        inlined_basemap(basemap, BOUNDS)


def test_the_page_stays_offline_and_is_the_same_without_a_basemap(tmp_path: Path) -> None:
    audit = fake_audit()
    bounds = lonlat_bounds(audit.grids)
    base = read_basemap(write_folder(tmp_path / "t", _tiles(bounds, range(13, 15))))
    page = write_map(audit, tmp_path / "map.html", basemap=base).read_text(encoding="utf-8")
    assert f'id="{BASEMAP_ID}"' in page
    assert external_references(page) == ()
    assert "img-src data:;" in page
    assert f'id="{BASEMAP_ID}"' not in audit_map(audit)


def test_hostile_attribution_stays_in_its_element(tmp_path: Path) -> None:
    write_folder(tmp_path / "t", _tiles(BOUNDS, range(15, 16)))
    about = tmp_path / "b.toml"
    about.write_text(f"tiles = 't'\nattribution = {json.dumps(HOSTILE)}\n", encoding="utf-8")
    told = inlined_basemap(read_basemap(about), BOUNDS)
    assert "<" not in told
    assert json.loads(told)["attribution"] == HOSTILE
    page = with_basemap("<html><body></body></html>", told)
    assert page.count("</script>") == 1


def test_the_shift_is_that_of_gcj02_at_each_place(tmp_path: Path) -> None:
    write_folder(tmp_path / "t", _tiles((121.2, 31.0, 121.7, 31.4), range(9, 10)))
    about = tmp_path / "b.toml"
    about.write_text('tiles = "t"\ndatum = "gcj02"\n', encoding="utf-8")
    told = json.loads(served_basemap(read_basemap(about), (121.2, 31.0, 121.7, 31.4), "/"))
    rng = np.random.default_rng(1)
    places = np.column_stack([rng.uniform(121.2, 121.7, 200), rng.uniform(31.0, 31.4, 200)])
    shifted = wgs84_to_gcj02(places)
    off = np.array([_between(told["shift"], at) for at in shifted])
    metres = (shifted - off - places) * [95_000, 111_000]
    assert np.abs(metres).max() < 0.1
    away = np.hypot(*((shifted - places) * [95_000, 111_000]).T)
    assert 350 < away.min() < away.max() < 650  # it is hundreds of metres that are made good


def _between(shift: dict[str, Any], at: np.ndarray) -> tuple[float, float]:
    (west, south, east, north), (n, m) = shift["box"], shift["shape"]
    x, y = (at[0] - west) / (east - west) * (n - 1), (at[1] - south) / (north - south) * (m - 1)
    i, j = int(x), int(y)
    u, v, k = x - i, y - j, j * n + i
    lon, lat = (
        (a[k] * (1 - u) + a[k + 1] * u) * (1 - v) + (a[k + n] * (1 - u) + a[k + n + 1] * u) * v
        for a in (shift["lon"], shift["lat"])
    )
    return lon, lat


def test_the_key_comes_from_the_environment_and_is_told_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = tmp_path / "b.toml"
    about.write_text(
        'tiles = "https://t0.tianditu.gov.cn/vec_w/wmts?TILEMATRIX={z}&TILEROW={y}&TILECOL={x}'
        '&tk={key}"\nkey_env = "MY_KEY"\n',
        encoding="utf-8",
    )
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(ProjectError, match="MY_KEY"):
        read_basemap(about)
    monkeypatch.setenv("MY_KEY", "s3cret")
    basemap = read_basemap(about)
    assert basemap.url is not None
    assert basemap.url.endswith("&tk=s3cret")
    assert "s3cret" not in repr(basemap)
    assert "s3cret" not in served_basemap(basemap, BOUNDS, "http://here/basemap/{z}/{x}/{y}")
    with pytest.raises(ProjectError, match="serve"):
        inlined_basemap(basemap, BOUNDS)


@pytest.mark.parametrize(
    "about",
    [
        'tiles = "https://{z}.example/{x}/{y}"',  # a host out of the request
        'tiles = "https://example/tiles/{z}/{x}"',
        'tiles = "nothing.mbtiles"',
        'tiles = "t"\ndatum = "bd09"',
        'tiles = "t"\ncolour = "red"',
        'tiles = "t"\nmin_zoom = 30',
        'tiles = "t"\nmin_zoom = 9\nmax_zoom = 8',
        "tiles = 3",
        "tiles = ",
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, about: str) -> None:
    write_folder(tmp_path / "t", {(3, 1, 1): dot_tile()})
    (tmp_path / "b.toml").write_text(about, encoding="utf-8")
    with pytest.raises(GridCircleError):
        read_basemap(tmp_path / "b.toml")


def test_broken_files_and_vector_tiles_are_refused(tmp_path: Path) -> None:
    for name in ("a.mbtiles", "a.pmtiles", "a.txt"):
        (tmp_path / name).write_bytes(b"nothing of the kind" * 20)
        with pytest.raises(LoadError):
            read_basemap(tmp_path / name)
    vector = dict.fromkeys(_tiles(BOUNDS, range(15, 16)), b"\x1f\x8b\x08")
    basemap = read_basemap(write_mbtiles(tmp_path / "v.mbtiles", vector))
    with pytest.raises(LoadError, match="vector"):
        inlined_basemap(basemap, BOUNDS)


def test_pictures_are_told_by_their_first_bytes() -> None:
    assert raster_type(dot_tile()) == "image/png"
    assert raster_type(b"\xff\xd8\xff\xe0") == "image/jpeg"
    assert raster_type(b"RIFF\0\0\0\0WEBPVP8 ") == "image/webp"
    assert raster_type(b"<svg onload=alert(1)>") is None


def _audited(folder: Path, basemap: str) -> int:
    """Audit one grid of the city with a `[map]` that names `basemap`; return the exit code."""
    grids = fake_audit().grids.iloc[:1][["name", "geometry"]].rename_axis("grid_id")
    grids.to_file(folder / "grids.gpkg")
    project = folder / "city.toml"
    project.write_text(
        f'[project]\nid = "city"\n[layers.grids]\npath = "grids.gpkg"\n'
        f'[map]\nmark = "内部资料"\nbasemap = "{basemap}"\n',
        encoding="utf-8",
    )
    with pytest.raises(SystemExit) as stop:
        main(["audit", str(project), "-o", str(folder / "out"), "--fail-on", "never"])
    return int(stop.value.code or 0)


def test_a_project_names_its_basemap(tmp_path: Path) -> None:
    write_folder(tmp_path / "t", _tiles(lonlat_bounds(fake_audit().grids), range(14, 17)))
    assert _audited(tmp_path, "t") == 0
    page = (tmp_path / "out" / "map.html").read_text(encoding="utf-8")
    assert f'id="{BASEMAP_ID}"' in page
    assert external_references(page) == ()
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert summary["project"] == "city"


@pytest.mark.parametrize("basemap", ["nothing.mbtiles", "online.toml"])
def test_a_basemap_that_cannot_be_drawn_stops_the_audit_before_it_begins(
    tmp_path: Path, basemap: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "online.toml").write_text(
        'tiles = "https://tiles.example/{z}/{x}/{y}.png"\n', encoding="utf-8"
    )
    assert _audited(tmp_path, basemap) == 2
    told = capsys.readouterr().err
    assert "nothing.mbtiles" in told or "gridcircle serve" in told
    assert not (tmp_path / "out").exists()
