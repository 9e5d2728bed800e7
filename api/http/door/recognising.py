"""What an upload holds: unpacked, surveyed, suggested as a project, and checked."""

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from api.http.door.carrying import carry_over
from api.http.door.contents import ARCHIVE, ARCHIVES
from api.http.door.limits import Limits
from api.http.door.pictures import datum_picture
from api.http.door.plans import datasets_of_specs, first_plan, plan_text
from api.http.door.unpacking import Unpacking, require_archive
from api.http.door.uploads import read_json, write_json
from api.http.door.workbooks import require_cells
from api.http.job_worker import Task
from geo.errors import GridCircleError
from geo.io import LayerSpec, Loaded, load, read_project
from geo.io.reasons import column_reasons
from geo.io.suggest import suggest_project
from geo.io.suggest.surveys import Dataset, Unread, survey
from geo.layers import Source
from geo.words import LANGUAGES

__all__ = ["check", "load_upload", "recognise"]

_SURE: Final = ("ok", "unknown")
_SAMPLES: Final = 3
_SHOWN: Final = 40
_LON: Final = 180.0
_LAT: Final = 90.0


def recognise(task: Task) -> dict[str, Any]:
    """Unpack the upload `inputs["upload"]`, say what each dataset is, and check that."""
    folder = _folder(task)
    task.step(5, "door.step_unpack")
    _unpack(folder)
    task.step(20, "door.step_recognise")
    upload = read_json(folder / "upload.json")
    head = {name: upload[name] for name in ("title", "project_id", "language")}
    try:
        suggestion = suggest_project(folder / "data", output=folder / "suggested.toml")
    except GridCircleError as error:
        found, unread = survey(folder / "data")
        text = None
        if not found and not unread:
            raise error from None
    else:
        found, unread = list(suggestion.datasets), list(suggestion.unread)
        text = suggestion.text
    datasets = [_record(dataset, folder) for dataset in found]
    plan = first_plan(text, datasets, head)
    carry_over(folder, plan, datasets)
    write_json(
        folder / "datasets.json", {"datasets": datasets, "unread": [_unread(u) for u in unread]}
    )
    write_json(folder / "plan.json", plan)
    return check(task)


def check(task: Task) -> dict[str, Any]:
    """Load the upload `inputs["upload"]` by its plan and keep what became of every layer."""
    folder = _folder(task)
    task.step(50, "door.step_check")
    try:
        loaded = load_upload(folder)
    except GridCircleError as error:
        fault = {language: _without(folder, error.text(language)) for language in LANGUAGES}
        write_json(folder / "checked.json", {"fault": fault, "layers": {}})
        return {"layers": 0}
    task.step(90, "door.step_check")
    quarantine = folder / "quarantine.csv"
    if len(loaded.quarantine):
        part = quarantine.with_suffix(".part")
        loaded.quarantine.to_csv(part, index=False, encoding="utf-8-sig")
        part.replace(quarantine)
    else:
        quarantine.unlink(missing_ok=True)
    write_json(folder / "checked.json", {"fault": None, "layers": _layers(loaded, folder)})
    return {"layers": len(loaded.sources)}


def load_upload(folder: Path) -> Loaded:
    """Return the layers of an upload by its plan.

    Raises
    ------
    GridCircleError
        If the plan is no project, or a layer cannot be loaded.
    """
    plan = read_json(folder / "plan.json")
    datasets = read_json(folder / "datasets.json")["datasets"]
    path = folder / "project.toml"
    part = path.with_suffix(".part")
    part.write_text(plan_text(plan, datasets), encoding="utf-8", newline="\n")
    part.replace(path)
    return load(read_project(path))


def _folder(task: Task) -> Path:
    return task.workspace / "uploads" / str(task.inputs["upload"])


def _unpack(folder: Path) -> None:
    """Put what was sent into `data`, zips unpacked; what is refused leaves nothing behind."""
    incoming, data = folder / "incoming", folder / "data"
    limits = _limits(folder)
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir()
    try:
        unpacking = Unpacking(limits=limits)
        for path in sorted(incoming.iterdir()):
            if path.suffix.casefold() == ARCHIVE:
                unpacking.unpack(path, data / path.stem)
            else:
                shutil.copyfile(path, data / path.name)
        for path in data.rglob("*"):
            if path.suffix.casefold() == ".xlsx":
                require_cells(path, limits)
            elif path.suffix.casefold() in ARCHIVES:
                require_archive(path, limits)
    except GridCircleError:
        shutil.rmtree(data, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(incoming, ignore_errors=True)
    write_json(folder / "skipped.json", unpacking.skipped[:_SHOWN])


def _without(folder: Path, sentence: str) -> str:
    """Return a sentence that does not tell where on the server the upload lies."""
    for root in (folder, folder.resolve()):
        sentence = sentence.replace(f"{root}{os.sep}", "")
    return sentence


def _limits(folder: Path) -> Limits:
    """Return the bounds of an upload: what is unpacked may take half of the disk that is free."""
    limits = Limits()
    free = shutil.disk_usage(folder).free // 2
    return replace(limits, expanded_bytes=min(limits.expanded_bytes, free))


def _record(dataset: Dataset, folder: Path) -> dict[str, Any]:
    frame = dataset.frame
    columns = [str(name) for name in frame.columns if name != "geometry"]
    return {
        "path": dataset.path.resolve().relative_to(folder.resolve()).as_posix(),
        "shown": dataset.shown,
        "is_carried": False,
        "layer": dataset.layer,
        "shape": dataset.shape,
        "n_rows": dataset.n_rows,
        "crs": dataset.crs,
        "is_degrees": _is_degrees(dataset),
        "columns": columns,
        "samples": {name: _sample(frame[name].dropna().head(_SAMPLES)) for name in columns},
    }


def _is_degrees(dataset: Dataset) -> bool:
    """Return True for places in degrees of which nobody said on which datum: WGS 84 is assumed."""
    if dataset.crs is not None or dataset.bounds is None:
        return False
    west, south, east, north = dataset.bounds
    return -_LON <= west <= east <= _LON and -_LAT <= south <= north <= _LAT


def _sample(values: Any) -> str:  # noqa: ANN401
    text = "、".join(str(value) for value in values)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _unread(unread: Unread) -> dict[str, Any]:
    return {"shown": unread.shown, "reason": dict(unread.reason)}


def _layers(loaded: Loaded, folder: Path) -> dict[str, Any]:
    """Return what became of each dataset that is used: its number to a record."""
    datasets = read_json(folder / "datasets.json")["datasets"]
    specs = loaded.project.layers
    numbers = datasets_of_specs(specs, folder, datasets)
    found: dict[str, Any] = {}
    for at, (number, spec) in enumerate(zip(numbers, specs, strict=True)):
        found.setdefault(str(number), _layer(loaded, spec, at))
    return found


def _said(source: Source) -> dict[str, list[str]]:
    """Return the sentences on a layer; a doubt is told once, as evidence."""
    return {
        "evidence": list(source.datum_evidence),
        "problems": [text for text in source.problems if text not in source.datum_evidence],
        "notes": list(source.notes),
    }


def _layer(loaded: Loaded, spec: LayerSpec, at: int) -> dict[str, Any]:
    source = loaded.sources[at]
    told = {lang: sources[at] for lang, sources in loaded.sources_in.items()}
    names = ("rows", "used", "repaired", "quarantined", "crs", "encoding", "datum")
    is_doubtful = source.datum_verdict not in _SURE
    return {
        **{name: getattr(source, name) for name in names},
        "verdict": source.datum_verdict,
        "is_doubtful": is_doubtful,
        "mapped": dict(source.mapped),
        "reasons": {lang: dict(column_reasons(source, spec, lang)) for lang in LANGUAGES},
        "said": {lang: _said(each) for lang, each in told.items()},
        "picture": datum_picture(loaded, source) if is_doubtful else None,
    }
