"""The ledger (台账) of a look-back: what to tell the office, then every grid, move and finding."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd

from geo.outputs.ledger.columns import word
from geo.outputs.ledger.sheets import Column, Row, Sheet
from geo.outputs.ledger.workbook import write_workbook
from geo.outputs.values import json_records, json_value
from geo.planning.lookback import FLAGS, NEW_FATES, OLD_FATES, Lookback, statement
from geo.words import table, text

__all__ = ["look_back_sheets", "write_look_back_ledger"]

_TINTS: Final = {"introduced": "error", "left": "warning", "fixed": "good"}
_KEPT: Final = ("unchanged", "resurveyed")


def write_look_back_ledger(lookback: Lookback, path: Path) -> None:
    """Write the ledger of `lookback` to `path` (XLSX)."""
    write_workbook(
        look_back_sheets(lookback),
        path,
        title=lookback.title,
        created=lookback.new.created,
        footer=word("footer", lookback.language),
    )


def look_back_sheets(lookback: Lookback) -> tuple[Sheet, ...]:
    """Return the sheets 结论, 沿革, 人口流向, 问题对照, 覆盖对照, 单元对照.

    Names and headers are Chinese, with the English in a note, as in the ledger of an audit.
    """
    return (
        _conclusion(lookback),
        _lineage(lookback),
        _moves(lookback),
        _findings(lookback),
        _coverage(lookback),
        _units(lookback),
    )


def _conclusion(lookback: Lookback) -> Sheet:
    language = lookback.language
    columns = (
        _column("item", language, "wrap", width=26),
        _column("value", language, "plain", width=14),
        _column("remark", language, "wrap", width=90),
    )
    rows = [
        Row(values=(_say("statement", language) if k == 0 else "", None, sentence), is_total=True)
        for k, sentence in enumerate(statement(lookback, language))
    ]
    rows += list(_numbers(lookback, language))
    rows += [
        Row(values=(_say("message", language), None, message[language]))
        for message in lookback.messages
    ]
    rows += [
        Row(values=(f"{_say('not_compared', language)} {rule}", None, reason[language]))
        for rule, reason in lookback.not_compared.items()
    ]
    return Sheet(name=_name("conclusion"), columns=columns, rows=tuple(rows))


def _numbers(lookback: Lookback, language: str) -> Iterator[Row]:
    """Yield every number of the statement, with what it means."""
    yield Row(values=(_say("n_old", language), len(lookback.grids), ""))
    for fate in OLD_FATES:
        yield _number(f"fate_{fate}", lookback.lineage_counts[fate], language)
    yield Row(values=(_say("n_new", language), len(lookback.new_grids), ""))
    for fate in NEW_FATES:
        yield _number(f"fate_{fate}", lookback.lineage_counts[fate], language)
    yield Row(
        values=(_say("n_adjusted", language), lookback.n_adjusted, _say("adds_up", language)),
        is_total=True,
    )
    for flag in FLAGS:
        yield _number(f"flag_{flag}", lookback.flag_counts[flag], language)
    for name, value in lookback.residents.items():
        remark = _say("balance", language) if name == "before" else ""
        yield Row(values=(_say(f"residents_{name}", language), value, remark))
    for change in ("fixed", "left", "introduced"):
        yield _number(f"change_{change}", lookback.n_defects(change), language)
    yield Row(values=(_say("tolerance", language), lookback.border_tolerance_m, ""))
    for side, audit in (("old", lookback.old), ("new", lookback.new)):
        told = f"{audit.title}（{audit.project_id}） {audit.created}"
        yield Row(values=(_say(f"version_{side}", language), None, told))


def _number(key: str, value: float, language: str) -> Row:
    words = table("lookback")
    meaning = words.get(f"{key}_means", {}).get(language, "")
    return Row(values=(text(f"lookback.{key}", language), value, meaning))


def _lineage(lookback: Lookback) -> Sheet:
    language = lookback.language
    columns = (
        _column("old_grid", language, "wrap", width=30),
        _column("new_grid", language, "wrap", width=30),
        _column("fate", language, "label", width=10),
        _column("kind", language, "label", width=10),
        _column("shared_area", language, "number"),
        _column("residents_moved", language, "count"),
        _column("border", language, "fine"),
        _column("matched_by", language, "label", width=12),
        _column("flags", language, "wrap", width=20),
        _column("from_grids", language, "wrap", width=30),
    )
    names = (_labels(lookback.grids), _labels(lookback.new_grids))
    rows = tuple(_lineage_row(row, names, language) for row in json_records(lookback.lineage))
    return Sheet(name=_name("lineage"), columns=columns, rows=rows, n_frozen=2, paper="A3")


def _lineage_row(
    row: Mapping[str, Any], names: tuple[Mapping[Any, str], Mapping[Any, str]], language: str
) -> Row:
    flags = [text(f"lookback.flag_{name}", language) for name in FLAGS if row[name]]
    by = row["matched_by"]
    values = (
        names[0].get(row["old_id"]),
        names[1].get(row["new_id"]),
        text(f"lookback.fate_{row['fate']}", language),
        _kind(row["kind"], language),
        row["shared_area_m2"],
        row["residents_moved"],
        row["border_m"],
        text(f"lookback.by_{by}", language) if by else "",
        "、".join(flags),
        "、".join(names[0].get(one, one) for one in row["from_ids"] or ()),
    )
    return Row(values=values, tints={} if row["fate"] in _KEPT else {2: "warning"})


def _moves(lookback: Lookback) -> Sheet:
    language = lookback.language
    columns = (
        _column("from_grid", language, "wrap", width=34),
        _column("to_grid", language, "wrap", width=34),
        _column("n_buildings", language, "count"),
        _column("residents", language, "count"),
        _column("households", language, "count"),
    )
    old, new = _labels(lookback.grids), _labels(lookback.new_grids)
    nowhere = _say("nowhere", language)
    rows = tuple(
        Row(
            values=(
                old.get(row["from_id"]),
                new.get(row["to_id"], nowhere),
                row["n_buildings"],
                row["residents"],
                row["households"],
            )
        )
        for row in json_records(lookback.moves)
    )
    return Sheet(name=_name("moves"), columns=columns, rows=rows, n_frozen=2)


def _findings(lookback: Lookback) -> Sheet:
    language = lookback.language
    columns = (
        _column("change", language, "label", width=10),
        _column("rule", language, "label", width=8),
        _column("severity", language, "label", width=8),
        _column("message", language, "wrap", width=70),
        _column("residents", language, "count"),
        _column("finding_id", language, width=20),
    )
    order = {"introduced": 0, "left": 1, "fixed": 2}
    found = lookback.findings.drop(columns="geometry")
    found = found.iloc[found["change"].map(order).argsort(kind="stable")]
    rows = tuple(
        Row(
            values=(
                text(f"lookback.change_{row['change']}", language),
                row["rule"],
                text(f"commands.severity_{row['severity']}", language),
                row[f"message_{language}"],
                row["residents"],
                row["finding_id"],
            ),
            tints={0: _TINTS[row["change"]]},
        )
        for row in json_records(found)
    )
    return Sheet(name=_name("findings"), columns=columns, rows=rows, n_frozen=2, paper="A3")


def _coverage(lookback: Lookback) -> Sheet:
    language = lookback.language
    shares = ("residents_share_before", "residents_share_after", "area_share_before")
    columns = (
        _column("place", language, "wrap", width=24),
        _column("tier", language, "wrap", width=20),
        *(_column(name, language, "share") for name in (*shares, "area_share_after")),
        _column("class_before", language, "label", width=10),
        _column("class_after", language, "label", width=10),
    )
    tiers = lookback.new.standard.tiers
    city = _say("city", language)
    rows = tuple(
        Row(
            values=(
                city if row["subject"] == "city" else row["name"] or row["new_id"] or row["old_id"],
                tiers[row["tier"]].title[language] if row["tier"] in tiers else row["tier"],
                *(row[name] for name in (*shares, "area_share_after")),
                _class(row["class_before"], language),
                _class(row["class_after"], language),
            ),
            is_total=row["subject"] == "city",
        )
        for row in json_records(lookback.coverage)
    )
    return Sheet(name=_name("coverage"), columns=columns, rows=rows, n_frozen=2)


def _units(lookback: Lookback) -> Sheet:
    language = lookback.language
    counts = [name for name in lookback.units.columns if name not in ("level", "name")]
    columns = (
        _column("unit", language, "wrap", width=26),
        _column("level", language, "label", width=12),
        *(_column(name, language, "count") for name in counts),
    )
    rows = tuple(
        Row(
            values=(
                row["name"] or row["unit_id"],
                row["level"],
                *(row[name] for name in counts),
            ),
            tints={2 + counts.index("n_adjusted"): "warning"} if row["n_adjusted"] else {},
        )
        for row in json_records(lookback.units.rename_axis("unit_id").reset_index())
    )
    return Sheet(name=_name("units"), columns=columns, rows=rows, n_frozen=1)


def _labels(grids: pd.DataFrame) -> Mapping[Any, str]:
    """Return `name（id）` of every grid, or its id where it has no name."""
    return {
        str(grid_id): str(grid_id) if json_value(name) in (None, "") else f"{name}（{grid_id}）"
        for grid_id, name in zip(grids.index, grids["name"], strict=True)
    }


def _kind(kind: str, language: str) -> str:
    return table("lookback").get(f"kind_{kind}", {}).get(language, kind)


def _class(name: str | None, language: str) -> str:
    if not name:
        return ""
    return table("outputs").get(f"class_{name}", {}).get(language, name)


def _column(key: str, language: str, form: str = "text", /, **settings: Any) -> Column:  # noqa: ANN401
    note = text(f"lookback.col_{key}", "en") if language == "en" else ""
    return Column(title=text(f"lookback.col_{key}", "zh"), form=form, note=note, **settings)


def _name(key: str) -> str:
    return text(f"lookback.sheet_{key}", "zh")


def _say(key: str, language: str) -> str:
    return text(f"lookback.{key}", language)
