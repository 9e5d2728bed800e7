"""The layers of a synthetic city as frames with the canonical columns."""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from geo.synth.codes import Codes, place_name, road_name
from geo.synth.facilities import Sites
from geo.synth.figures import names
from geo.synth.ground import Ground
from geo.synth.mesh import N_BENDS, Mesh
from geo.synth.people import Buildings
from geo.synth.plan import Ints, Plan
from geo.synth.shapes import from_boldest_corner

__all__ = [
    "building_frame",
    "community_frame",
    "grid_frame",
    "road_frame",
    "site_frame",
    "street_frame",
]

_SPEED_KMH = np.array([60.0, 40.0, 30.0])
_RANKS = np.array(["主干路", "次干路", "支路"], dtype=object)
_BRIDGE_EVERY = 6


def grid_frame(
    ground: Ground,
    codes: Codes,
    parents: npt.NDArray[np.object_],
    *,
    people: tuple[Ints, Ints],
    crs: CRS,
) -> gpd.GeoDataFrame:
    """Return all grids, base and dedicated, in order of their ids."""
    households, residents = people
    n_dedicated = len(ground.dedicated)
    nothing = np.zeros(n_dedicated, dtype=np.int64)
    frame = gpd.GeoDataFrame(
        {
            "name": [*_grid_names(ground, codes), *_dedicated_names(n_dedicated)],
            "kind": ["base"] * len(ground.base) + ["dedicated"] * n_dedicated,
            "parent_id": np.concatenate([parents, codes.communities]),
            "households": np.concatenate([households, nothing]),
            "residents": np.concatenate([residents, nothing]),
        },
        geometry=from_boldest_corner(np.concatenate([ground.base, ground.dedicated])),
        index=pd.Index(np.concatenate([ground.base_ids, ground.dedicated_ids]), name="grid_id"),
        crs=crs,
    )
    return frame.sort_index()


def street_frame(ground: Ground, codes: Codes, crs: CRS) -> gpd.GeoDataFrame:
    """Return the streets (街道)."""
    return gpd.GeoDataFrame(
        {"name": codes.street_names, "level": "street"},
        geometry=ground.streets,
        index=pd.Index(codes.streets, name="unit_id"),
        crs=crs,
    )


def community_frame(ground: Ground, codes: Codes, plan: Plan, *, crs: CRS) -> gpd.GeoDataFrame:
    """Return the communities, those on paper last."""
    pattern = names()["old_community"]
    on_paper = [
        pattern.format(place=codes.community_names[at].removesuffix("社区"))
        for at in ground.paper_community
    ]
    street = plan.street[np.array([*range(plan.n_communities), *ground.paper_community])]
    return gpd.GeoDataFrame(
        {
            "name": [*codes.community_names, *on_paper],
            "level": "community",
            "parent_id": codes.streets[street],
        },
        geometry=[*ground.communities, *ground.paper],
        index=pd.Index([*codes.communities, *ground.paper_ids], name="unit_id", dtype=object),
        crs=crs,
    )


def site_frame(sites: Sites, crs: CRS) -> gpd.GeoDataFrame:
    """Return the sites."""
    return gpd.GeoDataFrame(
        {"name": sites.names, "category": sites.categories},
        geometry=shapely.points(sites.xy),
        index=pd.Index(sites.ids, name="site_id"),
        crs=crs,
    )


def building_frame(
    buildings: Buildings, crs: CRS, *, start: int = 0, stop: int | None = None
) -> gpd.GeoDataFrame:
    """Return the buildings from number `start` up to `stop`."""
    some = slice(start, stop)
    xy = buildings.xy[some]
    ids = [f"B{at:08d}" for at in range(start + 1, start + 1 + len(xy))]
    return gpd.GeoDataFrame(
        {
            "households": buildings.households[some],
            "residents": buildings.residents[some],
            "elderly": buildings.elderly[some],
        },
        geometry=shapely.points(xy),
        index=pd.Index(ids, name="building_id", dtype=object),
        crs=crs,
    )


def road_frame(plan: Plan, mesh: Mesh, crs: CRS) -> gpd.GeoDataFrame:
    """Return the roads: every border of a grid is one, bridges cross the river."""
    community = plan.community[mesh.cells]
    street = np.where(community >= 0, plan.street[community], -1)
    rank: Ints = np.where(
        street[:, 0] != street[:, 1], 0, np.where(community[:, 0] != community[:, 1], 1, 2)
    )
    keep: npt.NDArray[np.bool_] = np.any(community >= 0, axis=1)
    bridges = _bridges(mesh, keep)
    rank[bridges] = 0
    keep[bridges] = True
    rows = np.flatnonzero(keep)
    rank = rank[rows]
    patterns = names()["roads"]
    along = street[rows].max(axis=1) * 7 + street[rows].min(axis=1)
    within = community[rows].max(axis=1) * 3 + np.where(rank == 2, rows, 0)  # noqa: PLR2004
    number = np.where(rank == 0, along, within).tolist()
    return gpd.GeoDataFrame(
        {
            "name": [road_name(patterns[r], n) for r, n in zip(rank, number, strict=True)],
            "rank": _RANKS[rank],
            "oneway": "no",
            "speed_kmh": _SPEED_KMH[rank],
        },
        geometry=_lines(mesh, rows),
        index=pd.Index([f"R{at:07d}" for at in range(1, len(rows) + 1)], name="street_id"),
        crs=crs,
    )


def _bridges(mesh: Mesh, is_road: npt.NDArray[np.bool_]) -> Ints:
    """Return every sixth border between two river cells that joins roads of both banks."""
    on_road = np.zeros(int(mesh.nodes.max()) + 1, dtype=bool)
    on_road[mesh.nodes[is_road]] = True
    across = np.flatnonzero(on_road[mesh.nodes].all(axis=1) & ~is_road)
    west_to_east = across[np.argsort(mesh.lines[across, 0, 0], kind="stable")]
    return west_to_east[::_BRIDGE_EVERY]


def _lines(mesh: Mesh, rows: Ints) -> npt.NDArray[np.object_]:
    used = np.ones((len(rows), N_BENDS + 2), dtype=bool)
    used[:, 1:-1] = mesh.is_bent[rows, None]
    line = np.repeat(np.arange(len(rows)), used.sum(axis=1))
    return np.asarray(shapely.linestrings(mesh.lines[rows][used], indices=line), dtype=object)


def _grid_names(ground: Ground, codes: Codes) -> list[str]:
    """Return the name of each base grid by its community and the last digits of its id."""
    pattern = names()["grid"]
    return [
        pattern.format(community=community, number=int(grid_id[-3:]))
        for community, grid_id in zip(
            codes.community_names[ground.community], ground.base_ids, strict=True
        )
    ]


def _dedicated_names(n: int) -> list[str]:
    patterns = names()["dedicated"]
    return [patterns[at % len(patterns)].format(place=place_name(13 * at)) for at in range(n)]
