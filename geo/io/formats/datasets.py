"""Which files of a folder are data: one path a dataset, its companion files left out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

__all__ = ["TABLES", "find_datasets", "is_geodatabase"]

_PLACES: Final = (
    ".gpkg", ".gdb", ".shp", ".tab", ".mif", ".geojson", ".geojsonl", ".json", ".topojson", ".fgb",
    ".parquet", ".geoparquet", ".kml", ".kmz", ".gml", ".dxf", ".sqlite", ".pbf", ".graphml",
)  # fmt: skip
TABLES: Final = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".et", ".csv", ".tsv", ".dbf", ".txt")
"""Endings of tables."""

_PACKED: Final = (".zip", ".tar", ".tgz", ".gz")


def is_geodatabase(path: Path) -> bool:
    """Return True for an Esri file geodatabase, which is a folder."""
    return path.is_dir() and (
        path.suffix.casefold() == ".gdb" or next(path.glob("*.gdbtable"), None) is not None
    )


def find_datasets(folder: Path) -> tuple[Path, ...]:
    """Return the datasets right in `folder`, else those below it, in the order of their names.

    Formats with places come before tables, tables before archives: only the first family that is
    there counts.
    """
    for pattern in ("*", "**/*"):
        paths = sorted(path for path in folder.glob(pattern) if _is_own(path, folder))
        for family in (_PLACES, TABLES, _PACKED):
            found = [path for path in paths if _belongs(path, family)]
            if found:
                return tuple(_without_text(found))
    return ()


def _is_own(path: Path, folder: Path) -> bool:
    """Return False for what lies in a geodatabase, and for what systems and editors leave."""
    parts = path.relative_to(folder).parts
    if any(part.startswith((".", "~$", "__MACOSX")) for part in parts):
        return False
    inner = [folder.joinpath(*parts[:n]) for n in range(1, len(parts))]
    return not any(is_geodatabase(parent) for parent in inner)


def _belongs(path: Path, family: Sequence[str]) -> bool:
    suffix = path.suffix.casefold()
    if path.is_dir():
        return ".gdb" in family and is_geodatabase(path)
    if suffix == ".dbf":
        return ".dbf" in family and not any(
            path.with_suffix(ending).is_file() for ending in (".shp", ".SHP")
        )
    return suffix in family


def _without_text(paths: list[Path]) -> list[Path]:
    """Return `paths` without `.txt` where there is anything else: it is most often a read-me."""
    return [path for path in paths if path.suffix.casefold() != ".txt"] or paths
