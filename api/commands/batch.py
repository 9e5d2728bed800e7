"""`gridcircle batch`: audit the projects of a manifest, each by itself, into one table and map."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from api.commands.output import examples, format_option, split_codes
from geo.audit import Audit, run_audit
from geo.batch import (
    Batch,
    BatchRules,
    Task,
    batch_record,
    compared_figures,
    project_figures,
    read_manifest,
    run_batch,
    write_batch_workbook,
    write_json,
)
from geo.errors import GridCircleError
from geo.findings import choose_rules
from geo.io import load, read_project
from geo.outputs import read_audit, write_outputs
from geo.outputs.staging import publish, staging
from geo.planning.lookback import look_back
from geo.words import LANGUAGES, language, text
from maps import write_map
from maps.basemaps import project_basemap
from maps.overview import project_outline, write_overview

__all__ = ["audit_task", "command"]

_LANG = language()
_FILE = click.Path(path_type=Path)
_OUTPUTS = ("map.html", "batch.xlsx", "batch.json")


def _help(name: str) -> str:
    return text(f"commands.{name}", _LANG)


@click.command(
    "batch",
    help=_help("batch"),
    epilog=examples(
        _LANG,
        "batch province.toml -o out",
        "batch province.toml -o out --workers 8 --fail-on warning",
        "batch province.toml -o out --resume",
    ),
)
@click.argument("manifest", type=_FILE)
@click.option("-o", "--output", "folder", type=_FILE, required=True, help=_help("out"))
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=lambda: os.cpu_count() or 1,
    help=_help("batch_workers"),
)
@click.option("--resume", is_flag=True, help=_help("batch_resume"))
@click.option("--select", default="", callback=split_codes, help=_help("audit_select"))
@click.option("--ignore", default="", callback=split_codes, help=_help("audit_ignore"))
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "never"]),
    default="error",
    show_default=True,
    help=_help("audit_fail_on"),
)
@format_option
def command(*, manifest: Path, folder: Path, form: str, **given: Any) -> int:  # noqa: ANN401
    """Audit all projects of MANIFEST into folders below DIR."""
    rules = BatchRules(**given)
    read = read_manifest(manifest)
    choose_rules(rules.select, rules.ignore)
    with _row_progress(len(read.jobs)) as progress:
        batch = run_batch(read, folder, work=audit_task, rules=rules, progress=progress)
    record = batch_record(batch, created=datetime.now(UTC).isoformat(timespec="seconds"))
    _write(batch, record, folder)
    if form == "json":
        click.echo(orjson.dumps(record, option=orjson.OPT_INDENT_2).decode())
    else:
        _print(batch, folder)
    return batch.exit_code


def audit_task(task: Task) -> dict[str, Any]:
    """Audit one project into `task.folder`, map and comparison included; run by a worker."""
    project = read_project(task.job.path)
    basemap = project_basemap(project)
    audit = run_audit(load(project), select=task.select, ignore=task.ignore)
    write_outputs(audit, task.folder)
    write_map(audit, task.folder / "map.html", basemap=basemap)
    figures = project_figures(audit)
    figures["outline_lonlat"] = project_outline(audit)
    figures["compared"] = None if task.previous is None else _compared(task.previous, audit)
    return figures


def _compared(previous: Path, audit: Audit) -> dict[str, Any]:
    """Return the figures of the look-back; its fault where there can be none."""
    try:
        return compared_figures(look_back(read_audit(previous), audit))
    except GridCircleError as error:
        return {"fault": {name: error.text(name) for name in LANGUAGES}}
    except Exception as error:  # noqa: BLE001 (the audit itself is good, whatever its comparison says)
        fault = f"{type(error).__name__}: {error}"
        return {"fault": dict.fromkeys(LANGUAGES, fault)}


def _write(batch: Batch, record: dict[str, Any], folder: Path) -> None:
    """Write the overview map, the workbook and, last, the record."""
    created = record["created"]
    rows = [{**row, "links": _links(row, folder)} for row in batch.rows]
    with staging(folder) as aside:
        write_overview(
            aside / "map.html", rows, batch.totals, title=batch.manifest.title, language=_LANG
        )
        write_batch_workbook(batch, aside / "batch.xlsx", created=created, language=_LANG)
        write_json(aside / "batch.json", record)
        publish(aside, folder, _OUTPUTS)


def _links(row: dict[str, Any], folder: Path) -> dict[str, str]:
    """Return the addresses of what there is of a project, relative to the overview."""
    names = {"map": "map.html", "ledger": "ledger.xlsx"}
    return {
        key: f"{row['folder']}/{name}"
        for key, name in names.items()
        if (folder / row["folder"] / name).is_file()
    }


@contextmanager
def _row_progress(total: int) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Give a function that shows each row as it comes: by a bar, or by lines on stderr."""
    states: Counter[str] = Counter()

    def told(row: dict[str, Any]) -> dict[str, Any]:
        states[row["state"]] += 1
        counts = {state: states[state] for state in ("ok", "findings", "failed")}
        return {"done": states.total(), "n": total, **counts}

    console = Console(stderr=True)
    if not console.is_terminal:

        def line(row: dict[str, Any]) -> None:
            state = text(f"batch.state_{row['state']}", _LANG)
            said = {"id": row["folder"], "state": state, "sentence": row[f"sentence_{_LANG}"]}
            click.echo(text("batch.line", _LANG, **told(row) | said), err=True)

        yield line
        return
    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        start = text("batch.progress", _LANG, done=0, n=total, ok=0, findings=0, failed=0)
        task = progress.add_task(start, total=total)

        def advance(row: dict[str, Any]) -> None:
            shown = text("batch.progress", _LANG, **told(row))
            progress.update(task, description=shown, advance=1)

        yield advance


def _print(batch: Batch, folder: Path) -> None:
    """Print the closing lines: what failed and why, the totals, where the outputs are."""
    for row in batch.rows:
        if row["state"] == "failed":
            said = {
                "id": row["id"],
                "project": row["project"],
                "sentence": row[f"sentence_{_LANG}"],
            }
            click.echo(text("batch.failed_line", _LANG, **said))
    if batch.n_kept:
        click.echo(text("batch.kept", _LANG, n=batch.n_kept))
    states = batch.totals["states"]
    click.echo(text("batch.total_states", _LANG, n=len(batch.rows), **states))
    for name in _OUTPUTS:
        click.echo(f"  {folder / name}")
