"""A synthetic city on disk: `city.gpkg`, `project.toml`, `truth.json`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import geopandas as gpd

from geo.errors import LoadError
from geo.synth.city import City
from geo.words import text

__all__ = ["write_city"]

_ROWS_AT_ONCE: Final = 1_000_000

_PROJECT: Final = """\
# {about}
[project]
id = "synth-{n}-{seed}"
title = "{title}"
standards = ["gb50180-2018"]
crs = "{crs}"
language = "zh"

[layers.grids]
path = "city.gpkg"
layer = "grids"

[[layers.units]]
path = "city.gpkg"
layer = "units_street"
level = "street"

[[layers.units]]
path = "city.gpkg"
layer = "units_community"
level = "community"

[layers.sites]
path = "city.gpkg"
layer = "sites"

[layers.buildings]
path = "city.gpkg"
layer = "buildings"
complete = true

# {roads}
[layers.streets]
path = "city.gpkg"
layer = "roads"
"""


def write_city(city: City, folder: Path, *, progress: Callable[[str], None] | None = None) -> Path:
    """Write the layers, the project and the truth table; return the path of the project.

    Raises
    ------
    LoadError
        If the folder cannot be made or written to.
    """
    if progress is not None:
        progress(text("synth.writing", "zh", folder=folder))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_layers(city, folder / "city.gpkg")
        _write_text(folder / "truth.json", _truth(city))
        project = folder / "project.toml"
        _write_text(project, _project(city))
    except OSError as error:
        raise LoadError("synth.not_written", folder=folder, reason=error) from error
    return project


def _write_layers(city: City, path: Path) -> None:
    part = path.with_name("city.part.gpkg")
    part.unlink(missing_ok=True)
    frames = {
        "grids": city.grids,
        "units_street": city.streets,
        "units_community": city.communities,
        "sites": city.sites,
        "roads": city.roads,
    }
    for layer, frame in frames.items():
        _write(frame, part, layer)
    _write_buildings(city, part)
    part.replace(path)


def _write_buildings(city: City, path: Path) -> None:
    """Write the buildings piece by piece; in several pieces without a spatial index: faster."""
    n = len(city.buildings)
    options = {"SPATIAL_INDEX": "NO"} if n > _ROWS_AT_ONCE else {}
    for start in range(0, n, _ROWS_AT_ONCE):
        some = city.building_frame(start, start + _ROWS_AT_ONCE)
        if start == 0:
            _write(some, path, "buildings", **options)
        else:
            _write(some, path, "buildings", mode="a")


def _write(frame: gpd.GeoDataFrame, path: Path, layer: str, **options: str) -> None:
    frame.reset_index().to_file(path, layer=layer, driver="GPKG", engine="pyogrio", **options)


def _truth(city: City) -> str:
    head = {
        "communities": city.n_communities,
        "defect_share": city.defect_share,
        "seed": city.seed,
        "at": list(city.at),
        "noise": city.noise,
    }
    lines = ",\n".join(json.dumps(found, ensure_ascii=False) for found in city.truth)
    opening = json.dumps(head, ensure_ascii=False)[1:-1]
    return f'{{{opening},\n"findings": [\n{lines}\n]}}\n'


def _project(city: City) -> str:
    return _PROJECT.format(
        about=text("synth.about", "zh", seed=city.seed),
        roads=text("synth.roads", "zh"),
        n=city.n_communities,
        seed=city.seed,
        title=text("synth.title", "zh", n=city.n_communities),
        crs=f"EPSG:{city.crs.to_epsg()}",
    )


def _write_text(path: Path, content: str) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_text(content, encoding="utf-8")
    part.replace(path)
