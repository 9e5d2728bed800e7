"""Which grid a point belongs to: the same however the grids are shared out to threads."""

import numpy as np
import pytest
import shapely

from geo import membership
from geo.membership import assign_to_grids
from tests.builders import buildings, grids


def test_threads_find_what_one_search_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    boxes = [(10 * x, 10 * y, 10 * x + 11, 10 * y + 10) for x in range(5) for y in range(5)]
    frame = grids(*boxes)  # neighbours overlap by 1 m: the smallest id counts
    points = buildings(*[tuple(xy) for xy in rng.integers(-2, 54, (200, 2)).tolist()])
    monkeypatch.setattr(membership, "_CHUNK", 2)
    found = assign_to_grids(points, frame)
    for point, owner in zip(points.geometry, found, strict=True):
        mine = frame.index[shapely.covers(frame.geometry.array, point)]
        assert owner == min(mine, default=None)
