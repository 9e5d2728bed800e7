"""`gridcircle compare`: the look-back from one version to another."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click
import orjson

from api.commands.output import examples, step_progress
from geo.audit import Audit, run_audit
from geo.errors import LoadError
from geo.io import load, read_project
from geo.outputs import read_audit
from geo.outputs.lookback import look_back_summary, write_look_back
from geo.planning.lookback import Lookback, look_back, statement
from geo.store import is_workspace, open_store
from geo.words import language, text
from maps import write_look_back_map

__all__ = ["command", "compare_to", "read_version"]

_LANG = language()
_FILE = click.Path(path_type=Path)
_AUDIT_FILE = "audit.gpkg"

Step = Callable[[str], None]


@click.command(
    "compare",
    help=text("commands.compare", _LANG),
    epilog=examples(
        _LANG,
        "compare 2025/project.toml 2026/project.toml -o 回头看",
        "compare 工作区@taipei-1 工作区@taipei-2 -o 回头看",
        "compare out-2025/audit.gpkg out-2026/audit.gpkg -o 回头看 --border-tolerance-m 5",
    ),
)
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@click.option(
    "-o", "--output", "folder", type=_FILE, required=True, help=text("commands.out", _LANG)
)
@click.option(
    "--border-tolerance-m",
    "tolerance_m",
    type=click.FloatRange(min=0),
    help=text("commands.compare_tolerance", _LANG),
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help=text("commands.format", _LANG),
)
def command(*, old: Path, new: Path, folder: Path, tolerance_m: float | None, form: str) -> int:
    """Compare the version OLD with the version NEW."""
    with step_progress() as step:
        found = compare_to(
            read_version(old, step=step),
            read_version(new, step=step),
            folder,
            tolerance_m=tolerance_m,
            step=step,
        )
    if form == "json":
        summary = look_back_summary(found)
        click.echo(orjson.dumps(summary, option=orjson.OPT_INDENT_2).decode())
    else:
        _print(found, folder)
    return int(found.n_defects("introduced") > 0)


def read_version(path: Path, *, step: Step) -> Audit:
    """Return the audit of a version.

    Parameters
    ----------
    path
        A project, its `audit.gpkg`, a folder that holds one, or `WORKSPACE@VERSION`: a version of
        a workspace, or a project in it for its last version.
    step
        Called with what is being done.

    Raises
    ------
    LoadError
        If there is no such file, or it is none of these.
    NotFoundError
        If the workspace has no such version.
    """
    workspace, at, version_id = str(path).rpartition("@")
    if at and not path.exists() and is_workspace(Path(workspace)):
        step(text("commands.step_load", _LANG, layer=version_id))
        return open_store(Path(workspace)).read_audit(version_id)
    if path.is_dir() and (path / _AUDIT_FILE).is_file():
        path = path / _AUDIT_FILE
    if path.suffix.casefold() == ".gpkg":
        step(text("commands.step_load", _LANG, layer=path.name))
        return read_audit(path)
    if path.suffix.casefold() != ".toml":
        raise LoadError("lookback.no_version", path=path)
    project = read_project(path)
    words = language(project.language)
    loaded = load(
        project, progress=lambda name: step(text("commands.step_load", words, layer=name))
    )
    return run_audit(
        loaded, progress=lambda name: step(text("commands.step_audit", words, step=name))
    )


def compare_to(
    old: Audit, new: Audit, folder: Path, *, tolerance_m: float | None, step: Step
) -> Lookback:
    """Compare two audits and write every output, the map last."""
    words = language(new.language)
    step(text("commands.compare_step", words))
    found = look_back(old, replace(new, language=words), border_tolerance_m=tolerance_m)
    write_look_back(
        found,
        folder,
        progress=lambda name: step(text("commands.step_write", words, name=name)),
    )
    step(text("commands.step_write", words, name="map.html"))
    write_look_back_map(found, folder / "map.html")
    return found


def _print(found: Lookback, folder: Path) -> None:
    words = found.language
    for sentence in statement(found, words):
        click.echo(sentence)
    for message in found.messages:
        click.echo(message[words])
    if found.not_compared:
        names = ("、" if words == "zh" else ", ").join(found.not_compared)
        click.echo(text("commands.compare_skipped", words, rules=names))
    click.echo(f"{text('commands.done_map', words)}  {folder / 'map.html'}")
    click.echo(f"{text('commands.done_folder', words)}  {folder}")
