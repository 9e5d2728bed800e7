"""One API root: the outputs of one audit, their collections in memory and their files."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import orjson

from api.http.features import FeatureTable, read_features
from api.http.references import CRS84, Reference, references_of
from geo.errors import LoadError, NotFoundError
from geo.words import LANGUAGES
from geo.words import language as choose_language

__all__ = ["FILES", "LAYERS", "MAP_FILE", "SUMMARY_FILE", "Dataset", "no_dataset", "read_dataset"]

LAYERS: Final = ("grids", "units", "sites", "circles", "findings")
"""Collections, in the order they are listed; each is `<name>.geojson`."""

MAP_FILE: Final = "map.html"

SUMMARY_FILE: Final = "summary.json"
"""Written last: while it is the same, so is the rest."""

FILES: Final = MappingProxyType(
    {
        SUMMARY_FILE: "application/json",
        **{f"{layer}.geojson": "application/geo+json" for layer in LAYERS},
        "coverage.csv": "text/csv; charset=utf-8",
        "equity.csv": "text/csv; charset=utf-8",
        "quarantine.csv": "text/csv; charset=utf-8",
        "audit.gpkg": "application/geopackage+sqlite3",
        "ledger.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        MAP_FILE: "text/html; charset=utf-8",
    }
)
"""The only files that are given out, with their media types."""

_NEEDED: Final = (SUMMARY_FILE, "grids.geojson")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dataset:
    """The outputs of one audit.

    `digest`
        Changes with the content; what ETags are made from.
    `tables`
        Collection name to features, in the order of `LAYERS`.
    `files`
        File name to path, those of `FILES` that are there.
    `references`
        The reference systems that features are given out in, CRS84 first.
    """

    dataset_id: str
    title: str
    language: str
    digest: str
    tables: Mapping[str, FeatureTable]
    files: Mapping[str, Path]
    references: tuple[Reference, ...]

    def table(self, name: str) -> FeatureTable:
        """Return the collection `name`; `NotFoundError` when there is none."""
        if name not in self.tables:
            raise NotFoundError("http.no_collection", collection=name, known=", ".join(self.tables))
        return self.tables[name]

    def file(self, name: str) -> Path:
        """Return the path of the output `name`; `NotFoundError` when it is not one of ours."""
        if name not in self.files:
            raise NotFoundError("http.no_file", name=name, known=", ".join(self.files))
        return self.files[name]


def read_dataset(folder: Path) -> Dataset:
    """Return the outputs in `folder`, read once.

    Raises
    ------
    NotFoundError
        If there is no such folder.
    LoadError
        If it is not an output folder, or a file in it is broken.
    """
    if not folder.is_dir():
        raise NotFoundError("http.no_folder", path=folder)
    files = {name: folder / name for name in FILES if (folder / name).is_file()}
    missing = [name for name in _NEEDED if name not in files]
    if missing:
        raise LoadError("http.not_outputs", path=folder, missing=", ".join(missing))
    project = _project(files[SUMMARY_FILE])
    tables = {
        layer: read_features(files[f"{layer}.geojson"], layer)
        for layer in LAYERS
        if f"{layer}.geojson" in files
    }
    return Dataset(
        dataset_id=project["id"],
        title=project["title"],
        language=project["language"],
        digest=_digest(files),
        tables=MappingProxyType(tables),
        files=MappingProxyType(files),
        references=references_of(tables["grids"].bbox_deg, project["crs"]),
    )


def no_dataset(language: str | None = None) -> Dataset:
    """Return what the root of a workspace is before anything was published."""
    return Dataset(
        dataset_id="",
        title="GridCircle",
        language=choose_language(language),
        digest="",
        tables=MappingProxyType({}),
        files=MappingProxyType({}),
        references=(CRS84,),
    )


def _project(path: Path) -> dict[str, str]:
    """Return id, title, language and CRS of the project that `summary.json` at `path` names."""
    try:
        summary = orjson.loads(path.read_bytes())
    except ValueError as error:
        raise LoadError("http.bad_json", path=path, reason=error) from error
    project: Any = summary.get("project") if isinstance(summary, dict) else None
    named = project if isinstance(project, dict) else {**(summary or {}), "id": project}
    project_id = named.get("id")
    if not isinstance(project_id, str) or not project_id:
        raise LoadError("http.bad_summary", path=path)
    language, crs = named.get("language"), summary.get("crs")
    return {
        "id": project_id,
        "title": str(named.get("title") or project_id),
        "language": choose_language(language if language in LANGUAGES else None),
        "crs": crs if isinstance(crs, str) else "",
    }


def _digest(files: Mapping[str, Path]) -> str:
    """Return a hash of what is kept in memory."""
    total = hashlib.blake2b(digest_size=12)
    for name, path in files.items():
        if name == SUMMARY_FILE or name.endswith(".geojson"):
            total.update(name.encode())
            with path.open("rb") as stream:
                total.update(hashlib.file_digest(stream, "sha256").digest())
    return total.hexdigest()
