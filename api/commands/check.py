"""`gridcircle check`: load and validate a project, run no rule; or suggest a project file."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import orjson
from pyproj import CRS
from rich.table import Table

from api.commands.output import examples, format_option, results_console, step_progress
from geo.io import LayerSpec, Loaded, load, read_project
from geo.io.proposals import Proposal, propose_parents
from geo.io.reasons import column_reasons
from geo.io.suggest import suggest_project
from geo.layers import Source
from geo.words import language, text

__all__ = ["command"]

_LANG = language()
_COLUMNS = ("rows", "used", "repaired", "quarantined", "crs", "datum", "encoding")


@click.command(
    "check",
    help=text("commands.check", _LANG),
    epilog=examples(
        _LANG,
        "check taipei.toml",
        "check taipei.toml --format json",
        "check 数据 --suggest",
        "check 数据 --suggest -o our-city.toml",
    ),
)
@click.argument("project", type=click.Path(path_type=Path))
@format_option
@click.option("--suggest", is_flag=True, help=text("commands.check_suggest", _LANG))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help=text("commands.check_output", _LANG),
)
def command(*, project: Path, form: str, suggest: bool, output: Path | None) -> int:
    """Load PROJECT and say what became of every layer."""
    with step_progress() as step:
        loaded = _suggested(project, output) if suggest else None
        if loaded is None:
            loaded = load(
                read_project(project),
                progress=lambda name: step(text("commands.step_load", _LANG, layer=name)),
            )
    proposals = propose_parents(loaded.layers)
    if form == "json":
        _print_json(loaded, proposals)
    else:
        _print(loaded, proposals)
    doubtful = any(source.datum_verdict not in ("ok", "unknown") for source in loaded.sources)
    return int(doubtful or any(source.quarantined for source in loaded.sources))


def _suggested(place: Path, output: Path | None) -> Loaded:
    """Write a suggested project file, say where on stderr, and return it loaded."""
    suggestion = suggest_project(place, output=output)
    click.echo(text("commands.check_suggested", _LANG, path=suggestion.path), err=True)
    if suggestion.loaded is None:
        raise suggestion.fault or AssertionError
    return suggestion.loaded


def _specs(loaded: Loaded) -> tuple[tuple[Source, LayerSpec], ...]:
    """Return each layer's source with how the project names it: both in the order of reading."""
    return tuple(zip(loaded.sources, loaded.project.layers, strict=True))


def _print_json(loaded: Loaded, proposals: tuple[Proposal, ...]) -> None:
    content = {
        "layers": [_entry(source, spec) for source, spec in _specs(loaded)],
        "proposals": [asdict(proposal) for proposal in proposals],
    }
    click.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())


def _entry(source: Source, spec: LayerSpec) -> dict[str, Any]:
    """Return one layer as `check --format json` prints it (contract.md, Outputs)."""
    names = ("layer", "path", "rows", "used", "repaired", "quarantined", "crs", "encoding")
    return {
        **{name: getattr(source, name) for name in names},
        "level": spec.level,
        "datum": {
            "declared": source.datum,
            "verdict": source.datum_verdict,
            "evidence": list(source.datum_evidence),
        },
        "mapped": dict(source.mapped),
        "unmapped": list(source.unmapped),
        "reasons": dict(column_reasons(source, spec, _LANG)),
        "problems": list(source.problems),
        "notes": list(source.notes),
    }


def _datum(source: Source) -> str:
    """Return the declared datum and what the guard says of it."""
    return f"{source.datum}: {text(f'guard.verdict_{source.datum_verdict}', _LANG)}"


def _crs(source: Source) -> str | None:
    """Return the CRS in a few words: one without a code by its name and its projection."""
    if source.crs is None or source.crs.startswith("EPSG:"):
        return source.crs
    crs = CRS.from_user_input(source.crs)
    way = crs.coordinate_operation
    return crs.name if way is None else f"{crs.name} ({way.method_name})"


def _print(loaded: Loaded, proposals: tuple[Proposal, ...]) -> None:
    results_console().print(_table(loaded))
    for source, spec in _specs(loaded):
        _print_layer(source, spec)
    for proposal in proposals:
        click.echo(f"\n  ? {_sentence(proposal)}")
    if len(loaded.quarantine):
        click.echo("")
        for row in loaded.quarantine.head(20).itertuples():
            click.echo(f"  {row.layer} #{row.row}: {row.reason}")


def _table(loaded: Loaded) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(text("commands.check_layer", _LANG))
    for name in _COLUMNS:
        numeric = name in _COLUMNS[:4]
        table.add_column(
            text(f"commands.check_{name}", _LANG), justify="right" if numeric else "left"
        )
    for source, spec in _specs(loaded):
        special = {"datum": _datum(source), "crs": _crs(source)}
        values = [special.get(name, getattr(source, name)) for name in _COLUMNS]
        table.add_row(
            _title(source, spec), *("–" if value is None else str(value) for value in values)
        )
    return table


def _title(source: Source, spec: LayerSpec) -> str:
    return source.layer if spec.level is None else f"{source.layer} {spec.level}"


def _print_layer(source: Source, spec: LayerSpec) -> None:
    reasons = column_reasons(source, spec, _LANG)
    click.echo(f"\n{_title(source, spec)}  {source.path}")
    _print_columns(
        "check_mapped",
        {f"{ours} ← {theirs}": reasons[theirs] for ours, theirs in source.mapped.items()},
    )
    _print_columns("check_unmapped", {name: reasons[name] for name in source.unmapped})
    for line in source.datum_evidence:
        if line not in source.problems:
            click.echo(f"  {text('commands.check_datum', _LANG)}: {line}")
    for note in source.notes:
        click.echo(f"  · {note}")
    for problem in source.problems:
        click.echo(f"  ! {problem}")


def _print_columns(key: str, reasons: Mapping[str, str]) -> None:
    """Print columns, those with the same reason together."""
    if not reasons:
        return
    click.echo(f"  {text(f'commands.{key}', _LANG)}:")
    joint = "、" if _LANG == "zh" else ", "
    for reason in dict.fromkeys(reasons.values()):
        names = joint.join(name for name, why in reasons.items() if why == reason)
        click.echo(f"    {names}  ({reason})")


def _sentence(proposal: Proposal) -> str:
    joint = "、" if _LANG == "zh" else ", "
    shown = [f"{name} ({key})" for key, name in proposal.candidates[:5]]
    more = "…" if len(proposal.candidates) > len(shown) else ""
    pairs = joint.join(f"{a}/{b}" for a, b in proposal.characters)
    return text(
        "commands.check_proposal",
        _LANG,
        layer=proposal.layer,
        column=proposal.column,
        value=proposal.value,
        rows=proposal.rows,
        candidates=joint.join(shown) + more,
        how=text(f"commands.check_{proposal.how}", _LANG, characters=pairs),
    )
