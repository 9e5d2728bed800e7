"""The cities that contests run on, read the way an audit reads them."""

import tempfile
from functools import cache
from pathlib import Path

from benchmarks.contest import MissingDataError
from geo.io import load, read_project
from geo.layers import Layers
from geo.synth import build_city, write_city

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"

TAIPEI = """
[project]
id = "taipei"
title = "Taipei"
crs = "EPSG:3826"

[layers.grids]
path = '{folder}/taipei_admin.gpkg'
layer = "villages_li"
columns = {{ grid_id = "CPTVID", name = "PTVNAME" }}
defaults = {{ kind = "base" }}

[layers.sites]
path = '{folder}/taipei_social_welfare_sites.geojson'
"""


@cache
def synthetic(n_communities: int) -> Layers:
    """Return the layers of a synthetic city: nine grids a community, seed 0."""
    with tempfile.TemporaryDirectory() as folder:
        project = write_city(build_city(n_communities=n_communities, seed=0), Path(folder))
        return load(read_project(project)).layers


@cache
def taipei() -> Layers:
    """Return Taipei's 456 villages and 578 sites, where they lie beside the project."""
    source = SHARED / "taipei"
    if not source.is_dir():
        msg = "the real data (../shared/data/taipei) is not on this machine"
        raise MissingDataError(msg)
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project.toml"
        project.write_text(TAIPEI.format(folder=source.as_posix()), encoding="utf-8")
        return load(read_project(project)).layers
