"""GCJ-02 and BD-09 against published vectors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.io.datum import bd09_to_wgs84, gcj02_to_wgs84, to_wgs84, wgs84_to_bd09, wgs84_to_gcj02

# WGS 84 lon, lat → GCJ-02 lon, lat
VECTORS = [
    ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
    ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
    ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
]

LON = st.floats(74, 134)
LAT = st.floats(18, 53)


@pytest.mark.parametrize(("wgs84", "gcj02"), VECTORS)
def test_published_vectors(wgs84: tuple[float, float], gcj02: tuple[float, float]) -> None:
    assert wgs84_to_gcj02(np.array([wgs84]))[0] == pytest.approx(gcj02, abs=1e-12)
    assert gcj02_to_wgs84(np.array([gcj02]))[0] == pytest.approx(wgs84, abs=1e-10)


@settings(deadline=None)
@given(lon=LON, lat=LAT)
def test_round_trips_are_exact_to_a_tenth_of_a_millimetre(lon: float, lat: float) -> None:
    points = np.array([[lon, lat]])
    assert gcj02_to_wgs84(wgs84_to_gcj02(points)) == pytest.approx(points, abs=1e-9)
    assert bd09_to_wgs84(wgs84_to_bd09(points)) == pytest.approx(points, abs=1e-9)


def test_shifts_have_their_known_size() -> None:
    wuhan = np.array([[114.30, 30.60]])
    metres = np.array([95_800.0, 110_900.0])
    gcj02_m = float(np.hypot(*((wgs84_to_gcj02(wuhan) - wuhan)[0] * metres)))
    bd09_m = float(np.hypot(*((wgs84_to_bd09(wuhan) - wuhan)[0] * metres)))
    assert 300 < gcj02_m < 700
    assert 800 < bd09_m < 1400


def test_wgs84_is_left_alone_and_inputs_are_not_modified() -> None:
    points = np.array([[114.3, 30.6]])
    assert to_wgs84(points, "wgs84") is points
    to_wgs84(points, "bd09")
    assert points.tolist() == [[114.3, 30.6]]
