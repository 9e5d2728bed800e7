"""`gridcircle standards`: list standards and profiles, show every number of one, compare two."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click
import orjson
from rich.table import Table

from api.commands.output import examples, format_option, results_console
from geo.standards import (
    Difference,
    Standard,
    StandardRow,
    describe,
    load_standard,
    shipped_standards,
    standard_differences,
    standard_rows,
    to_record,
    validity_notes,
)
from geo.words import language, text

__all__ = ["command"]

_LANG = language()


@click.command(
    "standards",
    help=text("commands.standards", _LANG),
    epilog=examples(
        _LANG,
        "standards",
        "standards gb50180-2018",
        "standards --diff gb50180-2018 huantai",
        "standards --diff gb50180-2018 our-city.toml --format json",
    ),
)
@click.argument("name", required=False)
@click.option("--diff", "pair", nargs=2, metavar="A B", help=text("commands.standards_diff", _LANG))
@format_option
def command(*, name: str | None, pair: tuple[str, str] | None, form: str) -> int:
    """List what is shipped, show NAME, or compare two."""
    if pair and name is not None:
        raise click.UsageError(text("commands.standards_not_both", _LANG))
    if pair:
        _compare(pair, form)
    elif name is None:
        _list(form)
    else:
        _show(name, form)
    return 0


def _show(name: str, form: str) -> None:
    standard = load_standard([name])
    if form == "json":
        rows = [asdict(row) for row in standard_rows(standard, _LANG)]
        _print_json({**to_record(standard), "rows": rows})
        return
    click.echo(f"{name}  {standard.title[_LANG]}")
    for line in _remarks(standard):
        click.echo(line)
    click.echo("")
    rows_of_text = describe(standard, _LANG)
    _print_table(tuple(rows_of_text[0]) if rows_of_text else (), [r.values() for r in rows_of_text])


def _remarks(standard: Standard) -> list[str]:
    """Return what a standard builds on and when it is in force."""
    lines = []
    if standard.extends:
        lines.append(text("standards.extends", _LANG, names=", ".join(standard.extends)))
    if standard.valid_from or standard.valid_to:
        open_end = text("standards.open_end", _LANG)
        ends = {"low": standard.valid_from or open_end, "high": standard.valid_to or open_end}
        lines.append(text("standards.in_force", _LANG, **ends))
    today = datetime.now(UTC).date()
    return [*lines, *(f"! {note[_LANG]}" for note in validity_notes(standard, today))]


def _list(form: str) -> None:
    standards = {name: load_standard([name]) for name in shipped_standards()}
    if form == "json":
        _print_json([to_record(standard) for standard in standards.values()])
        return
    head = [f"commands.{name}" for name in ("standards_name", "standards_title", "standards_tiers")]
    rows = [
        (
            name,
            standard.title[_LANG],
            "  ".join(
                f"{tier.tier_id}: {tier.minutes:g} min, {tier.distance_m:g} m"
                for tier in standard.tiers.values()
            )
            or "–",
        )
        for name, standard in standards.items()
    ]
    _print_table([text(key, _LANG) for key in head], rows)


def _compare(pair: tuple[str, str], form: str) -> None:
    a, b = (load_standard([name]) for name in pair)
    found = standard_differences(a, b, _LANG)
    if form == "json":
        rows = [_difference_record(each) for each in found]
        _print_json({"a": pair[0], "b": pair[1], "differences": rows})
        return
    click.echo(f"A  {pair[0]}  {a.title[_LANG]}")
    click.echo(f"B  {pair[1]}  {b.title[_LANG]}\n")
    if not found:
        click.echo(text("standards.no_difference", _LANG, a=pair[0], b=pair[1]))
        return
    words = [text(f"standards.column_{key}", _LANG) for key in ("title", "source", "confidence")]
    head = (words[0], "A", "B", text("standards.column_difference", _LANG), *words[1:])
    _print_table(head, [_difference_cells(each) for each in found])


def _difference_cells(each: Difference) -> Sequence[str]:
    """Return title, A, B, kind, and source and confidence of both where they differ."""
    return (
        f"{each.title}\n{each.name}",
        _value(each.a),
        _value(each.b),
        text(f"standards.difference_{each.kind}", _LANG),
        _both(each, "source"),
        _both(each, "confidence_title"),
    )


def _value(row: StandardRow | None) -> str:
    if row is None:
        return "–"
    value = row.value if isinstance(row.value, str) else f"{row.value:,.10g}"
    return f"{value} {row.unit}".strip()


def _both(each: Difference, name: str) -> str:
    """Return a cell of both sides, once where they agree or only one is there."""
    told = {side: getattr(row, name) for side, row in (("A", each.a), ("B", each.b)) if row}
    if len(set(told.values())) == 1:
        return str(next(iter(told.values())))
    return "\n".join(f"{side}: {value}" for side, value in told.items())


def _difference_record(each: Difference) -> dict[str, Any]:
    sides = {"a": each.a, "b": each.b}
    names = ("value", "unit", "source", "confidence")
    return {
        "name": each.name,
        "title": each.title,
        "kind": each.kind,
        **{
            side: None if row is None else {name: getattr(row, name) for name in names}
            for side, row in sides.items()
        },
    }


def _print_table(head: Sequence[str], rows: Sequence[Any]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in head:
        table.add_column(str(column), overflow="fold")
    for row in rows:
        table.add_row(*(str(value) for value in row))
    results_console().print(table)


def _print_json(content: Any) -> None:  # noqa: ANN401
    click.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())
