"""Several files as one layer: a folder, or an archive that holds files of one kind."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from geo import words
from geo.crs import to_crs
from geo.errors import CRSError, LoadError
from geo.io.formats.datasets import find_datasets
from geo.io.formats.raw import Note, RawLayer
from geo.io.project import LayerSpec

__all__ = ["joined", "read_folder"]

Reader = Callable[[LayerSpec], RawLayer]

FILE_COLUMN = "source_file"
"""Column that tells from which file a row is."""


def read_folder(spec: LayerSpec, read: Reader) -> RawLayer:
    """Return all datasets of a folder as one layer; `layer` names one of them.

    Raises
    ------
    LoadError
        If the folder holds no data, none by that name, or a file of it cannot be read.
    CRSError
        If only some of its files have a CRS.
    """
    paths = find_datasets(spec.path)
    if not paths:
        raise LoadError("io.empty_folder", path=spec.shown)
    if spec.layer is not None:
        named = [path for path in paths if spec.layer in (path.stem, path.name)]
        if named:
            return joined(replace(spec, layer=None), named, read, root=spec.path)
    return joined(spec, paths, read, root=spec.path)


def joined(spec: LayerSpec, paths: Sequence[Path], read: Reader, *, root: Path) -> RawLayer:
    """Return the rows of `paths`, one file after the other, in the CRS of the first.

    With several files a column tells from which one a row is, and a note which rows those are.
    """
    parts = [_part(spec, path, read, root=root) for path in paths]
    if len(parts) == 1:
        return replace(parts[0], spec=spec)
    frames = _in_one_crs(spec, parts)
    for frame, path in zip(frames, paths, strict=True):
        frame[FILE_COLUMN] = path.stem
    starts = [0]
    for frame in frames:
        starts.append(starts[-1] + len(frame))
    frame = pd.concat(frames, ignore_index=True)
    if any(part.has_geometry for part in parts):
        crs = next((f.crs for f in frames if isinstance(f, gpd.GeoDataFrame)), None)
        frame = gpd.GeoDataFrame(frame, geometry="geometry", crs=crs)
    encodings = dict.fromkeys(part.encoding for part in parts if part.encoding)
    return RawLayer(
        frame=frame,
        spec=spec,
        encoding=", ".join(encodings) or None,
        problems=(_rows_note(paths, starts), *_notes(parts, paths)),
        bad_positions=_moved([part.bad_positions or {} for part in parts], starts),
        has_own_crs=all(part.has_own_crs for part in parts),
        position_columns=parts[0].position_columns,
        refused=_moved([part.refused for part in parts], starts),
    )


def _part(spec: LayerSpec, path: Path, read: Reader, *, root: Path) -> RawLayer:
    shown = f"{spec.shown.rstrip('/')}/{path.relative_to(root).as_posix()}"
    return read(replace(spec, path=path, shown=shown))


def _in_one_crs(spec: LayerSpec, parts: Sequence[RawLayer]) -> list[pd.DataFrame]:
    """Return the frames in the CRS of the first; a declared CRS is for all that have none."""
    placed = [part for part in parts if part.has_geometry]
    known = [part for part in placed if part.frame.crs is not None]
    if not known or spec.crs is not None:
        return [_bare(part) for part in parts]
    if len(known) < len(placed):
        missing = next(part for part in placed if part.frame.crs is None)
        raise CRSError("io.no_crs", path=missing.spec.shown)
    first: Any = known[0].frame.crs
    return [to_crs(part.frame, first) if part.has_geometry else part.frame.copy() for part in parts]


def _bare(part: RawLayer) -> pd.DataFrame:
    frame = part.frame.copy()
    if isinstance(frame, gpd.GeoDataFrame):
        frame = gpd.GeoDataFrame(frame.set_crs(None, allow_override=True))
    return frame


def _rows_note(paths: Sequence[Path], starts: Sequence[int]) -> Note:
    listed = [
        f"{path.name} {start + 1}–{end}"
        for path, start, end in zip(paths, starts, starts[1:], strict=False)
    ]
    return "io.files_joined", {"n": len(paths), "rows": ", ".join(listed)}


def _notes(parts: Sequence[RawLayer], paths: Sequence[Path]) -> tuple[Note, ...]:
    return tuple(
        ("io.of_file", {"file": path.name, **_told(note)})
        for part, path in zip(parts, paths, strict=True)
        for note in part.problems
    )


def _told(note: Note) -> dict[str, str]:
    key, values = note
    return {f"note_{name}": words.text(key, name, **values) for name in words.LANGUAGES}


def _moved(parts: Sequence[Any], starts: Sequence[int]) -> dict[int, Any]:
    """Return entries by row, counted over all files."""
    return {
        start + row: value
        for part, start in zip(parts, starts, strict=False)
        for row, value in part.items()
    }
