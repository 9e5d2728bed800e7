"""Still maps as PNG for Word: the SVG drawn by resvg, without a browser, as wide as an A4 page."""

import struct
import zlib
from functools import cache
from importlib.util import find_spec
from typing import Final

from geo.errors import GridCircleError, MissingExtraError, OutputError
from maps.reports.pictures import FONTS

__all__ = ["DPI", "WIDTH_PX", "picture_png", "why_no_png"]

DPI: Final = 300
"""Dots an inch, written in the file: Word then gives the picture its size."""

WIDTH_PX: Final = 2480
"""210 mm, the width of an A4 page, at `DPI`."""

_INCH_M: Final = 0.0254
_AFTER_IHDR: Final = 33
"""Where the first chunk of a PNG ends: 8 bytes of signature, 25 of `IHDR`."""

_PROBE: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20" font-family="{fonts}">'
    '<text x="2" y="16" font-size="14">{sign}</text></svg>'
)
_SIGNS: Final = ("网", "8")
"""A sign of Chinese and one of Latin that the fonts must have."""


def picture_png(svg: str) -> bytes:
    """Return a still map as PNG, `WIDTH_PX` wide on white.

    Parameters
    ----------
    svg
        What `picture_svg` returns.

    Raises
    ------
    MissingExtraError
        If the extra `png` is not installed.
    OutputError
        If no font of this machine has Chinese: a map without its words would be no map.

    Notes
    -----
    O(pixels + vertices).
    """
    hindrance = why_no_png()
    if hindrance is not None:
        raise hindrance
    drawn = _drawn(svg, width=WIDTH_PX)
    per_metre = round(DPI / _INCH_M)
    told = b"pHYs" + struct.pack(">IIB", per_metre, per_metre, 1)
    chunk = struct.pack(">I", len(told) - 4) + told + struct.pack(">I", zlib.crc32(told))
    return drawn[:_AFTER_IHDR] + chunk + drawn[_AFTER_IHDR:]


def why_no_png() -> GridCircleError | None:
    """Return what keeps this machine from drawing a PNG, None where nothing does."""
    if find_spec("resvg_py") is None:
        return MissingExtraError(
            "layers.missing_extra", what="PNG", package="resvg-py", extra="png"
        )
    return None if _has_fonts() else OutputError("maps.no_font")


@cache
def _has_fonts() -> bool:
    """Return whether each of `_SIGNS` leaves a mark: resvg leaves out what no font has."""
    blank, *drawn = (_drawn(_PROBE.format(fonts=FONTS, sign=sign)) for sign in ("", *_SIGNS))
    return all(picture != blank for picture in drawn)


def _drawn(svg: str, *, width: int | None = None) -> bytes:
    import resvg_py  # noqa: PLC0415 an extra

    return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=width, background="#ffffff"))
