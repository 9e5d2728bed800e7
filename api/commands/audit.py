"""`gridcircle audit`: run the rules over a project and write the outputs."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import click
import orjson

from api.commands.output import examples, format_option, print_audit, split_codes, step_progress
from geo.audit import Audit, run_audit
from geo.errors import LoadError
from geo.findings import SEVERITIES
from geo.io import DATABASES, DATUMS, Project, load, project_from_files, read_project
from geo.outputs import place_outputs, summary, write_outputs
from geo.store import Store, open_store
from geo.words import language, text
from maps import write_map
from maps.basemaps import project_basemap

__all__ = ["audit_to", "command"]

_LANG = language()
_FILE = click.Path(path_type=Path)


class _Place(click.ParamType[Path | str]):
    """A file, or the address of a database, which is no path."""

    name = "file"

    def convert(self, value: Any, param: Any, ctx: Any) -> Path | str:  # noqa: ANN401, ARG002
        """Return an address as it is, all else as a path."""
        return value if str(value).startswith(DATABASES) else Path(value)


_PLACE = _Place()
_LAYERS: Final = ("grids", "sites", "units", "buildings", "streets")


def _help(name: str) -> str:
    return text(f"commands.{name}", _LANG)


def _datums(_ctx: Any, _param: Any, given: tuple[str, ...]) -> dict[str, str]:  # noqa: ANN401
    """Return the datum of each layer named as LAYER=DATUM."""
    parted = [entry.rpartition("=") for entry in given]
    datums = {layer: datum for layer, _, datum in parted}
    if not (set(datums) <= set(_LAYERS) and set(datums.values()) <= set(DATUMS)):
        known = {"layers": "、".join(_LAYERS), "datums": "、".join(DATUMS)}
        raise click.BadParameter(text("commands.audit_bad_datum", _LANG, given=given[-1], **known))
    return datums


@click.command(
    "audit",
    help=_help("audit"),
    epilog=examples(
        _LANG,
        "audit taipei.toml -o out",
        "audit taipei.toml -o out --select G,H --fail-on warning",
        "audit taipei.toml -o out --store 工作区 --name 2026年调整",
        "audit --grids 网格.gpkg --sites 站点.geojson -o out",
        "audit --grids 网格.shp --sites 站点.xlsx --datum sites=gcj02 -o out",
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
@click.option("--store", help=_help("audit_store"))
@click.option("--name", default="", help=_help("audit_name"))
@format_option
@click.option("--grids", type=_PLACE, help=_help("audit_grids"))
@click.option("--sites", type=_PLACE, help=_help("audit_sites"))
@click.option("--units", type=_PLACE, help=_help("audit_units"))
@click.option("--buildings", type=_PLACE, help=_help("audit_buildings"))
@click.option("--streets", type=_PLACE, help=_help("audit_streets"))
@click.option("--standard", help=_help("audit_standard"))
@click.option("--datum", "datums", multiple=True, callback=_datums, help=_help("audit_datum"))
def command(
    *,
    project: Path | None,
    folder: Path,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str,
    form: str,
    **given: Any,  # noqa: ANN401
) -> int:
    """Audit PROJECT, or the files given by options, into a folder."""
    files = {name: given[name] for name in _LAYERS}
    chosen = _project(project, files, standard=given["standard"], datums=given["datums"])
    store = _store(given["store"], given["name"])
    audit = audit_to(chosen, folder, select=select, ignore=ignore, store=store, name=given["name"])
    if form == "json":
        click.echo(orjson.dumps(summary(audit), option=orjson.OPT_INDENT_2).decode())
    else:
        words = language(chosen.language)
        print_audit(audit, folder, words)
        if store is not None:
            made = store.version(audit.project_id).version_id
            click.echo(text("store.published", words, store=given["store"], version=made))
    return int(fails(audit, fail_on))


def _store(path: str | None, name: str) -> Store | None:
    """Return the workspace of `--store`, made when missing, before anything is judged."""
    if path is None:
        if name:
            raise click.UsageError(text("commands.audit_name_alone", _LANG))
        return None
    if "://" in path:
        raise LoadError("store.url", url=path.split("@")[-1])
    return open_store(Path(path), create=True)


def fails(audit: Audit, fail_on: str) -> bool:
    """Return True when a finding is at or above the severity `fail_on`."""
    if fail_on == "never":
        return False
    grave = SEVERITIES[SEVERITIES.index(fail_on) :]
    return bool(audit.findings["severity"].isin(grave).any())


def audit_to(
    project: Project,
    folder: Path,
    *,
    select: tuple[str, ...] = (),
    ignore: tuple[str, ...] = (),
    store: Store | None = None,
    name: str = "",
) -> Audit:
    """Load, audit and write everything, the map last; progress goes to stderr.

    With a `store` the audit is published there, as a version called `name`, and `folder` gets the
    same files: its ledger has what the office wrote before.
    """
    words = language(project.language)
    basemap = project_basemap(project)
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
        drawing = partial(write_map, audit, basemap=basemap)
        _write(audit, folder, drawing, step=step, store=store, name=name)
    return audit


def _write(
    audit: Audit,
    folder: Path,
    drawing: Callable[[Path], Path],
    *,
    step: Callable[[str], None],
    store: Store | None,
    name: str,
) -> None:
    words = language(audit.language)

    def said(file: str) -> None:
        step(text("commands.step_write", words, name=file))

    def draw(place: Path) -> None:
        said("map.html")
        drawing(place / "map.html")

    if store is None:
        write_outputs(audit, folder, progress=said)
        draw(folder)
        return
    made = store.publish(audit, name=name, finish=draw, progress=said)
    place_outputs(store.folder(made.version_id), folder)


def _project(
    path: Path | None,
    files: dict[str, Path | str | None],
    *,
    standard: str | None,
    datums: dict[str, str],
) -> Project:
    given = {name: value for name, value in files.items() if value is not None}
    if path is not None:
        extra = [f"--{name}" for name in given]
        extra += ["--standard"] * bool(standard) + ["--datum"] * bool(datums)
        if extra:
            raise click.UsageError(text("commands.audit_not_both", _LANG, options="、".join(extra)))
        return read_project(path)
    if "grids" not in given:
        raise click.UsageError(text("commands.audit_need_project", _LANG))
    return project_from_files(standard=standard, datums=datums, **given)
