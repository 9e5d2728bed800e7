"""`gridcircle demo`: audit a shipped example."""

from pathlib import Path

import click

from api.commands.audit import audit_to
from api.commands.output import examples, print_audit
from geo.examples import example_project
from geo.io import read_project
from geo.words import language, text

__all__ = ["command"]

_LANG = language()


@click.command(
    "demo",
    help=text("commands.demo", _LANG),
    epilog=examples(_LANG, "demo", "demo taipei -o out-taipei", "demo city -o out-city"),
)
@click.argument(
    "name", type=click.Choice(["helsinki", "taipei", "city"]), default="helsinki", required=False
)
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("out"),
    show_default=True,
    help=text("commands.out", _LANG),
)
def command(*, name: str, folder: Path) -> int:
    """Write the example NAME into the folder, audit it there, and say where the map is."""
    project = read_project(example_project(name, folder / "example"))
    audit = audit_to(project, folder)
    words = language(project.language)
    print_audit(audit, folder, words)
    click.echo(text("commands.done_serve", words, folder=folder))
    return 0
