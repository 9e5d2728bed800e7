"""The folders of a batch: written aside, swapped in whole, with a mark that says what is done.

`DIR/.batch` holds what is being written. A project's folder is always whole, the old one or the new
one: the new folder has its mark, written last, before it takes the old one's place. A run that is
killed between the two renames is undone by the next (`recover`).
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final
from uuid import uuid4

import orjson

from geo.errors import OutputError
from geo.io.hashes import file_hash
from geo.outputs.staging import alone

__all__ = ["MARK", "Room", "foreign_folders", "open_room", "read_mark", "write_json"]

MARK: Final = "batch-project.json"
"""File in a project's folder, written last: which run, what it rests on, its row of the table."""

_ASIDE: Final = ".batch"
_BY_HAND: Final = ".xlsx"


class Room:
    """The folder of a batch while this process alone writes to it.

    `folder`
        The output folder.
    `run`
        Id of the run: a resumed one goes on under the id of the run before.
    """

    def __init__(self, folder: Path, *, run: str, aside: Path) -> None:
        self.folder = folder
        self.run = run
        self._aside = aside
        self._old = folder / _ASIDE / "old"

    def begin(self, name: str) -> Path:
        """Return an empty folder aside for the outputs of the project `name`."""
        place = self._aside / name
        place.mkdir()
        return place

    def publish(self, name: str, mark: Mapping[str, Any]) -> None:
        """Put what was written for `name` in place of what is there, with `mark` as its last file.

        Files that other hands have put into the old folder move over to the new one; so does a
        workbook that was edited, as `ledger.edited.xlsx`.

        Raises
        ------
        OutputError
            If the old folder cannot give way, as when a file of it is open on Windows.
        """
        new, place, old = self._aside / name, self.folder / name, self._old / name
        files = sorted(path.name for path in new.iterdir())
        hashes = {file: file_hash(new / file) for file in files if file.endswith(_BY_HAND)}
        write_json(new / MARK, {**mark, "files": [*files, MARK], "workbooks": hashes})
        try:
            if place.exists():
                self._old.mkdir(exist_ok=True)
                place.rename(old)
            new.rename(place)
        except OSError as error:
            if old.exists() and not place.exists():
                old.rename(place)
            raise OutputError("batch.in_use", path=place) from error
        _give_up(old, place, self._aside)

    def drop(self, name: str) -> None:
        """Forget what was written aside for `name`."""
        shutil.rmtree(self._aside / name, ignore_errors=True)


@contextmanager
def open_room(folder: Path, *, resume: bool) -> Iterator[Room]:
    """Give the output folder, made when missing, to this process alone; mend what a kill has left.

    Raises
    ------
    OutputError
        If it cannot be written to, or another batch is writing to it.
    """
    try:
        (folder / _ASIDE).mkdir(parents=True, exist_ok=True)
        with alone(folder / _ASIDE / "lock", busy=OutputError("batch.busy", path=folder)):
            _recover(folder)
            run = _run_id(folder / _ASIDE / "run.json", resume=resume)
            aside = Path(mkdtemp(prefix="new-", dir=folder / _ASIDE))
            try:
                yield Room(folder, run=run, aside=aside)
            finally:
                shutil.rmtree(aside, ignore_errors=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise OutputError("outputs.not_a_folder", path=folder) from error
    except OutputError:
        raise
    except OSError as error:
        reason = error.strerror or error
        raise OutputError("outputs.cannot_write", path=folder, reason=reason) from error


def read_mark(folder: Path) -> dict[str, Any] | None:
    """Return the mark of a project's folder; None without a whole one."""
    try:
        mark = orjson.loads((folder / MARK).read_bytes())
    except (OSError, ValueError):
        return None
    return mark if isinstance(mark, dict) else None


def foreign_folders(folder: Path) -> frozenset[str]:
    """Return the names in the output folder that no batch has made: never touched."""
    if not folder.is_dir():
        return frozenset()
    names = (path for path in folder.iterdir() if path.name != _ASIDE)
    return frozenset(path.name.casefold() for path in names if not (path / MARK).is_file())


def write_json(path: Path, content: Any) -> None:  # noqa: ANN401
    """Write JSON to `path` at one stroke."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(orjson.dumps(content, option=options))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _recover(folder: Path) -> None:
    """Undo a swap that was cut short, end one that was nearly done, sweep what is half written."""
    trash = Path(mkdtemp(prefix="new-", dir=folder / _ASIDE))
    for old in (folder / _ASIDE / "old").glob("*"):
        place = folder / old.name
        if place.exists():
            _give_up(old, place, trash)
        else:
            old.rename(place)
    for aside in (folder / _ASIDE).glob("new-*"):
        shutil.rmtree(aside, ignore_errors=True)


def _give_up(old: Path, place: Path, trash: Path) -> None:
    """Remove a folder that was replaced; what other hands have written in it moves over.

    It goes at one stroke, so that half of it is never taken for something to keep.
    """
    if not old.is_dir():
        return
    for path, name in _by_others(old, place):
        with suppress(OSError):
            path.rename(place / name)
    gone = trash / f"{old.name}.old"
    with suppress(OSError):
        old.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def _by_others(old: Path, place: Path) -> list[tuple[Path, str]]:
    """Return the files of a folder that a batch has not written, or that were edited since."""
    mark = read_mark(old) or {}
    ours, hashes = set(mark.get("files", ())), mark.get("workbooks", {})
    found = []
    for path in sorted(old.iterdir()):
        if path.name not in ours:
            found.append((path, path.name))
        elif path.name in hashes and file_hash(path) != hashes[path.name]:
            found.append((path, f"{path.stem}.edited{path.suffix}"))
    taken = {path.name for path in place.iterdir()}
    return [(path, _free(name, taken)) for path, name in found]


def _free(name: str, taken: set[str]) -> str:
    """Return `name`, or with a number before its ending where it is taken; then it is taken."""
    stem, dot, ending = name.rpartition(".") if "." in name else (name, "", "")
    free, n = name, 1
    while free in taken:
        n += 1
        free = f"{stem}-{n}{dot}{ending}"
    taken.add(free)
    return free


def _run_id(path: Path, *, resume: bool) -> str:
    if resume:
        with suppress(OSError, ValueError, KeyError, TypeError):
            return str(orjson.loads(path.read_bytes())["run"])
    run = uuid4().hex
    write_json(path, {"run": run})
    return run
