"""`gridcircle check`: load and validate a project, run no rule."""

from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Table

from api.commands.output import examples, step_progress
from geo.io import Loaded, load, read_project
from geo.layers import Source
from geo.words import language, text

__all__ = ["command"]

_LANG = language()
_COLUMNS = ("rows", "used", "repaired", "quarantined", "crs", "datum", "encoding")


@click.command(
    "check",
    help=text("commands.check", _LANG),
    epilog=examples(_LANG, "check taipei.toml", "check taipei.toml --format json"),
)
@click.argument("project", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help=text("commands.format", _LANG),
)
def command(*, project: Path, form: str) -> int:
    """Load PROJECT and say what became of every layer."""
    with step_progress() as step:
        loaded = load(
            read_project(project),
            progress=lambda name: step(text("commands.step_load", _LANG, layer=name)),
        )
    if form == "json":
        rows = {"layers": [_entry(source) for source in loaded.sources]}
        click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
    else:
        _print(loaded)
    doubtful = any(source.datum_verdict not in ("ok", "unknown") for source in loaded.sources)
    return int(doubtful or any(source.quarantined for source in loaded.sources))


def _entry(source: Source) -> dict[str, Any]:
    """Return one layer as `check --format json` prints it (contract.md, Outputs)."""
    names = ("layer", "path", "rows", "used", "repaired", "quarantined", "crs", "encoding")
    return {
        **{name: getattr(source, name) for name in names},
        "datum": {
            "declared": source.datum,
            "verdict": source.datum_verdict,
            "evidence": list(source.datum_evidence),
        },
        "mapped": dict(source.mapped),
        "unmapped": list(source.unmapped),
        "problems": list(source.problems),
    }


def _datum(source: Source) -> str:
    """Return the declared datum and what the guard says of it."""
    return f"{source.datum}: {text(f'guard.verdict_{source.datum_verdict}', _LANG)}"


def _print(loaded: Loaded) -> None:
    console = Console()
    table = Table(box=None, pad_edge=False)
    table.add_column(text("commands.check_layer", _LANG))
    for name in _COLUMNS:
        numeric = name in _COLUMNS[:4]
        table.add_column(
            text(f"commands.check_{name}", _LANG), justify="right" if numeric else "left"
        )
    for source in loaded.sources:
        values = [_datum(source) if n == "datum" else getattr(source, n) for n in _COLUMNS]
        table.add_row(source.layer, *("–" if value is None else str(value) for value in values))
    console.print(table)
    for source in loaded.sources:
        click.echo(f"\n{source.layer}  {source.path}")
        pairs = "、".join(f"{ours} ← {theirs}" for ours, theirs in source.mapped.items())
        click.echo(f"  {text('commands.check_mapped', _LANG)}: {pairs or '–'}")
        if source.unmapped:
            unmapped = "、".join(source.unmapped)
            click.echo(f"  {text('commands.check_unmapped', _LANG)}: {unmapped}")
        for line in source.datum_evidence:
            if line not in source.problems:
                click.echo(f"  {text('commands.check_datum', _LANG)}: {line}")
        for problem in source.problems:
            click.echo(f"  ! {problem}")
    if len(loaded.quarantine):
        click.echo("")
        for row in loaded.quarantine.head(20).itertuples():
            click.echo(f"  {row.layer} #{row.row}: {row.reason}")
