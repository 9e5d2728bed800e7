"""The character encoding of text that does not tell it, judged by what the text would say.

Nearly every string of Big5 bytes is also legal GB 18030, so legality proves nothing. What does is
how common the characters are that a reading gives: the right one of Chinese text gives almost only
characters of the first planes of GB 2312 and Big5, a wrong one gives them by chance.
"""

import codecs
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["Decoded", "decode", "mapinfo_charset", "name_of_member", "table_encoding"]

_SAMPLE_BYTES: Final = 1 << 20
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CANDIDATES: Final = ("utf-8", "gb18030", "big5", "cp1252")
_PYTHON: Final = {"big5": "big5hkscs"}
"""Codec that reads what goes by a name: Big5 of today has the characters of Hong Kong."""

_FAULT: Final = -3.0
_FREQUENT: Final = frozenset(
    "的一省市区區县縣乡鄉镇鎮街道社村里路号號巷弄段楼樓栋棟网網格单單元名称稱编編码碼户戶人口类類型经經纬緯度"
    "校院园園老年卫衛生中心服务務站小学學东東西南北大上下新民安和平福德兴興国國华華文化公居委会會设設施"
)
"""Characters that names of places, columns and facilities are full of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """Text, the encoding it was in, and how many characters of it could not be read."""

    text: str
    encoding: str
    n_unreadable: int = 0


def decode(data: bytes) -> Decoded:
    """Return `data` as text: by its mark, as UTF-8, else by what fits best.

    The text keeps U+FFFD where a byte could not be read, and `n_unreadable` counts those.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _decoded(data, name)
    wide = _unmarked_utf16(data)
    if wide is not None:
        return _decoded(data, wide)
    try:
        return Decoded(text=data.decode("utf-8"), encoding="utf-8")
    except UnicodeDecodeError:
        return _decoded(data, _best(data))


def table_encoding(path: Path) -> str | None:
    """Return the encoding of the table beside a `.shp`, `.tab` or `.mif`; None if GDAL knows it.

    A `.cpg` or a charset that the content breaks is not believed. A table of ASCII alone needs
    none.
    """
    suffix = path.suffix.casefold()
    if suffix in (".shp", ".dbf"):
        return _dbf_encoding(path)
    if suffix in (".tab", ".mif"):
        return _mapinfo_encoding(path)
    return None


def name_of_member(name: str, *, is_utf8: bool) -> str:
    """Return the name of a file in a zip: those without the UTF-8 flag are read anew."""
    if is_utf8 or name.isascii():
        return name
    try:
        return decode(name.encode("cp437")).text
    except UnicodeEncodeError:
        return name


def mapinfo_charset(path: Path) -> str:
    """Return what a `.tab` or `.mif` says about its charset, in lower case; `neutral` if nothing.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(4096).decode("latin-1").casefold()
    for line in head.splitlines():
        words = line.replace('"', " ").split()
        if len(words) == 2 and words[0] in ("!charset", "charset"):  # noqa: PLR2004 key and value
            return words[1]
    return "neutral"


def _decoded(data: bytes, name: str) -> Decoded:
    text = data.decode(_PYTHON.get(name, name), errors="replace")
    shown = name.removesuffix("-sig")
    return Decoded(text=text, encoding=shown, n_unreadable=text.count("�"))


def _unmarked_utf16(data: bytes) -> str | None:
    """Return UTF-16 without a mark: every second byte of its ASCII is zero."""
    head = data[:4096]
    if b"\0" not in head:
        return None
    even, odd = head[::2].count(0), head[1::2].count(0)
    if odd > 4 * even and odd > len(head) // 20:
        return "utf-16-le"
    return "utf-16-be" if even > 4 * odd and even > len(head) // 20 else None


def _best(data: bytes) -> str:
    sample = data[:_SAMPLE_BYTES]
    scores = {name: _score(sample, name) for name in _CANDIDATES}
    return max(scores, key=lambda name: scores[name])


def _score(data: bytes, name: str) -> float:
    """Return how likely `data` is in the encoding: about 1 when it is, below 0 when it is not."""
    text = data.decode(_PYTHON.get(name, name), errors="replace")
    common = _common()
    total, n, before = 0.0, 0, ""
    for char in text:
        if not char.isascii():
            n += 1
            if char == "�":
                total += _FAULT
            elif char in common:
                total += 1.5 if char in _FREQUENT else 1.0
            elif "À" <= char <= "ɏ":
                total += 1.0 if before.isascii() and before.isalpha() else -0.5
        before = char
    return total / n if n else 0.0


@cache
def _common() -> frozenset[str]:
    """Return the everyday characters of both scripts, and the signs of Chinese typesetting."""
    simplified = {
        bytes((lead, trail)).decode("gb2312", errors="ignore")
        for lead in range(0xB0, 0xD8)
        for trail in range(0xA1, 0xFF)
    }
    trails = (*range(0x40, 0x7F), *range(0xA1, 0xFF))
    traditional = {
        bytes((lead, trail)).decode("big5", errors="ignore")
        for lead in range(0xA4, 0xC7)
        for trail in trails
    }
    signs = {chr(code) for code in range(0xFF01, 0xFF5F)} | set("、。〈〉《》「」【】·°′″—…“”‘’㎡")
    return frozenset(simplified | traditional | signs) - {""}


def _dbf_encoding(path: Path) -> str | None:
    table = _sidecar(path, ".dbf")
    if table is None:
        return None
    data = table.read_bytes()
    body = data[32:]
    if int.from_bytes(data[8:10], "little") <= 0 or body.isascii():
        return None
    page = _sidecar(path, ".cpg")
    told = _codec(page.read_bytes()[:64].decode("latin-1")) if page else None
    if told is not None and _is_borne_out(body, told):
        return {"big5hkscs": "big5"}.get(told, told)
    return _best(body)


def _mapinfo_encoding(path: Path) -> str | None:
    is_tab = path.suffix.casefold() == ".tab"
    table = _sidecar(path, ".dat" if is_tab else ".mid")
    if table is None:
        return None
    body = table.read_bytes()
    if is_tab:
        # The names of columns count in the `.tab`; those in the head of the `.dat` are no text.
        body = body[int.from_bytes(body[8:10], "little") :] + path.read_bytes()
    if body.isascii():
        return None
    told = _CHARSETS.get(mapinfo_charset(path))
    if told is not None and (told == "?" or _is_borne_out(body, told)):
        return None
    return _best(body)


_CHARSETS: Final = {
    "windowssimpchinese": "gb18030",
    "windowstradchinese": "big5hkscs",
    "windowslatin1": "cp1252",
    "utf-8": "utf-8",
    "isolatin1": "?",
    "windowslatin2": "?",
    "windowscyrillic": "?",
    "windowsgreek": "?",
    "windowsturkish": "?",
    "windowsjapanese": "?",
    "windowskorean": "?",
}
"""Charsets of MapInfo; `?` are those that this module cannot judge and takes at their word."""


def _codec(label: str) -> str | None:
    """Return Python's codec for the content of a `.cpg`: `UTF-8`, `936`, `ANSI 936`, `GBK`."""
    word = label.strip().casefold().replace("ansi", "").replace("oem", "").strip(" _-")
    if word in ("936", "cp936", "gb2312", "gbk", "gb18030", "54936"):
        return "gb18030"
    if word in ("950", "cp950", "big5", "big-5"):
        return "big5hkscs"
    try:
        return codecs.lookup({"65001": "utf-8", "1252": "cp1252"}.get(word, word)).name
    except (LookupError, ValueError):
        return None


def _is_borne_out(body: bytes, codec: str) -> bool:
    """Return False where the content speaks against what the file says of itself.

    Cells are cut at a number of bytes, so single faults are no proof.
    """
    sample = body[:_SAMPLE_BYTES]
    text = sample.decode(codec, errors="replace")
    high = sum(not char.isascii() for char in text)
    if text.count("�") > max(2, high // 5):
        return False
    if codec in ("gb18030", "big5hkscs", "cp1252"):
        told = {"big5hkscs": "big5"}.get(codec, codec)
        best = _best(sample)
        return best == told or _score(sample, best) - _score(sample, told) < 0.3  # noqa: PLR2004 clear
    return True


def _sidecar(path: Path, suffix: str) -> Path | None:
    for ending in (suffix, suffix.upper()):
        if path.with_suffix(ending).is_file():
            return path.with_suffix(ending)
    return None
