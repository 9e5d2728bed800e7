"""What the commands print: progress on stderr, results on stdout."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from geo.audit import Audit
from geo.coverage.faults import reach_text
from geo.findings import SEVERITIES
from geo.words import language as chosen_language
from geo.words import text

__all__ = [
    "examples",
    "format_option",
    "print_audit",
    "results_console",
    "split_codes",
    "step_progress",
]

_PIPE_WIDTH = 160
"""Columns of a table that is not printed to a terminal."""

format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help=text("commands.format", chosen_language()),
)


def results_console() -> Console:
    """Return the console for results: as wide as the terminal, or wide enough to be read later."""
    console = Console()
    return console if console.is_terminal else Console(width=_PIPE_WIDTH)


@contextmanager
def step_progress(total: int | None = None) -> Iterator[Callable[[str], None]]:
    """Give a function that shows the name of the step at work, with a bar on a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _step: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=total)

        def step(name: str) -> None:
            progress.update(task, description=name, advance=1)

        yield step


def split_codes(ctx: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:  # noqa: ARG001
    """Split a comma-separated option, Chinese commas included."""
    return tuple(
        part.strip()
        for part in value.replace("，", ",").replace("、", ",").split(",")
        if part.strip()
    )


def examples(language: str, *lines: str) -> str:
    """Return the epilogue of a `--help`: example calls, one a line."""
    head = text("commands.examples", language)
    return "\b\n" + "\n".join([f"{head}:", *(f"  gridcircle {line}" for line in lines)])


def print_audit(audit: Audit, folder: Path, language: str) -> None:
    """Print the closing lines of an audit: what there is, what is wrong, where the outputs are."""
    for line in _audit_lines(audit, language):
        click.echo(line)
    width = max(len(text(f"commands.{key}", language)) for key in ("done_map", "done_ledger"))
    for key, name in (("done_map", "map.html"), ("done_ledger", "ledger.xlsx")):
        click.echo(f"{text(f'commands.{key}', language):<{width}}  {folder / name}")
    click.echo(f"{text('commands.done_folder', language)}  {folder}")


def _audit_lines(audit: Audit, language: str) -> Iterator[str]:
    yield text(
        "commands.head_counts",
        language,
        title=audit.title,
        grids=f"{len(audit.grids):,}",
        sites=f"{0 if audit.sites is None else len(audit.sites):,}",
        crs=audit.crs.to_string(),
    )
    for tier_id, row in audit.coverage_summary.items():
        yield _tier_line(audit, tier_id, row, language=language)
    counts = {severity: f"{audit.n_findings(severity):,}" for severity in SEVERITIES}
    orphans = int(audit.grids["is_orphan"].sum())
    yield text("commands.head_findings", language, orphans=f"{orphans:,}", **counts)
    yield from (message[language] for message in audit.messages)
    if audit.skipped:
        names = "、" if language == "zh" else ", "
        yield text(
            "commands.head_skipped",
            language,
            n=len(audit.skipped),
            rules=names.join(audit.skipped),
        )
    if len(audit.quarantine):
        yield text("commands.head_quarantined", language, n=len(audit.quarantine))


def _tier_line(audit: Audit, tier_id: str, row: Any, *, language: str) -> str:  # noqa: ANN401
    tier = audit.standard.tiers[tier_id]
    basis = row["demand_basis"]
    beside = ""
    if "by_radius" in row:
        share = _percent(row["by_radius"], basis)
        beside = text("commands.head_straight", language, share=share)
    line = text(
        "commands.head_tier",
        language,
        tier=tier.marked_title[language],
        reach=reach_text(tier, audit.verdict_model, language),
        share=_percent(row, basis),
        basis=text(f"commands.basis_{basis}", language) if basis else "–",
        n_blank=row["n_blank"],
        n_thin=row["n_thin"],
    )
    return line + beside


def _percent(row: Mapping[str, Any], basis: str | None) -> str:
    """Return the share of the basis in percent."""
    share = row["area_share"] if basis == "area" else row["residents_share"]
    return "–" if share is None else f"{share:.1%}"
