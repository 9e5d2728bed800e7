"""The project file that reads mended grids in place of those it was given."""

import os
import tomllib
from pathlib import Path
from typing import Any

from geo.outputs.toml import toml_text

__all__ = ["repaired_project"]


def repaired_project(path: Path, folder: Path, *, crs: str) -> str:
    """Return the project file at `path` as it reads from `folder`, with the grids mended there.

    Parameters
    ----------
    path
        The project file of the layers before.
    folder
        Where the new one goes; paths in it are relative to there, where that is possible.
    crs
        The working CRS, so that the mended borders are not projected again.
    """
    data = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    head = data["project"]
    head["crs"] = crs
    for key in ("standard", "standards"):
        if key in head:
            head[key] = _each(head[key], lambda name: _standard(name, path.parent, folder))
    layers = data["layers"]
    for layer in _tables(layers):
        layer["path"] = _moved(layer["path"], path.parent, folder)
    layers["grids"] = _mended(layers["grids"])
    return toml_text(data)


def _mended(grids: Any) -> Any:  # noqa: ANN401
    """Return the entry of the mended grids: one, or one a level where levels have codes."""
    mended: dict[str, Any] = {"path": "grids.gpkg", "layer": "grids"}
    if isinstance(grids, dict):
        return mended | {name: grids[name] for name in ("codes",) if name in grids}
    if not any("codes" in entry for entry in grids):
        return mended
    named = [entry for entry in grids if "level" in entry]
    return [
        mended
        | {"where": "level = '{}'".format(entry["level"].replace("'", "''"))}
        | {name: entry[name] for name in ("level", "codes") if name in entry}
        for entry in named
    ] or mended | {"codes": next(entry["codes"] for entry in grids if "codes" in entry)}


def _each(value: Any, change: Any) -> Any:  # noqa: ANN401
    return [change(item) for item in value] if isinstance(value, list) else change(value)


def _standard(name: str, old: Path, new: Path) -> str:
    return _moved(name, old, new) if name.endswith(".toml") else name


def _moved(path: str, old: Path, new: Path) -> str:
    """Return `path`, relative to the folder `old`, as it reads from `new`."""
    target = (old / path).resolve()
    try:
        return Path(os.path.relpath(target, new.resolve())).as_posix()
    except ValueError:  # another drive
        return target.as_posix()


def _tables(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """Return every table below `value` that has a path."""
    if isinstance(value, list):
        return [table for item in value for table in _tables(item)]
    if not isinstance(value, dict):
        return []
    own = [value] if isinstance(value.get("path"), str) else []
    return own + [table for item in value.values() for table in _tables(item)]
