"""Connections to a workspace's `store.gpkg`: short readers, one writer, a state that is whole."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

from geo.errors import LoadError, OutputError
from geo.outputs.staging import alone
from geo.store.geopackage import add_functions, create_schema

__all__ = ["FILE", "FORM", "create_file", "reading", "writer_lock", "writing"]

FILE: Final = "store.gpkg"

FORM: Final = "1"
"""Form of the tables; raised when they change, so that an older program says so."""

_WAIT_SECONDS: Final = 60.0


def create_file(folder: Path, *, store_id: str) -> None:
    """Make an empty store in `folder`, whole or not at all; ledgers tell its `store_id`."""
    path = folder / FILE
    part = path.with_name(f".{path.name}.{os.getpid()}-{uuid4().hex[:8]}.part")
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as line:
            line.execute("BEGIN")
            create_schema(line)
            facts = (("form", FORM), ("id", store_id))
            line.executemany("INSERT INTO store (name, value) VALUES (?, ?)", facts)
            line.execute("COMMIT")
            line.execute("PRAGMA journal_mode = WAL")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def reading(folder: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection that sees one state of the store and cannot change it.

    Raises
    ------
    LoadError
        If the file is no store, or one of another form.
    """
    with closing(_connect(folder / FILE)) as line:
        line.execute("PRAGMA query_only = ON")
        line.execute("BEGIN")
        yield line


@contextmanager
def writing(folder: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection in a transaction: committed at the end, undone when anything is raised.

    Raises
    ------
    LoadError
        If the file is no store, or one of another form.
    OutputError
        If the disk is full or the file cannot be written.
    """
    with closing(_connect(folder / FILE)) as line:
        line.execute("PRAGMA synchronous = FULL")
        add_functions(line)
        try:
            line.execute("BEGIN IMMEDIATE")
            yield line
            line.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise OutputError("outputs.cannot_write", path=folder, reason=error) from error


@contextmanager
def writer_lock(folder: Path) -> Iterator[None]:
    """Be the only process that changes the workspace `folder`; another one is waited for.

    Raises
    ------
    OutputError
        If another process is still writing after a minute.
    """
    busy = OutputError("store.busy", path=folder)
    with alone(folder / ".lock", busy=busy, timeout_seconds=_WAIT_SECONDS):
        yield


def _connect(path: Path) -> sqlite3.Connection:
    try:
        line = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=rw",
            uri=True,
            isolation_level=None,
            timeout=_WAIT_SECONDS,
        )
    except sqlite3.Error as error:
        raise LoadError("store.not_a_store", path=path, reason=error) from error
    try:
        line.row_factory = sqlite3.Row
        row = line.execute("SELECT value FROM store WHERE name = 'form'").fetchone()
    except sqlite3.Error as error:
        line.close()
        raise LoadError("store.not_a_store", path=path, reason=error) from error
    if row is None or row[0] != FORM:
        line.close()
        raise LoadError("store.other_form", path=path, form=row and row[0], expected=FORM)
    return line
