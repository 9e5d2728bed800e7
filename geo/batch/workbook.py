"""`batch.xlsx`: the table over all projects, and their findings by rule."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from geo.batch.running import Batch
from geo.batch.table import Row as Record
from geo.batch.table import shares, tier_titles
from geo.findings import SEVERITIES, rules
from geo.outputs.ledger.sheets import Column, Row, Sheet
from geo.outputs.ledger.workbook import write_workbook
from geo.words import text

__all__ = ["write_batch_workbook"]

_TINTS: Final = {"ok": "good", "findings": "warning", "failed": "error"}
_COUNTS: Final = ("n_grids", "n_sites")
_COMPARED: Final = ("n_adjusted", "n_fixed", "n_introduced")


def write_batch_workbook(batch: Batch, path: Path, *, created: str, language: str) -> None:
    """Write the table of `batch` to `path`, its titles and sentences in `language`.

    The sheet of projects has the totals as its last row; filters leave them out.
    """
    sheets = (_projects(batch, language), _rules(batch, language))
    write_workbook(
        sheets,
        path,
        title=batch.manifest.title,
        created=created,
        footer=_word("footer", language),
    )


def _word(key: str, language: str, /, **values: Any) -> str:  # noqa: ANN401
    return text(f"batch.{key}", language, **values)


def _projects(batch: Batch, language: str) -> Sheet:
    tiers = tier_titles(batch.rows)
    has_compared = any(row["compared"] for row in batch.rows)
    counts = [*_COUNTS, *(f"n_{name}" for name in reversed(SEVERITIES)), "n_orphans"]
    columns = [
        Column(title=_word("id", language)),
        Column(title=_word("title", language), form="wrap"),
        Column(title=_word("state", language), form="label"),
        *(Column(title=_word(name, language), form="count") for name in counts),
        *(
            Column(title=_word("share", language, tier=title[language]), form="share")
            for title in tiers.values()
        ),
        *(
            Column(title=_word(name, language), form="count")
            for name in (_COMPARED if has_compared else ())
        ),
        Column(title=_word("seconds", language), form="number"),
        Column(title=_word("sentence", language), form="wrap", width=60.0),
        Column(title=_word("folder", language)),
        Column(title=_word("project", language)),
    ]
    rows = [_row(row, tiers, language, has_compared=has_compared) for row in batch.rows]
    rows.append(_total(batch, tiers, language, has_compared=has_compared))
    return Sheet(
        name=_word("sheet_projects", language),
        columns=tuple(columns),
        rows=tuple(rows),
        n_frozen=2,
        paper="A3",
    )


def _row(
    row: Record, tiers: Mapping[str, Mapping[str, str]], language: str, *, has_compared: bool
) -> Row:
    told = shares(row)
    compared = row["compared"] or {}
    defects = compared.get("defects", {})
    changes = [compared.get("n_adjusted"), defects.get("fixed"), defects.get("introduced")]
    values = [
        row["id"],
        row["title"],
        _word(f"state_{row['state']}", language),
        *(row[name] for name in _COUNTS),
        *(row["severities"].get(name) for name in reversed(SEVERITIES)),
        row["n_orphans"],
        *(told.get(tier) for tier in tiers),
        *(changes if has_compared else ()),
        row["seconds"],
        row[f"sentence_{language}"],
        row["folder"],
        row["project"],
    ]
    return Row(values=values, tints={2: _TINTS[row["state"]]})


def _total(
    batch: Batch, tiers: Mapping[str, Mapping[str, str]], language: str, *, has_compared: bool
) -> Row:
    sums, states = batch.totals, batch.totals["states"]
    by_people = [sums["coverage"][tier]["residents_share"] for tier in tiers]
    is_people = any(share is not None for share in by_people)
    by_area = [sums["coverage"][tier]["area_share"] for tier in tiers]
    said = [_word("total_states", language, n=sums["n_projects"], **states)]
    if tiers:
        said.append(_word("total_shares" if is_people else "total_shares_area", language))
    compared = [row["compared"] for row in batch.rows if row["compared"]]
    known = [each for each in compared if not each["fault"]]
    changes = [
        sum(each["n_adjusted"] for each in known),
        sum(each["defects"]["fixed"] for each in known),
        sum(each["defects"]["introduced"] for each in known),
    ]
    values = [
        _word("total", language),
        None,
        None,
        *(sums[name] for name in _COUNTS),
        *(sums["severities"][name] for name in reversed(SEVERITIES)),
        sums["n_orphans"],
        *(by_people if is_people else by_area),
        *(changes if has_compared else ()),
        sums["seconds"],
        _word("said_join", language).join(said),
        None,
        None,
    ]
    return Row(values=values, is_total=True)


def _rules(batch: Batch, language: str) -> Sheet:
    """Return how many findings of each rule each project has."""
    codes = list(batch.totals["findings"])
    known = rules()
    columns = (
        Column(title=_word("id", language)),
        Column(title=_word("title", language), form="wrap"),
        *(
            Column(
                title=f"{code}\n{known[code].title[language]}" if code in known else code,
                form="count",
            )
            for code in codes
        ),
    )
    found = [
        Row(values=[row["id"], row["title"], *(row["findings"].get(code) for code in codes)])
        for row in batch.rows
        if row["state"] != "failed"
    ]
    sums = [batch.totals["findings"][code] for code in codes]
    found.append(Row(values=[_word("total", language), None, *sums], is_total=True))
    return Sheet(
        name=_word("sheet_rules", language), columns=columns, rows=tuple(found), n_frozen=2
    )
