"""`gridcircle map`: draw the map again from an audit's GeoPackage."""

from pathlib import Path

import click

from api.commands.output import examples
from geo.outputs import read_audit
from geo.words import language, text
from maps import write_map
from maps.basemaps import read_basemap

__all__ = ["command"]

_LANG = language()


@click.command(
    "map",
    help=text("commands.map", _LANG),
    epilog=examples(
        _LANG,
        "map out/audit.gpkg -o 地图.html",
        "map out/audit.gpkg -o 地图.html --basemap 底图.mbtiles",
    ),
)
@click.argument("audit_gpkg", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help=text("commands.map_output", _LANG),
)
@click.option(
    "--basemap",
    type=click.Path(path_type=Path),
    default=None,
    help=text("commands.map_basemap", _LANG),
)
def command(*, audit_gpkg: Path, output: Path, basemap: Path | None) -> int:
    """Draw the audit kept in AUDIT_GPKG."""
    base = None if basemap is None else read_basemap(basemap)
    click.echo(write_map(read_audit(audit_gpkg), output, basemap=base))
    return 0
