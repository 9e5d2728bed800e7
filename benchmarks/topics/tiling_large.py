"""The whole audit of a tiling of 50,000 grids and more: `python -m benchmarks tiling_large`.

A peer that takes more than a few seconds runs once; see `benchmarks.topics.tiling` for what is
asked of whom.
"""

from functools import cache, partial
from itertools import pairwise

import geopandas as gpd
import numpy as np
import shapely

from benchmarks.contest import Contest
from benchmarks.topics.tiling import MANY, Case, city, contest, layer

HALF_A_MILLION = 708


def contests() -> list[Contest]:
    """Return the contests of this topic."""
    return [
        contest("mesh, 2 % with a defect", layer),
        contest("synthetic city, 18 % planted defects", partial(city, MANY)),
        contest("mesh in degrees, projected", partial(layer, in_degrees=True), against="join"),
        contest(
            "mesh, each vertex moved by up to 8 mm", partial(layer, noise_m=0.008), against="join"
        ),
        contest(
            "mesh, units drawn apart by up to 2 m", partial(layer, apart_m=2.0), against="join"
        ),
        contest("5 grids with 100,000 vertices a border", _long_borders, against="join"),
        contest("mesh of half a million", partial(layer, HALF_A_MILLION), against="validity"),
    ]


@cache
def _long_borders() -> Case:
    rng = np.random.default_rng(0)
    x = np.linspace(0.0, 50_000.0, 100_000)
    lines = [np.column_stack([x, 1_000.0 * k + rng.uniform(-0.2, 0.2, len(x))]) for k in range(6)]
    shapes = [shapely.Polygon(np.vstack([a, b[::-1]])) for a, b in pairwise(lines)]
    ids = [f"g{k:02}" for k in range(len(shapes))]
    grids = gpd.GeoDataFrame(
        {"kind": "base", "parent_id": "u"}, geometry=shapes, crs="EPSG:32650", index=ids
    )
    whole = shapely.Polygon(np.vstack([lines[0], lines[-1][::-1]]))
    units = gpd.GeoDataFrame({"level": ["community"]}, geometry=[whole], crs=grids.crs, index=["u"])
    return Case(
        frames={"grids": grids.rename_axis("grid_id"), "units": units.rename_axis("unit_id")},
        overlaps=frozenset(),
    )
