"""Worker processes: one project at a time each, so that nothing of one project harms another.

A process that dies (out of memory, killed) loses the one project it had at hand; the next project
gets a new process. Processes are spawned, as on Windows, and end when this one ends, however.
(A pool of `concurrent.futures` loses all projects at hand with one process, does not tell which one
was to blame, and its processes outlive a parent that is killed.)
"""

import multiprocessing
import os
import shutil
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Final

from geo.batch.fingerprint import fingerprint
from geo.batch.manifest import Job
from geo.errors import GridCircleError, LoadError
from geo.words import LANGUAGES

__all__ = ["Answer", "Task", "Work", "answer_to", "run_tasks"]

_TASKS_A_PROCESS: Final = 20
"""A process makes way for a new one after so many projects, and its memory with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a worker is given.

    `folder`
        Where to write: empty, published by the caller once all is done.
    `previous`
        The `audit.gpkg` of the project's last version, None for the first.
    `code`
        The version of the program, a part of the fingerprint.
    """

    job: Job
    folder: Path
    previous: Path | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a task: `figures`, or a `fault` (language to sentence).

    `is_killed` where its process died under it.
    """

    figures: Mapping[str, Any] | None = None
    fault: Mapping[str, str] | None = None
    fingerprint: str | None = None
    seconds: float = 0.0
    is_killed: bool = False


Work = Callable[[Task], Mapping[str, Any]]
"""Audits one project into `task.folder` and returns its figures as JSON values."""


def run_tasks(tasks: Sequence[Task], work: Work, *, workers: int) -> Iterator[tuple[int, Answer]]:
    """Yield the place of each task and its answer, as they come.

    A task whose process died has a second try when all others are done, with no other process
    beside it: what did not fit into the memory together may fit alone.

    Parameters
    ----------
    tasks
        n tasks, begun in this order.
    work
        A function of a module, so that a new process can import it.
    workers
        How many processes at once, at least 1.
    """
    died: list[int] = []
    for place, answer in _answers(dict(enumerate(tasks)), work, workers=workers):
        if answer.is_killed:
            died.append(place)
        else:
            yield place, answer
    for place in died:
        shutil.rmtree(tasks[place].folder, ignore_errors=True)
        tasks[place].folder.mkdir(parents=True, exist_ok=True)
        yield from _answers({place: tasks[place]}, work, workers=1)


def _answers(
    tasks: Mapping[int, Task], work: Work, *, workers: int
) -> Iterator[tuple[int, Answer]]:
    """Yield the answer of each task as it comes."""
    waiting = deque(tasks.items())
    slots = [_Slot(work) for _ in range(max(1, min(workers, len(tasks))))]
    try:
        while waiting or any(slot.place is not None for slot in slots):
            for slot in slots:
                if slot.place is None and waiting:
                    slot.begin(*waiting.popleft())
            busy = {slot.line: slot for slot in slots if slot.place is not None}
            for line in wait(list(busy)):
                slot = busy[line]  # type: ignore[index]
                place = slot.place
                answer = slot.finish()
                if place is not None:
                    yield place, answer
    finally:
        for slot in slots:
            slot.close()


class _Slot:
    """One worker process after another, and the task at hand."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._n_done = 0
        self.place: int | None = None
        self._started = 0.0
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.line, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._work), daemon=True)
        self._process.start()
        theirs.close()
        self._n_done = 0

    def begin(self, place: int, task: Task) -> None:
        """Hand a task over, to a new process where this one is old or dead."""
        if self._n_done >= _TASKS_A_PROCESS or not self._process.is_alive():
            self.close()
            self._start()
        self.place, self._started = place, time.perf_counter()
        try:
            self.line.send(task)
        except OSError:
            return  # it died just now: `finish` finds the line closed

    def finish(self) -> Answer:
        """Return the answer that has come, or what it means that none will."""
        self.place = None
        self._n_done += 1
        try:
            answer: Answer = self.line.recv()
        except (EOFError, OSError):
            self._process.join()
            fault = LoadError("batch.killed", code=self._process.exitcode)
            seconds = time.perf_counter() - self._started
            self.close()
            self._start()
            return Answer(fault=_sentences(fault), seconds=seconds, is_killed=True)
        return answer

    def close(self) -> None:
        """End the process: at once when it is at work, else as it sees its line closed."""
        self.line.close()
        if self.place is not None:
            self._process.kill()
        self._process.join()


def _serve(line: Connection, work: Work) -> None:
    """Do tasks until the line is closed: the life of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            task = line.recv()
        except (EOFError, OSError):
            return
        line.send(answer_to(task, work))


def _end_with_parent() -> None:
    """Wait for the end of the process that started this one, and end with it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def answer_to(task: Task, work: Work) -> Answer:
    """Do a task; whatever goes wrong becomes the sentence of its answer."""
    started = time.perf_counter()
    figures, fault, mark = None, None, None
    try:
        if not task.job.is_found:
            raise LoadError("batch.no_match", entry=task.job.shown)  # noqa: TRY301
        mark = fingerprint(task.job.path, code=task.code, select=task.select, ignore=task.ignore)
        figures = work(task)
    except GridCircleError as error:
        fault = _sentences(error)
    except MemoryError:
        fault = _sentences(LoadError("batch.memory"))
    except Exception as error:  # noqa: BLE001 (one project's fault must not end the others)
        name, reason = type(error).__name__, str(error).split("\n", maxsplit=1)[0]
        fault = _sentences(LoadError("batch.unexpected", kind=name, reason=reason))
    seconds = time.perf_counter() - started
    return Answer(figures=figures, fault=fault, fingerprint=mark, seconds=seconds)


def _sentences(error: GridCircleError) -> dict[str, str]:
    return {language: error.text(language) for language in LANGUAGES}
