"""Take a ledger over: three ways merged, cell by cell; what both sides changed is left and told.

For each cell there is what it held when the ledger went out (the row's stamp tells which state),
what the store holds now, and what the ledger says.
"""

import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geo.errors import GridCircleError, LoadError
from geo.outputs.ledger import LedgerRow, read_ledger
from geo.store.connections import reading, writer_lock, writing
from geo.store.flow import after_office
from geo.store.lives import finding_key
from geo.store.notes import add_event, begin_revision, last_revision, ledger_stamp
from geo.store.values import Conflict, Edit, LedgerImport, Refusal
from geo.words import LANGUAGES

__all__ = ["Merge", "State", "import_ledger"]

_Known = tuple[tuple[str, int], LedgerRow]
"""Key of the finding of a row, the revision that went out with it, and the row."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class State:
    """The store before the import.

    `history`
        Key and column of a cell to the revisions that changed it and its text after each.
    """

    findings: Mapping[str, Mapping[str, Any]]
    history: Mapping[tuple[str, str], tuple[Sequence[int], Sequence[str]]]
    projects: tuple[str, ...]
    revision: int
    store: str

    def text_at(self, cell: tuple[str, str], revision: int) -> str:
        """Return what a cell held after the change `revision`."""
        revisions, texts = self.history.get(cell, ((), ()))
        at = bisect_right(revisions, revision)
        return texts[at - 1] if at else ""


def import_ledger(folder: Path, path: Path, *, actor: str, project_id: str | None) -> LedgerImport:
    """Take over the ledger at `path` into the workspace `folder`, in one transaction.

    Raises
    ------
    LoadError
        If the file is no ledger.
    OutputError
        If another process keeps writing.
    """
    rows = read_ledger(path)
    with writer_lock(folder):
        with reading(folder) as line:
            state = _state(line)
        merge = Merge(state, project_id)
        merge.take(rows)
        revision = state.revision
        if merge.edits:
            with writing(folder) as line:
                revision = begin_revision(line, actor=actor, action=f"ledger {path.name}")
                _write(line, merge.edits, state, revision=revision, actor=actor)
    return LedgerImport(
        applied=tuple(merge.edits),
        unchanged=merge.n_unchanged,
        conflicts=tuple(merge.conflicts),
        refused=tuple(sorted(merge.refusals, key=lambda each: (each.sheet, each.row))),
        revision=revision,
    )


def _state(line: sqlite3.Connection) -> State:
    history: dict[tuple[str, str], tuple[list[int], list[str]]] = {}
    edits = (
        'SELECT finding_key, "column", revision, after FROM finding_event'
        ' WHERE "column" IS NOT NULL ORDER BY event_id'
    )
    for key, column, revision, after in line.execute(edits):
        revisions, texts = history.setdefault((key, column), ([], []))
        revisions.append(revision)
        texts.append(after)
    found = line.execute("SELECT * FROM finding")
    projects = line.execute("SELECT project_id FROM version GROUP BY project_id")
    return State(
        findings={row["finding_key"]: dict(row) for row in found},
        history=history,
        projects=tuple(row[0] for row in projects),
        revision=last_revision(line),
        store=ledger_stamp(line, "").rpartition("/")[2],
    )


class Merge:
    """What comes of a ledger, filled row by row."""

    def __init__(self, state: State, project_id: str | None) -> None:
        self._state = state
        self._project_id = project_id
        self.edits: list[Edit] = []
        self.conflicts: list[Conflict] = []
        self.refusals: list[Refusal] = []
        self.n_unchanged = 0

    def take(self, rows: Iterable[LedgerRow]) -> None:
        """Merge the rows; of a finding that stands there twice, equal rows count as one."""
        for group in self._by_finding(rows):
            (key, base), first = group[0]
            other = next((row for _, row in group if row.cells != first.cells), None)
            if other is None:
                self._merge(first, key, base)
                continue
            for _, row in group:
                beside = other if row is first else first
                self._refuse(row, LoadError("ledger.twice", row=beside.row))

    def _by_finding(self, rows: Iterable[LedgerRow]) -> list[list[_Known]]:
        """Return the rows that can be taken, by finding; the others are refused."""
        groups: dict[str, list[_Known]] = {}
        for row in rows:
            if row.reason:
                refusal = Refusal(sheet=row.sheet, row=row.row, reason=row.reason)
                self.refusals.append(refusal)
                continue
            try:
                known = self._known(row)
            except GridCircleError as error:
                self._refuse(row, error)
                continue
            groups.setdefault(known[0], []).append((known, row))
        return list(groups.values())

    def _known(self, row: LedgerRow) -> tuple[str, int]:
        """Return the key of a row's finding, and the revision that went out (0: an empty one)."""
        state, project, revision = self._state, self._project_id, 0
        if row.stamp:
            head, _, store = row.stamp.rpartition("/")
            project, _, number = head.rpartition("@")
            if store != state.store or not number.isdecimal():
                raise LoadError("ledger.other_store", stamp=row.stamp[:80])
            if self._project_id not in (None, project):
                raise LoadError("ledger.other_project", project=project)
            revision = int(number)
            if revision > state.revision:
                raise LoadError("ledger.from_later", revision=revision, now=state.revision)
        elif project is None:
            if len(state.projects) != 1:
                raise LoadError("ledger.which_project", known="、".join(state.projects))
            (project,) = state.projects
        key = finding_key(project or "", row.finding_id)
        if key not in state.findings:
            raise LoadError("ledger.unknown", finding_id=row.finding_id[:40], project=project)
        return key, revision

    def _merge(self, row: LedgerRow, key: str, base: int) -> None:
        n_before = len(self.edits) + len(self.conflicts)
        for column, given in row.cells.items():
            stored = self._state.findings[key][column]
            before = self._state.text_at((key, column), base)
            if given in (before, stored):
                continue
            if stored == before:
                edit = Edit(
                    sheet=row.sheet,
                    row=row.row,
                    finding_key=key,
                    column=column,
                    before=stored,
                    after=given,
                )
                self.edits.append(edit)
            else:
                conflict = Conflict(
                    sheet=row.sheet,
                    row=row.row,
                    finding_key=key,
                    column=column,
                    base=before,
                    stored=stored,
                    given=given,
                )
                self.conflicts.append(conflict)
        self.n_unchanged += len(self.edits) + len(self.conflicts) == n_before

    def _refuse(self, row: LedgerRow, error: GridCircleError) -> None:
        reason = {language: error.text(language) for language in LANGUAGES}
        self.refusals.append(Refusal(sheet=row.sheet, row=row.row, reason=reason))


def _write(
    line: sqlite3.Connection,
    edits: Sequence[Edit],
    state: State,
    *,
    revision: int,
    actor: str,
) -> None:
    cells = {edit.finding_key: dict(state.findings[edit.finding_key]) for edit in edits}
    event = {"revision": revision, "actor": actor}
    for edit in edits:
        cells[edit.finding_key][edit.column] = edit.after
        line.execute(
            f"UPDATE finding SET {edit.column} = ? WHERE finding_key = ?",  # noqa: S608 (a column of ours)
            (edit.after, edit.finding_key),
        )
        texts = {"column": edit.column, "before": edit.before, "after": edit.after}
        add_event(line, edit.finding_key, **event, **texts)
    for key, row in cells.items():
        status = after_office(row["status"], row)
        if status != row["status"]:
            line.execute("UPDATE finding SET status = ? WHERE finding_key = ?", (status, key))
            states = {"from_status": row["status"], "to_status": status}
            add_event(line, key, **event, **states)
