"""GCJ-02 and BD-09, the shifted datums of Chinese web maps, to and from WGS 84.

The formulas are defined everywhere; that the shift is only applied in mainland China is for the
caller to know: a box around China also holds Hong Kong, Macao, Taiwan and neighbours, where web
maps do not shift.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = [
    "DATUMS",
    "bd09_to_wgs84",
    "from_wgs84",
    "gcj02_to_wgs84",
    "to_wgs84",
    "wgs84_to_bd09",
    "wgs84_to_gcj02",
]

Array = npt.NDArray[np.float64]

DATUMS: Final = ("wgs84", "gcj02", "bd09")
"""What a layer of degrees may be declared to be on."""

_A_M: Final = 6378245.0
_E2: Final = 0.00669342162296594323
_BD_PI: Final = np.pi * 3000.0 / 180.0
_BD_OFFSET_DEG: Final = np.array([0.0065, 0.006])
_ITERATIONS: Final = 4
_CHUNK_ROWS: Final = 16_384


def wgs84_to_gcj02(lonlat: Array) -> Array:
    """Shift points, an (n, 2) array of lon, lat in degrees, from WGS 84 to GCJ-02."""
    return _in_chunks(lonlat, _to_gcj02)


def gcj02_to_wgs84(lonlat: Array) -> Array:
    """Shift points back from GCJ-02 to WGS 84 by fixed-point iteration, exact to a micrometre."""
    return _in_chunks(lonlat, _from_gcj02)


def wgs84_to_bd09(lonlat: Array) -> Array:
    """Shift points from WGS 84 to BD-09."""
    return _in_chunks(lonlat, lambda chunk: _gcj02_to_bd09(_to_gcj02(chunk)))


def bd09_to_wgs84(lonlat: Array) -> Array:
    """Shift points back from BD-09 to WGS 84, both steps inverted to a micrometre."""
    return _in_chunks(lonlat, lambda chunk: _from_gcj02(_from_bd09(chunk)))


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


def _in_chunks(lonlat: Array, shift: Callable[[Array], Array]) -> Array:
    """Apply `shift` to so many rows at a time that its intermediate arrays stay in the cache."""
    moved = np.empty((len(lonlat), 2))
    for start in range(0, len(lonlat), _CHUNK_ROWS):
        rows = slice(start, start + _CHUNK_ROWS)
        moved[rows] = shift(lonlat[rows])
    return moved


def _to_gcj02(lonlat: Array) -> Array:
    lon, lat = lonlat[:, 0], lonlat[:, 1]
    x, y = lon - 105.0, lat - 35.0
    root, xy = 0.1 * np.sqrt(np.abs(x)), 0.1 * x * y
    third, half, double, sixfold = _sines(x)
    common = (20.0 * sixfold + 20.0 * double) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + xy + 2.0 * root + common
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + xy + root + common
    east += (20.0 * half + 40.0 * third) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    third = np.sin(y / 3.0 * np.pi)
    north += (20.0 * _tripled(third) + 40.0 * third) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    sine = np.sin(np.radians(lat))
    w2 = 1.0 - _E2 * sine * sine
    w = np.sqrt(w2)
    d_lat = np.degrees(north * w2 * w / (_A_M * (1.0 - _E2)))
    d_lon = np.degrees(east * w / (_A_M * np.sqrt(1.0 - sine * sine)))
    return np.column_stack([lon + d_lon, lat + d_lat])


def _sines(x: Array) -> tuple[Array, Array, Array, Array]:
    """Return the sines of πx/3, πx, 2πx and 6πx, all from those of πx/3."""
    third = x / 3.0 * np.pi
    sine, cosine = np.sin(third), np.cos(third)
    whole = _tripled(sine)
    double = 2.0 * whole * (4.0 * cosine**3 - 3.0 * cosine)
    return sine, whole, double, _tripled(double)


def _tripled(sine: Array) -> Array:
    """Return the sine of three times the angle."""
    return np.asarray((3.0 - 4.0 * sine * sine) * sine)


def _gcj02_to_bd09(lonlat: Array) -> Array:
    x, y = lonlat[:, 0], lonlat[:, 1]
    z = np.hypot(x, y) + 0.00002 * np.sin(y * _BD_PI)
    theta = np.arctan2(y, x) + 0.000003 * np.cos(x * _BD_PI)
    shifted: Array = np.column_stack([z * np.cos(theta), z * np.sin(theta)]) + _BD_OFFSET_DEG
    return shifted


def _from_gcj02(lonlat: Array) -> Array:
    return _inverse(lonlat, _to_gcj02, start=lonlat)


def _from_bd09(lonlat: Array) -> Array:
    return _inverse(lonlat, _gcj02_to_bd09, start=lonlat - _BD_OFFSET_DEG)


def _inverse(lonlat: Array, forward: Callable[[Array], Array], *, start: Array) -> Array:
    """Return the points that `forward` brings to `lonlat`; each step gains a factor of 50."""
    guess = start.copy()
    for _ in range(_ITERATIONS):
        guess += lonlat - forward(guess)
    return guess
