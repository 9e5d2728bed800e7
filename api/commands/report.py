"""`gridcircle report`: a printable report of an audit, with its maps as pictures."""

from pathlib import Path

import click

from api.commands.output import examples
from geo.outputs import read_audit
from geo.words import language, text
from maps.reports import why_no_png, write_report

__all__ = ["command"]

_LANG = language()


@click.command(
    "report",
    help=text("commands.report", _LANG),
    epilog=examples(_LANG, "report out/audit.gpkg -o 报告", "report out/audit.gpkg -o 报告.pdf"),
)
@click.argument("audit_gpkg", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help=text("commands.report_output", _LANG),
)
def command(*, audit_gpkg: Path, output: Path) -> int:
    """Write the report of the audit kept in AUDIT_GPKG."""
    written = write_report(read_audit(audit_gpkg), output)
    for path in written:
        click.echo(path)
    if output.suffix.lower() != ".html" and not any(p.suffix == ".pdf" for p in written):
        click.echo(text("commands.report_no_pdf", _LANG), err=True)
    hindrance = why_no_png() if any(path.suffix == ".svg" for path in written) else None
    if hindrance is not None:
        click.echo(hindrance.text(_LANG), err=True)
    return 0
