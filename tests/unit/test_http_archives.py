"""PMTiles on demand: the same tiles as one by one, readable by GDAL, bounded."""

import gzip
from pathlib import Path

import httpx2
import numpy as np
import pyogrio
import pytest
from starlette.testclient import TestClient

from api.http import archives, create_app
from tests.service.outputs import write_outputs

pmtiles = pytest.importorskip("pmtiles.reader", reason="pmtiles is not installed")
TILE = "/collections/grids/tiles/WebMercatorQuad"


def fetched(folder: Path, target: Path) -> tuple[TestClient, httpx2.Response]:
    client = TestClient(create_app(folder))
    answer = client.get("/files/grids.pmtiles")
    target.write_bytes(answer.content)
    return client, answer


def test_an_archive_holds_the_tiles_of_the_service(tmp_path: Path) -> None:
    archive = tmp_path / "grids.pmtiles"
    client, answer = fetched(write_outputs(tmp_path / "out"), archive)
    assert answer.headers["content-type"] == "application/vnd.pmtiles"
    part = client.get("/files/grids.pmtiles", headers={"Range": "bytes=0-6"})
    assert (part.status_code, part.content) == (206, b"PMTiles")
    with archive.open("rb") as stream:
        reader = pmtiles.Reader(pmtiles.MmapSource(stream))
        header = reader.header()
        assert header["max_zoom"] == 14
        (west, south), zoom = (header["min_lon_e7"] / 1e7, header["min_lat_e7"] / 1e7), 10
        column = int((west + 180) / 360 * 2**zoom)
        row = int((1 - np.arcsinh(np.tan(np.radians(south))) / np.pi) / 2 * 2**zoom)
        held = gzip.decompress(reader.get(zoom, column, row))
        assert held == client.get(f"{TILE}/{zoom}/{row}/{column}").content
    layers = pyogrio.list_layers(archive)[:, 0].tolist()
    assert layers == ["grids"]


def test_an_archive_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_MAX_TILES", 4)
    archive = tmp_path / "grids.pmtiles"
    fetched(write_outputs(tmp_path / "out"), archive)
    with archive.open("rb") as stream:
        assert pmtiles.Reader(pmtiles.MmapSource(stream)).header()["addressed_tiles_count"] <= 4
