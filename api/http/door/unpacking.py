"""Archives of an upload, unpacked within bounds into a folder of their own."""

import stat
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from api.http.door.contents import ARCHIVE, is_kept, require_content
from api.http.door.limits import Limits, TooLargeError, UploadError
from api.http.door.names import member_parts
from geo.io.formats.encodings import name_of_member

__all__ = ["Unpacking", "require_archive"]

_CHUNK: Final = 1 << 20
_ENCRYPTED: Final = 0x1
_UTF8: Final = 0x800
_FAILURES: Final = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError,
)  # fmt: skip

Member = tuple[zipfile.ZipInfo, tuple[str, ...]]


@dataclass(slots=True, kw_only=True)
class Unpacking:
    """Unpacks the archives of one upload; what they hold is counted over all of them.

    `skipped` are names of members that are no data.
    """

    limits: Limits
    skipped: list[str] = field(default_factory=list)
    _n_members: int = 0
    _n_bytes: int = 0

    def unpack(self, path: Path, folder: Path, *, is_inner: bool = False) -> None:
        """Unpack the zip at `path` into `folder`; zips in it too, but none in those.

        Folders of members become part of the folder's name, so that all is one level down.

        Raises
        ------
        UploadError
            If it is damaged, locked, has names that lead elsewhere, links, or zips too deep.
        TooLargeError
            If it holds too much.
        """
        try:
            with zipfile.ZipFile(path) as archive:
                self._unpack(archive, path, folder=folder, is_inner=is_inner)
        except UploadError:
            raise
        except _FAILURES as error:
            raise UploadError("door.broken_file", name=path.name) from error

    def _unpack(
        self, archive: zipfile.ZipFile, path: Path, *, folder: Path, is_inner: bool
    ) -> None:
        for info, parts in _members(archive, path, self.limits):
            if Path(parts[-1]).suffix.casefold() == ARCHIVE:
                if is_inner:
                    raise UploadError("door.nested_zip", name=parts[-1])
                inner = folder / f"{'_'.join(parts)}.part"
                self._write(archive, info, inner)
                self.unpack(
                    inner, folder / _joined(parts[:-1], Path(parts[-1]).stem), is_inner=True
                )
                inner.unlink()
            elif is_kept(parts):
                target = _target(folder, parts)
                self._write(archive, info, target)
                require_content(target, self.limits)
            else:
                self.skipped.append("/".join(parts))

    def _write(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
        """Write one member, never more than is allowed, whatever the archive says of its size."""
        self._n_members += 1
        if self._n_members > self.limits.members:
            raise TooLargeError("door.many_members", limit=self.limits.members)
        if target.exists():
            raise UploadError("door.same_name", name=target.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(info) as source, target.open("xb") as file:
            while chunk := source.read(_CHUNK):
                self._n_bytes += len(chunk)
                if self._n_bytes > self.limits.expanded_bytes:
                    raise _too_large(self.limits)
                file.write(chunk)


def require_archive(path: Path, limits: Limits) -> None:
    """Check the list of what a zip holds, without unpacking it.

    Raises
    ------
    UploadError, TooLargeError
        As `Unpacking.unpack`.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for _, parts in _members(archive, path, limits):
                is_kept(parts)
    except UploadError:
        raise
    except _FAILURES as error:
        raise UploadError("door.broken_file", name=path.name) from error


def _members(archive: zipfile.ZipFile, path: Path, limits: Limits) -> list[Member]:
    """Return the files of an archive with their checked names, all checked before the first."""
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > limits.members:
        raise TooLargeError("door.many_members", limit=limits.members)
    _require_sizes(infos, path, limits)
    members = []
    for info in infos:
        if stat.S_ISLNK(info.external_attr >> 16):
            raise UploadError("door.link_in_zip", name=info.filename)
        if info.flag_bits & _ENCRYPTED:
            raise UploadError("door.locked_zip", name=path.name)
        named = name_of_member(info.orig_filename, is_utf8=bool(info.flag_bits & _UTF8))
        parts = member_parts(named)
        if parts:
            members.append((info, parts))
    return members


def _require_sizes(infos: Sequence[zipfile.ZipInfo], path: Path, limits: Limits) -> None:
    if sum(info.file_size for info in infos) > limits.expanded_bytes:
        raise _too_large(limits)
    if sum(info.compress_size for info in infos) > path.stat().st_size:
        raise UploadError("door.broken_file", name=path.name)  # members lie one in another
    for info in infos:
        grown = info.file_size > limits.ratio * max(info.compress_size, 1)
        if info.file_size > limits.ratio_from_bytes and grown:
            raise TooLargeError("door.zip_bomb", name=info.filename, ratio=limits.ratio)


def _too_large(limits: Limits) -> TooLargeError:
    return TooLargeError("door.large_zip", limit=limits.expanded_bytes // 10**6)


def _target(folder: Path, parts: tuple[str, ...]) -> Path:
    """Return where a member goes: its folders joined to one, a geodatabase kept as a folder."""
    *folders, name = parts
    kept = [f for f in folders if f.casefold().endswith(".gdb")][-1:]
    above = folders[: folders.index(kept[0])] if kept else folders
    return folder.joinpath(*([_joined(tuple(above), "")] if above else []), *kept, name)


def _joined(folders: tuple[str, ...], name: str) -> str:
    return "_".join(part for part in (*folders, name) if part)[:120].rstrip(" .")
