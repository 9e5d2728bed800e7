"""`gridcircle locate`: point to grid and the units above it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import geopandas as gpd
import orjson

from api.commands.output import examples
from geo.io import LayerSpec, Project, load, read_project
from geo.locate import locate
from geo.words import language, text

__all__ = ["command"]

_LANG = language()


@click.command(
    "locate",
    help=text("commands.locate", _LANG),
    epilog=examples(
        _LANG, "locate taipei.toml 121.5645 25.0340", "locate taipei.toml --points 工单.csv"
    ),
)
@click.argument("project", type=click.Path(path_type=Path))
@click.argument("lon", type=click.FloatRange(-180, 180), required=False)
@click.argument("lat", type=click.FloatRange(-90, 90), required=False)
@click.option(
    "--points", type=click.Path(path_type=Path), help=text("commands.locate_points", _LANG)
)
def command(*, project: Path, lon: float | None, lat: float | None, points: Path | None) -> int:
    """Print the grid that holds LON LAT, or each point of a file, as JSON."""
    one = lon is not None and lat is not None
    if one == (points is not None):
        raise click.UsageError(text("commands.locate_what", _LANG))
    asked_of = read_project(project)
    if points is None:
        layers = load(asked_of).layers
        asked = gpd.GeoDataFrame(geometry=gpd.points_from_xy([lon], [lat]), crs="EPSG:4326")
        asked = asked.to_crs(layers.crs)
    else:
        layers = load(_with_points(asked_of, points)).layers
        asked = layers.cases
    found = locate(asked, layers)
    rows: list[dict[Any, Any]] = found.to_dict("records")
    if one:
        if rows[0]["grid_id"] is None:
            click.echo(text("commands.locate_none", _LANG, lon=lon, lat=lat), err=True)
            return 1
        _print(rows[0])
        return 0
    _print([{"point": str(key), **row} for key, row in zip(found.index, rows, strict=True)])
    return int(found["grid_id"].isna().any())


def _with_points(project: Project, points: Path) -> Project:
    """Return `project` with `points` as its cases, in WGS 84 where the file names no CRS."""
    spec = LayerSpec(name="cases", schema="cases", path=points, shown=str(points), crs="EPSG:4326")
    others = tuple(layer for layer in project.layers if layer.schema != "cases")
    return replace(project, layers=(*others, spec))


def _print(value: object) -> None:
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
