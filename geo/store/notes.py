"""Revisions, events, and the office's notes as a ledger carries them."""

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson

from geo.outputs.ledger import OFFICE_COLUMNS, Office
from geo.store.flow import stage_of, status_title
from geo.store.lives import Life
from geo.words import LANGUAGES

__all__ = [
    "add_event",
    "begin_revision",
    "last_revision",
    "ledger_stamp",
    "now",
    "office_of",
    "stored_office",
]


def last_revision(line: sqlite3.Connection) -> int:
    """Return the number of the last change of the store; 0 for an empty one."""
    (revision,) = line.execute("SELECT coalesce(max(revision), 0) FROM revision").fetchone()
    return int(revision)


def begin_revision(line: sqlite3.Connection, *, actor: str, action: str) -> int:
    """Open the next revision, within a transaction, and return its number."""
    revision = last_revision(line) + 1
    line.execute("INSERT INTO revision VALUES (?, ?, ?, ?)", (revision, now(), actor, action))
    return revision


def ledger_stamp(line: sqlite3.Connection, project_id: str, *, ahead: int = 0) -> str:
    """Return what the rows of a ledger say of the state that went out: `project@revision/store`.

    `ahead` is 1 for a ledger that is written before its revision.
    """
    (store,) = line.execute("SELECT value FROM store WHERE name = 'id'").fetchone()
    return f"{project_id}@{last_revision(line) + ahead}/{store}"


def add_event(line: sqlite3.Connection, key: str, **values: Any) -> None:  # noqa: ANN401
    """Append an event of the finding `key`; `values` are further columns of `finding_event`."""
    row = {"finding_key": key, "at": now(), **values}
    names = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join("?" * len(row))
    line.execute(
        f"INSERT INTO finding_event ({names}) VALUES ({marks})",  # noqa: S608
        tuple(row.values()),
    )


def office_of(stamp: str, lives: Iterable[Life]) -> Office:
    """Return what the ledger of an audit carries of the office's notes."""
    given = list(lives)
    rows = [{**life.facts, **life.cells, "status": life.status} for life in given]
    listed = frozenset(life.facts["finding_id"] for life in given if life.is_listed)
    return stored_office(stamp, rows, listed)


def stored_office(stamp: str, rows: Iterable[Mapping[str, Any]], listed: frozenset[str]) -> Office:
    """Return the same from rows of the table `finding`; `listed` are the ids that an audit has."""
    given = list(rows)
    still = [row for row in given if row["finding_id"] in listed]
    return Office(
        stamp=stamp,
        cells={row["finding_id"]: {name: row[name] for name in OFFICE_COLUMNS} for row in still},
        states={row["finding_id"]: _titles(row["status"]) for row in still},
        stages=[_stage(row) for row in given],
        earlier=[
            {**row, "status_title": _titles(row["status"])}
            for row in given
            if row["finding_id"] not in listed
        ],
    )


@cache
def _titles(status: str) -> dict[str, str]:
    return {language: status_title(status, language) for language in LANGUAGES}


def _stage(row: Mapping[str, Any]) -> tuple[str, list[str], list[str]]:
    return stage_of(row["status"]), orjson.loads(row["grid_ids"]), orjson.loads(row["unit_ids"])


def now() -> str:
    """Return the time of an event: ISO 8601, UTC, seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")
