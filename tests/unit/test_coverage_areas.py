"""Exact areas of grids inside circles, against geometry known by heart and against fine buffers."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.coverage.areas import covered_area_share, pairs_of_polygons, rings_of
from geo.coverage.discs import cells_of

FAR = np.array([500_000.0, 3_400_000.0])  # where real coordinates lie


def shares(
    polygons: list[shapely.Geometry], centres: list[tuple[float, float]], radius: float
) -> np.ndarray:
    moved = shapely.transform(np.array(polygons, dtype=object), lambda xy: xy + FAR)
    xy = np.array(centres, dtype=float).reshape(-1, 2) + FAR
    rings = rings_of(moved)
    pairs = pairs_of_polygons(rings, cells_of(xy, at_least_m=radius), limit_m=radius)
    keep = pairs[:, 2] < radius
    at, circle = pairs[keep, :2].astype(int).T
    return covered_area_share(
        rings, xy, (at, circle), radius_m=radius, is_inside=pairs[keep, 3] <= radius
    )


def lens(apart: float, radius: float) -> float:
    half = math.acos(apart / 2 / radius)
    return radius**2 * (2 * half - math.sin(2 * half))


BOX = shapely.box(-300, -300, 300, 300)
CASES = {
    "a whole circle": ([(0, 0)], math.pi * 1e4),
    "the same circle twice": ([(0, 0), (0, 0)], math.pi * 1e4),
    "two apart": ([(-150, 0), (150, 0)], 2 * math.pi * 1e4),
    "two that touch": ([(-100, 0), (100, 0)], 2 * math.pi * 1e4),
    "two that overlap": ([(-50, 0), (50, 0)], 2 * math.pi * 1e4 - lens(100, 100)),
    "half over an edge": ([(300, 0)], math.pi * 5e3),
    "a quarter at a corner": ([(300, 300)], math.pi * 2.5e3),
    "touching an edge from within": ([(200, 0)], math.pi * 1e4),
    "touching an edge from outside": ([(400, 0)], 0.0),
}


@pytest.mark.parametrize("case", CASES)
def test_areas_known_by_heart(case: str) -> None:
    centres, area = CASES[case]
    assert shares([BOX], centres, 100.0)[0] == pytest.approx(area / 360_000, abs=1e-12)


def test_holes_and_parts_count_as_they_are() -> None:
    ring = shapely.difference(shapely.box(-50, -50, 50, 50), shapely.box(-10, -10, 10, 10))
    parts = shapely.multipolygons([shapely.box(0, -20, 20, 0), shapely.box(500, 0, 520, 20)])
    turned = shapely.reverse(ring)
    found = shares([ring, turned, parts], [(0, 0)], 50.0)
    circle = math.pi * 2500 - 400
    assert found == pytest.approx([circle / 9600, circle / 9600, 0.5], abs=1e-12)


def test_a_grid_within_circles_is_covered_wholly() -> None:
    cross = [(-60, 0), (60, 0), (0, 60), (0, -60)]
    assert shares([shapely.box(-70, -70, 70, 70)], cross, 100.0).tolist() == [1.0]
    assert shares([shapely.box(-1, -1, 1, 1)], [(0, 0)], 2.0).tolist() == [1.0]


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10_000), n=st.integers(1, 30), on_lattice=st.booleans(), m=st.integers(3, 9)
)
def test_equal_to_fine_buffers(seed: int, n: int, *, on_lattice: bool, m: int) -> None:
    rng = np.random.default_rng(seed)
    centres = rng.random((n, 2)) * 200
    if on_lattice:  # equal circles, circles through corners, tangents
        centres = np.round(centres / 25) * 25
    angle = np.sort(rng.random(m)) * 2 * np.pi
    away = rng.random(m) * 80 + 20
    star = shapely.Polygon(100 + away[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]))
    polygons = [shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)]
    if star.is_valid:
        polygons.append(star)
    found = shares(polygons, [tuple(xy) for xy in centres], 50.0)
    union = shapely.union_all(shapely.buffer(shapely.points(centres), 50.0, quad_segs=400))
    fine = shapely.area(shapely.intersection(polygons, union)) / shapely.area(polygons)
    assert np.abs(found - fine).max() < 1e-5
