"""The manifest: which projects, and the folder that each writes to."""

import glob
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from geo.errors import ProjectError

__all__ = ["Job", "Manifest", "folder_names", "read_manifest"]

_KEYS: Final = frozenset({"projects", "title"})
_ID: Final = re.compile(r"[a-z0-9-]+")
_NOT_ON_WINDOWS: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One project of a manifest.

    `path`, `shown`
        The project file, and how it is told: relative to the manifest where it lies below it.
    `project_id`, `title`
        As far as they can be read; else made from the file's name.
    `is_found`
        False for an entry that matches no file: it fails, the rest goes on.
    """

    path: Path
    shown: str
    project_id: str
    title: str
    is_found: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The projects in the order of the manifest, each file once."""

    path: Path
    title: str
    jobs: tuple[Job, ...]


def read_manifest(path: Path) -> Manifest:
    """Return the projects that a manifest names; paths and globs are relative to it.

    What a glob matches comes in the order of the names; the manifest itself never counts. An entry
    that matches nothing stays as a job that fails.

    Raises
    ------
    ProjectError
        If the file is missing, is no TOML, breaks its form, or no entry matches a file.
    """
    data = _parsed(path)
    jobs: list[Job] = []
    seen = {path.resolve()}
    for entry in data["projects"]:
        found = list(_matches(path.parent, entry))
        if not found:
            jobs.append(_job(path.parent / entry, path.parent, is_found=False))
        for project in found:
            if project.resolve() not in seen:
                seen.add(project.resolve())
                jobs.append(_job(project, path.parent))
    if not any(job.is_found for job in jobs):
        raise ProjectError("batch.no_projects", path=path, entries="、".join(data["projects"]))
    return Manifest(path=path, title=str(data.get("title") or path.stem), jobs=tuple(jobs))


def _parsed(path: Path) -> Mapping[str, Any]:
    try:
        data = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        key = "io.is_folder" if path.is_dir() else "io.no_file"
        raise ProjectError(key, path=path) from error
    except UnicodeDecodeError as error:
        raise ProjectError("io.project_encoding", path=path) from error
    except tomllib.TOMLDecodeError as error:
        raise ProjectError("batch.syntax", path=path, reason=error) from error
    unknown = sorted(set(data) - _KEYS)
    if unknown:
        raise ProjectError("batch.unknown_key", path=path, keys="、".join(unknown))
    entries = data.get("projects")
    is_list = isinstance(entries, list) and all(isinstance(e, str) and e.strip() for e in entries)
    if not is_list or not entries:
        raise ProjectError("batch.no_list", path=path)
    if not isinstance(data.get("title", ""), str):
        raise ProjectError("batch.bad_title", path=path)
    return data


def _matches(folder: Path, entry: str) -> Iterator[Path]:
    """Yield the files of one entry: a path as it is, else a glob in the order of the names."""
    if (folder / entry).is_file():
        yield folder / entry
        return
    try:
        names = sorted(glob.glob(entry, root_dir=folder, recursive=True))  # noqa: PTH207 (absolute patterns too)
    except re.error:
        return
    yield from (folder / name for name in names if (folder / name).is_file())


def _job(path: Path, folder: Path, *, is_found: bool = True) -> Job:
    try:
        shown = path.relative_to(folder).as_posix()
    except ValueError:
        shown = path.as_posix()
    head = _head(path) if is_found else {}
    given, title = head.get("id"), head.get("title")
    is_id = isinstance(given, str) and _ID.fullmatch(given) is not None
    project_id = str(given) if is_id else _slug(path)
    named = title if isinstance(title, str) and title else project_id
    return Job(path=path, shown=shown, project_id=project_id, title=named, is_found=is_found)


def _head(path: Path) -> Mapping[str, Any]:
    """Return the table `[project]` as far as the file can be read at all."""
    try:
        head = tomllib.loads(path.read_bytes().decode("utf-8-sig")).get("project", {})
    except (OSError, ValueError):  # not UTF-8 and no TOML are ValueErrors
        return {}
    return head if isinstance(head, dict) else {}


def _slug(path: Path) -> str:
    """Return an id made of the file's name; of its folder's where the file is `project.toml`."""
    name = path.parent.name if path.stem == "project" else path.stem
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-") or "project"


def folder_names(jobs: tuple[Job, ...], taken: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Return a folder name a job: its id, with `-2`, `-3`, … where the name is taken already."""
    used = set(taken) | _NOT_ON_WINDOWS
    names = []
    for job in jobs:
        name, n = job.project_id, 1
        while name in used:
            n += 1
            name = f"{job.project_id}-{n}"
        used.add(name)
        names.append(name)
    return tuple(names)
