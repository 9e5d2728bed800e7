"""The ledger (台账): one audit as a workbook in the columns that offices use."""

from collections.abc import Iterable
from pathlib import Path

from geo.audit import Audit
from geo.outputs.ledger.columns import column, sheet_name, word
from geo.outputs.ledger.issues import issues_sheet
from geo.outputs.ledger.limits import rules_sheet
from geo.outputs.ledger.overview import overview_sheet
from geo.outputs.ledger.places import places_of
from geo.outputs.ledger.sheets import Row, Sheet
from geo.outputs.ledger.subjects import grids_sheet, sites_sheet
from geo.outputs.ledger.workbook import write_workbook

__all__ = ["ledger_sheets", "write_ledger"]


def ledger_sheets(audit: Audit) -> tuple[Sheet, ...]:
    """Return the sheets 汇总, 问题清单, 网格, 站点, 规则; read in English, also a guide to them.

    Names and headers are Chinese always, since offices and programs look for them; what stands in
    the cells is in the audit's language.
    """
    places = places_of(audit)
    sheets = (
        overview_sheet(audit, places),
        issues_sheet(audit, places),
        grids_sheet(audit, places),
        sites_sheet(audit, places),
        rules_sheet(audit),
    )
    return sheets if audit.language == "zh" else (*sheets, _guide(sheets))


def write_ledger(audit: Audit, path: Path) -> None:
    """Write the ledger of `audit` to `path` (XLSX)."""
    write_workbook(
        ledger_sheets(audit),
        path,
        title=audit.title,
        created=audit.created,
        footer=word("footer", audit.language),
    )


def _guide(sheets: Iterable[Sheet]) -> Sheet:
    """Return the English of every sheet and column."""
    titles = ("overview", "issues", "grids", "sites", "rules")
    rows = []
    for key, sheet in zip(titles, sheets, strict=True):
        rows.append(Row(values=(sheet.name, "", word(f"sheet_{key}", "en")), is_total=True))
        rows += [Row(values=(sheet.name, item.title, item.note)) for item in sheet.columns]
    columns = (
        column("guide_sheet", "en"),
        column("guide_column", "en"),
        column("guide_english", "en", width=60),
    )
    return Sheet(name=f"{sheet_name('guide')} Guide", columns=columns, rows=tuple(rows))
