"""Files that appear whole or not at all: written aside, then put in place one by one."""

import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from geo.errors import OutputError

__all__ = ["alone", "publish", "staging"]

_PREFIX: Final = ".writing-"
_STALE_SECONDS: Final = 3600.0


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """Give an empty folder inside `folder` (made when missing), removed at the end.

    Raises
    ------
    OutputError
        If `folder` cannot be made or written to, or the disk is full.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        aside = Path(mkdtemp(prefix=_PREFIX, dir=folder))
    except (FileExistsError, NotADirectoryError) as error:
        raise OutputError("outputs.not_a_folder", path=folder) from error
    except OSError as error:
        raise OutputError("outputs.cannot_write", path=folder, reason=error.strerror) from error
    try:
        yield aside
    except OutputError:
        raise
    except OSError as error:
        raise OutputError("outputs.cannot_write", path=folder, reason=error) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def publish(aside: Path, folder: Path, names: Sequence[str]) -> tuple[Path, ...]:
    """Move the files `names` from `aside` into `folder`, in this order, each at one stroke.

    Raises
    ------
    OutputError
        If a file in place cannot be replaced, as when it is open in Excel on Windows.
    """
    placed = []
    for name in names:
        target = folder / name
        try:
            (aside / name).replace(target)
        except OSError as error:
            raise OutputError("outputs.in_use", path=target) from error
        placed.append(target)
    return tuple(placed)


@contextmanager
def alone(path: Path, *, busy: OutputError, timeout_seconds: float = 0.0) -> Iterator[None]:
    """Hold a lock that ends with this process, however it ends (SQLite has one on all systems).

    Parameters
    ----------
    path
        File of the lock, made when missing and left there.
    busy
        Raised when another process holds the lock after `timeout_seconds`.
    timeout_seconds
        How long to wait for it.

    Raises
    ------
    OutputError
        `busy`, or that the file cannot be written.
    """
    with ExitStack() as held:
        try:
            line = sqlite3.connect(
                path, timeout=timeout_seconds, isolation_level=None, check_same_thread=False
            )
            held.callback(line.close)
            line.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise busy from error
            raise OutputError("outputs.cannot_write", path=path.parent, reason=error) from error
        yield


def _sweep(folder: Path) -> None:
    """Remove what a run that was killed has left behind."""
    for path in folder.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
