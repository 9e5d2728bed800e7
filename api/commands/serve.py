"""`gridcircle serve`: API and map on this machine."""

from pathlib import Path

import click

from api.commands.output import examples
from api.http import serve
from geo.words import language, text

__all__ = ["command"]

_LANG = language()


@click.command(
    "serve",
    help=text("commands.serve", _LANG),
    epilog=examples(_LANG, "serve", "serve out --port 8080"),
)
@click.argument(
    "folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path("out"), required=False
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help=text("commands.serve_host", _LANG)
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8000,
    show_default=True,
    help=text("commands.serve_port", _LANG),
)
def command(*, folder: Path, host: str, port: int) -> int:
    """Serve FOLDER until stopped."""
    click.echo(text("commands.serve_at", _LANG, url=f"http://{host}:{port}/"), err=True)
    serve(folder, host=host, port=port)
    return 0
