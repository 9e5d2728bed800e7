"""Coordinates out of text: decimal degrees, degrees with minutes and seconds, two in one cell."""

import re
import unicodedata
from typing import Final

from geo.io.columns import parse_number, plain_text

__all__ = ["coordinate", "pair"]

_NUMBER: Final = r"\d+(?:\.\d*)?"
_MARKS: Final = r"[°º˚度:]|deg\b"
_SEXAGESIMAL: Final = re.compile(
    rf"(?P<sign>[+-]?)\s*(?P<degrees>{_NUMBER})\s*(?:{_MARKS})\s*"
    rf"(?:(?P<minutes>{_NUMBER})\s*(?:['′‵’‘´`:分]|min\b)?\s*)?"
    rf"(?:(?P<seconds>{_NUMBER})\s*(?:[\"″”“秒]|''|′′|sec\b)?\s*)?",
    re.IGNORECASE,
)
_SIDES: Final = {
    "东经": "E", "東經": "E", "西经": "W", "西經": "W", "北纬": "N", "北緯": "N", "南纬": "S",
    "南緯": "S", "东": "E", "東": "E", "西": "W", "北": "N", "南": "S",
}  # fmt: skip
_SIDE: Final = re.compile(r"^[EWNS](?![A-Z])|(?<![A-Z])[EWNS]$", re.IGNORECASE)
_LABEL: Final = re.compile(
    r"(?:经度|經度|纬度|緯度|longitude|latitude|lng|lon|lat|point)\s*[\"']?\s*[:=]?", re.IGNORECASE
)
_NAMED: Final = re.compile(r"lat|lng|lon|[经經纬緯]度", re.IGNORECASE)
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
_BLANKED: Final = re.compile(rf"([+-]?)\s*(\d{{1,3}})\s+(\d{{1,2}})(?:\s+({_NUMBER}))?")
_HEIGHT: Final = re.compile(rf"^(-?{_NUMBER}\s*,\s*-?{_NUMBER})\s*,\s*-?{_NUMBER}$")
_BETWEEN: Final = re.compile(r"\s*[,;|/、]\s*|\s+")
_HALF_CIRCLE: Final = 180.0
_SIXTY: Final = 60.0


def coordinate(cell: object) -> float | None:
    """Return a coordinate: a number, `114.05°E`, `106°33′12″E`, `东经106度33分12秒`; else None."""
    if not isinstance(cell, str):
        return parse_number(cell)
    return _sided(_plain(cell))[0]


def pair(cell: object) -> tuple[float, float, bool] | None:
    """Return two coordinates of one cell, in its order, and True if it says that latitude is first.

    `116.4,39.9`, `(116.4 39.9)`, `E116°24′ N39°54′`, `{"lng": 116.4, "lat": 39.9}`; else None.
    """
    text = plain_text(cell)
    if text is None:
        return None
    text = unicodedata.normalize("NFKC", text)
    labels = [
        label.casefold() for label in re.findall(r"lat|lng|lon|[经經纬緯]度", text, re.IGNORECASE)
    ]
    says = bool(labels) and labels[0] in ("lat", "纬度", "緯度")
    text = _plain(_LABEL.sub(" ", text).strip(" \t()[]{}\"'"))
    text = _HEIGHT.sub(r"\1", text)
    for parts in _splits(text):
        read = [_sided(part.strip(" \"'")) for part in parts]
        if read[0][0] is not None and read[1][0] is not None:
            sides = (read[0][1], read[1][1])
            if any(sides):
                says = sides[0] in ("N", "S") or sides[1] in ("E", "W")
            return read[0][0], read[1][0], says
    return None


def _splits(text: str) -> list[tuple[str, str]]:
    """Return every way to cut `text` in two at a separator."""
    cuts = [match.span() for match in _BETWEEN.finditer(text)]
    strong = [cut for cut in cuts if text[slice(*cut)].strip()]
    return [(text[:start], text[end:]) for start, end in (strong or cuts) if start and text[end:]]


def _plain(text: str) -> str:
    """Return `text` in half width, with letters for the sides of the globe."""
    # NFKC makes ″ of two ′ signs and ´ of a blank with an accent.
    text = unicodedata.normalize("NFKC", text.replace("´", "'").replace("″", '"')).strip()
    text = text.replace("′′", '"').replace("''", '"')
    for word, letter in _SIDES.items():
        text = text.replace(word, letter)
    return text


def _sided(text: str) -> tuple[float | None, str]:
    """Return the number in `text`, south and west below zero, and the side it names."""
    found = _SIDE.search(text)
    side = found.group().upper() if found else ""
    if found:
        text = (text[: found.start()] + text[found.end() :]).strip()
    number = _decimal(text.rstrip("° 度"))
    if number is None:
        number = _sexagesimal(text)
    if number is not None and side in ("S", "W"):
        number = -abs(number)
    return number, side


def _decimal(text: str) -> float | None:
    """Return a plain number; a comma only between thousands, for `116,4` may be two numbers."""
    if "," in text and not _GROUPED.fullmatch(text):
        return None
    return None if " " in text or "_" in text else parse_number(text)


def _sexagesimal(text: str) -> float | None:
    match = _SEXAGESIMAL.fullmatch(text) or _BLANKED.fullmatch(text)
    if match is None:
        return None
    sign, *parts = match.groups()
    degrees, minutes, seconds = (float(part or 0.0) for part in parts)
    if degrees > _HALF_CIRCLE or minutes >= _SIXTY or seconds >= _SIXTY:
        return None
    value = degrees + minutes / 60.0 + seconds / 3600.0
    return -value if sign == "-" else value
