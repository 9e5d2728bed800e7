"""What a result rests on, as one hash: project file, inputs, options, and this program."""

import hashlib
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

from geo.io import Project, read_project
from geo.words import language

__all__ = ["code_version", "fingerprint"]

_ROOMS: Final = ("geo", "maps", "api")
_LIBRARIES: Final = ("geopandas", "numpy", "pandas", "pyogrio", "pyproj", "scipy", "shapely")
_LEFT_OUT: Final = frozenset({"__pycache__", "examples"})
_OF_SEVERAL_FILES: Final = frozenset({".shp", ".tab", ".mif"})


def code_version() -> str:
    """Return a hash of the program's own files and of the versions of the libraries below it."""
    root = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for room in _ROOMS:
        for path in sorted((root / room).rglob("*")):
            parts = path.relative_to(root).parts
            if path.is_file() and not _LEFT_OUT.intersection(parts):
                _add(digest, "/".join(parts), path.read_bytes())
    for name in _LIBRARIES:
        _add(digest, name, version(name).encode())
    return digest.hexdigest()


def fingerprint(
    path: Path, *, code: str, select: Sequence[str] = (), ignore: Sequence[str] = ()
) -> str | None:
    """Return the hash of everything that the result of a project rests on.

    None where an input is a database, which nobody can tell unchanged.

    Raises
    ------
    GridCircleError
        If the project file cannot be used.
    OSError
        If an input cannot be read.
    """
    project = read_project(path)
    if any(spec.url is not None for spec in project.layers):
        return None
    digest = hashlib.sha256()
    options = (code, language(project.language), ",".join(select), ",".join(ignore))
    _add(digest, "options", "\n".join(options).encode())
    _add(digest, "project", path.read_bytes())
    for part in sorted(set(_inputs(project))):
        with part.open("rb") as file:
            _add(digest, part.name, hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _inputs(project: Project) -> Iterator[Path]:
    for spec in project.layers:
        yield from _parts(spec.path)
    for standard in project.standards:
        if isinstance(standard, Path):
            yield from _parts(standard)
            yield from standard.parent.glob("*.toml")  # what it extends lies beside it


def _parts(path: Path) -> Iterator[Path]:
    """Yield the files of one dataset; the archive, where `path` leads into one."""
    if path.is_dir():
        yield from (part for part in path.rglob("*") if part.is_file())
    elif path.is_file() and path.suffix.casefold() in _OF_SEVERAL_FILES:
        yield from (p for p in path.parent.iterdir() if p.stem == path.stem and p.is_file())
    else:
        yield from [place for place in (path, *path.parents) if place.is_file()][:1]


def _add(digest: "hashlib._Hash", name: str, content: bytes) -> None:
    digest.update(f"{name}\0{len(content)}\0".encode())
    digest.update(content)
