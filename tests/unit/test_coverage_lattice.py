"""The lattice that stands for area: its points, and none lost on a common border."""

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.coverage.lattice import lattice_points


def _polygons(*shapes: shapely.Geometry) -> np.ndarray:
    return np.array(shapes, dtype=object)


def test_points_lie_at_odd_multiples_of_half_the_spacing() -> None:
    xy, at = lattice_points(_polygons(shapely.box(0, 0, 50, 50)), spacing_m=25)
    assert sorted(map(tuple, xy.tolist())) == [
        (12.5, 12.5),
        (12.5, 37.5),
        (37.5, 12.5),
        (37.5, 37.5),
    ]
    assert at.tolist() == [0] * 4


def test_a_polygon_between_the_points_has_one_of_its_own() -> None:
    small = shapely.box(1, 1, 3, 3)
    xy, at = lattice_points(_polygons(shapely.box(0, 0, 25, 25), small), spacing_m=25)
    assert at.tolist() == [0, 1]
    assert shapely.contains_xy(small, *xy[1])


def test_holes_and_detached_parts_are_followed() -> None:
    ring = shapely.difference(shapely.box(0, 0, 125, 125), shapely.box(50, 50, 75, 75))
    far = shapely.union(ring, shapely.box(200, 0, 225, 25))
    xy, _ = lattice_points(_polygons(far), spacing_m=25)
    assert len(xy) == 24 + 1
    assert shapely.contains_xy(far, xy[:, 0], xy[:, 1]).all()


def test_no_polygons_no_points() -> None:
    xy, at = lattice_points(_polygons(), spacing_m=25)
    assert xy.shape == (0, 2)
    assert at.shape == (0,)


_CENTIMETRES = st.integers(-40_000, 40_000).map(lambda n: n / 100)


@given(
    st.lists(st.tuples(_CENTIMETRES, _CENTIMETRES), min_size=3, max_size=8, unique=True),
    _CENTIMETRES,
)
def test_the_same_points_as_by_asking_each_one(
    corners: list[tuple[float, float]], cut_x: float
) -> None:
    hull = shapely.convex_hull(shapely.MultiPoint(corners))
    if hull.area < 10_000:
        return
    halves = [
        part
        for part in (
            shapely.intersection(hull, shapely.box(-1000, -1000, cut_x, 1000)),
            shapely.intersection(hull, shapely.box(cut_x, -1000, 1000, 1000)),
        )
        if part.area > 1000
    ]
    whole, _ = lattice_points(_polygons(hull), spacing_m=25)
    grid = (np.arange(-20, 20) + 0.5) * 25
    x, y = (axis.ravel() for axis in np.meshgrid(grid, grid))
    edge = shapely.distance(hull.boundary, shapely.points(x, y)) < 1e-6
    inside = shapely.contains_xy(hull, x, y)
    found = {tuple(point) for point in whole.tolist()}
    assert found >= set(zip(x[inside & ~edge].tolist(), y[inside & ~edge].tolist(), strict=True))
    assert len(found) <= int((inside | edge).sum()) or len(whole) == 1
    if len(halves) == 2:
        parts, at = lattice_points(_polygons(*halves), spacing_m=25)
        assert len(parts) == len({tuple(p) for p in parts.tolist()})
        assert set(at.tolist()) == {0, 1}
