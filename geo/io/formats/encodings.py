"""The character encoding of attribute tables that do not tell it."""

import zipfile
from pathlib import Path
from typing import Final

__all__ = ["decode", "shapefile_encoding"]

_CHINESE: Final = ("gb18030", "big5")


def decode(data: bytes) -> tuple[str, str]:
    """Return `data` as text and the encoding that fits it: UTF-8, else GB 18030, else Big5.

    Raises
    ------
    UnicodeDecodeError
        If none fits.
    """
    for encoding in ("utf-8-sig", *_CHINESE):
        try:
            return data.decode(encoding), "utf-8" if encoding == "utf-8-sig" else encoding
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8"), "utf-8"


def shapefile_encoding(path: Path) -> str | None:
    """Return the encoding of a shapefile's table, None when a `.cpg` tells GDAL or all is ASCII.

    Cells are cut at a number of bytes, so a broken last character is no proof against an encoding:
    the one with the fewest unreadable characters wins.
    """
    suffix = path.suffix.casefold()
    if suffix == ".shp":
        table = _sidecar(path, ".dbf")
        if table is None or _sidecar(path, ".cpg") is not None:
            return None
        return _fewest_faults(table.read_bytes())
    if suffix == ".zip":
        return _zipped(path)
    return None


def _zipped(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            tables = [name for name in names if name.casefold().endswith(".dbf")]
            if not tables or any(name.casefold().endswith(".cpg") for name in names):
                return None
            return _fewest_faults(archive.read(tables[0]))
    except (zipfile.BadZipFile, OSError):
        return None


def _sidecar(path: Path, suffix: str) -> Path | None:
    for ending in (suffix, suffix.upper()):
        if path.with_suffix(ending).is_file():
            return path.with_suffix(ending)
    return None


def _fewest_faults(data: bytes) -> str | None:
    header = int.from_bytes(data[8:10], "little")
    body = data[32:]
    if header <= 0 or body.isascii():
        return None
    faults = {name: body.decode(name, errors="replace").count("�") for name in ("utf-8", *_CHINESE)}
    return min(faults, key=lambda name: faults[name])
