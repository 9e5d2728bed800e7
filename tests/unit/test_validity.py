"""Polygons are valid where GEOS says so."""

from unittest import mock

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from geo.validity import is_valid


def shapes(*given: object) -> npt.NDArray[np.object_]:
    made = np.empty(len(given), dtype=object)
    made[:] = given
    return made


@settings(max_examples=300, deadline=None)
@given(
    xy=arrays.arrays(
        float, st.tuples(st.integers(3, 9), st.just(2)), elements=st.integers(0, 5).map(float)
    ),
    scale=st.sampled_from([1.0, 1e-9, 1e6, 1e9]),
    shift=st.sampled_from([0.0, 3.4e6]),
)
def test_a_ring_on_a_lattice_is_what_geos_says(
    xy: npt.NDArray[np.float64], scale: float, shift: float
) -> None:
    ring = shapes(shapely.Polygon(xy * scale + shift))
    assert (is_valid(ring) == shapely.is_valid(ring)).all()


@settings(max_examples=200, deadline=None)
@given(
    radius_m=arrays.arrays(float, st.integers(12, 90), elements=st.integers(80, 120).map(float)),
    swapped=st.none() | st.tuples(st.integers(0, 11), st.integers(0, 11)),
)
def test_a_rough_ring_is_what_geos_says(
    radius_m: npt.NDArray[np.float64], swapped: tuple[int, int] | None
) -> None:
    angle = np.linspace(0.0, 2.0 * np.pi, len(radius_m), endpoint=False)
    xy = np.column_stack([radius_m * np.cos(angle), radius_m * np.sin(angle)])
    if swapped is not None:
        xy[list(swapped)] = xy[list(swapped[::-1])]
    ring = shapes(shapely.Polygon(xy))
    assert (is_valid(ring) == shapely.is_valid(ring)).all()


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))", True),
        ("POLYGON ((0 0, 4 4, 4 0, 0 4, 0 0))", False),
        ("POLYGON ((0 0, 4 0, 4 4, 2 0, 0 4, 0 0))", False),  # touches its own border
        ("POLYGON ((0 0, 4 0, 6 0, 4 0, 4 4, 0 4, 0 0))", False),  # a spike
        ("POLYGON ((0 0, 4 0, 4 0, 4 4, 0 0))", True),  # a repeated vertex
        ("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 5 1, 2 2, 1 1))", False),
        ("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 1))", True),
        ("MULTIPOLYGON (((0 0, 4 0, 4 4, 0 0)), ((1 0, 4 0, 4 4, 1 0)))", False),
        ("POLYGON EMPTY", True),
        ("LINESTRING (0 0, 1 1)", True),
    ],
)
def test_drawn_shapes(text: str, valid: bool) -> None:  # noqa: FBT001
    assert is_valid(shapes(shapely.from_wkt(text))).tolist() == [valid]


def test_what_is_missing_or_has_no_place_is_not_valid() -> None:
    far = shapely.Polygon([(0, 0), (np.inf, 0), (4, 4), (0, 4)])
    assert is_valid(shapes(None, far)).tolist() == [False, False]


@pytest.mark.parametrize("n_waves", [0, 9, 60])
def test_plain_polygons_are_told_without_geos(n_waves: int) -> None:
    angle = np.linspace(0.0, 2.0 * np.pi, 500, endpoint=False)
    radius_m = 100.0 + 20.0 * np.sin(n_waves * angle)
    xy = np.column_stack([radius_m * np.cos(angle), radius_m * np.sin(angle)]) + 3.4e6
    ring = shapes(shapely.Polygon(xy))
    with mock.patch.object(shapely, "is_valid", lambda given: np.zeros(len(given), dtype=bool)):
        assert is_valid(ring).all()
