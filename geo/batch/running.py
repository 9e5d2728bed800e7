"""Run the projects of a manifest: skip what is done, publish what comes, tell all in one table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geo.batch.fingerprint import code_version, fingerprint
from geo.batch.folders import Room, foreign_folders, open_room, read_mark
from geo.batch.manifest import Job, Manifest, folder_names
from geo.batch.table import Row, table_row, totals
from geo.batch.workers import Answer, Task, Work, run_tasks
from geo.errors import GridCircleError
from geo.words import LANGUAGES

__all__ = ["Batch", "BatchRules", "run_batch"]

Progress = Callable[[Row], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRules:
    """How a batch is run.

    `workers`
        Processes at once.
    `resume`
        Go on with the run before: what is done and unchanged is not done again.
    `select`, `ignore`, `fail_on`
        As of an audit.
    """

    workers: int = 1
    resume: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str = "error"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """The result: a row a project in the order of the manifest, and the totals."""

    manifest: Manifest
    rules: BatchRules
    rows: tuple[Row, ...]
    totals: Mapping[str, Any]
    n_kept: int

    @property
    def exit_code(self) -> int:
        """3 when a project failed, else 1 when one has findings, else 0."""
        states = self.totals["states"]
        return 3 if states["failed"] else int(states["findings"] > 0)


def run_batch(
    manifest: Manifest,
    folder: Path,
    *,
    work: Work,
    rules: BatchRules,
    progress: Progress | None = None,
) -> Batch:
    """Audit every project of `manifest` into a folder of its own below `folder`.

    Parameters
    ----------
    manifest
        n projects.
    folder
        Made when missing. A folder below it that no batch has made is never touched.
    work
        Audits one project, in another process: a function of a module.
    rules
        How.
    progress
        Called with the row of each project as it is done; first with those that are kept.

    Returns
    -------
    batch
        n rows. A project that fails has its sentence there and leaves its last good folder alone.

    Raises
    ------
    OutputError
        If `folder` cannot be written to, or another batch is at work in it.
    """
    said = progress or (lambda _row: None)
    code = code_version()
    rows: dict[int, Row] = {}
    with open_room(folder, resume=rules.resume) as room:
        names = folder_names(manifest.jobs, foreign_folders(folder))
        run = _Run(room=room, jobs=manifest.jobs, names=names, rules=rules, code=code)
        if rules.resume:
            for place, row in run.kept():
                rows[place] = row
                said(row)
        n_kept = len(rows)
        places = [place for place in range(len(names)) if place not in rows]
        for place, row in run.done(places, work):
            rows[place] = row
            said(row)
    ordered = tuple(rows[place] for place in range(len(names)))
    return Batch(
        manifest=manifest, rules=rules, rows=ordered, totals=totals(ordered), n_kept=n_kept
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One run over the jobs; a job is known by its place in the manifest."""

    room: Room
    jobs: tuple[Job, ...]
    names: tuple[str, ...]
    rules: BatchRules
    code: str

    def kept(self) -> Iterator[tuple[int, Row]]:
        """Yield what this run has done before and nothing has changed since."""
        for place, (job, name) in enumerate(zip(self.jobs, self.names, strict=True)):
            mark = read_mark(self.room.folder / name) or {}
            is_ours = mark.get("run") == self.room.run and mark.get("project") == job.shown
            if is_ours and mark.get("figures") and mark.get("fingerprint") == self._print(job):
                figures, seconds = mark["figures"], mark["seconds"]
                yield place, self._row(place, Answer(figures=figures, seconds=seconds))

    def done(self, places: Sequence[int], work: Work) -> Iterator[tuple[int, Row]]:
        """Audit the jobs at `places` and yield them as they come, each published."""
        tasks = [self._task(place) for place in places]
        for at, answer in run_tasks(tasks, work, workers=self.rules.workers):
            place = places[at]
            yield place, self._row(place, self._published(place, answer))

    def _task(self, place: int) -> Task:
        job, name = self.jobs[place], self.names[place]
        before = self.room.folder / name
        mark = read_mark(before) or {}
        has_version = mark.get("project") == job.shown and (before / "audit.gpkg").is_file()
        return Task(
            job=job,
            folder=self.room.begin(name),
            previous=before / "audit.gpkg" if has_version else None,
            select=self.rules.select,
            ignore=self.rules.ignore,
            code=self.code,
        )

    def _published(self, place: int, answer: Answer) -> Answer:
        """Put the folder in place; a project that failed leaves its last good one there."""
        job, name = self.jobs[place], self.names[place]
        has_version = bool((read_mark(self.room.folder / name) or {}).get("figures"))
        if answer.fault is not None and has_version:
            self.room.drop(name)
            return answer
        mark = {
            "run": self.room.run,
            "project": job.shown,
            "fingerprint": answer.fingerprint,
            "seconds": answer.seconds,
            "figures": answer.figures,
            "fault": answer.fault,
        }
        try:
            if answer.fault is not None:
                self.room.drop(name)
                self.room.begin(name)
            self.room.publish(name, mark)
        except GridCircleError as error:
            sentences = {language: error.text(language) for language in LANGUAGES}
            return Answer(fault=sentences, seconds=answer.seconds)
        return answer

    def _row(self, place: int, answer: Answer) -> Row:
        return table_row(
            self.jobs[place],
            self.names[place],
            figures=answer.figures,
            fault=answer.fault,
            seconds=answer.seconds,
            fail_on=self.rules.fail_on,
        )

    def _print(self, job: Job) -> str | None:
        """Return the fingerprint of a job now; something no mark holds where there is none."""
        try:
            found = fingerprint(
                job.path, code=self.code, select=self.rules.select, ignore=self.rules.ignore
            )
        except (GridCircleError, OSError):
            return ""
        return found or ""
