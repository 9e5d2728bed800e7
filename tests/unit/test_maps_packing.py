"""The packed blob says exactly what went in."""

import base64
import gzip
import json
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from maps.packing import FINE_DEG, Packer, planes, zigzag


def unpack(text: str) -> tuple[dict[str, Any], bytes]:
    raw = gzip.decompress(base64.b64decode(text))
    size = int.from_bytes(raw[4:8], "little")
    assert raw[:4] == b"GCM2"
    header, body = json.loads(raw[8 : 8 + size]), raw[8 + size :]
    for name, section in header["sections"].items():
        if "n_bytes" in section:  # a late column: back to its table
            layer, column = name.split(".")
            packed = body[section["at"] : section["at"] + section["n_bytes"]]
            header[layer][column] = json.loads(packed)
    return header, body


def integers(header: dict[str, Any], body: bytes, name: str) -> list[int]:
    section = header["sections"][name]
    n, at = section["n"], section["at"]
    split = [body[at + k * n : at + (k + 1) * n] for k in range(section["width"])]
    return [sum(plane[i] << 8 * k for k, plane in enumerate(split)) for i in range(n)]


def signed(values: list[int]) -> list[int]:
    return [v // 2 if v % 2 == 0 else -(v + 1) // 2 for v in values]


def shape_of(header: dict[str, Any], body: bytes, name: str) -> list[list[list[tuple[int, int]]]]:
    """Read a layer that shares nothing."""
    rings, sizes = integers(header, body, f"{name}.rings"), integers(header, body, f"{name}.sizes")
    steps = signed(integers(header, body, f"{name}.xy"))
    xy = np.cumsum(np.array(steps, dtype=int).reshape(-1, 2), axis=0).tolist()
    paths = [[tuple(xy.pop(0)) for _ in range(size)] for size in sizes]
    return [[paths.pop(0) for _ in range(n)] for n in rings]


def shared_shapes(
    header: dict[str, Any], body: bytes, names: list[str]
) -> dict[str, list[list[list[tuple[int, int]]]]]:
    """Read layers of one step that share borders, place by place."""
    places: list[tuple[int, int]] = []
    ring_of: list[tuple[int, int]] = []  # where the ring of a place begins and ends
    for name in names:
        for size in integers(header, body, f"{name}.sizes"):
            ring_of += [(len(ring_of), len(ring_of) + size)] * size
    found = {}
    for name in names:
        base = len(places)
        told = iter(signed(integers(header, body, f"{name}.xy")))
        sources = iter(integers(header, body, f"{name}.sources"))
        for k, length in enumerate(integers(header, body, f"{name}.runs")):
            source = next(sources) if k % 2 else 0
            at = len(places) - source // 2
            for _ in range(length):
                if k % 2:
                    places.append(places[at])
                    first, end = ring_of[at]
                    at = first + (at - first + (-1 if source % 2 else 1)) % (end - first)
                else:
                    x, y = places[-1] if len(places) > base else (0, 0)
                    places.append((x + next(told), y + next(told)))
        rest = places[base:]
        paths = [
            [rest.pop(0) for _ in range(size)] for size in integers(header, body, f"{name}.sizes")
        ]
        found[name] = [
            [paths.pop(0) for _ in range(n)] for n in integers(header, body, f"{name}.rings")
        ]
    return found


def test_planes_are_the_known_bytes() -> None:
    assert planes(np.array([1, 127, 128, 300], dtype=np.uint64)) == bytes(
        [1, 127, 128, 44, 0, 0, 0, 1]
    )
    assert planes(np.array([], dtype=np.uint64)) == b""


def test_zigzag_keeps_small_numbers_small() -> None:
    assert zigzag(np.array([0, -1, 1, -2, 2])).tolist() == [0, 1, 2, 3, 4]


@given(st.lists(st.integers(-(2**40), 2**40), max_size=30))
def test_integers_come_back(values: list[int]) -> None:
    packer = Packer(origin_lonlat=(0.0, 0.0))
    packer.add("x", zigzag(np.array(values, dtype=np.int64)))
    header, body = unpack(packer.blob({}))
    assert signed(integers(header, body, "x")) == values


def test_shapes_come_back_without_closing_points() -> None:
    # ┌────────┐  a square of 30 steps with a hole, a part beside it,
    # │  ┌──┐  │  then nothing, a line and a point
    # │  └──┘  │ ┌─┐
    # └────────┘ └─┘
    d = FINE_DEG
    hole = shapely.Polygon(
        [(0, 0), (30 * d, 0), (30 * d, 30 * d), (0, 30 * d)],
        [[(10 * d, 10 * d), (10 * d, 20 * d), (20 * d, 20 * d)]],
    )
    beside = shapely.box(40 * d, 0, 50 * d, 10 * d)
    line = shapely.LineString([(0, 0), (0, 0), (5 * d, 5 * d)])
    shapes = np.array(
        [shapely.MultiPolygon([hole, beside]), None, line, shapely.Point(7 * d, -7 * d)],
        dtype=object,
    )
    packer = Packer(origin_lonlat=(0.0, 0.0))
    packer.add_shapes("grids", shapes)
    header, body = unpack(packer.blob({"words": {"a": "网"}}))

    found = shape_of(header, body, "grids")
    assert [len(rings) for rings in found] == [3, 0, 1, 1]
    assert found[0][0] == [(0, 0), (30, 0), (30, 30), (0, 30)]
    assert found[0][1] == [(10, 10), (10, 20), (20, 20)]
    assert len(found[0][2]) == 4
    assert found[2] == [[(0, 0), (5, 5)]]
    assert found[3] == [[(7, -7)]]
    assert header["words"] == {"a": "网"}


def test_a_closed_line_keeps_its_last_piece() -> None:
    d = FINE_DEG
    corners = [(0, 0), (5 * d, 0), (5 * d, 5 * d), (0, 0)]
    packer = Packer(origin_lonlat=(0.0, 0.0))
    packer.add_shapes("streets", np.array([shapely.LineString(corners)], dtype=object))
    header, body = unpack(packer.blob({}))
    assert shape_of(header, body, "streets") == [[[(0, 0), (5, 0), (5, 5), (0, 0)]]]


def test_places_are_at_most_half_a_step_off() -> None:
    rng = np.random.default_rng(4)
    xy = np.column_stack([rng.uniform(105, 106, 200), rng.uniform(29, 30, 200)])
    packer = Packer(origin_lonlat=(105.0, 29.0))
    packer.add_shapes("sites", np.asarray(shapely.points(xy), dtype=object))
    header, body = unpack(packer.blob({}))
    found = np.array([rings[0][0] for rings in shape_of(header, body, "sites")])
    assert np.abs(found * FINE_DEG + [105.0, 29.0] - xy).max() <= FINE_DEG * 0.51


def test_the_same_input_gives_the_same_text() -> None:
    def once() -> str:
        packer = Packer(origin_lonlat=(1.0, 2.0))
        packer.add_shapes("grids", np.array([shapely.box(1, 2, 3, 4)], dtype=object))
        return packer.blob({"a": 1})

    assert once() == once()


def test_a_number_that_json_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        Packer(origin_lonlat=(0.0, 0.0)).blob({"a": float("nan")})
