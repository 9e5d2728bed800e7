"""What the office writes into a ledger, kept between one audit and the next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, Final

__all__ = ["DAY_ZERO", "OFFICE_COLUMNS", "Office", "office_cells"]

OFFICE_COLUMNS: Final = ("duty_unit", "duty_person", "deadline", "progress", "closed")
"""The columns 责任单位, 责任人, 整改时限, 整改情况, 销号, by their keys among the words."""

DAY_ZERO: Final = date(1899, 12, 30)
"""The day before the first of a spreadsheet, which counts a 29 February 1900."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Office:
    """What a ledger carries besides the audit.

    `stamp`
        Which state of which store went out, in a hidden column of every row, so that a row tells it
        wherever it is pasted.
    `cells`
        Finding id to column (`OFFICE_COLUMNS`) to text; a deadline is an ISO date.
    `states`
        Finding id to what people call its state, by language; shown where there is a stamp.
    `stages`
        Of every finding, earlier ones too: how far it is (`open`, `reported`, `closed`), the ids of
        its grids and those of its units; counted in 汇总 where there is a stamp.
    `earlier`
        Findings of audits before that this one does not list, each a record with `finding_id`,
        `rule`, `severity`, `street`, `community`, `grids`, `message_zh`, `message_en`,
        `status_title` (by language) and the columns of the office.
    """

    stamp: str = ""
    cells: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    states: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    stages: Sequence[tuple[str, Sequence[str], Sequence[str]]] = ()
    earlier: Sequence[Mapping[str, Any]] = ()


def office_cells(cells: Mapping[str, str]) -> list[str | int | None]:
    """Return the values of the office's columns as a sheet holds them: a date is a number."""
    values: list[str | int | None] = []
    for name in OFFICE_COLUMNS:
        text = cells.get(name, "")
        is_date = name == "deadline" and text
        values.append((date.fromisoformat(text) - DAY_ZERO).days if is_date else text or None)
    return values
