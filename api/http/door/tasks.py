"""What the jobs of a workspace do, each in a process of its own. Inputs are ids, never paths."""

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from api.http.job_worker import Task
from geo.errors import GridCircleError
from geo.words import LANGUAGES

__all__ = ["FUNCTIONS", "audit", "compare", "coverage", "ledger"]

FUNCTIONS: Final = MappingProxyType(
    {
        "recognise": "api.http.door.recognising:recognise",
        "check": "api.http.door.recognising:check",
        "audit": "api.http.door.tasks:audit",
        "compare": "api.http.door.tasks:compare",
        "coverage": "api.http.door.tasks:coverage",
        "ledger": "api.http.door.tasks:ledger",
    }
)
"""Every task to its function."""

_STEPS: Final = 40
"""About so many messages come from one audit; more do not move the bar beyond its part."""


class _Bar:
    """Moves the bar from `low` towards `high` with every message."""

    def __init__(self, task: Task, key: str, *, low: float, high: float) -> None:
        self._task, self._key = task, key
        self._low, self._high, self._n = low, high, 0

    def __call__(self, name: str) -> None:
        self._n += 1
        share = min(self._n / _STEPS, 1.0)
        self._task.step(self._low + share * (self._high - self._low), self._key, name=name)


def audit(task: Task) -> dict[str, Any]:
    """Audit the upload `inputs["upload"]` by its plan and publish it as a version."""
    from api.http.door.recognising import load_upload  # noqa: PLC0415 slow to import
    from geo.audit import run_audit  # noqa: PLC0415
    from geo.outputs import summary  # noqa: PLC0415
    from geo.store import open_store  # noqa: PLC0415
    from maps import write_map  # noqa: PLC0415

    task.step(3, "door.step_load")
    loaded = load_upload(task.workspace / "uploads" / str(task.inputs["upload"]))
    found = run_audit(loaded, progress=_Bar(task, "door.step_audit", low=20, high=70))
    version = open_store(task.workspace, create=True).publish(
        found,
        name=str(task.inputs.get("name", "")),
        finish=lambda folder: write_map(found, folder / "map.html"),
        progress=_Bar(task, "door.step_write", low=70, high=98),
    )
    return {
        "version": version.version_id,
        "project": version.project_id,
        "summary": summary(found),
    }


def compare(task: Task) -> dict[str, Any]:
    """Compare the versions `old` and `new`; the files of the look-back lie in the job's folder."""
    from geo.outputs.lookback import look_back_summary, write_look_back  # noqa: PLC0415
    from geo.planning.lookback import look_back, statement  # noqa: PLC0415
    from geo.store import open_store  # noqa: PLC0415
    from maps import write_look_back_map  # noqa: PLC0415

    inputs = task.inputs
    store = open_store(task.workspace)
    task.step(5, "door.step_load")
    before, after = (store.read_audit(str(inputs[name])) for name in ("old", "new"))
    task.step(35, "door.step_compare")
    tolerance_m = inputs.get("border_tolerance_m")
    after = replace(after, language=inputs.get("language", after.language))
    found = look_back(before, after, border_tolerance_m=tolerance_m)
    folder = task.folder / "out"
    write_look_back(found, folder, progress=_Bar(task, "door.step_write", low=60, high=95))
    write_look_back_map(found, folder / "map.html")
    return {
        "old": str(inputs["old"]),
        "new": str(inputs["new"]),
        "summary": look_back_summary(found),
        "statement": {language: list(statement(found, language)) for language in LANGUAGES},
        "not_compared": list(found.not_compared),
    }


def coverage(task: Task) -> dict[str, Any]:
    """Return what the edits in `inputs` make of a version; the same as `/coverage` answers."""
    import orjson  # noqa: PLC0415 slow to import

    from api.http.whatif import answer_of  # noqa: PLC0415
    from geo.planning.whatif import WhatIf  # noqa: PLC0415
    from geo.store import open_store  # noqa: PLC0415

    task.step(5, "door.step_load")
    found = open_store(task.workspace).read_audit(str(task.inputs["version"]))
    task.step(40, "door.step_coverage")
    answer: dict[str, Any] = orjson.loads(
        answer_of(WhatIf.prepare(found), task.inputs, found.language)
    )
    return answer


def ledger(task: Task) -> dict[str, Any]:
    """Take over the ledger `inputs["upload"]` of `inputs["project"]` and tell of every row."""
    from geo.store import open_store  # noqa: PLC0415

    task.step(10, "door.step_ledger")
    folder = task.workspace / "uploads" / str(task.inputs["upload"]) / "incoming"
    path = _only_file(folder)
    try:
        found = open_store(task.workspace).import_ledger(
            path, actor=str(task.inputs["actor"]), project_id=str(task.inputs["project"])
        )
    except GridCircleError as error:
        if error.key.startswith("ledger."):  # its sender knows the file by its name
            error.values["path"] = path.name
        raise
    return {
        "project": str(task.inputs["project"]),
        "name": path.name,
        "applied": [_fields(edit) for edit in found.applied],
        "unchanged": found.unchanged,
        "conflicts": [_fields(conflict) for conflict in found.conflicts],
        "refused": [{**_fields(row), "reason": dict(row.reason)} for row in found.refused],
    }


def _only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def _fields(row: Any) -> dict[str, Any]:  # noqa: ANN401
    return {name: getattr(row, name) for name in type(row).__slots__}
