"""Layers that a new version leaves out are taken over from the last upload of its project."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from api.http.door.uploads import read_json

__all__ = ["carry_over"]

_FOLDER: Final = "data/carried-{n}"

Plan = dict[str, Any]


def carry_over(folder: Path, plan: Plan, datasets: list[dict[str, Any]]) -> None:
    """Add to `plan` and `datasets` what the last upload of the project had and this one has not.

    Their files are copied, so that the earlier upload may be deleted. Nothing is taken over for a
    first version, nor where this upload has no grids.

    Parameters
    ----------
    folder
        The folder of the upload, beside those of all others.
    """
    own = {entry["role"] for entry in plan["layers"]}
    before = _last_upload(folder, plan["project_id"])
    if before is None or "grids" not in own:
        return
    old_plan = read_json(before / "plan.json")
    old_datasets = read_json(before / "datasets.json")["datasets"]
    for entry, dataset in zip(old_plan["layers"], old_datasets, strict=True):
        if not entry["role"] or entry["role"] in own:
            continue
        target = _FOLDER.format(n=len(datasets))
        _copy(before / dataset["path"], folder / target)
        path = f"{target}/{Path(dataset['path']).name}"
        datasets.append({**dataset, "path": path, "is_carried": True})
        plan["layers"].append(dict(entry))


def _last_upload(folder: Path, project_id: str) -> Path | None:
    """Return the newest earlier upload of the project that was recognised."""
    found = []
    own = read_json(folder / "upload.json")
    for other in folder.parent.iterdir():
        upload = read_json(other / "upload.json")
        if (
            upload is not None
            and upload["project_id"] == project_id
            and upload["kind"] == "data"
            and upload["created"] < own["created"]
            and (other / "plan.json").is_file()
            and (other / "datasets.json").is_file()
        ):
            found.append((upload["created"], other))
    return max(found)[1] if found else None


def _copy(path: Path, target: Path) -> None:
    """Copy a dataset with the files that belong to it: those of the same name, or its folder."""
    target.mkdir(parents=True)
    if path.is_dir():
        shutil.copytree(path, target / path.name)
        return
    for part in _parts(path):
        shutil.copyfile(part, target / part.name)


def _parts(path: Path) -> Sequence[Path]:
    return [
        other
        for other in path.parent.iterdir()
        if other.is_file() and other.stem.casefold() == path.stem.casefold()
    ]
