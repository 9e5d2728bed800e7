"""What a file is, by its name and by its first bytes: both must say the same."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from api.http.door.limits import Limits, UploadError
from api.http.door.workbooks import require_workbook

__all__ = ["ARCHIVE", "ARCHIVES", "KINDS", "is_kept", "require_content"]

ARCHIVE: Final = ".zip"
ARCHIVES: Final = (ARCHIVE, ".kmz")
"""Endings of what is a zip inside and no workbook."""

_HEAD_BYTES: Final = 65_536
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_OLE: Final = b"\xd0\xcf\x11\xe0"
_BINARY: Final = (
    *_ZIP, _OLE, b"MZ", b"\x7fELF", b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!",
    b"7z\xbc\xaf", b"\x1f\x8b", b"SQLite format 3\x00",
)  # fmt: skip
_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_FOREIGN: Final = re.compile(rb"OGRVRT|VRTDataset|<!ENTITY|<!DOCTYPE[^>]*\[", re.IGNORECASE)
"""Words of files that make a reader open other files or addresses, or grow without end."""
_TAB_PATH: Final = re.compile(rb'(?:open\s+table|file)\s+"[^"]*[/\\][^"]*"', re.IGNORECASE)
_DBF_VERSIONS: Final = frozenset(
    b"\x02\x03\x04\x05\x30\x31\x32\x43\x63\x83\x8b\x8e\xcb\xe5\xf5\xfb"
)


def _is_zip(head: bytes) -> bool:
    return head.startswith(_ZIP)


def _is_sqlite(head: bytes) -> bool:
    return head.startswith(b"SQLite format 3\x00")


def _is_shape(head: bytes) -> bool:
    return head.startswith(b"\x00\x00\x27\x0a")


def _is_dbf(head: bytes) -> bool:
    return head[:1] in {bytes([version]) for version in _DBF_VERSIONS}


def _is_text(head: bytes) -> bool:
    if head.startswith(_BINARY) or _FOREIGN.search(head):
        return False
    return head.startswith(_BOMS) or b"\x00" not in head


def _is_json(head: bytes) -> bool:
    return _is_text(head) and head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in {b"{", b"["}


def _is_xml(head: bytes) -> bool:
    return _is_text(head) and head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def _is_kml(head: bytes) -> bool:
    return _is_xml(head) and re.search(rb"<(\w+:)?kml\b", head) is not None


def _is_graphml(head: bytes) -> bool:
    return _is_xml(head) and b"<graphml" in head


def _is_ole(head: bytes) -> bool:
    return head.startswith(_OLE)


def _is_tab(head: bytes) -> bool:
    return _is_text(head) and not _TAB_PATH.search(head)


def _is_flat(head: bytes) -> bool:
    return head.startswith(b"fgb")


def _is_parquet(head: bytes) -> bool:
    return head.startswith(b"PAR1")


def _is_any(head: bytes) -> bool:
    return not head.startswith((b"MZ", b"\x7fELF"))


KINDS: Final[Mapping[str, Callable[[bytes], bool]]] = MappingProxyType(
    {
        ".zip": _is_zip, ".shp": _is_shape, ".shx": _is_shape, ".dbf": _is_dbf, ".prj": _is_text,
        ".cpg": _is_text, ".gpkg": _is_sqlite, ".geojson": _is_json, ".geojsonl": _is_json,
        ".json": _is_json, ".topojson": _is_json, ".kml": _is_kml, ".kmz": _is_zip,
        ".gml": _is_xml, ".dxf": _is_text, ".tab": _is_tab, ".dat": _is_any, ".map": _is_any,
        ".id": _is_any, ".ind": _is_any, ".mif": _is_text, ".mid": _is_text, ".fgb": _is_flat,
        ".parquet": _is_parquet, ".geoparquet": _is_parquet, ".xlsx": _is_zip, ".xls": _is_ole,
        ".ods": _is_zip, ".csv": _is_text, ".tsv": _is_text, ".txt": _is_text,
        ".graphml": _is_graphml, ".pbf": _is_any,
    }
)  # fmt: skip
"""Endings that are taken, to whether the first bytes fit."""

_MACROS: Final = (".xlsm", ".xltm", ".xlam", ".xlsb", ".docm", ".pptm")
_VBA: Final = "_VBA_PROJECT".encode("utf-16-le")
_GEODATABASE: Final = ".gdb"


def is_kept(parts: tuple[str, ...]) -> bool:
    """Return True for a member of an archive that is data: others are passed over.

    Raises
    ------
    UploadError
        For a file that can hold macros.
    """
    ending = _ending(parts[-1])
    if ending in _MACROS:
        raise UploadError("door.macro_file", name=parts[-1])
    return ending in KINDS or any(folder.casefold().endswith(_GEODATABASE) for folder in parts[:-1])


def require_content(path: Path, limits: Limits) -> None:
    """Check that the file at `path` is what its name says, and harmless as far as can be seen.

    Raises
    ------
    UploadError
        If its kind is not taken, its content is of another kind, or it has macros.
    TooLargeError
        If it is a workbook that is too large when unpacked.
    """
    ending = _ending(path.name)
    if ending in _MACROS:
        raise UploadError("door.macro_file", name=path.name)
    if ending not in KINDS:
        if path.parent.name.casefold().endswith(_GEODATABASE):
            return
        known = " ".join(KINDS)
        raise UploadError("door.unknown_kind", name=path.name, known=known)
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        raise UploadError("door.empty_file", name=path.name)
    if not KINDS[ending](head):
        raise UploadError("door.wrong_ending", name=path.name, ending=ending)
    if ending in {".xlsx", ".ods"}:
        require_workbook(path, limits)
    if ending == ".xls" and _has(path, _VBA):
        raise UploadError("door.macro_file", name=path.name)


def _ending(name: str) -> str:
    return Path(name).suffix.casefold()


def _has(path: Path, word: bytes) -> bool:
    """Return True when `word` is anywhere in the file."""
    kept = b""
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            if word in kept + chunk:
                return True
            kept = chunk[-len(word) :]
    return False
