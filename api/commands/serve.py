"""`gridcircle serve`: API and map on this machine."""

import os
from pathlib import Path

import click

from api.commands.output import examples
from api.http import Settings, serve
from api.http.door.access import is_local
from geo.store import is_workspace
from geo.words import language, text
from maps.basemaps import read_basemap

__all__ = ["command"]

_LANG = language()
_MAX_REQUESTS_PER_SECOND = 200.0
"""Of one client that is not this machine; maps and GIS tools ask for some dozens in a burst."""
_TOKEN = "GRIDCIRCLE_TOKEN"  # noqa: S105 the name of a variable


@click.command(
    "serve",
    help=text("commands.serve", _LANG),
    epilog=examples(_LANG, "serve", "serve out --port 8080", "serve 工作区 --allow-upload"),
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
@click.option(
    "--allow-upload", "allow_upload", is_flag=True, help=text("commands.serve_upload", _LANG)
)
@click.option(
    "--basemap",
    type=click.Path(path_type=Path),
    default=None,
    help=text("commands.serve_basemap", _LANG),
)
def command(*, folder: Path, host: str, port: int, allow_upload: bool, basemap: Path | None) -> int:
    """Serve FOLDER until stopped."""
    token = os.environ.get(_TOKEN) or None
    base = None if basemap is None else read_basemap(basemap)
    settings = Settings(
        token=token,
        allow_upload=allow_upload,
        basemap=base,
        max_requests_per_second=None if is_local(host) else _MAX_REQUESTS_PER_SECOND,
    )
    url = f"http://{host}:{port}/"
    click.echo(text("commands.serve_at", _LANG, url=url), err=True)
    if (token or allow_upload or is_workspace(folder)) and not (folder / "summary.json").is_file():
        click.echo(text("commands.serve_door", _LANG, url=f"{url}door"), err=True)
    serve(folder, host=host, port=port, settings=settings)
    return 0
