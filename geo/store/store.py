"""The store: one interface to a workspace folder."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final
from uuid import uuid4

import orjson
import pandas as pd

from geo.audit import Audit
from geo.errors import LoadError, NotFoundError, OutputError
from geo.outputs import read_audit
from geo.store.connections import FILE, create_file, reading, writer_lock
from geo.store.exporting import export_ledger
from geo.store.importing import import_ledger
from geo.store.publishing import VERSIONS, Finish, publish
from geo.store.values import LedgerImport, Version

__all__ = ["Store", "is_workspace", "open_store"]

_AUDIT: Final = "audit.gpkg"
_LISTS: Final = ("grid_ids", "unit_ids", "site_ids")
_VERSIONS: Final = (
    "SELECT version.*, audit_run.run_id FROM version JOIN audit_run USING (version_id)"
)


def is_workspace(folder: Path) -> bool:
    """Return True when `folder` holds a store."""
    return (folder / FILE).is_file()


def open_store(workspace: Path, *, create: bool = False) -> "Store":
    """Return the store of the folder `workspace`.

    Parameters
    ----------
    workspace
        A folder with a `store.gpkg`.
    create
        Make folder and store when there is none.

    Raises
    ------
    LoadError
        If there is no store, or it was written by another program.
    OutputError
        If it cannot be made.
    """
    if not is_workspace(workspace):
        if not create:
            raise LoadError("store.no_store", path=workspace)
        _create(workspace)
    with reading(workspace):
        return Store(workspace)


class Store:
    """A workspace: published versions, findings over time, the office's notes.

    Safe to share between threads: every call opens what it needs and closes it. Several processes
    may read while one writes; a second writer waits.
    """

    def __init__(self, workspace: Path) -> None:
        self._folder = workspace

    @property
    def workspace(self) -> Path:
        """The folder."""
        return self._folder

    def published(self) -> int:
        """Return a number that changes with every publish: what a server asks before it reloads."""
        with reading(self._folder) as line:
            (n,) = line.execute("SELECT count(*) FROM version").fetchone()
        return int(n)

    def projects(self) -> tuple[str, ...]:
        """Return the ids of all projects, the first published first."""
        return tuple(dict.fromkeys(version.project_id for version in self.versions()))

    def versions(self, project_id: str | None = None) -> tuple[Version, ...]:
        """Return the versions of one project, or of all, oldest first."""
        with reading(self._folder) as line:
            if project_id is None:
                rows = line.execute(f"{_VERSIONS} ORDER BY version.fid").fetchall()
            else:
                mine = f"{_VERSIONS} WHERE project_id = ? ORDER BY version.fid"
                rows = line.execute(mine, (project_id,)).fetchall()
        names = Version.__slots__
        return tuple(Version(**{name: row[name] for name in names}) for row in rows)

    def version(self, version_id: str) -> Version:
        """Return the version `version_id`; of a project's id, its last version.

        Raises
        ------
        NotFoundError
            If there is neither.
        """
        every = self.versions()
        for each in every:
            if each.version_id == version_id:
                return each
        of_project = [each for each in every if each.project_id == version_id]
        if of_project:
            return of_project[-1]
        known = "、".join(each.version_id for each in every[-20:]) or "–"
        raise NotFoundError("store.no_version", version=version_id, known=known)

    def folder(self, version_id: str) -> Path:
        """Return the output folder of a version, finished for good.

        Raises
        ------
        NotFoundError
            If there is no such version.
        """
        return self._folder / VERSIONS / self.version(version_id).version_id

    def read_audit(self, version_id: str) -> Audit:
        """Return the audit of a version, as it was when it was published.

        Raises
        ------
        NotFoundError
            If there is no such version.
        LoadError
            If its files were taken away.
        """
        return read_audit(self.folder(version_id) / _AUDIT)

    def publish(
        self,
        audit: Audit,
        *,
        name: str = "",
        finish: Finish | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> Version:
        """Publish `audit` as the next version of its project: all of it becomes visible at once.

        Findings that the audit judged and lists no longer are closed, closed ones that it lists
        again are reopened, and what the office wrote stays.

        Parameters
        ----------
        audit
            What to publish.
        name
            What people call the version.
        finish
            Called with the folder of the version before it is put in place, to write further files
            into it: the map.
        progress
            Called with the name of each file as its writing starts.

        Raises
        ------
        OutputError
            If another process keeps writing, or something cannot be written.
        """
        return publish(self._folder, audit, name=name, finish=finish, progress=progress)

    def findings(self, project_id: str) -> pd.DataFrame:
        """Return all findings that the project ever had, with state and the office's columns.

        Columns of the table `finding`, lists as tuples, and `first_version`, `last_version`.

        Raises
        ------
        NotFoundError
            If there is no such project.
        """
        versions = {each.run_id: each.version_id for each in self.versions(project_id)}
        if not versions:
            known = "、".join(self.projects()) or "–"
            raise NotFoundError("store.no_project", project=project_id, known=known)
        with reading(self._folder) as line:
            mine = "SELECT * FROM finding WHERE project_id = ? ORDER BY fid"
            found = line.execute(mine, (project_id,))
            table = _frame(found)
        for name in _LISTS:
            table[name] = pd.Series([tuple(orjson.loads(t)) for t in table[name]], dtype=object)
        table["first_version"] = table["first_run"].map(versions)
        table["last_version"] = table["last_run"].map(versions)
        return table.drop(columns="fid")

    def events(self, finding_key: str) -> pd.DataFrame:
        """Return what happened to a finding, oldest first: changes of state and of the office.

        Columns `event_id, finding_key, revision, at, actor, from_status, to_status, column, before,
        after, note`; empty where the finding is not known.
        """
        with reading(self._folder) as line:
            mine = "SELECT * FROM finding_event WHERE finding_key = ? ORDER BY event_id"
            found = line.execute(mine, (finding_key,))
            return _frame(found)

    def import_ledger(
        self, path: Path, *, actor: str, project_id: str | None = None
    ) -> LedgerImport:
        """Take over what the office wrote into a ledger, row by row.

        Parameters
        ----------
        path
            A ledger of this store, or of an audit of a project in it (`.xlsx`).
        actor
            Who brings it.
        project_id
            Whose findings the rows are that do not tell; by default the only project.

        Raises
        ------
        LoadError
            If the file is no ledger.
        OutputError
            If another process keeps writing.
        """
        return import_ledger(self._folder, path, actor=actor, project_id=project_id)

    def export_ledger(self, path: Path, *, project_id: str | None = None) -> Version:
        """Write the ledger of the last version of a project, with the notes as they are now.

        Raises
        ------
        NotFoundError
            If there is no such project, or `project_id` is needed to tell which.
        OutputError
            If `path` cannot be written.
        """
        chosen = project_id or self._only_project()
        made = self.versions(chosen)
        if not made:
            known = "、".join(self.projects()) or "–"
            raise NotFoundError("store.no_project", project=chosen, known=known)
        export_ledger(self._folder, self.read_audit(made[-1].version_id), path)
        return made[-1]

    def _only_project(self) -> str:
        projects = self.projects()
        if len(projects) == 1:
            return projects[0]
        raise NotFoundError("store.which_project", known="、".join(projects) or "–")


def _frame(found: sqlite3.Cursor) -> pd.DataFrame:
    """Return rows as a frame: numbers as numbers, text as objects with None where there is none."""
    names = [column[0] for column in found.description]
    frame = pd.DataFrame([tuple(row) for row in found], columns=names, dtype=object)
    for name in names:
        if frame[name].map(lambda value: isinstance(value, (int, float))).any():
            frame[name] = pd.to_numeric(frame[name])
    return frame


def _create(workspace: Path) -> None:
    try:
        (workspace / VERSIONS).mkdir(parents=True, exist_ok=True)
        with writer_lock(workspace):
            if not is_workspace(workspace):
                create_file(workspace, store_id=uuid4().hex[:8])
    except (FileExistsError, NotADirectoryError) as error:
        raise OutputError("outputs.not_a_folder", path=workspace) from error
    except OutputError:
        raise
    except OSError as error:
        reason = error.strerror or os.strerror(error.errno or 0)
        raise OutputError("outputs.cannot_write", path=workspace, reason=reason) from error
