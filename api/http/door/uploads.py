"""Uploads: a folder each in the workspace, found by id only, with what is known of it as JSON."""

import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import orjson

from api.http.door.limits import Limits, TooLargeError
from geo.errors import NotFoundError

__all__ = ["Upload", "Uploads", "project_id_of", "read_json", "write_json"]

_UPLOAD_ID: Final = re.compile(r"[0-9a-f]{32}")
_STATE: Final = "upload.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One upload. `kind` is `data` or `ledger`; `names` are its files as they were sent."""

    upload_id: str
    kind: str
    title: str
    project_id: str
    names: tuple[str, ...]
    language: str
    created: str


class Uploads:
    """All uploads of a workspace.

    In the folder of one: `incoming` (as sent), `data` (unpacked), `plan.json` (what the user says
    each dataset is), `datasets.json`, `checked.json` and `quarantine.csv` (what the jobs found).
    """

    def __init__(self, folder: Path, *, limits: Limits) -> None:
        self._folder = folder
        self._limits = limits
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():  # what a server that was killed had begun to receive
            if path.is_dir() and not (path / _STATE).is_file():
                shutil.rmtree(path, ignore_errors=True)

    def begin(self) -> str:
        """Make the folder of a new upload and return its id.

        Raises
        ------
        TooLargeError
            If as many are kept as may be, or the disk is nearly full.
        """
        if len(self.all()) >= self._limits.uploads:
            raise TooLargeError("door.many_uploads", limit=self._limits.uploads)
        if shutil.disk_usage(self._folder).free < self._limits.free_bytes:
            raise TooLargeError("door.no_room")
        upload_id = uuid4().hex
        (self._folder / upload_id / "incoming").mkdir(parents=True)
        return upload_id

    def keep(self, upload: Upload) -> None:
        """Make an upload known."""
        write_json(self._folder / upload.upload_id / _STATE, asdict(upload))

    def folder(self, upload_id: str) -> Path:
        """Return the folder of an upload, begun or kept; `NotFoundError` where there is none."""
        if not _UPLOAD_ID.fullmatch(upload_id) or not (self._folder / upload_id).is_dir():
            raise NotFoundError("door.no_upload", upload=upload_id[:64])
        return self._folder / upload_id

    def find(self, upload_id: str) -> Upload:
        """Return an upload; `NotFoundError` where there is none."""
        content = read_json(self.folder(upload_id) / _STATE)
        if content is None:
            raise NotFoundError("door.no_upload", upload=upload_id)
        return Upload(**{**content, "names": tuple(content["names"])})

    def all(self) -> tuple[Upload, ...]:
        """Return every upload that is kept, the newest first."""
        found = []
        for path in self._folder.iterdir():
            with suppress(NotFoundError, TypeError, KeyError):
                found.append(self.find(path.name))
        return tuple(sorted(found, key=lambda upload: upload.created, reverse=True))

    def read(self, upload_id: str, name: str) -> Any:  # noqa: ANN401
        """Return the JSON file `name` of an upload, None where there is none yet."""
        return read_json(self.folder(upload_id) / name)

    def write(self, upload_id: str, name: str, content: Any) -> None:  # noqa: ANN401
        """Replace the JSON file `name` of an upload."""
        write_json(self.folder(upload_id) / name, content)

    def delete(self, upload_id: str) -> None:
        """Remove an upload and all its files."""
        shutil.rmtree(self.folder(upload_id), ignore_errors=True)

    def new(self, upload_id: str, kind: str, values: Mapping[str, str]) -> Upload:
        """Return what is known of an upload; `values` has title, project_id and language."""
        incoming = self.folder(upload_id) / "incoming"
        return Upload(
            upload_id=upload_id,
            kind=kind,
            title=values["title"],
            project_id=values["project_id"],
            names=tuple(sorted(path.name for path in incoming.iterdir())),
            language=values["language"],
            created=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )


def project_id_of(title: str, known: Sequence[str]) -> str:
    """Return an id for a new project of that title that no other has."""
    slug = re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-")[:40].strip("-") or "project"
    taken = set(known)
    numbered = (f"{slug}-v{n}" for n in range(2, len(taken) + 3))
    return slug if slug not in taken else next(name for name in numbered if name not in taken)


def read_json(path: Path) -> Any:  # noqa: ANN401
    """Return the content of a JSON file, None where there is none."""
    try:
        return orjson.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def write_json(path: Path, content: Any) -> None:  # noqa: ANN401
    """Write a JSON file at one stroke."""
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(orjson.dumps(content))
    part.replace(path)
