"""The process that works on one job: `main`, told what to do by a line of standard input.

It ends when its standard input does, that is, when the server ends.
"""

import importlib
import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from geo.errors import GridCircleError
from geo.words import LANGUAGES, text

__all__ = ["Task", "main"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Task:
    """What a function is given.

    `workspace`
        The folder of the workspace.
    `folder`
        One of its own, for what it writes.
    `tell`
        Takes percent and the message in each language.
    """

    workspace: Path
    folder: Path
    inputs: Mapping[str, Any]
    tell: Callable[[float, Mapping[str, str]], None]

    def step(self, percent: float, key: str, /, **values: object) -> None:
        """Say how far it is, in the words of `key`."""
        self.tell(percent, {lang: text(key, lang, **values) for lang in LANGUAGES})


def main() -> int:
    """Do the job of the first line of standard input and answer on standard output."""
    told = json.loads(sys.stdin.buffer.readline())
    answers = _own_output()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(OSError, AttributeError):
        os.nice(5)

    def tell(percent: float, message: Mapping[str, str]) -> None:
        _say(answers, {"progress": int(percent), "message": dict(message)})

    task = Task(
        workspace=Path(told["workspace"]),
        folder=Path(told["folder"]),
        inputs=told["inputs"],
        tell=tell,
    )
    module, name = told["function"].split(":")
    try:
        result = getattr(importlib.import_module(module), name)(task)
    except GridCircleError as error:
        _say(answers, {"fault": {language: error.text(language) for language in LANGUAGES}})
        return 1
    except MemoryError:
        _say(answers, {"fault": {lang: text("door.job_memory", lang) for lang in LANGUAGES}})
        return 1
    _say(answers, {"result": result})
    return 0


def _own_output() -> IO[bytes]:
    """Return standard output, and let whatever else is printed go to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _end_with_parent() -> None:
    """Wait for the end of standard input, past Python's buffer: its lock is needed at exit."""
    with suppress(OSError):
        while os.read(0, 1024):
            pass
    os._exit(3)


def _say(answers: IO[bytes], content: Mapping[str, Any]) -> None:
    answers.write(json.dumps(content).encode() + b"\n")
    answers.flush()
