"""Lines that need no cutting: told for certain, and then cutting them changes nothing."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.grids.kernel.noded import is_surely_noded

PLACES = st.tuples(st.integers(0, 9), st.integers(0, 9))
PATHS = st.lists(st.lists(PLACES, min_size=2, max_size=5, unique=True), min_size=1, max_size=3)


def drawn(
    paths: list[list[tuple[int, int]]],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    rows = [[*a, *b] for path in paths for a, b in pairwise(path)]
    follows = [k > 0 for path in paths for k in range(len(path) - 1)]
    return np.array(rows, dtype=float), np.array(follows)


@settings(max_examples=400, deadline=None)
@given(paths=PATHS)
def test_cutting_changes_nothing_where_nothing_meets(paths: list[list[tuple[int, int]]]) -> None:
    lines = np.array([shapely.LineString(path) for path in paths], dtype=object)
    cut = shapely.get_parts(shapely.unary_union(lines))
    is_whole = {g.wkb for g in shapely.normalize(cut)} == {g.wkb for g in shapely.normalize(lines)}
    if is_surely_noded(*drawn(paths)):
        assert is_whole


@pytest.mark.parametrize(
    ("paths", "noded"),
    [
        ([[(0, 0), (4, 0), (4, 4), (0, 0)]], True),  # a ring: its ends are one
        ([[(0, 0), (4, 0)], [(4, 0), (4, 4)], [(4, 0), (8, 0)]], True),  # three ends in one place
        ([[(0, 0), (4, 4)], [(0, 4), (4, 0)]], False),  # they cross
        ([[(0, 0), (8, 0)], [(4, 0), (4, 4)]], False),  # an end on the other's inside
        ([[(0, 0), (4, 0), (8, 0)], [(4, 0), (4, 4)]], False),  # an end on the other's vertex
        ([[(0, 0), (4, 0)], [(4, 0), (0, 0)]], False),  # one twice
        ([[(0, 0), (4, 0), (2, 0)]], False),  # back along itself
        ([[(0, 0), (3, 0)], [(2, 0), (8, 0)]], False),  # one along the other
        ([[(0, 0), (4, 1)], [(0, 1), (4, 2)]], True),  # boxes meet, lines do not
    ],
)
def test_drawn_lines(paths: list[list[tuple[int, int]]], noded: bool) -> None:  # noqa: FBT001
    assert is_surely_noded(*drawn(paths)) is noded


def test_nothing_is_certain_of_lines_as_long_as_the_earth() -> None:
    assert not is_surely_noded(*drawn([[(0, 0), (20_000_000, 0)]]))
