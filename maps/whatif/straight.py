"""Places, grids and sites of a city judged by radius, as the page takes them to try out sites."""

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from geo.audit import Audit
from geo.audit.surfaces import surfaces
from geo.coverage import CoverageRules, Demand, grid_demand
from geo.coverage.areas import rings_of
from geo.planning.whatif.edits import Sites
from geo.planning.whatif.verdicts import Ground
from maps.packing import Packer
from maps.privacy import least_count
from maps.whatif.headers import header
from maps.whatif.members import add_members
from maps.whatif.places import add_places, steps_per_m

__all__ = ["pack_straight"]

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Wholes = npt.NDArray[np.uint64]


class _Borders(NamedTuple):
    """Rings by grid, vertices by ring, which rings run the other way, the vertices (m)."""

    n_rings: Wholes
    n_vertices: Wholes
    is_turned: Wholes
    xy: Floats


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
    borders = _borders(layers.grids, surface.demand)
    per_m = steps_per_m(sites.xy, surface.demand.points_xy, borders.xy)
    add_places(packer, "site.xy", sites.xy, steps_per_m=per_m)
    add_places(packer, "place.xy", surface.demand.points_xy, steps_per_m=per_m)
    order = np.lexsort((_along_curve(surface.demand.points_xy)[ground.place_at], ground.grid_at))
    add_members(packer, ground, order, k=least_count(audit.standard))
    packer.add("border.rings", borders.n_rings)
    packer.add("border.sizes", borders.n_vertices)
    packer.add("border.turned", borders.is_turned)
    add_places(packer, "border.xy", borders.xy, steps_per_m=per_m)
    own = {
        "model": "radius",
        "steps_per_m": per_m,
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


def _borders(grids: gpd.GeoDataFrame, demand: Demand) -> _Borders:
    """Return the rings of the grids judged by area: shells run to the left, holes to the right."""
    is_area = (demand.basis == "area").to_numpy()
    rings = rings_of(grids.geometry.array.to_numpy()[is_area])
    n_rings = np.zeros(len(is_area), dtype=np.uint64)
    n_rings[is_area] = np.diff(rings.first)
    return _Borders(
        n_rings=n_rings,
        n_vertices=np.diff(rings.start).astype(np.uint64),
        is_turned=(rings.sign < 0).astype(np.uint64),
        xy=rings.xy,
    )
