"""The ledger of a real city on its way through LibreOffice and back into a store."""

from pathlib import Path

import pytest

from geo.audit import run_audit
from geo.examples import example_project
from geo.io import load, read_project
from geo.outputs.ledger import read_ledger
from geo.store import open_store
from tests.ledger_cases import content_of, edited, through_office


@pytest.mark.parametrize("name", ["helsinki", "taipei"])
def test_a_ledger_goes_out_and_comes_back(name: str, tmp_path: Path) -> None:
    audit = run_audit(load(read_project(example_project(name, tmp_path / "example"))))
    store = open_store(tmp_path / "ws", create=True)
    sent = store.folder(store.publish(audit).version_id) / "ledger.xlsx"
    back = through_office(sent, tmp_path / "office")
    before, after = content_of(sent), content_of(back)
    assert list(after) == list(before)
    for sheet in before:
        assert after[sheet] == before[sheet], sheet
    assert read_ledger(back) == read_ledger(sent)

    rows = read_ledger(back)
    cells = {}
    for row in rows:
        cells[row.finding_id, "责任单位"] = "民政局"
        cells[row.finding_id, "整改时限"] = "2027年3月1日"
    answered = edited(back, tmp_path / "answered.xlsx", cells)
    again = through_office(answered, tmp_path / "again")
    found = store.import_ledger(again, actor="街道办")
    assert len(found.applied) == 2 * len(rows) == 2 * len(audit.findings)
    assert not found.conflicts
    assert not found.refused
    assert set(store.findings(audit.project_id)["deadline"]) == {"2027-03-01"}
    now = tmp_path / "now.xlsx"
    store.export_ledger(now)
    assert store.import_ledger(through_office(now, tmp_path / "last"), actor="x").applied == ()
