"""The parts of the kernel: rings, twins, what is left, faces, points, spikes, borders."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.grids.kernel import (
    Residue,
    Rings,
    Segments,
    alongside,
    clustered,
    faces_of,
    residue_of,
    segments_of,
    surely_beside,
    surely_within,
    windings,
    without_spikes,
)
from geo.grids.kernel.inner import inner_points
from tests.tilings import mesh, shaken, turned

SEEDS = st.integers(0, 2**32 - 1)
HOLED = shapely.difference(shapely.box(0, 0, 10, 10), shapely.box(2, 2, 4, 4))


def residue(polygons: list[shapely.Geometry], outlines: list[shapely.Geometry] = []) -> Residue:  # noqa: B006
    return residue_of(Rings.of([*polygons, *outlines]), len(polygons))


def pairs(found: Residue) -> dict[tuple[int, int], float]:
    return {
        (int(i), int(j)): round(float(m), 6)
        for i, j, m in zip(found.left, found.right, found.border_m, strict=True)
    }


def test_rings_of_holes_and_parts_are_told_apart() -> None:
    both = shapely.MultiPolygon([shapely.box(20, 0, 21, 1), HOLED])
    rings = Rings.of([shapely.box(0, 0, 1, 1), both, HOLED])

    assert list(rings.owner) == [0, 1, 1, 1, 2, 2]
    assert list(rings.is_hole) == [False, False, False, True, False, True]
    assert list(np.diff(rings.start)) == [5] * 6
    assert rings.first(1).n_polygons == 1
    assert len(rings.first(2).xy) == 20


def test_borders_cancel_and_only_the_outer_one_is_left() -> None:
    # ┌ 0 ┬ 1 ┐   opposite copies of the middle cancel; six segments are left
    # └───┴───┘
    found = residue([shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)])

    assert len(found.chain) == 6
    assert pairs(found) == {(0, 1): 10.0}
    assert windings(np.array([[5.0, 5.0], [15.0, 5.0], [25.0, 5.0]]), found.chain).tolist() == [
        1,
        1,
        0,
    ]


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_the_residue_does_not_depend_on_how_rings_run(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cells = mesh(rng, 4)
    order = rng.permutation(len(cells))
    a, b = residue(cells), residue([turned(cells[k], rng) for k in order])

    assert {tuple(s) for s in a.chain} == {tuple(s) for s in b.chain}
    back = {tuple(sorted((int(order[i]), int(order[j])))): m for (i, j), m in pairs(b).items()}
    assert pairs(a) == pytest.approx(back)
    assert (a.fingerprint[order] == b.fingerprint).all()


def test_the_parts_of_a_tiling_have_the_fingerprint_of_the_whole() -> None:
    cells = mesh(np.random.default_rng(1), 4)
    whole = shapely.coverage_union_all(cells)
    parts, total = (Segments.of(Rings.of(g)).fingerprint for g in (cells, [whole]))

    assert parts.sum(dtype=np.uint64) == total[0]
    assert parts[1:].sum(dtype=np.uint64) != total[0]


def test_segments_that_many_have_count_for_every_pair() -> None:
    square = shapely.box(0, 0, 10, 10)
    found = residue([square, square, shapely.box(10, 0, 20, 10)])

    assert pairs(found) == {(0, 1): 40.0, (0, 2): 10.0, (1, 2): 10.0}
    assert sorted(faces_of(found, np.array([square] * 3)).n_grids) == [1, 2]


def test_outlines_that_no_grid_follows_are_open() -> None:
    # the grid ends 2 m short of its unit: three of the unit's four segments and one of the grid's
    found = residue([shapely.box(0, 0, 8, 10)], [shapely.box(0, 0, 10, 10)])
    assert len(found.open_outline) == 3
    assert len(found.outline_vertex) == 1

    whole = residue([shapely.box(0, 0, 10, 10)], [shapely.box(0, 0, 10, 10)])
    assert (len(whole.open_outline), len(whole.outline_vertex)) == (0, 4)


def test_a_polygon_alone_in_another_is_a_face_without_cutting() -> None:
    #  ┌─────────┐
    #  │  ┌─┐    │  1 lies in 0 alone; 2 crosses its border
    #  │  └─┘  ┌─┼─┐
    #  └───────┴─┴─┘
    shapes = [shapely.box(0, 0, 100, 100), shapely.box(20, 60, 30, 70), shapely.box(90, 0, 110, 9)]
    faces = faces_of(residue(shapes), np.array(shapes))

    assert sorted(zip(faces.n_grids, shapely.area(faces.geometry), strict=True)) == [
        (1, 90.0),
        (1, 9910.0),
        (2, 90.0),
        (2, 100.0),
    ]
    assert faces.geometry[faces.is_loop].tolist() == [shapes[1]]


@settings(max_examples=50, deadline=None)
@given(seed=SEEDS)
def test_windings_are_the_number_of_polygons_around_a_point(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shapes = [shapely.Point(*rng.uniform(0, 50, 2)).buffer(rng.uniform(2, 30)) for _ in range(8)]
    points = rng.uniform(-10, 60, (40, 2))
    expected = [sum(s.contains(shapely.Point(p)) for s in shapes) for p in points]

    assert windings(points, residue(shapes).chain).tolist() == expected


@settings(max_examples=50, deadline=None)
@given(seed=SEEDS)
def test_inner_points_are_inside_and_off_the_border(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shapes = [shapely.Point(0, 0).buffer(9, quad_segs=k) for k in range(1, 6)]
    shapes = [shaken(s, rng, 2.0) for s in shapes]
    shapes = [s for s in [*shapes, HOLED] if s.is_valid]
    for x, y, shape in zip(*inner_points(Rings.of(shapes)).T, shapes, strict=True):
        assert shape.contains(shapely.Point(x, y))
        assert shape.boundary.distance(shapely.Point(x, y)) > 0.01


def test_vertices_nearer_than_the_reach_become_one_and_none_moves_further() -> None:
    rng = np.random.default_rng(0)
    places = rng.uniform(0, 1000, (500, 2))
    xy = np.repeat(places, 3, axis=0) + rng.uniform(-0.005, 0.005, (1500, 2))
    moved = clustered(xy, 0.02)

    assert len(np.unique(moved, axis=0)) == 500
    assert np.hypot(*(moved - xy).T).max() <= 0.02


def test_spikes_without_width_go_and_nothing_else_does() -> None:
    spiky = shapely.Polygon([(0, 0), (10, 0), (10, 5), (30, 5), (10, 5), (10, 10), (0, 10)])
    clean, same, none = without_spikes([spiky, HOLED, shapely.Polygon([(0, 0), (9, 0), (4, 1e-9)])])

    assert clean.equals(shapely.box(0, 0, 10, 10))
    assert clean.length == 40.0
    assert same == HOLED
    assert none.is_empty


def measured(
    left: shapely.Geometry, right: shapely.Geometry, reach_m: float
) -> tuple[float, float]:
    rows, start = segments_of(Rings.of([left, right]), np.array([0, 1]))
    total, beside = alongside(rows, start, np.array([0]), np.array([1]), np.array([reach_m]))
    return float(total[0]), float(beside[0])


def test_borders_side_by_side_are_measured_less_what_reaches_past_their_ends() -> None:
    # 10 m of common border, and 1 m past both its corners lie as near; then 2 m are taken off
    total_m, beside_m = measured(shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10), 1.0)
    assert total_m == pytest.approx(12.0)
    assert beside_m == pytest.approx(10.0)
    assert measured(shapely.box(0, 0, 10, 10), shapely.box(12, 0, 20, 10), 1.0) == (0.0, 0.0)


@settings(max_examples=50, deadline=None)
@given(seed=SEEDS, reach_m=st.floats(0.2, 20.0))
def test_the_length_within_reach_is_that_of_a_buffer(seed: int, reach_m: float) -> None:
    rng = np.random.default_rng(seed)
    a, b = (
        shaken(shapely.Point(*rng.uniform(0, 60, 2)).buffer(25, quad_segs=5), rng, 1.0)
        for _ in range(2)
    )
    expected = a.boundary.intersection(b.boundary.buffer(reach_m, quad_segs=200)).length

    assert measured(a, b, reach_m)[0] == pytest.approx(expected, rel=1e-3, abs=0.01)


@settings(max_examples=100, deadline=None)
@given(seed=SEEDS, push_m=st.sampled_from([0.0, 1e-9, 1e-3, 5.0]))
def test_what_is_surely_within_is_covered(seed: int, push_m: float) -> None:
    rng = np.random.default_rng(seed)
    cells = mesh(rng, 3)
    whole = shapely.coverage_union_all(cells)
    moved = [*cells[:4], *(shaken(cell, rng, push_m) for cell in cells[4:])]
    rows, start = segments_of(Rings.of(moved), np.arange(9))
    outer, outer_start = segments_of(Rings.of([whole]), np.array([0]))
    told = surely_within(rows, start, outer, outer_start, (np.arange(9), np.zeros(9, np.int64)))

    covered = [bool(whole.covers(cell)) for cell in moved]
    assert all(c for t, c in zip(told, covered, strict=True) if t)
    assert told[:5].all() or push_m > 0


@pytest.mark.parametrize(
    ("box", "is_told"),
    [
        ((0, 20, 30, 60), True),  # its west side is a part of the parent's
        ((0, 0, 100, 40), True),
        ((20, 0, 60, 100), True),  # both its short sides are
        ((-1, 20, 30, 60), False),
        ((0, 20, 100.5, 60), False),
        ((110, 20, 130, 60), False),
        ((100, 20, 130, 60), False),  # outside, along the parent's east side
    ],
)
def test_a_side_along_a_straight_parent_is_told(
    box: tuple[float, float, float, float], *, is_told: bool
) -> None:
    rows, start = segments_of(Rings.of([shapely.box(*box)]), np.array([0]))
    outer, outer_start = segments_of(Rings.of([shapely.box(0, 0, 100, 100)]), np.array([0]))
    pair = np.array([0]), np.array([0])

    assert surely_within(rows, start, outer, outer_start, pair)[0] == is_told


@settings(max_examples=100, deadline=None)
@given(seed=SEEDS, push_m=st.sampled_from([0.0, 1e-9, 1e-3, 5.0]))
def test_what_is_surely_beside_holds_all_of_a_face_or_nothing(seed: int, push_m: float) -> None:
    rng = np.random.default_rng(seed)
    cells = mesh(rng, 3)
    faces = [cells[4], shapely.coverage_union_all(cells[:4] + cells[5:])]
    moved = [*cells[:4], *(shaken(cell, rng, push_m) for cell in cells[4:])]
    rows, start = segments_of(Rings.of(moved), np.arange(9))
    sides, face_start = segments_of(Rings.of(faces), np.arange(2))
    pairs = np.tile(np.arange(9), 2), np.repeat(np.arange(2), 9)
    told = surely_beside(rows, start, sides, face_start, pairs)

    for is_beside, k, f in zip(told, *pairs, strict=True):
        apart = moved[k].relate_pattern(faces[f], "F********") or moved[k].covers(faces[f])
        assert apart or not is_beside
    if push_m == 0.0:
        assert told.tolist() == [True] * 9 + [k == 4 for k in range(9)]
