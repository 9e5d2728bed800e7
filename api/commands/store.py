"""`gridcircle store`: what a workspace holds."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import orjson
from rich.table import Table

from api.commands.output import examples, format_option, results_console
from geo.store import Store, Version, open_store, status_title
from geo.words import language, text

__all__ = ["command"]

_LANG = language()


def _say(key: str, /, **values: Any) -> str:  # noqa: ANN401
    return text(f"store.{key}", _LANG, **values)


@click.command(
    "store",
    help=text("commands.store", _LANG),
    epilog=examples(_LANG, "store 工作区", "store 工作区 --finding taipei:1f3a5c7e9b2d"),
)
@click.argument("workspace", type=click.Path(path_type=Path))
@click.option("--project", "project_id", help=_say("project"))
@click.option("--finding", help=_say("finding"))
@format_option
def command(*, workspace: Path, project_id: str | None, finding: str | None, form: str) -> int:
    """List the versions of WORKSPACE, or the history of one finding."""
    store = open_store(workspace)
    if finding is not None:
        return _history(store, finding, form=form)
    versions = store.versions(project_id)
    if form == "json":
        rows = [asdict(each) for each in versions]
        click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        return 0
    _print_versions(versions)
    for project in dict.fromkeys(each.project_id for each in versions):
        counts = store.findings(project)["status"].value_counts()
        told = {status_title(str(status), _LANG): n for status, n in counts.items()}
        states = ("，" if _LANG == "zh" else ", ").join(f"{k} {n}" for k, n in told.items())
        click.echo(_say("states", project=project, states=states or "–"))
    return 0


def _print_versions(versions: tuple[Version, ...]) -> None:
    table = Table(box=None, pad_edge=False)
    for key in ("version", "name", "title", "created", "inputs"):
        table.add_column(_say(key), overflow="fold")
    known = {each.version_id: each for each in versions}
    for each in versions:
        before = known.get(each.supersedes or "")
        is_same = before is not None and before.source_sha256 == each.source_sha256
        inputs = "" if before is None else _say("same_inputs" if is_same else "new_inputs")
        table.add_row(each.version_id, each.name, each.title, each.created_at, inputs)
    results_console().print(table)


def _history(store: Store, finding: str, *, form: str) -> int:
    projects = store.projects()
    key = f"{projects[0]}:{finding}" if ":" not in finding and len(projects) == 1 else finding
    events = store.events(key)
    if events.empty:
        click.echo(_say("no_events", finding=key), err=True)
        return 1
    rows: list[dict[Any, Any]] = events.to_dict("records")
    if form == "json":
        click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        return 0
    table = Table(box=None, pad_edge=False)
    for name in ("at", "actor", "what"):
        table.add_column(_say(name), overflow="fold")
    for row in rows:
        note = f"（{row['note']}）" if row["note"] else ""
        table.add_row(row["at"], row["actor"], _told(row) + note)
    results_console().print(table)
    return 0


def _told(row: Mapping[Any, Any]) -> str:
    if row["column"]:
        column = text(f"outputs.{row['column']}", "zh")
        return _say("edited", column=column, before=row["before"], after=row["after"])
    after = status_title(row["to_status"], _LANG)
    if not row["from_status"]:
        return _say("first", after=after)
    return _say("moved", before=status_title(row["from_status"], _LANG), after=after)
