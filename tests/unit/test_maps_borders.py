"""Borders told once: every ring comes back as it was, and what neighbours share is told once."""

from typing import Any

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from maps.packing import FINE_DEG, Packer
from tests.unit.test_maps_packing import integers, shape_of, shared_shapes, unpack

Layers = dict[str, list[Any]]


def packed(layers: Layers, *, is_shared: bool) -> tuple[dict[str, Any], bytes]:
    packer = Packer(origin_lonlat=(0.0, 0.0))
    for name, shapes in layers.items():
        packer.add_shapes(name, np.array(shapes, dtype=object), is_shared=is_shared)
    return unpack(packer.blob({}))


def require_same(layers: Layers) -> dict[str, int]:
    """Check that the layers come back; return how many places of each are told."""
    header, body = packed(layers, is_shared=True)
    found = shared_shapes(header, body, list(layers))
    plain = packed(layers, is_shared=False)
    for name in layers:
        assert found[name] == shape_of(*plain, name)
    return {name: len(integers(header, body, f"{name}.xy")) // 2 for name in layers}


def polygon(*corners: tuple[int, int], holes: tuple[Any, ...] = ()) -> shapely.Polygon:
    scaled = [[(x * FINE_DEG, y * FINE_DEG) for x, y in ring] for ring in (corners, *holes)]
    return shapely.Polygon(scaled[0], scaled[1:])


def test_a_shared_border_is_told_once_in_either_direction() -> None:
    # 0┌──────┬──────┐  the border in the middle has three places more;
    #  │  a   │  b   │  the right grid is told once clockwise, once against it
    #  └──────┴──────┘
    left = polygon((0, 0), (9, 0), (8, 3), (9, 5), (8, 7), (9, 9), (0, 9))
    corners = [(20, 0), (20, 9), (9, 9), (8, 7), (9, 5), (8, 3), (9, 0)]
    for right in (polygon(*corners), polygon(*corners[::-1])):
        assert require_same({"grids": [left, right]}) == {"grids": 9}


def test_a_unit_of_grids_adds_hardly_a_place() -> None:
    boxes = [
        polygon((x, y), (x + 9, y), (x + 9, y + 9), (x, y + 9))
        for x in range(0, 90, 9)
        for y in range(0, 90, 9)
    ]
    unit = shapely.union_all(boxes)  # its straight borders keep their corners at grids
    told = require_same({"grids": boxes, "units": [unit, *boxes]})
    assert told["units"] <= 1


def test_a_border_across_the_first_place_of_a_ring_is_found() -> None:
    ring = [(0, 0), (9, 0), (9, 9), (0, 9)]
    turned = [polygon(*ring[k:], *ring[:k]) for k in range(4)]
    assert require_same({"grids": turned}) == {"grids": 4}
    assert require_same({"grids": [*turned, polygon(*ring[::-1])]}) == {"grids": 4}


def test_spikes_holes_lines_points_and_nothing_come_back() -> None:
    hole = [(2, 2), (4, 2), (4, 4), (2, 4)]
    shapes = [
        polygon((0, 0), (9, 0), (9, 9), (5, 9), (5, 12), (5, 9), (0, 9), holes=(hole,)),
        None,
        polygon(*hole),
        shapely.LineString([(0, 0), (9 * FINE_DEG, 0), (0, 0), (9 * FINE_DEG, 0)]),
        shapely.Point(FINE_DEG, 0),
        shapely.MultiPolygon(),
    ]
    require_same({"grids": shapes, "units": shapes[::-1]})


def test_no_shapes_at_all_come_back() -> None:
    assert require_same({"grids": [], "units": [None]}) == {"grids": 0, "units": 0}


corner = st.tuples(st.integers(0, 4), st.integers(0, 4))
ring = st.lists(corner, min_size=3, max_size=9).map(lambda places: polygon(*places))


@given(st.lists(st.one_of(st.none(), ring), max_size=8), st.lists(ring, max_size=4))
def test_rings_of_any_sort_come_back(grids: list[Any], units: list[Any]) -> None:
    require_same({"grids": grids, "units": units})
