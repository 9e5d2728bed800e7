"""Functions for jobs of tests."""

import os
import tempfile
import time
from typing import Any

from api.http.job_worker import Task
from geo.errors import NotFoundError


def add(task: Task) -> dict[str, Any]:
    task.tell(50, {"zh": "一半", "en": "half"})
    print("noise on standard output")  # noqa: T201
    return {"sum": task.inputs["a"] + task.inputs["b"]}


def refuse(task: Task) -> dict[str, Any]:
    raise NotFoundError("http.no_project", project=task.inputs["project"])


def die(task: Task) -> dict[str, Any]:  # noqa: ARG001
    os._exit(7)


def sleep(task: Task) -> dict[str, Any]:
    (task.folder / "pid").write_text(str(os.getpid()), encoding="utf-8")
    task.tell(10, {"zh": "睡", "en": "asleep"})
    time.sleep(60)
    return {}


def scratch(task: Task) -> dict[str, Any]:  # noqa: ARG001
    return {"place": tempfile.gettempdir()}
