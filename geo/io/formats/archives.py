"""Packed files: unpacked into a folder of their own for as long as they are read."""

import gzip
import lzma
import re
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, Final

import pyogrio

from geo.errors import GridCircleError, LoadError
from geo.io.formats.datasets import TABLES, find_datasets
from geo.io.formats.encodings import name_of_member
from geo.io.formats.folders import joined
from geo.io.formats.raw import RawLayer, quiet, reason_of
from geo.io.project import LayerSpec
from geo.schema import layer_schemas

__all__ = ["ARCHIVES", "read_archive"]

Reader = Callable[[LayerSpec], RawLayer]
Member = tuple[str, int, Callable[[], Any]]

_FAILURES: Final = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, EOFError,
    OSError, ValueError, RuntimeError, NotImplementedError, OverflowError, KeyError,
)  # fmt: skip
_UNFIT: Final = re.compile(r'[<>:"|?*\x00-\x1f]')
"""Characters that Windows has in no name of a file."""
_CHUNK: Final = 1 << 20
_LONGEST_NAME: Final = 80
_FITTING: Final = {"polygon": ("Polygon", "Surface"), "line": ("Line", "Curve"), "point": ("",)}


def read_archive(spec: LayerSpec, read: Reader) -> RawLayer:
    """Return the layer in a zip, tar or gzip: files of one form are joined, `layer` names one.

    Raises
    ------
    LoadError
        If the archive is damaged, locked, larger than the disk, or holds no data.
    """
    prefix = {"prefix": "gridcircle-", "ignore_cleanup_errors": True}
    with tempfile.TemporaryDirectory(**prefix) as name:  # type: ignore[call-overload]
        folder = Path(name)
        try:
            names = _unpack(spec, folder)
        except LoadError:
            raise
        except _FAILURES as error:
            reason = reason_of(error)
            raise LoadError("io.unreadable", path=spec.shown, reason=reason) from error
        is_kmz = spec.path.suffix.casefold() == ".kmz"
        paths = _linked(folder) if is_kmz else find_datasets(folder)
        if not paths:
            known = ", ".join(names[:8]) or "–"
            raise LoadError("io.nothing_in_zip", path=spec.shown, known=known)
        return replace(_read_one(spec, paths, read, root=folder), spec=spec)


def _read_one(spec: LayerSpec, paths: Sequence[Path], read: Reader, *, root: Path) -> RawLayer:
    if spec.layer is not None:
        named = [path for path in paths if spec.layer in (path.stem, path.name)]
        if named:
            return joined(replace(spec, layer=None), named[:1], read, root=root)
        return joined(spec, paths[:1], read, root=root)
    first = [path for path in paths if path.suffix.casefold() == paths[0].suffix.casefold()]
    kinds = {path: _kind(spec, path, read) for path in first}
    wanted = _FITTING.get(layer_schemas()[spec.schema].geometry or "point", ("",))
    fitting = [p for p in first if any(word in kinds[p][0] for word in wanted)] or first
    alike = [path for path in fitting if kinds[path] == kinds[fitting[0]]]
    raw = joined(spec, alike, read, root=root)
    if len(alike) == len(paths):
        return raw
    known = ", ".join(path.name for path in paths)
    note = ("io.first_layer", {"known": known, "layer": ", ".join(p.name for p in alike)})
    return replace(raw, problems=(note, *raw.problems))


def _linked(folder: Path) -> tuple[Path, ...]:
    """Return the drawings of a KMZ: those that its first one links to, where it has none itself."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.casefold() == ".kml")
    drawn = [path for path in paths if b"<coordinates" in path.read_bytes()]
    return tuple(drawn or paths)


def _kind(spec: LayerSpec, path: Path, read: Reader) -> tuple[str, tuple[str, ...]]:
    """Return the geometry type and columns of a file; blank where it cannot be read by itself."""
    try:
        if path.suffix.casefold() in TABLES:
            raw = read(replace(spec, path=path, layer=None))
            return "", tuple(map(str, raw.frame.columns))
        with quiet():
            info = pyogrio.read_info(path)
    except (GridCircleError, RuntimeError, ValueError, IndexError, OSError):
        return "", (path.name,)
    return str(info["geometry_type"]).split()[0], tuple(map(str, info["fields"]))


def _unpack(spec: LayerSpec, folder: Path) -> list[str]:
    """Write every file of the archive into `folder`, and return their names."""
    names: list[str] = []
    free = shutil.disk_usage(folder).free // 2
    with ExitStack() as stack:
        for name, size, opened in ARCHIVES[spec.path.suffix.casefold()](spec.path, stack):
            names.append(name)
            free -= size
            if free < 0:
                raise LoadError("io.no_space", path=spec.shown)
            target = folder / _safe(name)
            if target.exists() and target.is_dir():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with opened() as source, target.open("wb") as file:
                while chunk := source.read(_CHUNK):
                    file.write(chunk)
                    free -= len(chunk) if size == 0 else 0
                    if free < 0:
                        raise LoadError("io.no_space", path=spec.shown)
    return names


def _safe(name: str) -> Path:
    """Return `name` as a path that stays inside the folder and that every system can write."""
    parts = [_UNFIT.sub("_", part).strip(" .") for part in PurePosixPath(name).parts]
    kept = [part for part in parts if part and part.strip("/")]
    if not kept:
        return Path("unnamed")
    *parents, last = kept
    stem, dot, suffix = last.rpartition(".")
    last = f"{stem[:_LONGEST_NAME]}{dot}{suffix[:20]}" if dot else last[:_LONGEST_NAME]
    return Path(*(part[:_LONGEST_NAME] for part in parents), last)


def _zip(path: Path, stack: ExitStack) -> Iterator[Member]:
    archive = stack.enter_context(zipfile.ZipFile(path))
    for info in archive.infolist():
        if info.is_dir():
            continue
        name = name_of_member(info.filename, is_utf8=bool(info.flag_bits & 0x800))
        yield name.replace("\\", "/"), info.file_size, partial(archive.open, info)


def _tar(path: Path, stack: ExitStack) -> Iterator[Member]:
    archive = stack.enter_context(tarfile.open(path))  # noqa: SIM115 the stack closes it
    for info in archive:
        if info.isfile():
            yield info.name, info.size, partial(archive.extractfile, info)


def _gzip(path: Path, stack: ExitStack) -> Iterator[Member]:
    if path.stem.casefold().endswith(".tar"):
        yield from _tar(path, stack)
        return
    yield path.stem, 0, partial(gzip.open, path)


ARCHIVES: Final[Mapping[str, Callable[[Path, ExitStack], Iterator[Member]]]] = MappingProxyType(
    {".zip": _zip, ".kmz": _zip, ".tar": _tar, ".tgz": _tar, ".gz": _gzip}
)
"""Endings of the archives that are read, to how; from a KMZ, GDAL would lose the attributes."""
