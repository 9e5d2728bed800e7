"""What is served: projects and their versions, each version an API root.

A catalogue is made from an output folder (one project, no versions) or from a workspace. Either is
read again when it has changed, beside the requests that go on with what they have: a reader sees
the state before or after, never half of one.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from api.http.datasets import SUMMARY_FILE, Dataset, no_dataset, read_dataset
from geo.errors import GridCircleError, NotFoundError
from geo.store import Store, Version, is_workspace, open_store

__all__ = ["Catalogue", "Project", "read_catalogue"]

_LOG: Final = logging.getLogger("gridcircle.http")
_INTERVAL_SECONDS: Final = 0.5
_MAX_HELD: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One project and its versions, oldest first."""

    project_id: str
    title: str
    versions: tuple[Version, ...] = ()


class Catalogue(Protocol):
    """All that is served."""

    @property
    def revision(self) -> str:
        """Return what changes with the list of projects and versions."""
        ...

    def projects(self) -> Sequence[Project]:
        """Return all projects, the default one first."""
        ...

    def held(self, project: str | None, version: str | None) -> Dataset | None:
        """Return a dataset that lies in memory, None where it must be read first."""
        ...

    def find(self, project: str | None = None, version: str | None = None) -> Dataset:
        """Return a dataset, read when it must be.

        `project` None is the default one, `version` None its last. `NotFoundError` when there is
        none.
        """
        ...

    def refresh(self) -> None:
        """Look whether something has changed, and if so begin to read it; returns at once."""
        ...


def read_catalogue(folder: Path) -> Catalogue:
    """Return the catalogue of a workspace, or of one output folder of `gridcircle audit`.

    Raises
    ------
    NotFoundError
        If there is no such folder.
    LoadError
        If it is neither, or a file in it is broken.
    """
    return WorkspaceCatalogue(folder) if is_workspace(folder) else FolderCatalogue(folder)


class _Watch:
    """Calls `read` in a thread of its own when `state` has changed."""

    def __init__(self, state: Callable[[], object], read: Callable[[], object]) -> None:
        self._state = state
        self._read = read
        self._seen = state()
        self._next = time.monotonic() + _INTERVAL_SECONDS
        self._lock = threading.Lock()

    def look(self) -> None:
        """Begin to read when there is something new; at most every half second."""
        now = time.monotonic()
        if now < self._next or not self._lock.acquire(blocking=False):
            return
        self._next = now + _INTERVAL_SECONDS
        threading.Thread(target=self._look, name="gridcircle-reload", daemon=True).start()

    def _look(self) -> None:
        try:
            state = self._state()
            if state is not None and state != self._seen:
                self._read()
                self._seen = state
        except (GridCircleError, OSError):
            _LOG.exception("the outputs have changed but cannot be read; the old ones are served")
        finally:
            self._lock.release()


class FolderCatalogue:
    """The one project of an output folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._dataset = read_dataset(folder)
        self._watch = _Watch(self._state, self._read)

    @property
    def revision(self) -> str:
        """Return what changes with the content."""
        return self._dataset.digest

    def projects(self) -> Sequence[Project]:
        """Return the project."""
        return (Project(project_id=self._dataset.dataset_id, title=self._dataset.title),)

    def held(self, project: str | None, version: str | None) -> Dataset | None:
        """Return the dataset."""
        return self.find(project, version)

    def find(self, project: str | None = None, version: str | None = None) -> Dataset:
        """Return the dataset; `NotFoundError` for another project, or any version."""
        if project is not None and project != self._dataset.dataset_id:
            raise NotFoundError("http.no_project", project=project)
        if version is not None:
            raise NotFoundError("http.no_version", version=version)
        return self._dataset

    def refresh(self) -> None:
        """Look whether an audit has written the folder anew."""
        self._watch.look()

    def _state(self) -> tuple[int, int] | None:
        try:
            found = (self._folder / SUMMARY_FILE).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size

    def _read(self) -> None:
        self._dataset = read_dataset(self._folder)


class WorkspaceCatalogue:
    """All versions of a workspace; those asked for last lie in memory."""

    def __init__(self, workspace: Path) -> None:
        self._store: Store = open_store(workspace)
        self._lock = threading.Lock()
        self._datasets: OrderedDict[str, Dataset] = OrderedDict()
        self._projects = _grouped(self._store.versions())
        self._watch = _Watch(self._store.published, self._read)
        if self._projects:
            self.find()

    @property
    def revision(self) -> str:
        """Return what changes with every publish."""
        return str(sum(len(project.versions) for project in self._projects.values()))

    def projects(self) -> Sequence[Project]:
        """Return all projects, the one published first first."""
        return tuple(self._projects.values())

    def held(self, project: str | None, version: str | None) -> Dataset | None:
        """Return a dataset that lies in memory, None where it must be read first."""
        if not self._projects and project is None:
            return no_dataset()
        return self._datasets.get(self._version_id(project, version))

    def find(self, project: str | None = None, version: str | None = None) -> Dataset:
        """Return a dataset, read when it must be; `NotFoundError` when there is none."""
        if not self._projects and project is None:
            return no_dataset()
        return self._dataset(self._version_id(project, version))

    def refresh(self) -> None:
        """Look whether something was published."""
        self._watch.look()

    def _version_id(self, project: str | None, version: str | None) -> str:
        projects = self._projects
        if project is None:
            project = next(iter(projects))
        if project not in projects:
            raise NotFoundError("http.no_project", project=project)
        known = [each.version_id for each in projects[project].versions]
        if version is None:
            return known[-1]
        if version not in known:
            raise NotFoundError("http.no_version", version=version)
        return version

    def _dataset(self, version_id: str) -> Dataset:
        with self._lock:
            found = self._datasets.get(version_id)
            if found is None:
                found = read_dataset(self._store.folder(version_id))
                self._datasets[version_id] = found
                while len(self._datasets) > _MAX_HELD:
                    self._datasets.popitem(last=False)
            else:
                self._datasets.move_to_end(version_id)
            return found

    def _read(self) -> None:
        """Read the list, and the last versions of projects in use before anybody is sent there."""
        fresh = _grouped(self._store.versions())
        for project_id, project in fresh.items():
            before = self._projects.get(project_id)
            was_used = before is not None and before.versions[-1].version_id in self._datasets
            if was_used or not self._projects:
                self._dataset(project.versions[-1].version_id)
        self._projects = fresh


def _grouped(versions: Sequence[Version]) -> dict[str, Project]:
    """Return the projects by id, in the order of their first version."""
    found: dict[str, list[Version]] = {}
    for version in versions:
        found.setdefault(version.project_id, []).append(version)
    return {
        project_id: Project(
            project_id=project_id, title=each[-1].title or project_id, versions=tuple(each)
        )
        for project_id, each in found.items()
    }
