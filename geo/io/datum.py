"""GCJ-02 and BD-09, the shifted datums of Chinese web maps, to and from WGS 84.

The formulas are defined everywhere; that the shift is only applied in mainland China is for the
caller to know: a box around China also holds Hong Kong, Macao, Taiwan and neighbours, where web
maps do not shift.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = [
    "bd09_to_wgs84",
    "from_wgs84",
    "gcj02_to_wgs84",
    "to_wgs84",
    "wgs84_to_bd09",
    "wgs84_to_gcj02",
]

Array = npt.NDArray[np.float64]

_A_M: Final = 6378245.0
_E2: Final = 0.00669342162296594323
_BD_PI: Final = np.pi * 3000.0 / 180.0
_ITERATIONS: Final = 6


def wgs84_to_gcj02(lonlat: Array) -> Array:
    """Shift points, an (n, 2) array of lon, lat in degrees, from WGS 84 to GCJ-02."""
    lon, lat = lonlat[:, 0], lonlat[:, 1]
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    common = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common
    north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common
    east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    phi = np.radians(lat)
    w2 = 1.0 - _E2 * np.sin(phi) ** 2
    w = np.sqrt(w2)
    d_lat = np.degrees(north * w2 * w / (_A_M * (1.0 - _E2)))
    d_lon = np.degrees(east * w / (_A_M * np.cos(phi)))
    return np.column_stack([lon + d_lon, lat + d_lat])


def gcj02_to_wgs84(lonlat: Array) -> Array:
    """Shift points back from GCJ-02 to WGS 84 by fixed-point iteration, exact to a micrometre."""
    return _inverse(lonlat, wgs84_to_gcj02)


def wgs84_to_bd09(lonlat: Array) -> Array:
    """Shift points from WGS 84 to BD-09."""
    return _gcj02_to_bd09(wgs84_to_gcj02(lonlat))


def bd09_to_wgs84(lonlat: Array) -> Array:
    """Shift points back from BD-09 to WGS 84, both steps inverted exactly."""
    return gcj02_to_wgs84(_inverse(lonlat, _gcj02_to_bd09))


def to_wgs84(lonlat: Array, datum: str) -> Array:
    """Return points of `datum` (`wgs84`, `gcj02`, `bd09`) in WGS 84."""
    if datum == "gcj02":
        return gcj02_to_wgs84(lonlat)
    return bd09_to_wgs84(lonlat) if datum == "bd09" else lonlat


def from_wgs84(lonlat: Array, datum: str) -> Array:
    """Return points of WGS 84 on `datum` (`wgs84`, `gcj02`, `bd09`)."""
    if datum == "gcj02":
        return wgs84_to_gcj02(lonlat)
    return wgs84_to_bd09(lonlat) if datum == "bd09" else lonlat


def _gcj02_to_bd09(lonlat: Array) -> Array:
    x, y = lonlat[:, 0], lonlat[:, 1]
    z = np.hypot(x, y) + 0.00002 * np.sin(y * _BD_PI)
    theta = np.arctan2(y, x) + 0.000003 * np.cos(x * _BD_PI)
    return np.column_stack([z * np.cos(theta) + 0.0065, z * np.sin(theta) + 0.006])


def _inverse(lonlat: Array, forward: Any) -> Array:  # noqa: ANN401
    guess = lonlat.copy()
    for _ in range(_ITERATIONS):
        guess += lonlat - forward(guess)
    return guess
