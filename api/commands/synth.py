"""`gridcircle synth`: a synthetic city with its truth table."""

from pathlib import Path

import click

from api.commands.output import examples, step_progress
from geo.synth import build_city, write_city
from geo.words import language, text

__all__ = ["command"]

_LANG = language()


class _LonLat(click.ParamType[tuple[float, float]]):
    """Two numbers, longitude and latitude in degrees."""

    name = "LON,LAT"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, float]:
        if isinstance(value, tuple):
            return value
        try:
            lon, lat = (float(part) for part in str(value).replace("，", ",").split(","))
        except ValueError:
            self.fail(text("commands.synth_bad_at", _LANG, value=value), param, ctx)
        if not (-180 <= lon <= 180 and -80 <= lat <= 80):  # noqa: PLR2004
            self.fail(text("commands.synth_bad_at", _LANG, value=value), param, ctx)
        return lon, lat


@click.command(
    "synth",
    help=text("commands.synth", _LANG),
    epilog=examples(
        _LANG,
        "synth -o city --communities 15",
        "synth -o big --communities 5556 --defects 0.1 --seed 7 --at 113.15,27.83",
    ),
)
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path),
    required=True,
    help=text("commands.out", _LANG),
)
@click.option(
    "--communities",
    type=click.IntRange(1, 120_000),
    required=True,
    help=text("commands.synth_communities", _LANG),
)
@click.option(
    "--defects",
    type=click.FloatRange(0, 1),
    default=0.18,
    show_default=True,
    help=text("commands.synth_defects", _LANG),
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help=text("commands.synth_seed", _LANG),
)
@click.option("--at", type=_LonLat(), default=None, help=text("commands.synth_at", _LANG))
def command(
    *, folder: Path, communities: int, defects: float, seed: int, at: tuple[float, float] | None
) -> int:
    """Build a city and write it."""
    place = {} if at is None else {"at": at}
    with step_progress() as step:
        city = build_city(
            n_communities=communities, defect_share=defects, seed=seed, progress=step, **place
        )
        path = write_city(city, folder)
    click.echo(
        text(
            "commands.synth_done",
            _LANG,
            grids=f"{len(city.grids):,}",
            sites=f"{len(city.sites):,}",
            findings=f"{len(city.truth):,}",
            path=path,
        )
    )
    return 0
