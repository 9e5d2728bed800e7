"""Places, grids and sites of a city judged by radius, as the page takes them to try out sites."""

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from geo.audit import Audit
from geo.audit.surfaces import surfaces
from geo.coverage import CoverageRules, Demand, grid_demand
from geo.coverage.areas import rings_of
from geo.planning.whatif.edits import Sites
from geo.planning.whatif.verdicts import Ground
from maps.packing import Packer, zigzag
from maps.privacy import least_count
from maps.whatif.headers import STEP_M, header
from maps.whatif.members import add_members

__all__ = ["pack_straight"]

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]


def pack_straight(audit: Audit) -> str:
    """Return building points, borders of grids judged by area, sites and rules as base64.

    Counts of people below the k of the standard are given to the next building of the grid.
    """
    layers = audit.layers
    rules = CoverageRules.from_standard(audit.standard)
    demand = grid_demand(layers.grids, layers.buildings, has_all_buildings=layers.has_all_buildings)
    surface = next(one for one in surfaces(demand, audit.standard.tiers, None) if one.tiers)
    ground = Ground.of(surface.demand, rules, weight=surface.demand.basis_weight())
    sites = Sites.of(layers.sites)
    packer = Packer(origin_lonlat=(0.0, 0.0))
    _add_places(packer, surface.demand, sites)
    order = np.lexsort((_along_curve(surface.demand.points_xy)[ground.place_at], ground.grid_at))
    add_members(packer, ground, order, k=least_count(audit.standard))
    _add_borders(packer, layers.grids, surface.demand)
    own = {
        "model": "radius",
        "tiers": [
            {
                "id": name,
                "distance_m": tier.distance_m,
                "categories": None if tier.categories is None else list(tier.categories),
            }
            for name, tier in surface.tiers.items()
        ],
    }
    return packer.blob(header(audit, surface.demand, rules=rules, sites=sites) | own)


def _along_curve(xy: Floats) -> Longs:
    """Return where each place lies on a curve on which neighbours are near each other."""
    if not len(xy):
        return np.zeros(0, dtype=np.int64)
    found: Longs = gpd.GeoSeries.from_xy(*xy.T).hilbert_distance().to_numpy(dtype=np.int64)
    return found


def _add_places(packer: Packer, demand: Demand, sites: Sites) -> None:
    for name, xy in (("site.xy", sites.xy), ("place.xy", demand.points_xy)):
        steps = np.rint(xy / STEP_M).astype(np.int64)
        packer.add(name, zigzag(np.diff(steps, axis=0, prepend=0).ravel()))


def _add_borders(packer: Packer, grids: gpd.GeoDataFrame, demand: Demand) -> None:
    """Add the rings of the grids judged by area: shells run to the left, holes to the right."""
    is_area = (demand.basis == "area").to_numpy()
    rings = rings_of(grids.geometry.array.to_numpy()[is_area])
    steps = np.rint(rings.xy / STEP_M).astype(np.int64)
    n_rings = np.zeros(len(is_area), dtype=np.uint64)
    n_rings[is_area] = np.diff(rings.first)
    packer.add("border.rings", n_rings)
    packer.add("border.sizes", np.diff(rings.start).astype(np.uint64))
    packer.add("border.turned", (rings.sign < 0).astype(np.uint64))
    packer.add("border.xy", zigzag(np.diff(steps, axis=0, prepend=0).ravel()))
