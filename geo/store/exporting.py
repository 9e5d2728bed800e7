"""The ledger as it is now: the last audit with the office's notes of this moment."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from geo.audit import Audit
from geo.outputs.ledger import write_ledger
from geo.outputs.staging import publish, staging
from geo.store.connections import reading
from geo.store.notes import ledger_stamp, stored_office

__all__ = ["export_ledger"]


def export_ledger(folder: Path, audit: Audit, path: Path) -> None:
    """Write the ledger of `audit`, a version in the workspace `folder`, to `path`."""
    with reading(folder) as line:
        stamp = ledger_stamp(line, audit.project_id)
        mine = "SELECT * FROM finding WHERE project_id = ? ORDER BY fid"
        rows = [dict(row) for row in line.execute(mine, (audit.project_id,))]
    states = {row["finding_id"]: row["status"] for row in rows}
    findings = audit.findings.copy()
    now = [states.get(each, "new") for each in findings["finding_id"]]
    findings["status"] = pd.Series(now, index=findings.index, dtype=object)
    office = stored_office(stamp, rows, frozenset(findings["finding_id"]))
    with staging(path.parent) as aside:
        write_ledger(replace(audit, findings=findings), aside / path.name, office=office)
        publish(aside, path.parent, [path.name])
