"""The streets and the demand of a city as the page takes them, to try out sites and links in it."""

from typing import Final

import numpy as np

from geo.audit import Audit
from geo.planning.whatif import WhatIf
from geo.planning.whatif.along import AlongStreets
from maps.packing import Packer
from maps.privacy import least_count
from maps.whatif.edges import add_edges
from maps.whatif.headers import header
from maps.whatif.members import add_members, deltas
from maps.whatif.places import add_places, steps_per_m
from maps.whatif.reasons import LeftOut

__all__ = ["pack_streets"]

_MAX_PLACES: Final = 400_000
_MAX_EDGES: Final = 400_000


def pack_streets(audit: Audit) -> str | LeftOut | None:
    """Return streets, places, counts and rules as text of base64, or why not; None without streets.

    Counts of people below the k of the standard are pooled along their street.
    """
    if audit.layers.streets is None:
        return None
    if len(audit.layers.streets) > _MAX_EDGES:
        return LeftOut.LARGE
    model = WhatIf.prepare(audit).models[0]
    if not isinstance(model, AlongStreets):
        return None
    mode = next(iter(model.tiers.values())).mode
    network = model.networks[mode]
    if network.label is None or f"{mode} metres" in model.kernel.nets:
        return LeftOut.STREETS
    if model.ground.n_places > _MAX_PLACES or len(network.net.graph.edge_ms) > _MAX_EDGES:
        return LeftOut.LARGE
    packer = Packer(origin_lonlat=(0.0, 0.0))
    rules, net = model.kernel.rules, network.net
    per_m = steps_per_m(net.snapper.segments, model.sites.xy)
    add_edges(packer, net, steps_per_m=per_m)
    add_places(packer, "site.xy", model.sites.xy, steps_per_m=per_m)
    _add_places(packer, model, mode, k=least_count(audit.standard))
    head = header(audit, model.ground.demand, rules=rules, sites=model.sites)
    own = {
        "model": "network",
        "steps_per_m": per_m,
        "ms_per_m": net.ms_per_m,
        "n_nodes": net.graph.n_nodes,
        "max_snap_m": rules.max_snap_m,
        "tiers": [
            {
                "id": name,
                "limit_ms": int(tier.minutes * 60_000),
                "categories": None if tier.categories is None else list(tier.categories),
            }
            for name, tier in model.tiers.items()
            if tier.mode == mode
        ],
    }
    return packer.blob(head | own)


def _add_places(packer: Packer, model: AlongStreets, mode: str, *, k: float) -> None:
    """Add sites and places on the chains, memberships, and how many sites reach what."""
    network, ground = model.networks[mode], model.ground
    for name, places in (("site", network.net.sites), ("place", network.places)):
        packer.add(f"{name}.chain", deltas(places.chain))
        packer.add(f"{name}.at_ms", places.at_ms.astype(np.uint64))
        packer.add(f"{name}.access_ms", places.access_ms.astype(np.uint64))
    order = np.lexsort(
        (
            network.places.at_ms[ground.place_at],
            network.places.chain[ground.place_at],
            ground.grid_at,
        )
    )
    is_cell = ground.place_at >= len(ground.demand.points_xy)
    cells = np.bincount(ground.grid_at[is_cell], minlength=len(ground.grid_ids))
    add_members(packer, ground, order, k=k, cells=cells)
    for name in network.n_inside:
        packer.add(f"inside.{name}", network.n_inside[name].astype(np.uint64))
        packer.add(f"sites.{name}", network.n_sites[name].astype(np.uint64))
