"""`gridcircle audit`: run the rules over a project and write the outputs."""

from pathlib import Path

import click
import orjson

from api.commands.output import examples, format_option, print_audit, split_codes, step_progress
from geo.audit import Audit, run_audit
from geo.findings import SEVERITIES
from geo.io import Project, load, project_from_files, read_project
from geo.outputs import summary, write_outputs
from geo.words import language, text
from maps import write_map

__all__ = ["audit_to", "command"]

_LANG = language()
_FILE = click.Path(path_type=Path)


def _help(name: str) -> str:
    return text(f"commands.{name}", _LANG)


@click.command(
    "audit",
    help=_help("audit"),
    epilog=examples(
        _LANG,
        "audit taipei.toml -o out",
        "audit taipei.toml -o out --select G,H --fail-on warning",
        "audit --grids 网格.gpkg --sites 站点.geojson -o out",
    ),
)
@click.argument("project", type=_FILE, required=False)
@click.option("-o", "--output", "folder", type=_FILE, required=True, help=_help("out"))
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
@click.option("--grids", type=_FILE, help=_help("audit_grids"))
@click.option("--sites", type=_FILE, help=_help("audit_sites"))
@click.option("--units", type=_FILE, help=_help("audit_units"))
@click.option("--buildings", type=_FILE, help=_help("audit_buildings"))
@click.option("--streets", type=_FILE, help=_help("audit_streets"))
@click.option("--standard", help=_help("audit_standard"))
def command(
    *,
    project: Path | None,
    folder: Path,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str,
    form: str,
    standard: str | None,
    **files: Path | None,
) -> int:
    """Audit PROJECT, or the files given by options, into a folder."""
    chosen = _project(project, files, standard)
    audit = audit_to(chosen, folder, select=select, ignore=ignore)
    if form == "json":
        click.echo(orjson.dumps(summary(audit), option=orjson.OPT_INDENT_2).decode())
    else:
        print_audit(audit, folder, language(chosen.language))
    return int(fails(audit, fail_on))


def fails(audit: Audit, fail_on: str) -> bool:
    """Return True when a finding is at or above the severity `fail_on`."""
    if fail_on == "never":
        return False
    grave = SEVERITIES[SEVERITIES.index(fail_on) :]
    return bool(audit.findings["severity"].isin(grave).any())


def audit_to(
    project: Project, folder: Path, *, select: tuple[str, ...] = (), ignore: tuple[str, ...] = ()
) -> Audit:
    """Load, audit and write everything, the map last; progress goes to stderr."""
    words = language(project.language)
    with step_progress() as step:
        loaded = load(
            project, progress=lambda name: step(text("commands.step_load", words, layer=name))
        )
        audit = run_audit(
            loaded,
            select=select,
            ignore=ignore,
            progress=lambda name: step(text("commands.step_audit", words, step=name)),
        )
        write_outputs(
            audit,
            folder,
            progress=lambda name: step(text("commands.step_write", words, name=name)),
        )
        step(text("commands.step_write", words, name="map.html"))
        write_map(audit, folder / "map.html")
    return audit


def _project(path: Path | None, files: dict[str, Path | None], standard: str | None) -> Project:
    given = {name: value for name, value in files.items() if value is not None}
    if path is not None:
        extra = [f"--{name}" for name in given] + (["--standard"] if standard else [])
        if extra:
            raise click.UsageError(text("commands.audit_not_both", _LANG, options="、".join(extra)))
        return read_project(path)
    if "grids" not in given:
        raise click.UsageError(text("commands.audit_need_project", _LANG))
    return project_from_files(standard=standard, **given)
