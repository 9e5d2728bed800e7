"""`gridcircle standards`: list standards and profiles, or show every number of one."""

import click
from rich.console import Console
from rich.table import Table

from api.commands.output import examples
from geo.standards import describe, load_standard, shipped_standards
from geo.words import language, text

__all__ = ["command"]

_LANG = language()


@click.command(
    "standards",
    help=text("commands.standards", _LANG),
    epilog=examples(_LANG, "standards", "standards gb50180-2018"),
)
@click.argument("name", required=False)
def command(*, name: str | None) -> int:
    """List what is shipped, or show NAME."""
    console = Console()
    if name is None:
        console.print(_list())
        return 0
    standard = load_standard([name])
    click.echo(f"{name}  {standard.title[_LANG]}\n")
    rows = describe(standard, _LANG)
    table = Table(box=None, pad_edge=False)
    for column in rows[0] if rows else ():
        table.add_column(str(column), overflow="fold")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    console.print(table)
    return 0


def _list() -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("standards_name", "standards_title", "standards_tiers"):
        table.add_column(text(f"commands.{column}", _LANG))
    for name in shipped_standards():
        standard = load_standard([name])
        tiers = "  ".join(
            f"{tier.tier_id}: {tier.minutes:g} min, {tier.distance_m:g} m"
            for tier in standard.tiers.values()
        )
        table.add_row(name, standard.title[_LANG], tiers or "–")
    return table
