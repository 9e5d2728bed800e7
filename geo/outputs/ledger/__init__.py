"""The ledger (台账): one audit as a workbook in the columns that offices use."""

from collections.abc import Mapping
from pathlib import Path

from geo.audit import Audit
from geo.outputs.ledger.columns import column, sheet_name, word
from geo.outputs.ledger.issues import earlier_sheet, issues_sheet
from geo.outputs.ledger.limits import rules_sheet
from geo.outputs.ledger.office import OFFICE_COLUMNS, Office
from geo.outputs.ledger.overview import overview_sheet
from geo.outputs.ledger.places import places_of
from geo.outputs.ledger.reading import LedgerRow, read_ledger
from geo.outputs.ledger.sheets import Row, Sheet
from geo.outputs.ledger.subjects import grids_sheet, sites_sheet
from geo.outputs.ledger.workbook import write_workbook

__all__ = [
    "OFFICE_COLUMNS",
    "LedgerRow",
    "Office",
    "ledger_sheets",
    "read_ledger",
    "write_ledger",
]


def ledger_sheets(audit: Audit, office: Office | None = None) -> tuple[Sheet, ...]:
    """Return the sheets 汇总, 问题清单, 网格, 站点, 规则; read in English, also a guide to them.

    Where `office` knows findings that the audit does not list, 往期问题 comes after 问题清单. Names
    and headers are Chinese always, since offices and programs look for them; what stands in the
    cells is in the audit's language.
    """
    places, office = places_of(audit), office or Office()
    sheets = {
        "overview": overview_sheet(audit, places, office),
        "issues": issues_sheet(audit, places, office),
        "earlier": earlier_sheet(audit, office),
        "grids": grids_sheet(audit, places),
        "sites": sites_sheet(audit, places),
        "rules": rules_sheet(audit),
    }
    if not office.earlier:
        del sheets["earlier"]
    if audit.language == "zh":
        return tuple(sheets.values())
    return (*sheets.values(), _guide(sheets))


def write_ledger(audit: Audit, path: Path, *, office: Office | None = None) -> None:
    """Write the ledger of `audit` to `path` (XLSX), with what the office wrote before."""
    write_workbook(
        ledger_sheets(audit, office),
        path,
        title=audit.title,
        created=audit.created,
        footer=word("footer", audit.language),
    )


def _guide(sheets: Mapping[str, Sheet]) -> Sheet:
    """Return the English of every sheet and column."""
    rows = []
    for key, sheet in sheets.items():
        rows.append(Row(values=(sheet.name, "", word(f"sheet_{key}", "en")), is_total=True))
        rows += [Row(values=(sheet.name, item.title, item.note)) for item in sheet.columns]
    columns = (
        column("guide_sheet", "en"),
        column("guide_column", "en"),
        column("guide_english", "en", width=60),
    )
    return Sheet(name=f"{sheet_name('guide')} Guide", columns=columns, rows=tuple(rows))
