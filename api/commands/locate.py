"""`gridcircle locate`: point to grid and the units above it."""

from pathlib import Path

import click
import geopandas as gpd
import orjson

from api.commands.output import examples
from geo.coverage import assign_to_grids
from geo.io import load, read_project
from geo.layers import ancestors
from geo.words import language, text

__all__ = ["command"]

_LANG = language()


@click.command(
    "locate",
    help=text("commands.locate", _LANG),
    epilog=examples(_LANG, "locate taipei.toml 121.5645 25.0340"),
)
@click.argument("project", type=click.Path(path_type=Path))
@click.argument("lon", type=click.FloatRange(-180, 180))
@click.argument("lat", type=click.FloatRange(-90, 90))
def command(*, project: Path, lon: float, lat: float) -> int:
    """Print the grid that holds LON LAT and the units above it, as JSON."""
    layers = load(read_project(project)).layers
    point = gpd.GeoDataFrame(geometry=gpd.points_from_xy([lon], [lat]), crs="EPSG:4326")
    grid = assign_to_grids(point.to_crs(layers.crs), layers.grids).iloc[0]
    if grid is None:
        click.echo(text("commands.locate_none", _LANG, lon=lon, lat=lat), err=True)
        return 1
    above = [] if layers.units is None else ancestors(layers.grids.loc[[grid]], layers.units)
    found = {
        "grid_id": grid,
        "name": layers.grids.get("name", {}).get(grid),
        "units": [
            {
                "unit_id": unit,
                "level": layers.units.loc[unit, "level"],
                "name": layers.units.get("name", {}).get(unit),
            }
            for unit in (above["unit_id"] if len(above) else ())
        ],
    }
    click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    return 0
