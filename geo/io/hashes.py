"""Hashes of the files that were read."""

import hashlib
from pathlib import Path
from typing import Final

__all__ = ["file_hash"]

_SHAPEFILE_PARTS: Final = (".shp", ".shx", ".dbf", ".prj", ".cpg")


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file; of a shapefile, of the hashes of all its parts.

    A folder (a file geodatabase) counts as its files in the order of their names.
    """
    if path.is_dir():
        return _of_parts(sorted(part for part in path.rglob("*") if part.is_file()))
    if path.suffix.casefold() == ".shp":
        return _of_parts([p for s in _SHAPEFILE_PARTS if (p := path.with_suffix(s)).is_file()])
    return _of_file(path).hex()


def _of_parts(parts: list[Path]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(_of_file(part))
    return digest.hexdigest()


def _of_file(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
