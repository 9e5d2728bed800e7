"""Jobs: work that takes longer than a request, each in a process of its own.

A job runs a named function of ours (`Jobs.functions`), never one that a request names freely. Its
state is a JSON file that is replaced at one stroke, written by this process alone; the process
that works says how far it is through its standard output and ends when this one does, however.
"""

import json
import logging
import os
import re
import shutil
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from uuid import uuid4

import orjson

from geo.errors import GridCircleError, NotFoundError, OutputError
from geo.outputs.staging import alone
from geo.words import LANGUAGES, text

__all__ = ["ENDED", "Job", "Jobs", "JobsFullError"]

ENDED: Final = frozenset({"successful", "failed", "dismissed"})
"""States that a job does not leave."""

_LOG: Final = logging.getLogger("gridcircle.jobs")
_STATE: Final = "job.json"
_RESULT: Final = "result.json"
_ERRORS: Final = "errors.txt"
_LOCK: Final = "server.lock"
_ELSEWHERE: Final = "door.jobs_elsewhere"
_JOB_ID: Final = re.compile(r"[0-9a-f]{32}")
_DONE: Final = 100

_ENVIRONMENT: Final = MappingProxyType(
    {
        "GML_DOWNLOAD_SCHEMA": "NO",
        "GDAL_SKIP": "VRT,OGR_VRT,HTTP,WMS,WCS,WFS,OAPIF,CSW,STACTA,STACIT,PLSCENES",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONUNBUFFERED": "1",
    }
)
"""What reads foreign files may open neither an address nor a file that one of them names."""


class JobsFullError(GridCircleError, RuntimeError):
    """No job is taken: as many wait as may wait, or another server works on the workspace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is known of a job.

    `task`
        The name of its function: `audit`, `compare`, …
    `status`
        `accepted`, `running`, `successful`, `failed` or `dismissed`.
    `progress`
        0 to 100.
    `message`
        Language to what it does now or, at the end, why it failed.
    `inputs`
        JSON values: ids of what lies in the workspace, never paths.
    `created`, `started`, `finished`
        RFC 3339, UTC.
    """

    job_id: str
    task: str
    status: str
    inputs: Mapping[str, Any]
    created: str
    progress: int = 0
    message: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    started: str | None = None
    finished: str | None = None

    @property
    def has_ended(self) -> bool:
        """True when nothing will change any more."""
        return self.status in ENDED


class Jobs:
    """All jobs of a workspace: `folder` has one folder a job.

    Parameters
    ----------
    folder
        Made when missing. What a server that was stopped left running is reported failed; what
        only waited is run. While another server works on it, this one only reads: `is_reader`.
    workspace
        Given to every function.
    functions
        Name of a task to `module:function`; the function takes a `Task` (`api.http.job_worker`)
        and returns JSON values.
    max_running, max_waiting, max_kept
        How many run at once, wait, and stay to be read once they have ended.
    """

    def __init__(
        self,
        folder: Path,
        *,
        workspace: Path,
        functions: Mapping[str, str],
        max_running: int = 1,
        max_waiting: int = 16,
        max_kept: int = 200,
    ) -> None:
        self._folder = folder
        self._workspace = workspace
        self._functions = functions
        self._max_waiting, self._max_kept = max_waiting, max_kept
        self._jobs: dict[str, Job] = {}
        self._waiting: deque[str] = deque()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._change = threading.Condition()
        self._is_closed = False
        folder.mkdir(parents=True, exist_ok=True)
        self._held = ExitStack()
        self.is_reader = not self._is_alone()
        with self._change:
            self._read()
            if not self.is_reader:
                self._recover()
        self._threads = [
            threading.Thread(target=self._work, name=f"job-{n}", daemon=True)
            for n in range(0 if self.is_reader else max_running)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks that can be asked for."""
        return tuple(self._functions)

    def submit(self, task: str, inputs: Mapping[str, Any]) -> Job:
        """Accept a job and return it as it waits.

        Raises
        ------
        NotFoundError
            If there is no such task.
        JobsFullError
            If as many wait as may wait, or another server works on the workspace.
        """
        if task not in self._functions:
            raise NotFoundError("door.no_task", task=task, known=", ".join(self._functions))
        job = Job(
            job_id=uuid4().hex, task=task, status="accepted", inputs=dict(inputs), created=_now()
        )
        self._require_own()
        with self._change:
            if self._is_closed or len(self._waiting) >= self._max_waiting:
                raise JobsFullError("door.jobs_full", n=self._max_waiting)
            self.folder(job.job_id).mkdir(parents=True)
            self._keep(job)
            self._waiting.append(job.job_id)
            self._forget_oldest()
            self._change.notify_all()
        return job

    def find(self, job_id: str) -> Job:
        """Return a job; `NotFoundError` when there is none of that id."""
        with self._change:
            self._look_again()
            if job_id not in self._jobs:
                raise NotFoundError("door.no_job", job=job_id)
            return self._jobs[job_id]

    def all(self) -> tuple[Job, ...]:
        """Return every job, the newest first."""
        with self._change:
            self._look_again()
            return tuple(sorted(self._jobs.values(), key=lambda job: job.created, reverse=True))

    def folder(self, job_id: str) -> Path:
        """Return where a job keeps what is its own; only for ids of `find` and `submit`."""
        return self._folder / job_id

    def result(self, job_id: str) -> dict[str, Any]:
        """Return what the function returned.

        Raises
        ------
        NotFoundError
            If there is no such job, or it has not ended well.
        """
        if self.find(job_id).status != "successful":
            raise NotFoundError("door.no_result", job=job_id)
        found: dict[str, Any] = orjson.loads((self.folder(job_id) / _RESULT).read_bytes())
        return found

    def wait(self, job_id: str, timeout_s: float) -> Job:
        """Return a job once it has ended, or as it is after `timeout_s`."""
        with self._change:
            self._change.wait_for(lambda: self.find(job_id).has_ended, timeout=timeout_s)
            return self.find(job_id)

    def dismiss(self, job_id: str) -> Job:
        """Stop a job, or forget the files of one that has ended; return what is left of it."""
        self._require_own()
        with self._change:
            job = self.find(job_id)
            if job.has_ended:
                self._forget(job_id)
                return replace(job, status="dismissed")
            with suppress(ValueError):
                self._waiting.remove(job_id)
            process = self._running.get(job_id)
            if process is not None:
                process.kill()
            return self._end(job, "dismissed", _both("door.job_dismissed"))

    def close(self) -> None:
        """Stop every process and thread; what ran is reported failed, what waited stays."""
        with self._change:
            self._is_closed = True
            for job_id, process in self._running.items():
                process.kill()
                job = self._jobs.get(job_id)
                if job is not None and not job.has_ended:
                    self._end(job, "failed", _both("door.job_lost"))
            self._change.notify_all()
        for thread in self._threads:
            thread.join(timeout=10)
        self._held.close()

    def _is_alone(self) -> bool:
        """Hold the workspace until closed, or until this process ends; False: another does."""
        try:
            self._held.enter_context(alone(self._workspace / _LOCK, busy=OutputError(_ELSEWHERE)))
        except OutputError as error:
            if error.key != _ELSEWHERE:
                raise
            _LOG.warning("another server works on %s: this one starts no jobs", self._workspace)
            return False
        return True

    def _require_own(self) -> None:
        if self.is_reader:
            raise JobsFullError(_ELSEWHERE)

    def _look_again(self) -> None:
        """Read what another server has written since."""
        if self.is_reader:
            self._read()

    def _work(self) -> None:
        """Run one job after another until closed."""
        while True:
            with self._change:
                self._change.wait_for(lambda: self._is_closed or self._waiting)
                if self._is_closed:
                    return
                job_id = self._waiting.popleft()
                job = replace(self._jobs[job_id], status="running", started=_now())
                self._keep(job)
                try:
                    process = self._started(job)
                except OSError as error:
                    _LOG.exception("job %s cannot be started", job_id)
                    self._end(job, "failed", _both("door.job_died", reason=error))
                    continue
                self._running[job_id] = process
            self._follow(job_id, process)

    def _started(self, job: Job) -> "subprocess.Popen[bytes]":
        """Start the process of a job and hand it what it needs."""
        own = self.folder(job.job_id)
        paths = os.pathsep.join(path for path in sys.path if path)
        with (own / _ERRORS).open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-c", "from api.http import job_worker; job_worker.main()"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **_ENVIRONMENT, **_scratch(own), "PYTHONPATH": paths},
            )
        task = {
            "function": self._functions[job.task],
            "workspace": str(self._workspace),
            "folder": str(own),
            "inputs": job.inputs,
        }
        with suppress(OSError):  # a process that is dead already says so at its end
            process.stdin.write(orjson.dumps(task) + b"\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
        return process

    def _follow(self, job_id: str, process: "subprocess.Popen[bytes]") -> None:
        """Read what a process says until its end, and keep it."""
        answer: dict[str, Any] = {}
        with process:
            for line in process.stdout or ():
                with suppress(json.JSONDecodeError, TypeError, KeyError):
                    said = json.loads(line)
                    if "progress" in said:
                        self._tell(job_id, said)
                    else:
                        answer = said
        with self._change:
            self._running.pop(job_id, None)
            job = self._jobs.get(job_id)
            if job is None or job.has_ended:
                return
            if "result" in answer:
                _replace(self.folder(job_id) / _RESULT, orjson.dumps(answer["result"]))
                self._end(replace(job, progress=_DONE), "successful", _both("door.job_done"))
            elif "fault" in answer:
                self._end(job, "failed", answer["fault"])
            else:
                code = process.returncode
                _LOG.error("the process of job %s ended with %s", job_id, code)
                self._end(job, "failed", _both("door.job_died", reason=code))

    def _tell(self, job_id: str, said: Mapping[str, Any]) -> None:
        with self._change:
            job = self._jobs.get(job_id)
            if job is not None and not job.has_ended:
                progress = max(job.progress, min(int(said["progress"]), _DONE - 1))
                self._keep(replace(job, progress=progress, message=said["message"]))

    def _end(self, job: Job, status: str, message: Mapping[str, str]) -> Job:
        ended = replace(job, status=status, message=message, finished=_now())
        self._keep(ended)
        self._change.notify_all()
        return ended

    def _keep(self, job: Job) -> None:
        """Remember a job, in memory and on disk; `_change` is held."""
        self._jobs[job.job_id] = job
        content = {name: getattr(job, name) for name in Job.__slots__}
        content |= {"message": dict(job.message), "inputs": dict(job.inputs)}
        _replace(self.folder(job.job_id) / _STATE, orjson.dumps(content))

    def _forget(self, job_id: str) -> None:
        del self._jobs[job_id]
        shutil.rmtree(self.folder(job_id), ignore_errors=True)

    def _forget_oldest(self) -> None:
        ended = sorted(
            (job for job in self._jobs.values() if job.has_ended), key=lambda job: job.created
        )
        for job in ended[: max(0, len(ended) - self._max_kept)]:
            self._forget(job.job_id)

    def _read(self) -> None:
        """Read the jobs as they lie in the folder."""
        self._jobs.clear()
        for own in sorted(self._folder.iterdir()):
            if not _JOB_ID.fullmatch(own.name) or not (own / _STATE).is_file():
                continue
            with suppress(ValueError, TypeError, OSError):
                job = Job(**orjson.loads((own / _STATE).read_bytes()))
                self._jobs[job.job_id] = job

    def _recover(self) -> None:
        """Go on with what an earlier server left."""
        for job in sorted(self._jobs.values(), key=lambda job: job.created):
            if job.status == "running" or (not job.has_ended and job.task not in self._functions):
                self._end(job, "failed", _both("door.job_lost"))
            elif job.status == "accepted":
                self._waiting.append(job.job_id)


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    part.replace(path)


def _scratch(folder: Path) -> dict[str, str]:
    """Return the settings that keep temporary files within `folder`."""
    return dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder.resolve()))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _both(key: str, **values: object) -> dict[str, str]:
    return {language: text(key, language, **values) for language in LANGUAGES}
