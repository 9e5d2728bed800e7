"""Cells that belong together as shapes: the quick outline equals the boxes joined."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.coverage.cell_shapes import cell_shapes


def _shape(*rows: str, owner: str = "a") -> shapely.Geometry:
    """Return the shape of one letter in a drawing, 1 m cells, the last row at the bottom."""
    cells = [
        (column + 0.5, len(rows) - 1 - row + 0.5)
        for row, line in enumerate(rows)
        for column, letter in enumerate(line)
        if letter == owner
    ]
    xy = np.array(cells or np.zeros((0, 2)))
    (shape,) = cell_shapes(xy, np.zeros(len(xy), dtype=np.intp), step_m=1.0, n_owners=1)
    return shape


@pytest.mark.parametrize(
    ("rows", "area", "n_parts", "n_holes"),
    [
        (("aa", "aa"), 4, 1, 0),
        ((" aa", "aa "), 4, 1, 0),
        ((" a", "a "), 2, 2, 0),  # a corner is no border
        (("a a", "aaa"), 5, 1, 0),
        (("aaa", "a a", "aaa"), 8, 1, 1),
        (("aaa", "a a", "aa "), 7, 1, 1),  # the hole meets the outside in a corner
        (("aaaaa", "a   a", "a a a", "a   a", "aaaaa"), 17, 2, 1),  # an island in the hole
        (("a", " ", "a"), 2, 2, 0),
        (("",), 0, 0, 0),
    ],
)
def test_drawn(rows: tuple[str, ...], area: int, n_parts: int, n_holes: int) -> None:
    shape = _shape(*rows)
    assert shape.area == area
    assert shape.is_valid
    parts = shapely.get_parts(shape)
    assert len(parts) == n_parts
    assert sum(len(part.interiors) for part in parts) == n_holes


@given(st.integers(0, 2**32 - 1))
def test_shapes_are_their_cells_joined(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 6))
    # blobs: every cell belongs to the nearest of n places, some to nobody, some are told twice
    cells = np.array([(x, y) for x in range(8) for y in range(8)])
    places = rng.uniform(0, 8, (n, 2))
    owner = np.argmin(((cells[:, None] - places[None]) ** 2).sum(axis=2), axis=1)
    owner[rng.random(64) < rng.choice([0.0, 0.2])] = -1
    twice = rng.integers(0, 64, 5)
    xy = (np.vstack([cells, cells[twice]]) + 0.5) * 2.0
    both = np.concatenate([owner, owner[twice]])
    shapes = cell_shapes(xy, both, step_m=2.0, n_owners=n)
    for at, shape in enumerate(shapes):
        mine = cells[owner == at] * 2.0
        plain = shapely.union_all(shapely.box(*mine.T, *(mine + 2.0).T))
        assert shape.is_valid
        assert shapely.symmetric_difference(shape, plain).area == pytest.approx(0.0)
