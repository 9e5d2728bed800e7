"""The lives of findings: what an audit makes of those the store knows, and which are new."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
import pandas as pd
import shapely

from geo.audit import Audit
from geo.outputs.ledger import OFFICE_COLUMNS
from geo.outputs.ledger.places import Places
from geo.outputs.values import json_records
from geo.store.flow import after_audit, cells_after_audit

__all__ = ["Life", "finding_key", "lives_after"]

_LISTS: Final = ("grid_ids", "unit_ids", "site_ids")
_COPIED: Final = (
    "finding_id", "rule", "severity", "layer", "tier", "model", "category", "measure",
    "measure_unit", "residents", "households", "message_zh", "message_en",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One finding after an audit.

    `facts`
        Columns of the table `finding`, as this audit tells them or, where it lists the finding no
        longer (`is_listed`), as the last one did that listed it.
    `before`, `status`
        State before (None: never seen) and after.
    `cells`
        The office's columns.
    `edits`
        What the audit itself changed in them: column, text before, text after.
    """

    key: str
    is_listed: bool
    facts: Mapping[str, Any]
    before: str | None
    status: str
    cells: Mapping[str, str]
    edits: tuple[tuple[str, str, str], ...] = ()


def finding_key(project_id: str, finding_id: str) -> str:
    """Return what a finding is known by over all projects."""
    return f"{project_id}:{finding_id}"


def lives_after(
    audit: Audit, places: Places, known: Mapping[str, Mapping[str, Any]]
) -> Iterator[Life]:
    """Yield every finding that `audit` lists, then those it has judged and lists no longer.

    Parameters
    ----------
    audit
        n findings.
    places
        Its places.
    known
        Key to row of the table `finding`: those of the project.
    """
    listed = set()
    for facts in _facts(audit, places):
        key = finding_key(audit.project_id, facts["finding_id"])
        listed.add(key)
        row = known.get(key)
        yield _life(key, facts, row, is_listed=True, is_found=True)
    for key, row in known.items():
        if key not in listed:
            is_found = None if not _is_judged(audit, row) else False
            yield _life(key, row, row, is_listed=False, is_found=is_found)


def _life(
    key: str,
    facts: Mapping[str, Any],
    row: Mapping[str, Any] | None,
    *,
    is_listed: bool,
    is_found: bool | None,
) -> Life:
    """Return a finding after an audit; `is_found` is None where it was not judged."""
    cells = {name: "" if row is None else row[name] for name in OFFICE_COLUMNS}
    before = None if row is None else row["status"]
    if before is None or is_found is not None:
        status = after_audit(before, is_found=bool(is_found))
    else:
        status = before
    moved = cells_after_audit(status) if status != before else {}
    edits = [(name, cells[name], text) for name, text in moved.items() if cells[name] != text]
    return Life(
        key=key,
        is_listed=is_listed,
        facts=facts,
        before=before,
        status=status,
        cells={**cells, **moved},
        edits=tuple(edits),
    )


def _is_judged(audit: Audit, row: Mapping[str, Any]) -> bool:
    """Return True when `audit` would have found the finding, were it still there."""
    if row["rule"] not in audit.rules or row["rule"] in audit.skipped:
        return False
    if row["tier"] is not None and row["tier"] not in audit.coverage_summary:
        return False
    if row["model"] is not None and row["model"] != audit.verdict_model:
        return False
    of_rows = row["rule"].startswith("D") and row["layer"] is not None
    return not of_rows or row["layer"] in {source.layer for source in audit.sources}


def _facts(audit: Audit, places: Places) -> Iterator[dict[str, Any]]:
    """Yield what the table `finding` tells of each finding of `audit`."""
    findings = audit.findings
    bounds = shapely.bounds(np.asarray(findings.geometry.array, dtype=object))
    records = json_records(pd.DataFrame(findings[[*_COPIED, *_LISTS]]))
    for record, box in zip(records, bounds.tolist(), strict=True):
        place = places.named(record["grid_ids"] or (), record["unit_ids"] or ())
        street, community, grids = place
        corners = [None if value != value else value for value in box]  # noqa: PLR0124
        yield {
            **{name: record[name] for name in _COPIED},
            **{name: orjson.dumps(record[name] or []).decode() for name in _LISTS},
            "street": street,
            "community": community,
            "grids": grids,
            **dict(zip(("minx", "miny", "maxx", "maxy"), corners, strict=True)),
        }
