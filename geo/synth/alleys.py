"""The alleys (巷道) of a synthetic city: from the middle of each base grid to its corners.

Without them people could only walk around the blocks they live in.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.synth.codes import road_name
from geo.synth.figures import names
from geo.synth.mesh import Mesh
from geo.synth.plan import Plan

__all__ = ["with_alleys"]

_SPEED_KMH = 15.0
_ROAD_MODES = "walk;bicycle;car"
_ALLEY_MODES = "walk;bicycle"
_EVERY = 2


def with_alleys(roads: gpd.GeoDataFrame, plan: Plan, mesh: Mesh) -> gpd.GeoDataFrame:
    """Return `roads` and, after them, an alley to every second corner of each base grid."""
    cells, nodes = mesh.cells.ravel(), np.repeat(mesh.nodes, 2, axis=0)
    pairs = np.vstack([np.column_stack([cells, nodes[:, end]]) for end in (0, 1)])
    pairs = np.unique(pairs[plan.community[pairs[:, 0]] >= 0], axis=0)
    begin = np.unique(pairs[:, 0], return_index=True)[1]
    rank = np.arange(len(pairs)) - np.repeat(begin, np.diff(np.append(begin, len(pairs))))
    pairs = pairs[rank % _EVERY == 0]
    corner = np.zeros((int(mesh.nodes.max()) + 1, 2))
    for end, vertex in ((0, 0), (1, -1)):
        corner[mesh.nodes[:, end]] = mesh.lines[:, vertex]
    ends = np.stack([mesh.centres[pairs[:, 0]], corner[pairs[:, 1]]], axis=1)
    pattern = names()["roads"][-1]
    ids = [f"R{at:07d}" for at in range(len(roads) + 1, len(roads) + 1 + len(pairs))]
    alleys = gpd.GeoDataFrame(
        {
            "name": [road_name(pattern, int(cell)) for cell in pairs[:, 0]],
            "rank": "巷道",
            "oneway": "no",
            "speed_kmh": _SPEED_KMH,
            "modes": _ALLEY_MODES,
        },
        geometry=shapely.linestrings(ends),
        index=pd.Index(ids, name=roads.index.name),
        crs=roads.crs,
    )
    both = pd.concat([roads.assign(modes=_ROAD_MODES), alleys])
    return gpd.GeoDataFrame(both, geometry="geometry", crs=roads.crs)
