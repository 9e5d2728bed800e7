"""Streets as they are drawn: which come first, which become one line, nothing lost."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from maps.streets import street_classes, street_lines


def streets(
    lines: list[list[tuple[float, float]]], **columns: Sequence[object]
) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        columns, geometry=[shapely.LineString(line) for line in lines], crs="EPSG:4544"
    )


def test_a_main_road_comes_before_a_longer_lane() -> None:
    #  lane ────────────── 300 m,  main ── 100 m,  street ──── 200 m
    drawn = street_lines(
        streets(
            [[(0, 0), (300, 0)], [(0, 10), (100, 10)], [(0, 20), (200, 20)]],
            name=["a", "b", "c"],
            highway=["footway", "primary_link", "residential"],
        )
    )
    assert drawn is not None
    assert drawn.length.tolist() == [100, 200, 300]


def test_lines_of_one_name_that_meet_end_to_end_become_one() -> None:
    #  a ─── a ─── a   and b crossing at the end of the second a
    drawn = street_lines(
        streets(
            [[(0, 0), (10, 0)], [(20, 0), (10, 0)], [(20, 0), (30, 0)], [(20, 0), (20, 5)]],
            name=["a", "a", "a", "b"],
        )
    )
    assert drawn is not None
    assert drawn.length.tolist() == [30, 5]


def test_classes_are_read_from_the_column_that_names_them() -> None:
    lines: list[list[tuple[float, float]]] = [[(0, 0), (1, 0)]] * 3
    assert street_classes(streets(lines, rank=["主干路", "支路", None])).tolist() == [1, 4, 5]
    assert street_classes(streets(lines, **{"class": ["x", "y", "z"]})).tolist() == [5, 5, 5]


def test_without_streets_there_are_none() -> None:
    assert street_lines(None) is None
    empty = street_lines(streets([]))
    assert empty is not None
    assert len(empty) == 0


@given(
    st.lists(
        st.tuples(*[st.integers(0, 6)] * 4, st.sampled_from(["a", "b", ""])),
        min_size=1,
        max_size=30,
    )
)
def test_no_street_is_lost(given_lines: list[tuple[int, int, int, int, str]]) -> None:
    kept = [line for line in given_lines if line[:2] != line[2:4]]
    if not kept:
        return
    frame = streets([[line[:2], line[2:4]] for line in kept], name=[line[4] for line in kept])
    drawn = street_lines(frame)
    assert drawn is not None
    assert drawn.length.sum() == pytest.approx(frame.length.sum())
    # of one class: the longest first, those within one power of two in any order
    assert np.all(np.diff(np.ceil(np.log2(np.maximum(drawn.length, 1)))) <= 0)
    apart = shapely.union_all(frame.geometry.array).symmetric_difference(
        shapely.union_all(drawn.geometry.array)
    )
    assert apart.length == pytest.approx(0, abs=1e-9)
