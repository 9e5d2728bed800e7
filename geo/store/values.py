"""What the store gives back: versions, and what became of a ledger that came in."""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Conflict", "Edit", "LedgerImport", "Refusal", "Version"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One published audit of a project.

    `version_id`
        `<project_id>-<n>`, n from 1 on: also the name of its folder.
    `name`
        What people call it (`2026 年调整`), may be empty.
    `created_at`
        When it was published, ISO 8601, UTC.
    `supersedes`
        The version of the same project before it; None for the first.
    `run_id`
        Number of the audit run, over all projects.
    `source_sha256`
        One hash over the hashes of all its inputs: equal where no input has changed.
    """

    version_id: str
    project_id: str
    title: str
    name: str
    created_at: str
    supersedes: str | None
    run_id: int
    source_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One cell of a ledger that was taken over: row `row` (as Excel counts) of the sheet."""

    sheet: str
    row: int
    finding_key: str
    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One cell changed both in the store and in the ledger since it went out; the store's stays.

    `base` is what the cell held when the ledger went out, `stored` what the store holds now,
    `given` what the ledger says.
    """

    sheet: str
    row: int
    finding_key: str
    column: str
    base: str
    stored: str
    given: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One row that was not taken, with the reason: language (`zh`, `en`) to sentence."""

    sheet: str
    row: int
    reason: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerImport:
    """What became of a ledger: cells taken over, rows that said nothing new, and the rest.

    `revision`
        The state of the store that the ledger made; the one before where nothing was applied.
    """

    applied: tuple[Edit, ...]
    unchanged: int
    conflicts: tuple[Conflict, ...]
    refused: tuple[Refusal, ...]
    revision: int
